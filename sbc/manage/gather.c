/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/manage/gather.h"

#include <stdlib.h>

#define RETRY_MS 10

/* A question on its way to a worker and back. On the way the worker has `question` and `retry`, the main thread the
 * rest. */
struct gather_part {
	struct gather_door *door;
	const struct gather_kind *kind;
	struct gather *g; /* NULL: nobody waits for it any more */
	unsigned worker;
	bool answered;
	struct wheel_timer retry;
	_Alignas(max_align_t) char question[];
};

struct gather {
	struct gather_door *door;
	unsigned waiting, missing;
	struct gather_part *part[WORKER_MAX];
	struct wheel_timer deadline;
	struct loop_deferred nobody; /* none could be asked: told later, as everything is */
	void (*done)(void *arg, struct gather *g);
	void *arg;
};

static void part_free(struct gather_part *p)
{
	if (p->answered)
		p->kind->finish(p->question);
	free(p);
}

/* ---- back on the main thread ---- */

static void finish(struct gather *g)
{
	loop_timer_stop(g->door->loop, &g->deadline);
	g->missing += g->waiting;
	g->waiting = 0;
	for (unsigned i = 0; i < g->door->n_workers; i++) {
		if (!g->part[i] || g->part[i]->answered)
			continue;
		g->part[i]->g = NULL;
		g->part[i] = NULL;
	}
	g->done(g->arg, g);
}

static void on_deadline(struct wheel_timer *t)
{
	finish(container_of(t, struct gather, deadline));
}

static void on_nobody(struct loop_deferred *d)
{
	finish(container_of(d, struct gather, nobody));
}

static void part_back(void *arg)
{
	struct gather_part *p = arg;

	p->door->open--;
	p->answered = true;
	if (!p->g)
		part_free(p);
	else if (--p->g->waiting == 0)
		finish(p->g);
}

/* ---- on a worker ---- */

static void send_back(struct gather_part *p);

static void on_retry(struct wheel_timer *t)
{
	send_back(container_of(t, struct gather_part, retry));
}

static void send_back(struct gather_part *p)
{
	if (loop_post(p->door->loop, part_back, p))
		return;
	p->retry.fn = on_retry;
	loop_timer(p->door->worker(p->door->arg, p->worker), &p->retry, RETRY_MS);
}

void gather_answered(void *q)
{
	send_back(container_of((char *)q, struct gather_part, question));
}

static void part_run(void *arg)
{
	struct gather_part *p = arg;

	p->kind->ask(p->door->arg, p->worker, p->question);
}

/* ---- asking ---- */

static bool ask_worker(struct gather *g, const struct gather_kind *kind, const void *question, unsigned i)
{
	struct gather_part *p;

	if (g->door->open >= GATHER_OPEN_MAX)
		return false;
	p = calloc(1, sizeof(*p) + kind->bytes);
	if (!p)
		return false;
	p->door = g->door;
	p->kind = kind;
	p->g = g;
	p->worker = i;
	memcpy(p->question, question, kind->bytes);
	if (!loop_post(g->door->worker(g->door->arg, i), part_run, p)) {
		free(p);
		return false;
	}
	g->door->open++;
	g->part[i] = p;
	g->waiting++;
	return true;
}

struct gather *gather_begin(struct gather_door *d, const struct gather_kind *kind, const void *question, int worker,
			    void (*done)(void *arg, struct gather *g), void *arg)
{
	struct gather *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->door = d;
	g->done = done;
	g->arg = arg;
	g->deadline.fn = on_deadline;
	g->nobody.fn = on_nobody;
	for (unsigned i = 0; i < d->n_workers; i++)
		if (worker == GATHER_ALL || worker == (int)i)
			g->missing += !ask_worker(g, kind, question, i);
	if (g->waiting)
		loop_timer(d->loop, &g->deadline, d->deadline_ms ? d->deadline_ms : GATHER_DEADLINE_MS);
	else
		loop_defer(d->loop, &g->nobody);
	return g;
}

void *gather_answer(const struct gather *g, unsigned worker)
{
	struct gather_part *p = worker < WORKER_MAX ? g->part[worker] : NULL;

	return p && p->answered ? p->question : NULL;
}

unsigned gather_workers(const struct gather *g)
{
	return g->door->n_workers;
}

unsigned gather_missing(const struct gather *g)
{
	return g->missing;
}

void gather_free(struct gather *g)
{
	if (!g)
		return;
	loop_timer_stop(g->door->loop, &g->deadline);
	loop_defer_cancel(&g->nobody);
	for (unsigned i = 0; i < g->door->n_workers; i++) {
		struct gather_part *p = g->part[i];

		if (p && p->answered)
			part_free(p);
		else if (p)
			p->g = NULL;
	}
	free(g);
}
