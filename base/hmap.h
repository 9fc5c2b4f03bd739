/* SPDX-License-Identifier: Apache-2.0 */
/* hmap: intrusive chained hash table. Owns its bucket array only; nodes are members of the caller's objects. The caller
 * supplies the hash (keyed: hash.h, whenever a peer chooses the key) and compares. Grows by doubling, a few buckets
 * with each insert; when the memory for growing is not to be had it goes on with longer chains. Not thread-safe. */
#ifndef BASE_HMAP_H
#define BASE_HMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct hmap_node {
	struct hmap_node *next;
	uint64_t hash;
};

struct hmap {
	struct hmap_node **buckets; /* NULL until the first insert */
	size_t mask;                /* buckets - 1 */
	size_t n;                   /* nodes held */
	struct hmap_node *
		*old; /* while it grows: half as many buckets, of which the first `moved` are in the new ones */
	size_t moved;
};

/* 0 or -ENOMEM (only when not even the first bucket array can be had). */
int hmap_insert(struct hmap *m, struct hmap_node *n, uint64_t hash);
/* The node must be in the map. */
void hmap_remove(struct hmap *m, struct hmap_node *n);
/* First node with this hash (the last inserted), then hmap_next() for the others; NULL at the end. */
struct hmap_node *hmap_first(const struct hmap *m, uint64_t hash);
struct hmap_node *hmap_next(const struct hmap_node *n);
/* Frees the bucket array; the map must be empty. The map may be used again afterwards. */
void hmap_finish(struct hmap *m);

#define hmap_for_each_hash(it, m, h) for (struct hmap_node *it = hmap_first((m), (h)); it; it = hmap_next(it))
/* Any node, and the one after n in no particular order; NULL at the end. An insert changes the order. */
struct hmap_node *hmap_begin(const struct hmap *m);
struct hmap_node *hmap_after(const struct hmap *m, const struct hmap_node *n);

/* A walk that is put aside and goes on, whatever came and went and however the map has grown: each node has a place, by
 * its hash alone, and buckets hold neighbouring places. The first node of the bucket that holds this place, its others
 * by `next`, in no order; NULL: none. *ret_last is the bucket's last place: the next bucket begins behind it, and
 * UINT64_MAX is the end. */
uint64_t hmap_place(uint64_t hash);
struct hmap_node *hmap_bucket_at(const struct hmap *m, uint64_t place, uint64_t *ret_last);

/* Every node; the current one (no other) may be removed and freed inside the loop, none inserted. */
#define hmap_for_each_safe(it, m)                                                                                      \
	for (struct hmap_node *it = hmap_begin(m), *it##_n = it ? hmap_after((m), it) : NULL; it;                      \
	     it = it##_n, it##_n = it ? hmap_after((m), it) : NULL)

#endif
