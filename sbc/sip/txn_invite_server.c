/* SPDX-License-Identifier: Apache-2.0 */
/* txn_invite_server: the INVITE server transaction, RFC 3261 §17.2.1 with RFC 6026 §7.1.
 *
 *                       INVITE
 *                         |             1xx, INVITE: the last 1xx again
 *                     PROCEEDING ------------------+
 *            CANCEL /     |      \                 |
 *          CANCELLED      |       \ 2xx         (itself)
 *            |  \ 2xx     | 3xx-6xx\
 *    3xx-6xx |   +--------|-------> ACCEPTED -- L --+
 *            +------- COMPLETED -- H ---------------+--> TERMINATED
 *                         | ACK                     |
 *                     CONFIRMED -- I ---------------+
 */
#include <errno.h>
#include <stdlib.h>

#include "sbc/sip/txn_internal.h"

static void act_nothing(struct txn *t, struct txn_event *e)
{
}

static void take_text(struct txn *t, struct txn_event *e)
{
	txn_set_text(t, e->text, e->text_n);
	e->text = NULL;
}

static void drop_head(struct txn *t)
{
	struct server_txn *s = server_of(t);

	free(s->head);
	s->head = NULL;
}

static void act_send(struct txn *t, struct txn_event *e)
{
	take_text(t, e);
	txn_send(t, (struct str){t->text, t->text_n}, true);
}

static void act_accept(struct txn *t, struct txn_event *e)
{
	drop_head(t);
	txn_timers_accept_sent(t);
	act_send(t, e);
}

static void act_refuse(struct txn *t, struct txn_event *e)
{
	drop_head(t);
	txn_timers_reject_sent(t);
	act_send(t, e);
}

static void act_resend(struct txn *t, struct txn_event *e)
{
	if (t->text)
		txn_send(t, (struct str){t->text, t->text_n}, false);
	else if (server_of(t)->head && !server_of(t)->request)
		server_txn_send_trying(server_of(t), NULL);
}

static void act_resend_g(struct txn *t, struct txn_event *e)
{
	txn_timers_reject_repeated(t);
	act_resend(t, e);
}

static void act_confirm(struct txn *t, struct txn_event *e)
{
	txn_timers_reject_acked(t);
	txn_set_text(t, NULL, 0);
}

static void act_tell_cancel(struct txn *t, struct txn_event *e)
{
	struct server_txn *s = server_of(t);

	if (s->ops && s->ops->cancelled)
		s->ops->cancelled(s->arg, s, e->m);
	else
		server_txn_reject(s, REJECT_CANCELLED);
}

static void act_tell_late_cancel(struct txn *t, struct txn_event *e)
{
	struct server_txn *s = server_of(t);

	if (s->ops && s->ops->cancelled)
		s->ops->cancelled(s->arg, s, e->m);
}

static void act_tell_failed(struct txn *t, struct txn_event *e)
{
	server_txn_say_failed(server_of(t), t->error);
}

static void act_tell_no_ack(struct txn *t, struct txn_event *e)
{
	txn_count(&t->layer->counts.timeouts, 1);
	server_txn_say_failed(server_of(t), -ETIMEDOUT);
}

static void act_pass_ack(struct txn *t, struct txn_event *e)
{
	struct txn_layer *l = t->layer;

	if (l->user.ack)
		l->user.ack(l->user.arg, e->m);
}

#define GO(action, next)                                                                                               \
	{                                                                                                              \
		act_##action, #action, INVITE_SERVER_##next                                                            \
	}
#define EV(event) INVITE_SERVER_EV_##event

static const struct txn_cell cells[INVITE_SERVER_STATE_COUNT][INVITE_SERVER_EV_COUNT] =
	{
		[INVITE_SERVER_PROCEEDING] =
			{
				[EV(INVITE)] = GO(resend, PROCEEDING),
				/* §9.2: it is the user that answers the INVITE, with 487 or with what it has. */
				[EV(CANCEL)] = GO(tell_cancel, CANCELLED),
				[EV(REPLY_1XX)] = GO(send, PROCEEDING),
				[EV(REPLY_2XX)] = GO(accept, ACCEPTED),
				[EV(REPLY_3XX_6XX)] = GO(refuse, COMPLETED),
				[EV(RESEND)] = GO(resend, PROCEEDING),
				[EV(DROP)] = GO(nothing, TERMINATED),
				/* Not Terminated, as RFC 3261 §17.2.4 has it and RFC 6026 no longer for Accepted: a
				   repeated INVITE must not become a second call. */
				[EV(SEND_FAILED)] = GO(tell_failed, PROCEEDING),
			},
		[INVITE_SERVER_CANCELLED] =
			{
				[EV(INVITE)] = GO(resend, CANCELLED),
				/* Retransmitted: has its 200 again, and is told once. */
				[EV(CANCEL)] = GO(nothing, CANCELLED),
				[EV(REPLY_1XX)] = GO(send, CANCELLED),
				/* The user's 2xx crossed the CANCEL: the caller ACKs and ends it. */
				[EV(REPLY_2XX)] = GO(accept, ACCEPTED),
				[EV(REPLY_3XX_6XX)] = GO(refuse, COMPLETED),
				[EV(RESEND)] = GO(resend, CANCELLED),
				[EV(DROP)] = GO(nothing, TERMINATED),
				[EV(SEND_FAILED)] = GO(tell_failed, CANCELLED),
			},
		[INVITE_SERVER_COMPLETED] =
			{
				[EV(INVITE)] = GO(resend, COMPLETED),
				[EV(ACK)] = GO(confirm, CONFIRMED),
				/* §9.2: too late, no effect but its 200. */
				[EV(CANCEL)] = GO(nothing, COMPLETED),
				[EV(RESEND)] = GO(resend, COMPLETED),
				[EV(TIMER_G)] = GO(resend_g, COMPLETED),
				[EV(TIMER_H)] = GO(tell_no_ack, TERMINATED),
				[EV(SEND_FAILED)] = GO(tell_failed, COMPLETED),
			},
		[INVITE_SERVER_CONFIRMED] =
			{
				/* What was still on its way when the ACK came. */
				[EV(INVITE)] = GO(nothing, CONFIRMED),
				[EV(ACK)] = GO(nothing, CONFIRMED),
				[EV(CANCEL)] = GO(nothing, CONFIRMED),
				[EV(TIMER_I)] = GO(nothing, TERMINATED),
				[EV(SEND_FAILED)] = GO(nothing, CONFIRMED),
			},
		[INVITE_SERVER_ACCEPTED] =
			{
				/* RFC 6026 §7.1: absorbed; the 2xx is sent again by its owner until the ACK is there.
				 */
				[EV(INVITE)] = GO(nothing, ACCEPTED),
				/* An ACK of a 2xx with the INVITE's own branch (RFC 2543 peers, and wrong ones). */
				[EV(ACK)] = GO(pass_ack, ACCEPTED),
				/* The 2xx was lost, or crossed it: the user is told, the answer stands. */
				[EV(CANCEL)] = GO(tell_late_cancel, ACCEPTED),
				[EV(RESEND)] = GO(resend, ACCEPTED),
				[EV(TIMER_L)] = GO(nothing, TERMINATED),
				[EV(SEND_FAILED)] = GO(tell_failed, ACCEPTED),
			},
};

#undef EV
#undef GO

TXN_MACHINE(txn_invite_server, INVITE_SERVER, "INVITE server");
