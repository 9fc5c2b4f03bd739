/* SPDX-License-Identifier: Apache-2.0 */
/* Failed logins, per account at a source and per source over all accounts (lock-out per account). A fixed
 * table: keys are 64 bits under a secret key, taken for what they stand for.
 *
 * What an attacker can do with it: lock an account for his own address (or IPv6 /64), which is what it is for, and so
 * for those who share that address with him; a login from anywhere else never meets his failures. He can push out
 * counts, his own first: the least count goes, and of equals the oldest, while the count of his source, the greatest of
 * all, stays. */
#include <stdlib.h>
#include <string.h>

#include "sbc/border/challenge_internal.h"

struct lock_entry {
	uint64_t key;
	uint64_t since_ms; /* the first failure; once locked, the one that locked it */
	uint32_t failures; /* 0: free */
};
struct lock_bucket {
	struct lock_entry v[CHALLENGE_WAYS];
};
struct lock_table {
	pthread_mutex_t locks[CHALLENGE_SHARDS];
	struct hash_key key;
	size_t n; /* buckets */
	struct lock_bucket v[];
};

struct lock_table *lock_table_create(unsigned entries)
{
	size_t n = (entries + CHALLENGE_WAYS - 1) / CHALLENGE_WAYS;
	struct lock_table *t = calloc(1, sizeof(*t) + n * sizeof(t->v[0]));
	if (!t)
		return NULL;
	t->n = n;
	random_bytes(&t->key, sizeof(t->key));
	for (size_t i = 0; i < CHALLENGE_SHARDS; i++)
		pthread_mutex_init(&t->locks[i], NULL);
	return t;
}

void lock_table_destroy(struct lock_table *t)
{
	for (size_t i = 0; t && i < CHALLENGE_SHARDS; i++)
		pthread_mutex_destroy(&t->locks[i]);
	free(t);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static uint64_t source_key(const struct lock_table *t, const struct challenge_facts *f)
{
	uint64_t in[2] = {siphash_str(&t->key, f->network), 0};
	if (addr_is_v6(&f->source))
		memcpy(&in[1], &f->source.in6.sin6_addr, 8); /* what one host owns */
	else
		memcpy(&in[1], &f->source.in4.sin_addr, 4);
	return siphash(&t->key, in, sizeof(in));
}

struct lock_keys lock_keys_of(const struct lock_table *t, const struct challenge_facts *f, struct str user)
{
	uint64_t source = source_key(t, f);
	uint64_t in[3] = {source, siphash_str(&t->key, user), siphash_str(&t->key, f->realm)};
	return (struct lock_keys){.account = siphash(&t->key, in, sizeof(in)), .source = source};
}

/* ---- entries ---------------------------------------------------------------------------------------------------- */

static struct lock_bucket *bucket_enter(struct lock_table *t, uint64_t key, pthread_mutex_t **ret_lock)
{
	size_t i = key % t->n;
	*ret_lock = &t->locks[i % CHALLENGE_SHARDS];
	pthread_mutex_lock(*ret_lock);
	return &t->v[i];
}

/* It still says something. */
static bool live(const struct lock_entry *e, const struct config_accounts *c, uint64_t now_ms)
{
	return e->failures && now_ms < e->since_ms + c->lockout_ms;
}

static struct lock_entry *find(struct lock_bucket *b, uint64_t key)
{
	for (size_t i = 0; i < CHALLENGE_WAYS; i++)
		if (b->v[i].failures && b->v[i].key == key)
			return &b->v[i];
	return NULL;
}

static bool says_less(const struct lock_entry *a, const struct lock_entry *b, const struct config_accounts *c,
		      uint64_t now_ms)
{
	bool x = live(a, c, now_ms), y = live(b, c, now_ms);
	if (x != y)
		return y;
	return a->failures != b->failures ? a->failures < b->failures : a->since_ms < b->since_ms;
}

static struct lock_entry *find_or_place(struct lock_bucket *b, uint64_t key, const struct config_accounts *c,
					uint64_t now_ms, unsigned *forgotten)
{
	struct lock_entry *e = find(b, key);
	if (!e) {
		e = &b->v[0];
		for (size_t i = 1; i < CHALLENGE_WAYS; i++)
			if (says_less(&b->v[i], e, c, now_ms))
				e = &b->v[i];
		*forgotten += live(e, c, now_ms);
		*e = (struct lock_entry){.key = key};
	}
	return e;
}

/* true: it is locked by this failure. Failures count from the first one on for as long as a lock lasts, then from none:
 * a phone with an old password, locked again and again, does not add up to a lock of all others at its address. */
static bool failed(struct lock_table *t, uint64_t key, unsigned most, const struct config_accounts *c, uint64_t now_ms,
		   unsigned *forgotten)
{
	pthread_mutex_t *lock;
	struct lock_bucket *b = bucket_enter(t, key, &lock);
	struct lock_entry *e = find_or_place(b, key, c, now_ms, forgotten);
	if (!live(e, c, now_ms))
		*e = (struct lock_entry){.key = key, .since_ms = now_ms};
	if (e->failures < UINT32_MAX)
		e->failures++;
	bool now_locked = e->failures == most;
	if (now_locked)
		e->since_ms = now_ms;
	pthread_mutex_unlock(lock);
	return now_locked;
}

static bool held(struct lock_table *t, uint64_t key, unsigned most, const struct config_accounts *c, uint64_t now_ms)
{
	pthread_mutex_t *lock;
	struct lock_bucket *b = bucket_enter(t, key, &lock);
	const struct lock_entry *e = find(b, key);
	bool yes = e && live(e, c, now_ms) && e->failures >= most;
	pthread_mutex_unlock(lock);
	return yes;
}

/* ---- what challenge.c asks -------------------------------------------------------------------------------------- */

bool lock_held(struct lock_table *t, const struct lock_keys *k, const struct config_accounts *c, uint64_t now_ms)
{
	return held(t, k->account, c->failures, c, now_ms) || held(t, k->source, c->source_failures, c, now_ms);
}

unsigned lock_failed(struct lock_table *t, const struct lock_keys *k, const struct config_accounts *c, uint64_t now_ms,
		     unsigned *ret_forgotten)
{
	unsigned forgotten = 0, n = failed(t, k->account, c->failures, c, now_ms, &forgotten);
	n += failed(t, k->source, c->source_failures, c, now_ms, &forgotten);
	*ret_forgotten = forgotten;
	return n;
}

void lock_worked(struct lock_table *t, const struct lock_keys *k)
{
	pthread_mutex_t *lock;
	struct lock_entry *e = find(bucket_enter(t, k->account, &lock), k->account);
	if (e)
		e->failures = 0;
	pthread_mutex_unlock(lock);
}
