/* SPDX-License-Identifier: Apache-2.0 */
/* exchange_table: the machine of an exchange and its actions. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/call/exchange.h"
#include "sbc/call/negotiate.h"

/* ---- onwards ---- */

/* Back to what was agreed last: that is what Y is offered again, should a later one have to be undone. The last
 * description that Y has of us is then not the agreed one: its next offer is not answered here, not even when it
 * repeats what it said before. */
static void drop_offers(struct exchange *x)
{
	struct leg *to = x->to;

	leg_offer_event(x->from, OFFER_DROPPED);
	leg_offer_event(to, OFFER_DROPPED);
	if (x->offer)
		to->sdp_got_digest = 0;
	if (!x->before)
		return;
	free(to->sdp_sent);
	to->sdp_sent = x->before;
	to->sdp_sent_n = strlen(x->before);
	x->before = NULL;
}

static void not_forwarded(struct exchange *x, enum reject_reason why)
{
	exchange_refuse(x, why);
	drop_offers(x);
	x->state = EXCHANGE_DONE;
}

static void act_gone(struct exchange *x, const struct message *m)
{
	drop_offers(x);
	if (m)
		exchange_pass_refusal(x, m);
	else
		exchange_refuse(x, REJECT_TIMEOUT);
	call_post(x->call, CALL_EV_BROKEN, &(struct call_arg){.cause = "far dialog gone"});
}

static void act_cancel_early(struct exchange *x, const struct message *m)
{
	exchange_refuse(x, REJECT_CANCELLED);
	leg_offer_event(x->from, OFFER_DROPPED);
}

/* The phone registers again, or sends something, and the next try goes there. */
static void act_wait(struct exchange *x, const struct message *m)
{
	if (x->out)
		client_txn_detach(x->out);
	x->out = NULL;
	leg_offer_event(x->to, OFFER_DROPPED);
	if (!x->cancelled && exchange_later(x))
		return;
	if (x->cancelled)
		act_cancel_early(x, NULL);
	else
		act_gone(x, NULL);
	x->state = EXCHANGE_DONE;
}

static void act_forward(struct exchange *x, const struct message *m)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));
	int err;

	/* UPDATE reaches a side that does not know it as re-INVITE */
	x->out_method = x->method == METHOD_UPDATE && x->to->far_update ? METHOD_UPDATE : METHOD_INVITE;
	if (x->offer && x->to->sdp_sent && !x->before)
		x->before = str_dup((struct str){x->to->sdp_sent, x->to->sdp_sent_n});
	if (x->offer) {
		leg_forbid_message(x->to, x->request, x->offer);
		if (!negotiate_write(x->call, x->to, x->offer, NULL, &b)) {
			exchange_refuse(x, REJECT_NO_CODEC);
			leg_offer_event(x->from, OFFER_DROPPED);
			x->state = EXCHANGE_DONE;
			return;
		}
		leg_offer_event(x->to, OFFER_SENT);
	}
	err = exchange_send(x, x->request, writer_result(&b));
	if (err == -ENOTCONN && x->to->phone) {
		x->state = EXCHANGE_WAITING;
		act_wait(x, NULL);
		return;
	}
	if (err < 0) {
		not_forwarded(x, err == -ENOMEM     ? REJECT_NO_MEMORY
				 : err == -EMSGSIZE ? REJECT_TOO_LARGE
						    : REJECT_TARGETS_DOWN);
		return;
	}
	if (x->to->phone)
		return;
	message_free(x->request);
	x->request = NULL;
}

/* ---- actions ---- */

static void act_no_port(struct exchange *x, const struct message *m)
{
	exchange_refuse(x, REJECT_NO_PORT);
	leg_offer_event(x->from, OFFER_DROPPED);
}

static void broken(struct exchange *x, const char *cause)
{
	exchange_refuse(x, REJECT_SDP);
	call_post(x->call, CALL_EV_BROKEN, &(struct call_arg){.cause = cause});
}

static void act_answer(struct exchange *x, const struct message *m)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));

	dialog_refresh_target(&x->to->dialog, m);
	if (x->out_method == METHOD_INVITE)
		leg_send_ack(x->to, STR_NONE);
	if (!negotiate_answer(x->call, m, x->to, x->from, x->offer, x->call->b->fork, &b)) {
		/* the far side has changed and this one cannot follow: they no longer agree on anything */
		broken(x, "unusable answer");
		return;
	}
	leg_offer_event(x->to, ANSWER_GOT);
	leg_offer_event(x->from, ANSWER_SENT);
	if (exchange_reply_ok(x, m, writer_result(&b)) < 0)
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
	if (exchange_reply_ok(x, m, writer_result(&b)) < 0)
		broken(x, "offer not sent");
}

static void act_late_answer(struct exchange *x, const struct message *ack)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));

	if (!negotiate_answer(x->call, ack, x->from, x->to, x->offer, x->call->b->fork, &b)) {
		leg_send_ack(x->to, STR_NONE);
		call_post(x->call, CALL_EV_BROKEN, &(struct call_arg){.cause = "unusable answer"});
		return;
	}
	leg_offer_event(x->from, ANSWER_GOT);
	leg_offer_event(x->to, ANSWER_SENT);
	leg_send_ack(x->to, writer_result(&b));
}

static void act_refused(struct exchange *x, const struct message *m)
{
	drop_offers(x);
	exchange_pass_refusal(x, m);
}

/* Unlike a first INVITE's, the CANCEL of a re-INVITE may come too late without harm: Y's final response decides for
 * both. */
static void act_cancel(struct exchange *x, const struct message *m)
{
	x->cancelled = true;
	if (x->out && x->out_method == METHOD_INVITE)
		client_txn_cancel(x->out);
}

/* ---- an UPDATE that Y, to whom it is a re-INVITE, does not answer in time ---- */

/* RFC 3311 §5.2: 504 when somebody must be asked first. */
static void act_overdue(struct exchange *x, const struct message *m)
{
	exchange_refuse(x, REJECT_UPDATE_OVERDUE);
	if (x->in)
		server_txn_detach(x->in);
	x->in = NULL;
	act_cancel(x, m);
}

/* Nobody is there any more to answer it. */
static void act_offer_unanswered(struct exchange *x, const struct message *m)
{
	dialog_refresh_target(&x->to->dialog, m);
	leg_send_ack(x->to, STR_NONE);
	drop_offers(x);
	call_post(x->call, CALL_EV_BROKEN, &(struct call_arg){.cause = "offer came too late"});
}

static void act_dropped(struct exchange *x, const struct message *m)
{
	drop_offers(x);
}

/* Its 2xx crossed our CANCEL: X was told that nothing changes. */
static void act_restore(struct exchange *x, const struct message *m)
{
	char body[SDP_MAX_BYTES];
	struct writer b = writer_init(body, sizeof(body));
	struct sdp *before = NULL;

	dialog_refresh_target(&x->to->dialog, m);
	leg_send_ack(x->to, STR_NONE);
	leg_offer_event(x->to, ANSWER_GOT);
	client_txn_detach(x->out);
	x->out = NULL;
	if (x->before && sdp_parse(x->before, strlen(x->before), &before) == SDP_OK &&
	    negotiate_write(x->call, x->to, before, NULL, &b)) {
		sdp_free(x->offer);
		x->offer = before;
		leg_offer_event(x->to, OFFER_SENT);
		if (exchange_send(x, NULL, writer_result(&b)) == 0)
			return;
	} else {
		sdp_free(before);
	}
	call_post(x->call, CALL_EV_BROKEN, &(struct call_arg){.cause = "crossed update not undone"});
	x->state = EXCHANGE_DONE;
}

static void act_restored(struct exchange *x, const struct message *m)
{
	enum reject_reason why;
	struct sdp *answer = negotiate_parse(m, &why);

	dialog_refresh_target(&x->to->dialog, m);
	leg_send_ack(x->to, STR_NONE);
	leg_offer_event(x->to, ANSWER_GOT);
	leg_offer_event(x->from, OFFER_DROPPED);
	if (answer && !sdp_check_answer(x->offer, answer))
		negotiate_commit_leg(x->call, x->to, answer, x->offer, x->call->b->fork);
	else
		call_post(x->call, CALL_EV_BROKEN, &(struct call_arg){.cause = "unusable answer"});
	sdp_free(answer);
}

static void act_not_restored(struct exchange *x, const struct message *m)
{
	drop_offers(x);
	call_post(x->call, CALL_EV_BROKEN, &(struct call_arg){.cause = "crossed update not undone"});
}

/* ---- the table ---- */

struct exchange_cell {
	const char *name;
	void (*action)(struct exchange *x, const struct message *m);
	enum exchange_state next;
};

static const struct exchange_cell cells[EXCHANGE_STATE_COUNT][EXCHANGE_EVENT_COUNT] =
	{
		[EXCHANGE_PREPARING] =
			{
				[EXCHANGE_READY] = MACHINE_DO(forward, EXCHANGE_FORWARDED),
				[EXCHANGE_NO_PORT] = MACHINE_DO(no_port, EXCHANGE_DONE),
				[EXCHANGE_CANCEL] = MACHINE_DO(cancel_early, EXCHANGE_DONE),
			},
		[EXCHANGE_WAITING] =
			{
				[EXCHANGE_AGAIN] = MACHINE_DO(forward, EXCHANGE_FORWARDED),
				[EXCHANGE_CANCEL] = MACHINE_DO(cancel_early, EXCHANGE_DONE),
			},
		[EXCHANGE_FORWARDED] =
			{
				[EXCHANGE_NO_FLOW] = MACHINE_DO(wait, EXCHANGE_WAITING),
				[EXCHANGE_ANSWER] = MACHINE_DO(answer, EXCHANGE_DONE),
				[EXCHANGE_OFFER] = MACHINE_DO(offer, EXCHANGE_LATE),
				[EXCHANGE_REFUSED] = MACHINE_DO(refused, EXCHANGE_DONE),
				[EXCHANGE_GONE] = MACHINE_DO(gone, EXCHANGE_DONE),
				[EXCHANGE_CANCEL] = MACHINE_DO(cancel, EXCHANGE_FORWARDED),
				[EXCHANGE_OVERDUE] = MACHINE_DO(overdue, EXCHANGE_GIVEN_UP),
			},
		[EXCHANGE_GIVEN_UP] =
			{
				[EXCHANGE_ANSWER] = MACHINE_DO(restore, EXCHANGE_RESTORING),
				/* of a re-INVITE without an offer, when the process before this one died */
				[EXCHANGE_OFFER] = MACHINE_DO(offer_unanswered, EXCHANGE_DONE),
				[EXCHANGE_REFUSED] = MACHINE_DO(dropped, EXCHANGE_DONE),
				/* RFC 3261 §9.1: nothing after the CANCEL: taken as cancelled */
				[EXCHANGE_GONE] = MACHINE_DO(dropped, EXCHANGE_DONE),
			},
		[EXCHANGE_RESTORING] =
			{
				[EXCHANGE_ANSWER] = MACHINE_DO(restored, EXCHANGE_DONE),
				[EXCHANGE_REFUSED] = MACHINE_DO(not_restored, EXCHANGE_DONE),
				[EXCHANGE_GONE] = MACHINE_DO(not_restored, EXCHANGE_DONE),
				[EXCHANGE_OVERDUE] = MACHINE_DO(cancel, EXCHANGE_RESTORING),
			},
		[EXCHANGE_LATE] =
			{
				[EXCHANGE_ACK] = MACHINE_DO(late_answer, EXCHANGE_DONE),
			},
};

bool exchange_event(struct exchange *x, enum exchange_event ev, const struct message *m)
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
	/* before anything is sent: who sees that may take what is kept for whole */
	if (ev == EXCHANGE_ANSWER)
		checkpoint_answered(x->call);
	else
		checkpoint_changed(x->call);
	cell->action(x, m);
	if (x->state == EXCHANGE_DONE)
		exchange_free(x);
	return true;
}

MACHINE_DEFINE(exchange_machine, MACHINE_EXCHANGE, "exchange", EXCHANGE_STATES, EXCHANGE_EVENTS);
