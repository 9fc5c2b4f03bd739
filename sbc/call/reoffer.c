/* SPDX-License-Identifier: Apache-2.0 */
/* reoffer: a re-INVITE or UPDATE as it comes (RFC 3261 §14, RFC 3311): refused, answered here, or begun as an exchange
 * with the other side. */
#include "sbc/call/call.h"
#include "sbc/call/negotiate.h"
#include "sbc/call/told.h"

/* ---- answered here ---- */

/* Nothing to ask the other side: a refresh of target or session (RFC 4028), or a description that has not changed. */
static void answer_here(struct leg *from, struct server_txn *t, const struct message *m, bool with_sdp)
{
	char headers[HEADERS_MAX];
	struct writer h = writer_init(headers, sizeof(headers));
	struct reply r = {.status = 200, .guard = &from->hiding.set};
	int err;

	checkpoint_changed(from->call); /* the target */
	write_own_headers(from, false, true, &h);
	r.headers = writer_result(&h);
	if (with_sdp && from->sdp_sent_n) {
		r.body = (struct str){from->sdp_sent, from->sdp_sent_n};
		r.content_type = STR("application/sdp");
	}
	if (m->method == METHOD_INVITE) {
		leg_own_unacked(from, t);
		err = leg_reply_2xx(from, t, m->cseq, &r);
	} else {
		err = server_txn_reply(t, &r);
	}
	if (err == 0)
		return;
	/* nothing waits for an ACK then, and the transaction may outlive the leg */
	server_txn_reject(t, REJECT_NO_MEMORY);
	server_txn_detach(t);
}

/* The built-in target agrees to what it is offered, as far as it has ports. */
static bool echo_again(struct call *c, struct leg *l, const struct sdp *offer)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));

	if (!negotiate_write(c, l, offer, offer, &b))
		return false;
	negotiate_commit_echo(c, l, offer);
	return true;
}

/* ---- what stands in its way ---- */

static enum reject_reason blocked(struct call *c, struct leg *from)
{
	struct leg *to = from == c->a ? c->b : c->a;

	/* RFC 3261 §14.2, RFC 3311 §5.2: what it asked before has no final answer yet */
	if (from->state == LEG_INCOMING)
		return REJECT_GLARE_RETRY;
	if (c->exchange)
		return exchange_is_of(c, from) ? REJECT_GLARE_RETRY : REJECT_GLARE;
	if (from->unacked.txn || (to && to->unacked.txn) || c->state != CALL_TALKING || !leg_talking(from) ||
	    (to && !leg_talking(to)))
		return REJECT_GLARE;
	return REJECT_NONE;
}

/* A target refresh also says where the far side is now: a NAT's binding has moved, or its connection is another one.
 * Without, our BYE would go to where nobody is any more. Who may say so knows Call-ID and both tags. */
static void refresh_target(struct leg *l, const struct message *m)
{
	struct destination d = destination_of_flow(&m->source);

	/* which branch of a fork it is to be is not known before the answer */
	if (!l->dialog.remote_tag)
		return;
	dialog_refresh_target(&l->dialog, m);
	dialog_set_flow(&l->dialog, &d);
	l->transport = l->dialog.peer.transport;
}

static void count_glare(struct call *c, enum reject_reason why)
{
	call_count(&c->calls->counters.rejects[why], 1);
	if (why == REJECT_GLARE || why == REJECT_GLARE_RETRY)
		call_count(&c->calls->counters.glare, 1);
}

/* Whoever asks for more in a dialog has our 2xx: its ACK was lost, or overtaken by this. Only an answer that the ACK
 * was to bring must still be waited for. */
static void take_for_ack(struct call *c, struct leg *from, const struct message *m)
{
	if (!from->unacked.txn || m->cseq <= from->unacked.cseq)
		return;
	if (from->unacked.txn == from->invite_in) {
		if (!c->late)
			leg_event(from, LEG_EV_ACK, &(struct leg_arg){0});
		call_run(c);
	} else if (!c->exchange) {
		exchange_ack(c, from, m);
	}
}

void reoffer_request(struct call *c, struct leg *from, struct server_txn *t, const struct message *m)
{
	enum reject_reason why;
	struct sdp *offer = negotiate_parse(m, &why);
	enum offer_verdict verdict;

	if (why != REJECT_NONE) {
		count_glare(c, why);
		server_txn_reject(t, why);
		return;
	}
	if (m->method == METHOD_UPDATE && !offer) {
		refresh_target(from, m);
		answer_here(from, t, m, false);
		return;
	}
	take_for_ack(c, from, m);
	why = blocked(c, from);
	if (why == REJECT_NONE && offer) {
		verdict = leg_offer_event(from, OFFER_GOT);
		why = verdict == OFFER_OK ? REJECT_NONE : verdict == OFFER_GLARE ? REJECT_GLARE : REJECT_GLARE_RETRY;
	}
	if (why != REJECT_NONE) {
		count_glare(c, why);
		server_txn_reject(t, why);
		sdp_free(offer);
		return;
	}
	refresh_target(from, m);
	if (c->echo && offer && !echo_again(c, from, offer)) {
		leg_offer_event(from, OFFER_DROPPED);
		count_glare(c, REJECT_NO_CODEC);
		server_txn_reject(t, REJECT_NO_CODEC);
		sdp_free(offer);
		return;
	}
	if ((offer && calls_digest(c->calls, offer->text) == from->sdp_got_digest) || c->echo) {
		if (offer)
			leg_offer_event(from, ANSWER_SENT);
		answer_here(from, t, m, true);
		sdp_free(offer);
		return;
	}
	exchange_begin(c, from, t, m, offer);
}
