/* SPDX-License-Identifier: Apache-2.0 */
/* What was not finished when a call was written, taken up again. A 2xx goes on to be sent until its ACK is there
 * (RFC 3261 §13.3.1.4), a late offer waits for its answer. What had no final answer is ended: who asked is refused, and
 * what we asked for is cancelled; its 2xx may still come. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sbc/call/checkpoint.h"
#include "sbc/call/exchange.h"
#include "sbc/call/timers.h"

/* ---- transactions ---- */

static struct txn_layer *layer(const struct leg *l)
{
	return l->call->calls->worker->txn;
}

/* A 2xx from another transaction than the stage says would be resent for ever, or never. */
static int restore_in(struct leg *l, const struct invite_record *r, struct server_txn **ret)
{
	struct flow_addr from = {
		.network = l->network, .transport = r->transport, .local = r->local, .remote = r->remote};
	struct server_txn *t;
	int err = server_txn_restore(layer(l), &from, r->text, &t);

	if (err < 0)
		return err;
	if (server_txn_final_sent(t) != (r->since_us != 0)) {
		server_txn_detach(t);
		return -EBADMSG;
	}
	*ret = t;
	return 0;
}

static int restore_out(struct leg *l, const struct invite_record *r, struct client_txn **ret)
{
	struct client_kept k = {.to = {.network = l->network,
				       .transport = r->transport,
				       .local = r->local,
				       .remote = r->remote,
				       .flow_only = r->flow_only},
				.provisional = r->provisional};

	return client_txn_restore(layer(l), r->text, &k, ret);
}

static uint64_t age_ms(uint64_t since_us)
{
	uint64_t now_us = clock_wall_us(clock_ns());

	return since_us < now_us ? (now_us - since_us) / 1000 : 0;
}

static void watch_2xx(struct leg *l, struct server_txn *t, const struct invite_record *r)
{
	l->unacked.txn = t;
	l->unacked.cseq = r->cseq;
	call_timers_2xx_restored(l, age_ms(r->since_us));
}

/* ---- stages ---- */

/* The caller's ACK may have come: it was not written then, and comes again with the 2xx. */
static int restore_unacked(struct call *c, const struct call_record *r)
{
	struct server_txn *t;
	int err = restore_in(c->a, &r->leg[MEDIA_A].in, &t);

	if (err < 0)
		return err;
	leg_own_invite_in(c->a, t);
	watch_2xx(c->a, t, &r->leg[MEDIA_A].in);
	c->a->state = LEG_ANSWERED;
	c->state = CALL_ANSWERED;
	return 0;
}

static int restore_late(struct call *c, const struct call_record *r)
{
	c->setup = calloc(1, sizeof(*c->setup));
	if (!c->setup)
		return -ENOMEM;
	switch (sdp_parse(r->late_offer.p, r->late_offer.n, &c->setup->offer)) {
	case SDP_OK:
		break;
	case SDP_ERR_NO_MEMORY:
		return -ENOMEM;
	default:
		return -EBADMSG;
	}
	c->late = true;
	c->b->state = LEG_OFFERED;
	c->a->offer = c->b->offer = OFFER_NONE;
	leg_offer_event(c->b, OFFER_GOT);
	leg_offer_event(c->a, OFFER_SENT);
	return 0;
}

static void on_ringing(struct wheel_timer *t)
{
	struct call *c = container_of(t, struct call, bound);

	call_post(c, CALL_EV_BROKEN, &(struct call_arg){.reject = REJECT_RESTARTED, .cause = "process restarted"});
	call_run(c);
}

static int restore_ringing(struct call *c, const struct call_record *r)
{
	struct server_txn *in;
	int err = 0;

	if (c->a)
		err = restore_in(c->a, &r->leg[MEDIA_A].in, &in);
	if (err < 0)
		return err;
	if (c->a) {
		leg_own_invite_in(c->a, in);
		c->a->state = LEG_INCOMING;
		c->state = CALL_TRYING;
		call_timers_soon(c, &c->bound, on_ringing);
	}
	if (!c->b)
		return 0;
	err = restore_out(c->b, &r->leg[MEDIA_B].out, &c->b->invite_out);
	if (err < 0)
		return err;
	client_txn_own(c->b->invite_out, &leg_invite_ops, c->b, &c->b->hiding.set);
	c->b->state = LEG_CANCELLING; /* an answer may come before the CANCEL is sent, and is ended then */
	c->b->kept_ringing = true;
	c->b->offer = OFFER_NONE;
	leg_offer_event(c->b, OFFER_SENT);
	return 0;
}

/* ---- an established call ---- */

static int restore_ack(struct leg *l, const struct leg_record *r)
{
	if (!r->ack.p)
		return 0;
	l->ack = str_dup(r->ack);
	if (!l->ack)
		return -ENOMEM;
	l->ack_n = r->ack.n;
	l->ack_cseq = r->ack_cseq;
	return 0;
}

static int restore_exchange(struct call *c, const struct call_record *r)
{
	struct leg *from = r->exchange.from == MEDIA_A ? c->a : c->b, *to = from == c->a ? c->b : c->a;
	const struct invite_record *in = &r->leg[r->exchange.from].in, *out = &r->leg[!r->exchange.from].out;
	struct exchange_kept k = {.from = from, .late = r->exchange.late, .cseq = in->cseq, .sdp = r->exchange.sdp};
	int err = 0;

	if (in->present)
		err = restore_in(from, in, &k.in);
	if (err == 0 && out->present)
		err = restore_out(to, out, &k.out);
	if (err == 0)
		err = exchange_restore(c, &k);
	if (err < 0) {
		if (k.in)
			server_txn_detach(k.in);
		if (k.out)
			client_txn_detach(k.out);
		return err;
	}
	if (k.late)
		watch_2xx(from, k.in, in);
	return 0;
}

/* 2xx to a later INVITE of theirs. */
static int restore_answered(struct leg *l, const struct leg_record *r)
{
	struct server_txn *t;
	int err;

	if (!l || !r->in.present || !r->in.since_us)
		return 0;
	err = restore_in(l, &r->in, &t);
	if (err < 0)
		return err;
	leg_own_unacked(l, t);
	watch_2xx(l, t, &r->in);
	return 0;
}

static int restore_talking(struct call *c, const struct call_record *r)
{
	int err = 0;

	if (r->exchange.present && c->a && c->b)
		return restore_exchange(c, r);
	for (unsigned i = 0; err == 0 && i < 2; i++)
		err = restore_answered(i == MEDIA_A ? c->a : c->b, &r->leg[i]);
	return err;
}

int checkpoint_resume(struct call *c, const struct call_record *r)
{
	struct leg *const leg[2] = {c->a, c->b};
	int err = 0;

	for (unsigned i = 0; err == 0 && i < 2; i++)
		if (leg[i])
			err = restore_ack(leg[i], &r->leg[i]);
	if (err < 0)
		return err;
	switch ((enum call_stage)r->stage) {
	case STAGE_RINGING:
		return restore_ringing(c, r);
	case STAGE_UNACKED:
		err = c->a ? restore_unacked(c, r) : 0;
		return err == 0 && r->late_offer.p && c->a && c->b ? restore_late(c, r) : err;
	case STAGE_TALKING:
	case STAGE_COUNT:
		break;
	}
	return restore_talking(c, r);
}
