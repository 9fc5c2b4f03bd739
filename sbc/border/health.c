/* SPDX-License-Identifier: Apache-2.0 */
/* Health of addresses: which of a target's addresses failed lately. A small set-associative table; when a bucket is
 * full the entry whose hold ends first goes, so what is lost is a hint, never a call. While nothing is held down (the
 * usual case) no lock is taken. */
#include <string.h>

#include "sbc/border/internal.h"

static uint64_t address_hash(const struct border_state *s, const struct addr *a)
{
	uint8_t key[19];
	uint64_t h = siphash(&s->key, key, addr_key(a, key));
	return h ? h : 1;
}

static struct health_entry *bucket_of(struct health *h, uint64_t hash)
{
	return h->v[hash % HEALTH_BUCKETS];
}

static struct health_entry *entry_find(struct health *h, uint64_t hash)
{
	struct health_entry *b = bucket_of(h, hash);
	for (size_t i = 0; i < HEALTH_WAYS; i++)
		if (b[i].hash == hash)
			return &b[i];
	return NULL;
}

static struct health_entry *entry_take(struct health *h, uint64_t hash)
{
	struct health_entry *b = bucket_of(h, hash), *e = &b[0];
	for (size_t i = 1; i < HEALTH_WAYS; i++) /* free ones have until_ms 0 */
		if (b[i].until_ms < e->until_ms)
			e = &b[i];
	if (!e->hash)
		atomic_fetch_add_explicit(&h->n, 1, memory_order_relaxed);
	*e = (struct health_entry){.hash = hash};
	return e;
}

static uint64_t next_hold_ms(const struct health_entry *e, uint64_t now_ms)
{
	if (e->hold_ms == 0 || now_ms > e->until_ms + HEALTH_MAX_MS)
		return HEALTH_HOLD_MS;
	return e->hold_ms * 2 < HEALTH_MAX_MS ? e->hold_ms * 2 : HEALTH_MAX_MS;
}

void border_address_failed(struct border_state *s, const struct addr *a, uint64_t now_ms)
{
	const uint64_t hash = address_hash(s, a);
	struct health *h = &s->health;
	pthread_mutex_lock(&h->lock);
	struct health_entry *e = entry_find(h, hash);
	if (!e)
		e = entry_take(h, hash);
	/* While it is held, further failures say nothing new: a hundred calls that die together are one failure. */
	if (now_ms >= e->until_ms) {
		e->hold_ms = next_hold_ms(e, now_ms);
		e->until_ms = now_ms + e->hold_ms;
	}
	pthread_mutex_unlock(&h->lock);
}

void border_address_worked(struct border_state *s, const struct addr *a)
{
	struct health *h = &s->health;
	if (atomic_load_explicit(&h->n, memory_order_relaxed) == 0)
		return;
	const uint64_t hash = address_hash(s, a);
	pthread_mutex_lock(&h->lock);
	struct health_entry *e = entry_find(h, hash);
	if (e) {
		*e = (struct health_entry){0};
		atomic_fetch_sub_explicit(&h->n, 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&h->lock);
}

static bool address_held(struct border_state *s, const struct addr *a, uint64_t now_ms)
{
	const struct health_entry *e = entry_find(&s->health, address_hash(s, a));
	return e && now_ms < e->until_ms;
}

void border_order(struct border_state *s, struct resolved *v, size_t n, uint64_t now_ms)
{
	struct health *h = &s->health;
	if (n < 2 || atomic_load_explicit(&h->n, memory_order_relaxed) == 0)
		return;
	pthread_mutex_lock(&h->lock);
	/* v[0..good) are well; each well one behind it moves down past the held ones, whose order stays. */
	for (size_t i = 0, good = 0; i < n; i++) {
		if (address_held(s, &v[i].addr, now_ms))
			continue;
		struct resolved well = v[i];
		memmove(&v[good + 1], &v[good], (i - good) * sizeof(*v));
		v[good++] = well;
	}
	pthread_mutex_unlock(&h->lock);
}
