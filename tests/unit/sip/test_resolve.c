/* SPDX-License-Identifier: Apache-2.0 */
/* The resolver against a name server in the same loop. Time of the loop and the cache is moved by the tests; that of
 * c-ares is real, so a test that waits for its time-outs takes seconds: there is one. */
#include "../base/unit.h"

#include <ares.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../../fake/dns.h"
#include "base/clock.h"
#include "oom.h"
#include "sbc/sip/resolve_internal.h"

static uint64_t ahead_ms;

static uint64_t moved_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec + ahead_ms * 1000000;
}

static const struct fake_dns_record zone[] = {
	{"_sip._udp.both.example", "SRV", 300, "20 0 5070 gw2.example"},
	{"_sip._udp.both.example", "SRV", 300, "10 0 5062 gw1.example"},
	{"_sip._tcp.both.example", "SRV", 300, "5 0 5063 gw1.example"},
	{"gw1.example", "A", 300, "192.0.2.1"},
	{"gw1.example", "AAAA", 300, "2001:db8::1"},
	{"gw2.example", "A", 300, "192.0.2.2"},
	{"gw2.example", "A", 300, "192.0.2.3"},
	{"plain.example", "A", 300, "192.0.2.9"},
	{"v6.example", "AAAA", 300, "2001:db8::6"},
	{"mapped.example", "AAAA", 300, "::ffff:192.0.2.66"},
	{"www.alias.example", "CNAME", 300, "two.alias.example"},
	{"two.alias.example", "CNAME", 300, "plain.example"},
	{"_sip._udp.srvalias.example", "CNAME", 300, "_sip._udp.both.example"},
	{"ring.example", "CNAME", 300, "gnir.example"},
	{"gnir.example", "CNAME", 300, "ring.example"},
	{"_sip._udp.none.example", "SRV", 300, "0 0 0 ."},
	{"none.example", "A", 300, "192.0.2.10"},
	{"_sip._udp.tcponly.example", "SRV", 300, "0 0 0 ."},
	{"_sip._tcp.tcponly.example", "SRV", 300, "1 1 5060 plain.example"},
	{"_sip._udp.nowhere.example", "SRV", 300, "1 1 5060 gone.example"},
	{"_sip._udp.badport.example", "SRV", 300, "1 1 0 plain.example"},
	{"_sip._udp.badhost.example", "SRV", 300, "1 1 5060 192.0.2.1"},
	{"badhost.example", "A", 300, "192.0.2.11"},
	{"any.example", "A", 300, "0.0.0.0"},
	{"group.example", "A", 300, "224.0.0.1"},
	{"silent.example", "SILENT", 0, ""},
	{"fails.example", "SERVFAIL", 0, ""},
	{"refused.example", "REFUSED", 0, ""},
	{"empty.example", "EMPTY", 0, ""},
	{"rubbish.example", "RUBBISH", 0, ""},
	{"cut.example", "CUT", 0, ""},
	{"cut.example", "A", 300, "192.0.2.12"},
	{"wrong.example", "WRONG", 0, ""},
	{"wrong.example", "A", 300, "192.0.2.13"},
	{"huge.example", "A", 0x7fffffff, "192.0.2.14"},
	{"negative.example", "A", 0xffffffff, "192.0.2.15"},
	{"zero.example", "A", 0, "192.0.2.16"},
	{"_sip._udp.srvzero.example", "SRV", 0, "1 1 5060 plain.example"},
	{"_sip._udp.srvhuge.example", "SRV", 0xfffffff, "1 1 5060 plain.example"},
	{"_sip._udp.silent2.example", "SILENT", 0, ""},
	{"silent2.example", "A", 300, "192.0.2.17"},
};

struct got {
	unsigned calls;
	size_t n;
	struct resolved v[RESOLVE_MAX];
	const char *error;
};

static void on_resolved(void *arg, const struct resolved *v, size_t n, const char *error)
{
	struct got *g = arg;
	g->calls++;
	g->n = n;
	memcpy(g->v, v, n * sizeof(*v));
	g->error = error;
	assert_true(n > 0 ? !error : error != NULL);
}

struct bench {
	struct loop *loop;
	struct fake_dns *dns;
	struct resolve_cache *cache;
	struct resolver *resolver;
};

static void bench_up(struct bench *b)
{
	assert_int_equal(loop_create(16, &b->loop), 0);
	assert_int_equal(fake_dns_create(b->loop, zone, LENGTH(zone), &b->dns), 0);
	assert_int_equal(resolve_cache_create_hosts("/nonexistent/hosts", &b->cache), 0);
	assert_int_equal(resolver_create(b->loop, b->cache, fake_dns_servers(b->dns), &b->resolver), 0);
}

static void bench_down(struct bench *b)
{
	resolver_destroy(b->resolver);
	resolve_cache_destroy(b->cache);
	fake_dns_destroy(b->dns);
	loop_destroy(b->loop);
}

static void wait_for(struct bench *b, const struct got *g)
{
	time_t end = time(NULL) + 10;
	while (g->calls == 0 && time(NULL) < end)
		loop_turn(b->loop);
	assert_int_equal(g->calls, 1);
}

static void nothing(void *arg)
{
}

/* The loop reads the clock after a sleep. */
static void pass_time(struct bench *b, uint64_t ms)
{
	ahead_ms += ms;
	assert_true(loop_post(b->loop, nothing, NULL));
	loop_turn(b->loop);
}

static struct resolve_what both(const char *host)
{
	return (struct resolve_what){.host = str_z(host), .v4 = true, .v6 = true};
}

static void look_up(struct bench *b, const struct resolve_what *what, struct got *g)
{
	struct resolve_query *q;

	*g = (struct got){0};
	assert_int_equal(resolve_start(b->resolver, what, on_resolved, g, &q), 0);
	assert_true((q == NULL) == (g->calls == 1));
	wait_for(b, g);
}

/* "udp:192.0.2.1:5060 ..." or the error. */
static const char *text_of(const struct got *g)
{
	static char text[1024];
	char one[ADDR_STRLEN];
	size_t n = 0;

	if (g->n == 0)
		return g->error;
	for (size_t i = 0; i < g->n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s:%s", i ? " " : "",
				      config_transport_text(g->v[i].transport), addr_text(&g->v[i].addr, one));
	return text;
}

static const char *text_for(struct bench *b, const char *host)
{
	static struct got g;
	struct resolve_what what = both(host);
	look_up(b, &what, &g);
	return text_of(&g);
}

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

/* ---- the order of services ------------------------------------------------------------------------------------- */

static uint32_t highest(uint32_t n)
{
	return n - 1;
}

static uint32_t lowest(uint32_t n)
{
	return 0;
}

static void order(void **state)
{
	static const struct {
		uint32_t (*below)(uint32_t n);
		const char *before, *after; /* a digit of priority and one of weight each */
	} t[] = {
		{lowest, "", ""},
		{lowest, "11", "11"},
		{lowest, "30 20 10", "10 20 30"},
		{highest, "30 20 10", "10 20 30"},
		{lowest, "12 10 13", "10 12 13"}, /* weight 0 is taken only by 0 */
		{highest, "12 10 13", "13 12 10"},
		{lowest, "12 11 13", "12 11 13"},
		{highest, "22 11 23 19 10", "19 11 10 23 22"},
	};
	for (size_t i = 0; i < LENGTH(t); i++) {
		struct target v[RESOLVE_MAX];
		char text[RESOLVE_MAX * 16] = "";
		size_t n = 0;
		for (const char *p = t[i].before; *p; p += p[2] ? 3 : 2)
			v[n++] = (struct target){.priority = (uint16_t)(p[0] - '0'), .weight = (uint16_t)(p[1] - '0')};
		resolve_order(v, n, t[i].below);
		for (size_t k = 0; k < n; k++)
			snprintf(text + strlen(text), 16, "%s%u%u", k ? " " : "", v[k].priority, v[k].weight);
		assert_string_equal(text, t[i].after);
	}
}

static void weights_share_the_load(void **state)
{
	unsigned first[101] = {0};

	for (unsigned i = 0; i < 20000; i++) {
		struct target v[] = {{.weight = 60}, {.weight = 10}, {.weight = 0}, {.weight = 30}};
		resolve_order(v, LENGTH(v), random_below);
		first[v[0].weight]++;
	}
	assert_in_range(first[60], 11000, 12600);
	assert_in_range(first[30], 5400, 6500);
	assert_in_range(first[10], 1700, 2300);
	assert_in_range(first[0], 100, 320);
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

static void entries_are_bounded(void **state)
{
	struct bench b;
	struct answer *a;
	char name[32];

	bench_up(&b);
	struct answer_record v = {.addr.in4 = {.sin_family = AF_INET}};
	assert_int_equal(answer_make(&v, 1, 60, &a), ANSWER_NONE);
	for (unsigned i = 0; i < RESOLVE_CACHE_ENTRIES + 100; i++) {
		snprintf(name, sizeof(name), "h%u.example", i);
		resolve_cache_put(b.cache, QUESTION_A, name, 0, a);
		answer_unref(resolve_cache_get(b.cache, QUESTION_A, "h0.example", 0, false)); /* in use: stays */
	}
	assert_int_equal(resolve_cache_entries(b.cache), RESOLVE_CACHE_ENTRIES);
	answer_unref(a);
	a = resolve_cache_get(b.cache, QUESTION_A, "h0.example", 0, false);
	assert_non_null(a);
	answer_unref(a);
	assert_null(resolve_cache_get(b.cache, QUESTION_A, "h1.example", 0, false));
	assert_null(resolve_cache_get(b.cache, QUESTION_AAAA, "h0.example", 0, false));
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

/* ---- servers --------------------------------------------------------------------------------------------------- */

/* One question is refused by every server at once. Of several on one socket c-ares may give one's refusal to another;
 * the one then waits for its time-out. */
static void nobody_listens(void **state)
{
	struct bench b;
	struct got g;

	bench_up(&b);
	resolver_destroy(b.resolver);
	assert_int_equal(resolver_create(b.loop, b.cache, "127.0.0.1:9,[::1]:9", &b.resolver), 0);
	uint64_t start_ms = clock_ms();
	struct resolve_what what = {.host = STR("plain.example"), .port = 1, .v4 = true};
	look_up(&b, &what, &g);
	assert_string_equal(g.error, "name server failed or unreachable");
	assert_true(clock_ms() - start_ms < 900);
	what = both("plain.example");
	look_up(&b, &what, &g);
	assert_int_equal(g.n, 0);
	assert_true(clock_ms() - start_ms < RESOLVE_TOTAL_MS + 900);
	bench_down(&b);
}

static void bad_servers(void **state)
{
	static const char *const t[] = {"nonsense", "127.0.0.1:53,bad", "1.2.3.4:99999x", ":53"};
	struct bench b;

	bench_up(&b);
	for (size_t i = 0; i < LENGTH(t); i++) {
		struct resolver *r = (void *)&b;
		assert_int_equal(resolver_create(b.loop, b.cache, t[i], &r), -EINVAL);
		assert_ptr_equal(r, &b);
	}
	bench_down(&b);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Without resolv.conf names fail quickly (c-ares then asks 127.0.0.1, where nobody or somebody may listen); when there
 * is one later, it is read. */
static void no_resolv_conf(void **state)
{
	char path[] = "/tmp/test_resolve_conf_XXXXXX", text[32];
	struct ares_addr_node *servers;
	struct bench b;
	struct got g;

	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	bench_up(&b);
	resolver_destroy(b.resolver);
	assert_int_equal(resolver_create_system(b.loop, b.cache, NULL, path, &b.resolver), 0);
	uint64_t start_ms = clock_ms();
	struct resolve_what what = {.host = STR("plain.example"), .port = 1, .v4 = true};
	look_up(&b, &what, &g);
	assert_true(clock_ms() - start_ms < RESOLVE_TOTAL_MS + 900);

	write_file(path, "nameserver 127.0.0.254\n");
	pass_time(&b, RESOLVE_REST_MS);
	b.resolver->suspect = true; /* as after a look-up that failed */
	loop_defer(b.loop, &b.resolver->deferred);
	pass_time(&b, 1);
	assert_int_equal(ares_get_servers(b.resolver->channel, &servers), ARES_SUCCESS);
	assert_non_null(ares_inet_ntop(AF_INET, &servers->addr.addr4, text, sizeof(text)));
	assert_string_equal(text, "127.0.0.254");
	assert_null(servers->next);
	ares_free_data(servers);
	assert_false(b.resolver->suspect);
	unlink(path);
	bench_down(&b);
}

static void hosts_file(void **state)
{
	static const struct {
		const char *host, *found;
		bool asked;
	} t[] = {
		{"pbx", "udp:10.0.0.5:5060", false},
		{"PBX.Lan", "udp:10.0.0.5:5060", false},
		{"dual.lan", "udp:[2001:db8::7]:5060 udp:10.0.0.7:5060", false},
		{"plain.example", "udp:10.0.0.9:5060", false},
		{"last", "udp:10.0.0.10:5060", false},
		{"commented", "no such name", true},
		{"nonsense", "no such name", true},
	};
	char path[] = "/tmp/test_resolve_hosts_XXXXXX";
	struct bench b;

	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	write_file(path,
		   "# a comment\n\n10.0.0.5\tpbx  pbx.lan # commented\n10.0.0.7 dual.lan\n2001:db8::7 dual.lan\r\n"
		   "10.0.0.999 nonsense\n10.0.0.8\n   10.0.0.9 bad/name plain.example\n10.0.0.10 last");
	bench_up(&b);
	resolver_destroy(b.resolver);
	resolve_cache_destroy(b.cache);
	assert_int_equal(resolve_cache_create_hosts(path, &b.cache), 0);
	assert_int_equal(resolver_create(b.loop, b.cache, fake_dns_servers(b.dns), &b.resolver), 0);
	for (size_t i = 0; i < LENGTH(t); i++) {
		unsigned asked = fake_dns_asked(b.dns);
		assert_string_equal(text_for(&b, t[i].host), t[i].found);
		assert_int_equal(fake_dns_asked(b.dns) > asked, t[i].asked);
	}
	unlink(path);
	bench_down(&b);
}

static void no_descriptor_left(void **state)
{
	struct bench b;
	struct rlimit was, none;

	bench_up(&b);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_string_equal(text_for(&b, "plain.example"), "name server failed or unreachable");
	struct resolver *r;
	int e = resolver_create(b.loop, b.cache, "127.0.0.1:53", &r);
	if (e == 0)
		resolver_destroy(r);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_string_equal(text_for(&b, "plain.example"), "udp:192.0.2.9:5060");
	bench_down(&b);
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

/* ---- workers --------------------------------------------------------------------------------------------------- */

struct worker {
	pthread_t thread;
	struct resolve_cache *cache;
	const char *servers;
	unsigned seed, found;
};

static void on_counted(void *arg, const struct resolved *v, size_t n, const char *error)
{
	unsigned *found = arg;
	*found += n > 0;
}

static void *run_worker(void *arg)
{
	static const char *const hosts[] = {"both.example", "plain.example", "nothing.example", "www.alias.example"};
	struct worker *w = arg;
	struct bench b = {.cache = w->cache};
	struct resolve_query *q;
	unsigned done = 0;

	if (loop_create(16, &b.loop) < 0 || resolver_create(b.loop, b.cache, w->servers, &b.resolver) < 0)
		return NULL;
	for (unsigned i = 0; i < 400; i++) {
		struct resolve_what what = both(hosts[(i + w->seed) % LENGTH(hosts)]);
		unsigned until = done + 1;
		if (resolve_start(b.resolver, &what, on_counted, &done, &q) < 0)
			break;
		if (what.host.p == hosts[2])
			until--;
		for (unsigned turns = 0; done < until && turns < 50; turns++)
			loop_turn(b.loop);
		/* answers go out of date under the others' hands */
		if (i % 50 == 49) {
			struct answer *a;
			if (answer_make(NULL, 0, 0, &a) == ANSWER_NONE) {
				resolve_cache_put(b.cache, QUESTION_A, "gw1.example", 0, a);
				answer_unref(a);
			}
		}
	}
	w->found = done;
	resolver_destroy(b.resolver);
	loop_destroy(b.loop);
	return NULL;
}

static void *run_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

static void workers_share_the_cache(void **state)
{
	struct bench b;
	struct worker w[3];
	pthread_t server;

	bench_up(&b);
	assert_int_equal(pthread_create(&server, NULL, run_loop, b.loop), 0);
	for (unsigned i = 0; i < LENGTH(w); i++) {
		w[i] = (struct worker){.cache = b.cache, .servers = fake_dns_servers(b.dns), .seed = i};
		assert_int_equal(pthread_create(&w[i].thread, NULL, run_worker, &w[i]), 0);
	}
	for (unsigned i = 0; i < LENGTH(w); i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].found, 300);
	}
	loop_stop(b.loop);
	pthread_join(server, NULL);
	/* 4 names, at most 3 workers at a time, some asked again: far from 1200 look-ups of two to six questions */
	assert_true(fake_dns_asked(b.dns) < 300);
	bench_down(&b);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static void *ares_allocate(size_t n)
{
	return malloc(n);
}

static void *ares_reallocate(void *p, size_t n)
{
	return realloc(p, n);
}

/* Allocation k fails and all after it, c-ares' included: an error or a fault, then all is as before. */
static void out_of_memory(void **state)
{
	static const char *const hosts[] = {"both.example", "plain.example", "www.alias.example"};
	unsigned found = 0;

	for (unsigned k = 0; found < LENGTH(hosts); k++) {
		struct bench b;
		struct got g = {0};
		struct resolve_query *q;
		const char *host = hosts[found];
		bench_up(&b);
		struct resolve_what what = both(host);
		oom_after(k);
		int e = resolve_start(b.resolver, &what, on_resolved, &g, &q);
		for (unsigned turns = 0; e == 0 && g.calls == 0 && turns < 40; turns++)
			pass_time(&b, 1);
		unsigned refused = oom_off();
		assert_true(e == 0 || (e == -ENOMEM && g.calls == 0));
		if (refused == 0) {
			found++;
			k = 0;
			assert_true(g.n > 0);
		}
		/* c-ares may wait for an answer that it had no memory for */
		if (e == 0 && g.calls == 0)
			pass_time(&b, RESOLVE_TOTAL_MS);
		assert_int_equal(g.calls, e == 0);
		resolver_destroy(b.resolver);
		assert_int_equal(resolver_create(b.loop, b.cache, fake_dns_servers(b.dns), &b.resolver), 0);
		assert_true(strncmp(text_for(&b, host), "udp:", 4) == 0);
		bench_down(&b);
	}
}

static void no_memory_to_begin(void **state)
{
	struct loop *l;
	int e = -ENOMEM;

	assert_int_equal(loop_create(16, &l), 0);
	for (unsigned k = 0; e < 0; k++) {
		struct resolve_cache *c = NULL;
		struct resolver *r = NULL;
		oom_after(k);
		e = resolve_cache_create_hosts("/etc/hosts", &c);
		if (e == 0)
			e = resolver_create(l, c, k % 2 ? NULL : "127.0.0.1:53,[::1]:5353", &r);
		unsigned refused = oom_off();
		assert_true(e == 0 || e == -ENOMEM);
		assert_true(e == 0 || !r);
		if (refused > 0 && e == 0)
			e = -ENOMEM; /* c-ares does without some */
		resolver_destroy(r);
		resolve_cache_destroy(c);
	}
	loop_destroy(l);
}

/* ---- answers of every kind -------------------------------------------------------------------------------------- */

static void read_mutated(const uint8_t *p, size_t n)
{
	for (enum question_type t = QUESTION_A; t <= QUESTION_SRV; t++) {
		struct answer *a = NULL;
		enum answer_fault e = answer_read(t, ARES_SUCCESS, p, n, &a);
		assert_true((a != NULL) == (e == ANSWER_NONE || e == ANSWER_NO_DATA || e == ANSWER_NO_NAME));
		assert_true(!a || (a->n <= RESOLVE_MAX && a->ttl_ms >= RESOLVE_TTL_MIN_MS &&
				   a->ttl_ms <= RESOLVE_TTL_MAX_MS));
		answer_unref(a);
	}
}

static void mutated_answers(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
	} t[] = {{"gw2.example", 1}, {"gw1.example", 28}, {"_sip._udp.srvalias.example", 33}, {"www.alias.example", 1}};
	uint8_t question[300], answer[512];

	for (size_t i = 0; i < LENGTH(t); i++) {
		size_t n = fake_dns_question(t[i].name, t[i].type, question, sizeof(question));
		n = fake_dns_answer(zone, LENGTH(zone), question, n, answer, sizeof(answer));
		assert_true(n > 12);
		for (size_t cut = 0; cut <= n; cut++) {
			/* its own block, so that a sanitizer sees a byte too far */
			uint8_t *p = malloc(cut + 1);
			memcpy(p + 1, answer, cut);
			read_mutated(p + 1, cut);
			free(p);
		}
		for (unsigned round = 0; round < 20000; round++) {
			uint8_t *p = malloc(n);
			memcpy(p, answer, n);
			for (uint32_t flips = 1 + random_below(4); flips > 0; flips--)
				p[random_below((uint32_t)n)] = (uint8_t)random_below(256);
			read_mutated(p, n);
			free(p);
		}
	}
}

static void ttl_reader(void **state)
{
	/* header, question "a" SRV, answers */
#define HEAD(answers)                                                                                                  \
	"\x12\x34\x81\x80\x00\x01\x00" answers "\x00\x00\x00\x00\x01"                                                  \
	"a"                                                                                                            \
	"\x00\x00\x21\x00\x01"
#define SRV(ttl) "\xc0\x0c\x00\x21\x00\x01" ttl "\x00\x07\x00\x01\x00\x01\x13\xc4\x00"
	static const struct {
		const char *p;
		size_t n;
		bool ok;
		uint32_t ttl_s;
	} t[] = {
#define BYTES(text) text, sizeof(text) - 1
		{BYTES(HEAD("\x01") SRV("\x00\x00\x01\x2c")), true, 300},
		{BYTES(HEAD("\x02") SRV("\x00\x00\x01\x2c") SRV("\x00\x00\x00\x07")), true, 7},
		{BYTES(HEAD("\x01") SRV("\x80\x00\x00\x00")), true, 0},
		{BYTES(HEAD("\x01") SRV("\x7f\xff\xff\xff")), true, 0x7fffffff},
		{BYTES(HEAD("\x00")), false, 0},
		{BYTES(HEAD("\x02") SRV("\x00\x00\x01\x2c")), false, 0}, /* fewer than told */
		{BYTES(HEAD("\x01") "\xc0"), false, 0},
		{BYTES(HEAD("\x01") "\x40"
				    "a"),
		 false, 0}, /* RFC 1035 §4.1.4: reserved */
		{BYTES(HEAD("\x01") "\x00\x00\x21\x00\x03\x00\x00\x00\x01\x00\x00"), false, 0}, /* class CH */
		{BYTES("\x12\x34\x81\x80"), false, 0},
		{BYTES(""), false, 0},
	};
	for (size_t i = 0; i < LENGTH(t); i++) {
		uint32_t ttl_s = 77;
		assert_int_equal(answer_srv_ttl((const uint8_t *)t[i].p, t[i].n, &ttl_s), t[i].ok);
		assert_int_equal(ttl_s, t[i].ok ? t[i].ttl_s : 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(names),
		cmocka_unit_test(a_long_name_has_no_services),
		cmocka_unit_test(long_answers_come_by_tcp),
		cmocka_unit_test(order),
		cmocka_unit_test(weights_share_the_load),
		cmocka_unit_test(ttls),
		cmocka_unit_test(ttls_of_services),
		cmocka_unit_test(entries_are_bounded),
		cmocka_unit_test(stale_answers),
		cmocka_unit_test(stale_answers_end),
		cmocka_unit_test(stale_answers_on_failure),
		cmocka_unit_test(time_out),
		cmocka_unit_test(total_time),
		cmocka_unit_test(answers_without_bytes_or_to_other_questions),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(bad_servers),
		cmocka_unit_test(no_resolv_conf),
		cmocka_unit_test(hosts_file),
		cmocka_unit_test(no_descriptor_left),
		cmocka_unit_test(equal_questions_are_one),
		cmocka_unit_test(questions_are_bounded),
		cmocka_unit_test(start_and_cancel_inside_a_callback),
		cmocka_unit_test(cancel_at_any_time),
		cmocka_unit_test(workers_share_the_cache),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(no_memory_to_begin),
		cmocka_unit_test(mutated_answers),
		cmocka_unit_test(ttl_reader),
	};
	/* before the resolver does: c-ares then takes its memory where the tests can refuse it */
	ares_library_init_mem(ARES_LIB_INIT_ALL, ares_allocate, free, ares_reallocate);
	clock_set_source(moved_clock);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
