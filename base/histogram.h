/* SPDX-License-Identifier: Apache-2.0 */
/* histogram: durations in fixed memory, four steps to each doubling (so a percentile is at most 25 % too high). One
 * writer, any reader. */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 128 /* 0..3 us exactly, then up to about 2^33 us; the last takes the rest */

struct histogram {
	_Atomic uint64_t buckets[HISTOGRAM_BUCKETS];
	_Atomic uint64_t max_us;
};

void histogram_add(struct histogram *h, uint64_t us);
/* Upper edge of the bucket in which the q-th part (0 < q <= 1) of all entries lies, at most the maximum; 0 when empty.
 */
uint64_t histogram_percentile_us(const struct histogram *h, double q);
uint64_t histogram_max_us(const struct histogram *h);
/* How many entries were longer than that; those of its own bucket are not among them. */
uint64_t histogram_above_us(const struct histogram *h, uint64_t us);

#endif
