/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: why there was no audio, in one plain sentence per direction. A pure function over the relay's statistics. */
#ifndef SBC_CALL_VERDICT_H
#define SBC_CALL_VERDICT_H

#include "media/media.h"

#define VERDICT_MAX 256

struct verdict_facts {
	const struct media_stats *stats;
	uint64_t answer_ns, end_ns; /* 0: never answered: no verdict */
};

/* The sentence about what came from this side, or NULL when all was well (or the call too short to say: under a
 * second). The text is in buf. Streams that were not to send (hold) are passed over; the first one with something to
 * say speaks. */
const char *verdict(const struct verdict_facts *f, enum media_side from, char buf[VERDICT_MAX]);

#endif
