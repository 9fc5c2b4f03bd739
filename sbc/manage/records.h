/* SPDX-License-Identifier: Apache-2.0 */
/* records: what is written line by line: the log, and a JSON object for each call. Formatting is done by whoever calls,
 * on its thread and stack; the file is the writer thread's. */
#ifndef SBC_MANAGE_RECORDS_H
#define SBC_MANAGE_RECORDS_H

#include "base/log.h"
#include "base/writer.h"
#include "sbc/call/cdr.h"

/* log_set_sink() target: arg is a struct line_writer; adds the time: "2026-11-21T07:42:13.123456Z INFO call begun". */
void log_to_writer(void *arg, enum log_level level, const char *line, size_t n);

/* cdr_fn: arg is a struct line_writer; one JSON object a line. A record that does not fit into 64 kB becomes a small
 * one with its id, times, status and cause, and "truncated": true. */
#define CDR_LINE_MAX 65536
void cdr_to_writer(void *arg, const struct cdr *r);

/* The text alone, for tests and other sinks. One JSON object without a line end; README.md lists its keys. When it does
 * not fit, w is overflowed and what is in it is of no use. */
void cdr_write_json(struct writer *w, const struct cdr *r);
void cdr_write_json_short(struct writer *w, const struct cdr *r); /* "truncated": at most 512 bytes */

/* Its parts, as members of an object that has been opened: a live call is shown by the same keys. */
void cdr_put_times(struct writer *w, const struct cdr *r);
void cdr_put_leg(struct writer *w, const char *key, const struct cdr_leg *l);
void cdr_put_attempts(struct writer *w, const struct cdr *r);
void cdr_put_media(struct writer *w, const struct media_stats *m);
void cdr_put_verdict(struct writer *w, const struct cdr *r);

#endif
