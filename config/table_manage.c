/* SPDX-License-Identifier: Apache-2.0 */
/* table_manage: the rows of manage. */
#include "config/table.h"

/* It goes into a header of HTTP (RFC 6750 §2.1, and more). */
static const char *check_bearer(const char *z)
{
	for (const char *p = z; *p; p++)
		if (*p <= ' ' || *p > '~')
			return "holds a space or a character that is not ASCII";
	return check_key(z);
}

static const struct key manage_keys[] = {
	{.name = "listen",
	 .kind = KIND_CUSTOM,
	 M(config, manage.listen),
	 .parse = parse_hostport,
	 .schema = SCHEMA_TEXT,
	 .form = "\"address:port\"",
	 .lifetime = CONFIG_RESTART,
	 .doc = "HTTP port for /rpc (what limen call and limen reg speak to), /metrics, /healthz and /readyz; keep it on loopback or an inside address. Default: none"},
	{.name = "token",
	 .kind = KIND_SECRET,
	 M(config, manage.token),
	 .check = check_bearer,
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "what a request that changes something (ends a call, removes a registration) must show; ${NAME} or file:PATH. Default: none is asked for"},
	{.name = "names",
	 .kind = KIND_STRINGS,
	 M(config, manage.names),
	 .check = check_host,
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "host names by which /rpc may be asked, besides addresses and localhost: others are refused, as a page of a foreign site could bring them"},
	LATER("tokens"),
	LATER("tls"),
	LATER("web"),
	LATER("users"),
	END,
};
const struct object object_manage = {.name = "manage", .keys = manage_keys};
