/* SPDX-License-Identifier: Apache-2.0 */
/* stream_pause: a connection whose next message its user has no room for. It is not read until that message was taken,
 * so its order holds and the peer meets its own full window; what we keep is what one read brought. Room is not
 * announced: the paused are asked again every few milliseconds, some at a time and in turn, which bounds the work. */
#include "sbc/sip/transport_internal.h"

#define AGAIN_MS 5
#define AT_ONCE  64

static void on_again(struct wheel_timer *w)
{
	struct transport *t = container_of(w, struct transport, read_again);
	unsigned waiting = 0;

	list_for_each (n, &t->paused)
		if (++waiting == AT_ONCE)
			break;
	/* who still finds no room goes to the end; who is gone meanwhile has left the list */
	while (waiting-- && !list_empty(&t->paused)) {
		struct stream *s = list_first(&t->paused, struct stream, paused);

		list_remove(&s->paused);
		stream_take_again(s);
	}
	if (!list_empty(&t->paused))
		loop_timer(t->loop, w, AGAIN_MS);
}

void stream_pause(struct stream *s)
{
	struct transport *t = s->transport;

	if (stream_paused(s))
		return;
	list_append(&t->paused, &s->paused);
	t->read_again.fn = on_again;
	if (!wheel_armed(&t->read_again))
		loop_timer(t->loop, &t->read_again, AGAIN_MS);
}
