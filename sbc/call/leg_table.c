/* SPDX-License-Identifier: Apache-2.0 */
/* leg_table: the dialog machine of a leg and its actions. What is told to the call is posted, never called. */
#include <errno.h>

#include "sbc/call/timers.h"
#include "sbc/call/told.h"

typedef void (*leg_action)(struct leg *l, const struct leg_arg *a);

/* ---- telling the call ---- */

static void tell(struct leg *l, enum call_event ev, const struct leg_arg *a)
{
	call_post(l->call, ev, &(struct call_arg){.m = a->m, .reject = a->reject});
}

static void tell_ended(struct leg *l, const struct leg_arg *a)
{
	/* what a dead leg no longer needs goes at once: an ended call may wait for its other leg */
	if (l->invite_in && server_txn_final_sent(l->invite_in)) {
		server_txn_detach(l->invite_in);
		l->invite_in = NULL;
	}
	call_post(l->call, CALL_EV_LEG_ENDED, &(struct call_arg){0});
}

static void act_none(struct leg *l, const struct leg_arg *a)
{
}

static void act_ended(struct leg *l, const struct leg_arg *a)
{
	tell_ended(l, a);
}

/* ---- UAS ---- */

static void act_ring(struct leg *l, const struct leg_arg *a)
{
	/* an overdue one is no loss: the next provisional or the final reply says more */
	server_txn_reply(l->invite_in, a->reply);
}

static void act_send_answer(struct leg *l, const struct leg_arg *a)
{
	int err = leg_reply_2xx(l, l->invite_in, l->invite_cseq, a->reply);
	enum reject_reason why = err == -EPERM ? REJECT_LEAK : REJECT_NO_MEMORY;

	if (err == 0)
		return;
	/* a blocked one was replaced by a 500; anything else is refused here: no ACK is to be waited for */
	if (!server_txn_final_sent(l->invite_in))
		server_txn_reject(l->invite_in, why);
	call_count(&l->call->calls->counters.rejects[why], 1);
	l->state = LEG_ENDED;
	call_post(l->call, CALL_EV_BROKEN, &(struct call_arg){.reject = why, .cause = "answer not sent"});
	tell_ended(l, a);
}

static void act_reject(struct leg *l, const struct leg_arg *a)
{
	if (a->reply)
		server_txn_reply(l->invite_in, a->reply);
	else
		server_txn_reject(l->invite_in, a->reject ? a->reject : REJECT_TARGETS_DOWN);
	tell_ended(l, a);
}

/* RFC 3261 §9.2: the caller's wish to end is irrevocable: 487 at once, whatever leg B is doing. */
static void act_cancelled(struct leg *l, const struct leg_arg *a)
{
	server_txn_reject(l->invite_in, REJECT_CANCELLED);
	tell(l, CALL_EV_CALLER_CANCELLED, a);
	tell_ended(l, a);
}

static void act_tell_cancelled(struct leg *l, const struct leg_arg *a)
{
	tell(l, CALL_EV_CALLER_CANCELLED, a);
}

static void reply_ok(struct leg *l, const struct leg_arg *a)
{
	char buf[1024];
	struct writer w = writer_init(buf, sizeof(buf));

	if (!a->txn)
		return;
	write_own_headers(l, false, false, &w);
	server_txn_reply(a->txn, &(struct reply){.status = 200, .headers = writer_result(&w), .guard = &l->hiding.set});
}

/* RFC 3261 §15.1.2 by way of §15: BYE on an early dialog ends the INVITE by 487. */
static void act_bye_on_early(struct leg *l, const struct leg_arg *a)
{
	reply_ok(l, a);
	server_txn_reject(l->invite_in, REJECT_CANCELLED);
	tell(l, CALL_EV_CALLER_HUNG_UP, a);
	tell_ended(l, a);
}

/* RFC 3261 §15: that early dialog alone; the INVITE goes on. */
static void act_bye_one_early(struct leg *l, const struct leg_arg *a)
{
	reply_ok(l, a);
	tell(l, CALL_EV_CALLER_LEFT, a);
}

static void forget_unacked(struct leg *l)
{
	call_timers_acked(l);
	if (l->unacked.txn && l->unacked.txn != l->invite_in)
		server_txn_detach(l->unacked.txn);
	l->unacked.txn = NULL;
}

static void act_acked(struct leg *l, const struct leg_arg *a)
{
	forget_unacked(l);
	if (l->invite_in) {
		server_txn_detach(l->invite_in);
		l->invite_in = NULL;
	}
	tell(l, CALL_EV_CALLER_ACKED, a);
}

static void act_send_bye(struct leg *l, const struct leg_arg *a);

static void act_ack_lost(struct leg *l, const struct leg_arg *a)
{
	forget_unacked(l);
	tell(l, CALL_EV_CALLER_LOST, a);
	act_send_bye(l, a);
}

static void act_end_after_ack(struct leg *l, const struct leg_arg *a)
{
	forget_unacked(l);
	act_send_bye(l, a);
}

/* ---- UAC ---- */

static void act_send_invite(struct leg *l, const struct leg_arg *a);

static void act_provisional(struct leg *l, const struct leg_arg *a)
{
	tell(l, CALL_EV_CALLEE_PROVISIONAL, a);
}

static int confirm(struct leg *l, const struct message *m)
{
	l->far_update = message_lists(m, STR("Allow"), STR("UPDATE"));
	return dialog_on_response(&l->dialog, m);
}

/* No memory for its dialog: the 2xx has its ACK and BYE all the same (RFC 3261 §13.2.2.4), from the response alone. If
 * there is none for that either, it comes again, and is then taken for that of a branch. */
static void give_up_answer(struct leg *l, const struct leg_arg *a)
{
	call_count(&l->call->calls->counters.rejects[REJECT_NO_MEMORY], 1);
	stray_answer_end(l->call->calls, a->m, l->dialog.local_cseq + 1, l);
	l->state = LEG_ENDED;
	call_post(l->call, CALL_EV_BROKEN, &(struct call_arg){.reject = REJECT_NO_MEMORY, .cause = "out of memory"});
	tell_ended(l, a);
}

static void act_answer(struct leg *l, const struct leg_arg *a)
{
	if (confirm(l, a->m) < 0) {
		give_up_answer(l, a);
		return;
	}
	/* its repetition is ACKed as well */
	if (leg_send_ack(l, STR_NONE) < 0) {
		call_post(l->call, CALL_EV_BROKEN,
			  &(struct call_arg){.reject = REJECT_NO_MEMORY, .cause = "out of memory"});
		return;
	}
	tell(l, CALL_EV_CALLEE_ANSWERED, a);
}

static void act_offer(struct leg *l, const struct leg_arg *a)
{
	if (confirm(l, a->m) < 0) {
		give_up_answer(l, a);
		return;
	}
	tell(l, CALL_EV_CALLEE_OFFERED, a);
}

static void act_refused(struct leg *l, const struct leg_arg *a)
{
	tell(l, CALL_EV_CALLEE_REFUSED, a);
	tell_ended(l, a);
}

static void act_failed(struct leg *l, const struct leg_arg *a)
{
	tell(l, CALL_EV_CALLEE_FAILED, a);
	tell_ended(l, a);
}

static void act_cancel(struct leg *l, const struct leg_arg *a)
{
	client_txn_cancel(l->invite_out);
}

/* RFC 3261 §13.2.2.4: a 2xx that crossed our CANCEL is ACKed, then ended by BYE. */
static void act_ack_then_bye(struct leg *l, const struct leg_arg *a)
{
	call_count(&l->call->calls->counters.cancel_crossed, 1);
	if (confirm(l, a->m) < 0) {
		give_up_answer(l, a);
		return;
	}
	leg_send_ack(l, STR_NONE);
	act_send_bye(l, a);
}

/* The answer never came: the ACK goes without one, and the BYE after it. */
static void act_ack_bare_then_bye(struct leg *l, const struct leg_arg *a)
{
	leg_send_ack(l, STR_NONE);
	act_send_bye(l, a);
}

static void act_send_late_ack(struct leg *l, const struct leg_arg *a)
{
	if (leg_send_ack(l, a->body) < 0)
		call_post(l->call, CALL_EV_BROKEN, &(struct call_arg){.reject = REJECT_LEAK, .cause = "ACK not sent"});
}

static void act_ack_again(struct leg *l, const struct leg_arg *a)
{
	/* a re-INVITE may have come after the INVITE whose 2xx this is (RFC 3261 §13.2.2.4: the CSeq of its own) */
	if (l->ack && l->ack_cseq == a->m->cseq)
		txn_send_again(l->call->calls->worker->txn, &l->dialog.peer, (struct str){l->ack, l->ack_n});
	else
		leg_send_ack_of(l, a->m->cseq);
}

static void act_end_fork(struct leg *l, const struct leg_arg *a)
{
	call_count(&l->call->calls->counters.forks_second_2xx, 1);
	stray_answer_end(l->call->calls, a->m, ++l->dialog.local_cseq, l);
}

/* A BYE before the answer is not a callee's to send; it is taken for what it means. */
static void act_bye_instead_of_answer(struct leg *l, const struct leg_arg *a)
{
	reply_ok(l, a);
	tell(l, CALL_EV_CALLEE_HUNG_UP, a);
	client_txn_cancel(l->invite_out);
}

/* Not a callee's to send either; the other branches ring on. */
static void act_bye_of_branch(struct leg *l, const struct leg_arg *a)
{
	reply_ok(l, a);
	early_gone(l, a->m);
}

/* ---- both ---- */

static void act_bye(struct leg *l, const struct leg_arg *a)
{
	reply_ok(l, a);
	forget_unacked(l);
	tell(l, l->uas ? CALL_EV_CALLER_HUNG_UP : CALL_EV_CALLEE_HUNG_UP, a);
	tell_ended(l, a);
}

static void act_bye_unacked(struct leg *l, const struct leg_arg *a)
{
	leg_send_ack(l, STR_NONE);
	act_bye(l, a);
}

static void act_reply_ok(struct leg *l, const struct leg_arg *a)
{
	reply_ok(l, a);
}

static void act_bye_ends(struct leg *l, const struct leg_arg *a)
{
	reply_ok(l, a);
	forget_unacked(l);
	tell_ended(l, a);
}

static void act_send_bye(struct leg *l, const struct leg_arg *a)
{
	char buf[1024];
	struct writer w = writer_init(buf, sizeof(buf));
	int err;

	write_own_headers(l, true, false, &w);
	writer_str(&w, a->headers);
	l->bye_out = leg_request(l, &(struct client_request){.method = METHOD_BYE, .headers = writer_result(&w)},
				 &leg_bye_ops, l, &err);
	if (!l->bye_out && !leg_bye_later(l, client_txn_reject_of(err))) {
		/* nothing will answer it: the leg is over without */
		call_count(&l->call->calls->counters.rejects[client_txn_reject_of(err)], 1);
		l->state = LEG_ENDED;
		tell_ended(l, a);
	}
}

/* Both hang up at once: each BYE gets its 200; one that could not be sent yet need not be. */
static void act_bye_crossed(struct leg *l, const struct leg_arg *a)
{
	reply_ok(l, a);
	if (l->bye_out)
		return;
	call_timers_unsent_over(l->call, &l->bye_unsent);
	l->state = LEG_ENDED;
	tell_ended(l, a);
}

/* ---- the INVITE of a UAC leg ---- */

static void act_challenged(struct leg *l, const struct leg_arg *a)
{
	switch (leg_challenged(l, &l->invite_out, a->m)) {
	case KEYRING_AGAIN:
		leg_forbid(l->call->a, client_txn_branch(l->invite_out));
		return;
	case KEYRING_NOT_OURS:
		break;
	case KEYRING_REFUSED:
		l->state = LEG_ENDED;
		tell(l, CALL_EV_CALLEE_FAILED, &(struct leg_arg){.m = a->m, .reject = REJECT_PEER_CREDENTIALS});
		tell_ended(l, a);
		return;
	}
	l->state = LEG_ENDED;
	act_refused(l, a);
}

static void act_send_invite(struct leg *l, const struct leg_arg *a)
{
	int err = -ENOMEM;

	l->invite_out = leg_request(l, a->request, &leg_invite_ops, l, &err);
	if (l->invite_out) {
		l->invite_cseq = l->dialog.local_cseq;
		return;
	}
	l->state = LEG_ENDED;
	tell(l, CALL_EV_CALLEE_FAILED, &(struct leg_arg){.reject = client_txn_reject_of(err)});
	tell_ended(l, a);
}

/* ---- the table ---- */

struct leg_cell {
	const char *name;
	leg_action action;
	enum leg_state next;
};

static const struct leg_cell cells[LEG_STATE_COUNT][LEG_EVENT_COUNT] =
	{
		[LEG_IDLE] =
			{
				[LEG_DO_INVITE] = MACHINE_DO(send_invite, LEG_CALLING),
				[LEG_DO_END] = MACHINE_DO(ended, LEG_ENDED),
			},
		[LEG_INCOMING] =
			{
				[LEG_DO_RING] = MACHINE_DO(ring, LEG_INCOMING),
				[LEG_DO_ANSWER] = MACHINE_DO(send_answer, LEG_ANSWERED),
				[LEG_DO_REJECT] = MACHINE_DO(reject, LEG_ENDED),
				[LEG_DO_END] = MACHINE_DO(reject, LEG_ENDED),
				[LEG_EV_CANCEL] = MACHINE_DO(cancelled, LEG_ENDED),
				[LEG_EV_BYE] = MACHINE_DO(bye_on_early, LEG_ENDED),
				[LEG_EV_BYE_EARLY] = MACHINE_DO(bye_one_early, LEG_INCOMING),
			},
		[LEG_ANSWERED] =
			{
				[LEG_EV_ACK] = MACHINE_DO(acked, LEG_CONFIRMED),
				[LEG_EV_ACK_LOST] = MACHINE_DO(ack_lost, LEG_ENDING),
				/* our 200 was lost on the way: leg B ends at once, leg A by BYE when its ACK comes */
				[LEG_EV_CANCEL] = MACHINE_DO(tell_cancelled, LEG_UNACKED_END),
				[LEG_EV_BYE] = MACHINE_DO(bye, LEG_ENDED),
				/* RFC 3261 §15: a UAS must not send BYE before the ACK, or before its time is over */
				[LEG_DO_END] = MACHINE_DO(none, LEG_UNACKED_END),
			},
		[LEG_UNACKED_END] =
			{
				[LEG_EV_ACK] = MACHINE_DO(end_after_ack, LEG_ENDING),
				[LEG_EV_ACK_LOST] = MACHINE_DO(end_after_ack, LEG_ENDING),
				[LEG_EV_BYE] = MACHINE_DO(bye_ends, LEG_ENDED),
				[LEG_EV_CANCEL] = MACHINE_DO(none, LEG_UNACKED_END),
				[LEG_DO_END] = MACHINE_DO(none, LEG_UNACKED_END),
			},
		[LEG_CALLING] =
			{
				[LEG_EV_PROVISIONAL] = MACHINE_DO(provisional, LEG_CALLING),
				[LEG_EV_ANSWER] = MACHINE_DO(answer, LEG_CONFIRMED),
				[LEG_EV_OFFER] = MACHINE_DO(offer, LEG_OFFERED),
				/* a branch that was left already, by the caller or of its own accord */
				[LEG_EV_ANSWER_FORK] = MACHINE_DO(end_fork, LEG_CALLING),
				[LEG_EV_REFUSED] = MACHINE_DO(refused, LEG_ENDED),
				/* with credentials of ours for it the INVITE goes once more */
				[LEG_EV_CHALLENGED] = MACHINE_DO(challenged, LEG_CALLING),
				[LEG_EV_FAILED] = MACHINE_DO(failed, LEG_ENDED),
				[LEG_EV_BYE] = MACHINE_DO(bye_instead_of_answer, LEG_CANCELLING),
				[LEG_EV_BYE_EARLY] = MACHINE_DO(bye_of_branch, LEG_CALLING),
				[LEG_DO_END] = MACHINE_DO(cancel, LEG_CANCELLING),
			},
		[LEG_CANCELLING] =
			{
				[LEG_EV_PROVISIONAL] = MACHINE_DO(none, LEG_CANCELLING),
				/* RFC 3261 §9.1: the answer crossed our CANCEL */
				[LEG_EV_ANSWER] = MACHINE_DO(ack_then_bye, LEG_ENDING),
				[LEG_EV_OFFER] = MACHINE_DO(ack_then_bye, LEG_ENDING),
				[LEG_EV_REFUSED] = MACHINE_DO(ended, LEG_ENDED),
				[LEG_EV_CHALLENGED] = MACHINE_DO(ended, LEG_ENDED),
				[LEG_EV_FAILED] = MACHINE_DO(ended, LEG_ENDED),
				[LEG_EV_BYE] = MACHINE_DO(reply_ok, LEG_CANCELLING),
				/* of a call that rang when its process died: not sent yet; else once is enough */
				[LEG_DO_END] = MACHINE_DO(cancel, LEG_CANCELLING),
			},
		[LEG_OFFERED] =
			{
				/* no ACK before we have an answer: the 2xx goes on coming */
				[LEG_EV_ANSWER_AGAIN] = MACHINE_DO(none, LEG_OFFERED),
				[LEG_EV_ANSWER_FORK] = MACHINE_DO(end_fork, LEG_OFFERED),
				[LEG_EV_BYE] = MACHINE_DO(bye_unacked, LEG_ENDED),
				[LEG_DO_ACK] = MACHINE_DO(send_late_ack, LEG_CONFIRMED),
				[LEG_DO_END] = MACHINE_DO(ack_bare_then_bye, LEG_ENDING),
			},
		[LEG_CONFIRMED] =
			{
				[LEG_EV_ANSWER_AGAIN] = MACHINE_DO(ack_again, LEG_CONFIRMED),
				/* RFC 3261 §13.2.2.4: one dialog a call; every further one is ACKed and ended */
				[LEG_EV_ANSWER_FORK] = MACHINE_DO(end_fork, LEG_CONFIRMED),
				[LEG_EV_BYE] = MACHINE_DO(bye, LEG_ENDED),
				/* the other side's, sent on before it was answered */
				[LEG_EV_BYE_DONE] = MACHINE_DO(ended, LEG_ENDED),
				/* the ACK of a 2xx that we had sent twice */
				[LEG_EV_ACK] = MACHINE_DO(none, LEG_CONFIRMED),
				[LEG_DO_END] = MACHINE_DO(send_bye, LEG_ENDING),
			},
		[LEG_ENDING] =
			{
				[LEG_EV_BYE_DONE] = MACHINE_DO(ended, LEG_ENDED),
				[LEG_EV_BYE_AGAIN] = MACHINE_DO(send_bye, LEG_ENDING),
				[LEG_EV_BYE] = MACHINE_DO(bye_crossed, LEG_ENDING),
				[LEG_EV_ACK] = MACHINE_DO(none, LEG_ENDING),
				/* on its way when the ACK, or our patience, came first */
				[LEG_EV_CANCEL] = MACHINE_DO(none, LEG_ENDING),
				[LEG_EV_ANSWER_AGAIN] = MACHINE_DO(ack_again, LEG_ENDING),
				[LEG_EV_ANSWER_FORK] = MACHINE_DO(end_fork, LEG_ENDING),
				[LEG_DO_END] = MACHINE_DO(none, LEG_ENDING),
			},
		[LEG_ENDED] =
			{
				[LEG_EV_BYE] = MACHINE_DO(reply_ok, LEG_ENDED),
				/* overtaken by the BYE behind it */
				[LEG_EV_ACK] = MACHINE_DO(none, LEG_ENDED),
				[LEG_EV_ANSWER_AGAIN] = MACHINE_DO(ack_again, LEG_ENDED),
				[LEG_EV_ANSWER_FORK] = MACHINE_DO(end_fork, LEG_ENDED),
				[LEG_DO_END] = MACHINE_DO(none, LEG_ENDED),
			},
};

bool leg_event(struct leg *l, enum leg_event ev, const struct leg_arg *arg)
{
	const struct leg_cell *cell = &cells[l->state][ev];

	if (!cell->name) {
		call_count(&l->call->calls->counters.unexpected_events, 1);
		if (arg->txn)
			server_txn_reject(arg->txn, REJECT_NO_DIALOG);
		return false;
	}
	machine_mark(MACHINE_LEG, l->state, ev);
	l->state = cell->next; /* the one writer, but for an action whose message could not be sent */
	cell->action(l, arg);
	return true;
}

MACHINE_DEFINE(leg_machine, MACHINE_LEG, "leg", LEG_STATES, LEG_EVENTS);

const char *leg_state_name(enum leg_state s)
{
	return state_names[s];
}
