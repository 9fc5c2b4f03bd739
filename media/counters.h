/* SPDX-License-Identifier: Apache-2.0 */
/* counters: what a media worker counts over its life. Only its own thread writes; any thread may read, so the cells are
 * relaxed atomics (a plain load and store each, no lock prefix). Add a counter: one line in the list, then sum it in
 * media_gauges(). */
#ifndef MEDIA_COUNTERS_H
#define MEDIA_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "media/media.h"

#define WORKER_COUNTERS(X)                                                                                             \
	X(packets)    /* accepted from any side, RTCP included */                                                      \
	X(bytes)      /* of them, UDP payload */                                                                       \
	X(races)      /* a second allowed source inside a latch window */                                              \
	X(queue_full) /* notices to a port that had to wait for the one before */

struct counters {
#define X(name) _Atomic uint64_t name;
	WORKER_COUNTERS(X)
#undef X
	_Atomic uint64_t drops[MEDIA_DROP_COUNT];
	_Atomic uint64_t latches[MEDIA_RANK_NONE];
	_Atomic uint64_t source_changes[MEDIA_EVIDENCE_COUNT];
};

static inline void counter_add(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}
static inline uint64_t counter_read(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

#endif
