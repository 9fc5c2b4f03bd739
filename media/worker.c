/* SPDX-License-Identifier: Apache-2.0 */
/* worker: a media thread. One turn: wait, carry out orders, relay what came, run timers, tell the ports. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/thread.h"
#include "media/internal.h"

void worker_notify(struct worker *w, struct notice *n)
{
	struct media_port *p = n->session->port;
	mailbox_put(&p->box, &n->letter);
	/* woken once a turn, not once a notice; p outlives its sessions */
	for (unsigned i = 0; i < w->n_to_ring; i++)
		if (w->to_ring[i] == p)
			return;
	w->to_ring[w->n_to_ring++] = p;
}

static void ring_ports(struct worker *w)
{
	for (unsigned i = 0; i < w->n_to_ring; i++)
		port_ring(w->to_ring[i]);
	w->n_to_ring = 0;
}

/* Milliseconds to wait, -1: until woken. While calls come and go the worker looks for orders by itself now and then:
 * that saves the signalling threads a system call, and this one a wake-up, for each order. Nobody hears it: a packet
 * wakes the worker, and orders come before packets. Only what a call leaves behind is tidied up that much later. */
static int sleep_ms(struct worker *w, uint64_t now_ns)
{
	uint64_t timer_ms = wheel_next_ms(&w->wheel);

	if (w->orders)
		return 0;
	if (w->ordered_ns && now_ns - w->ordered_ns < DOZE_FOR_MS * NS_PER_MS)
		return timer_ms < DOZE_MS ? (int)timer_ms : DOZE_MS;
	if (!mailbox_sleep(&w->box))
		return 0;
	return timer_ms > INT_MAX ? -1 : (int)timer_ms;
}

static void turn(struct worker *w)
{
	io_wait(w->io, sleep_ms(w, clock_ns()));
	uint64_t woken_ns = clock_ns();
	mailbox_awake(&w->box);
	/* an order given before a packet was sent must not be found after it: the far side may speak as soon as it was
	 * told our port, while the commit of its peer's side still waits for a doze to end */
	worker_orders(w);
	io_receive(w->io);
	wheel_advance(&w->wheel, woken_ns / NS_PER_MS);
	ring_ports(w);
	histogram_add(&w->turns, (clock_ns() - woken_ns) / 1000);
}

static void *run(void *arg)
{
	struct worker *w = arg;
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed))
		turn(w);
	return NULL;
}

int worker_start(struct worker *w, struct media *m)
{
	const struct io_user user = {
		.received = packet_arrived,
		.expected = packet_expected,
		.discarded = packets_discarded,
		.failed = packet_not_sent,
		.arg = w,
		.plain_sends = m->plain_sends,
	};
	char name[24];
	int r = io_create(&user, &w->io);
	if (r < 0)
		return r;
	w->media = m;
	wheel_init(&w->wheel, clock_ms());
	snprintf(name, sizeof(name), "limen-media-%u", (unsigned)(w - m->workers));
	r = thread_start(name, 0, run, w, &w->thread);
	if (r < 0) {
		io_destroy(w->io);
		return r;
	}
	w->running = true;
	return 0;
}

void worker_stop(struct worker *w)
{
	if (!w->running)
		return;
	atomic_store(&w->stop, true);
	io_wake(w->io);
	pthread_join(w->thread, NULL);
	io_destroy(w->io);
	w->running = false;
}
