/* SPDX-License-Identifier: Apache-2.0 */
/* txn_timers: every timer of the four machines, with its value and where it is from. The machines report facts; what is
 * armed for how long is decided here.
 *
 *     timer  value (UDP)              reliable  RFC                    runs while
 *     A      T1, doubling             off       3261 §17.1.1.2         INVITE client Calling, Withdrawn
 *     B      config b, or 64*T1       same      3261 §17.1.1.2         ... and Abandoned
 *            7*T1                     same      none: given up early   ... of another process, sent by this one again
 *     TRY    as the user asks         same      none: serial failover  ... instead of B, when it is shorter
 *     CANCEL 64*T1                    same      3261 §9.1              INVITE client Cancelling
 *     D      64*T1                    0         3261 §17.1.1.2         INVITE client Completed
 *     M      64*T1                    same      6026 §8.4              INVITE client Accepted
 *     E      T1, doubling to T2; T2   off       3261 §17.1.2.2         other client Trying; Proceeding
 *     F      config f, or 64*T1       same      3261 §17.1.2.2         other client Trying, Proceeding
 *     K      T4                       0         3261 §17.1.2.2         other client Completed
 *     G      T1, doubling to T2       off       3261 §17.2.1           INVITE server Completed
 *     H      config h, or 64*T1       same      3261 §17.2.1           INVITE server Completed
 *     I      T4                       0         3261 §17.2.1           INVITE server Confirmed
 *     L      64*T1                    same      6026 §8.7              INVITE server Accepted
 *     TRYING until E would reach T2   same      4320 §4.1              other server Trying
 *     LATE   64*T1                    same      4320 §4.2              other server Trying, Proceeding
 *     J      64*T1                    0         3261 §17.2.2           other server Completed
 *
 * C is the call's bound on ringing, not a transaction's. A transaction has two timers: `repeat` (A, E, G, TRYING) and
 * `end` (the others); each remembers which event it stands for. */
#include "sbc/sip/txn_internal.h"

static const struct config_timers *values(const struct txn *t)
{
	return &t->layer->config->timers;
}

static unsigned t1_64(const struct txn *t)
{
	return 64 * values(t)->t1;
}

static unsigned or_t1_64(const struct txn *t, unsigned configured)
{
	return configured ? configured : t1_64(t);
}

static unsigned min_u(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static void on_repeat(struct wheel_timer *w)
{
	struct txn *t = container_of(w, struct txn, repeat);
	struct txn_event e = {0};

	txn_dispatch(t, t->repeat_event, &e);
}

static void on_end(struct wheel_timer *w)
{
	struct txn *t = container_of(w, struct txn, end);
	struct txn_event e = {0};

	txn_dispatch(t, t->end_event, &e);
}

void txn_timers_init(struct txn *t)
{
	t->repeat.fn = on_repeat;
	t->end.fn = on_end;
}

static void repeat_stop(struct txn *t)
{
	if (wheel_armed(&t->repeat))
		t->layer->io.timer_stop(t->layer->io.arg, &t->repeat);
}

void txn_timers_stop(struct txn *t)
{
	repeat_stop(t);
	if (wheel_armed(&t->end))
		t->layer->io.timer_stop(t->layer->io.arg, &t->end);
}

static void repeat_in(struct txn *t, unsigned event, unsigned ms)
{
	t->interval_ms = ms;
	t->repeat_event = event;
	t->layer->io.timer(t->layer->io.arg, &t->repeat, ms);
}

static void end_in(struct txn *t, unsigned event, unsigned ms)
{
	t->end_event = event;
	t->layer->io.timer(t->layer->io.arg, &t->end, ms);
}

/* ---- INVITE client ---- */

void txn_timers_invite_sent(struct txn *t, unsigned try_ms)
{
	unsigned b = or_t1_64(t, values(t)->b);

	if (!t->reliable)
		repeat_in(t, INVITE_CLIENT_EV_TIMER_A, values(t)->t1);
	if (try_ms && try_ms < b)
		end_in(t, INVITE_CLIENT_EV_TIMER_TRY, try_ms);
	else
		end_in(t, INVITE_CLIENT_EV_TIMER_B, b);
}

void txn_timers_invite_repeated(struct txn *t)
{
	if (!t->reliable)
		repeat_in(t, INVITE_CLIENT_EV_TIMER_A, 2 * t->interval_ms);
}

/* Three copies, the first at once, and for the last as much time as it took to send them. Whoever got the INVITE from
 * the process before repeats its 100 to each; who is silent has nothing that would have to be cancelled. */
void txn_timers_invite_restored(struct txn *t, bool whole)
{
	unsigned b = or_t1_64(t, values(t)->b), t1 = values(t)->t1;

	end_in(t, INVITE_CLIENT_EV_TIMER_B, whole ? min_u(b, 7 * t1) : b);
	if (!whole)
		return;
	repeat_in(t, INVITE_CLIENT_EV_TIMER_A, 1);
	t->interval_ms = t1 / 2;
}

void txn_timers_invite_abandoned(struct txn *t, unsigned try_ms)
{
	unsigned b = or_t1_64(t, values(t)->b);

	repeat_stop(t);
	end_in(t, INVITE_CLIENT_EV_TIMER_B, b > try_ms ? b - try_ms : 0);
}

void txn_timers_invite_provisional(struct txn *t)
{
	txn_timers_stop(t);
}

void txn_timers_cancel_sent(struct txn *t)
{
	repeat_stop(t);
	end_in(t, INVITE_CLIENT_EV_TIMER_CANCEL, t1_64(t));
}

void txn_timers_invite_accepted(struct txn *t)
{
	repeat_stop(t);
	end_in(t, INVITE_CLIENT_EV_TIMER_M, t1_64(t));
}

void txn_timers_invite_rejected(struct txn *t)
{
	repeat_stop(t);
	end_in(t, INVITE_CLIENT_EV_TIMER_D, t->reliable ? 0 : t1_64(t));
}

/* ---- other client ---- */

void txn_timers_request_sent(struct txn *t)
{
	if (!t->reliable)
		repeat_in(t, OTHER_CLIENT_EV_TIMER_E, values(t)->t1);
	end_in(t, OTHER_CLIENT_EV_TIMER_F, or_t1_64(t, values(t)->f));
}

void txn_timers_request_repeated(struct txn *t, bool provisional)
{
	unsigned t2 = values(t)->t2;

	repeat_in(t, OTHER_CLIENT_EV_TIMER_E, provisional ? t2 : min_u(2 * t->interval_ms, t2));
}

void txn_timers_request_finished(struct txn *t)
{
	repeat_stop(t);
	end_in(t, OTHER_CLIENT_EV_TIMER_K, t->reliable ? 0 : values(t)->t4);
}

/* ---- INVITE server ---- */

void txn_timers_reject_sent(struct txn *t)
{
	if (!t->reliable)
		repeat_in(t, INVITE_SERVER_EV_TIMER_G, values(t)->t1);
	end_in(t, INVITE_SERVER_EV_TIMER_H, or_t1_64(t, values(t)->h));
}

void txn_timers_reject_repeated(struct txn *t)
{
	repeat_in(t, INVITE_SERVER_EV_TIMER_G, min_u(2 * t->interval_ms, values(t)->t2));
}

void txn_timers_reject_acked(struct txn *t)
{
	repeat_stop(t);
	end_in(t, INVITE_SERVER_EV_TIMER_I, t->reliable ? 0 : values(t)->t4);
}

void txn_timers_accept_sent(struct txn *t)
{
	end_in(t, INVITE_SERVER_EV_TIMER_L, t1_64(t));
}

/* ---- other server ---- */

/* Timer E is reset to T2 when the last interval below it has passed: 0.5 + 1 + 2 s with the RFC's values. */
void txn_timers_request_received(struct txn *t)
{
	unsigned after = 0;

	for (unsigned i = values(t)->t1; i && i < values(t)->t2; i *= 2)
		after += i;
	repeat_in(t, OTHER_SERVER_EV_TIMER_TRYING, after);
	end_in(t, OTHER_SERVER_EV_TIMER_LATE, t1_64(t));
}

void txn_timers_reply_sent(struct txn *t)
{
	repeat_stop(t);
	end_in(t, OTHER_SERVER_EV_TIMER_J, t->reliable ? 0 : t1_64(t));
}
