/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/timers.h"

#include "base/clock.h"

#define SOON_EACH_MS 4 /* calls: each sends two messages or three */

static uint64_t soon_ms(struct calls *cs)
{
	return 1 + cs->soon_n++ / SOON_EACH_MS;
}

static void on_2xx_again(struct wheel_timer *t)
{
	struct leg *l = container_of(t, struct leg, unacked.again);
	const struct config_timers *v = &l->call->config->timers;

	if (!l->unacked.txn)
		return;
	server_txn_resend(l->unacked.txn);
	l->unacked.interval_ms = l->unacked.interval_ms * 2 < v->t2 ? l->unacked.interval_ms * 2 : v->t2;
	loop_timer(l->call->calls->worker->loop, t, l->unacked.interval_ms);
}

static void on_2xx_lost(struct wheel_timer *t)
{
	struct leg *l = container_of(t, struct leg, unacked.lost);
	struct call *c = l->call;

	call_timers_acked(l);
	call_count(&c->calls->counters.ack_lost, 1);
	if (l->state == LEG_ANSWERED || l->state == LEG_UNACKED_END)
		leg_event(l, LEG_EV_ACK_LOST, &(struct leg_arg){0});
	else
		/* a re-INVITE's: RFC 3261 §14.2 says to end the dialog as well */
		call_end_both(c, CDR_SIDE_US, "ack lost");
	call_run(c);
}

static void watch_2xx(struct leg *l, uint64_t again_ms, uint64_t lost_ms)
{
	struct loop *loop = l->call->calls->worker->loop;

	l->unacked.again.fn = on_2xx_again;
	l->unacked.lost.fn = on_2xx_lost;
	loop_timer(loop, &l->unacked.again, again_ms);
	loop_timer_coarse(loop, &l->unacked.lost, lost_ms);
}

void call_timers_2xx_sent(struct leg *l)
{
	const struct config_timers *v = &l->call->config->timers;

	l->unacked.since_ns = clock_ns();
	l->unacked.interval_ms = v->t1;
	watch_2xx(l, v->t1, 64ull * v->t1);
}

/* Intervals that double have come to as much as is between the first and the next. */
void call_timers_2xx_restored(struct leg *l, uint64_t age_ms)
{
	const struct config_timers *v = &l->call->config->timers;
	uint64_t whole_ms = 64ull * v->t1;

	l->unacked.since_ns = clock_ns() - age_ms * 1000000;
	l->unacked.interval_ms = age_ms < v->t1 ? v->t1 : age_ms < v->t2 ? (unsigned)age_ms : v->t2;
	watch_2xx(l, soon_ms(l->call->calls), age_ms < whole_ms ? whole_ms - age_ms : 1);
}

void call_timers_acked(struct leg *l)
{
	struct loop *loop = l->call->calls->worker->loop;

	loop_timer_stop(loop, &l->unacked.again);
	loop_timer_stop(loop, &l->unacked.lost);
}

bool call_timers_unsent(struct call *c, struct unsent *u, void (*fn)(struct wheel_timer *t), unsigned most_t1)
{
	const struct config_timers *v = &c->config->timers;
	unsigned next_ms = u->interval_ms ? u->interval_ms * 2 : v->t1;

	if (u->waited_ms >= most_t1 * v->t1)
		return false;
	u->interval_ms = next_ms < v->t2 ? next_ms : v->t2;
	u->waited_ms += u->interval_ms;
	u->again.fn = fn;
	loop_timer(c->calls->worker->loop, &u->again, u->interval_ms);
	return true;
}

void call_timers_unsent_over(struct call *c, struct unsent *u)
{
	loop_timer_stop(c->calls->worker->loop, &u->again);
}

static void on_bound(struct wheel_timer *t)
{
	struct call *c = container_of(t, struct call, bound);

	call_post(c, CALL_EV_BOUND,
		  &(struct call_arg){.reject = REJECT_RINGING_BOUND,
				     .cause = c->answer_ns ? "call length limit" : "ringing limit"});
	call_run(c);
}

void call_timers_begun(struct call *c)
{
	c->bound.fn = on_bound;
	loop_timer_coarse(c->calls->worker->loop, &c->bound, c->config->timers.c);
}

void call_timers_answered(struct call *c)
{
	loop_timer_coarse(c->calls->worker->loop, &c->bound, c->config->timers.call_max);
}

void call_timers_exchange_sent(struct call *c, struct wheel_timer *t, void (*fn)(struct wheel_timer *t), bool bridged)
{
	t->fn = fn;
	loop_timer_coarse(c->calls->worker->loop, t, bridged ? 32ull * c->config->timers.t1 : c->config->timers.c);
}

void call_timers_exchange_over(struct call *c, struct wheel_timer *t)
{
	loop_timer_stop(c->calls->worker->loop, t);
}

void call_timers_parting_sent(struct call *c, struct wheel_timer *t, void (*fn)(struct wheel_timer *t))
{
	t->fn = fn;
	loop_timer_coarse(c->calls->worker->loop, t, 32ull * c->config->timers.t1);
}

void call_timers_parting_challenged(struct call *c, struct wheel_timer *t, void (*fn)(struct wheel_timer *t))
{
	t->fn = fn;
	loop_timer_coarse(c->calls->worker->loop, t, 64ull * c->config->timers.t1);
}

void call_timers_parting_over(struct call *c, struct wheel_timer *t)
{
	loop_timer_stop(c->calls->worker->loop, t);
}

void call_timers_over(struct call *c)
{
	loop_timer_stop(c->calls->worker->loop, &c->bound);
}

void call_timers_restored(struct call *c)
{
	uint64_t talked_ms = (clock_ns() - c->answer_ns) / 1000000, most_ms = c->config->timers.call_max;

	c->bound.fn = on_bound;
	loop_timer_coarse(c->calls->worker->loop, &c->bound, talked_ms < most_ms ? most_ms - talked_ms : 1);
}

void call_timers_soon(struct call *c, struct wheel_timer *t, void (*fn)(struct wheel_timer *t))
{
	t->fn = fn;
	loop_timer(c->calls->worker->loop, t, soon_ms(c->calls));
}

#define CHECKPOINT_EVERY_MS    100
#define CHECKPOINT_SOON_MS     150
#define CHECKPOINT_ANSWERED_MS 50 /* mostly the ACK and the first packets of both sides have come by then */
#define CHECKPOINT_TOGETHER_MS 20
#define CHECKPOINT_REFRESH_MS  60000
#define CHECKPOINT_TURN        32 /* calls written in one turn of the loop: about 1 ms */
#define CHECKPOINT_PAUSE_MS    2  /* until the next, when more are due: all of a process that was started again are */

/* Of one list; at most so many. */
static unsigned write_due(struct calls *cs, struct list *kept, uint64_t now_ms, unsigned most)
{
	unsigned n = 0;
	struct call *c;

	while (n < most && (c = list_first(kept, struct call, keep.node)) && c->keep.due_ms <= now_ms) {
		list_remove(&c->keep.node);
		checkpoint_write_now(c);
		n++;
	}
	return n;
}

/* Until something is due: answers, to a few ms. */
static uint64_t next_ms(const struct calls *cs, uint64_t now_ms)
{
	const struct call *c = list_first(&cs->kept[CHECKPOINT_ANSWERED], struct call, keep.node);
	uint64_t ms = !c ? CHECKPOINT_EVERY_MS : c->keep.due_ms > now_ms ? c->keep.due_ms - now_ms : 0;

	return ms > CHECKPOINT_TOGETHER_MS ? ms : CHECKPOINT_TOGETHER_MS;
}

static void on_checkpoint(struct wheel_timer *t)
{
	struct calls *cs = container_of(t, struct calls, kept_timer);
	uint64_t now_ms = loop_now_ms(cs->worker->loop);
	unsigned n = 0;
	bool more = false;

	for (unsigned i = 0; i < CHECKPOINT_NEVER; i++)
		n += write_due(cs, &cs->kept[i], now_ms, CHECKPOINT_TURN - n);
	for (unsigned i = 0; i < CHECKPOINT_NEVER; i++)
		more |= !list_empty(&cs->kept[i]);
	if (more)
		loop_timer(cs->worker->loop, t, n == CHECKPOINT_TURN ? CHECKPOINT_PAUSE_MS : next_ms(cs, now_ms));
}

void call_timers_checkpoint(struct call *c, enum checkpoint_due due)
{
	const unsigned delay_ms[] = {[CHECKPOINT_ANSWERED] = CHECKPOINT_ANSWERED_MS,
				     [CHECKPOINT_SOON] = CHECKPOINT_SOON_MS,
				     [CHECKPOINT_SETTLED] = c->config->media.latch_window_ms + 500,
				     [CHECKPOINT_REFRESH] = CHECKPOINT_REFRESH_MS};
	struct calls *cs = c->calls;

	list_remove(&c->keep.node);
	if (due == CHECKPOINT_NEVER)
		return;
	c->keep.due_ms = loop_now_ms(cs->worker->loop) + delay_ms[due];
	list_append(&cs->kept[due], &c->keep.node);
	if (!wheel_armed(&cs->kept_timer) || (due == CHECKPOINT_ANSWERED && cs->kept_timer.due_ms > c->keep.due_ms))
		loop_timer(cs->worker->loop, &cs->kept_timer,
			   due == CHECKPOINT_ANSWERED ? CHECKPOINT_ANSWERED_MS : CHECKPOINT_EVERY_MS);
}

void call_timers_checkpoint_init(struct calls *cs)
{
	cs->kept_timer.fn = on_checkpoint;
	for (unsigned i = 0; i < CHECKPOINT_NEVER; i++)
		list_init(&cs->kept[i]);
}

void call_timers_checkpoint_stop(struct calls *cs)
{
	loop_timer_stop(cs->worker->loop, &cs->kept_timer);
}

static void drain_call(struct call *c)
{
	call_post(c, CALL_EV_DRAIN, &(struct call_arg){.reject = REJECT_DRAINING, .cause = "drained"});
	call_run(c);
}

static void last_word(struct call *c)
{
	if (c->a && c->a->state == LEG_UNACKED_END)
		on_2xx_lost(&c->a->unacked.lost);
}

static void on_farewell(struct wheel_timer *t)
{
	struct calls *cs = container_of(t, struct calls, farewell);
	struct log_line l;

	list_for_each_safe (n, &cs->ended)
		last_word(list_entry(n, struct call, node));
	list_for_each_safe (n, &cs->all)
		last_word(list_entry(n, struct call, node));
	if (log_begin(&l, LOG_WARN, "ends with calls whose BYE or CANCEL was not answered")) {
		log_u64(&l, "calls", cs->counters.calls);
		log_end(&l);
	}
	calls_drained(cs);
}

static void on_drain(struct wheel_timer *t)
{
	struct calls *cs = container_of(t, struct calls, drain_timer);

	if (!wheel_armed(&cs->farewell)) /* a third signal does not make it longer */
		loop_timer(cs->worker->loop, &cs->farewell, cs->config->timers.farewell);

	/* those that are looked at by the reaper in this turn are not over for that */
	list_for_each_safe (n, &cs->ended)
		drain_call(list_entry(n, struct call, node));
	list_for_each_safe (n, &cs->all)
		drain_call(list_entry(n, struct call, node));
}

void call_timers_drain(struct calls *cs, unsigned timeout_ms)
{
	cs->drain_timer.fn = on_drain;
	cs->farewell.fn = on_farewell;
	loop_timer(cs->worker->loop, &cs->drain_timer, timeout_ms);
}

void call_timers_drained(struct calls *cs)
{
	loop_timer_stop(cs->worker->loop, &cs->drain_timer);
	loop_timer_stop(cs->worker->loop, &cs->farewell);
}
