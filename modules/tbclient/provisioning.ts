// A device that gets its credentials by itself, keeps them, and gets others when they are revoked.
import type { Store } from "host/contract";
import type { Credentials } from "tbclient/credentials";
import { reasonOf, TBError } from "tbclient/errors";
import { type Copy, Keyring, Trust } from "tbclient/keyring";
import { credentialsIn, type ProvisioningRequest, requestOf } from "tbclient/provisioning-payload";
import { ProvisioningSession } from "tbclient/provisioning-session";
import { type Server, type ServerOptions, serverOf } from "tbclient/server";
import Timer from "timer";

export type { OwnCredentials, ProvisioningRequest } from "tbclient/provisioning-payload";

const FirstWait = 60_000; // ms between requests, then twice as much
const LongestWait = 3_600_000;

/** Where to provision, as what, and who hears of it. Callbacks run with `this` = the object, never after `close()`. */
export interface ProvisioningOptions extends ServerOptions, ProvisioningRequest {
	/** A namespace for credentials alone. */
	store: Store;
	/** 0…1, for jitter; default `Math.random`. */
	random?: () => number;
	/** As the client's: TLS waits for it (TB_CLOCK). */
	clock?: () => number | undefined;
	/**
	 * Connect with these: close the client there is and make one with them. Comes at the start, from the store if there are any, and
	 * whenever others are to be tried.
	 */
	onCredentials(this: Provisioning, credentials: Credentials): void;
	/** What went wrong; it is tried again by itself. */
	onError?(this: Provisioning, error: TBError): void;
}

/**
 * Finds credentials: those in the store, newest first, else those that the server gives. The application tells how they do, by
 * `accepted()` from `onConnected` and `refused(error)` from `onDisconnected`. The copy that the server accepts is the one that stays;
 * until then nothing is forgotten. Refused again and again (the device was deleted, or its credentials changed), it asks for others:
 * at once, after 1 minute, 2 minutes … 1 hour, while the client goes on trying what it has. A profile that provisions by X.509 chain is
 * asked nothing: connect with the leaf and its intermediates as `secure.clientCertificates`.
 */
export default class Provisioning {
	#options: ProvisioningOptions;
	#server: Server;
	#request: string;
	#random: () => number;
	#keyring: Keyring;
	#session: ProvisioningSession | undefined;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#used: Copy | undefined;
	#asked: Copy | undefined;
	#refusals = 0;
	#tried = new Set<number>();
	#pause = FirstWait;
	#fruitless = false; // credentials were granted and not accepted since
	#closed = false;

	/** Starts in a later turn. @throws TypeError for host, `secure`, key, secret or credentials that cannot be asked for. */
	constructor(options: ProvisioningOptions) {
		this.#options = options;
		this.#server = serverOf(options);
		this.#request = requestOf(options);
		this.#random = options.random ?? Math.random;
		this.#keyring = new Keyring(options.store);
		this.#arm(() => this.#next(), 0);
	}

	/** The client connected with what `onCredentials` gave: the other copy is forgotten. */
	accepted(): void {
		const copy = this.#used;
		if (this.#closed || !copy) return;
		this.#stop();
		this.#pause = FirstWait;
		this.#fruitless = false;
		this.#refusals = 0;
		this.#tried.clear();
		const kept = copy.trust === Trust.accepted || this.#keep(copy, Trust.accepted);
		if (kept) this.#guard(() => this.#keyring.keepOnly(copy));
	}

	/** The client was not accepted, or lost its connection. Only TB_CREDENTIALS counts; twice, unless nobody granted them yet. */
	refused({ code }: TBError): void {
		const copy = this.#used;
		if (this.#closed || !copy || code !== "TB_CREDENTIALS") return;
		this.#refusals += 1;
		if (this.#refusals < (copy.trust === Trust.asked ? 1 : 2) || this.#timer || this.#session) return;
		this.#tried.add(copy.serial);
		this.#arm(() => this.#next(), 0);
	}

	/** Ends everything; nothing is called back after it. Twice is fine. */
	close(): void {
		this.#closed = true;
		this.#stop();
	}

	/** The newest copy that was not refused yet, else a request. */
	#next(): void {
		let copies: Copy[];
		try {
			copies = this.#keyring.list();
		} catch (error) {
			this.#again(storeError(error), () => this.#next());
			return;
		}
		const copy = copies.find(({ serial }) => !this.#tried.has(serial));
		if (copy) this.#use(copy);
		else if (this.#fruitless) this.#later(() => this.#ask());
		else this.#ask();
	}

	#use(copy: Copy): void {
		if (this.#closed) return; // from `onError`, a moment ago
		this.#used = copy;
		this.#refusals = 0;
		try {
			this.#options.onCredentials.call(this, { ...copy.credentials });
		} catch (error) {
			this.#tell(new TBError("TB_CALLBACK", `onCredentials threw: ${reasonOf(error)}`, error));
		}
	}

	/** Own credentials are kept first: if the answer is lost, they may be valid all the same. */
	#ask(): void {
		const { certificate, ...own } = this.#options.credentials ?? {};
		const brings = certificate !== undefined || Object.keys(own).length > 0;
		this.#asked = brings ? { credentials: own, trust: Trust.asked, serial: 0 } : undefined;
		if (this.#asked) this.#keep(this.#asked, Trust.asked);
		if (this.#closed) return;
		const { clock } = this.#options;
		const options = { ...this.#server, keepAlive: 30_000, random: this.#random, clock };
		this.#session = new ProvisioningSession(options, this.#request, {
			onAnswer: (bytes) => this.#answered(bytes),
			onFailed: (error) => this.#failed(error),
			onRetry: (error) => this.#tell(error),
		});
	}

	#answered(bytes: ArrayBuffer): void {
		this.#session = undefined;
		let credentials: Credentials;
		try {
			credentials = credentialsIn(bytes);
		} catch (error) {
			this.#again(error as TBError, () => this.#ask()); // credentialsIn throws nothing else
			return;
		}
		const copy = { ...(this.#asked ?? { serial: 0 }), credentials, trust: Trust.granted };
		this.#keep(copy, Trust.granted);
		this.#tried.clear();
		this.#fruitless = true;
		this.#use(copy);
	}

	/** The request went out, and no answer came: credentials of our own may be valid now. */
	#failed(error: TBError): void {
		this.#session = undefined;
		this.#again(error, () => this.#ask());
		if (this.#asked) this.#use(this.#asked);
	}

	#again(error: TBError, action: () => void): void {
		this.#tell(error);
		this.#later(action);
	}

	/** After a wait that doubles until something is accepted. */
	#later(action: () => void): void {
		const wait = this.#pause * (0.5 + this.#random() / 2);
		this.#pause = Math.min(this.#pause * 2, LongestWait);
		this.#arm(action, Math.floor(wait));
	}

	/** A store that fails must not cost the credentials: they are used as long as the power is on. False when it failed. */
	#keep(copy: Copy, trust: number): boolean {
		const before = copy.trust;
		copy.trust = trust;
		const kept = this.#guard(() => this.#keyring.put(copy));
		if (!kept) copy.trust = before;
		return kept;
	}

	#arm(action: () => void, ms: number): void {
		if (this.#closed) return;
		Timer.clear(this.#timer);
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			action();
		}, ms);
	}

	#stop(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		this.#session?.close();
		this.#session = undefined;
	}

	#guard(action: () => void): boolean {
		try {
			action();
			return true;
		} catch (error) {
			this.#tell(storeError(error));
			return false;
		}
	}

	#tell(error: TBError): void {
		try {
			if (!this.#closed) this.#options.onError?.call(this, error);
		} catch {
			// There is nobody left to tell.
		}
	}
}

const storeError = (error: unknown): TBError =>
	new TBError("TB_STORE", `store of the credentials: ${reasonOf(error)}`, error);
