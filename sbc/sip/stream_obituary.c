/* SPDX-License-Identifier: Apache-2.0 */
/* stream_obituary: a connection's death is told to every worker, since any may hold a flow by it (a binding, a dialog).
 * Each worker gets one task through its queue, which holds a reference. A queue without room is tried again, in order,
 * every few milliseconds: one refused post a round is all that this costs. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/sip/transport_internal.h"

#define TELL_AGAIN_MS 10

int obituary_create(struct transport *t, struct obituary **ret)
{
	unsigned n = t->n_siblings;
	struct obituary *o;

	if (!t->user->closed)
		return 0;
	o = calloc(1, sizeof(*o) + n * sizeof(o->copies[0]));
	if (!o)
		return -ENOMEM;
	o->holder = t;
	o->n = n;
	atomic_init(&o->refs, 1);
	for (unsigned i = 0; i < n; i++)
		o->copies[i] = (struct obituary_copy){o, t->siblings[i]};
	*ret = o;
	return 0;
}

void obituary_drop(struct obituary *o)
{
	if (o && atomic_fetch_sub(&o->refs, 1) == 1)
		free(o);
}

/* On a worker that did not hold it. */
static void on_obituary(void *arg)
{
	const struct obituary_copy *c = arg;
	struct transport *t = c->to;

	t->user->closed(t->arg, c->of->network, c->of->id);
	obituary_drop(c->of);
}

/* false: a queue is full; to be tried again. */
static bool tell(struct obituary *o)
{
	for (; o->next < o->n; o->next++) {
		struct obituary_copy *c = &o->copies[o->next];

		if (c->to == o->holder)
			continue;
		atomic_fetch_add(&o->refs, 1);
		if (!loop_post(c->to->loop, on_obituary, c)) {
			atomic_fetch_sub(&o->refs, 1);
			return false;
		}
	}
	return true;
}

static void on_tell_again(struct wheel_timer *w)
{
	struct transport *t = container_of(w, struct transport, tell_again);

	while (!list_empty(&t->untold)) {
		struct obituary *o = list_first(&t->untold, struct obituary, node);

		if (!tell(o)) {
			loop_timer(t->loop, w, TELL_AGAIN_MS);
			return;
		}
		list_remove(&o->node);
		transport_count(&t->n_untold, (uint64_t)-1);
		obituary_drop(o);
	}
}

void obituary_publish(struct obituary *o, unsigned network, uint64_t id)
{
	struct transport *t;

	if (!o)
		return;
	t = o->holder;
	o->network = network;
	o->id = id;
	t->user->closed(t->arg, network, id);
	if (list_empty(&t->untold) && tell(o)) {
		obituary_drop(o);
		return;
	}
	list_append(&t->untold, &o->node);
	transport_count(&t->n_untold, 1);
	t->tell_again.fn = on_tell_again;
	if (!wheel_armed(&t->tell_again))
		loop_timer(t->loop, &t->tell_again, TELL_AGAIN_MS);
}

void obituaries_finish(struct transport *t)
{
	loop_timer_stop(t->loop, &t->tell_again);
	list_for_each_safe (n, &t->untold) {
		list_remove(n);
		obituary_drop(list_entry(n, struct obituary, node));
	}
}
