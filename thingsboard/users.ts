// Who may ask over REST: the tenant's administrator, and users of its customers.
import { randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "./clock.ts";
import { type Claims, Tokens } from "./tokens.ts";

/** The tenant administrator of a fresh ThingsBoard with demo data. */
export const tenant = { username: "tenant@thingsboard.org", password: "tenant" };
/** The only tenant. */
export const tenantId = "13814000-1dd2-11b2-8080-808080808082";
/** ThingsBoard's id of "no customer". */
export const nobody = "13814000-1dd2-11b2-8080-808080808080";

export interface Customer {
	readonly id: string;
	readonly createdTime: number;
	title: string;
}

export interface User {
	readonly id: string;
	readonly createdTime: number;
	readonly authority: "TENANT_ADMIN" | "CUSTOMER_USER";
	email: string;
	firstName: string | null;
	lastName: string | null;
	/** `null` for the tenant's own. */
	customerId: string | null;
	/** Absent until the user was activated. */
	password?: string;
	/** Of the activation link. */
	activateToken?: string;
}

/** What a login gives. */
export interface TokenPair {
	token: string;
	refreshToken: string;
}

/** Accounts, customers and the tokens they were given. */
export class Users {
	#clock: Clock;
	#tokens: Tokens;
	#users = new Map<string, User>();
	#customers = new Map<string, Customer>();

	constructor(clock: Clock) {
		this.#clock = clock;
		this.#tokens = new Tokens(clock);
		const admin = this.create(tenant.username, null);
		admin.password = tenant.password;
	}

	/** Tokens for a name and password; `undefined` when they are wrong or the user is not active. */
	login(email: string, password: string): TokenPair | undefined {
		const user = this.byEmail(email);
		return user?.password !== undefined && user.password === password ? this.issue(user) : undefined;
	}

	/** A new pair for a refresh token. Throws `TokenError`. */
	refresh(token: string): TokenPair | undefined {
		const user = this.#users.get(this.#tokens.read(token, "REFRESH_TOKEN").userId);
		return user && this.issue(user);
	}

	/** Whose access token it is; `undefined` when that user is gone. Throws `TokenError`. */
	whose(token: string): User | undefined {
		const claims = this.#tokens.read(token);
		return claims.scopes[0] === "REFRESH_TOKEN" ? undefined : this.#users.get(claims.userId);
	}

	issue(user: User): TokenPair {
		const { id: userId, email, authority, firstName, lastName } = user;
		const claims: Claims = { sub: email, userId, scopes: [authority], sessionId: randomUUID() };
		const more = { firstName, lastName, enabled: true, tenantId, customerId: user.customerId ?? nobody };
		return {
			token: this.#tokens.sign({ ...claims, ...more }, "access"),
			refreshToken: this.#tokens.sign({ ...claims, scopes: ["REFRESH_TOKEN"] }, "refresh"),
		};
	}

	/** Makes a user that cannot log in yet. The name must be free: ask `byEmail` first. */
	create(email: string, customerId: string | null): User {
		const user: User = {
			id: randomUUID(),
			createdTime: this.#clock.now(),
			authority: customerId ? "CUSTOMER_USER" : "TENANT_ADMIN",
			email,
			firstName: null,
			lastName: null,
			customerId,
		};
		this.#users.set(user.id, user);
		return user;
	}

	/** The token of the user's activation link: drawn once. */
	activation(user: User): string {
		user.activateToken ??= randomBytes(15).toString("base64url");
		return user.activateToken;
	}

	/** Gives the user of that activation link its password. */
	activate(activateToken: string, password: string): User | undefined {
		const user = this.all().find((one) => one.activateToken === activateToken);
		if (!user) return undefined;
		user.password = password;
		delete user.activateToken;
		return user;
	}

	byId(id: string): User | undefined {
		return this.#users.get(id);
	}

	byEmail(email: string): User | undefined {
		return this.all().find((user) => user.email === email.toLowerCase());
	}

	all(): User[] {
		return [...this.#users.values()];
	}

	delete({ id }: User): void {
		this.#users.delete(id);
	}

	createCustomer(title: string): Customer {
		const customer = { id: randomUUID(), createdTime: this.#clock.now(), title };
		this.#customers.set(customer.id, customer);
		return customer;
	}

	customerById(id: string): Customer | undefined {
		return this.#customers.get(id);
	}

	customers(): Customer[] {
		return [...this.#customers.values()];
	}

	/** Forgets the customer and its users. */
	deleteCustomer({ id }: Customer): void {
		this.#customers.delete(id);
		for (const user of this.all()) if (user.customerId === id) this.delete(user);
	}

	/** Takes over what an earlier run has saved. */
	restore(customers: Customer[], users: User[]): void {
		for (const customer of customers) this.#customers.set(customer.id, customer);
		for (const user of users) {
			const same = this.byEmail(user.email);
			if (same) this.delete(same);
			this.#users.set(user.id, user);
		}
	}
}
