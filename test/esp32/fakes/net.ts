// The SDK's `net`: what DHCP told.
export const dhcp: { DNS: string[] } = { DNS: [] };

export default { get: (name: "DNS"): string[] => dhcp[name] };
