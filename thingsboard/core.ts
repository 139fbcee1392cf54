import { Addresses } from "./addresses.ts";
import { Claims } from "./claims.ts";
import type { ClientRpcHandler } from "./client-rpc.ts";
import { type Clock, realClock, ServerClock } from "./clock.ts";
import { WireLog } from "./console/wire-log.ts";
import { type Claim, identify } from "./credentials.ts";
import { type Device, Devices } from "./devices.ts";
import { Faults } from "./faults/faults.ts";
import { DeviceLimit } from "./gateway/device-limit.ts";
import { GatewayMetrics } from "./gateway/metrics.ts";
import { tellDeleted, tellRenamed } from "./gateway/notices.ts";
import { type LimitLevel, type LimitTexts, RateLimits } from "./limits.ts";
import { offerToNew } from "./offers.ts";
import { Packages } from "./packages.ts";
import { Profiles } from "./profiles.ts";
import type { RpcSettings } from "./rpc.ts";
import { RpcRecords } from "./rpc-records.ts";
import { Turns } from "./turns.ts";
import { Users } from "./users.ts";

/** What a ThingsBoard administrator could configure; the defaults are the server's. Times in milliseconds, sizes in bytes. */
export interface Settings extends RpcSettings {
	/** Largest MQTT remaining length from a device, and largest firmware chunk. */
	maxPayload: number;
	/** Packets kept before CONNACK; one more closes. */
	queueLimit: number;
	/** `transport.rate_limits.ip_limits_enabled`: ten failed attempts block an address for 60 s. */
	ipLimits: boolean;
	/** A session without activity for so long is closed. */
	inactivity: number;
	/** When an unhandled client-side RPC is answered `{"error":"timeout"}`. */
	clientRpcTimeout: number;
	/** Delay between a package's assignment and its attributes, and between one device's attributes and the next one's. */
	otaPacing: number;
	/** `security.claim.allowClaimingByDefault`: without it only devices with the server attribute `claimingAllowed` = true. */
	allowClaimingByDefault: boolean;
	/** How long a device that names no duration can be claimed. */
	claimDuration: number;
	/** A provisioning connection ends so long after each answer. */
	provisionClose: number;
	/** How long the transport waits for the server's back end. */
	backEndTimeout: number;
	/** Most devices that the tenant may have, for those that gateways make; 0 is no limit. */
	maxDevices: number;
	/** Acknowledges a gateway's message once for each of its devices, as servers before 4.2.1 did. */
	gatewayAckPerDevice: boolean;
	/** MQTT 5: tells a gateway on `v1/gateway/disconnect` of a rate limit before it closes. Whether the real one's notice arrives is unconfirmed. */
	gatewayNotices: boolean;
	/** The tenant profile's limits, e.g. `{ device: { messages: "10:1,300:60" } }`; out of the box there are none. */
	rateLimits: Partial<Record<LimitLevel, Partial<LimitTexts>>>;
}

export const defaults: Readonly<Settings> = {
	maxPayload: 65_536,
	queueLimit: 100,
	ipLimits: false,
	inactivity: 600_000,
	clientRpcTimeout: 60_000,
	otaPacing: 600,
	allowClaimingByDefault: true,
	claimDuration: 86_400_000,
	provisionClose: 60_000,
	backEndTimeout: 10_000,
	maxDevices: 0,
	gatewayAckPerDevice: false,
	gatewayNotices: false,
	rateLimits: {},
	rpcAckTimeout: 10_000,
	rpcMaxRetries: 5,
	closeSessionOnRpcTimeout: false,
};

/** Everything the two protocols share: time, settings, and what belongs to the tenant. */
export class Core {
	readonly clock: ServerClock;
	readonly settings: Readonly<Settings>;
	readonly profiles: Profiles;
	readonly devices: Devices;
	readonly packages: Packages;
	readonly claims: Claims;
	readonly limits: RateLimits;
	readonly addresses: Addresses;
	readonly deviceLimit: DeviceLimit;
	readonly gatewayMetrics: GatewayMetrics;
	/** Faults on command. */
	readonly faults: Faults;
	/** When each waiting OTA offer goes out. */
	readonly otaTurns: Turns;
	/** What went over the wire. */
	readonly wire: WireLog;
	readonly users: Users;
	/** Persistent RPCs. */
	readonly rpcs: RpcRecords;
	/** Answers client-side RPC. Default: never, as on a fresh server. */
	onClientRpc: ClientRpcHandler = () => undefined;
	/** One line per connection event, for a person. */
	readonly log: (line: string) => void;

	constructor(options: { clock?: Clock; settings?: Partial<Settings>; log?: (line: string) => void } = {}) {
		this.clock = new ServerClock(options.clock ?? realClock);
		this.settings = { ...defaults, ...options.settings };
		this.profiles = new Profiles(this.clock);
		this.devices = new Devices(this.clock, this.settings, this.profiles);
		this.packages = new Packages(this.clock);
		this.claims = new Claims(this.clock, this.settings);
		this.otaTurns = new Turns(this.clock, this.settings.otaPacing);
		this.devices.onCreated = (device) => offerToNew(this, device);
		this.limits = new RateLimits(this.clock, this.settings.rateLimits);
		this.deviceLimit = new DeviceLimit(this);
		this.gatewayMetrics = new GatewayMetrics(this.clock);
		this.devices.onRenamed = (device, old) => tellRenamed(this, device, old);
		this.devices.onDeleted = (device) => tellDeleted(this, device);
		this.wire = new WireLog(this.clock);
		this.users = new Users(this.clock);
		this.rpcs = new RpcRecords(this.clock);
		this.addresses = new Addresses(this.clock);
		this.faults = new Faults(this);
		this.log = options.log ?? (() => undefined);
	}

	/** The device that a CONNECT is from, or none. */
	identify(claim: Claim): Device | undefined {
		return identify(claim, (id) => this.devices.byCredentialsId(id));
	}
}
