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

static size_t bucket_of(const struct hmap *m, uint64_t hash)
{
	return (size_t)mixed(hash) & m->mask;
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
	*ret_last = m->buckets ? place | reversed(~(uint64_t)m->mask) : UINT64_MAX;
	return m->buckets ? m->buckets[reversed(place) & m->mask] : NULL;
}

static void put(struct hmap *m, struct hmap_node *n)
{
	struct hmap_node **head = &m->buckets[bucket_of(m, n->hash)];
	n->next = *head;
	*head = n;
}

static int resize(struct hmap *m, size_t buckets)
{
	struct hmap old = *m;
	struct hmap_node **fresh = calloc(buckets, sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	m->buckets = fresh;
	m->mask = buckets - 1;
	for (size_t i = 0; old.buckets && i <= old.mask; i++) {
		for (struct hmap_node *n = old.buckets[i], *next; n; n = next) {
			next = n->next;
			put(m, n);
		}
	}
	free(old.buckets);
	return 0;
}

int hmap_insert(struct hmap *m, struct hmap_node *n, uint64_t hash)
{
	if (!m->buckets && resize(m, FIRST_BUCKETS) < 0)
		return -ENOMEM;
	/* a failure here costs speed alone: the chains grow, and the next insert tries again */
	if (2 * m->n >
	    m->mask) /* most that are not there find an empty bucket: a node of a long chain is a cold line */
		(void)resize(m, 2 * (m->mask + 1));
	n->hash = hash;
	put(m, n);
	m->n++;
	return 0;
}

void hmap_remove(struct hmap *m, struct hmap_node *n)
{
	struct hmap_node **at = &m->buckets[bucket_of(m, n->hash)];
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
	return m->buckets ? with_hash(m->buckets[bucket_of(m, hash)], hash) : NULL;
}

struct hmap_node *hmap_next(const struct hmap_node *n)
{
	return with_hash(n->next, n->hash);
}

static struct hmap_node *first_from(const struct hmap *m, size_t bucket)
{
	for (; m->n && bucket <= m->mask; bucket++) {
		if (m->buckets[bucket])
			return m->buckets[bucket];
	}
	return NULL;
}

struct hmap_node *hmap_begin(const struct hmap *m)
{
	return first_from(m, 0);
}

struct hmap_node *hmap_after(const struct hmap *m, const struct hmap_node *n)
{
	return n->next ? n->next : first_from(m, bucket_of(m, n->hash) + 1);
}

void hmap_finish(struct hmap *m)
{
	assert(m->n == 0);
	free(m->buckets);
	*m = (struct hmap){0};
}
