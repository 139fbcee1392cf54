// CustomerController, UserController and the activation of users, as far as claiming needs them.
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Core } from "../core.ts";
import type { Device } from "../devices.ts";
import type { Customer, User } from "../users.ts";
import { deviceOf, uuidOf } from "./access.ts";
import { customer, open, userBody } from "./auth.ts";
import { objectBody, param } from "./body.ts";
import { deviceBody } from "./devices.ts";
import { badRequest, found } from "./errors.ts";
import { customerId, idOf, reference, tenantId } from "./ids.ts";
import { page } from "./page.ts";

const email = /^\S+@\S+\.\S+$/;

/** Customers, and which of them has which device. */
export function customerRoutes(app: FastifyInstance, core: Core): void {
	const one = (request: FastifyRequest) => customerIn(core, request);
	app.post("/api/customer", async (request) => customerBody(save(core, objectBody(request))));
	app.get("/api/customer/:customer", async (request) => customerBody(one(request)));
	app.get("/api/customers", async (request) =>
		page(request, core.users.customers().map(customerBody), ({ title }) => title),
	);
	app.delete("/api/customer/:customer", async (request, reply) => {
		const gone = one(request);
		for (const device of core.devices.all()) if (device.customerId === gone.id) device.customerId = null;
		core.users.deleteCustomer(gone);
		return reply.send();
	});
	app.post("/api/customer/:customer/device/:id", async (request) =>
		deviceBody(assigned(core, request, one(request).id)),
	);
	app.delete("/api/customer/device/:id", async (request) => {
		const device = deviceOf(core, request.user, param(request, "id"));
		if (!device.customerId) throw badRequest("Device isn't assigned to any customer!");
		return deviceBody(assigned(core, request, null));
	});
}

/** Users of customers. */
export function userRoutes(app: FastifyInstance, core: Core): void {
	app.post("/api/user", async (request) => shown(create(core, objectBody(request))));
	app.get("/api/user/:user", customer, async (request) => shown(userIn(core, request)));
	app.delete("/api/user/:user", async (request, reply) => {
		core.users.delete(userIn(core, request));
		return reply.send();
	});
	app.get("/api/user/:user/activationLink", async (request, reply) => {
		const user = userIn(core, request);
		if (user.password !== undefined) throw badRequest("User is already activated!");
		const link = `${request.protocol}://${request.host}/api/noauth/activate?activateToken=${core.users.activation(user)}`;
		return reply.type("text/plain").send(link);
	});
	app.post("/api/noauth/activate", open, async (request) => {
		const { activateToken, password } = objectBody(request);
		if (typeof password !== "string" || password.length < 6)
			throw badRequest("Password must be 6 or more characters in length.");
		const user = core.users.activate(String(activateToken), password);
		if (!user) throw badRequest(`Unable to find user credentials by activateToken [${activateToken}].`);
		return core.users.issue(user);
	});
}

const shown = (user: User): object => ({
	...userBody(user),
	tenantId,
	customerId: customerId(user.customerId),
});

function customerBody({ id, createdTime, title }: Customer) {
	return { id: reference("CUSTOMER", id), createdTime, tenantId, title, name: title, additionalInfo: null };
}

function save(core: Core, { id, title }: Record<string, unknown>): Customer {
	if (typeof title !== "string" || !title) throw badRequest("Customer title should be specified!");
	const known = idOf(id);
	const other = core.users.customers().find((one) => one.title === title);
	if (other && other.id !== known) throw badRequest("Customer with such title already exists!");
	if (known === undefined) return core.users.createCustomer(title);
	return Object.assign(found(core.users.customerById(known)), { title });
}

function create(core: Core, body: Record<string, unknown>): User {
	const owner = idOf(body.customerId);
	const name = typeof body.email === "string" ? body.email.toLowerCase() : "";
	if (!name) throw badRequest("User email should be specified!");
	if (!email.test(name)) throw badRequest(`Invalid email address format '${name}'!`);
	if (body.authority !== "CUSTOMER_USER")
		throw badRequest("authority: this stand-in makes only users of authority CUSTOMER_USER");
	if (owner === undefined || !core.users.customerById(owner))
		throw badRequest("User is referencing to non-existent customer!");
	if (core.users.byEmail(name)) throw badRequest(`User with email '${name}' already present in database!`);
	const text = (value: unknown) => (typeof value === "string" ? value : null);
	const names = { firstName: text(body.firstName), lastName: text(body.lastName) };
	return Object.assign(core.users.create(name, owner), names);
}

function customerIn(core: Core, request: FastifyRequest): Customer {
	const id = uuidOf(param(request, "customer"));
	return found(core.users.customerById(id), `Customer with id [${id}] is not found`);
}

function userIn(core: Core, request: FastifyRequest): User {
	const id = uuidOf(param(request, "user"));
	return found(core.users.byId(id), `User with id [${id}] is not found`);
}

function assigned(core: Core, request: FastifyRequest, owner: string | null): Device {
	const device = deviceOf(core, request.user, param(request, "id"));
	device.customerId = owner;
	return device;
}
