/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/border/border_text.h"

static const char config_text[] =
	"{ \"networks\": {"
	"  \"open\": { \"listen\": [\"udp:127.0.0.1:5060\", \"tcp:127.0.0.1:5060\"], \"unknown\": \"accept\", \"source_rate\": 3,"
	"            \"acl\": { \"deny\": [\"198.51.100.0/24\", \"2001:db8:bad::/48\"] } },"
	"  \"listed\": { \"listen\": [\"udp:127.0.0.1:5070\"], \"unknown\": \"reject\", \"source_rate\": 0,"
	"            \"acl\": { \"allow\": [\"192.0.2.0/24\", \"2001:db8:1::/64\"], \"deny\": [\"192.0.2.66\"] } },"
	"  \"closed\": { \"listen\": [\"udp:127.0.0.1:5080\", \"tcp:127.0.0.1:5080\"] } },"
	" \"peers\": {"
	"  \"friend\": { \"network\": \"open\", \"targets\": [\"203.0.113.5\"] },"
	"  \"ported\": { \"network\": \"closed\", \"targets\": [\"203.0.113.7\"], \"sources\": [\"203.0.113.7:5060\", \"203.0.113.128/25\"] } },"
	" \"routes\": [ { \"target\": \"echo\" } ], \"limits\": { \"message_bytes\": 2000 } }";

#define INVITE   "INVITE sip:x SIP/2.0\r\n"
#define RESPONSE "SIP/2.0 200 OK\r\n"

static const struct {
	const char *network, *from, *text;
	unsigned transport;
	enum reject_reason want;
} rows[] = {
	{"open", "192.0.2.1:5060", INVITE, 0, REJECT_NONE},
	{"open", "198.51.100.1:5060", INVITE, 0, REJECT_ACL},
	{"open", "198.51.100.1:5060", RESPONSE, 0, REJECT_ACL},
	{"open", "198.51.101.1:5060", INVITE, 0, REJECT_NONE},
	{"open", "[2001:db8:bad:1::1]:5060", INVITE, 0, REJECT_ACL},
	{"open", "[2001:db8:bae:1::1]:5060", INVITE, 0, REJECT_NONE},
	{"open", "[::ffff:198.51.100.9]:5060", INVITE, 0, REJECT_ACL},
	{"listed", "192.0.2.1:5060", INVITE, 0, REJECT_NONE},
	{"listed", "192.0.2.66:5060", INVITE, 0, REJECT_ACL}, /* deny comes first */
	{"listed", "192.0.3.1:5060", INVITE, 0, REJECT_ACL},
	{"listed", "[2001:db8:1::7]:5060", INVITE, 0, REJECT_NONE},
	{"listed", "[2001:db8:1:1::7]:5060", INVITE, 0, REJECT_ACL},
	{"closed", "192.0.2.1:5060", INVITE, 0, REJECT_UNKNOWN_DROP},
	{"closed", "192.0.2.1:5060", RESPONSE, 0, REJECT_NONE},
	{"closed", "192.0.2.1:5060", "SIP/2.0", 0, REJECT_UNKNOWN_DROP}, /* no response yet */
	{"closed", "192.0.2.1:5060", "", 0, REJECT_UNKNOWN_DROP},
	{"closed", "203.0.113.7:5060", INVITE, 0, REJECT_NONE},
	{"closed", "203.0.113.7:5061", INVITE, 0, REJECT_UNKNOWN_DROP}, /* another port */
	{"closed", "203.0.113.7:5061", INVITE, 1, REJECT_NONE},         /* ports of streams say nothing */
	{"closed", "203.0.113.200:1024", INVITE, 0, REJECT_NONE},
	{"closed", "203.0.113.5:5060", INVITE, 0, REJECT_UNKNOWN_DROP}, /* a peer, but of another network */
	{"closed", "127.0.0.1:5080", INVITE, 0, REJECT_NONE},           /* from a leg of ours */
	{"closed", "127.0.0.1:5060", INVITE, 0, REJECT_UNKNOWN_DROP},   /* from another program here */
	{"closed", "127.0.0.1:41000", INVITE, 1, REJECT_NONE},
};

static void test_rows(void **state)
{
	struct config *c = config_of(config_text);
	struct border_state *s;
	assert_int_equal(border_state_create(c, &s), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flow_addr from = {.network = network_named(c, rows[i].network),
					 .transport = rows[i].transport,
					 .remote = addr_of(rows[i].from)};
		enum reject_reason got =
			border_screen(s, c, &from, (const uint8_t *)rows[i].text, strlen(rows[i].text), 1000 * i);
		if (got != rows[i].want)
			fail_msg("row %zu (%s): %s", i, rows[i].from, got ? reject_key(got) : "let in");
	}
	static uint8_t big[2001];
	struct flow_addr from = {.network = network_named(c, "open"), .remote = addr_of("192.0.2.200:1")};
	assert_int_equal(border_screen(s, c, &from, big, 2000, 0), REJECT_NONE);
	assert_int_equal(border_screen(s, c, &from, big, 2001, 0), REJECT_SIZE);
	from.network = 99;
	assert_int_equal(border_screen(s, c, &from, big, 10, 0), REJECT_ACL);
	border_state_destroy(s);
	config_unref(c);
}

static unsigned let_in(struct border_state *s, const struct config *c, const char *from, unsigned n, uint64_t now_ms)
{
	struct flow_addr f = {.network = network_named(c, "open"), .remote = addr_of(from)};
	unsigned in = 0;
	for (unsigned i = 0; i < n; i++)
		in += border_screen(s, c, &f, (const uint8_t *)INVITE, sizeof(INVITE) - 1, now_ms) == REJECT_NONE;
	return in;
}

static void test_rate(void **state)
{
	struct config *c = config_of(config_text);
	struct border_state *s;
	assert_int_equal(border_state_create(c, &s), 0);
	assert_int_equal(let_in(s, c, "192.0.2.1:5060", 10, 5000), 3);
	assert_int_equal(let_in(s, c, "192.0.2.1:5099", 10, 5000), 0); /* the port makes no new source */
	assert_int_equal(let_in(s, c, "192.0.2.2:5060", 10, 5000), 3); /* another one has its own */
	assert_int_equal(let_in(s, c, "192.0.2.1:5060", 10, 5334), 1);
	assert_int_equal(let_in(s, c, "192.0.2.1:5060", 10, 9000), 3);
	assert_int_equal(let_in(s, c, "203.0.113.5:5060", 100, 5000), 100); /* a peer is never asked */
	assert_int_equal(let_in(s, c, "[2001:db8::1]:5060", 10, 5000), 3);
	assert_int_equal(let_in(s, c, "[2001:db8::2]:5060", 10, 5000), 0); /* the same /64 */
	assert_int_equal(let_in(s, c, "[2001:db8:0:1::2]:5060", 10, 5000), 3);
	border_state_destroy(s);
	config_unref(c);
}

static unsigned answered(struct border_state *s, const struct config *c, const char *to, enum config_transport t,
			 unsigned n, uint64_t now_ms)
{
	struct flow_addr f = {.network = network_named(c, "open"), .transport = t, .remote = addr_of(to)};
	unsigned yes = 0;
	for (unsigned i = 0; i < n; i++)
		yes += border_may_answer(s, c, &f, now_ms);
	return yes;
}

/* So many to one source, to a peer more, to all together so many; streams are not asked. */
static void test_answers(void **state)
{
	char text[2000];
	snprintf(text, sizeof(text), "%.*s, \"answers\": 100, \"answers_source\": 4 } }", (int)sizeof(config_text) - 5,
		 config_text);
	struct config *c = config_of(text);
	struct border_state *s;
	assert_int_equal(border_state_create(c, &s), 0);
	assert_int_equal(answered(s, c, "192.0.2.1:5060", CONFIG_UDP, 20, 5000), 4);
	assert_int_equal(answered(s, c, "192.0.2.1:5061", CONFIG_UDP, 20, 5000), 0);
	assert_int_equal(answered(s, c, "192.0.2.1:5060", CONFIG_UDP, 20, 5250), 1);
	assert_int_equal(answered(s, c, "192.0.2.1:5060", CONFIG_TCP, 500, 5250), 500);
	assert_int_equal(answered(s, c, "203.0.113.5:5060", CONFIG_UDP, 500, 9000), 40);
	/* what was let in is not what is answered: they are counted apart */
	assert_int_equal(let_in(s, c, "192.0.2.1:5060", 10, 9000), 3);
	unsigned all = 0;
	for (unsigned i = 0; i < 100; i++) {
		char from[40];
		snprintf(from, sizeof(from), "192.0.3.%u:5060", i);
		all += answered(s, c, from, CONFIG_UDP, 10, 20000);
	}
	assert_int_equal(all, 100);
	struct flow_addr gone = {.network = 99, .remote = addr_of("192.0.2.1:5060")};
	assert_false(border_may_answer(s, c, &gone, 30000));
	border_state_destroy(s);
	config_unref(c);
}

/* What forged strangers use up is theirs: a peer and a registered phone are answered all the same, and what is forged
 * in one peer's name is not taken from another. */
static void test_answers_of_the_known(void **state)
{
	struct config *c = config_of(
		"{ \"networks\": { \"open\": { \"listen\": [\"udp:127.0.0.1:5060\"], \"unknown\": \"accept\", \"phones\": true } },"
		" \"peers\": { \"wide\": { \"network\": \"open\", \"targets\": [\"203.0.113.5\"], \"sources\": [\"203.0.113.0/24\"] },"
		"  \"other\": { \"network\": \"open\", \"targets\": [\"198.51.100.1\"] } },"
		" \"routes\": [ { \"target\": \"echo\" } ], \"limits\": { \"answers\": 100, \"answers_source\": 4 } }");
	struct border_state *s;
	struct addr phone = addr_of("192.0.2.9:4000");
	unsigned strangers = 0, wide = 0;

	assert_int_equal(border_state_create(c, &s), 0);
	border_phone_known(s, 0, &phone, STR("1@phones.example"), true);
	for (unsigned i = 0; i < 200; i++) {
		char from[40];
		snprintf(from, sizeof(from), "192.0.3.%u:5060", i);
		strangers += answered(s, c, from, CONFIG_UDP, 4, 20000);
		snprintf(from, sizeof(from), "203.0.113.%u:5060", i);
		wide += answered(s, c, from, CONFIG_UDP, 4, 20000);
	}
	assert_int_equal(strangers, 100);
	assert_int_equal(wide, 100);
	assert_int_equal(answered(s, c, "192.0.2.10:5060", CONFIG_UDP, 10, 20000), 0);
	assert_int_equal(answered(s, c, "192.0.2.9:4000", CONFIG_UDP, 10, 20000), 4);
	assert_int_equal(answered(s, c, "198.51.100.1:5060", CONFIG_UDP, 100, 20000), 40);
	border_state_destroy(s);
	config_unref(c);
}

/* Where strangers are refused, the refusal of a datagram needs no transaction; a stream's source is no victim. */
static void test_parsed(void **state)
{
	static const struct {
		const char *network, *from;
		unsigned transport;
		enum method method;
		enum reject_reason want;
	} cases[] = {
		{"listed", "192.0.2.1:5060", CONFIG_UDP, METHOD_INVITE, REJECT_UNKNOWN_SOURCE},
		{"listed", "192.0.2.1:5060", CONFIG_UDP, METHOD_REGISTER, REJECT_UNKNOWN_SOURCE},
		{"listed", "192.0.2.1:5060", CONFIG_TCP, METHOD_INVITE, REJECT_NONE},
		{"open", "192.0.2.1:5060", CONFIG_UDP, METHOD_INVITE, REJECT_NONE},
		{"phones", "192.0.2.1:5060", CONFIG_UDP, METHOD_INVITE, REJECT_UNKNOWN_SOURCE},
		{"phones", "192.0.2.1:5060", CONFIG_UDP, METHOD_REGISTER, REJECT_NONE},
		{"phones", "192.0.2.9:4000", CONFIG_UDP, METHOD_INVITE, REJECT_NONE},
		{"phones", "203.0.113.5:5060", CONFIG_UDP, METHOD_INVITE, REJECT_NONE},
	};
	struct config *c = config_of(
		"{ \"networks\": { \"open\": { \"listen\": [\"udp:127.0.0.1:5060\"], \"unknown\": \"accept\" },"
		"  \"listed\": { \"listen\": [\"udp:127.0.0.1:5070\", \"tcp:127.0.0.1:5070\"], \"unknown\": \"reject\" },"
		"  \"phones\": { \"listen\": [\"udp:127.0.0.1:5080\"], \"unknown\": \"reject\", \"phones\": true } },"
		" \"peers\": { \"friend\": { \"network\": \"phones\", \"targets\": [\"203.0.113.5\"] } },"
		" \"routes\": [ { \"target\": \"echo\" } ] }");
	struct border_state *s;
	struct addr phone = addr_of("192.0.2.9:4000");

	assert_int_equal(border_state_create(c, &s), 0);
	border_phone_known(s, network_named(c, "phones"), &phone, STR("1@phones.example"), true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flow_addr from = {.network = network_named(c, cases[i].network),
					 .transport = cases[i].transport,
					 .remote = addr_of(cases[i].from)};
		enum reject_reason got = border_screen_parsed(s, c, &from, cases[i].method);

		if (got != cases[i].want)
			fail_msg("row %zu: %s", i, got ? reject_key(got) : "let in");
	}
	assert_int_equal(border_screen_parsed(s, c, &(struct flow_addr){.network = 99}, METHOD_INVITE), REJECT_ACL);
	border_state_destroy(s);
	config_unref(c);
}

/* While transactions run short: whoever has as much as he may have, and strangers by a stream, too. */
static void test_pressed(void **state)
{
	struct config *c = config_of(
		"{ \"networks\": { \"open\": { \"listen\": [\"udp:127.0.0.1:5060\"], \"unknown\": \"accept\" },"
		"  \"listed\": { \"listen\": [\"udp:127.0.0.1:5070\", \"tcp:127.0.0.1:5070\"], \"unknown\": \"reject\" } },"
		" \"peers\": {"
		"  \"free\": { \"network\": \"listed\", \"targets\": [\"203.0.113.5\"] },"
		"  \"one\": { \"network\": \"listed\", \"targets\": [\"203.0.113.6\"], \"limits\": { \"calls\": 1 } },"
		"  \"slow\": { \"network\": \"listed\", \"targets\": [\"203.0.113.7\"], \"limits\": { \"cps\": 2 } },"
		"  \"both-a\": { \"network\": \"listed\", \"targets\": [\"203.0.113.8\"], \"hosts\": [\"a.example\"], \"limits\": { \"calls\": 1 } },"
		"  \"both-b\": { \"network\": \"listed\", \"targets\": [\"203.0.113.8\"], \"hosts\": [\"b.example\"] } },"
		" \"limits\": { \"calls\": 5 }, \"routes\": [ { \"target\": \"echo\" } ] }");
	static const char *const peers[] = {"one", "slow", "slow", "both-a"};
	static const struct {
		const char *network, *from;
		unsigned transport;
		enum reject_reason before, after;
	} cases[] = {
		{"listed", "192.0.2.1:5060", CONFIG_TCP, REJECT_UNKNOWN_SOURCE, REJECT_UNKNOWN_SOURCE},
		{"open", "192.0.2.1:5060", CONFIG_UDP, REJECT_NONE, REJECT_NONE},
		{"listed", "203.0.113.5:5060", CONFIG_UDP, REJECT_NONE, REJECT_NONE},
		{"listed", "203.0.113.6:5060", CONFIG_UDP, REJECT_NONE, REJECT_PEER_CALLS},
		{"listed", "203.0.113.6:999", CONFIG_TCP, REJECT_NONE, REJECT_PEER_CALLS},
		{"listed", "203.0.113.7:5060", CONFIG_UDP, REJECT_NONE, REJECT_PEER_CPS},
		{"listed", "203.0.113.8:5060", CONFIG_UDP, REJECT_NONE, REJECT_NONE}, /* it may be b's */
	};
	struct border_state *s;
	struct border_peer_gauges g;

	assert_int_equal(border_state_create(c, &s), 0);
	for (unsigned after = 0; after < 2; after++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct flow_addr from = {.network = network_named(c, cases[i].network),
						 .transport = cases[i].transport,
						 .remote = addr_of(cases[i].from)};
			enum reject_reason got = border_screen_pressed(s, c, &from, 1000);

			if (got != (after ? cases[i].after : cases[i].before))
				fail_msg("row %zu, %u: %s", i, after, got ? reject_key(got) : "let in");
		}
		for (size_t i = 0; !after && i < sizeof(peers) / sizeof(peers[0]); i++)
			assert_int_equal(border_call_begin(s, c, peer_named(c, peers[i]), false, 1000), REJECT_NONE);
	}
	assert_true(border_peer_gauges(s, "one", &g));
	assert_int_equal(g.rejected_calls, 2);
	assert_int_equal(g.calls_in, 1);
	/* who was let in, as another peer of that source may be meant, has been refused nothing */
	assert_true(border_peer_gauges(s, "both-a", &g));
	assert_int_equal(g.rejected_calls, 0);
	/* looking takes nothing: its rate is as it was when a second is over */
	struct flow_addr slow = {.network = network_named(c, "listed"), .remote = addr_of("203.0.113.7:5060")};
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(border_screen_pressed(s, c, &slow, 1600), REJECT_NONE);
	assert_int_equal(border_call_begin(s, c, peer_named(c, "free"), false, 1000), REJECT_NONE);
	assert_int_equal(border_screen_pressed(s, c, &slow, 1600), REJECT_CALLS);
	assert_int_equal(border_screen_pressed(s, c, &(struct flow_addr){.network = 99}, 0), REJECT_ACL);
	border_state_destroy(s);
	config_unref(c);
}

/* A flood of forged sources: an offender that is over its rate stays known, and the table does not grow. */
static void test_flood(void **state)
{
	struct sources *t = sources_create();
	struct addr offender = addr_of("192.0.2.1:5060"), a = {.in4 = {.sin_family = AF_INET}};
	for (unsigned i = 0; i < 50; i++)
		assert_true(sources_take(t, 0, &offender, 50, 1000));
	assert_false(sources_take(t, 0, &offender, 50, 1000));
	for (unsigned i = 0; i < 10 * SOURCES_SHARDS * SOURCES_BUCKETS * SOURCES_WAYS; i++) {
		a.in4.sin_addr.s_addr = htonl(0x0b000000 + i);
		assert_true(sources_take(t, 0, &a, 50, 1000));
	}
	assert_false(sources_take(t, 0, &offender, 50, 1000));
	assert_true(sources_take(t, 1, &offender, 50, 1000)); /* the network is part of the key */
	assert_true(sources_take(t, 0, &offender, 50, 1020));
	sources_destroy(t);
}

/* The quick look never says no to a peer's source, whatever the length of its prefix; to nearly all others it does. */
static void test_known(void **state)
{
	static struct known k;
	unsigned wrong = 0;
	for (unsigned bits = 0; bits <= 128; bits++) {
		struct cidr c = {.bits = bits};
		memset(&k, 0, sizeof(k));
		c.net = addr_of("[2001:db8:5555:5555:5555:5555:5555:5555]:1");
		struct addr in = c.net, out = c.net;
		for (unsigned b = bits; b < 128; b++)
			in.in6.sin6_addr.s6_addr[b / 8] ^= (uint8_t)(0x80 >> b % 8);
		known_add(&k, 1, &c);
		assert_true(known_may_hold(&k, 1, &in));
		assert_true(known_may_hold(&k, 1, &c.net));
		if (bits)
			out.in6.sin6_addr.s6_addr[(bits - 1) / 8] ^= (uint8_t)(0x80 >> (bits - 1) % 8);
		wrong += bits && known_may_hold(&k, 1, &out);
		wrong += known_may_hold(&k, 2, &in);
		struct addr v4 = addr_of("192.0.2.1:1");
		assert_false(known_may_hold(&k, 1, &v4)); /* no prefix of that family at all */
		if (bits > 32)
			continue;
		c.net = addr_of("85.85.85.85:1");
		in = out = c.net;
		in.in4.sin_addr.s_addr ^= htonl(bits == 32 ? 0 : 0xffffffffu >> bits);
		known_add(&k, 1, &c);
		assert_true(known_may_hold(&k, 1, &in));
		out.in4.sin_addr.s_addr ^= htonl(bits ? 0x80000000u >> (bits - 1) : 0);
		wrong += bits && known_may_hold(&k, 1, &out);
	}
	assert_in_range(wrong, 0, 3); /* one bit of 65536 is set: chance */
}

/* A reload: the new peer is known at once, the old one still. */
static void test_reload(void **state)
{
	struct config *c = config_of(config_text);
	struct config *later = config_of(
		"{ \"networks\": { \"closed\": { \"listen\": [\"udp:127.0.0.1:5080\"] } }, \"peers\": {"
		" \"new\": { \"network\": \"closed\", \"targets\": [\"203.0.113.99\"] } }, \"routes\": [ { \"target\": \"new\" } ] }");
	struct border_state *s;
	assert_int_equal(border_state_create(c, &s), 0);
	assert_int_equal(border_state_set_config(s, later), 0);
	struct flow_addr from = {.network = network_named(later, "closed"), .remote = addr_of("203.0.113.99:5060")};
	assert_int_equal(border_screen(s, later, &from, (const uint8_t *)INVITE, 10, 0), REJECT_NONE);
	from = (struct flow_addr){.network = network_named(c, "closed"), .remote = addr_of("203.0.113.7:5060")};
	assert_int_equal(border_screen(s, c, &from, (const uint8_t *)INVITE, 10, 0), REJECT_NONE);
	from.remote = addr_of("203.0.113.99:5060");
	assert_int_equal(border_screen(s, c, &from, (const uint8_t *)INVITE, 10, 0), REJECT_UNKNOWN_DROP);
	border_state_destroy(s);
	config_unref(later);
	config_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_answers_of_the_known),
		cmocka_unit_test(test_parsed),
		cmocka_unit_test(test_pressed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
