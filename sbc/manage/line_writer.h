/* SPDX-License-Identifier: Apache-2.0 */
/* line_writer: a thread that writes lines to a file. Producers on any thread hand over whole lines and never wait for
 * the file: a line that finds no room in the queue is dropped and counted. The thread gathers lines for 50 ms and,
 * under a steady stream of them, for up to the writer's patience, so that a busy producer hardly ever has to wake it
 * and a write is shared by many lines; half a queue is written at once.
 *
 * What is written are whole lines in the order in which they were put. A write that fails (a full disk, a reader gone)
 * is counted, told once on standard error until one succeeds again, and tried again every second; meanwhile the queue
 * fills. Owned by whoever created it. */
#ifndef SBC_MANAGE_LINE_WRITER_H
#define SBC_MANAGE_LINE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct line_writer;

/* path NULL: standard error; else opened for appending, made with mode 0640. 0; -ENOMEM, -EAGAIN (no thread), or
 * -errno of opening it. queue_bytes counts line ends too. patience_ms: how old a line may become before it is written;
 * what a process that is killed can lose. */
int line_writer_create(const char *path, size_t queue_bytes, unsigned patience_ms, struct line_writer **ret);
/* One line; the line end is added. Any thread; some 100 ns. */
void line_writer_put(struct line_writer *w, const char *line, size_t n);
/* The same for a line that comes in parts. */
void line_writer_put_parts(struct line_writer *w, const struct str *parts, size_t n_parts);
/* Opens the file anew by its name (log rotation), on the thread, before it next writes. A line that was begun in the
 * old file is written whole to the new one. When it cannot be opened the old one is kept. Any thread, not a signal
 * handler. */
void line_writer_reopen(struct line_writer *w);

/* Since the start, or now. Any thread. */
uint64_t line_writer_dropped(const struct line_writer *w); /* lines that found no room */
uint64_t line_writer_queued(const struct line_writer *w);  /* bytes now */
uint64_t line_writer_errors(const struct line_writer *w);  /* failed writes and reopenings */
uint64_t line_writer_wakeups(const struct line_writer *w); /* times the thread woke */

/* Writes what is queued, for at most 2 s, and ends the thread; what is left then is lost, which standard error is told.
 * A thread that the kernel does not let go (a dead network file system) is left behind with its memory. NULL is
 * allowed. */
void line_writer_destroy(struct line_writer *w);

#endif
