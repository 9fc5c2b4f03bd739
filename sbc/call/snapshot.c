/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot: copies of calls for management. A turn of the worker's loop is kept short: it looks at so many calls and
 * copies so many, then lets the sockets have their turn. */
#include "sbc/call/snapshot.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sbc/call/call_log.h"
#include "sbc/call/verdict.h"

#define TURN_BUDGET 1024 /* of one turn of the loop: about 200 us */
#define LOOK_COST   1    /* one call passed over */
#define COPY_COST   16   /* one call copied */
#define PAUSE_MS    1    /* until the next turn */
#define STATS_MS    500  /* how long the relay may take to tell its counters */

/* ---- one call as a block ---- */

/* Counts without p, then copies. */
struct pack {
	char *p;
	size_t n;
};

static void *take(struct pack *k, const void *from, size_t n, size_t align)
{
	size_t at = (k->n + align - 1) / align * align;
	void *p = k->p ? k->p + at : NULL;

	k->n = at + n;
	if (p && n)
		memcpy(p, from, n);
	return p;
}

static void pack_str(struct pack *k, struct str *s)
{
	s->p = s->n ? take(k, s->p, s->n, 1) : NULL;
}

static void pack_z(struct pack *k, const char **z)
{
	if (*z)
		*z = take(k, *z, strlen(*z) + 1, 1);
}

static void pack_leg(struct pack *k, struct cdr_leg *l)
{
	struct str *const texts[] = {&l->network,    &l->peer, &l->aor, &l->call_id, &l->local_tag,
				     &l->remote_tag, &l->from, &l->to,  &l->ruri};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		pack_str(k, texts[i]);
}

/* Everything that s points to goes behind it. */
static void pack_all(struct pack *k, struct call_snapshot *s)
{
	struct cdr *r = &s->record;
	struct cdr_attempt *attempts;

	r->media = r->media ? take(k, r->media, sizeof(*r->media), _Alignof(struct media_stats)) : NULL;
	attempts = take(k, r->attempts, r->n_attempts * sizeof(*attempts), _Alignof(struct cdr_attempt));
	for (size_t i = 0; i < r->n_attempts; i++) {
		struct str peer = r->attempts[i].peer;

		pack_str(k, &peer);
		if (attempts)
			attempts[i].peer = peer;
	}
	r->attempts = attempts;
	pack_leg(k, &r->a);
	pack_leg(k, &r->b);
	pack_str(k, &r->route);
	pack_str(k, &r->reason);
	for (unsigned i = 0; i < 2; i++) {
		pack_z(k, &r->verdict[i]);
		pack_str(k, &s->described[i]);
	}
}

static void fill_side(const struct call *c, const struct leg *l, unsigned i, bool whole, struct call_snapshot *s)
{
	const struct side *side = &c->side[i];

	s->leg_state[i] = l ? leg_state_name(l->state) : NULL;
	if (whole && l && l->sdp_sent)
		s->described[i] = (struct str){l->sdp_sent, l->sdp_sent_n};
	s->n_local[i] = side->n_local < MEDIA_MAX_STREAMS ? side->n_local : MEDIA_MAX_STREAMS;
	memcpy(s->local[i], side->local, sizeof(s->local[i]));
}

/* stats: NULL: not asked, or none. NULL: out of memory. */
static struct call_snapshot *copy_call(const struct call *c, bool whole, const struct media_stats *stats,
				       size_t *ret_bytes)
{
	struct cdr_attempt attempts[CDR_MAX_ATTEMPTS];
	char text[2][VERDICT_MAX];
	struct call_snapshot s = {.start_ns = c->start_ns,
				  .state = call_state_name(c->state),
				  .echo = c->echo,
				  .ending = c->state == CALL_ENDING,
				  .kept = checkpoint_state(c)},
			     counted, *block;
	struct pack k = {.n = sizeof(s)};

	record_fill(c, stats, c->end_ns ? c->end_ns : clock_ns(), attempts, text, &s.record);
	fill_side(c, c->a, MEDIA_A, whole, &s);
	fill_side(c, c->b, MEDIA_B, whole, &s);
	counted = s;
	pack_all(&k, &counted);
	block = malloc(k.n);
	if (!block)
		return NULL;
	*ret_bytes = k.n;
	k = (struct pack){.p = (char *)block, .n = sizeof(s)};
	pack_all(&k, &s);
	*block = s;
	return block;
}

void calls_ask_finish(struct calls_ask *a)
{
	while (a->first) {
		struct call_snapshot *s = a->first;

		a->first = s->next;
		free(s);
	}
	a->n = 0;
}

/* ---- answering ---- */

static void answer(struct calls_ask *a, int error)
{
	loop_timer_stop(a->calls->worker->loop, &a->timer);
	list_remove(&a->node);
	a->calls->n_asks--;
	a->call = NULL;
	a->error = error;
	if (error < 0)
		calls_ask_finish(a);
	a->done(a);
}

/* 0; 1: the answer has become large enough; -ENOMEM. */
static int add(struct calls_ask *a, const struct call *c, const struct media_stats *stats)
{
	size_t bytes = 0;
	struct call_snapshot *s = copy_call(c, a->kind == CALLS_SHOW, stats, &bytes);

	if (!s)
		return -ENOMEM;
	s->next = NULL;
	*a->end = s;
	a->end = &s->next;
	a->n++;
	a->bytes += bytes;
	return a->bytes >= CALLS_LIST_BYTES;
}

static void add_and_answer(struct calls_ask *a, const struct call *c, const struct media_stats *stats)
{
	int err = add(a, c, stats);

	answer(a, err < 0 ? err : 0);
}

/* ---- one call ---- */

static void on_stats_late(struct wheel_timer *t)
{
	struct calls_ask *a = container_of(t, struct calls_ask, timer);

	add_and_answer(a, a->call, NULL);
}

/* The relay counts on threads of its own: it is asked, and the answer comes as an event. */
static void show(struct calls_ask *a, struct call *c)
{
	if (!c->session || c->end_ns) {
		add_and_answer(a, c, NULL);
		return;
	}
	a->call = c;
	a->timer.fn = on_stats_late;
	loop_timer(a->calls->worker->loop, &a->timer, STATS_MS);
	media_query(a->calls->port, c->session);
}

static void end(struct calls_ask *a, struct call *c)
{
	if (c->state == CALL_ENDING) {
		answer(a, -EALREADY);
		return;
	}
	call_log(c, LOG_INFO, "call to be ended by operator", NULL, STR_NONE);
	call_post(c, CALL_EV_DRAIN, &(struct call_arg){.reject = REJECT_TARGETS_DOWN, .cause = "ended by operator"});
	call_run(c);
	/* what has ended is freed by the reaper at the end of the turn, not before */
	add_and_answer(a, c, NULL);
}

bool snapshot_stats(struct call *c, const struct media_stats *stats)
{
	bool any = false;

	list_for_each_safe (n, &c->calls->asks) {
		struct calls_ask *a = list_entry(n, struct calls_ask, node);

		if (a->call != c)
			continue;
		any = true;
		add_and_answer(a, c, stats);
	}
	return any;
}

/* ---- walking ---- */

static void on_turn(struct wheel_timer *t);

static void found(struct calls_ask *a, struct call *c)
{
	if (a->kind == CALLS_SHOW)
		show(a, c);
	else
		end(a, c);
}

/* What this call is to the question: its cost, or 0: answered. */
static unsigned visit(struct calls_ask *a, struct call *c)
{
	int err;

	if (a->kind != CALLS_LIST) {
		if (strcmp(c->id, a->id) != 0)
			return LOOK_COST;
		found(a, c);
		return 0;
	}
	if (c->start_ns <= a->after_ns)
		return LOOK_COST;
	/* no cut between calls of one instant: the next page begins after it */
	if (a->more && c->start_ns != container_of(a->end, struct call_snapshot, next)->start_ns) {
		answer(a, 0);
		return 0;
	}
	err = add(a, c, NULL);
	if (err < 0) {
		answer(a, err);
		return 0;
	}
	if (err > 0 || a->n >= a->limit)
		a->more = true;
	return COPY_COST;
}

static void walk(struct calls_ask *a)
{
	struct calls *cs = a->calls;
	unsigned spent = 0;

	while (a->at != &cs->by_age) {
		struct call *c = list_entry(a->at, struct call, age);
		unsigned cost;

		if (spent >= TURN_BUDGET) {
			a->timer.fn = on_turn;
			loop_timer(cs->worker->loop, &a->timer, PAUSE_MS);
			return;
		}
		a->at = a->at->next;
		cost = visit(a, c);
		if (!cost)
			return;
		spent += cost;
	}
	a->more = false;
	answer(a, a->kind == CALLS_LIST ? 0 : -ENOENT);
}

static void on_turn(struct wheel_timer *t)
{
	walk(container_of(t, struct calls_ask, timer));
}

void calls_ask(struct calls *cs, struct calls_ask *a)
{
	a->calls = cs;
	a->first = NULL;
	a->end = &a->first;
	a->n = 0;
	a->bytes = 0;
	a->more = false;
	a->call = NULL;
	if (cs->n_asks >= CALLS_ASKS_MAX) {
		a->error = -EBUSY;
		a->done(a);
		return;
	}
	cs->n_asks++;
	list_append(&cs->asks, &a->node);
	a->at = cs->by_age.next;
	walk(a);
}

/* ---- what becomes of questions ---- */

void snapshot_call_gone(struct call *c)
{
	struct calls *cs = c->calls;

	list_for_each_safe (n, &cs->asks) {
		struct calls_ask *a = list_entry(n, struct calls_ask, node);

		if (a->call == c)
			answer(a, -ENOENT);
		else if (a->at == &c->age)
			a->at = c->age.next;
	}
	list_remove(&c->age);
}

void snapshot_cancel(struct calls *cs)
{
	list_for_each_safe (n, &cs->asks)
		answer(list_entry(n, struct calls_ask, node), -ECANCELED);
}
