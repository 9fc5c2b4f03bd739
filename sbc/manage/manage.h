/* SPDX-License-Identifier: Apache-2.0 */
/* manage: what an operator sees: log and CDR writers (a thread each behind a bounded queue), metrics and health over
 * HTTP. Reaches calls only through counters and snapshots; never blocks a worker. */
#ifndef SBC_MANAGE_MANAGE_H
#define SBC_MANAGE_MANAGE_H

#include "base/log.h"
#include "sbc/call/calls.h"

/* ---- writers: a thread that writes lines to a file -------------------------------------------------------------- */

/* Producers on any thread hand over whole lines; when the queue (bytes) is full the line is dropped and counted. The
 * thread gathers lines for up to 50 ms so that a producer rarely wakes it. The file is reopened on writer_reopen() (log
 * rotation). */
struct line_writer;
int line_writer_create(const char *path /* NULL: standard error */, size_t queue_bytes, struct line_writer **ret);
void line_writer_put(struct line_writer *w, const char *line, size_t n); /* the line end is added */
void line_writer_reopen(struct line_writer *w);
uint64_t line_writer_dropped(const struct line_writer *w);
uint64_t line_writer_queued(const struct line_writer *w);
/* Writes what is queued (at most 2 s) and ends the thread. */
void line_writer_destroy(struct line_writer *w);

/* log_set_sink() target: arg is a struct line_writer; adds the time. */
void log_to_writer(void *arg, enum log_level level, const char *line, size_t n);
/* cdr_fn: arg is a struct line_writer; one JSON object a line. */
void cdr_to_writer(void *arg, const struct cdr *r);
/* The text alone, for tests and other sinks. */
void cdr_write_json(struct writer *w, const struct cdr *r);

/* ---- management port ------------------------------------------------------------------------------------------- */

struct manage;
struct manage_params {
	struct addr listen;
	struct loop *loop; /* the main thread's */
	/* Writes the Prometheus text; called on the main thread. */
	void (*metrics)(void *arg, struct writer *w);
	/* true: ready for calls (not draining, all listeners up). */
	bool (*ready)(void *arg);
	void *arg;
};
/* GET /metrics, /healthz (200 while the process lives and its workers turn), /readyz. */
int manage_create(const struct manage_params *p, char *err, size_t err_n, struct manage **ret);
void manage_destroy(struct manage *m);

/* Prometheus text from the sums over all workers. */
struct metrics_sources {
	const struct config *config;
	struct worker_group *group;
	struct calls *const *calls; /* one a worker */
	struct media *media;
	struct border_state *border;
	const struct line_writer *log, *cdr; /* may be NULL */
	uint64_t started_ns;
};
void metrics_write(const struct metrics_sources *s, struct writer *w);

#endif
