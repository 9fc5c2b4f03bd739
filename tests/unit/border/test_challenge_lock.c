/* SPDX-License-Identifier: Apache-2.0 */
/* Failed logins: who is locked by them, and who is not. */
#include "tests/unit/border/challenge_phone.h"

static void test_lock(void **state)
{
	struct phone p = phone_of("alice", "wrong", "192.0.2.66:5060");
	for (unsigned i = 0; i < settings.failures; i++)
		assert_int_equal(log_in(&p), CHALLENGE_FORBIDDEN);
	assert_int_equal(counters().lockouts, 1);
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED);
	p.password = "secret-of-alice"; /* guessed at last: too late */
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED);
	p.source = "192.0.2.66:9";
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED);
	/* the same account from elsewhere, and another one from there */
	struct phone q = phone_of("alice", "secret-of-alice", "192.0.2.67:5060");
	assert_int_equal(log_in(&q), CHALLENGE_OK);
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED); /* which does not open it for the guesser */
	q = phone_of("bob", "secret-of-bob", "192.0.2.66:5060");
	assert_int_equal(log_in(&q), CHALLENGE_OK);
	/* it ends one lock-out after the last failure, whatever was tried meanwhile */
	now += settings.lockout_ms - 1;
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED);
	now++;
	assert_int_equal(log_in(&p), CHALLENGE_OK);
	p.password = "wrong";
	for (unsigned i = 0; i < settings.failures; i++)
		assert_int_equal(log_in(&p), CHALLENGE_FORBIDDEN); /* from none again */
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED);
}

/* One who does not exist looks the same in every step. */
static void test_unknown_looks_the_same(void **state)
{
	enum challenge_verdict v[2][6];
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < 6; i++) {
			struct phone p = phone_of(k ? "nobody" : "alice", "wrong", "192.0.2.66:5060");
			v[k][i] = log_in(&p);
		}
	assert_memory_equal(v[0], v[1], sizeof(v[0]));
	assert_int_equal(v[0][5], CHALLENGE_LOCKED);
	assert_int_equal(counters().forbidden, 6);
	assert_int_equal(counters().lockouts, 2);
}

static void test_success_clears(void **state)
{
	struct phone p = phone_of("alice", "", "192.0.2.66:5060");
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k + 1 < settings.failures; k++) {
			p.password = "wrong";
			assert_int_equal(log_in(&p), CHALLENGE_FORBIDDEN);
		}
		p.password = "secret-of-alice";
		assert_int_equal(log_in(&p), CHALLENGE_OK);
	}
	/* old failures are forgotten without it, too */
	p.password = "wrong";
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(log_in(&p), CHALLENGE_FORBIDDEN);
		now += settings.lockout_ms;
	}
}

static void test_source_lock(void **state)
{
	char name[16];
	struct phone p = phone_of(name, "guess", "[2001:db8:1:2::1]:5060");
	struct phone good = phone_of("alice", "secret-of-alice", "[2001:db8:1:2::99]:5060");
	for (unsigned i = 0; i < settings.source_failures; i++) {
		char from[40];
		snprintf(name, sizeof(name), "user%u", i);
		snprintf(from, sizeof(from), "[2001:db8:1:2::%x]:5060", i + 1); /* addresses of one /64 */
		p.source = from;
		assert_int_equal(log_in(&p), CHALLENGE_FORBIDDEN);
		/* a good login of its own does not buy the guesser more guesses */
		if (i == 3)
			assert_int_equal(log_in(&good), CHALLENGE_OK);
		p.source = "[2001:db8:1:2::1]:5060";
	}
	assert_int_equal(counters().lockouts, 1);
	assert_int_equal(log_in(&p), CHALLENGE_LOCKED);
	assert_int_equal(log_in(&good), CHALLENGE_LOCKED);
	good.source = "[2001:db8:1:3::99]:5060";
	assert_int_equal(log_in(&good), CHALLENGE_OK);
	good.source = "[2001:db8:1:2::99]:5060";
	now += settings.lockout_ms;
	assert_int_equal(log_in(&good), CHALLENGE_OK);
}

/* A phone with an old password tries for a day: it alone is locked, never its neighbours behind the same NAT. */
static void test_broken_phone_locks_no_neighbour(void **state)
{
	struct phone broken = phone_of("alice", "old", "192.0.2.7:5060");
	struct phone good = phone_of("bob", "secret-of-bob", "192.0.2.7:5062");
	unsigned locked = 0;
	for (unsigned i = 0; i < 24 * 360; i++) {
		enum challenge_verdict v = log_in(&broken);
		assert_true(v == CHALLENGE_FORBIDDEN || v == CHALLENGE_LOCKED);
		locked += v == CHALLENGE_LOCKED;
		assert_int_equal(log_in(&good), CHALLENGE_OK);
		now += 10000;
	}
	assert_true(locked > 24 * 180);
}

/* Who forges a source has no nonce for it: nothing that he sends is counted. */
static void test_forger_locks_nobody(void **state)
{
	struct phone victim = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	struct phone forger = phone_of("alice", "wrong", "192.0.2.66:5060");
	assert_int_equal(log_in(&victim), CHALLENGE_OK);
	challenged(&forger, false);
	forger.source = victim.source;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(send_next(&forger), CHALLENGE_STALE);
	assert_int_equal(counters().forbidden + counters().lockouts, 0);
	assert_int_equal(send_next(&victim), CHALLENGE_OK);
}

/* Failures of many names from many sources push out others, but not who is locked. */
static void test_locks_are_bounded(void **state)
{
	struct lock_table *t = lock_table_create(CHALLENGE_WAYS);
	struct lock_keys held = {1, 2};
	unsigned forgotten, all = 0;
	for (unsigned i = 0; i < settings.failures; i++)
		assert_int_equal(lock_failed(t, &held, &settings, now, &forgotten), i + 1 == settings.failures);
	for (uint64_t i = 0; i < 1000; i++) {
		lock_failed(t, &(struct lock_keys){100 + 2 * i, 101 + 2 * i}, &settings, now + i, &forgotten);
		all += forgotten;
	}
	assert_int_equal(all, 2000 - (CHALLENGE_WAYS - 2));
	assert_true(lock_held(t, &held, &settings, now + 1000));
	assert_false(lock_held(t, &held, &settings, now + settings.lockout_ms));
	/* what says nothing any more goes first and is not missed */
	lock_failed(t, &(struct lock_keys){5, 6}, &settings, now + 2 * settings.lockout_ms, &forgotten);
	assert_int_equal(forgotten, 0);
	lock_table_destroy(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_lock),
		T(test_unknown_looks_the_same),
		T(test_success_clears),
		T(test_source_lock),
		T(test_broken_phone_locks_no_neighbour),
		T(test_forger_locks_nobody),
		cmocka_unit_test(test_locks_are_bounded),
	};
	return cmocka_run_group_tests(tests, load_accounts, drop_accounts);
}
