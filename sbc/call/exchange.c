/* SPDX-License-Identifier: Apache-2.0 */
/* exchange: a re-INVITE or UPDATE on one leg, carried to the other and back (RFC 3261 §14, RFC 3311). One at a time a
 * call; a second one is glare. Nothing that is agreed changes until the answer: a refusal rolls back by doing nothing.
 *
 *   X --re-INVITE--> [ports] --re-INVITE or UPDATE--> Y;  Y --2xx--> X (and ACK to Y);  X --ACK-->
 *   without an offer:  Y --2xx offer--> X;  X --ACK answer--> ACK answer to Y */
#include <errno.h>
#include <stdlib.h>

#include "sbc/call/timers.h"

#define HEADERS_MAX 16384

#define EXCHANGE_STATES(X)                                                                                             \
	X(EXCHANGE_PREPARING) /* new streams: ports are being taken */                                                 \
	X(EXCHANGE_FORWARDED) /* sent on; its final response awaited */                                                \
	X(EXCHANGE_LATE)      /* a 2xx with an offer was passed back; the ACK brings the answer */                     \
	X(EXCHANGE_DONE)

#define EXCHANGE_EVENTS(X)                                                                                             \
	X(EXCHANGE_READY)                                                                                              \
	X(EXCHANGE_NO_PORT)                                                                                            \
	X(EXCHANGE_ANSWER) /* 2xx */                                                                                   \
	X(EXCHANGE_OFFER)  /* 2xx to an INVITE without offer */                                                        \
	X(EXCHANGE_REFUSED)                                                                                            \
	X(EXCHANGE_GONE) /* 408, 481 or silence: the far dialog is no more (RFC 3261 §12.2.1.2) */                    \
	X(EXCHANGE_CANCEL)                                                                                             \
	X(EXCHANGE_ACK)

enum exchange_state {
#define X(name) name,
	EXCHANGE_STATES(X)
#undef X
		EXCHANGE_STATE_COUNT
};
enum exchange_event {
#define X(name) name,
	EXCHANGE_EVENTS(X)
#undef X
		EXCHANGE_EVENT_COUNT
};

struct exchange {
	struct call *call;
	enum exchange_state state;
	enum method method; /* as it came */
	struct leg *from, *to;
	struct server_txn *in;
	struct client_txn *out;
	enum method out_method;
	uint32_t cseq;
	struct message *request;  /* a reference of our own, until it is forwarded */
	struct sdp *offer;        /* from `from`, or (LATE) from `to` */
	struct wheel_timer bound; /* a far side that says 1xx and no more */
};

static bool exchange_event_(struct exchange *x, enum exchange_event ev, const struct message *m);

/* After the exchange, its 2xx is the leg's affair alone. */
static void unacked_terminated(void *arg, struct server_txn *t)
{
	struct leg *l = arg;

	if (l->unacked.txn == t)
		l->unacked.txn = NULL;
}

static void unacked_cancelled(void *arg, struct server_txn *t, const struct message *m)
{
}

static void unacked_failed(void *arg, struct server_txn *t, int error)
{
}

static const struct server_ops unacked_ops = {
	.cancelled = unacked_cancelled, .failed = unacked_failed, .terminated = unacked_terminated};

static void exchange_free(struct exchange *x)
{
	if (x->call->exchange == x)
		x->call->exchange = NULL;
	call_timers_exchange_over(x->call, &x->bound);
	if (x->in && x->in == x->from->unacked.txn)
		server_txn_own(x->in, &unacked_ops, x->from);
	else if (x->in)
		server_txn_detach(x->in);
	if (x->out)
		client_txn_detach(x->out);
	message_free(x->request);
	sdp_free(x->offer);
	free(x);
}

/* ---- replies to X ---- */

static void refuse(struct exchange *x, enum reject_reason why)
{
	call_count(&x->call->calls->counters.rejects[why], 1);
	if (x->in)
		server_txn_reject(x->in, why);
}

static int reply_ok(struct exchange *x, const struct message *m, struct str body)
{
	char headers[HEADERS_MAX];
	struct writer h = writer_init(headers, sizeof(headers));
	struct reply r = {.status = 200, .body = body, .guard = &x->from->forbidden};

	write_own_headers(x->from, false, true, &h);
	if (m)
		write_crossing(x->call, x->to, x->from, m, &h);
	if (h.overflow)
		return -EMSGSIZE;
	r.headers = writer_result(&h);
	if (body.n)
		r.content_type = STR("application/sdp");
	if (!x->in)
		return -ENOENT;
	if (x->method == METHOD_INVITE)
		return leg_reply_2xx(x->from, x->in, x->cseq, &r);
	return server_txn_reply(x->in, &r);
}

static void pass_refusal(struct exchange *x, const struct message *m)
{
	char headers[HEADERS_MAX], phrase[64];
	struct writer h = writer_init(headers, sizeof(headers)), p = writer_init(phrase, sizeof(phrase) - 1);
	struct reply r = {.status = m->status < 400 ? 488 : status_across(m->status), .guard = &x->from->forbidden};

	writer_str(&p, m->phrase);
	phrase[p.overflow ? 0 : p.n] = '\0';
	if (phrase[0] && r.status == m->status)
		r.phrase = phrase;
	write_own_headers(x->from, false, false, &h);
	write_crossing(x->call, x->to, x->from, m, &h);
	r.headers = h.overflow ? STR_NONE : writer_result(&h);
	if (m->status == 491)
		call_count(&x->call->calls->counters.glare, 1);
	if (x->in)
		server_txn_reply(x->in, &r);
}

/* ---- towards Y ---- */

static void out_response(void *arg, struct client_txn *t, const struct message *m)
{
	struct exchange *x = arg;
	struct call *c = x->call;

	if (m->status < 200)
		return;
	if (m->status == 408 || m->status == 481)
		exchange_event_(x, EXCHANGE_GONE, m);
	else if (m->status >= 300)
		exchange_event_(x, EXCHANGE_REFUSED, m);
	else
		exchange_event_(x, x->offer ? EXCHANGE_ANSWER : EXCHANGE_OFFER, m);
	call_run(c);
}

static void out_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	struct exchange *x = arg;
	struct call *c = x->call;

	exchange_event_(x, EXCHANGE_GONE, NULL);
	call_run(c);
}

static void out_terminated(void *arg, struct client_txn *t)
{
	struct exchange *x = arg;

	x->out = NULL;
}

static const struct client_ops out_ops = {.response = out_response, .failed = out_failed, .terminated = out_terminated};

/* Taken for a CANCEL of the side that asked: the CANCEL's own time ends it at the latest. */
static void on_bound(struct wheel_timer *t)
{
	struct exchange *x = container_of(t, struct exchange, bound);
	struct call *c = x->call;

	exchange_event_(x, EXCHANGE_CANCEL, NULL);
	call_run(c);
}

/* Back to what was agreed last. The last description that Y has of us is then not the agreed one: its next offer is not
 * answered here, not even when it repeats what it said before. */
static void drop_offers(struct exchange *x)
{
	leg_offer_event(x->from, OFFER_DROPPED);
	leg_offer_event(x->to, OFFER_DROPPED);
	if (x->offer)
		x->to->sdp_got_digest = 0;
}

static void act_forward(struct exchange *x, const struct message *m)
{
	struct call *c = x->call;
	char headers[HEADERS_MAX], body[SDP_MAX_BYTES];
	struct writer h = writer_init(headers, sizeof(headers)), b = writer_init(body, sizeof(body));
	struct client_request r = {0};
	int err;

	/* UPDATE reaches a side that does not know it as re-INVITE */
	r.method = x->out_method = x->method == METHOD_UPDATE && x->to->far_update ? METHOD_UPDATE : METHOD_INVITE;
	if (x->offer) {
		leg_forbid_message(x->to, x->request, x->offer);
		if (!negotiate_write(c, x->to, x->offer, NULL, &b)) {
			refuse(x, REJECT_NO_CODEC);
			leg_offer_event(x->from, OFFER_DROPPED);
			x->state = EXCHANGE_DONE;
			return;
		}
		leg_offer_event(x->to, OFFER_SENT);
		r.body = writer_result(&b);
		r.content_type = STR("application/sdp");
	}
	write_own_headers(x->to, true, true, &h);
	write_crossing(c, x->from, x->to, x->request, &h);
	r.headers = writer_result(&h);
	err = -EMSGSIZE;
	x->out = h.overflow ? NULL : leg_request(x->to, &r, &out_ops, x, &err);
	if (!x->out) {
		refuse(x, err == -ENOMEM     ? REJECT_NO_MEMORY
			  : err == -EMSGSIZE ? REJECT_TOO_LARGE
					     : REJECT_TARGETS_DOWN);
		drop_offers(x);
		x->state = EXCHANGE_DONE;
		return;
	}
	if (r.method == METHOD_INVITE)
		x->to->invite_cseq = x->to->dialog.local_cseq;
	message_free(x->request);
	x->request = NULL;
	call_timers_exchange_sent(c, &x->bound, on_bound);
}

/* ---- actions ---- */

static void act_no_port(struct exchange *x, const struct message *m)
{
	refuse(x, REJECT_NO_PORT);
	leg_offer_event(x->from, OFFER_DROPPED);
}

static void broken(struct exchange *x, const char *cause)
{
	refuse(x, REJECT_SDP);
	call_post(x->call, CALL_EV_BROKEN, &(struct call_arg){.cause = cause});
}

static void act_answer(struct exchange *x, const struct message *m)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));
	enum reject_reason why;
	struct sdp *answer = negotiate_parse(m, &why);

	dialog_refresh_target(&x->to->dialog, m);
	if (x->out_method == METHOD_INVITE)
		leg_send_ack(x->to, STR_NONE);
	leg_forbid_message(x->from, m, answer);
	if (!answer || sdp_check_answer(x->offer, answer) || !negotiate_write(x->call, x->from, answer, x->offer, &b)) {
		/* the far side has changed and this one cannot follow: they no longer agree on anything */
		broken(x, "unusable answer");
		sdp_free(answer);
		return;
	}
	leg_offer_event(x->to, ANSWER_GOT);
	leg_offer_event(x->from, ANSWER_SENT);
	negotiate_commit(x->call, x->from, x->offer, x->to, answer, x->call->b->fork);
	sdp_free(answer);
	if (reply_ok(x, m, writer_result(&b)) < 0)
		broken(x, "answer not sent");
}

static void act_offer(struct exchange *x, const struct message *m)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));
	enum reject_reason why;

	dialog_refresh_target(&x->to->dialog, m);
	x->offer = negotiate_parse(m, &why);
	leg_forbid_message(x->from, m, x->offer);
	if (!x->offer || leg_offer_event(x->to, OFFER_GOT) != OFFER_OK ||
	    !negotiate_write(x->call, x->from, x->offer, NULL, &b)) {
		leg_send_ack(x->to, STR_NONE);
		broken(x, "unusable offer");
		return;
	}
	leg_offer_event(x->from, OFFER_SENT);
	if (reply_ok(x, m, writer_result(&b)) < 0)
		broken(x, "offer not sent");
}

static void act_late_answer(struct exchange *x, const struct message *ack)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));
	enum reject_reason why;
	struct sdp *answer = negotiate_parse(ack, &why);

	leg_forbid_message(x->to, ack, answer);
	if (!answer || sdp_check_answer(x->offer, answer) || !negotiate_write(x->call, x->to, answer, x->offer, &b)) {
		leg_send_ack(x->to, STR_NONE);
		call_post(x->call, CALL_EV_BROKEN, &(struct call_arg){.cause = "unusable answer"});
		sdp_free(answer);
		return;
	}
	leg_offer_event(x->from, ANSWER_GOT);
	leg_offer_event(x->to, ANSWER_SENT);
	negotiate_commit(x->call, x->to, x->offer, x->from, answer, x->call->b->fork);
	leg_send_ack(x->to, writer_result(&b));
	sdp_free(answer);
}

static void act_refused(struct exchange *x, const struct message *m)
{
	drop_offers(x);
	pass_refusal(x, m);
}

static void act_gone(struct exchange *x, const struct message *m)
{
	drop_offers(x);
	if (m)
		pass_refusal(x, m);
	else
		refuse(x, REJECT_TIMEOUT);
	call_post(x->call, CALL_EV_BROKEN, &(struct call_arg){.cause = "far dialog gone"});
}

/* Unlike a first INVITE's, the CANCEL of a re-INVITE may come too late without harm: Y's final response decides for
 * both. */
static void act_cancel(struct exchange *x, const struct message *m)
{
	if (x->out && x->out_method == METHOD_INVITE)
		client_txn_cancel(x->out);
}

static void act_cancel_early(struct exchange *x, const struct message *m)
{
	refuse(x, REJECT_CANCELLED);
	leg_offer_event(x->from, OFFER_DROPPED);
}

/* ---- the table ---- */

struct exchange_cell {
	const char *name;
	void (*action)(struct exchange *x, const struct message *m);
	enum exchange_state next;
};

#define DO(act, next)                                                                                                  \
	{                                                                                                              \
#act, act_##act, next                                                                                  \
	}

static const struct exchange_cell cells[EXCHANGE_STATE_COUNT][EXCHANGE_EVENT_COUNT] = {
	[EXCHANGE_PREPARING] =
		{
			[EXCHANGE_READY] = DO(forward, EXCHANGE_FORWARDED),
			[EXCHANGE_NO_PORT] = DO(no_port, EXCHANGE_DONE),
			[EXCHANGE_CANCEL] = DO(cancel_early, EXCHANGE_DONE),
		},
	[EXCHANGE_FORWARDED] =
		{
			[EXCHANGE_ANSWER] = DO(answer, EXCHANGE_DONE),
			[EXCHANGE_OFFER] = DO(offer, EXCHANGE_LATE),
			[EXCHANGE_REFUSED] = DO(refused, EXCHANGE_DONE),
			[EXCHANGE_GONE] = DO(gone, EXCHANGE_DONE),
			[EXCHANGE_CANCEL] = DO(cancel, EXCHANGE_FORWARDED),
		},
	[EXCHANGE_LATE] =
		{
			[EXCHANGE_ACK] = DO(late_answer, EXCHANGE_DONE),
		},
};

static bool exchange_event_(struct exchange *x, enum exchange_event ev, const struct message *m)
{
	const struct exchange_cell *cell = &cells[x->state][ev];

	if (!cell->name) {
		/* in LATE: the 2xx once more, until we have the answer to ACK it with */
		if (x->state != EXCHANGE_LATE)
			call_count(&x->call->calls->counters.unexpected_events, 1);
		return false;
	}
	machine_mark(MACHINE_EXCHANGE, x->state, ev);
	x->state = cell->next;
	cell->action(x, m);
	checkpoint_changed(x->call);
	if (x->state == EXCHANGE_DONE)
		exchange_free(x);
	return true;
}

/* ---- the way in ---- */

static void in_cancelled(void *arg, struct server_txn *t, const struct message *cancel)
{
	struct exchange *x = arg;
	struct call *c = x->call;

	exchange_event_(x, EXCHANGE_CANCEL, cancel);
	call_run(c);
}

static void in_failed(void *arg, struct server_txn *t, int error)
{
}

static void in_terminated(void *arg, struct server_txn *t)
{
	struct exchange *x = arg;

	/* timer L of a 2xx may run out before the leg has given up waiting for its ACK */
	if (x->from->unacked.txn == t)
		x->from->unacked.txn = NULL;
	x->in = NULL;
}

static const struct server_ops in_ops = {.cancelled = in_cancelled, .failed = in_failed, .terminated = in_terminated};

/* Nothing to ask the other side: a refresh of target or session (RFC 4028), or a description that has not changed. */
static void answer_here(struct call *c, struct leg *from, struct server_txn *t, const struct message *m, bool with_sdp)
{
	struct exchange x = {.call = c, .method = m->method, .from = from, .in = t, .cseq = m->cseq};
	struct str body = with_sdp ? (struct str){from->sdp_sent, from->sdp_sent_n} : STR_NONE;

	checkpoint_changed(c); /* the target */
	if (m->method == METHOD_INVITE)
		server_txn_own(t, &unacked_ops, from);
	if (reply_ok(&x, NULL, body) == 0)
		return;
	/* nothing waits for an ACK then, and the transaction may outlive the leg */
	server_txn_reject(t, REJECT_NO_MEMORY);
	server_txn_detach(t);
}

static bool new_streams(const struct call *c, const struct sdp *offer)
{
	for (size_t i = 0; i < offer->n_media && i < MEDIA_MAX_STREAMS; i++)
		if (offer->media[i].port && (!(c->side[MEDIA_A].used & 1u << i) || !(c->side[MEDIA_B].used & 1u << i)))
			return true;
	return false;
}

static enum reject_reason blocked(struct call *c, struct leg *from)
{
	struct leg *to = from == c->a ? c->b : c->a;

	/* RFC 3261 §14.2, RFC 3311 §5.2: what it asked before has no final answer yet */
	if (from->state == LEG_INCOMING)
		return REJECT_GLARE_RETRY;
	if (c->exchange)
		return c->exchange->from == from ? REJECT_GLARE_RETRY : REJECT_GLARE;
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

static void begin(struct call *c, struct leg *from, struct server_txn *t, const struct message *m, struct sdp *offer)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x) {
		server_txn_reject(t, REJECT_NO_MEMORY);
		leg_offer_event(from, OFFER_DROPPED);
		sdp_free(offer);
		return;
	}
	*x = (struct exchange){.call = c,
			       .method = m->method,
			       .from = from,
			       .to = from == c->a ? c->b : c->a,
			       .in = t,
			       .cseq = m->cseq,
			       .request = message_ref(m),
			       .offer = offer};
	c->exchange = x;
	server_txn_own(t, &in_ops, x);
	if (offer && new_streams(c, offer)) {
		/* streams that have ports keep them */
		if (negotiate_prepare(c, MEDIA_A, c->side[MEDIA_A].network, c->side[MEDIA_A].v6, offer) &&
		    negotiate_prepare(c, MEDIA_B, c->side[MEDIA_B].network, c->side[MEDIA_B].v6, offer)) {
			if (!c->media_pending)
				exchange_event_(x, EXCHANGE_READY, NULL);
			return;
		}
		exchange_event_(x, EXCHANGE_NO_PORT, NULL);
		return;
	}
	exchange_event_(x, EXCHANGE_READY, NULL);
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

void exchange_request(struct call *c, struct leg *from, struct server_txn *t, const struct message *m)
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
		answer_here(c, from, t, m, false);
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
		answer_here(c, from, t, m, true);
		sdp_free(offer);
		return;
	}
	begin(c, from, t, m, offer);
}

void exchange_media_ready(struct call *c, bool ok)
{
	if (c->exchange)
		exchange_event_(c->exchange, ok ? EXCHANGE_READY : EXCHANGE_NO_PORT, NULL);
}

void exchange_ack(struct call *c, struct leg *from, const struct message *m)
{
	struct server_txn *t = from->unacked.txn;

	call_timers_acked(from);
	from->unacked.txn = NULL;
	if (c->exchange && c->exchange->in == t && c->exchange->state == EXCHANGE_LATE)
		exchange_event_(c->exchange, EXCHANGE_ACK, m);
	else
		server_txn_detach(t);
}

void exchange_drop(struct call *c)
{
	struct exchange *x = c->exchange;

	if (!x)
		return;
	if (x->in && !server_txn_final_sent(x->in))
		server_txn_reject(x->in, REJECT_CANCELLED);
	if (x->out && x->out_method == METHOD_INVITE && x->state == EXCHANGE_FORWARDED)
		client_txn_cancel(x->out);
	/* no answer will come: the 2xx has its ACK all the same, before the BYE (RFC 3261 §13.2.2.4) */
	if (x->state == EXCHANGE_LATE)
		leg_send_ack(x->to, STR_NONE);
	exchange_free(x);
}

/* ---- names ---- */

static const char *describe(unsigned state, unsigned event, unsigned *ret_next)
{
	*ret_next = cells[state][event].next;
	return cells[state][event].name;
}

static const char *const state_names[] = {
#define X(name) #name,
	EXCHANGE_STATES(X)
#undef X
};
static const char *const event_names[] = {
#define X(name) #name,
	EXCHANGE_EVENTS(X)
#undef X
};

const struct machine exchange_machine = {
	.id = MACHINE_EXCHANGE,
	.name = "exchange",
	.n_states = EXCHANGE_STATE_COUNT,
	.n_events = EXCHANGE_EVENT_COUNT,
	.state_names = state_names,
	.event_names = event_names,
	.describe = describe,
};
