// DeviceProfileController.
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Core } from "../core.ts";
import { assignToProfile } from "../offers.ts";
import type { DeviceProfile } from "../profiles.ts";
import { uuidOf } from "./access.ts";
import { customer } from "./auth.ts";
import { objectBody, param } from "./body.ts";
import { badRequest, found } from "./errors.ts";
import { idOf, optional, reference, tenantId } from "./ids.ts";
import { page } from "./page.ts";
import { profileData, readProfile } from "./profile-data.ts";
import { checkedPackage } from "./targets.ts";

/** Routes for device profiles. */
export function profileRoutes(app: FastifyInstance, core: Core): void {
	const one = (request: FastifyRequest) => profileIn(core, request);
	app.post("/api/deviceProfile", async (request) => profileBody(save(core, objectBody(request))));
	app.get("/api/deviceProfile/:id", async (request) => profileBody(one(request)));
	app.delete("/api/deviceProfile/:id", async (request, reply) => {
		remove(core, one(request));
		return reply.send();
	});
	app.get("/api/deviceProfiles", async (request) =>
		page(request, core.profiles.all().map(profileBody), ({ name }) => name),
	);
	app.get("/api/deviceProfileInfos", customer, async (request) =>
		page(request, core.profiles.all().map(infoBody), ({ name }) => name),
	);
	app.get("/api/deviceProfileInfo/default", customer, async () =>
		infoBody(found(core.profiles.all().find((profile) => profile.default))),
	);
	app.get("/api/deviceProfileInfo/:id", customer, async (request) => infoBody(one(request)));
}

/** A profile as ThingsBoard shows it in lists. */
function infoBody({ id, name, transport }: DeviceProfile) {
	return {
		id: reference("DEVICE_PROFILE", id),
		name,
		tenantId,
		image: null,
		defaultDashboardId: null,
		type: "DEFAULT",
		transportType: transport.type,
	};
}

/** A profile as ThingsBoard shows it. */
function profileBody(profile: DeviceProfile) {
	return {
		...infoBody(profile),
		createdTime: profile.createdTime,
		description: profile.description,
		default: profile.default,
		provisionType: profile.provision.strategy,
		provisionDeviceKey: profile.provision.key,
		profileData: profileData(profile),
		firmwareId: optional("OTA_PACKAGE", profile.firmwareId),
		softwareId: optional("OTA_PACKAGE", profile.softwareId),
		defaultRuleChainId: null,
		defaultQueueName: null,
		defaultEdgeRuleChainId: null,
		externalId: null,
	};
}

function save(core: Core, body: Record<string, unknown>): DeviceProfile {
	const id = idOf(body.id);
	const known = id === undefined ? undefined : found(core.profiles.byId(uuidOf(id)));
	const read = readProfile(body);
	const others = core.profiles.all().filter((other) => other !== known);
	if (others.some(({ name }) => name === read.name))
		throw badRequest("Device profile with such name already exists!");
	const { key } = read.provision;
	if (key && others.some(({ provision }) => provision.key === key))
		throw badRequest("Device profile with such provision device key already exists!");
	if (known && known.transport.type !== read.transport.type && used(core, known))
		throw badRequest("Can't change device profile transport type because devices referenced it!");
	const targets = (["fw", "sw"] as const).map(
		(kind) => [kind, checkedPackage(core, kind, body, { id: known?.id ?? "" })] as const,
	);
	const profile = known ? Object.assign(known, read) : core.profiles.create(read);
	for (const [kind, target] of targets) assignToProfile(core, profile, kind, target);
	return profile;
}

function remove(core: Core, profile: DeviceProfile): void {
	if (profile.default) throw badRequest("Deletion of Default Device Profile is prohibited!");
	if (used(core, profile))
		throw badRequest("The device profile referenced by the devices cannot be deleted!");
	core.profiles.delete(profile);
}

const used = (core: Core, profile: DeviceProfile): boolean =>
	core.devices.all().some((device) => device.profile === profile);

function profileIn(core: Core, request: FastifyRequest): DeviceProfile {
	const id = uuidOf(param(request, "id"));
	return found(core.profiles.byId(id), `Device profile with id [${id}] is not found`);
}
