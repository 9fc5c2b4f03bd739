/* SPDX-License-Identifier: Apache-2.0 */
/* early: the early dialogs of a call that is not answered yet (RFC 3261 §12, §13.2.2.4): the branches of a fork beyond
 * leg B, and what a BYE for one of them ends. While their descriptions agree, branches stay hidden behind one tag
 * (tags.h). They belong to leg B. Worker's thread. */
#ifndef SBC_CALL_EARLY_H
#define SBC_CALL_EARLY_H

#include "media/media.h"
#include "sbc/call/tags.h"
#include "sbc/sip/dialog.h"
#include "sdp/sdp.h"

struct call;
struct leg;

/* What a provisional response of a branch previewed of its answer. */
struct preview {
	char *text; /* our description for the caller; NULL: none */
	size_t n;
	struct sdp_origin origin; /* the caller's leg's after it */
	uint64_t got_digest;      /* of what the branch said */
};

#define EARLY_MAX_BRANCHES 16
struct branch {
	struct branch *next;
	uint64_t tag;          /* keyed hash of its To tag */
	struct dialog dialog;  /* as its last provisional response has it, for requests in it; numbers are leg B's */
	int fork;              /* its media fork; -1: none yet */
	struct leg_tag *shown; /* leg A's; NULL: not shown to the caller */
	bool left;             /* the caller, or it itself, has ended it by BYE: nothing of it is told any more */
	struct preview preview;
};

/* The branch of leg B with this tag, or NULL. */
struct branch *early_branch(const struct leg *b, struct str tag);
/* A provisional response of leg B's: its branch, from now on the one that spoke last. NULL: it names none, or there is
 * no room (counted). */
struct branch *early_heard(struct leg *b, const struct message *m);
/* A media fork for the branch (NULL: one that was never heard): its own, or a new one; -1: no more. For an answer the
 * last one is shared, since nothing else will be heard. */
int early_fork(struct leg *b, struct branch *branch, bool answer);
/* What leg A was just told of the branch is kept for a 2xx that leaves it at that. */
void early_keep_preview(struct leg *a, struct leg *b, struct branch *branch);
/* Such a 2xx: leg A's description is that of the branch again. False: it had none. */
bool early_take_preview(struct leg *a, struct leg *b, struct branch *branch);

/* BYE for one of several early dialogs ends that one alone (RFC 3261 §15): leg A's own as it sees them; of leg B's
 * fork, where the rest goes on ringing. */
bool early_one_of_several(const struct leg *l, const struct message *bye);
/* The caller has ended the early dialog of this tag: so are those of the branches behind it. */
void early_leave(struct call *c, const struct message *bye);
/* A branch of leg B's fork has ended its own: another one that has media is heard. */
void early_gone(struct leg *b, const struct message *bye);

/* The branch behind leg A's tag that spoke last, or NULL. */
struct branch *early_behind(const struct leg *b, struct str tag);

void early_forget_branches(struct leg *b); /* b may be NULL */

#endif
