/* SPDX-License-Identifier: Apache-2.0 */
/* table_dns: the rows of dns. */
#include "config/table.h"

static const struct key dns_keys[] = {
	{.name = "servers",
	 .kind = KIND_CUSTOM,
	 M(config, dns.servers),
	 .parse = parse_hostport,
	 .schema = SCHEMA_TEXTS,
	 .form = "list of address or address:port",
	 .lifetime = CONFIG_RESTART,
	 .doc = "DNS servers. Default: the system's"},
	END,
};
const struct object object_dns = {.name = "dns", .keys = dns_keys};
