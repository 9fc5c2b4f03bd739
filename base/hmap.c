/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hmap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define FIRST_BUCKETS 16

/* Both halves of the hash count, so that a caller whose hash is a plain id in the high bits does not get one chain. */
static uint64_t mixed(uint64_t hash)
{
	return hash ^ hash >> 32;
}

static size_t half_mask(const struct hmap *m)
{
	return m->mask >> 1;
}

/* While it grows, bucket b of the old array becomes b and b + half of the new one, in the order of b. */
static inline bool is_unmoved(const struct hmap *m, size_t bucket)
{
	return __builtin_expect(m->old != NULL, 0) && (bucket & half_mask(m)) >= m->moved;
}

/* Bits above the mask do not matter. Until its turn to be moved has come, both halves are still the old bucket. */
static size_t bucket_of(const struct hmap *m, uint64_t mixed_hash)
{
	size_t bucket = (size_t)mixed_hash & m->mask;
	return is_unmoved(m, bucket) ? bucket & half_mask(m) : bucket;
}

/* Of either half of a bucket that is not moved yet, too. */
static inline struct hmap_node **chain(const struct hmap *m, size_t bucket)
{
	return is_unmoved(m, bucket) ? &m->old[bucket & half_mask(m)] : &m->buckets[bucket];
}

static inline struct hmap_node **chain_of(const struct hmap *m, uint64_t hash)
{
	return chain(m, (size_t)mixed(hash) & m->mask);
}

static uint64_t reversed(uint64_t v)
{
	v = __builtin_bswap64(v);
	v = (v >> 4 & 0x0f0f0f0f0f0f0f0f) | (v & 0x0f0f0f0f0f0f0f0f) << 4;
	v = (v >> 2 & 0x3333333333333333) | (v & 0x3333333333333333) << 2;
	return (v >> 1 & 0x5555555555555555) | (v & 0x5555555555555555) << 1;
}

/* The low bits choose the bucket, and a doubling asks for one bit more: with the bits the other way round, a bucket is
 * a stretch of places, and a doubling cuts each in two. */
uint64_t hmap_place(uint64_t hash)
{
	return reversed(mixed(hash));
}

struct hmap_node *hmap_bucket_at(const struct hmap *m, uint64_t place, uint64_t *ret_last)
{
	if (!m->buckets) {
		*ret_last = UINT64_MAX;
		return NULL;
	}
	size_t bucket = bucket_of(m, reversed(place));
	*ret_last = place | reversed(~(uint64_t)(is_unmoved(m, bucket) ? half_mask(m) : m->mask));
	return *chain(m, bucket);
}

/* ---- growing, a few buckets with each insert: nobody waits for a table to be moved in one go ---- */

#define MOVES_PER_INSERT 4 /* 2 would just be done before the next doubling */

static void move_bucket(struct hmap *m)
{
	const size_t half = half_mask(m) + 1;
	struct hmap_node **low = &m->buckets[m->moved], **high = &m->buckets[m->moved + half];

	for (struct hmap_node *n = m->old[m->moved]; n; n = n->next) {
		struct hmap_node ***end = mixed(n->hash) & half ? &high : &low;
		**end = n;
		*end = &n->next;
	}
	*low = *high = NULL;
	m->moved++;
}

static void go_on_growing(struct hmap *m)
{
	for (unsigned i = 0; i < MOVES_PER_INSERT && m->moved <= half_mask(m); i++)
		move_bucket(m);
	if (m->moved <= half_mask(m))
		return;
	free(m->old);
	m->old = NULL;
}

/* The new array is not cleared: a bucket is written when the old one moves there, and not read before. */
static void begin_to_grow(struct hmap *m)
{
	struct hmap_node **fresh = malloc(2 * (m->mask + 1) * sizeof(*fresh));

	if (!fresh)
		return;
	m->old = m->buckets;
	m->moved = 0;
	m->buckets = fresh;
	m->mask = 2 * m->mask + 1;
}

int hmap_insert(struct hmap *m, struct hmap_node *n, uint64_t hash)
{
	if (!m->buckets) {
		m->buckets = calloc(FIRST_BUCKETS, sizeof(struct hmap_node *));
		if (!m->buckets)
			return -ENOMEM;
		m->mask = FIRST_BUCKETS - 1;
	}
	/* Most that are not there find an empty bucket: a node of a long chain is a cold line. A failure here costs
	 * speed alone: the chains grow, and the next insert tries again. */
	if (!m->old && 2 * m->n > m->mask)
		begin_to_grow(m);
	if (m->old)
		go_on_growing(m);
	n->hash = hash;
	struct hmap_node **head = chain_of(m, hash);
	n->next = *head;
	*head = n;
	m->n++;
	return 0;
}

void hmap_remove(struct hmap *m, struct hmap_node *n)
{
	struct hmap_node **at = chain_of(m, n->hash);
	while (*at != n) {
		assert(*at); /* the caller's promise: n is in this map */
		at = &(*at)->next;
	}
	*at = n->next;
	n->next = NULL;
	m->n--;
}

static struct hmap_node *with_hash(struct hmap_node *n, uint64_t hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

struct hmap_node *hmap_first(const struct hmap *m, uint64_t hash)
{
	return m->buckets ? with_hash(*chain_of(m, hash), hash) : NULL;
}

struct hmap_node *hmap_next(const struct hmap_node *n)
{
	return with_hash(n->next, n->hash);
}

static struct hmap_node *first_from(const struct hmap *m, size_t bucket)
{
	for (; m->n && bucket <= m->mask; bucket++) {
		if (bucket_of(m, bucket) == bucket && *chain(m, bucket))
			return *chain(m, bucket);
	}
	return NULL;
}

struct hmap_node *hmap_begin(const struct hmap *m)
{
	return first_from(m, 0);
}

struct hmap_node *hmap_after(const struct hmap *m, const struct hmap_node *n)
{
	return n->next ? n->next : first_from(m, bucket_of(m, mixed(n->hash)) + 1);
}

void hmap_finish(struct hmap *m)
{
	assert(m->n == 0);
	free(m->old);
	free(m->buckets);
	*m = (struct hmap){0};
}
