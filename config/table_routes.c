/* SPDX-License-Identifier: Apache-2.0 */
/* table_routes: the rows of routes[]. */
#include <ctype.h>

#include "config/table.h"

static const struct word strategy_words[] = {
	{"priority", CONFIG_PRIORITY, false},
	{"weight", CONFIG_WEIGHT, false},
	{"round-robin", 0, true},
	{"least-busy", 0, true},
	{"hash", 0, true},
	{NULL, 0, false},
};

static const char *check_method(const char *z)
{
	for (const char *p = z; *p; p++)
		if (islower((unsigned char)*p))
			return "is not a method; methods are in capitals";
	return check_token(z);
}

#define PATTERN_FORM  "\"prefix:...\", \"exact:...\", \"glob:...\", \"regex:...\""
#define REWRITE_FORM  "\"s/pattern/replacement/\""
#define SCHEMA_HEADER "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}}"
#define SCHEMA_TARGET                                                                                                  \
	"{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"minItems\": 1, \"items\": {\"anyOf\": "          \
	"[{\"type\": \"string\"}, {\"type\": \"object\", \"properties\": {\"peer\": {\"type\": \"string\"}, "          \
	"\"weight\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 65535}}, \"required\": [\"peer\"], "         \
	"\"additionalProperties\": false}]}}]}"
#define SCHEMA_REWRITE "{\"type\": \"string\", \"pattern\": \"^s/.+/.*/$\"}"

static const struct key match_keys[] = {
	{.name = "network",
	 .kind = KIND_CUSTOM,
	 M(config_route, network),
	 .parse = parse_match_network,
	 .schema = SCHEMA_TEXT,
	 .form = "name of a network",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "the network that the request came in on"},
	{.name = "peer",
	 .kind = KIND_CUSTOM,
	 M(config_route, peer),
	 .parse = parse_match_peer,
	 .schema = SCHEMA_TEXT,
	 .form = "name of a peer",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "the peer whose request it is"},
	{.name = "from",
	 .kind = KIND_CUSTOM,
	 M(config_route, from),
	 .parse = parse_match,
	 .schema = SCHEMA_TEXT,
	 .form = PATTERN_FORM,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "held against From"},
	{.name = "to",
	 .kind = KIND_CUSTOM,
	 M(config_route, to),
	 .parse = parse_match,
	 .schema = SCHEMA_TEXT,
	 .form = PATTERN_FORM,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "held against To"},
	{.name = "ruri",
	 .kind = KIND_CUSTOM,
	 M(config_route, ruri),
	 .parse = parse_match,
	 .schema = SCHEMA_TEXT,
	 .form = PATTERN_FORM,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "held against the Request-URI: prefix and exact (the default) see the user part, glob and regex user@host"},
	{.name = "method",
	 .kind = KIND_TEXT,
	 M(config_route, method),
	 .check = check_method,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "INVITE, OPTIONS, ..."},
	{.name = "header",
	 .kind = KIND_CUSTOM,
	 M(config_route, header),
	 .parse = parse_header,
	 .schema = SCHEMA_HEADER,
	 .form = "{ \"Name\": pattern }",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "one header and a pattern held against its whole value"},
	LATER("time"),
	LATER("codec"),
	LATER("source"),
	LATER("table"),
	END,
};
static const struct object object_match = {.name = "match", .keys = match_keys};

static const struct key rewrite_keys[] = {
	{.name = "from",
	 .kind = KIND_CUSTOM,
	 M(config_route, rewrite_from),
	 .parse = parse_rewrite,
	 .schema = SCHEMA_REWRITE,
	 .form = REWRITE_FORM,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "user part of From"},
	{.name = "to",
	 .kind = KIND_CUSTOM,
	 M(config_route, rewrite_to),
	 .parse = parse_rewrite,
	 .schema = SCHEMA_REWRITE,
	 .form = REWRITE_FORM,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "user part of To"},
	{.name = "ruri",
	 .kind = KIND_CUSTOM,
	 M(config_route, rewrite_ruri),
	 .parse = parse_rewrite,
	 .schema = SCHEMA_REWRITE,
	 .form = REWRITE_FORM,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "user part of the Request-URI; $1 in the replacement is the first group; \\/ is a slash"},
	LATER("host"),
	END,
};
static const struct object object_rewrite = {.name = "rewrite", .keys = rewrite_keys};

static const struct key deny_keys[] = {
	{.name = "code",
	 .kind = KIND_INT,
	 M(config_route, deny_status),
	 .min = 300,
	 .max = 699,
	 .preset = "403",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "status of the refusal"},
	{.name = "reason",
	 .kind = KIND_TEXT,
	 M(config_route, deny_reason),
	 .check = check_line,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "reason phrase. Default: the code's own"},
	END,
};
static const struct object object_deny = {.name = "deny", .keys = deny_keys};

static const struct key route_keys[] = {
	{.name = "name",
	 .kind = KIND_TEXT,
	 M(config_route, name),
	 .check = check_line,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "shown in logs and CDRs. Default: routes[N]"},
	{.name = "match",
	 .kind = KIND_OBJECT,
	 .offset = 0,
	 .object = &object_match,
	 .doc = "all of these must hold; nothing given: every request"},
	{.name = "rewrite",
	 .kind = KIND_OBJECT,
	 .offset = 0,
	 .object = &object_rewrite,
	 .doc = "changes to what is sent on"},
	{.name = "target",
	 .kind = KIND_CUSTOM,
	 M_N(config_route, targets, n_targets),
	 .parse = parse_target,
	 .schema = SCHEMA_TARGET,
	 .form = "name, list of names, list of {peer, weight}",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "peers that the call goes to; \"echo\" is built in"},
	{.name = "strategy",
	 .kind = KIND_WORD,
	 M(config_route, strategy),
	 .words = strategy_words,
	 .preset = "\"priority\"",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "several targets: in the order given, or drawn by weight"},
	{.name = "deny",
	 .kind = KIND_OBJECT,
	 .offset = 0,
	 .object = &object_deny,
	 .only_if_given = true,
	 .doc = "refuse instead of a target"},
	LATER("emergency"),
	LATER("http"),
	LATER("table"),
	LATER("media"),
	LATER("recording"),
	LATER("time"),
	LATER("announcement"),
	LATER("crankback"),
	END,
};
const struct object object_route = {
	.name = "route",
	.keys = route_keys,
	.size = sizeof(struct config_route),
	.init = route_init,
	.finish = route_finish,
};
