/* SPDX-License-Identifier: Apache-2.0 */
/* log: one structured line per decision: a fixed message and key=value pairs. Only sbc/ logs. A line is built in the
 * caller's struct on the stack and handed whole to the sink (a callback; sbc/manage has the one with a writer thread),
 * so logging never blocks and never allocates here. Values are quoted and escaped where they need it: a peer cannot
 * forge a line. Any thread.
 *
 *     struct log_line l;
 *     if (log_begin(&l, LOG_INFO, "call answered")) {
 *             log_str(&l, "call", call_id);
 *             log_u64(&l, "after_ms", ms);
 *             log_end(&l);
 *     }
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/str.h"
#include "base/writer.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_line {
	enum log_level level;
	struct writer w;
	bool cut;        /* a pair did not fit and was left out: the line says cut=yes */
	char text[1024]; /* values longer than 300 bytes are cut and end in "..." */
};

const char *log_level_text(enum log_level level); /* "INFO" */

/* false: this level is off (at start: debug); nothing else is to be called. Writes level and msg, which is the
 * program's own text and not escaped; the sink adds the time. */
bool log_begin(struct log_line *l, enum log_level level, const char *msg);
void log_pair(struct log_line *l, struct str key, struct str value);
/* Inline, for the key's length to be known when it is compiled. */
static inline void log_str(struct log_line *l, const char *key, struct str value)
{
	log_pair(l, str_z(key), value);
}
static inline void log_z(struct log_line *l, const char *key, const char *value) /* NULL: "-" */
{
	log_pair(l, str_z(key), value ? str_z(value) : STR("-"));
}
void log_u64(struct log_line *l, const char *key, uint64_t value);
/* Addresses and user parts of URIs: masked when log_set_mask(true): the one helper that does it. */
void log_addr(struct log_line *l, const char *key, const struct addr *a);
void log_user(struct log_line *l, const char *key, struct str user);
/* What log_addr() writes, for texts other than a pair. */
void log_write_addr(struct writer *w, const struct addr *a);
void log_end(struct log_line *l);

/* Line without time stamp and line end. May be called from any thread, also several at once. Changed only while no
 * other thread logs. */
typedef void (*log_sink)(void *arg, enum log_level level, const char *line, size_t n);
void log_set_sink(log_sink sink, void *arg); /* NULL: standard error, directly, with the time */
void log_set_level(enum log_level level);
void log_set_mask(bool mask);

#endif
