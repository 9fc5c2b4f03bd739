/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: the Prometheus text (exposition format 0.0.4) from the counters and gauges of all rooms. Everything read
 * here may be read from any thread while it counts; sums over workers are approximate to the moment. */
#ifndef SBC_MANAGE_METRICS_H
#define SBC_MANAGE_METRICS_H

#include "base/writer.h"
#include "sbc/call/calls.h"
#include "sbc/location/location.h"
#include "sbc/manage/line_writer.h"

struct metrics_sources {
	const struct config *config;
	struct worker_group *group;
	struct calls *const *calls;       /* one a worker */
	struct location *const *location; /* one a worker; NULL: none */
	struct media *media;
	struct border_state *border;
	struct logins *logins;               /* may be NULL: all zero */
	const struct line_writer *log, *cdr; /* may be NULL */
	struct store *store;                 /* may be NULL */
	uint64_t started_ns;                 /* clock_ns() at the start of the process */
};
/* Some 20 kB, and 500 bytes a peer. Every family is written even at zero, so that a scraper sees it from the start.
 * Main thread. */
void metrics_write(const struct metrics_sources *s, struct writer *w);

#endif
