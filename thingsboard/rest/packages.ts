// OtaPackageController: information first, then the bytes.
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Algorithm, checksum, isAlgorithm } from "../checksums.ts";
import type { Core } from "../core.ts";
import type { OtaPackage } from "../packages.ts";
import { objectBody, param, query, uploadBody } from "./body.ts";
import { idOf, profileId, tenantId } from "./devices.ts";
import { badRequest, found } from "./errors.ts";

/** Longest title and version, characters. */
const maxText = 255;

/** Routes for firmware and software packages. */
export function packageRoutes(app: FastifyInstance, core: Core): void {
	const byId = (request: FastifyRequest) => found(core.packages.byId(param(request, "id")));

	app.post("/api/otaPackage", async (request) => packageBody(create(core, objectBody(request))));
	app.post("/api/otaPackage/:id", async (request) => packageBody(upload(byId(request), request)));
	for (const path of ["/api/otaPackage/:id", "/api/otaPackage/info/:id"])
		app.get(path, async (request) => packageBody(byId(request)));
	app.get("/api/otaPackages", async () => {
		const data = core.packages.all().map(packageBody);
		return { data, totalPages: 1, totalElements: data.length, hasNext: false };
	});
	app.delete("/api/otaPackage/:id", async (request, reply) => {
		const { id } = byId(request);
		const used = core.devices.all().some((device) => [device.firmwareId, device.softwareId].includes(id));
		if (used) throw badRequest("The otaPackage referenced by the devices cannot be deleted!");
		core.packages.delete(id);
		return reply.send();
	});
}

/** A package as ThingsBoard shows it, without its bytes. */
function packageBody({ id, data, ...info }: OtaPackage): object {
	return {
		...info,
		id: { entityType: "OTA_PACKAGE", id },
		tenantId,
		deviceProfileId: { entityType: "DEVICE_PROFILE", id: info.deviceProfileId },
		dataSize: data?.length ?? null,
		hasData: data !== undefined || info.url !== null,
	};
}

function create(core: Core, body: Record<string, unknown>): OtaPackage {
	const { type, tag, url } = body;
	const title = required(body, "title");
	const version = required(body, "version");
	if (type !== "FIRMWARE" && type !== "SOFTWARE") throw badRequest("Type should be specified!");
	if (core.packages.all().some((other) => other.title === title && other.version === version))
		throw badRequest("OtaPackage with such title and version already exists!");
	const text = (value: unknown) => (typeof value === "string" && value ? value : null);
	const deviceProfileId = idOf(body.deviceProfileId) ?? profileId.id;
	return core.packages.create({ title, version, type, deviceProfileId, tag: text(tag), url: text(url) });
}

/** Stores the bytes. A checksum that was given must be right; without one the server computes it. */
function upload(target: OtaPackage, request: FastifyRequest): OtaPackage {
	const algorithm = algorithmOf(query(request, "checksumAlgorithm"));
	const { data, fileName, contentType } = uploadBody(request);
	const actual = checksum(algorithm, data);
	const given = query(request, "checksum");
	if (given && given !== actual) throw badRequest("Wrong otaPackage file!");
	return Object.assign(target, {
		data,
		fileName,
		contentType,
		checksum: actual,
		checksumAlgorithm: algorithm,
	});
}

function algorithmOf(name = ""): Algorithm {
	const upper = name.toUpperCase();
	if (!isAlgorithm(upper))
		throw badRequest(`checksumAlgorithm: expected a name such as SHA256, got "${name}"`);
	return upper;
}

function required(body: Record<string, unknown>, name: string): string {
	const value = body[name];
	if (typeof value !== "string" || !value) throw badRequest(`OtaPackage ${name} should be specified!`);
	if (value.length > maxText) throw badRequest(`${name}: expected at most ${maxText} characters`);
	return value;
}
