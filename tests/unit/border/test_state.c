/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "tests/unit/border/border_text.h"

#define PEER(name, addr, limits)                                                                                       \
	"\"" name "\": { \"network\": \"n\", \"targets\": [\"" addr "\"], \"limits\": " limits " }"
#define NETWORK                                                                                                        \
	"\"networks\": { \"n\": { \"listen\": [\"udp:127.0.0.1:5060\"], \"media\": { \"address\": [\"127.0.0.1\"], "   \
	"\"ports\": \"20000-20999\" } } }, \"routes\": [ { \"target\": \"echo\" } ]"
#define CONFIG(peers, calls) "{ " NETWORK ", \"peers\": { " peers " }, \"limits\": { \"calls\": " calls " } }"

struct fixture {
	struct config *c;
	struct border_state *s;
};

static struct fixture fixture_of(const char *text)
{
	struct fixture f = {.c = config_of(text)};
	assert_int_equal(border_state_create(f.c, &f.s), 0);
	return f;
}

static void fixture_finish(struct fixture *f)
{
	border_state_destroy(f->s);
	config_unref(f->c);
}

static struct border_peer_gauges gauges_of(struct border_state *s, const char *peer)
{
	struct border_peer_gauges g;
	assert_true(border_peer_gauges(s, peer, &g));
	return g;
}

/* ---- calls ---------------------------------------------------------------------------------------------------- */

static void test_calls(void **state)
{
	struct fixture f = fixture_of(CONFIG(PEER("a", "192.0.2.1", "{ \"calls\": 2, \"calls_out\": 1 }"), "4"));
	assert_int_equal(border_call_begin(f.s, f.c, 0, false, 0), REJECT_NONE);
	assert_int_equal(border_call_begin(f.s, f.c, 0, false, 0), REJECT_NONE);
	assert_int_equal(border_call_begin(f.s, f.c, 0, false, 0), REJECT_PEER_CALLS);
	assert_int_equal(border_call_begin(f.s, f.c, 0, true, 0), REJECT_NONE);
	assert_int_equal(border_call_begin(f.s, f.c, 0, true, 0), REJECT_TARGET_CALLS);
	struct border_peer_gauges g = gauges_of(f.s, "a");
	assert_int_equal(g.calls_in, 2);
	assert_int_equal(g.calls_out, 1);
	assert_int_equal(g.rejected_calls, 2);
	/* what was refused was not counted for the whole: two more fit */
	assert_int_equal(border_calls(f.s), 2);
	assert_int_equal(border_call_begin(f.s, f.c, BORDER_NO_PEER, false, 0), REJECT_NONE);
	assert_int_equal(border_call_begin(f.s, f.c, BORDER_NO_PEER, false, 0), REJECT_NONE);
	assert_int_equal(border_call_begin(f.s, f.c, BORDER_NO_PEER, false, 0), REJECT_CALLS);
	assert_int_equal(border_call_begin(f.s, f.c, (int)CONFIG_TARGET_ECHO, true, 0), REJECT_NONE); /* echo */
	border_call_end(f.s, f.c, (int)CONFIG_TARGET_ECHO, true);
	border_call_end(f.s, f.c, BORDER_NO_PEER, false);
	border_call_end(f.s, f.c, BORDER_NO_PEER, false);
	border_call_end(f.s, f.c, 0, false);
	border_call_end(f.s, f.c, 0, false);
	border_call_end(f.s, f.c, 0, true);
	border_call_end(f.s, f.c, 0, true); /* one too many stays at none */
	g = gauges_of(f.s, "a");
	assert_int_equal(g.calls_in + g.calls_out, 0);
	assert_int_equal(border_calls(f.s), 0);
	struct border_peer_gauges none = {.calls_in = 7};
	assert_false(border_peer_gauges(f.s, "b", &none));
	assert_int_equal(none.calls_in, 7);
	fixture_finish(&f);
}

static void test_reload(void **state)
{
	struct fixture f =
		fixture_of(CONFIG(PEER("a", "192.0.2.1", "{ \"calls\": 5 }") "," PEER("b", "192.0.2.2", "{}"), "9"));
	struct config *later =
		config_of(CONFIG(PEER("c", "192.0.2.3", "{}") "," PEER("a", "192.0.2.1", "{ \"calls\": 1 }"), "9"));
	assert_int_equal(border_call_begin(f.s, f.c, peer_named(f.c, "a"), false, 0), REJECT_NONE);
	assert_int_equal(border_call_begin(f.s, f.c, peer_named(f.c, "b"), false, 0), REJECT_NONE);
	assert_int_equal(border_state_set_config(f.s, later), 0);
	/* a keeps its call under another index, and the new limit holds at once */
	assert_int_equal(border_call_begin(f.s, later, peer_named(later, "a"), false, 0), REJECT_PEER_CALLS);
	assert_int_equal(gauges_of(f.s, "a").calls_in, 1);
	assert_int_equal(gauges_of(f.s, "c").calls_in, 0);
	/* b is gone from the file, its live call ends as it began */
	border_call_end(f.s, f.c, peer_named(f.c, "b"), false);
	assert_int_equal(gauges_of(f.s, "b").calls_in, 0);
	border_call_end(f.s, later, peer_named(later, "a"), false);
	assert_int_equal(border_calls(f.s), 0);
	config_unref(later);
	fixture_finish(&f);
}

/* ---- calls per second ----------------------------------------------------------------------------------------- */

static const struct {
	unsigned cps, every_ms, calls;
	unsigned taken;
} rates[] = {
	{10, 0, 100, 10},    /* at once: one second's worth */
	{10, 100, 100, 100}, /* exactly the rate */
	{10, 50, 101, 60},   /* twice the rate for 5 s: the bucket, and 10 a second */
	{1, 1000, 10, 10},   {1, 500, 11, 6},      {1, 0, 5, 1},       {1000, 1, 1000, 1000},
	{3, 333, 30, 30},    {7, 10, 701, 7 + 49}, {0, 0, 1000, 1000}, /* no limit */
};

static void test_rates(void **state)
{
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct gcra g = {0};
		unsigned taken = 0;
		for (unsigned k = 0; k < rates[i].calls; k++)
			taken += gcra_take(&g, rates[i].cps, 1000000 + (uint64_t)k * rates[i].every_ms);
		if (taken + 1 < rates[i].taken || taken > rates[i].taken + 1)
			fail_msg("row %zu: %u taken, not %u", i, taken, rates[i].taken);
	}
}

static void test_cps(void **state)
{
	struct fixture f = fixture_of(CONFIG(PEER("a", "192.0.2.1", "{ \"cps\": 2, \"cps_out\": 1 }"), "100"));
	assert_int_equal(border_call_begin(f.s, f.c, 0, false, 5000), REJECT_NONE);
	assert_int_equal(border_call_begin(f.s, f.c, 0, false, 5000), REJECT_NONE);
	assert_int_equal(border_call_begin(f.s, f.c, 0, false, 5000), REJECT_PEER_CPS);
	assert_int_equal(border_call_begin(f.s, f.c, 0, true, 5000), REJECT_NONE);
	assert_int_equal(border_call_begin(f.s, f.c, 0, true, 5000), REJECT_TARGET_CPS);
	struct border_peer_gauges g = gauges_of(f.s, "a");
	assert_int_equal(g.calls_in, 2);
	assert_int_equal(g.calls_out, 1);
	assert_int_equal(g.rejected_cps, 2);
	assert_int_equal(border_calls(f.s), 2);
	assert_int_equal(border_call_begin(f.s, f.c, 0, false, 5499), REJECT_PEER_CPS);
	assert_int_equal(border_call_begin(f.s, f.c, 0, false, 5500), REJECT_NONE);
	fixture_finish(&f);
}

/* ---- threads -------------------------------------------------------------------------------------------------- */

#define THREAD_CALLS 20000
struct thread_arg {
	struct fixture *f;
	unsigned taken, most;
};
static _Atomic unsigned alive;

static void *calling(void *p)
{
	struct thread_arg *a = p;
	for (unsigned i = 0; i < THREAD_CALLS; i++) {
		if (border_call_begin(a->f->s, a->f->c, 0, false, i) != REJECT_NONE)
			continue;
		unsigned n = atomic_fetch_add(&alive, 1) + 1;
		a->most = n > a->most ? n : a->most;
		a->taken++;
		struct addr at = {.in4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x0a000000 + i % 7)}}};
		border_address_failed(a->f->s, &at, i);
		struct resolved v[2] = {{.addr = at}, {.addr = at}};
		border_order(a->f->s, v, 2, i);
		border_address_worked(a->f->s, &at);
		sources_take(a->f->s->sources, 0, &at, 50, i);
		atomic_fetch_sub(&alive, 1);
		border_call_end(a->f->s, a->f->c, 0, false);
	}
	return NULL;
}

/* One call at a time is allowed: two threads never hold two. A third one reloads meanwhile. */
static void test_threads(void **state)
{
	struct fixture f = fixture_of(CONFIG(PEER("a", "192.0.2.1", "{ \"calls\": 1 }"), "100"));
	struct config *later = config_of(CONFIG(PEER("b", "192.0.2.3", "{}") "," PEER("a", "192.0.2.1", "{}"), "9"));
	struct thread_arg a = {&f, 0, 0}, b = {&f, 0, 0};
	pthread_t t;
	assert_int_equal(pthread_create(&t, NULL, calling, &a), 0);
	assert_int_equal(border_state_set_config(f.s, later), 0);
	calling(&b);
	pthread_join(t, NULL);
	/* a thread that is put aside during its call may keep the other from ever having one */
	assert_true(a.most <= 1 && b.most <= 1);
	assert_true(a.taken + b.taken > 0);
	assert_int_equal(gauges_of(f.s, "a").calls_in, 0);
	assert_int_equal(gauges_of(f.s, "a").rejected_calls, 2 * THREAD_CALLS - a.taken - b.taken);
	assert_int_equal(border_calls(f.s), 0);
	config_unref(later);
	fixture_finish(&f);
}

/* ---- health --------------------------------------------------------------------------------------------------- */

/* Order of the addresses named by single digits, e.g. "123": 10.0.0.1, .2, .3. */
static void assert_order(struct border_state *s, const char *in, uint64_t now_ms, const char *out)
{
	struct resolved v[8];
	char got[9] = "";
	size_t n = strlen(in);
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct resolved){.priority = (uint16_t)(in[i] - '0')};
		v[i].addr.in4 = (struct sockaddr_in){.sin_family = AF_INET,
						     .sin_addr = {htonl(0x0a000000 + (uint32_t)(in[i] - '0'))}};
	}
	border_order(s, v, n, now_ms);
	for (size_t i = 0; i < n; i++)
		got[i] = (char)('0' + v[i].priority);
	assert_string_equal(got, out);
}

static struct addr ten(unsigned n)
{
	return (struct addr){.in4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x0a000000 + n)}}};
}

static void test_health(void **state)
{
	struct fixture f = fixture_of(CONFIG("", "9"));
	struct addr one = ten(1), three = ten(3);
	assert_order(f.s, "1234", 1000, "1234");
	border_address_failed(f.s, &one, 1000);
	assert_order(f.s, "1234", 1000, "2341");
	assert_order(f.s, "1", 1000, "1"); /* never left out */
	assert_order(f.s, "", 1000, "");
	border_address_failed(f.s, &three, 2000);
	assert_order(f.s, "1234", 2000, "2413");
	assert_order(f.s, "13", 2000, "13");
	assert_order(f.s, "31", 2000, "31");
	assert_order(f.s, "1234", 30999, "2413");
	assert_order(f.s, "1234", 31000, "1243"); /* 30 s */
	border_address_worked(f.s, &three);
	assert_order(f.s, "1234", 31000, "1234");
	/* failures while held say nothing new; one after it doubles the time: 60, 120, 240, 300, 300 s */
	static const uint64_t holds_ms[] = {60000, 120000, 240000, 300000, 300000};
	uint64_t now = 31000;
	for (size_t i = 0; i < sizeof(holds_ms) / sizeof(holds_ms[0]); i++) {
		border_address_failed(f.s, &one, now);
		border_address_failed(f.s, &one, now + 10);
		assert_order(f.s, "12", now + holds_ms[i] - 1, "21");
		assert_order(f.s, "12", now + holds_ms[i], "12");
		now += holds_ms[i];
	}
	/* out of trouble for five minutes: as new */
	border_address_failed(f.s, &one, now + 300001);
	assert_order(f.s, "12", now + 300001 + 30000, "12");
	fixture_finish(&f);
}

/* More addresses than the table holds: no harm, the newest are known. */
static void test_health_full(void **state)
{
	struct fixture f = fixture_of(CONFIG("", "9"));
	for (unsigned i = 10; i < 10 + 4 * HEALTH_BUCKETS * HEALTH_WAYS; i++) {
		struct addr a = ten(i);
		border_address_failed(f.s, &a, 1000 + i);
	}
	struct addr one = ten(1);
	border_address_failed(f.s, &one, 9000);
	assert_order(f.s, "12", 9000, "21");
	assert_true(f.s->health.n <= HEALTH_BUCKETS * HEALTH_WAYS);
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),       cmocka_unit_test(test_reload),  cmocka_unit_test(test_rates),
		cmocka_unit_test(test_cps),         cmocka_unit_test(test_threads), cmocka_unit_test(test_health),
		cmocka_unit_test(test_health_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
