/* SPDX-License-Identifier: Apache-2.0 */
/* stream_held: a message for a connection that another worker holds goes there through that worker's queue. One without
 * room is tried again every few milliseconds, and whatever follows for the same worker waits behind it: over a stream
 * nobody repeats a final answer other than a 2xx (RFC 3261 §17.1.1.2, §17.2), so that none may be lost to a moment's
 * load. How much waits is bounded; above that a send fails as one to a slow connection does. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/sip/transport_internal.h"
#include "sbc/sip/worker.h"

#define POST_AGAIN_MS 5

struct remote_send {
	struct list node; /* transport.held of `from` */
	struct transport *from, *to;
	struct destination d;
	uint64_t cookie;
	size_t n;
	char text[];
};

/* On the worker that holds the connection. */
static void on_remote_send(void *arg)
{
	struct remote_send *r = arg;
	struct stream *s;
	int err = stream_for(r->to, &r->d, &s);

	if (err == 0)
		err = stream_send(s, r->from, r->text, r->n, r->cookie);
	if (err < 0)
		transport_tell_lost(r->to, r->from, r->cookie, err);
	free(r);
}

static uint64_t bit_of(const struct transport *holder)
{
	_Static_assert(WORKER_MAX <= 64, "a bit for each worker");
	return 1ull << holder->worker;
}

/* In the order in which they came, for each worker; a full queue is asked once a round. */
static void on_post_again(struct wheel_timer *w)
{
	struct transport *t = container_of(w, struct transport, post_again);

	t->held_for = 0;
	list_for_each_safe (n, &t->held_sends) {
		struct remote_send *r = list_entry(n, struct remote_send, node);
		struct transport *holder = r->to;
		size_t bytes = r->n;

		if (t->held_for & bit_of(holder))
			continue;
		list_remove(n); /* before the other thread has it */
		if (loop_post(holder->loop, on_remote_send, r)) {
			t->held_bytes -= bytes;
		} else {
			t->held_for |= bit_of(holder);
			list_append(n_n, n);
		}
	}
	if (t->held_for)
		loop_timer(t->loop, w, POST_AGAIN_MS);
}

static int hold(struct transport *t, struct remote_send *r)
{
	if (t->held_bytes + r->n > STREAM_HELD) {
		free(r);
		return -ENOBUFS;
	}
	list_append(&t->held_sends, &r->node);
	t->held_bytes += r->n;
	t->held_for |= bit_of(r->to);
	transport_count(&t->held, 1);
	t->post_again.fn = on_post_again;
	if (!wheel_armed(&t->post_again))
		loop_timer(t->loop, &t->post_again, POST_AGAIN_MS);
	return 0;
}

int stream_send_by(struct transport *t, struct transport *holder, const struct destination *d, const char *text,
		   size_t n, uint64_t cookie)
{
	struct remote_send *r = malloc(sizeof(*r) + n);

	if (!r)
		return -ENOMEM;
	*r = (struct remote_send){.from = t, .to = holder, .d = *d, .cookie = cookie, .n = n};
	memcpy(r->text, text, n);
	if (!(t->held_for & bit_of(holder)) && loop_post(holder->loop, on_remote_send, r))
		return 0;
	return hold(t, r);
}

void held_finish(struct transport *t)
{
	loop_timer_stop(t->loop, &t->post_again);
	list_for_each_safe (n, &t->held_sends) {
		list_remove(n);
		free(list_entry(n, struct remote_send, node));
	}
}
