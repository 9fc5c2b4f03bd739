/* SPDX-License-Identifier: Apache-2.0 */
#include "base/histogram.h"

/* One writer: no locked instruction is needed. */
static void add(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}

static uint64_t value(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static unsigned bucket_of(uint64_t us)
{
	if (us < 4)
		return (unsigned)us;
	unsigned log = 63 - (unsigned)__builtin_clzll(us);
	unsigned b = (log - 1) * 4 + (unsigned)(us >> (log - 2) & 3);
	return b < HISTOGRAM_BUCKETS ? b : HISTOGRAM_BUCKETS - 1;
}

/* Largest value that falls into the bucket. */
static uint64_t edge_of(unsigned b)
{
	if (b < 4)
		return b;
	unsigned log = b / 4 + 1;
	return ((uint64_t)(b % 4 + 5) << (log - 2)) - 1;
}

void histogram_add(struct histogram *h, uint64_t us)
{
	add(&h->buckets[bucket_of(us)], 1);
	if (us > value(&h->max_us))
		atomic_store_explicit(&h->max_us, us, memory_order_relaxed);
}

uint64_t histogram_max_us(const struct histogram *h)
{
	return value(&h->max_us);
}

uint64_t histogram_above_us(const struct histogram *h, uint64_t us)
{
	uint64_t n = 0;
	for (unsigned b = bucket_of(us) + 1; b < HISTOGRAM_BUCKETS; b++)
		n += value(&h->buckets[b]);
	return n;
}

uint64_t histogram_percentile_us(const struct histogram *h, double q)
{
	uint64_t total = 0, seen = 0, max = histogram_max_us(h);
	for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++)
		total += value(&h->buckets[b]);
	for (unsigned b = 0; b < HISTOGRAM_BUCKETS && total; b++) {
		seen += value(&h->buckets[b]);
		if ((double)seen >= q * (double)total)
			return edge_of(b) < max ? edge_of(b) : max;
	}
	return total ? max : 0;
}
