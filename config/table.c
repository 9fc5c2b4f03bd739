/* SPDX-License-Identifier: Apache-2.0 */
/* table: every key of the file, one row each, put together. Loading, the nearest-key search, what is not in this build,
 * config_diff(), the JSON Schema and the reference in README.md are all driven by these rows: a new key is a row (and a
 * parse function when no kind fits) in table_<section>.c, the section being the first word of its place. Here are the
 * sections, in the order of the reference, and the keys that stand alone. */
#include <ctype.h>
#include <string.h>

#include "config/table.h"

static const struct word leak_words[] = {
	{"count", CONFIG_LEAK_COUNT, false},
	{"block", CONFIG_LEAK_BLOCK, false},
	{"off", CONFIG_LEAK_OFF, false},
	{NULL, 0, false},
};

static const char *check_server(const char *z)
{
	for (const char *p = z; *p; p++)
		if (!isprint((unsigned char)*p))
			return "has a character in it that a Server header cannot have";
	return strlen(z) <= 100 ? NULL : "is longer than 100 characters; shorten it";
}

static const struct key root_keys[] = {
	{.name = "networks",
	 .kind = KIND_MAP,
	 .required = true,
	 M_N(config, networks, n_networks),
	 .object = &object_network,
	 .doc = "the sides that Limen stands between, by name"},
	{.name = "peers",
	 .kind = KIND_MAP,
	 M_N(config, peers, n_peers),
	 .object = &object_peer,
	 .doc = "who is spoken with, by name"},
	{.name = "routes",
	 .kind = KIND_LIST,
	 M_N(config, routes, n_routes),
	 .object = &object_route,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "where calls go: the first route that matches is taken"},
	{.name = "timers", .kind = KIND_OBJECT, .offset = 0, .object = &object_timers, .doc = "times"},
	{.name = "limits", .kind = KIND_OBJECT, .offset = 0, .object = &object_limits, .doc = "limits of the whole"},
	{.name = "registrations",
	 .kind = KIND_OBJECT,
	 .offset = 0,
	 .object = &object_registrations,
	 .doc = "REGISTER of phones, relayed to the core"},
	{.name = "accounts",
	 .kind = KIND_OBJECT,
	 M(config, accounts),
	 .object = &object_accounts,
	 .doc = "who may log in on a network with auth: limen"},
	{.name = "workers",
	 .kind = KIND_INT,
	 M(config, workers),
	 .min = 1,
	 .max = 64,
	 .preset = "1",
	 .lifetime = CONFIG_RESTART,
	 .doc = "threads for signalling"},
	{.name = "media", .kind = KIND_OBJECT, .offset = 0, .object = &object_media, .doc = "the relay"},
	{.name = "dns", .kind = KIND_OBJECT, .offset = 0, .object = &object_dns, .doc = "name resolution"},
	{.name = "log", .kind = KIND_OBJECT, .offset = 0, .object = &object_log, .doc = "the log"},
	{.name = "cdr", .kind = KIND_OBJECT, .offset = 0, .object = &object_cdr, .doc = "call records"},
	{.name = "store",
	 .kind = KIND_OBJECT,
	 .offset = 0,
	 .object = &object_store,
	 .doc = "what outlives the process"},
	{.name = "manage", .kind = KIND_OBJECT, .offset = 0, .object = &object_manage, .doc = "the management port"},
	{.name = "server_name",
	 .kind = KIND_TEXT,
	 M(config, server_name),
	 .check = check_server,
	 .preset = "\"Limen\"",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "Server and User-Agent that are sent; \"\": none"},
	{.name = "cluster_key",
	 .kind = KIND_SECRET,
	 M(config, cluster_key),
	 .check = check_key,
	 .lifetime = CONFIG_RESTART,
	 .doc = "key of the MAC in tags, branches and Contacts; ${NAME} or file:PATH. Default: random, and kept where there is a store"},
	{.name = "leak",
	 .kind = KIND_WORD,
	 M(config, leak),
	 .words = leak_words,
	 .preset = "\"count\"",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "a message that would tell one side of the other: count and send, block, or do not look"},
	LATER("tls"),
	LATER("redis"),
	LATER("registrar"),
	LATER("users"),
	LATER("auth"),
	LATER("tables"),
	LATER("bans"),
	LATER("recording"),
	LATER("transcoding"),
	LATER("stir"),
	LATER("http"),
	LATER("hep"),
	LATER("ha"),
	LATER("cluster"),
	LATER("metrics"),
	LATER("web"),
	LATER("announcements"),
	END,
};
const struct object object_root = {.name = "configuration", .keys = root_keys};
