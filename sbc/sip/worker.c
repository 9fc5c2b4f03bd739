/* SPDX-License-Identifier: Apache-2.0 */
/* worker: a message's way from the socket to the transaction layer of the worker that owns it. */
#include <stdlib.h>

#include "sbc/sip/scan.h"
#include "sbc/sip/worker_internal.h"

/* ---- handing over ---- */

/* How far a message got on the worker that hands it over. */
enum stage {
	STAGE_RECEIVED, /* nothing was done (test hook) */
	STAGE_OWNED,    /* screened; this worker is its owner */
};

struct handed {
	struct worker *to;
	enum stage stage;
	struct flow_addr from;
	size_t n;
	uint8_t bytes[];
};

static void receive(struct worker *w, const struct flow_addr *from, const uint8_t *p, size_t n);
static void take(struct worker *w, const struct flow_addr *from, const uint8_t *p, size_t n);

static void refused(struct worker *w, const struct flow_addr *from, enum reject_reason why)
{
	w->user->refused(w->arg, from, why);
}

static void on_handed(void *arg)
{
	struct handed *h = arg;

	if (h->to->group->stopped)
		; /* nobody is there to answer */
	/* After a reload a worker may hear from a network that is not in its own configuration yet. */
	else if (h->from.network >= h->to->config->n_networks)
		refused(h->to, &(struct flow_addr){.remote = h->from.remote}, REJECT_QUEUE);
	else if (h->stage == STAGE_RECEIVED)
		receive(h->to, &h->from, h->bytes, h->n);
	else
		take(h->to, &h->from, h->bytes, h->n);
	free(h);
}

static void hand_over(struct worker *w, unsigned to, enum stage stage, const struct flow_addr *from, const uint8_t *p,
		      size_t n)
{
	struct handed *h = malloc(sizeof(*h) + n);

	if (!h) {
		refused(w, from, REJECT_NO_MEMORY);
		return;
	}
	h->to = worker_get(w->group, to);
	h->stage = stage;
	h->from = *from;
	h->n = n;
	memcpy(h->bytes, p, n);
	if (!loop_post(h->to->loop, on_handed, h)) {
		atomic_fetch_add_explicit(&own(w)->queue_refused, 1, memory_order_relaxed);
		refused(w, from, REJECT_QUEUE);
		free(h);
		return;
	}
	atomic_fetch_add_explicit(&own(w)->handed_over, 1, memory_order_relaxed);
}

/* ---- the way in ---- */

static unsigned owner(const struct worker *w, uint8_t slot)
{
	return worker_of_slot(w->group->n, slot);
}

/* A single worker has not scanned what it parses: the scan tells what is no message at all. */
static void refused_unread(struct worker *w, const struct flow_addr *from, enum reject_reason why, const uint8_t *p,
			   size_t n)
{
	uint8_t slot;
	enum scan_result scan = scan_owner(w->key, p, n, &slot);

	if (scan == SCAN_KEEPALIVE)
		return;
	refused(w, from, scan == SCAN_NOT_SIP || scan == SCAN_NO_END ? REJECT_FRAMING : why);
}

/* We are its owner, as far as the scan could tell: parses it and gives it to the transactions. */
static void take(struct worker *w, const struct flow_addr *from, const uint8_t *p, size_t n)
{
	struct message *m = NULL;
	enum reject_reason why = message_parse(p, n, from, &m);

	if (!m) {
		refused_unread(w, from, why, p, n);
		return;
	}
	if (w->group->n > 1 && owner(w, message_owner(w->key, m)) != w->index)
		/* scan and parser disagree: nobody can be sure whose it is */
		refused(w, from, REJECT_OWNER);
	else if (why != REJECT_NONE)
		txn_layer_refuse(w->txn, m, why);
	else
		txn_layer_receive(w->txn, m);
	message_free(m);
}

/* The scan could not tell: the parser can. */
static void take_or_hand_over(struct worker *w, const struct flow_addr *from, const uint8_t *p, size_t n)
{
	struct message *m = NULL;
	enum reject_reason why = message_parse(p, n, from, &m);
	unsigned to;

	if (!m) {
		refused(w, from, why);
		return;
	}
	to = owner(w, message_owner(w->key, m));
	message_free(m);
	if (to == w->index)
		take(w, from, p, n);
	else
		hand_over(w, to, STAGE_OWNED, from, p, n);
}

static void receive(struct worker *w, const struct flow_addr *from, const uint8_t *p, size_t n)
{
	enum reject_reason why = w->user->screen(w->arg, from, p, n);
	uint8_t slot = 0;

	if (why != REJECT_NONE) {
		refused(w, from, why);
		return;
	}
	if (w->group->n == 1) {
		take(w, from, p, n); /* whose else */
		return;
	}
	switch (scan_owner(w->key, p, n, &slot)) {
	case SCAN_OWNER:
		if (owner(w, slot) == w->index)
			take(w, from, p, n);
		else
			hand_over(w, owner(w, slot), STAGE_OWNED, from, p, n);
		break;
	case SCAN_UNSURE:
		take_or_hand_over(w, from, p, n);
		break;
	case SCAN_KEEPALIVE:
		break;
	case SCAN_NOT_SIP:
	case SCAN_NO_END:
		refused(w, from, REJECT_FRAMING);
		break;
	}
}

/* ---- hooks of the transport ---- */

static void on_received(void *arg, const struct flow_addr *from, const uint8_t *p, size_t n)
{
	struct worker *w = arg;

	if (w->group->random_delivery) {
		/* a stream's messages keep their order: its connection as a whole is at a random worker */
		unsigned to =
			(from->connection ? (uint32_t)from->connection * 2654435761u >> 8 : (uint32_t)random_u64()) %
			w->group->n;

		if (to != w->index) {
			hand_over(w, to, STAGE_RECEIVED, from, p, n);
			return;
		}
	}
	receive(w, from, p, n);
}

static void on_send_failed(void *arg, uint64_t cookie, int error)
{
	struct worker *w = arg;

	txn_layer_send_failed(w->txn, cookie, error);
}

static void on_closed(void *arg, unsigned network, uint64_t connection)
{
	struct worker *w = arg;

	if (w->user->connection_closed && !w->group->stopped)
		w->user->connection_closed(w->arg, network, connection);
}

static void on_refused(void *arg, unsigned network, const struct addr *from, enum reject_reason why)
{
	struct worker *w = arg;
	struct flow_addr f = {.network = network, .remote = *from};

	refused(w, &f, why);
}

const struct transport_user worker_transport_user = {
	.received = on_received, .send_failed = on_send_failed, .closed = on_closed, .refused = on_refused};

/* ---- hooks of the transaction layer ---- */

static int io_send(void *arg, const struct destination *d, const char *text, size_t n, uint64_t cookie)
{
	struct worker *w = arg;

	return transport_send(w->transport, d, text, n, cookie);
}

static void io_timer(void *arg, struct wheel_timer *t, uint64_t delay_ms)
{
	struct worker *w = arg;

	loop_timer_coarse(w->loop, t, delay_ms);
}

static void io_timer_stop(void *arg, struct wheel_timer *t)
{
	struct worker *w = arg;

	loop_timer_stop(w->loop, t);
}

static void io_later(void *arg, struct loop_deferred *d)
{
	struct worker *w = arg;

	loop_defer(w->loop, d);
}

static bool io_outgoing(void *arg, void *guard, const struct destination *d, struct str text)
{
	struct worker *w = arg;

	return w->user->outgoing(w->arg, guard, d, text);
}

struct txn_io worker_txn_io(struct worker *w)
{
	return (struct txn_io){.send = io_send,
			       .timer = io_timer,
			       .timer_stop = io_timer_stop,
			       .later = io_later,
			       .outgoing = io_outgoing,
			       .arg = w};
}

static void user_request(void *arg, struct server_txn *t, const struct message *m)
{
	struct worker *w = arg;

	w->user->request(w->arg, t, m);
}

static void user_ack(void *arg, const struct message *m)
{
	struct worker *w = arg;

	w->user->ack(w->arg, m);
}

static void user_stray_response(void *arg, const struct message *m)
{
	struct worker *w = arg;

	w->user->stray_response(w->arg, m);
}

static void user_refused(void *arg, const struct message *m, enum reject_reason why)
{
	struct worker *w = arg;

	refused(w, &m->source, why);
}

struct txn_user worker_txn_user(struct worker *w)
{
	return (struct txn_user){.request = user_request,
				 .ack = user_ack,
				 .stray_response = user_stray_response,
				 .refused = user_refused,
				 .arg = w};
}

uint8_t worker_random_slot(const struct worker *w)
{
	unsigned n = w->group->n;

	/* slots of this worker: index, index + n, ... below 64 */
	return (uint8_t)(w->index + n * random_below((IDENT_SLOTS - w->index + n - 1) / n));
}

void worker_gauges(struct worker *w, struct worker_gauges *ret)
{
	*ret = (struct worker_gauges){
		.handed_over = atomic_load_explicit(&own(w)->handed_over, memory_order_relaxed),
		.queue_refused = atomic_load_explicit(&own(w)->queue_refused, memory_order_relaxed),
	};
	transport_gauges(w->transport, &ret->transport);
	txn_gauges(w->txn, &ret->txn);
	loop_turns(w->loop, &ret->turn_p50_us, &ret->turn_p99_us, &ret->turn_max_us);
}
