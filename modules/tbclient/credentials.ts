/**
 * Who the device is, as ThingsBoard's credentials types have it. ACCESS_TOKEN: `token`. MQTT_BASIC: `clientId`, `userName` and
 * `password` as registered. X509_CERTIFICATE: nothing here, the certificate belongs to the TLS socket; the server then ignores
 * what is given. The fields are named as in the server's own JSON, so what provisioning returns can be spread into the options.
 */
export interface Credentials {
	/** Access token; excludes `userName` and `password`. */
	token?: string;
	/** MQTT client identifier; the server looks at it for MQTT_BASIC only. None by default. */
	clientId?: string;
	userName?: string;
	/** Needs a `userName` (MQTT 3.1.1, 3.1.2.9). */
	password?: string;
}

/** The fields of CONNECT (MQTT 3.1.1, 3.1.3); what is absent is not sent. */
export interface Login {
	id?: string;
	user?: string;
	password?: string;
}

/** Checks credentials and names them as the MQTT client does. Empty texts count as absent. @throws TypeError that never has a value. */
export function loginOf({ token, clientId, userName, password }: Credentials): Login {
	for (const [name, value] of Object.entries({ token, clientId, userName, password }))
		if (value !== undefined && typeof value !== "string")
			throw new TypeError(`${name}: expected a string, got ${typeof value}`);
	if (token && (userName || password))
		throw new TypeError("credentials: expected a token, or a user name and password, got both");
	if (password && !userName) throw new TypeError("password: expected a user name beside it, got none");
	const user = token || userName;
	return { ...(clientId && { id: clientId }), ...(user && { user }), ...(password && { password }) };
}
