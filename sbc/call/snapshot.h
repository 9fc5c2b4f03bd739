/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot: what management may know of live calls, and do to them: questions that are put to a worker and answered by
 * plain copies. Nothing here points into a call, so that answers may cross threads.
 *
 * Whoever asks owns the struct calls_ask; it is the worker's from calls_ask() until `done`, which comes exactly once,
 * on the worker's thread, perhaps from within calls_ask(). A long answer is made over several turns of the loop. */
#ifndef SBC_CALL_SNAPSHOT_H
#define SBC_CALL_SNAPSHOT_H

#include "base/list.h"
#include "base/wheel.h"
#include "sbc/call/calls.h"

#define CALLS_LIST_MAX   1000       /* calls of one answer */
#define CALLS_LIST_BYTES (4u << 20) /* and their bytes: a list ends early, and says that there is more */
#define CALLS_ASKS_MAX   256        /* questions open at one worker */

/* One call, one block of memory: free it by calls_ask_finish(). Slices and pointers lie in the block. */
struct call_snapshot {
	struct call_snapshot *next;
	uint64_t start_ns; /* lists are in this order */
	struct cdr record; /* as far as it is known: end_us, ended_by, cause only once the call is ending */
	const char *state, *leg_state[2]; /* static text; leg NULL: not there */
	bool echo, ending;
	const char
		*kept; /* static text: is the next process going to know it? NULL: not asked for, or not to be kept */
	struct str described[2]; /* SHOW: the description last sent on a leg, as text; empty: none */
	struct media_local local[2][MEDIA_MAX_STREAMS]; /* our ports as they are told on each side */
	unsigned n_local[2];
};

enum calls_ask_kind {
	CALLS_LIST, /* calls begun after after_ns, oldest first, at most limit */
	CALLS_SHOW, /* the call of this id, with descriptions, media statistics and the verdict so far */
	CALLS_END,  /* ends the call of this id; answers as LIST would, after the fact */
};

struct calls_ask {
	/* the question */
	enum calls_ask_kind kind;
	uint64_t after_ns;
	unsigned limit; /* 1 to CALLS_LIST_MAX */
	char id[IDENT_LEN + 1];
	void (*done)(struct calls_ask *a);

	/* the answer. error: 0; -ENOENT: no such call; -EALREADY: END of a call that is ending; -EBUSY: too many
	 * questions; -ENOMEM; -ECANCELED: the worker ends. On errors there are no calls. */
	int error;
	struct call_snapshot *first;
	unsigned n;
	bool more; /* LIST: there are calls after the last */

	/* the worker's, while it answers */
	struct calls *calls;
	struct list node, *at;
	struct call *call; /* SHOW: whose statistics are awaited */
	struct call_snapshot **end;
	size_t bytes;
	struct wheel_timer timer;
};

/* Worker's thread. */
void calls_ask(struct calls *cs, struct calls_ask *a);
/* Frees the answer; the struct is the caller's. Any thread. */
void calls_ask_finish(struct calls_ask *a);

#endif
