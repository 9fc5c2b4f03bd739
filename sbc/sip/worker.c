/* SPDX-License-Identifier: Apache-2.0 */
/* worker: a message's way from the socket to the transaction layer of the worker that owns it. */
#include <stdlib.h>

#include "sbc/sip/scan.h"
#include "sbc/sip/stun.h"
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

static bool receive(struct worker *w, const struct flow_addr *from, const uint8_t *p, size_t n, bool screened);
static void take(struct worker *w, const struct flow_addr *from, const uint8_t *p, size_t n);

static void refused(struct worker *w, const struct flow_addr *from, enum reject_reason why)
{
	w->user->refused(w->arg, from, why);
}

/* Its connection is another worker's and was told that the message is taken: without room for it, it is lost. */
static void receive_handed(struct handed *h)
{
	if (!receive(h->to, &h->from, h->bytes, h->n, false))
		refused(h->to, &h->from, REJECT_QUEUE);
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
		receive_handed(h);
	else
		take(h->to, &h->from, h->bytes, h->n);
	free(h);
}

/* false: it came by a stream, and that worker has no room for it now. */
static bool hand_over(struct worker *w, unsigned to, enum stage stage, const struct flow_addr *from, const uint8_t *p,
		      size_t n)
{
	struct worker *taker = worker_get(w->group, to);
	struct handed *h;

	/* A stream that is not read waits in the kernel; a datagram would be lost: no stream may fill the queue. */
	if (from->connection && !loop_half_empty(taker->loop))
		return false;
	h = malloc(sizeof(*h) + n);
	if (!h) {
		refused(w, from, REJECT_NO_MEMORY);
		return true;
	}
	h->to = taker;
	h->stage = stage;
	h->from = *from;
	h->n = n;
	memcpy(h->bytes, p, n);
	if (!loop_post(taker->loop, on_handed, h)) {
		free(h);
		if (from->connection)
			return false;
		atomic_fetch_add_explicit(&own(w)->queue_refused, 1, memory_order_relaxed);
		refused(w, from, REJECT_QUEUE);
		return true;
	}
	atomic_fetch_add_explicit(&own(w)->handed_over, 1, memory_order_relaxed);
	return true;
}

/* ---- keep-alives ---- */

static bool may_answer(struct worker *w, const struct flow_addr *to)
{
	return !w->user->may_answer || w->user->may_answer(w->arg, to);
}

static bool is_stun(const struct worker *w, const struct flow_addr *from, const uint8_t *p, size_t n)
{
	return from->transport == CONFIG_UDP && from->network < w->config->n_networks &&
	       w->config->networks[from->network].keepalive_stun && stun_is_binding_request(p, n);
}

/* RFC 5626 §3.5.2: a phone learns from the answer that its flow is alive, and whether its NAT has changed it. */
static void answer_stun(struct worker *w, const struct flow_addr *from, const uint8_t *p, size_t n)
{
	struct destination d = destination_of_flow(from);
	uint8_t answer[STUN_ANSWER_MAX];
	size_t answer_n = stun_answer(p, n, &from->remote, answer);

	d.flow_only = true;
	if (!answer_n) {
		refused(w, from, REJECT_FRAMING);
	} else if (!may_answer(w, from)) {
		refused(w, from, REJECT_ANSWER_RATE);
	} else {
		transport_send(w->transport, &d, (const char *)answer, answer_n, 0);
		atomic_fetch_add_explicit(&own(w)->stun_answered, 1, memory_order_relaxed);
	}
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
static bool take_or_hand_over(struct worker *w, const struct flow_addr *from, const uint8_t *p, size_t n)
{
	struct message *m = NULL;
	enum reject_reason why = message_parse(p, n, from, &m);
	unsigned to;

	if (!m) {
		refused(w, from, why);
		return true;
	}
	to = owner(w, message_owner(w->key, m));
	message_free(m);
	if (to != w->index)
		return hand_over(w, to, STAGE_OWNED, from, p, n);
	take(w, from, p, n);
	return true;
}

/* screened: it was before, and found no room then. false as in hand_over(). */
static bool receive(struct worker *w, const struct flow_addr *from, const uint8_t *p, size_t n, bool screened)
{
	enum reject_reason why = screened ? REJECT_NONE : w->user->screen(w->arg, from, p, n);
	uint8_t slot = 0;

	if (why != REJECT_NONE) {
		refused(w, from, why);
		return true;
	}
	if (is_stun(w, from, p, n)) {
		answer_stun(w, from, p, n);
		return true;
	}
	if (w->group->n == 1) {
		take(w, from, p, n); /* whose else */
		return true;
	}
	switch (scan_owner(w->key, p, n, &slot)) {
	case SCAN_OWNER:
		if (owner(w, slot) != w->index)
			return hand_over(w, owner(w, slot), STAGE_OWNED, from, p, n);
		take(w, from, p, n);
		break;
	case SCAN_UNSURE:
		return take_or_hand_over(w, from, p, n);
	case SCAN_KEEPALIVE:
		break;
	case SCAN_NOT_SIP:
	case SCAN_NO_END:
		refused(w, from, REJECT_FRAMING);
		break;
	}
	return true;
}

/* ---- hooks of the transport ---- */

static bool on_received(void *arg, const struct flow_addr *from, const uint8_t *p, size_t n, bool again)
{
	struct worker *w = arg;

	if (w->group->random_delivery) {
		/* a stream's messages keep their order: its connection as a whole is at a random worker */
		unsigned to =
			(from->connection ? (uint32_t)from->connection * 2654435761u >> 8 : (uint32_t)random_u64()) %
			w->group->n;

		if (to != w->index)
			return hand_over(w, to, STAGE_RECEIVED, from, p, n);
	}
	return receive(w, from, p, n, again);
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

struct unreachable {
	struct worker *to;
	unsigned network;
	struct addr remote;
	enum method method;
	int error;
	size_t n;
	char branch[sizeof(IDENT_BRANCH_COOKIE) + IDENT_LEN];
};

static bool tell_unreachable(const struct unreachable *u)
{
	struct worker *w = u->to;

	return txn_layer_unreachable(w->txn, u->network, &u->remote, (struct str){u->branch, u->n}, u->method,
				     u->error);
}

static void on_told_unreachable(void *arg)
{
	tell_unreachable(arg);
	free(arg);
}

/* The kernel gives an ICMP message to any worker's socket: the branch says whose it is. Lost for want of memory or
 * room, it is no more than an ICMP message that was lost. */
static bool on_unreachable(void *arg, unsigned network, const struct addr *to, const uint8_t *quoted, size_t n,
			   int error)
{
	struct worker *w = arg;
	struct scan_quoted q;
	struct unreachable u = {.network = network, .remote = *to, .error = error}, *copy;

	if (!scan_quoted(w->key, quoted, n, &q))
		return false;
	u.to = worker_get(w->group, owner(w, q.slot));
	u.method = method_find(q.method);
	u.n = q.branch.n;
	memcpy(u.branch, q.branch.p, q.branch.n);
	if (u.to == w)
		return tell_unreachable(&u);
	copy = malloc(sizeof(*copy));
	if (!copy)
		return false;
	*copy = u;
	if (loop_post(u.to->loop, on_told_unreachable, copy))
		return true;
	free(copy);
	return false;
}

static void on_refused(void *arg, unsigned network, const struct addr *from, enum reject_reason why)
{
	struct worker *w = arg;
	struct flow_addr f = {.network = network, .remote = *from};

	refused(w, &f, why);
}

const struct transport_user worker_transport_user = {.received = on_received,
						     .send_failed = on_send_failed,
						     .closed = on_closed,
						     .unreachable = on_unreachable,
						     .refused = on_refused};

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

static bool user_glance(void *arg, const struct message *m)
{
	struct worker *w = arg;

	return w->user->glance && w->user->glance(w->arg, m);
}

static enum reject_reason user_judge(void *arg, const struct message *m)
{
	struct worker *w = arg;

	return w->user->judge ? w->user->judge(w->arg, m) : REJECT_NONE;
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

static bool user_may_answer(void *arg, const struct flow_addr *to)
{
	return may_answer(arg, to);
}

struct txn_user worker_txn_user(struct worker *w)
{
	return (struct txn_user){.may_answer = user_may_answer,
				 .glance = user_glance,
				 .judge = user_judge,
				 .request = user_request,
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
		.stun_answered = atomic_load_explicit(&own(w)->stun_answered, memory_order_relaxed),
	};
	transport_gauges(w->transport, &ret->transport);
	txn_gauges(w->txn, &ret->txn);
	loop_turns(w->loop, &ret->turn_p50_us, &ret->turn_p99_us, &ret->turn_max_us);
	for (unsigned i = 0; i < WORKER_LONG_TURNS; i++)
		ret->long_turns[i] = loop_turns_above(w->loop, worker_long_turn_ms[i] * 1000);
}
