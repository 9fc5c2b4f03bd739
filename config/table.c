/* SPDX-License-Identifier: Apache-2.0 */
/* table: every key of the file, one row each. Loading, the nearest-key search, what is not in this build,
 * config_diff(), the JSON Schema and the reference in README.md are all driven by these rows: a new key is a row (and a
 * parse function when no kind fits). A key is called as the member of the struct it fills. */
#include <ctype.h>
#include <string.h>

#include "config/internal.h"

#define M(type, member)   .offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define M_N(type, v, n_v) .offset = offsetof(struct type, v), .count = offsetof(struct type, n_v)
/* What is known of, to be refused by name. */
#define LATER(key_name)                                                                                                \
	{                                                                                                              \
		.name = key_name, .kind = KIND_LATER                                                                   \
	}
#define END                                                                                                            \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}

#define SCHEMA_TEXTS                                                                                                   \
	"{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": \"string\"}, \"minItems\": 1}]}"
#define SCHEMA_TEXT   "{\"type\": \"string\"}"
#define SCHEMA_PORTS  "{\"type\": \"string\", \"pattern\": \"^[0-9]+-[0-9]+$\"}"
#define SCHEMA_CODES  "{\"type\": \"array\", \"items\": {\"type\": \"integer\", \"minimum\": 300, \"maximum\": 699}}"
#define SCHEMA_HEADER "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}}"
#define SCHEMA_TARGET                                                                                                  \
	"{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"minItems\": 1, \"items\": {\"anyOf\": "          \
	"[{\"type\": \"string\"}, {\"type\": \"object\", \"properties\": {\"peer\": {\"type\": \"string\"}, "          \
	"\"weight\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 65535}}, \"required\": [\"peer\"], "         \
	"\"additionalProperties\": false}]}}]}"

/* ---- words ---- */

const struct word transport_words[] = {
	{"udp", CONFIG_UDP, false}, {"tcp", CONFIG_TCP, false}, {"tls", 0, true}, {"ws", 0, true},
	{"wss", 0, true},           {NULL, 0, false},
};
static const struct word latch_words[] = {
	{"strict", CONFIG_LATCH_STRICT, false},
	{"restricted", CONFIG_LATCH_RESTRICTED, false},
	{"open", CONFIG_LATCH_OPEN, false},
	{NULL, 0, false},
};
static const struct word unknown_words[] = {
	{"drop", CONFIG_UNKNOWN_DROP, false},
	{"reject", CONFIG_UNKNOWN_REJECT, false},
	{"accept", CONFIG_UNKNOWN_ACCEPT, false},
	{NULL, 0, false},
};
static const struct word identity_words[] = {
	{"drop", CONFIG_IDENTITY_DROP, false},
	{"pass", CONFIG_IDENTITY_PASS, false},
	{NULL, 0, false},
};
static const struct word network_auth_words[] = {
	{"none", CONFIG_AUTH_NONE, false},
	{"relay", CONFIG_AUTH_RELAY, false},
	{"limen", CONFIG_AUTH_LIMEN, false},
	{NULL, 0, false},
};
static const struct word peer_auth_words[] = {
	{"none", CONFIG_AUTH_NONE, false},
	{"relay", CONFIG_AUTH_RELAY, false},
	{NULL, 0, false},
};
static const struct word strategy_words[] = {
	{"priority", CONFIG_PRIORITY, false},
	{"weight", CONFIG_WEIGHT, false},
	{"round-robin", 0, true},
	{"least-busy", 0, true},
	{"hash", 0, true},
	{NULL, 0, false},
};
static const struct word keepalive_words[] = {
	{"none", CONFIG_KEEPALIVE_NONE, false},
	{"crlf", CONFIG_KEEPALIVE_CRLF, false},
	{"options", CONFIG_KEEPALIVE_OPTIONS, false},
	{NULL, 0, false},
};
static const struct word level_words[] = {
	{"error", CONFIG_LOG_ERROR, false},
	{"warn", CONFIG_LOG_WARN, false},
	{"info", CONFIG_LOG_INFO, false},
	{"debug", CONFIG_LOG_DEBUG, false},
	{NULL, 0, false},
};
static const struct word leak_words[] = {
	{"count", CONFIG_LEAK_COUNT, false},
	{"block", CONFIG_LEAK_BLOCK, false},
	{"off", CONFIG_LEAK_OFF, false},
	{NULL, 0, false},
};

/* ---- checks of single texts ---- */

/* RFC 3261 §25.1 token: methods, header names */
static bool is_token(const char *z, const char *more)
{
	for (const char *p = z; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-.!%*_+`'~", *p) && !strchr(more, *p))
			return false;
	return *z != '\0';
}

static const char *check_token(const char *z)
{
	return is_token(z, "") && strlen(z) <= 64 ? NULL : "is not a name as SIP has it (letters, digits, -)";
}

static const char *check_method(const char *z)
{
	for (const char *p = z; *p; p++)
		if (islower((unsigned char)*p))
			return "is not a method; methods are in capitals";
	return check_token(z);
}

static const char *check_codec(const char *z)
{
	return is_token(z, "/") && strlen(z) <= 64
		       ? NULL
		       : "is not a codec; write its name (PCMA) or name and clock rate (opus/48000)";
}

static const char *check_host(const char *z)
{
	struct addr a;
	if (addr_parse(str_z(z), 0, &a))
		return NULL;
	return host_fault(str_z(z));
}

static const char *check_line(const char *z)
{
	for (const char *p = z; *p; p++)
		if (iscntrl((unsigned char)*p))
			return "has a control character in it; remove it";
	return strlen(z) <= 200 ? NULL : "is longer than 200 characters; shorten it";
}

static const char *check_server(const char *z)
{
	for (const char *p = z; *p; p++)
		if (!isprint((unsigned char)*p))
			return "has a character in it that a Server header cannot have";
	return strlen(z) <= 100 ? NULL : "is longer than 100 characters; shorten it";
}

/* Goes between quotes as it is. */
static const char *check_realm(const char *z)
{
	return strpbrk(z, "\"\\") ? "has a quote or backslash in it; remove it" : check_line(z);
}

static const char *check_path(const char *z)
{
	return strlen(z) < 4096 ? NULL : "is longer than a path may be";
}

static const char *check_device(const char *z)
{
	for (const char *p = z; *p; p++)
		if (isspace((unsigned char)*p) || *p == '/' || !isprint((unsigned char)*p))
			return "is not a device name; write it as `ip link` shows it";
	return strlen(z) < 16 ? NULL : "is not a device name; they have at most 15 characters";
}

static const char *check_key(const char *z)
{
	size_t n = strlen(z);
	return n == 0 || n >= 16 ? NULL : "is too short; at least 16 characters";
}

/* It goes into a header of HTTP (RFC 6750 §2.1, and more). */
static const char *check_bearer(const char *z)
{
	for (const char *p = z; *p; p++)
		if (*p <= ' ' || *p > '~')
			return "holds a space or a character that is not ASCII";
	return check_key(z);
}

/* ---- networks ---- */

static const struct key acl_keys[] = {
	{.name = "allow",
	 .kind = KIND_CIDRS,
	 M_N(config_acl, allow, n_allow),
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "sources that may send here; empty: all that deny does not name"},
	{.name = "deny",
	 .kind = KIND_CIDRS,
	 M_N(config_acl, deny, n_deny),
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "sources whose packets are dropped unread; deny goes before allow"},
	END,
};
static const struct object object_acl = {.name = "acl", .keys = acl_keys};

static const struct key network_media_keys[] = {
	{.name = "address",
	 .kind = KIND_CUSTOM,
	 .required = true,
	 M(config_network, media.address),
	 .parse = parse_media_addresses,
	 .schema = SCHEMA_TEXTS,
	 .form = "address, or a list of one IPv4 and one IPv6",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "addresses that media ports are opened on; at most one of each family"},
	{.name = "advertise",
	 .kind = KIND_CUSTOM,
	 M(config_network, media.advertise),
	 .parse = parse_media_addresses,
	 .schema = SCHEMA_TEXTS,
	 .form = "address, or a list of one IPv4 and one IPv6",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "addresses told to the far side instead (1:1 NAT); each goes with the address of its family"},
	{.name = "ports",
	 .kind = KIND_CUSTOM,
	 M(config_network, media.port_min),
	 .parse = parse_ports,
	 .schema = SCHEMA_PORTS,
	 .form = "\"min-max\"",
	 .preset = "\"20000-29999\"",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "range of UDP ports for media, both ends included; RTP is on even ports"},
	{.name = "latch",
	 .kind = KIND_WORD,
	 M(config_network, media.latch),
	 .words = latch_words,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "where media is accepted from: strict (address and port of the SDP), restricted (SDP address, signalling source or the peer's media_acl), open (any source in the first moments, for phones behind NAT). Default: restricted; open on a network with nat"},
	{.name = "dscp",
	 .kind = KIND_INT,
	 M(config_network, media.dscp),
	 .max = 63,
	 .preset = "46",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "DSCP of media packets; 46 is EF"},
	LATER("ice"),
	LATER("rtcp_mux"),
	LATER("srtp"),
	LATER("dtls"),
	LATER("fastpath"),
	LATER("direct"),
	END,
};
static const struct object object_network_media = {.name = "media", .keys = network_media_keys};

static const struct key network_keys[] = {
	{.name = "listen",
	 .kind = KIND_CUSTOM,
	 .required = true,
	 M_N(config_network, listen, n_listen),
	 .parse = parse_listen,
	 .schema = SCHEMA_TEXTS,
	 .form = "list of \"udp:address:port\" or \"tcp:address:port\"",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "where SIP is received; port 5060 when none is given; IPv6 in brackets"},
	{.name = "advertise",
	 .kind = KIND_CUSTOM,
	 M(config_network, advertise),
	 .parse = parse_address,
	 .schema = SCHEMA_TEXT,
	 .form = "address",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "address told to the far side in Via and Contact instead of the listen address of its family (1:1 NAT)"},
	{.name = "device",
	 .kind = KIND_TEXT,
	 M(config_network, device),
	 .check = check_device,
	 .lifetime = CONFIG_RESTART,
	 .doc = "network device that sockets are bound to; lets address spaces overlap"},
	{.name = "nat",
	 .kind = KIND_BOOL,
	 M(config_network, nat),
	 .preset = "false",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "phones behind NAT: answer and route to where requests come from; media.latch is open unless given"},
	{.name = "keepalive_stun",
	 .kind = KIND_BOOL,
	 M(config_network, keepalive_stun),
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "answer STUN Binding requests on UDP listeners, by which phones keep their NAT open (RFC 5626). Default: true on a network with nat"},
	{.name = "acl",
	 .kind = KIND_OBJECT,
	 M(config_network, acl),
	 .object = &object_acl,
	 .doc = "who may send signalling here"},
	{.name = "unknown",
	 .kind = KIND_WORD,
	 M(config_network, unknown),
	 .words = unknown_words,
	 .preset = "\"drop\"",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "a request from a source that is no peer: drop it, reject it with 403, or accept it as a call from the network"},
	{.name = "phones",
	 .kind = KIND_BOOL,
	 M(config_network, phones),
	 .preset = "false",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "sources that are no peers may register here whatever `unknown` says, and while they are registered their requests are accepted as from the network"},
	{.name = "keepalive",
	 .kind = KIND_WORD,
	 M(config_network, keepalive),
	 .words = keepalive_words,
	 .preset = "\"none\"",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "what is sent to registered phones to keep the NAT in front of them open: none, crlf (an empty message), options (a phone that leaves two unanswered is unreachable until it registers again)"},
	{.name = "keepalive_ms",
	 .kind = KIND_TIME,
	 M(config_network, keepalive_ms),
	 .min = 1000,
	 .max = 3600000,
	 .preset = "25000",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "how often; a NAT may forget a UDP flow after 30 s"},
	{.name = "source_rate",
	 .kind = KIND_INT,
	 M(config_network, source_rate),
	 .max = 1000000,
	 .preset = "50",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "requests per second from one source that is no peer; 0: no limit"},
	{.name = "dscp",
	 .kind = KIND_INT,
	 M(config_network, dscp),
	 .max = 63,
	 .preset = "24",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "DSCP of signalling packets; 24 is CS3"},
	{.name = "media",
	 .kind = KIND_OBJECT,
	 .offset = 0,
	 .object = &object_network_media,
	 .only_if_given = true,
	 .doc = "relay of media on this network; without it calls here have no media"},
	{.name = "auth",
	 .kind = KIND_WORD,
	 M(config_network, auth),
	 .words = network_auth_words,
	 .preset = "\"none\"",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "digest authentication of who is no peer: none, relay (challenges and credentials cross to a peer that says relay, too), limen (Limen challenges, by accounts.file)"},
	{.name = "realm",
	 .kind = KIND_TEXT,
	 M(config_network, realm),
	 .check = check_realm,
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "realm of Limen's challenges here; with auth relay, the domain that phones name the far side by: a Request-URI with it reaches the far side as it was signed. Default: the address advertised or listened on"},
	LATER("tls"),
	LATER("ws"),
	LATER("wss"),
	LATER("websocket"),
	LATER("certificate"),
	LATER("registrar"),
	LATER("register"),
	LATER("outbound"),
	LATER("bans"),
	END,
};
const struct object object_network = {
	.name = "network",
	.keys = network_keys,
	.size = sizeof(struct config_network),
	.name_offset = offsetof(struct config_network, name),
	.finish = network_finish,
};

/* ---- peers ---- */

static const struct key peer_limits_keys[] = {
	{.name = "calls",
	 .kind = KIND_INT,
	 M(config_peer, limits.calls),
	 .max = 1000000,
	 .preset = "0",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "calls from this peer at one time; 0: no limit"},
	{.name = "cps",
	 .kind = KIND_INT,
	 M(config_peer, limits.cps),
	 .max = 1000000,
	 .preset = "0",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "new calls per second from this peer; 0: no limit"},
	{.name = "calls_out",
	 .kind = KIND_INT,
	 M(config_peer, limits.calls_out),
	 .max = 1000000,
	 .preset = "0",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "calls towards this peer at one time; 0: no limit"},
	{.name = "cps_out",
	 .kind = KIND_INT,
	 M(config_peer, limits.cps_out),
	 .max = 1000000,
	 .preset = "0",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "new calls per second towards this peer; 0: no limit"},
	LATER("bandwidth"),
	LATER("users"),
	LATER("minutes"),
	LATER("registrations"),
	END,
};
static const struct object object_peer_limits = {.name = "limits", .keys = peer_limits_keys};

static const struct key codecs_keys[] = {
	{.name = "allow",
	 .kind = KIND_STRINGS,
	 M(config_codecs, allow),
	 .check = check_codec,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "only these are offered and accepted"},
	{.name = "deny",
	 .kind = KIND_STRINGS,
	 M(config_codecs, deny),
	 .check = check_codec,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "these are taken out"},
	{.name = "order",
	 .kind = KIND_STRINGS,
	 M(config_codecs, order),
	 .check = check_codec,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "these go first, in this order"},
	{.name = "single",
	 .kind = KIND_BOOL,
	 M(config_codecs, single),
	 .preset = "false",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "answers keep one codec, and telephone-event"},
	LATER("transcode"),
	LATER("transcoding"),
	END,
};
const struct object object_codecs = {.name = "codecs", .keys = codecs_keys};

static const struct key credentials_keys[] = {
	{.name = "user",
	 .kind = KIND_TEXT,
	 .required = true,
	 M(config_peer, credentials.user),
	 .check = check_line,
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "user name that challenges are answered with"},
	{.name = "password",
	 .kind = KIND_SECRET,
	 .required = true,
	 M(config_peer, credentials.password),
	 .check = check_line,
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "${NAME} or file:PATH, or the password itself"},
	{.name = "realm",
	 .kind = KIND_TEXT,
	 M(config_peer, credentials.realm),
	 .check = check_line,
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "only challenges of this realm are answered. Default: any"},
	END,
};
static const struct object object_credentials = {
	.name = "credentials",
	.keys = credentials_keys,
	.finish = credentials_finish,
};

static const struct key peer_keys[] = {
	{.name = "profile",
	 .kind = KIND_CUSTOM,
	 M(config_peer, profile),
	 .parse = parse_profile,
	 .schema = "{\"enum\": [\"generic-trunk\", \"pbx\"]}",
	 .form = "generic-trunk, pbx",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "ready-made defaults of this peer; its own keys go before them"},
	{.name = "network",
	 .kind = KIND_CUSTOM,
	 .required = true,
	 M(config_peer, network),
	 .parse = parse_network_name,
	 .schema = SCHEMA_TEXT,
	 .form = "name of a network",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "the network that this peer is on"},
	{.name = "targets",
	 .kind = KIND_CUSTOM,
	 M_N(config_peer, targets, n_targets),
	 .parse = parse_targets,
	 .schema = SCHEMA_TEXTS,
	 .form = "list of host, host:port, udp:host, tcp:host:port",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "where calls towards this peer go, tried in this order; a name without a port is looked up by SRV, then A and AAAA"},
	{.name = "sources",
	 .kind = KIND_CUSTOM,
	 M_N(config_peer, sources, n_sources),
	 .parse = parse_sources,
	 .schema = SCHEMA_TEXTS,
	 .form = "list of address, address/bits, address:port",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "a request from here is this peer's. Default: the addresses among targets, any port"},
	{.name = "hosts",
	 .kind = KIND_STRINGS,
	 M(config_peer, hosts),
	 .check = check_host,
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "host of the Request-URI, or else of From, that tells this peer from others with the same source"},
	{.name = "domain",
	 .kind = KIND_TEXT,
	 M(config_peer, domain),
	 .check = check_host,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "host of From towards this peer. Default: our advertised address"},
	{.name = "media_acl",
	 .kind = KIND_CIDRS,
	 M_N(config_peer, media_acl, n_media_acl),
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "addresses that this peer's media may come from, besides those of its SDP"},
	{.name = "latch",
	 .kind = KIND_WORD,
	 M(config_peer, latch),
	 .words = latch_words,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "as networks.*.media.latch, for this peer. Default: the network's"},
	{.name = "limits",
	 .kind = KIND_OBJECT,
	 .offset = 0,
	 .object = &object_peer_limits,
	 .doc = "how much this peer may ask for"},
	{.name = "codecs",
	 .kind = KIND_CUSTOM,
	 M(config_peer, codecs),
	 .parse = parse_codecs,
	 .object = &object_codecs,
	 .form = "list of names, or an object",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "codecs of this peer; a list alone is both allow and order"},
	{.name = "identity",
	 .kind = KIND_WORD,
	 M(config_peer, identity),
	 .words = identity_words,
	 .preset = "\"drop\"",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "P-Asserted-Identity, Remote-Party-ID, Diversion, History-Info, Privacy towards this peer: dropped, or passed with hosts replaced"},
	{.name = "pass",
	 .kind = KIND_STRINGS,
	 M(config_peer, pass),
	 .check = check_token,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "further headers that may cross to this peer"},
	{.name = "drop",
	 .kind = KIND_STRINGS,
	 M(config_peer, drop),
	 .check = check_token,
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "headers that otherwise cross and shall not to this peer"},
	{.name = "sdp_unknown_drop",
	 .kind = KIND_BOOL,
	 M(config_peer, sdp_unknown_drop),
	 .preset = "false",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "SDP lines and attributes that Limen does not know are taken out"},
	{.name = "failover",
	 .kind = KIND_CUSTOM,
	 M_N(config_peer, failover, n_failover),
	 .parse = parse_failover,
	 .schema = SCHEMA_CODES,
	 .form = "list of status codes",
	 .preset = "[503, 408, 502, 504]",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "final responses upon which the next target is tried"},
	{.name = "try_ms",
	 .kind = KIND_TIME,
	 M(config_peer, try_ms),
	 .min = 100,
	 .max = 60000,
	 .preset = "4000",
	 .lifetime = CONFIG_NEW_CALLS,
	 .doc = "how long one address may stay silent before the next is tried"},
	{.name = "auth",
	 .kind = KIND_WORD,
	 M(config_peer, auth),
	 .words = peer_auth_words,
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "relay: digest challenges and credentials cross between this peer and whoever says relay, too; none: they do not. Default: relay where the peer's network says so, else none"},
	{.name = "credentials",
	 .kind = KIND_OBJECT,
	 .offset = 0,
	 .object = &object_credentials,
	 .only_if_given = true,
	 .doc = "what Limen answers this peer's digest challenges with"},
	LATER("register"),
	LATER("password"),
	LATER("user"),
	LATER("tls"),
	LATER("srtp"),
	LATER("ice"),
	LATER("media"),
	LATER("transcoding"),
	LATER("recording"),
	LATER("stir"),
	LATER("session_timer"),
	LATER("session_timers"),
	LATER("100rel"),
	LATER("prack"),
	LATER("probe"),
	LATER("options_ping"),
	LATER("refer"),
	LATER("redirect"),
	LATER("dtmf"),
	LATER("responses"),
	LATER("numbers"),
	LATER("tel"),
	LATER("early_media"),
	LATER("late_offer"),
	LATER("bandwidth"),
	END,
};
const struct object object_peer = {
	.name = "peer",
	.keys = peer_keys,
	.size = sizeof(struct config_peer),
	.name_offset = offsetof(struct config_peer, name),
	.name_ok = peer_name_ok,
	.presets = peer_presets,
	.finish = peer_finish,
};

/* ---- routes ---- */

#define PATTERN_FORM   "\"prefix:...\", \"exact:...\", \"glob:...\", \"regex:...\""
#define REWRITE_FORM   "\"s/pattern/replacement/\""
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

/* ---- the rest ---- */

#define TIMER(member, lo, hi, def, text)                                                                               \
	{                                                                                                              \
		.name = #member, .kind = KIND_TIME, M(config, timers.member), .min = lo, .max = hi, .preset = def,     \
		.lifetime = CONFIG_NEW_CALLS, .doc = text                                                              \
	}
#define HOUR_MS 3600000

static const struct key timers_keys[] = {
	TIMER(t1, 10, 10000, "500", "round trip estimate (RFC 3261 timer T1)"),
	TIMER(t2, 10, 60000, "4000",
	      "longest interval between retransmissions of requests other than INVITE, and of 2xx"),
	TIMER(t4, 10, 60000, "5000", "how long a message stays in the network"),
	TIMER(b, 0, HOUR_MS, "0", "INVITE without any response; 0: 64*T1"),
	TIMER(f, 0, HOUR_MS, "0", "another request without a final response; 0: 64*T1"),
	TIMER(h, 0, HOUR_MS, "0", "wait for ACK; 0: 64*T1"),
	TIMER(c, 1000, HOUR_MS, "180000", "longest ringing"),
	TIMER(call_max, 1000, 168LL * HOUR_MS, "43200000", "longest call"),
	TIMER(media_silence, 0, 24LL * HOUR_MS, "60000",
	      "a call ends when no packet came for so long where there should be some; 0: never"),
	TIMER(hold_silence, 0, 168LL * HOUR_MS, "3600000", "the same for a call on hold; 0: never"),
	TIMER(drain, 0, 24LL * HOUR_MS, "300000", "upon SIGTERM, calls may go on for so long"),
	TIMER(tcp_idle, 1000, 24LL * HOUR_MS, "120000", "an idle TCP connection without calls is closed"),
	TIMER(tcp_header, 100, 10LL * 60000, "5000", "from the first byte of a message to its last on TCP"),
	LATER("session_expires"),
	LATER("min_se"),
	LATER("register"),
	END,
};
static const struct object object_timers = {.name = "timers", .keys = timers_keys};

#define LIMIT(member, lo, hi, def, life, text)                                                                         \
	{                                                                                                              \
		.name = #member, .kind = KIND_INT, M(config, limits.member), .min = lo, .max = hi, .preset = def,      \
		.lifetime = life, .doc = text                                                                          \
	}

static const struct key limits_keys[] = {
	LIMIT(calls, 1, 1000000, "10000", CONFIG_AT_ONCE, "calls at one time; more are answered 503"),
	LIMIT(transactions, 16, 10000000, "1000000", CONFIG_AT_ONCE,
	      "open transactions of one worker, lingering ones included: a call leaves three for 32 s, so 1,000 calls per second hold 100,000"),
	LIMIT(message_bytes, 1024, 65535, "65535", CONFIG_AT_ONCE, "largest message"),
	LIMIT(connections, 1, 1000000, "4000", CONFIG_AT_ONCE, "TCP connections"),
	LIMIT(connections_source, 1, 1000000, "100", CONFIG_AT_ONCE, "TCP connections of one source address"),
	LIMIT(answers, 1, 1000000, "1000", CONFIG_AT_ONCE,
	      "per second: answers over UDP to requests that are refused before a transaction (malformed ones, for instance) and to STUN, which forged sources make us send to others: to all strangers together, and as many to each peer"),
	LIMIT(answers_source, 1, 1000000, "50", CONFIG_AT_ONCE,
	      "of these to one source that is no peer; a peer's source gets ten times as many"),
	LIMIT(queue, 16, 1000000, "4096", CONFIG_RESTART, "messages that wait to be handed to another worker"),
	LIMIT(targets, 1, 32, "8", CONFIG_NEW_CALLS, "addresses tried for one call"),
	LIMIT(registrations, 1, 10000000, "100000", CONFIG_AT_ONCE,
	      "contacts of registered phones; more are answered 503"),
	LIMIT(registrations_source, 1, 10000000, "1000", CONFIG_AT_ONCE,
	      "of these from one source address (IPv6: its /64) that is no peer's; more are answered 503. Behind a carrier's NAT there may be thousands"),
	LIMIT(nonces, 1024, 16777216, "262144", CONFIG_RESTART,
	      "digest nonces whose counts are remembered, 36 bytes each; the oldest is forgotten and its user challenged anew"),
	LIMIT(lockouts, 1024, 16777216, "65536", CONFIG_RESTART,
	      "accounts and sources whose failed logins are remembered, 24 bytes each"),
	LATER("bans"),
	LATER("subscriptions"),
	END,
};
static const struct object object_limits = {.name = "limits", .keys = limits_keys};

#define REGISTRATION(member, lo, hi, def, text)                                                                        \
	{                                                                                                              \
		.name = #member, .kind = KIND_INT, M(config, registrations.member), .min = lo, .max = hi,              \
		.preset = def, .lifetime = CONFIG_AT_ONCE, .doc = text                                                 \
	}
#define WEEK_S 604800

static const struct key registrations_keys[] = {
	REGISTRATION(
		expires_core, 0, WEEK_S, "3600",
		"seconds of registration asked of the core at least; refreshes of phones are answered here until half of what it gave is over. 0: what the phone asks for"),
	REGISTRATION(expires_phone, 1, WEEK_S, "60",
		     "seconds told to phones on a network with nat at most, so that their refreshes keep the NAT open"),
	REGISTRATION(expires_min, 0, 3600, "10", "phones that ask for fewer seconds are answered 423; 0: no bound"),
	REGISTRATION(max_contacts, 1, 64, "10", "contacts of one address of record; more are answered 403"),
	REGISTRATION(
		new_contacts, 0, 1000000, "120",
		"contacts that are new to one address of record, per hour and at once; more are answered 503. 0: no limit"),
	REGISTRATION(
		core_rate, 0, 1000000, "1000",
		"REGISTERs per second towards the core, a tenth of them at once; more are answered 503 with a Retry-After by chance. Phones that are registered, or have logged in here, go first. 0: no limit"),
	REGISTRATION(
		pending, 1, 1000000, "1000",
		"REGISTERs under way to the core, per worker; more are answered 503. A quarter is kept for phones that are registered, or have logged in here"),
	END,
};
static const struct object object_registrations = {.name = "registrations", .keys = registrations_keys};

static const struct key media_keys[] = {
	{.name = "workers",
	 .kind = KIND_INT,
	 M(config, media.workers),
	 .max = 64,
	 .preset = "0",
	 .lifetime = CONFIG_RESTART,
	 .doc = "threads that relay media; 0: one for each core"},
	{.name = "latch_window_ms",
	 .kind = KIND_TIME,
	 M(config, media.latch_window_ms),
	 .min = 100,
	 .max = 60000,
	 .preset = "2000",
	 .lifetime = CONFIG_RESTART,
	 .doc = "after the first packet of a stream, a source of better rank may still take its place"},
	{.name = "port_cooldown_ms",
	 .kind = KIND_TIME,
	 M(config, media.port_cooldown_ms),
	 .max = 600000,
	 .preset = "5000",
	 .lifetime = CONFIG_RESTART,
	 .doc = "a port that was released is not used again before"},
	LATER("fastpath"),
	LATER("recording"),
	LATER("ng"),
	LATER("ice"),
	LATER("srtp"),
	LATER("transcoding"),
	END,
};
static const struct object object_media = {.name = "media", .keys = media_keys};

static const struct key accounts_keys[] = {
	{.name = "file",
	 .kind = KIND_CUSTOM,
	 M(config_accounts, file),
	 .parse = parse_accounts_file,
	 .schema = SCHEMA_TEXT,
	 .form = "path, from the folder of this file",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "users: lines user:realm:algorithm:HA1 (MD5, SHA-256) or user:realm:plain:password; read at start and at each reload"},
	{.name = "nonce_ms",
	 .kind = KIND_TIME,
	 M(config_accounts, nonce_ms),
	 .min = 1000,
	 .max = HOUR_MS,
	 .preset = "300000",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "how long a nonce of ours is good"},
	{.name = "failures",
	 .kind = KIND_INT,
	 M(config_accounts, failures),
	 .min = 1,
	 .max = 1000,
	 .preset = "5",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "failed logins of one account from one source (IPv6: its /64) until it is locked there"},
	{.name = "source_failures",
	 .kind = KIND_INT,
	 M(config_accounts, source_failures),
	 .min = 1,
	 .max = 1000000,
	 .preset = "100",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "failed logins from one source, over all accounts, until it is locked"},
	{.name = "lockout_ms",
	 .kind = KIND_TIME,
	 M(config_accounts, lockout_ms),
	 .min = 1000,
	 .max = 24LL * HOUR_MS,
	 .preset = "300000",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "how long a lock lasts; so many failures within this time make one"},
	END,
};
static const struct object object_accounts = {.name = "accounts", .keys = accounts_keys};

static const struct key log_keys[] = {
	{.name = "level",
	 .kind = KIND_WORD,
	 M(config, log.level),
	 .words = level_words,
	 .preset = "\"info\"",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "error: you must act; warn: degraded; info: a line per call phase; debug: all"},
	{.name = "file",
	 .kind = KIND_TEXT,
	 M(config, log.file),
	 .check = check_path,
	 .lifetime = CONFIG_RESTART,
	 .doc = "log file. Default: standard error"},
	{.name = "mask",
	 .kind = KIND_BOOL,
	 M(config, log.mask),
	 .preset = "false",
	 .lifetime = CONFIG_AT_ONCE,
	 .doc = "user parts and addresses are masked in the log"},
	LATER("syslog"),
	LATER("journald"),
	LATER("hep"),
	END,
};
static const struct object object_log = {.name = "log", .keys = log_keys};

static const struct key cdr_keys[] = {
	{.name = "file",
	 .kind = KIND_TEXT,
	 M(config, cdr.file),
	 .check = check_path,
	 .lifetime = CONFIG_RESTART,
	 .doc = "file that call records are written to, one JSON object a line. Default: none are written"},
	LATER("csv"),
	LATER("sqlite"),
	LATER("postgres"),
	LATER("http"),
	LATER("retention"),
	END,
};
static const struct object object_cdr = {.name = "cdr", .keys = cdr_keys};

static const struct key store_keys[] = {
	{.name = "file",
	 .kind = KIND_TEXT,
	 M(config, store.file),
	 .check = check_path,
	 .lifetime = CONFIG_RESTART,
	 .doc = "SQLite file for what a next process goes on with; made with mode 0600. Default: nothing is kept"},
	{.name = "calls",
	 .kind = KIND_BOOL,
	 M(config, store.calls),
	 .preset = "true",
	 .lifetime = CONFIG_RESTART,
	 .doc = "answered calls are kept in it, and go on in a process started anew on the same file"},
	{.name = "registrations",
	 .kind = KIND_BOOL,
	 M(config, store.registrations),
	 .preset = "true",
	 .lifetime = CONFIG_RESTART,
	 .doc = "registered phones are kept in it, and are known in a process started anew on the same file"},
	END,
};
static const struct object object_store = {.name = "store", .keys = store_keys};

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
static const struct object object_manage = {.name = "manage", .keys = manage_keys};

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
static const struct object object_dns = {.name = "dns", .keys = dns_keys};

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
