/* SPDX-License-Identifier: Apache-2.0 */
/* call: the coupling of two legs: what an event of one means for the other, as a table. */
#include "sbc/call/call.h"

#include <stdlib.h>

#include "base/clock.h"
#include "sbc/call/call_log.h"
#include "sbc/call/timers.h"
#include "sbc/call/told.h"

typedef void (*call_action)(struct call *c, const struct call_arg *a);

/* ---- ending ---- */

/* Everything that ends with the talk, once. Legs are ended by the caller. */
static void close_call(struct call *c, enum cdr_side by, const char *cause)
{
	if (c->end_ns)
		return;
	c->end_ns = clock_ns();
	c->ended_by = by;
	c->cause = cause;
	call_timers_over(c);
	attempt_stop(c);
	exchange_drop(c);
	parting_drop(c);
	relay_drop(c, REJECT_NO_DIALOG);
	setup_free(c); /* and with it a query under way */
	attempt_release_peer(c);
	if (c->peer_in_counted) {
		c->peer_in_counted = false;
		border_call_end(c->calls->border, c->config, c->peer_in, false);
	}
	if (!c->answer_ns && !c->challenged)
		call_count(&c->calls->counters.calls_failed, 1);
	call_log(c, LOG_INFO, "call ended", "cause", str_z(cause));
	if (c->session)
		media_end(c->calls->port, c->session);
	else
		record_send(c, NULL);
}

static void note_reason(struct call *c, const struct message *m)
{
	struct str v = STR_NONE;
	struct writer w = writer_init(c->reason, sizeof(c->reason) - 1);

	if (!m || c->end_ns)
		return;
	if (!message_header(m, STR("Reason"), 0, &v) && !m->request)
		v = m->phrase;
	if (v.n > sizeof(c->reason) - 1)
		v.n = sizeof(c->reason) - 1;
	writer_str(&w, v);
	c->reason[w.n] = '\0';
}

/* The other leg's end, with what may cross of the message that ended this one (Reason). */
static void end_leg(struct call *c, struct leg *l, struct leg *from, const struct message *m, enum reject_reason reject)
{
	char buf[4096];
	struct writer w = writer_init(buf, sizeof(buf));

	if (!l)
		return;
	if (from && m && m->request)
		write_crossing(c, from->peer, l, m, &w);
	leg_event(l, LEG_DO_END,
		  &(struct leg_arg){.headers = w.overflow ? STR_NONE : writer_result(&w), .reject = reject});
}

void call_end_both(struct call *c, enum cdr_side by, const char *cause)
{
	close_call(c, by, cause);
	c->state = CALL_ENDING;
	end_leg(c, c->a, NULL, NULL, REJECT_TARGETS_DOWN);
	end_leg(c, c->b, NULL, NULL, REJECT_NONE);
}

/* ---- actions ---- */

static void act_none(struct call *c, const struct call_arg *a)
{
}

static void act_invite(struct call *c, const struct call_arg *a)
{
	attempt_invite(c);
}

static void act_echo(struct call *c, const struct call_arg *a)
{
	answer_echo(c);
}

static void act_refuse(struct call *c, const struct call_arg *a)
{
	attempt_refuse_caller(c, a->reject);
	close_call(c, CDR_SIDE_US, a->cause ? a->cause : "refused");
	end_leg(c, c->b, NULL, NULL, REJECT_NONE);
}

static void act_no_target(struct call *c, const struct call_arg *a)
{
	bool far = c->setup && c->setup->best;
	const char *cause = far ? "rejected" : "no target";

	if (far && c->setup->best_reject == REJECT_PEER_CREDENTIALS)
		cause = "credentials refused";
	note_reason(c, far ? c->setup->best : NULL);
	attempt_refuse_caller(c, REJECT_NONE);
	/* the caller answers it by another INVITE: that one is the call */
	if (c->status == 401 || c->status == 407) {
		c->challenged = true;
		cause = "challenged";
		call_count(&c->calls->counters.calls_challenged, 1);
	}
	close_call(c, far ? CDR_SIDE_B : CDR_SIDE_US, cause);
}

static void act_end_callee(struct call *c, const struct call_arg *a)
{
	note_reason(c, a->m);
	close_call(c, CDR_SIDE_A, a->cause);
	end_leg(c, c->b, c->a, a->m, REJECT_NONE);
}

static void act_cancelled(struct call *c, const struct call_arg *a)
{
	if (!c->answer_ns)
		c->status = 487;
	act_end_callee(c, &(struct call_arg){.m = a->m, .cause = "cancel"});
}

/* RFC 3261 §15: before the answer, BYE ends the INVITE by 487. */
static void act_caller_bye(struct call *c, const struct call_arg *a)
{
	if (!c->answer_ns)
		c->status = 487;
	act_end_callee(c, &(struct call_arg){.m = a->m, .cause = "bye"});
}

static void act_caller_left(struct call *c, const struct call_arg *a)
{
	early_leave(c, a->m);
}

static void act_caller_lost(struct call *c, const struct call_arg *a)
{
	act_end_callee(c, &(struct call_arg){.cause = "ack lost"});
}

static void act_callee_bye(struct call *c, const struct call_arg *a)
{
	note_reason(c, a->m);
	if (!c->answer_ns)
		c->status = reject_status(REJECT_TARGETS_DOWN);
	close_call(c, CDR_SIDE_B, "bye");
	end_leg(c, c->a, c->b, a->m, REJECT_TARGETS_DOWN);
}

static void act_end_both(struct call *c, const struct call_arg *a)
{
	if (!c->answer_ns && !c->end_ns)
		c->status = reject_status(a->reject ? a->reject : REJECT_TARGETS_DOWN);
	close_call(c, CDR_SIDE_US, a->cause ? a->cause : "ended");
	end_leg(c, c->a, NULL, NULL, a->reject);
	end_leg(c, c->b, NULL, NULL, REJECT_NONE);
}

static void act_provisional(struct call *c, const struct call_arg *a)
{
	answer_relay_provisional(c, a->m);
}

static void act_answer(struct call *c, const struct call_arg *a)
{
	if (!answer_caller(c, a->m))
		call_post(c, CALL_EV_BROKEN, &(struct call_arg){.reject = REJECT_SDP, .cause = "unusable answer"});
}

static void act_late_offer(struct call *c, const struct call_arg *a)
{
	if (!answer_prepare_late(c, a->m))
		call_post(c, CALL_EV_BROKEN, &(struct call_arg){.reject = REJECT_SDP, .cause = "unusable offer"});
}

static void act_offer_caller(struct call *c, const struct call_arg *a)
{
	answer_offer_caller(c);
}

static void act_try_next(struct call *c, const struct call_arg *a)
{
	if (attempt_failed(c, a->m ? a->m->status : 0, a->reject, a->m))
		attempt_next(c);
	else
		call_post(c, CALL_EV_NO_TARGET, &(struct call_arg){0});
}

static void act_talking(struct call *c, const struct call_arg *a)
{
	if (c->late && !answer_late(c, a->m))
		call_post(c, CALL_EV_BROKEN, &(struct call_arg){.cause = "unusable answer"});
	setup_free(c);
	checkpoint_changed(c);
}

static void act_media_ready(struct call *c, const struct call_arg *a)
{
	exchange_media_ready(c, true);
}

static void act_media_failed(struct call *c, const struct call_arg *a)
{
	exchange_media_ready(c, false);
}

static void act_check_over(struct call *c, const struct call_arg *a)
{
	calls_reap_later(c->calls, c);
}

/* ---- the table ---- */

struct call_cell {
	const char *name;
	call_action action;
	enum call_state next;
};

static const struct call_cell cells[CALL_STATE_COUNT][CALL_EVENT_COUNT] =
	{
		[CALL_SETUP] =
			{
				[CALL_EV_MEDIA_READY] = MACHINE_DO(invite, CALL_TRYING),
				[CALL_EV_ECHO_READY] = MACHINE_DO(echo, CALL_ANSWERED),
				[CALL_EV_MEDIA_FAILED] = MACHINE_DO(refuse, CALL_ENDING),
				[CALL_EV_NO_TARGET] = MACHINE_DO(no_target, CALL_ENDING),
				[CALL_EV_CALLER_CANCELLED] = MACHINE_DO(cancelled, CALL_ENDING),
				[CALL_EV_CALLER_HUNG_UP] = MACHINE_DO(caller_bye, CALL_ENDING),
				[CALL_EV_CALLER_LEFT] = MACHINE_DO(caller_left, CALL_SETUP),
				[CALL_EV_BOUND] = MACHINE_DO(refuse, CALL_ENDING),
				[CALL_EV_DRAIN] = MACHINE_DO(refuse, CALL_ENDING),
				[CALL_EV_BROKEN] = MACHINE_DO(refuse, CALL_ENDING),
				/* the leg of the attempt before */
				[CALL_EV_LEG_ENDED] = MACHINE_DO(none, CALL_SETUP),
			},
		[CALL_TRYING] =
			{
				[CALL_EV_CALLEE_PROVISIONAL] = MACHINE_DO(provisional, CALL_TRYING),
				[CALL_EV_CALLEE_ANSWERED] = MACHINE_DO(answer, CALL_ANSWERED),
				[CALL_EV_CALLEE_OFFERED] = MACHINE_DO(late_offer, CALL_OFFERED),
				[CALL_EV_CALLEE_REFUSED] = MACHINE_DO(try_next, CALL_SETUP),
				[CALL_EV_CALLEE_FAILED] = MACHINE_DO(try_next, CALL_SETUP),
				[CALL_EV_CALLEE_HUNG_UP] = MACHINE_DO(callee_bye, CALL_ENDING),
				[CALL_EV_CALLER_CANCELLED] = MACHINE_DO(cancelled, CALL_ENDING),
				[CALL_EV_CALLER_HUNG_UP] = MACHINE_DO(caller_bye, CALL_ENDING),
				[CALL_EV_CALLER_LEFT] = MACHINE_DO(caller_left, CALL_TRYING),
				[CALL_EV_BOUND] = MACHINE_DO(refuse, CALL_ENDING),
				[CALL_EV_DRAIN] = MACHINE_DO(refuse, CALL_ENDING),
				[CALL_EV_BROKEN] = MACHINE_DO(refuse, CALL_ENDING),
				[CALL_EV_LEG_ENDED] = MACHINE_DO(none, CALL_TRYING),
			},
		[CALL_OFFERED] =
			{
				[CALL_EV_MEDIA_READY] = MACHINE_DO(offer_caller, CALL_ANSWERED),
				[CALL_EV_MEDIA_FAILED] = MACHINE_DO(refuse, CALL_ENDING),
				[CALL_EV_CALLEE_HUNG_UP] = MACHINE_DO(callee_bye, CALL_ENDING),
				[CALL_EV_CALLER_CANCELLED] = MACHINE_DO(cancelled, CALL_ENDING),
				[CALL_EV_CALLER_HUNG_UP] = MACHINE_DO(caller_bye, CALL_ENDING),
				[CALL_EV_CALLER_LEFT] = MACHINE_DO(caller_left, CALL_OFFERED),
				[CALL_EV_BOUND] = MACHINE_DO(refuse, CALL_ENDING),
				[CALL_EV_DRAIN] = MACHINE_DO(refuse, CALL_ENDING),
				[CALL_EV_BROKEN] = MACHINE_DO(refuse, CALL_ENDING),
				[CALL_EV_LEG_ENDED] = MACHINE_DO(none, CALL_OFFERED),
			},
		[CALL_ANSWERED] =
			{
				[CALL_EV_CALLER_ACKED] = MACHINE_DO(talking, CALL_TALKING),
				/* the CANCEL of a caller that never saw our 200 */
				[CALL_EV_CALLER_CANCELLED] = MACHINE_DO(cancelled, CALL_ENDING),
				[CALL_EV_CALLER_LOST] = MACHINE_DO(caller_lost, CALL_ENDING),
				[CALL_EV_CALLER_HUNG_UP] = MACHINE_DO(caller_bye, CALL_ENDING),
				[CALL_EV_CALLEE_HUNG_UP] = MACHINE_DO(callee_bye, CALL_ENDING),
				[CALL_EV_BOUND] = MACHINE_DO(end_both, CALL_ENDING),
				[CALL_EV_SILENT] = MACHINE_DO(end_both, CALL_ENDING),
				[CALL_EV_DRAIN] = MACHINE_DO(end_both, CALL_ENDING),
				[CALL_EV_BROKEN] = MACHINE_DO(end_both, CALL_ENDING),
				[CALL_EV_LEG_ENDED] = MACHINE_DO(none, CALL_ANSWERED),
			},
		[CALL_TALKING] =
			{
				[CALL_EV_MEDIA_READY] = MACHINE_DO(media_ready, CALL_TALKING),
				[CALL_EV_MEDIA_FAILED] = MACHINE_DO(media_failed, CALL_TALKING),
				[CALL_EV_CALLER_HUNG_UP] = MACHINE_DO(caller_bye, CALL_ENDING),
				[CALL_EV_CALLEE_HUNG_UP] = MACHINE_DO(callee_bye, CALL_ENDING),
				[CALL_EV_BOUND] = MACHINE_DO(end_both, CALL_ENDING),
				[CALL_EV_SILENT] = MACHINE_DO(end_both, CALL_ENDING),
				[CALL_EV_DRAIN] = MACHINE_DO(end_both, CALL_ENDING),
				[CALL_EV_BROKEN] = MACHINE_DO(end_both, CALL_ENDING),
				[CALL_EV_LEG_ENDED] = MACHINE_DO(none, CALL_TALKING),
			},
		[CALL_ENDING] =
			{
				[CALL_EV_LEG_ENDED] = MACHINE_DO(check_over, CALL_ENDING),
				[CALL_EV_MEDIA_ENDED] = MACHINE_DO(check_over, CALL_ENDING),
				/* what was on its way when the end was decided */
				[CALL_EV_MEDIA_READY] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_ECHO_READY] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_MEDIA_FAILED] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_NO_TARGET] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_CALLER_CANCELLED] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_CALLER_ACKED] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_CALLER_LOST] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_CALLER_HUNG_UP] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_CALLER_LEFT] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_CALLEE_PROVISIONAL] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_CALLEE_REFUSED] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_CALLEE_FAILED] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_CALLEE_HUNG_UP] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_SILENT] = MACHINE_DO(none, CALL_ENDING),
				[CALL_EV_DRAIN] = MACHINE_DO(end_both, CALL_ENDING),
				[CALL_EV_BROKEN] = MACHINE_DO(end_both, CALL_ENDING),
			},
};

static void call_event_(struct call *c, enum call_event ev, const struct call_arg *a)
{
	const struct call_cell *cell = &cells[c->state][ev];

	if (!cell->name) {
		call_count(&c->calls->counters.unexpected_events, 1);
		return;
	}
	machine_mark(MACHINE_CALL, c->state, ev);
	c->state = cell->next;
	cell->action(c, a);
}

void call_post(struct call *c, enum call_event ev, const struct call_arg *arg)
{
	/* an event posts at most three, and each is taken off before the next runs: the queue cannot fill */
	if (c->queue_n == CALL_QUEUE) {
		call_count(&c->calls->counters.unexpected_events, 1);
		return;
	}
	c->queue[c->queue_n].ev = ev;
	c->queue[c->queue_n].arg = *arg;
	c->queue_n++;
}

void call_run(struct call *c)
{
	if (c->in_queue)
		return;
	c->in_queue = true;
	while (c->queue_n) {
		enum call_event ev = c->queue[0].ev;
		struct call_arg arg = c->queue[0].arg;

		c->queue_n--;
		memmove(c->queue, c->queue + 1, c->queue_n * sizeof(c->queue[0]));
		call_event_(c, ev, &arg);
	}
	c->in_queue = false;
}

MACHINE_DEFINE(call_machine, MACHINE_CALL, "call", CALL_STATES, CALL_EVENTS);

const char *call_state_name(enum call_state s)
{
	return state_names[s];
}
