/* SPDX-License-Identifier: Apache-2.0 */
/* txn_invite_client: the INVITE client transaction, RFC 3261 §17.1.1 with RFC 6026 §7.2, §9.1's CANCEL, and an early
 * end for serial failover.
 *
 *           CANCEL              TRY
 *     WITHDRAWN <---- CALLING ------> ABANDONED
 *         |  \           | 1xx            | 1xx: CANCEL
 *     1xx:|   \      PROCEEDING           |
 *   CANCEL|    \         | CANCEL         |
 *         +-----\----> CANCELLING <-------+
 *
 *     from any of these: 2xx -> ACCEPTED -- M --> TERMINATED      3xx-6xx: ACK -> COMPLETED -- D --> TERMINATED
 */
#include <stdlib.h>

#include "sbc/sip/txn_internal.h"

static void act_nothing(struct txn *t, struct txn_event *e)
{
}

static void act_repeat(struct txn *t, struct txn_event *e)
{
	txn_timers_invite_repeated(t);
	txn_send(t, (struct str){t->text, t->text_n}, false);
}

static void act_pass(struct txn *t, struct txn_event *e)
{
	client_txn_say_response(client_of(t), e->m);
}

static void act_proceed(struct txn *t, struct txn_event *e)
{
	txn_timers_invite_provisional(t);
	act_pass(t, e);
}

/* A 2xx that its user no longer waits for goes where the stray ones go: somebody should ACK and end it. */
static void act_stray(struct txn *t, struct txn_event *e)
{
	struct txn_layer *l = t->layer;

	txn_count(&l->counts.stray_responses, 1);
	if (l->user.stray_response)
		l->user.stray_response(l->user.arg, e->m);
}

static void act_pass_2xx(struct txn *t, struct txn_event *e)
{
	if (client_of(t)->ops && !t->ended)
		act_pass(t, e);
	else
		act_stray(t, e);
}

/* The user makes the ACKs, so nothing of the INVITE is needed any more once he has seen it. */
static void act_accept(struct txn *t, struct txn_event *e)
{
	txn_timers_invite_accepted(t);
	if (client_of(t)->ops && !t->ended) {
		client_txn_say_final(client_of(t), e->m, NULL, 0);
		return;
	}
	txn_set_text(t, NULL, 0);
	act_stray(t, e);
}

/* §17.1.1.3: the ACK takes the INVITE's place as what is sent again. Without memory for it, the next retransmission of
 * the response meets an empty text and is left unanswered; the peer's timer H ends it. */
static void act_acknowledge(struct txn *t, struct txn_event *e)
{
	struct client_txn *c = client_of(t);
	struct str ack = txn_write_ack(t->layer, (struct str){t->text, t->text_n}, e->m->to.text);
	char *copy = ack.n && txn_outgoing(t->layer, c->guard, &c->to, ack) ? txn_copy(ack) : NULL;

	txn_timers_invite_rejected(t);
	if (copy)
		txn_send(t, ack, true);
	client_txn_say_final(c, e->m, copy, copy ? ack.n : 0);
}

static void act_acknowledge_again(struct txn *t, struct txn_event *e)
{
	txn_count(&t->layer->counts.retransmissions_in, 1);
	if (t->text)
		txn_send(t, (struct str){t->text, t->text_n}, false);
}

static void act_cancel(struct txn *t, struct txn_event *e)
{
	txn_timers_cancel_sent(t);
	client_txn_launch_cancel(client_of(t));
}

static void act_cancel_pass(struct txn *t, struct txn_event *e)
{
	act_cancel(t, e);
	act_pass(t, e);
}

static void act_say_timeout(struct txn *t, struct txn_event *e)
{
	client_txn_say_failed(client_of(t), REJECT_TIMEOUT);
}

static void act_say_cancelled(struct txn *t, struct txn_event *e)
{
	client_txn_say_failed(client_of(t), REJECT_CANCELLED);
}

static void act_say_down(struct txn *t, struct txn_event *e)
{
	client_txn_say_down(client_of(t));
}

static void act_abandon(struct txn *t, struct txn_event *e)
{
	txn_timers_invite_abandoned(t, client_of(t)->try_ms);
	txn_queue(t);
	act_say_timeout(t, e);
}

static void act_abandon_cancelled(struct txn *t, struct txn_event *e)
{
	txn_timers_invite_abandoned(t, client_of(t)->try_ms);
	txn_queue(t);
	act_say_cancelled(t, e);
}

#define GO(action, next)                                                                                               \
	{                                                                                                              \
		act_##action, #action, INVITE_CLIENT_##next                                                            \
	}
#define EV(event) INVITE_CLIENT_EV_##event

static const struct txn_cell cells[INVITE_CLIENT_STATE_COUNT][INVITE_CLIENT_EV_COUNT] =
	{
		[INVITE_CLIENT_CALLING] =
			{
				[EV(RESPONSE_1XX)] = GO(proceed, PROCEEDING),
				[EV(RESPONSE_2XX)] = GO(accept, ACCEPTED),
				[EV(RESPONSE_3XX_6XX)] = GO(acknowledge, COMPLETED),
				/* §9.1: no CANCEL before a provisional: it could overtake the INVITE. */
				[EV(CANCEL)] = GO(nothing, WITHDRAWN),
				[EV(TIMER_A)] = GO(repeat, CALLING),
				[EV(TIMER_B)] = GO(say_timeout, TERMINATED),
				[EV(TIMER_TRY)] = GO(abandon, ABANDONED),
				[EV(SEND_FAILED)] = GO(say_down, TERMINATED),
			},
		[INVITE_CLIENT_WITHDRAWN] =
			{
				[EV(RESPONSE_1XX)] = GO(cancel_pass, CANCELLING),
				[EV(RESPONSE_2XX)] = GO(accept, ACCEPTED),
				[EV(RESPONSE_3XX_6XX)] = GO(acknowledge, COMPLETED),
				[EV(CANCEL)] = GO(nothing, WITHDRAWN),
				/* Still repeated: it may be ringing there with its 1xx lost. */
				[EV(TIMER_A)] = GO(repeat, WITHDRAWN),
				[EV(TIMER_B)] = GO(say_cancelled, TERMINATED),
				[EV(TIMER_TRY)] = GO(abandon_cancelled, ABANDONED),
				[EV(SEND_FAILED)] = GO(say_cancelled, TERMINATED),
			},
		[INVITE_CLIENT_ABANDONED] =
			{
				[EV(RESPONSE_1XX)] = GO(cancel, CANCELLING),
				[EV(RESPONSE_2XX)] = GO(accept, ACCEPTED),
				[EV(RESPONSE_3XX_6XX)] = GO(acknowledge, COMPLETED),
				[EV(TIMER_B)] = GO(nothing, TERMINATED),
				[EV(SEND_FAILED)] = GO(nothing, TERMINATED),
			},
		[INVITE_CLIENT_PROCEEDING] =
			{
				[EV(RESPONSE_1XX)] = GO(pass, PROCEEDING),
				[EV(RESPONSE_2XX)] = GO(accept, ACCEPTED),
				[EV(RESPONSE_3XX_6XX)] = GO(acknowledge, COMPLETED),
				[EV(CANCEL)] = GO(cancel, CANCELLING),
				/* A copy of the INVITE did not go out, but one did arrive. */
				[EV(SEND_FAILED)] = GO(nothing, PROCEEDING),
			},
		[INVITE_CLIENT_CANCELLING] =
			{
				[EV(RESPONSE_1XX)] = GO(pass, CANCELLING),
				/* The 2xx crossed our CANCEL: its user ACKs and ends it. */
				[EV(RESPONSE_2XX)] = GO(accept, ACCEPTED),
				[EV(RESPONSE_3XX_6XX)] = GO(acknowledge, COMPLETED),
				[EV(CANCEL)] = GO(nothing, CANCELLING),
				/* §9.1: nothing within 64*T1 after the CANCEL: taken as cancelled. */
				[EV(TIMER_CANCEL)] = GO(say_cancelled, TERMINATED),
				[EV(SEND_FAILED)] = GO(nothing, CANCELLING),
			},
		[INVITE_CLIENT_COMPLETED] =
			{
				[EV(RESPONSE_1XX)] = GO(nothing, COMPLETED),
				/* A forking proxy that sends both is wrong, but that callee believes in a call. */
				[EV(RESPONSE_2XX)] = GO(stray, COMPLETED),
				[EV(RESPONSE_3XX_6XX)] = GO(acknowledge_again, COMPLETED),
				[EV(CANCEL)] = GO(nothing, COMPLETED),
				[EV(TIMER_D)] = GO(nothing, TERMINATED),
				/* The ACK did not go out; the response will come again. */
				[EV(SEND_FAILED)] = GO(nothing, COMPLETED),
			},
		[INVITE_CLIENT_ACCEPTED] =
			{
				[EV(RESPONSE_1XX)] = GO(nothing, ACCEPTED),
				/* RFC 6026 §7.2: each goes up: retransmissions, to be ACKed again, and other forks. */
				[EV(RESPONSE_2XX)] = GO(pass_2xx, ACCEPTED),
				[EV(RESPONSE_3XX_6XX)] = GO(nothing, ACCEPTED),
				[EV(CANCEL)] = GO(nothing, ACCEPTED),
				[EV(TIMER_M)] = GO(nothing, TERMINATED),
			},
};

#undef EV
#undef GO

TXN_MACHINE(txn_invite_client, INVITE_CLIENT, "INVITE client");
