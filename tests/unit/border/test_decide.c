/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/border/border_text.h"

#define NETWORKS                                                                                                            \
	"\"networks\": {"                                                                                                   \
	"  \"trunk\": { \"listen\": [\"udp:203.0.113.10:5060\", \"tcp:203.0.113.10:5060\", \"udp:[2001:db8::10]:5060\"] }," \
	"  \"access\": { \"listen\": [\"udp:192.168.7.2:5060\"], \"unknown\": \"accept\" },"                                \
	"  \"wary\": { \"listen\": [\"udp:192.168.8.2:5060\"], \"unknown\": \"reject\" } }"

static const char identify_text[] =
	"{ " NETWORKS ", \"peers\": {"
	"  \"alone\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.1\"], \"hosts\": [\"alone.example\"] },"
	"  \"east\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.2\"], \"hosts\": [\"east.example\", \"[2001:db8:e::1]\"] },"
	"  \"west\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.2\"], \"hosts\": [\"west.example\"] },"
	"  \"plain\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.3\"] },"
	"  \"named\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.3\"], \"hosts\": [\"named.example\"] },"
	"  \"wide\": { \"network\": \"trunk\", \"targets\": [\"w.example\"], \"sources\": [\"198.51.100.0/24\"] },"
	"  \"narrow\": { \"network\": \"trunk\", \"targets\": [\"x.example\"], \"sources\": [\"198.51.100.0/28\"] },"
	"  \"port\": { \"network\": \"trunk\", \"targets\": [\"y.example\"], \"sources\": [\"198.51.100.200:5070\"] },"
	"  \"six\": { \"network\": \"trunk\", \"targets\": [\"z.example\"], \"sources\": [\"2001:db8:6::/48\"] } },"
	" \"routes\": [ { \"target\": \"echo\" } ] }";

static const struct {
	const char *network, *source, *ruri, *from;
	enum config_transport transport;
	const char *peer; /* NULL: none; "?": ambiguous */
} identities[] = {
	{"trunk", "192.0.2.1:5060", "sip:1@x", "sip:2@y", CONFIG_UDP,
	 "alone"}, /* one on its source: hosts are not asked */
	{"trunk", "192.0.2.1:9", "sip:1@x", "sip:2@y", CONFIG_UDP, "alone"},
	{"access", "192.0.2.1:5060", "sip:1@x", "sip:2@y", CONFIG_UDP, NULL},
	{"trunk", "192.0.2.9:5060", "sip:1@alone.example", "sip:2@alone.example", CONFIG_UDP, NULL},
	/* two customers behind one address */
	{"trunk", "192.0.2.2:5060", "sip:1@east.example", "sip:2@y", CONFIG_UDP, "east"},
	{"trunk", "192.0.2.2:5060", "sip:1@WEST.example.", "sip:2@y", CONFIG_UDP, "west"},
	{"trunk", "192.0.2.2:5060", "sip:1@x", "sip:2@west.example", CONFIG_UDP, "west"},
	{"trunk", "192.0.2.2:5060", "sip:1@east.example", "sip:2@west.example", CONFIG_UDP,
	 "east"}, /* Request-URI first */
	{"trunk", "192.0.2.2:5060", "sip:1@[2001:DB8:e:0::1]", "sip:2@y", CONFIG_UDP, "east"},
	{"trunk", "192.0.2.2:5060", "sip:1@x", "sip:2@y", CONFIG_UDP, "?"},
	{"trunk", "192.0.2.2:5060", "tel:+491", "tel:+492", CONFIG_UDP, "?"},
	/* one that asks for no host takes the rest */
	{"trunk", "192.0.2.3:5060", "sip:1@x", "sip:2@y", CONFIG_UDP, "plain"},
	{"trunk", "192.0.2.3:5060", "sip:1@named.example", "sip:2@y", CONFIG_UDP, "named"},
	/* the longer prefix, then a port */
	{"trunk", "198.51.100.5:5060", "sip:1@x", "sip:2@y", CONFIG_UDP, "narrow"},
	{"trunk", "198.51.100.77:5060", "sip:1@x", "sip:2@y", CONFIG_UDP, "wide"},
	{"trunk", "198.51.100.200:5070", "sip:1@x", "sip:2@y", CONFIG_UDP, "port"},
	{"trunk", "198.51.100.200:5071", "sip:1@x", "sip:2@y", CONFIG_UDP, "wide"},
	{"trunk", "198.51.100.200:5071", "sip:1@x", "sip:2@y", CONFIG_TCP, "port"},
	{"trunk", "[2001:db8:6:1::5]:5060", "sip:1@x", "sip:2@y", CONFIG_UDP, "six"},
	{"trunk", "[2001:db8:7:1::5]:5060", "sip:1@x", "sip:2@y", CONFIG_UDP, NULL},
};

static struct border_request request_of(const struct config *c, const char *network, const char *source,
					const char *ruri, const char *from)
{
	struct border_request r = {.network = network_named(c, network),
				   .source = addr_of(source),
				   .method = METHOD_INVITE,
				   .method_text = STR("INVITE")};
	assert_true(uri_parse(str_z(ruri), &r.ruri));
	assert_true(uri_parse(str_z(ruri), &r.to));
	assert_true(uri_parse(str_z(from), &r.from));
	return r;
}

static void test_identify(void **state)
{
	struct config *c = config_of(identify_text);
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
		struct border_request r = request_of(c, identities[i].network, identities[i].source, identities[i].ruri,
						     identities[i].from);
		r.transport = identities[i].transport;
		int peer = border_identify(c, &r, NULL, NULL);
		const char *got = peer == BORDER_AMBIGUOUS ? "?" : peer < 0 ? NULL : c->peers[peer].name;
		const char *want = identities[i].peer;
		if (!got != !want || (got && strcmp(got, want) != 0))
			fail_msg("row %zu: %s, not %s", i, got ? got : "nobody", want ? want : "nobody");
	}
	config_unref(c);
}

/* ---- routes --------------------------------------------------------------------------------------------------- */

static const char route_text[] =
	"{ " NETWORKS ", \"peers\": {"
	"  \"a\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.1\"] },"
	"  \"b\": { \"network\": \"trunk\", \"targets\": [\"192.0.2.2\"] } },"
	" \"routes\": ["
	"  { \"name\": \"deny\", \"match\": { \"ruri\": \"prefix:+4490\" }, \"deny\": { \"code\": 603, \"reason\": \"Not There\" } },"
	"  { \"name\": \"deny plain\", \"match\": { \"ruri\": \"exact:666\" }, \"deny\": {} },"
	"  { \"name\": \"options\", \"match\": { \"method\": \"OPTIONS\" }, \"target\": \"echo\" },"
	"  { \"name\": \"peer and prefix\", \"match\": { \"peer\": \"a\", \"ruri\": \"prefix:+4930\" }, \"rewrite\": { \"ruri\": \"s/^\\\\+49/0/\", \"from\": \"s/^0//\" }, \"target\": \"b\" },"
	"  { \"name\": \"glob\", \"match\": { \"to\": \"glob:*@*.glob.example\" }, \"target\": \"a\" },"
	"  { \"name\": \"regex\", \"match\": { \"from\": \"regex:^5[0-9]+@caller\" }, \"target\": [\"a\", \"b\"] },"
	"  { \"name\": \"header\", \"match\": { \"header\": { \"X-Class\": \"exact:gold\" } }, \"target\": \"b\" },"
	"  { \"name\": \"access\", \"match\": { \"network\": \"access\" }, \"rewrite\": { \"ruri\": \"s/^(.)(.*)$/$2$1/\" }, \"target\": \"b\" } ] }";

static const struct {
	const char *network, *source, *method, *ruri, *from;
	const char *route; /* NULL: none */
	enum reject_reason reject;
	int status;
	const char *ruri_user, *from_user;
} decisions[] = {
	{"trunk", "192.0.2.1:5060", "INVITE", "sip:+4930123@h", "sip:0555@h", "peer and prefix", REJECT_NONE, 0,
	 "030123", "555"},
	{"trunk", "192.0.2.1:5060", "INVITE", "sip:%2B4930123@h", "sip:1@h", "peer and prefix", REJECT_NONE, 0,
	 "030123", "1"},
	{"trunk", "192.0.2.1:5060", "INVITE", "tel:+49-30-123", "tel:+49-40-1", "peer and prefix", REJECT_NONE, 0,
	 "030123", "+49401"},
	{"trunk", "192.0.2.1:5060", "INVITE", "sip:+49-30-123@h;user=phone", "sip:1@h", "peer and prefix", REJECT_NONE,
	 0, "030123", "1"},
	{"trunk", "192.0.2.1:5060", "INVITE", "sip:+49-30-123@h", "sip:1@h", NULL, REJECT_NO_ROUTE, 404, NULL, NULL},
	{"trunk", "192.0.2.2:5060", "INVITE", "sip:+4930123@h", "sip:1@h", NULL, REJECT_NO_ROUTE, 404, NULL, NULL},
	{"trunk", "192.0.2.2:5060", "INVITE", "sip:+4490123@h", "sip:1@h", "deny", REJECT_ROUTE_DENY, 603, NULL, NULL},
	{"trunk", "192.0.2.2:5060", "INVITE", "sip:+4%34%390123@h", "sip:1@h", "deny", REJECT_ROUTE_DENY, 603, NULL,
	 NULL},
	{"trunk", "192.0.2.2:5060", "INVITE", "sips:666@h", "sip:1@h", "deny plain", REJECT_ROUTE_DENY, 403, NULL,
	 NULL},
	{"trunk", "192.0.2.2:5060", "INVITE", "sip:6666@h", "sip:1@h", NULL, REJECT_NO_ROUTE, 404, NULL, NULL},
	{"trunk", "192.0.2.2:5060", "OPTIONS", "sip:h", "sip:h", "options", REJECT_NONE, 0, "", ""},
	{"trunk", "192.0.2.2:5060", "Options", "sip:h", "sip:h", NULL, REJECT_NO_ROUTE, 404, NULL, NULL},
	{"trunk", "192.0.2.2:5060", "INVITE", "sip:x@A.Glob.Example", "sip:1@h", "glob", REJECT_NONE, 0, "x", "1"},
	{"trunk", "192.0.2.2:5060", "INVITE", "sip:x@h", "sip:555@CALLER.example", "regex", REJECT_NONE, 0, "x", "555"},
	{"trunk", "192.0.2.9:5060", "INVITE", "sip:666@h", "sip:1@h", NULL, REJECT_UNKNOWN_DROP, 0, NULL, NULL},
	{"wary", "192.0.2.9:5060", "INVITE", "sip:666@h", "sip:1@h", NULL, REJECT_UNKNOWN_SOURCE, 403, NULL, NULL},
	{"access", "192.0.2.9:5060", "INVITE", "sip:12%23@h", "sip:1@h", "access", REJECT_NONE, 0, "2%231", "1"},
	{"access", "192.0.2.9:5060", "INVITE", "sip:1%40evil@h", "sip:1@h", "access", REJECT_NONE, 0, "%40evil1", "1"},
	{"access", "192.0.2.9:5060", "INVITE", "sip:1%2523@h", "sip:1@h", "access", REJECT_NONE, 0, "%25231", "1"},
	{"access", "192.0.2.9:5060", "INVITE", "sip:1%00%0d%0a@h", "sip:1@h", "access", REJECT_NONE, 0, NULL, "1"},
	{"access", "192.0.2.9:5060", "INVITE", "mailto:a@h", "sip:1@h", NULL, REJECT_SCHEME, 416, NULL, NULL},
	{"access", "192.0.2.9:5060", "INVITE", "urn:service:sos", "sip:1@h", NULL, REJECT_SCHEME, 416, NULL, NULL},
};

static void test_decide(void **state)
{
	struct config *c = config_of(route_text);
	for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
		struct border_request r =
			request_of(c, decisions[i].network, decisions[i].source, decisions[i].ruri, decisions[i].from);
		struct border_decision d;
		r.method_text = str_z(decisions[i].method);
		border_decide(c, &r, NULL, NULL, &d);
		const char *got = d.route < 0 ? NULL : c->routes[d.route].name;
		if (d.reject != decisions[i].reject || d.status != decisions[i].status)
			fail_msg("row %zu: %d %s", i, d.status, d.reject ? reject_key(d.reject) : "taken");
		if (!got != !decisions[i].route || (got && strcmp(got, decisions[i].route) != 0))
			fail_msg("row %zu: route %s", i, got ? got : "none");
		if (decisions[i].ruri_user)
			assert_str(d.ruri_user, decisions[i].ruri_user);
		if (decisions[i].from_user)
			assert_str(d.from_user, decisions[i].from_user);
		if (d.reject == REJECT_NONE)
			assert_true(d.n_targets > 0);
		else
			assert_int_equal(d.n_targets, 0);
	}
	config_unref(c);
}

static void test_deny_reason(void **state)
{
	struct config *c = config_of(route_text);
	struct border_decision d;
	struct border_request r = request_of(c, "trunk", "192.0.2.2:5060", "sip:+4490123@h", "sip:1@h");
	border_decide(c, &r, NULL, NULL, &d);
	assert_string_equal(d.phrase, "Not There");
	r = request_of(c, "trunk", "192.0.2.2:5060", "sip:666@h", "sip:1@h");
	border_decide(c, &r, NULL, NULL, &d);
	assert_string_equal(d.phrase, "Forbidden");
	config_unref(c);
}

/* From a real message, with a header to match. */
static void test_message(void **state)
{
	struct config *c = config_of(route_text);
	struct message *m = message_of("INVITE sip:77@203.0.113.10 SIP/2.0\n"
				       "Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK1\n"
				       "From: <sip:1@h>;tag=1\nTo: <sip:78@h>\nCall-ID: 1\nCSeq: 1 INVITE\n"
				       "X-Class: silver\nx-class: gold\n\n");
	m->source.remote = addr_of("192.0.2.2:5060");
	m->source.network = network_named(c, "trunk");
	m->source.transport = CONFIG_TCP;
	struct border_request r = border_request_of(c, m, 5);
	assert_int_equal(r.transport, CONFIG_TCP);
	struct border_decision d;
	border_decide(c, &r, NULL, NULL, &d);
	assert_int_equal(d.reject, REJECT_NONE);
	assert_string_equal(c->routes[d.route].name, "header");
	assert_str(d.to_user, "78");
	r.message = NULL; /* explain: headers do not match */
	border_decide(c, &r, NULL, NULL, &d);
	assert_int_equal(d.reject, REJECT_NO_ROUTE);
	m->source.network = 77; /* a network that a reload took away */
	r = border_request_of(c, m, 5);
	border_decide(c, &r, NULL, NULL, &d);
	assert_int_equal(d.reject, REJECT_UNKNOWN_DROP);
	message_free(m);
	config_unref(c);
}

/* User parts too long to look at, and ones that grow over the bound when rewritten. */
static void test_long_users(void **state)
{
	struct config *c = config_of(route_text);
	static char uri[4096];
	for (size_t n = 200; n < 2000; n += 100) {
		struct border_decision d;
		memset(uri, 0, sizeof(uri));
		memcpy(uri, "sip:", 4);
		memset(uri + 4, '#', n);
		strcpy(uri + 4 + n, "@h");
		struct border_request r = request_of(c, "access", "192.0.2.9:5060", "sip:1@h", "sip:1@h");
		r.ruri.user = (struct str){uri + 4, n};
		border_decide(c, &r, NULL, NULL, &d);
		if (n > USER_PLAIN_MAX) {
			assert_int_equal(d.reject, REJECT_MALFORMED);
		} else {
			assert_int_equal(d.reject, REJECT_NONE); /* the rewrite did not fit: as it came */
			assert_int_equal(d.ruri_user.n, n);
		}
	}
	config_unref(c);
}

/* ---- order of targets ----------------------------------------------------------------------------------------- */

static void test_weights(void **state)
{
	struct config_route_target t[4] = {{0, 60}, {1, 30}, {2, 10}, {3, 0}};
	struct config_route rt = {.targets = t, .n_targets = 4, .strategy = CONFIG_WEIGHT};
	unsigned first[4] = {0}, second[4] = {0}, order[BORDER_MAX_TARGETS];
	const unsigned draws = 100000;
	for (unsigned i = 0; i < draws; i++) {
		assert_int_equal(route_order(&rt, i, order), 4);
		first[order[0]]++;
		second[order[1]]++;
		assert_int_equal(order[0] + order[1] + order[2] + order[3], 6); /* each once */
		assert_int_equal(order[3], 3);                                  /* weight 0 comes last */
	}
	assert_in_range(first[0], draws * 59 / 100, draws * 61 / 100);
	assert_in_range(first[1], draws * 29 / 100, draws * 31 / 100);
	assert_in_range(first[2], draws * 9 / 100, draws * 11 / 100);
	/* second place after a first of weight 60, 30, 10: .3*60/70 + .1*60/90 = .324, ... */
	assert_in_range(second[0], draws * 31 / 100, draws * 34 / 100);
	rt.strategy = CONFIG_PRIORITY;
	assert_int_equal(route_order(&rt, 7, order), 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(order[i], i);
	for (unsigned i = 0; i < 4; i++)
		t[i].weight = 0;
	rt.strategy = CONFIG_WEIGHT;
	assert_int_equal(route_order(&rt, 7, order), 4);
	assert_int_equal(order[0], 0);
}

static void test_many_targets(void **state)
{
	struct config_route_target t[300];
	for (unsigned i = 0; i < 300; i++)
		t[i] = (struct config_route_target){i, ~0u};
	struct config_route rt = {.targets = t, .n_targets = 300, .strategy = CONFIG_WEIGHT};
	unsigned order[BORDER_MAX_TARGETS];
	assert_int_equal(route_order(&rt, 1, order), BORDER_MAX_TARGETS);
	for (unsigned i = 0; i < BORDER_MAX_TARGETS; i++)
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(order[i], order[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identify),     cmocka_unit_test(test_decide),
		cmocka_unit_test(test_deny_reason),  cmocka_unit_test(test_message),
		cmocka_unit_test(test_long_users),   cmocka_unit_test(test_weights),
		cmocka_unit_test(test_many_targets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
