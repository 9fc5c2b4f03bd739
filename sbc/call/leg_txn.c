/* SPDX-License-Identifier: Apache-2.0 */
/* leg_txn: what the transactions of a leg's dialog report, as events of its machine. */
#include <stdlib.h>

#include "sbc/call/timers.h"

/* ---- the INVITE that made a UAS leg ---- */

static void uas_cancelled(void *arg, struct server_txn *t, const struct message *cancel)
{
	struct leg *l = arg;

	leg_event(l, LEG_EV_CANCEL, &(struct leg_arg){.m = cancel});
	call_run(l->call);
}

static void uas_terminated(void *arg, struct server_txn *t)
{
	struct leg *l = arg;

	if (l->unacked.txn == t)
		l->unacked.txn = NULL;
	if (l->invite_in == t)
		l->invite_in = NULL;
	calls_reap_later(l->call->calls, l->call);
}

/* When the caller cannot be reached now, retransmission, the ACK's timer or the ringing bound decide. */
static const struct server_ops uas_ops = {.cancelled = uas_cancelled, .terminated = uas_terminated};

void leg_own_invite_in(struct leg *l, struct server_txn *t)
{
	l->invite_in = t;
	server_txn_own(t, &uas_ops, l);
}

/* ---- a 2xx of ours that has no ACK yet ---- */

static void unacked_terminated(void *arg, struct server_txn *t)
{
	struct leg *l = arg;

	if (l->unacked.txn == t)
		l->unacked.txn = NULL;
}

static const struct server_ops unacked_ops = {.terminated = unacked_terminated};

void leg_own_unacked(struct leg *l, struct server_txn *t)
{
	server_txn_own(t, &unacked_ops, l);
}

/* ---- the INVITE of a UAC leg ---- */

static bool left_by_caller(const struct leg *l, const struct message *m)
{
	const struct branch *branch = early_branch(l, m->to.tag);

	return branch && branch->left;
}

static void invite_response(void *arg, struct client_txn *t, const struct message *m)
{
	struct leg *l = arg;
	struct leg_arg a = {.m = m};

	if (m->status >= 200 && m->status < 300) {
		leg_keep_credentials(l, t);
		keyring_told(l->call->calls->keyring, facts_peer(l->call, l->peer), t, m);
	}
	if (m->status < 200) {
		if (m->status > 100)
			leg_event(l, LEG_EV_PROVISIONAL, &a);
	} else if (m->status == 401 || m->status == 407) {
		leg_event(l, LEG_EV_CHALLENGED, &a);
	} else if (m->status >= 300) {
		leg_event(l, LEG_EV_REFUSED, &a);
	} else if (l->state == LEG_CALLING && left_by_caller(l, m)) {
		leg_event(l, LEG_EV_ANSWER_FORK, &a);
	} else if (l->state == LEG_CALLING || l->state == LEG_CANCELLING) {
		leg_event(l, l->offer == OFFER_NONE ? LEG_EV_OFFER : LEG_EV_ANSWER, &a);
	} else if (str_eq(m->to.tag, str_z(l->dialog.remote_tag))) {
		leg_event(l, LEG_EV_ANSWER_AGAIN, &a);
	} else {
		leg_event(l, LEG_EV_ANSWER_FORK, &a);
	}
	call_run(l->call);
}

static void invite_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	struct leg *l = arg;

	leg_event(l, LEG_EV_FAILED, &(struct leg_arg){.reject = why});
	call_run(l->call);
}

static void invite_terminated(void *arg, struct client_txn *t)
{
	struct leg *l = arg;

	l->invite_out = NULL;
	/* the only answers were of branches that the caller had left */
	if (l->state == LEG_CALLING || l->state == LEG_CANCELLING)
		leg_event(l, LEG_EV_FAILED, &(struct leg_arg){.reject = REJECT_TIMEOUT});
	free(l->ack); /* the far side has stopped sending its 2xx */
	l->ack = NULL;
	call_run(l->call);
	calls_reap_later(l->call->calls, l->call);
}

const struct client_ops leg_invite_ops = {
	.response = invite_response, .failed = invite_failed, .terminated = invite_terminated};

/* ---- BYE ---- */

static void bye_response(void *arg, struct client_txn *t, const struct message *m)
{
	struct leg *l = arg;

	if (m->status < 200 || leg_challenged(l, &l->bye_out, m) == KEYRING_AGAIN)
		return;
	leg_event(l, LEG_EV_BYE_DONE, &(struct leg_arg){.m = m});
	call_run(l->call);
}

static void on_bye_again(struct wheel_timer *t)
{
	struct leg *l = container_of(t, struct leg, bye_unsent.again);

	leg_event(l, LEG_EV_BYE_AGAIN, &(struct leg_arg){0});
	call_run(l->call);
}

bool leg_bye_later(struct leg *l, enum reject_reason why)
{
	return (why == REJECT_NO_MEMORY || why == REJECT_TRANSACTIONS || (why == REJECT_FLOW_GONE && l->phone)) &&
	       call_timers_unsent(l->call, &l->bye_unsent, on_bye_again, 64);
}

static void bye_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	struct leg *l = arg;

	if (leg_bye_later(l, why)) {
		client_txn_detach(t);
		l->bye_out = NULL;
		return;
	}
	leg_event(l, LEG_EV_BYE_DONE, &(struct leg_arg){.reject = why});
	call_run(l->call);
}

static void bye_terminated(void *arg, struct client_txn *t)
{
	struct leg *l = arg;

	l->bye_out = NULL;
	calls_reap_later(l->call->calls, l->call);
}

const struct client_ops leg_bye_ops = {.response = bye_response, .failed = bye_failed, .terminated = bye_terminated};
