// `host/udp` of chip and simulator: the SDK's datagram socket as it is.
import UDP from "embedded:io/socket/udp";
import type { UDPConstructor } from "host/contract";

export default UDP as unknown as UDPConstructor;
