/* SPDX-License-Identifier: Apache-2.0 */
/* negotiate: between descriptions (sdp/) and the relay's plain structs (media/). m-line i is stream i. Worker's thread.
 */
#ifndef SBC_CALL_NEGOTIATE_H
#define SBC_CALL_NEGOTIATE_H

#include "media/media.h"
#include "sbc/sip/message.h"
#include "sdp/sdp.h"

struct call;
struct leg;

/* The family of our media address towards a far end: its own if the network has one, else the other. */
bool negotiate_v6(const struct call *c, unsigned network, bool wanted);
/* Asks for ports on a side for these m-lines; counted in media_pending until they are there. Where there is nothing to
 * carry, nothing is asked, and true. False: no session can be had, or the side is not in a state for it. */
bool negotiate_prepare(struct call *c, enum media_side side, unsigned network, bool v6, const struct sdp *desc);
/* Writes towards leg `to` what `desc` (from the other leg) says: our ports, codecs by both policies. answered: the
 * offer that desc answers, or NULL when desc is an offer. Returns false when nothing is left (no codec), or it does not
 * fit. */
bool negotiate_write(struct call *c, struct leg *to, const struct sdp *desc, const struct sdp *answered,
		     struct writer *w);
/* Both descriptions are known: tells the relay. offerer's description was `offer`, other's `answer`. fork: of leg B. */
void negotiate_commit(struct call *c, struct leg *offerer, const struct sdp *offer, struct leg *other,
		      const struct sdp *answer, unsigned fork);
/* The answer that m, from leg `from`, brings to the offer of leg `to`: written for it, and the relay is told. False: m
 * brings none, or none that can be used. */
bool negotiate_answer(struct call *c, const struct message *m, struct leg *from, struct leg *to,
		      const struct sdp *offer, unsigned fork, struct writer *w);
/* Its first half: written, and the relay is not told. *ret_answer is the caller's. */
bool negotiate_write_answer(struct call *c, const struct message *m, struct leg *to, const struct sdp *offer,
			    struct writer *w, struct sdp **ret_answer);
/* One leg's end alone: its description, and what it was told of the other's. */
void negotiate_commit_leg(struct call *c, struct leg *l, const struct sdp *own, const struct sdp *other, unsigned fork);
/* From now on this branch of leg B's fork is heard. */
void negotiate_select(struct call *c, unsigned fork);
/* The built-in target answers an offer by itself: what comes goes back. */
void negotiate_commit_echo(struct call *c, struct leg *l, const struct sdp *offer);
/* SDP of a message: NULL with *ret_reject NONE when it has none. */
struct sdp *negotiate_parse(const struct message *m, enum reject_reason *ret_reject);

#endif
