/* SPDX-License-Identifier: Apache-2.0 */
/* gather: one question put to several workers, and what came back in time. Main thread; the workers are reached by
 * their queues alone, and a worker that is stuck costs the asker the deadline and nothing else: its answer is freed
 * when it comes. */
#ifndef SBC_MANAGE_GATHER_H
#define SBC_MANAGE_GATHER_H

#include "sbc/sip/loop.h"
#include "sbc/sip/worker.h"

#define GATHER_DEADLINE_MS 2000
#define GATHER_OPEN_MAX    2048 /* questions under way, over all workers */

/* Where the workers are. Outlives every gather and every answer that is under way. */
struct gather_door {
	struct loop *loop; /* the main thread's */
	unsigned n_workers;
	struct loop *(*worker)(void *arg, unsigned i); /* any thread */
	void *arg;                                     /* of worker() and of what is asked */
	unsigned deadline_ms;                          /* 0: GATHER_DEADLINE_MS */
	unsigned open;                                 /* the door's own */
};

/* A kind of question: a plain struct that also takes the answer. */
struct gather_kind {
	size_t bytes;
	/* Puts question q (the copy that travels) to worker i, on its thread. Calls gather_answered(q), once, on that
	 * thread, when the answer is in it. */
	void (*ask)(void *arg, unsigned i, void *q);
	/* Frees what is in an answer. Any thread. */
	void (*finish)(void *q);
};
void gather_answered(void *q);

#define GATHER_ALL (-1)
struct gather;
/* Asks worker `worker` or GATHER_ALL; the question is copied. done is called once, never from within; the gather is the
 * caller's until gather_free(). NULL: out of memory. */
struct gather *gather_begin(struct gather_door *d, const struct gather_kind *kind, const void *question, int worker,
			    void (*done)(void *arg, struct gather *g), void *arg);
/* The answer of a worker, or NULL: not asked, or not answered in time. Good until gather_free(). */
void *gather_answer(const struct gather *g, unsigned worker);
unsigned gather_workers(const struct gather *g); /* answers are looked for below this */
/* How many of those asked did not answer. */
unsigned gather_missing(const struct gather *g);
/* Also before it is done: then done is not called any more. NULL is allowed. */
void gather_free(struct gather *g);

#endif
