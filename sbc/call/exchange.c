/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/exchange.h"

#include <errno.h>
#include <stdlib.h>

#include "sbc/call/negotiate.h"
#include "sbc/call/timers.h"
#include "sbc/call/told.h"

void exchange_free(struct exchange *x)
{
	if (x->call->exchange == x)
		x->call->exchange = NULL;
	call_timers_exchange_over(x->call, &x->bound);
	call_timers_unsent_over(x->call, &x->unsent);
	if (x->in && x->in == x->from->unacked.txn)
		leg_own_unacked(x->from, x->in);
	else if (x->in)
		server_txn_detach(x->in);
	if (x->out)
		client_txn_detach(x->out);
	message_free(x->request);
	sdp_free(x->offer);
	free(x->before);
	free(x);
}

/* ---- replies to X ---- */

void exchange_refuse(struct exchange *x, enum reject_reason why)
{
	call_count(&x->call->calls->counters.rejects[why], 1);
	if (x->in)
		server_txn_reject(x->in, why);
}

int exchange_reply_ok(struct exchange *x, const struct message *m, struct str body)
{
	struct told t;

	if (!told_as(x->call, x->to->peer, x->from, m, 200, true, &t))
		return -EMSGSIZE;
	if (!x->in)
		return -ENOENT;
	t.reply.phrase = NULL;
	t.reply.body = body;
	if (body.n)
		t.reply.content_type = STR("application/sdp");
	if (x->method == METHOD_INVITE)
		return leg_reply_2xx(x->from, x->in, x->cseq, &t.reply);
	return server_txn_reply(x->in, &t.reply);
}

void exchange_pass_refusal(struct exchange *x, const struct message *m)
{
	struct told t;

	told_as(x->call, x->to->peer, x->from, m, m->status < 400 ? 488 : told_status(x->from, x->to->peer, m), false,
		&t);
	if (m->status == 491)
		call_count(&x->call->calls->counters.glare, 1);
	if (x->in)
		server_txn_reply(x->in, &t.reply);
}

/* ---- towards Y ---- */

static void out_response(void *arg, struct client_txn *t, const struct message *m)
{
	struct exchange *x = arg;
	struct call *c = x->call;

	if (m->status < 200 || (x->state != EXCHANGE_GIVEN_UP && leg_challenged(x->to, &x->out, m) == KEYRING_AGAIN))
		return;
	if (m->method == METHOD_INVITE && m->status < 300)
		leg_keep_credentials(x->to, t);
	if (m->status == 408 || m->status == 481)
		exchange_event(x, EXCHANGE_GONE, m);
	else if (m->status >= 300)
		exchange_event(x, EXCHANGE_REFUSED, m);
	else
		exchange_event(x, x->offer ? EXCHANGE_ANSWER : EXCHANGE_OFFER, m);
	call_run(c);
}

static void out_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	struct exchange *x = arg;
	struct call *c = x->call;
	/* of one that X has cancelled, nothing more is told than that */
	bool unsent = why == REJECT_FLOW_GONE || (why == REJECT_CANCELLED && x->cancelled);
	bool again = unsent && x->to->phone && x->state == EXCHANGE_FORWARDED;

	exchange_event(x, again ? EXCHANGE_NO_FLOW : EXCHANGE_GONE, NULL);
	call_run(c);
}

static void out_terminated(void *arg, struct client_txn *t)
{
	struct exchange *x = arg;

	x->out = NULL;
}

static const struct client_ops out_ops = {.response = out_response, .failed = out_failed, .terminated = out_terminated};

bool exchange_bridged(const struct exchange *x)
{
	return x->method == METHOD_UPDATE && x->out_method == METHOD_INVITE;
}

/* Taken for a CANCEL of the side that asked: the CANCEL's own time ends it at the latest. */
static void on_bound(struct wheel_timer *t)
{
	struct exchange *x = container_of(t, struct exchange, bound);
	struct call *c = x->call;

	exchange_event(x, exchange_bridged(x) ? EXCHANGE_OVERDUE : EXCHANGE_CANCEL, NULL);
	call_run(c);
}

static void on_again(struct wheel_timer *t)
{
	struct exchange *x = container_of(t, struct exchange, unsent.again);
	struct call *c = x->call;

	exchange_event(x, EXCHANGE_AGAIN, NULL);
	call_run(c);
}

bool exchange_later(struct exchange *x)
{
	call_timers_exchange_over(x->call, &x->bound);
	/* who sent an UPDATE waits 64*T1 for all of it (RFC 3261 §17.1.2.2, timer F) */
	return call_timers_unsent(x->call, &x->unsent, on_again, x->method == METHOD_UPDATE ? 32 : 64);
}

int exchange_send(struct exchange *x, const struct message *m, struct str body)
{
	char headers[HEADERS_MAX];
	struct writer h = writer_init(headers, sizeof(headers));
	struct client_request r = {.method = x->out_method, .body = body};
	int err;

	write_own_headers(x->to, true, true, &h);
	if (m)
		write_crossing(x->call, x->from->peer, x->to, m, &h);
	if (h.overflow)
		return -EMSGSIZE;
	r.headers = writer_result(&h);
	if (body.n)
		r.content_type = STR("application/sdp");
	x->out = leg_request(x->to, &r, &out_ops, x, &err);
	if (!x->out)
		return err;
	if (r.method == METHOD_INVITE)
		x->to->invite_cseq = x->to->dialog.local_cseq;
	call_timers_exchange_sent(x->call, &x->bound, on_bound, exchange_bridged(x));
	return 0;
}

/* ---- the way in ---- */

static void in_cancelled(void *arg, struct server_txn *t, const struct message *cancel)
{
	struct exchange *x = arg;
	struct call *c = x->call;

	exchange_event(x, EXCHANGE_CANCEL, cancel);
	call_run(c);
}

static void in_terminated(void *arg, struct server_txn *t)
{
	struct exchange *x = arg;

	/* timer L of a 2xx may run out before the leg has given up waiting for its ACK */
	if (x->from->unacked.txn == t)
		x->from->unacked.txn = NULL;
	x->in = NULL;
}

static const struct server_ops in_ops = {.cancelled = in_cancelled, .terminated = in_terminated};

static bool new_streams(const struct call *c, const struct sdp *offer)
{
	for (size_t i = 0; i < offer->n_media && i < MEDIA_MAX_STREAMS; i++)
		if (offer->media[i].port && (!(c->side[MEDIA_A].used & 1u << i) || !(c->side[MEDIA_B].used & 1u << i)))
			return true;
	return false;
}

void exchange_begin(struct call *c, struct leg *from, struct server_txn *t, const struct message *m, struct sdp *offer)
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
				exchange_event(x, EXCHANGE_READY, NULL);
			return;
		}
		exchange_event(x, EXCHANGE_NO_PORT, NULL);
		return;
	}
	exchange_event(x, EXCHANGE_READY, NULL);
}

/* ---- of a call that outlived its process ---- */

static void on_restarted(struct wheel_timer *t)
{
	struct exchange *x = container_of(t, struct exchange, bound);
	struct call *c = x->call;

	if (!x->out) {
		exchange_event(x, EXCHANGE_CANCEL, NULL);
		call_run(c);
		return;
	}
	if (x->in) {
		exchange_refuse(x, REJECT_UPDATE_OVERDUE);
		server_txn_detach(x->in);
		x->in = NULL;
	}
	client_txn_cancel(x->out);
}

static int restore_sdp(struct exchange *x, const struct exchange_kept *k)
{
	enum sdp_error err = k->sdp.p ? sdp_parse(k->sdp.p, k->sdp.n, &x->offer) : SDP_OK;

	if (err != SDP_OK)
		return err == SDP_ERR_NO_MEMORY ? -ENOMEM : -EBADMSG;
	if (k->late || !k->sdp.p)
		return 0;
	x->before = str_dup(k->sdp);
	return x->before ? 0 : -ENOMEM;
}

/* As the offer went. */
static void restore_offers(const struct exchange *x)
{
	if (x->state == EXCHANGE_LATE) {
		leg_offer_event(x->to, OFFER_GOT);
		leg_offer_event(x->from, OFFER_SENT);
		return;
	}
	if (!x->offer)
		return;
	leg_offer_event(x->from, OFFER_GOT);
	if (x->out)
		leg_offer_event(x->to, OFFER_SENT);
}

int exchange_restore(struct call *c, const struct exchange_kept *k)
{
	struct exchange *x = calloc(1, sizeof(*x));
	int err;

	if (!x)
		return -ENOMEM;
	*x = (struct exchange){.call = c,
			       .state = k->late  ? EXCHANGE_LATE
					: k->out ? EXCHANGE_GIVEN_UP
						 : EXCHANGE_PREPARING,
			       .method = METHOD_INVITE,
			       .out_method = METHOD_INVITE,
			       .from = k->from,
			       .to = k->from == c->a ? c->b : c->a,
			       .cseq = k->cseq};
	err = restore_sdp(x, k);
	if (err < 0) {
		exchange_free(x);
		return err;
	}
	c->exchange = x;
	x->in = k->in;
	x->out = k->out;
	if (x->in)
		server_txn_own(x->in, &in_ops, x);
	if (x->out)
		client_txn_own(x->out, &out_ops, x, &x->to->hiding.set);
	restore_offers(x);
	if (!k->late)
		call_timers_soon(c, &x->bound, on_restarted);
	return 0;
}

bool exchange_is_of(const struct call *c, const struct leg *from)
{
	return c->exchange && c->exchange->from == from;
}

void exchange_media_ready(struct call *c, bool ok)
{
	if (c->exchange)
		exchange_event(c->exchange, ok ? EXCHANGE_READY : EXCHANGE_NO_PORT, NULL);
}

void exchange_ack(struct call *c, struct leg *from, const struct message *m)
{
	struct server_txn *t = from->unacked.txn;

	call_timers_acked(from);
	from->unacked.txn = NULL;
	checkpoint_changed(c);
	if (c->exchange && c->exchange->in == t && c->exchange->state == EXCHANGE_LATE)
		exchange_event(c->exchange, EXCHANGE_ACK, m);
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
	if (x->out && x->out_method == METHOD_INVITE)
		client_txn_cancel(x->out);
	/* no answer will come: the 2xx has its ACK all the same, before the BYE (RFC 3261 §13.2.2.4) */
	if (x->state == EXCHANGE_LATE)
		leg_send_ack(x->to, STR_NONE);
	exchange_free(x);
}
