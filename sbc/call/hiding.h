/* SPDX-License-Identifier: Apache-2.0 */
/* hiding: what the leak checker must not find in a message of a leg: the strings of the other one. Worker's thread. */
#ifndef SBC_CALL_HIDING_H
#define SBC_CALL_HIDING_H

#include "sbc/border/leak.h"
#include "sbc/sip/message.h"

struct leg;
struct sdp;

/* Strings of the other side that a leg must not send, and its own, which it may. */
struct leg_seen;
struct hiding {
	struct leak_set set;
	struct leg_seen *seen; /* copies that the set points into, the latest first */
	struct {
		unsigned n;            /* the first needles of the set are the leg's own: they stay */
		struct leg_seen *seen; /* the latest copies then, */
		unsigned used;         /* and so many bytes of them */
	} own;
};

/* Adds a string of the other side to what must not be sent on `to`, copied; what `to` itself uses is left out.
 */
void leg_forbid(struct leg *to, struct str needle);
/* What was minted for the other leg, and where it is. */
void leg_forbid_leg(struct leg *to, const struct leg *other);
/* All that a message shows of the side it came from: Via hosts and branches, ids, Contact, SDP addresses (sdp may be
 * NULL). */
void leg_forbid_message(struct leg *to, const struct message *m, const struct sdp *sdp);
/* Back to what leg_allow_own() left. */
void leg_forbid_reset(struct leg *to);
/* One string of a set that was written down; allowed: the far side's own. */
void leg_forbid_restore(struct leg *to, struct str needle, bool allowed);
/* What must be repeated to this leg's far side; invite: the one that made a UAS leg, else NULL. Before anything is
 * forbidden. */
void leg_allow_own(struct leg *l, const struct message *invite);
void leg_hiding_finish(struct leg *l);

#endif
