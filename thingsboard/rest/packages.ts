// OtaPackageController: information first, then the bytes.
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Algorithm, checksum, isAlgorithm } from "../checksums.ts";
import type { Core } from "../core.ts";
import type { OtaPackage } from "../packages.ts";
import { defaultProfileId } from "../profiles.ts";
import { uuidOf } from "./access.ts";
import { customer } from "./auth.ts";
import { objectBody, param, query, uploadBody } from "./body.ts";
import { badRequest, found } from "./errors.ts";
import { idOf, optional, reference, tenantId } from "./ids.ts";
import { page } from "./page.ts";

/** Longest title and version, characters. */
const maxText = 255;

/** Routes for firmware and software packages. */
export function packageRoutes(app: FastifyInstance, core: Core): void {
	const one = (request: FastifyRequest) => packageIn(core, request);
	app.post("/api/otaPackage", async (request) => packageBody(create(core, objectBody(request))));
	app.post("/api/otaPackage/:id", async (request) => packageBody(upload(one(request), request)));
	for (const path of ["/api/otaPackage/:id", "/api/otaPackage/info/:id"])
		app.get(path, customer, async (request) => packageBody(one(request)));
	app.get("/api/otaPackage/:id/download", async (request, reply) => {
		const { data, fileName, contentType } = one(request);
		if (!data) return reply.code(400).send();
		reply.header("content-disposition", `attachment;filename=${encodeURIComponent(fileName ?? "")}`);
		return reply.type(contentType ?? "application/octet-stream").send(Buffer.from(data));
	});
	app.get("/api/otaPackages", customer, async (request) => list(request, core.packages.all()));
	app.get("/api/otaPackages/:profile/:type", customer, async (request) =>
		list(
			request,
			core.packages
				.all()
				.filter(({ data, url }) => data || url)
				.filter(({ type }) => type === param(request, "type"))
				.filter(({ deviceProfileId }) => deviceProfileId === param(request, "profile")),
		),
	);
	app.delete("/api/otaPackage/:id", async (request, reply) => {
		const { id } = one(request);
		const names = ({ firmwareId, softwareId }: { firmwareId: string | null; softwareId: string | null }) =>
			firmwareId === id || softwareId === id;
		if (core.devices.all().some(names))
			throw badRequest("The otaPackage referenced by the devices cannot be deleted!");
		if (core.profiles.all().some(names))
			throw badRequest("The otaPackage referenced by the device profile cannot be deleted!");
		core.packages.delete(id);
		return reply.send();
	});
}

function packageIn(core: Core, request: FastifyRequest): OtaPackage {
	const id = uuidOf(param(request, "id"));
	return found(core.packages.byId(id), `OTA package with id [${id}] is not found`);
}

const list = (request: FastifyRequest, packages: OtaPackage[]): object =>
	page(request, packages.map(packageBody), ({ title }) => title);

/** A package as ThingsBoard shows it, without its bytes. */
function packageBody({ id, data, deviceProfileId, ...info }: OtaPackage) {
	return {
		fileName: null,
		contentType: null,
		checksumAlgorithm: null,
		checksum: null,
		...info,
		id: reference("OTA_PACKAGE", id),
		tenantId,
		deviceProfileId: optional("DEVICE_PROFILE", deviceProfileId),
		dataSize: data?.length ?? info.dataSize ?? null,
		hasData: data !== undefined || info.url !== null,
	};
}

function create(core: Core, body: Record<string, unknown>): OtaPackage {
	const { type, usesUrl } = body;
	const text = (value: unknown) => (typeof value === "string" && value.trim() ? value : null);
	const url = text(body.url);
	if (usesUrl === true && !url) throw badRequest("Ota package URL should be specified!");
	const title = required(body, "title");
	const version = required(body, "version");
	if (type !== "FIRMWARE" && type !== "SOFTWARE") throw badRequest("Type should be specified!");
	const deviceProfileId = idOf(body.deviceProfileId) ?? defaultProfileId;
	if (!core.profiles.byId(deviceProfileId))
		throw badRequest("OtaPackage is referencing to non-existent device profile!");
	if (core.packages.all().some((other) => other.title === title && other.version === version))
		throw badRequest("OtaPackage with such title and version already exists!");
	const info = { title, version, type, deviceProfileId, tag: text(body.tag), url } as const;
	return core.packages.create({ ...info, ...(url ? claimed(body) : {}) });
}

/** What the operator says of the bytes behind a URL; nobody checks it. */
function claimed({ dataSize, checksum, checksumAlgorithm }: Record<string, unknown>): Partial<OtaPackage> {
	return {
		...(typeof dataSize === "number" ? { dataSize } : {}),
		...(typeof checksum === "string" && checksum ? { checksum } : {}),
		...(typeof checksumAlgorithm === "string" ? { checksumAlgorithm: algorithmOf(checksumAlgorithm) } : {}),
	};
}

/** Stores the bytes, once. A checksum that was given must be right; without one the server computes it. */
function upload(target: OtaPackage, request: FastifyRequest): OtaPackage {
	const name = query(request, "checksumAlgorithm");
	if (name === undefined)
		throw badRequest(
			"Required request parameter 'checksumAlgorithm' for method parameter type String is not present",
		);
	const algorithm = algorithmOf(name);
	const { data, fileName, contentType } = uploadBody(request);
	if (target.url) throw badRequest("File can't be saved if URL present!");
	if (!data.length) throw badRequest("OtaPackage data should be specified!");
	const actual = checksum(algorithm, data);
	if ((query(request, "checksum") || actual) !== actual) throw badRequest("Wrong otaPackage file!");
	if (target.data) throw badRequest("Updating otaPackage data is prohibited!");
	return Object.assign(target, {
		data,
		fileName,
		contentType,
		checksum: actual,
		checksumAlgorithm: algorithm,
	});
}

function algorithmOf(name: string): Algorithm {
	const upper = name.toUpperCase();
	if (!isAlgorithm(upper))
		throw badRequest(`checksumAlgorithm: expected a name such as SHA256, got "${name}"`);
	return upper;
}

function required(body: Record<string, unknown>, name: string): string {
	const value = body[name];
	if (typeof value !== "string" || !value) throw badRequest(`OtaPackage ${name} should be specified!`);
	if (value.length > maxText)
		throw badRequest(`The length of ${name} should be equal or shorter than ${maxText}`);
	return value;
}
