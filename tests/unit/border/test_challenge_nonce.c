/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces of ours: how long, for whom and how often they are good. */
#include <pthread.h>

#include "tests/unit/border/challenge_phone.h"

/* Two in the same millisecond from one address have nonces of their own. */
static void test_nonces_differ(void **state)
{
	struct phone a = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	struct phone b = phone_of("bob", "secret-of-bob", "192.0.2.7:5062");
	assert_int_equal(log_in(&a), CHALLENGE_OK);
	assert_int_equal(log_in(&b), CHALLENGE_OK);
	assert_string_not_equal(a.nonce, b.nonce);
}

static void test_nonce_life(void **state)
{
	struct phone p = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	assert_int_equal(log_in(&p), CHALLENGE_OK);
	now += settings.nonce_ms;
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	now++;
	assert_int_equal(send_next(&p), CHALLENGE_STALE);
	assert_int_equal(counters().nonce_expired, 1);
	challenged(&p, true);
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	now -= NONCE_SKEW_MS;
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	now--;
	assert_int_equal(send_next(&p), CHALLENGE_STALE);
	assert_int_equal(counters().nonce_future, 1);
}

static void test_nonce_is_bound(void **state)
{
	struct phone p = phone_of("alice", "secret-of-alice", "192.0.2.7:5060"), q;
	challenged(&p, false);
	q = p;
	q.source = "192.0.2.8:5060";
	assert_int_equal(send_next(&q), CHALLENGE_STALE);
	q = p;
	q.source = "[::7]:5060";
	assert_int_equal(send_next(&q), CHALLENGE_STALE);
	q = p;
	q.network = "accesspbx";
	assert_int_equal(send_next(&q), CHALLENGE_STALE);
	q = p;
	q.realm = "old.example";
	q.algorithm = DIGEST_MD5;
	assert_int_equal(send_next(&q), CHALLENGE_STALE);
	for (size_t i = 0; i < NONCE_HEX; i++) { /* every digit counts */
		q = p;
		q.nonce[i] = q.nonce[i] == '0' ? '1' : '0';
		assert_int_equal(send_next(&q), CHALLENGE_STALE);
		q = p;
		if (q.nonce[i] >= 'a') {
			q.nonce[i] = (char)(q.nonce[i] - 0x20);
			assert_int_equal(send_next(&q), CHALLENGE_STALE);
		}
	}
	assert_int_equal(counters().nonce_expired + counters().nonce_future, 0);
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	/* another key; the same key again is another node, and its own later start does not know the counts */
	end(NULL);
	assert_int_equal(challenge_state_create(STR("another cluster key"), &limits, START, &s), 0);
	assert_int_equal(send_next(&p), CHALLENGE_STALE);
	end(NULL);
	assert_int_equal(challenge_state_create(STR("a cluster key of some length"), &limits, START, &s), 0);
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	end(NULL);
	assert_int_equal(challenge_state_create(STR("a cluster key of some length"), &limits, START + 1, &s), 0);
	assert_int_equal(send_next(&p), CHALLENGE_STALE);
	assert_int_equal(counters().nonce_forgotten, 1);
}

static void test_replay(void **state)
{
	struct phone p = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	char old[8][sizeof(p.line)];
	challenged(&p, false);
	for (int i = 0; i < 8; i++) {
		answer(&p);
		memcpy(old[i], p.line, sizeof(p.line));
	}
	static const int order[] = {1, 0, 4, 3, 7, 2, 6, 5}; /* UDP keeps no order */
	for (int i = 0; i < 8; i++) {
		memcpy(p.line, old[order[i]], sizeof(p.line));
		assert_int_equal(send_line(&p), CHALLENGE_OK);
		assert_int_equal(send_line(&p), CHALLENGE_STALE);
	}
	for (int i = 0; i < 8; i++) {
		memcpy(p.line, old[i], sizeof(p.line));
		assert_int_equal(send_line(&p), CHALLENGE_STALE);
	}
	assert_int_equal(counters().nonce_replayed, 16);
	p.nc = 100;
	assert_int_equal(send_next(&p), CHALLENGE_OK); /* 101 */
	p.nc = 37;
	assert_int_equal(send_next(&p), CHALLENGE_OK); /* 38: 63 behind */
	p.nc = 36;
	assert_int_equal(send_next(&p), CHALLENGE_STALE); /* 37: too far behind */
	p.nc = UINT32_MAX - 1;
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	p.nc = UINT32_MAX - 2;
	assert_int_equal(send_next(&p), CHALLENGE_OK);
	p.nc = 101;
	assert_int_equal(send_next(&p), CHALLENGE_STALE);
	assert_int_equal(counters().forbidden, 0); /* none of it counts against the account */
}

/* RFC 2069 clients have no counts: each nonce is good for one request. */
static void test_no_qop(void **state)
{
	struct phone p = phone_of("alice", "secret-of-alice", "192.0.2.7:5060");
	p.no_qop = true;
	p.algorithm = DIGEST_MD5;
	assert_int_equal(log_in(&p), CHALLENGE_OK);
	assert_int_equal(send_line(&p), CHALLENGE_STALE);
	assert_int_equal(log_in(&p), CHALLENGE_OK);
	p.no_qop = false;
	assert_int_equal(send_next(&p), CHALLENGE_STALE);
}

/* A bucket of eight: the nonce made first is forgotten, answered as stale, and never taken again. */
static void test_counts_are_bounded(void **state)
{
	struct nonce_counts *t = nonce_counts_create(CHALLENGE_WAYS, 1000);
	struct nonce n[CHALLENGE_WAYS + 2];
	for (unsigned i = 0; i < CHALLENGE_WAYS + 2; i++)
		n[i] = (struct nonce){.made_ms = 1000 + i, .id = i};
	for (unsigned i = 0; i < CHALLENGE_WAYS; i++)
		assert_int_equal(nonce_use(t, &n[i], 1), NONCE_FRESH);
	assert_int_equal(nonce_use(t, &n[0], 2), NONCE_FRESH);
	assert_int_equal(nonce_use(t, &n[CHALLENGE_WAYS], 1), NONCE_FRESH);
	for (uint32_t nc = 1; nc < 5; nc++)
		assert_int_equal(nonce_use(t, &n[0], nc), NONCE_FORGOTTEN);
	assert_int_equal(nonce_use(t, &n[1], 1), NONCE_REPLAYED);
	assert_int_equal(nonce_use(t, &n[1], 2), NONCE_FRESH);
	assert_int_equal(nonce_use(t, &n[CHALLENGE_WAYS + 1], 1), NONCE_FRESH);
	assert_int_equal(nonce_use(t, &n[1], 3), NONCE_FORGOTTEN);
	/* one of the same age as what was forgotten may have been it */
	assert_int_equal(nonce_use(t, &(struct nonce){.made_ms = n[1].made_ms, .id = 99}, 1), NONCE_FORGOTTEN);
	nonce_counts_destroy(t);
}

/* Whatever the order, no count of a nonce is ever taken twice. */
static void test_no_count_twice(void **state)
{
	struct nonce_counts *t = nonce_counts_create(64, 0);
	static bool used[200][100];
	uint64_t x = 88172645463325252;
	for (int i = 0; i < 200000; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		unsigned who = (unsigned)(x % 200), nc = (unsigned)(x >> 20) % 100;
		struct nonce n = {.made_ms = 1 + who / 2, .id = who};
		if (nc && nonce_use(t, &n, nc) == NONCE_FRESH) {
			assert_false(used[who][nc]);
			used[who][nc] = true;
		}
	}
	nonce_counts_destroy(t);
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

struct racer {
	pthread_t thread;
	struct nonce_counts *t;
	unsigned fresh;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	for (uint32_t nc = 1; nc <= 20000; nc++)
		r->fresh += nonce_use(r->t, &(struct nonce){.made_ms = 1, .id = nc % 16}, nc) == NONCE_FRESH;
	return NULL;
}

/* Two workers get the same requests: each count is taken by one of them at most. */
static void test_race(void **state)
{
	struct racer r[2] = {{.t = nonce_counts_create(1024, 0)}};
	r[1].t = r[0].t;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&r[i].thread, NULL, race, &r[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(r[i].thread, NULL);
	assert_in_range(r[0].fresh + r[1].fresh, 1, 20000);
	nonce_counts_destroy(r[0].t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_nonces_differ),
		T(test_nonce_life),
		T(test_nonce_is_bound),
		T(test_replay),
		T(test_no_qop),
		cmocka_unit_test(test_counts_are_bounded),
		cmocka_unit_test(test_no_count_twice),
		cmocka_unit_test(test_race),
	};
	return cmocka_run_group_tests(tests, load_accounts, drop_accounts);
}
