import { createHmac, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import type { Clock } from "./clock.ts";

/** What a token says of its owner, as the server's JWTs do. */
export interface Claims {
	/** User name. */
	sub: string;
	userId: string;
	/** One authority, or REFRESH_TOKEN. */
	scopes: string[];
	sessionId: string;
}

/** `security.jwt.tokenExpirationTime` and `refreshTokenExpTime`, seconds. */
const lifetime = { access: 9_000, refresh: 604_800 } as const;

/** A token that is not ours (`expired` false) or no longer good. */
export class TokenError extends Error {
	readonly expired: boolean;

	constructor(message: string, expired: boolean) {
		super(message);
		this.expired = expired;
	}
}

/** JSON web tokens signed with HS512 by a key of this process. */
export class Tokens {
	#clock: Clock;
	#key = randomBytes(64);

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	sign(claims: Claims, kind: keyof typeof lifetime): string {
		const iat = Math.floor(this.#clock.now() / 1000);
		const all = { ...claims, exp: iat + lifetime[kind], iss: "thingsboard.io", iat, isPublic: false };
		const text = `${part({ alg: "HS512" })}.${part({ ...all, jti: randomUUID() })}`;
		return `${text}.${this.#signature(text)}`;
	}

	/** Reads a token, which must have `scope` if one is named. Throws `TokenError`. */
	read(token: string, scope?: string): Claims {
		const [head = "", body = "", signature = ""] = token.split(".");
		if (!same(signature, this.#signature(`${head}.${body}`)))
			throw new TokenError("Invalid JWT token", false);
		const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Claims & { exp: number };
		if (claims.exp * 1000 <= this.#clock.now()) throw new TokenError("Token has expired", true);
		if (scope && claims.scopes[0] !== scope) throw new TokenError("Invalid Refresh Token scope", false);
		return claims;
	}

	#signature(text: string): string {
		return createHmac("sha512", this.#key).update(text).digest("base64url");
	}
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function same(a: string, b: string): boolean {
	const [one, two] = [Buffer.from(a), Buffer.from(b)];
	return one.length === two.length && timingSafeEqual(one, two);
}
