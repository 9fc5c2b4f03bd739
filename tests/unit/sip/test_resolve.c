/* SPDX-License-Identifier: Apache-2.0 */
/* What a query finds, when, and how often it asks. */
#include "resolve_bench.h"

#include <errno.h>

/* ---- what is found --------------------------------------------------------------------------------------------- */

enum { V4 = 1, V6 = 2, UDP = 4, TCP = 8 };

static void finds(void **state)
{
	static const struct {
		const char *host;
		uint16_t port;
		unsigned how; /* families, 0: both; transport, 0: not given */
		const char *found;
		unsigned asked;
	} t[] = {
		/* literals are not asked for */
		{"192.0.2.5", 0, 0, "udp:192.0.2.5:5060", 0},
		{"192.0.2.5", 5080, TCP, "tcp:192.0.2.5:5080", 0},
		{"[2001:db8::5]", 0, 0, "udp:[2001:db8::5]:5060", 0},
		{"2001:db8::5", 0, V4, "no address of a family in use", 0},
		{"224.0.0.1", 0, 0, "no address of a family in use", 0},
		/* RFC 3263 §4.2: services first, by priority; UDP before TCP */
		{"both.example", 0, 0,
		 "udp:[2001:db8::1]:5062 udp:192.0.2.1:5062 udp:192.0.2.2:5070 udp:192.0.2.3:5070 "
		 "tcp:[2001:db8::1]:5063 tcp:192.0.2.1:5063",
		 6},
		{"BOTH.Example.", 0, V4 | UDP, "udp:192.0.2.1:5062 udp:192.0.2.2:5070 udp:192.0.2.3:5070", 3},
		{"both.example", 0, V6 | TCP, "tcp:[2001:db8::1]:5063", 2},
		{"_sip._udp.srvalias.example", 5060, 0, "no address under this name", 2},
		{"srvalias.example", 0, V6, "udp:[2001:db8::1]:5062", 4},
		/* no services: the name itself */
		{"plain.example", 0, 0, "udp:192.0.2.9:5060", 4},
		{"plain.example", 0, TCP, "tcp:192.0.2.9:5060", 3},
		{"plain.example", 5070, 0, "udp:192.0.2.9:5070", 2},
		{"plain.example", 5070, V6, "no address under this name", 1},
		{"v6.example", 1, V6, "udp:[2001:db8::6]:1", 1},
		{"mapped.example", 1, V6, "no address of a family in use", 1},
		{"mapped.example", 1, 0, "udp:192.0.2.66:1", 2},
		{"www.alias.example", 1, 0, "udp:192.0.2.9:1", 2},
		{"ring.example", 1, 0, "no address under this name", 2},
		{"nothing.example", 0, 0, "no such name", 4},
		/* RFC 2782: the target "." */
		{"none.example", 0, 0, "SIP not offered under this name", 2},
		{"tcponly.example", 0, 0, "tcp:192.0.2.9:5060", 4},
		/* what must not be used */
		{"nowhere.example", 0, 0, "no such name", 4},
		{"badport.example", 0, 0, "no address under this name", 4},
		{"badhost.example", 0, 0, "udp:192.0.2.11:5060", 4},
		{"any.example", 1, V4, "no address of a family in use", 1},
		{"group.example", 1, V4, "no address of a family in use", 1},
		/* servers that do not do their work */
		{"fails.example", 1, V4, "name server failed or unreachable", 0},
		{"refused.example", 1, V4, "name server failed or unreachable", 0},
		{"rubbish.example", 1, V4, "malformed answer", 1},
		{"cut.example", 1, V4, "malformed answer", 1},
	};

	for (size_t i = 0; i < LENGTH(t); i++) {
		struct bench b;
		struct got g;
		bench_up(&b);
		unsigned how = t[i].how;
		struct resolve_what what = {.host = str_z(t[i].host),
					    .port = t[i].port,
					    .transport = how & TCP ? CONFIG_TCP : CONFIG_UDP,
					    .transport_given = how & (UDP | TCP),
					    .v4 = how & V4 || !(how & V6),
					    .v6 = how & V6 || !(how & V4)};
		look_up(&b, &what, &g);
		assert_string_equal(text_of(&g), t[i].found);
		if (t[i].asked > 0)
			assert_int_equal(fake_dns_asked(b.dns), t[i].asked);
		bench_down(&b);
	}
}

static void names(void **state)
{
	char long_name[300];
	static const struct {
		const char *name;
		bool ok;
	} t[] = {
		{"example.com", true},
		{"example.com.", true},
		{"a", true},
		{"_sip._udp.x", true},
		{"", false},
		{".", false},
		{"..", false},
		{"a..", false},
		{"a..b", false},
		{".a", false},
		{"a b", false},
		{"192.0.2.300", false},
		{"a/b", false},
		{"a\\b", false},
		{"1.a", true},
		{"b\xc3\xbc", false},
		{"xn--bcher-kva.x", true},
		{"a%b", false},
		{"[::1", false},
		{"a:1", false},
	};
	struct bench b;
	struct resolve_query *q = (void *)&b;
	struct got g = {0};

	bench_up(&b);
	for (size_t i = 0; i < LENGTH(t); i++) {
		assert_int_equal(resolve_name_ok(str_z(t[i].name)), t[i].ok);
		struct resolve_what what = both(t[i].name);
		if (!t[i].ok)
			assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g, &q), -EINVAL);
	}
	assert_ptr_equal(q, &b);
	assert_int_equal(g.calls, 0);
	for (size_t i = 0; i < sizeof(long_name); i++)
		long_name[i] = i % 60 == 59 ? '.' : 'a';
	assert_true(resolve_name_ok((struct str){long_name, 253}));
	assert_false(resolve_name_ok((struct str){long_name, 254}));
	memset(long_name, 'a', 64);
	assert_false(resolve_name_ok((struct str){long_name, 64}));
	assert_false(resolve_name_ok((struct str){"a\0b", 3}));
	bench_down(&b);
}

/* _sip._udp. before it would be too long: the name itself is asked. */
static void a_long_name_has_no_services(void **state)
{
	struct bench b;
	char name[254];

	for (size_t i = 0; i < 253; i++)
		name[i] = i % 60 == 59 ? '.' : 'a';
	name[253] = '\0';
	bench_up(&b);
	assert_string_equal(text_for(&b, name), "no such name");
	assert_int_equal(fake_dns_asked(b.dns), 2);
	bench_down(&b);
}

static void long_answers_come_by_tcp(void **state)
{
	static struct fake_dns_record many[40];
	struct bench b;
	struct got g;
	char data[40][48];

	for (unsigned i = 0; i < 40; i++) {
		snprintf(data[i], sizeof(data[i]), "%u 1 %u host-with-a-long-name.example", 40 - i, 5000 + i);
		many[i] = (struct fake_dns_record){"_sip._udp.many.example", "SRV", 60, data[i]};
	}
	many[0] = (struct fake_dns_record){"host-with-a-long-name.example", "A", 60, "192.0.2.1"};
	bench_up(&b);
	fake_dns_set_zone(b.dns, many, LENGTH(many));
	struct resolve_what what = both("many.example");
	what.v6 = false;
	look_up(&b, &what, &g);
	assert_int_equal(fake_dns_asked_tcp(b.dns), 1);
	assert_int_equal(g.n, RESOLVE_MAX);
	for (unsigned i = 0; i < RESOLVE_MAX; i++)
		assert_int_equal(g.v[i].priority, i + 1);
	bench_down(&b);
}

/* ---- the cache ------------------------------------------------------------------------------------------------- */

static void ttls(void **state)
{
	static const struct {
		const char *host;
		uint16_t port;
		unsigned fresh_ms;
	} t[] = {
		{"plain.example", 1, 300000},
		{"zero.example", 1, RESOLVE_TTL_MIN_MS},
		{"huge.example", 1, RESOLVE_TTL_MAX_MS},
		{"negative.example", 1, RESOLVE_TTL_MIN_MS},
		{"nothing.example", 1, RESOLVE_TTL_NEGATIVE_MS},
		{"v6.example", 1, RESOLVE_TTL_NEGATIVE_MS},
	};
	for (size_t i = 0; i < LENGTH(t); i++) {
		struct bench b;
		struct got g;
		bench_up(&b);
		struct resolve_what what = both(t[i].host);
		what.port = t[i].port;
		what.v6 = false;
		look_up(&b, &what, &g);
		unsigned asked = fake_dns_asked(b.dns);
		pass_time(&b, t[i].fresh_ms - 1000);
		look_up(&b, &what, &g);
		assert_int_equal(fake_dns_asked(b.dns), asked);
		pass_time(&b, 1001);
		look_up(&b, &what, &g);
		assert_int_equal(fake_dns_asked(b.dns), asked + 1);
		bench_down(&b);
	}
}

static uint64_t fresh_for(struct bench *b, const char *name)
{
	uint64_t now_ms = clock_ms();
	struct answer *a = resolve_cache_get(b->cache, QUESTION_SRV, name, now_ms, false);
	assert_non_null(a);
	uint64_t ttl_ms = a->ttl_ms;
	answer_unref(a);
	return ttl_ms;
}

static void ttls_of_services(void **state)
{
	struct bench b;

	bench_up(&b);
	text_for(&b, "both.example");
	text_for(&b, "srvzero.example");
	text_for(&b, "srvhuge.example");
	assert_int_equal(fresh_for(&b, "_sip._udp.both.example"), 300000);
	assert_int_equal(fresh_for(&b, "_sip._udp.srvzero.example"), RESOLVE_TTL_MIN_MS);
	assert_int_equal(fresh_for(&b, "_sip._udp.srvhuge.example"), RESOLVE_TTL_MAX_MS);
	bench_down(&b);
}

/* The server goes silent: an old answer is served after a second, then at once, for an hour. */
static void stale_answers(void **state)
{
	struct bench b;
	struct got g = {0};
	struct resolve_query *q;

	bench_up(&b);
	const char *found = "udp:[2001:db8::1]:5062 udp:192.0.2.1:5062 udp:192.0.2.2:5070 udp:192.0.2.3:5070 "
			    "tcp:[2001:db8::1]:5063 tcp:192.0.2.1:5063";
	assert_string_equal(text_for(&b, "both.example"), found);
	fake_dns_set_silent(b.dns, true);
	pass_time(&b, 301000);
	struct resolve_what what = both("both.example");
	uint64_t start_ms = clock_ms();
	assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g, &q), 0);
	assert_non_null(q);
	loop_turn(b.loop);
	assert_int_equal(g.calls, 0);
	pass_time(&b, RESOLVE_PATIENCE_MS);
	wait_for(&b, &g);
	assert_in_range(clock_ms() - start_ms, RESOLVE_PATIENCE_MS, RESOLVE_PATIENCE_MS + 800);
	assert_string_equal(text_of(&g), found);

	g = (struct got){0};
	assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g, &q), 0);
	assert_null(q);
	assert_string_equal(text_of(&g), found);

	/* it is back with another answer */
	static const struct fake_dns_record other[] = {{"both.example", "A", 60, "192.0.2.99"}};
	fake_dns_set_zone(b.dns, other, LENGTH(other));
	fake_dns_set_silent(b.dns, false);
	pass_time(&b, RESOLVE_REST_MS + 1000);
	assert_string_equal(text_for(&b, "both.example"), "udp:192.0.2.99:5060");
	bench_down(&b);
}

static void stale_answers_end(void **state)
{
	struct bench b;
	struct got g = {0};
	struct resolve_query *q;

	bench_up(&b);
	struct resolve_what what = both("plain.example");
	what.port = 1;
	what.v6 = false;
	look_up(&b, &what, &g);
	fake_dns_set_silent(b.dns, true);
	pass_time(&b, 300000 + RESOLVE_STALE_MS);
	g = (struct got){0};
	assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g, &q), 0);
	assert_non_null(q);
	pass_time(&b, RESOLVE_TOTAL_MS);
	wait_for(&b, &g);
	assert_string_equal(g.error, "time-out");
	bench_down(&b);
}

/* SERVFAIL of one name is no silence, but its old answer is still better than none. */
static void stale_answers_on_failure(void **state)
{
	static const struct fake_dns_record broken[] = {{"plain.example", "SERVFAIL", 0, ""}};
	struct bench b;
	struct got g;

	bench_up(&b);
	struct resolve_what what = both("plain.example");
	what.port = 1;
	what.v6 = false;
	look_up(&b, &what, &g);
	fake_dns_set_zone(b.dns, broken, LENGTH(broken));
	pass_time(&b, 301000);
	look_up(&b, &what, &g);
	assert_string_equal(text_of(&g), "udp:192.0.2.9:1");
	unsigned asked = fake_dns_asked(b.dns);
	look_up(&b, &what, &g);
	assert_int_equal(fake_dns_asked(b.dns), asked);
	bench_down(&b);
}

/* ---- time ------------------------------------------------------------------------------------------------------ */

/* c-ares' own time-outs, in real time: 1 s and 2 s for one server. */
static void time_out(void **state)
{
	struct bench b;
	struct got g = {0};

	bench_up(&b);
	struct resolve_what what = both("silent.example");
	what.port = 1;
	uint64_t start_ms = clock_ms();
	look_up(&b, &what, &g);
	assert_string_equal(g.error, "time-out");
	assert_in_range(clock_ms() - start_ms, 2500, 4500);
	assert_int_equal(fake_dns_asked(b.dns), 4);
	bench_down(&b);
}

/* Whatever is asked one after the other: five seconds. A name whose services are silent has its addresses still. */
static void total_time(void **state)
{
	struct bench b;
	struct got g = {0};
	struct resolve_query *q;

	bench_up(&b);
	fake_dns_set_silent(b.dns, true);
	struct resolve_what what = both("plain.example");
	assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g, &q), 0);
	loop_turn(b.loop);
	pass_time(&b, RESOLVE_TOTAL_MS + 1);
	wait_for(&b, &g);
	assert_string_equal(g.error, "time-out");
	bench_down(&b);

	bench_up(&b);
	what = both("silent2.example");
	what.transport_given = true;
	look_up(&b, &what, &g);
	assert_string_equal(text_of(&g), "udp:192.0.2.17:5060");
	bench_down(&b);
}

static void answers_without_bytes_or_to_other_questions(void **state)
{
	static const char *const hosts[] = {"empty.example", "wrong.example"};
	for (size_t i = 0; i < LENGTH(hosts); i++) {
		struct bench b;
		struct got g = {0};
		struct resolve_query *q;
		bench_up(&b);
		struct resolve_what what = both(hosts[i]);
		what.port = 1;
		what.v6 = false;
		assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g, &q), 0);
		for (unsigned k = 0; k < 5; k++)
			loop_turn(b.loop);
		assert_string_equal(text_for(&b, "plain.example"), "udp:192.0.2.9:5060");
		pass_time(&b, RESOLVE_TOTAL_MS + 1);
		wait_for(&b, &g);
		assert_int_equal(g.n, 0);
		bench_down(&b);
	}
}

/* ---- many, cancelled, nested ------------------------------------------------------------------------------------ */

static void equal_questions_are_one(void **state)
{
	struct bench b;
	struct got g[50] = {0};
	struct resolve_query *q;

	bench_up(&b);
	struct resolve_what what = both("plain.example");
	what.port = 1;
	for (size_t i = 0; i < LENGTH(g); i++)
		assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g[i], &q), 0);
	for (size_t i = 0; i < LENGTH(g); i++) {
		wait_for(&b, &g[i]);
		assert_string_equal(text_of(&g[i]), "udp:192.0.2.9:1");
	}
	assert_int_equal(fake_dns_asked(b.dns), 2);
	bench_down(&b);
}

static void questions_are_bounded(void **state)
{
	static struct got g[RESOLVE_QUESTIONS + 1];
	struct bench b;
	struct resolve_query *q;
	char name[32];

	bench_up(&b);
	fake_dns_set_silent(b.dns, true);
	memset(g, 0, sizeof(g));
	for (unsigned i = 0; i <= RESOLVE_QUESTIONS; i++) {
		snprintf(name, sizeof(name), "h%u.example", i);
		struct resolve_what what = {.host = str_z(name), .port = 1, .v4 = true};
		assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g[i], &q), 0);
	}
	assert_int_equal(g[RESOLVE_QUESTIONS - 1].calls, 0);
	assert_int_equal(g[RESOLVE_QUESTIONS].calls, 1);
	assert_string_equal(g[RESOLVE_QUESTIONS].error, "too many look-ups under way");
	bench_down(&b); /* with all of them pending */
}

struct nest {
	struct bench *b;
	struct got got;
	struct resolve_query *self, *other;
	unsigned deep;
};

static void on_nested(void *arg, const struct resolved *v, size_t n, const char *error)
{
	struct nest *k = arg;
	struct resolve_what what = both("gw2.example");

	resolve_cancel(k->other);
	k->other = NULL;
	if (k->self)
		resolve_cancel(k->self); /* does nothing: its fn runs */
	k->self = NULL;
	if (k->deep++ == 0)
		assert_int_equal(resolve_start(k->b->resolver, &what, on_nested, k, &k->self), 0);
	else
		on_resolved(&k->got, v, n, error);
}

static void start_and_cancel_inside_a_callback(void **state)
{
	struct bench b;
	struct got never = {0};
	struct nest k = {.b = &b};

	bench_up(&b);
	struct resolve_what what = both("plain.example");
	assert_int_equal(resolve_start(b.resolver, &what, on_nested, &k, &k.self), 0);
	/* ready in the same turn as the first, and cancelled by it */
	assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &never, &k.other), 0);
	wait_for(&b, &k.got);
	assert_string_equal(text_of(&k.got), "udp:192.0.2.2:5060 udp:192.0.2.3:5060");
	assert_int_equal(never.calls, 0);
	bench_down(&b);
}

static void cancel_at_any_time(void **state)
{
	for (unsigned turns = 0; turns < 12; turns++) {
		struct bench b;
		struct got g = {0};
		struct resolve_query *q;
		bench_up(&b);
		struct resolve_what what = both("both.example");
		assert_int_equal(resolve_start(b.resolver, &what, on_resolved, &g, &q), 0);
		for (unsigned i = 0; i < turns && g.calls == 0; i++)
			loop_turn(b.loop);
		unsigned calls = g.calls;
		if (calls == 0)
			resolve_cancel(q);
		/* its questions fill the cache, and nothing else happens */
		text_for(&b, "plain.example");
		assert_int_equal(g.calls, calls);
		if (turns % 2)
			resolve_start(b.resolver, &what, on_resolved, &g, &q);
		bench_down(&b);
	}
	resolve_cancel(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(names),
		cmocka_unit_test(a_long_name_has_no_services),
		cmocka_unit_test(long_answers_come_by_tcp),
		cmocka_unit_test(ttls),
		cmocka_unit_test(ttls_of_services),
		cmocka_unit_test(stale_answers),
		cmocka_unit_test(stale_answers_end),
		cmocka_unit_test(stale_answers_on_failure),
		cmocka_unit_test(time_out),
		cmocka_unit_test(total_time),
		cmocka_unit_test(answers_without_bytes_or_to_other_questions),
		cmocka_unit_test(equal_questions_are_one),
		cmocka_unit_test(questions_are_bounded),
		cmocka_unit_test(start_and_cancel_inside_a_callback),
		cmocka_unit_test(cancel_at_any_time),
	};
	clock_set_source(moved_clock);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
