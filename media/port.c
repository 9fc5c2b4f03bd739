/* SPDX-License-Identifier: Apache-2.0 */
/* port: a signalling worker's door: its table of sessions, its events, and waking it no oftener than needed. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "media/internal.h"

/* ---- ids: port, generation, slot ----------------------------------------------------------------------------- */

#define SLOT_BITS 24
#define SLOT_MASK ((1u << SLOT_BITS) - 1)

static media_id id_make(unsigned port, uint32_t generation, uint32_t slot)
{
	return (uint64_t)port << 56 | (uint64_t)generation << SLOT_BITS | slot;
}

static struct session *session_of(const struct media_port *p, media_id id)
{
	uint32_t slot = (uint32_t)id & SLOT_MASK;
	if (slot >= p->n_slots || id_make(p->index, p->slots[slot].generation, slot) != id)
		return NULL;
	return p->slots[slot].session;
}

struct session *port_session(struct media_port *p, media_id id)
{
	struct session *s = session_of(p, id);
	return s && !s->ending ? s : NULL;
}

bool port_session_ending(struct media_port *p, media_id id)
{
	struct session *s = session_of(p, id);
	return s && s->ending;
}

static int slots_grow(struct media_port *p)
{
	uint32_t n = p->n_slots ? p->n_slots * 2 : 64;
	struct slot *slots = n <= SLOT_MASK ? realloc(p->slots, n * sizeof(*slots)) : NULL;
	if (!slots)
		return -ENOMEM;
	for (uint32_t i = p->n_slots; i < n; i++)
		slots[i] = (struct slot){.generation = 1, .next_free = i + 1};
	p->slots = slots;
	p->n_slots = n;
	return 0;
}

static void slot_give(struct media_port *p, media_id id)
{
	struct slot *slot = &p->slots[(uint32_t)id & SLOT_MASK];
	slot->session = NULL;
	slot->generation++;
	if (slot->generation == 0)
		slot->generation = 1;
	slot->next_free = p->free_slot;
	p->free_slot = (uint32_t)id & SLOT_MASK;
	p->n_sessions--;
}

/* ---- answers that need no worker ----------------------------------------------------------------------------- */

/* A session may be owed three at a time (two sides and its end); the rest is for stale ids. */
#define ANSWERS_PER_SESSION 3
#define ANSWERS_SPARE       64

static int answers_reserve(struct media_port *p, size_t n)
{
	if (n <= p->answers_cap)
		return 0;
	size_t cap = p->answers_cap ? p->answers_cap : 256;
	while (cap < n)
		cap *= 2;
	struct answer *ring = malloc(cap * sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	for (size_t i = 0; i < p->answers_n; i++)
		ring[i] = p->answers[(p->answers_head + i) & (p->answers_cap - 1)];
	free(p->answers);
	p->answers = ring;
	p->answers_cap = cap;
	p->answers_head = 0;
	return 0;
}

/* The port's thread is running: it will look before it sleeps, nobody needs to wake it. */
static void awake(struct media_port *p)
{
	if (p->looks)
		mailbox_awake(&p->box);
}

void port_answer(struct media_port *p, const struct answer *a)
{
	if (p->answers_n == p->answers_cap && answers_reserve(p, p->answers_cap + 1) < 0) {
		atomic_fetch_add(&p->media->queue_full, 1);
		return;
	}
	p->answers[(p->answers_head + p->answers_n++) & (p->answers_cap - 1)] = *a;
	if (p->looks)
		mailbox_awake(&p->box);
	else
		port_ring(p);
}

/* ---- to and from the workers --------------------------------------------------------------------------------- */

void port_order(struct media_port *p, struct worker *w, struct order *o)
{
	awake(p);
	mailbox_put(&w->box, &o->letter);
	if (mailbox_must_wake(&w->box))
		io_wake(w->io);
}

void port_order_done(struct media_port *p)
{
	atomic_fetch_sub_explicit(&p->in_flight, 1, memory_order_relaxed);
}

void port_ring(struct media_port *p)
{
	uint64_t one = 1;
	if (!mailbox_must_wake(&p->box))
		return;
	ssize_t r = write(p->fd, &one, sizeof(one));
	(void)r;
	/* after the write, so that who sees the mark finds something to read */
	atomic_store(&p->fd_written, true);
}

static void silence_fd(struct media_port *p, bool always)
{
	uint64_t n;
	if (!atomic_exchange(&p->fd_written, false) && !always)
		return;
	ssize_t r = read(p->fd, &n, sizeof(n));
	(void)r;
}

/* ---- delivery ------------------------------------------------------------------------------------------------ */

static void deliver(struct media_port *p, const struct media_event *e)
{
	if (p->open)
		p->fn(p->arg, e);
}

static struct media_event event_of(enum media_event_type type, const struct session *s)
{
	return (struct media_event){.type = type, .session = s->id, .cookie = s->cookie};
}

/* The last of a session: the id dies after the callback. */
static void session_ended(struct media_port *p, struct session *s)
{
	struct media_event e = event_of(MEDIA_EV_ENDED, s);
	session_stats(s, &p->stats);
	e.stats = &p->stats;
	deliver(p, &e);
	slot_give(p, s->id);
	if (s->worker)
		atomic_fetch_sub_explicit(&s->worker->sessions, 1, memory_order_relaxed);
	side_free(s->sides[MEDIA_A]);
	side_free(s->sides[MEDIA_B]);
	free(s);
	atomic_fetch_sub(&p->media->sessions, 1);
}

static struct media_local local_of(const struct side *d, const struct stream *st)
{
	struct media_local l = {.rtp = d->advertise, .rtcp_port = st->port};
	addr_set_port(&l.rtp, st->port);
	if (st->component[LATCH_RTCP].sock.fd >= 0)
		l.rtcp_port++;
	return l;
}

static void fill_prepared(const struct side *d, struct media_event *e)
{
	e->prepared.n_streams = d->n_streams;
	for (size_t i = 0; i < d->n_streams; i++)
		if (d->streams[i])
			e->prepared.local[i] = local_of(d, d->streams[i]);
}

static void deliver_answer(struct media_port *p, const struct answer *a)
{
	struct session *s = session_of(p, a->session);
	struct media_event e = {
		.type = a->type,
		.session = a->session,
		.cookie = a->cookie,
		.side = a->side,
		.fork = a->fork,
		.error = a->error,
	};
	if (a->type == MEDIA_EV_ENDED) {
		session_ended(p, s);
		return;
	}
	if (a->type == MEDIA_EV_STATS) {
		/* asked before anything was committed */
		static const struct session nothing;
		session_stats(&nothing, &p->stats);
		e.stats = &p->stats;
	} else if (a->type == MEDIA_EV_PREPARED) {
		/* ended or released before it could be told */
		if (!s || s->ending || !s->sides[a->side]) {
			e.type = MEDIA_EV_FAILED;
			e.error = MEDIA_ERR_GONE;
		} else {
			memset(&e.prepared, 0, sizeof(e.prepared));
			fill_prepared(s->sides[a->side], &e);
		}
	}
	deliver(p, &e);
}

static void deliver_source(struct media_port *p, struct source_notice *n)
{
	struct stream *st = container_of(n, struct stream, source);
	struct media_event e = event_of(MEDIA_EV_SOURCE, n->notice.session);
	e.side = st->side->which;
	e.stream = st->index;
	e.fork = n->fork;
	e.source.from = n->from;
	e.source.to = n->to;
	e.source.evidence = n->evidence;
	atomic_store(&n->busy, false);
	if (!n->notice.session->ending)
		deliver(p, &e);
}

static void deliver_silent(struct media_port *p, struct silent_notice *n)
{
	struct stream *st = container_of(n, struct stream, silent);
	struct media_event e = event_of(MEDIA_EV_SILENT, n->notice.session);
	e.side = st->side->which;
	e.stream = st->index;
	e.fork = n->fork;
	e.silent.silent_ms = n->silent_ms;
	atomic_store(&n->busy, false);
	if (!n->notice.session->ending)
		deliver(p, &e);
}

static void deliver_failed(struct media_port *p, struct commit *c)
{
	struct media_event e = event_of(MEDIA_EV_FAILED, c->order.session);
	e.side = c->side->which;
	e.fork = c->fork;
	e.error = MEDIA_ERR_SOCKET;
	if (!c->order.session->ending)
		deliver(p, &e);
	free(c);
}

static void deliver_notice(struct media_port *p, struct notice *n)
{
	switch (n->what) {
	case NOTICE_RELEASED:
		side_free(container_of(n, struct side, released));
		break;
	case NOTICE_FAILED:
		deliver_failed(p, container_of(n, struct commit, failed));
		break;
	case NOTICE_STATS: {
		struct query *q = container_of(n, struct query, notice);
		struct media_event e = event_of(MEDIA_EV_STATS, n->session);
		e.stats = &q->stats;
		deliver(p, &e);
		free(q);
		break;
	}
	case NOTICE_ENDED:
		session_ended(p, n->session);
		break;
	case NOTICE_SOURCE:
		deliver_source(p, container_of(n, struct source_notice, notice));
		break;
	case NOTICE_SILENT:
		deliver_silent(p, container_of(n, struct silent_notice, notice));
		break;
	}
}

static void deliver_mail(struct media_port *p)
{
	for (struct letter *l = mailbox_take(&p->box), *next; l; l = next) {
		next = l->next;
		deliver_notice(p, container_of(l, struct notice, letter));
	}
}

/* What callbacks add waits for the next call, so that this one ends. */
static void deliver_answers(struct media_port *p)
{
	for (size_t n = p->answers_n; n; n--) {
		struct answer a = p->answers[p->answers_head];
		p->answers_head = (p->answers_head + 1) & (p->answers_cap - 1);
		p->answers_n--;
		deliver_answer(p, &a);
	}
}

static bool has_mail(struct media_port *p)
{
	return p->answers_n || !mailbox_empty(&p->box);
}

void media_port_dispatch(struct media_port *p)
{
	/* woken and nothing there: a late mark of port_ring() */
	silence_fd(p, !has_mail(p));
	awake(p);
	deliver_answers(p);
	deliver_mail(p);
	if (p->looks)
		return;
	/* the caller relies on the descriptor alone */
	if (!mailbox_sleep(&p->box) || p->answers_n)
		port_ring(p);
}

bool media_port_pending(const struct media_port *port)
{
	struct media_port *p = port->self;
	p->looks = true;
	return has_mail(p) || !mailbox_sleep(&p->box);
}

int media_port_fd(const struct media_port *p)
{
	return p->fd;
}

/* ---- opening and closing ------------------------------------------------------------------------------------- */

static struct media_port *port_create(struct media *m, unsigned index)
{
	struct media_port *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (p->fd < 0) {
		free(p);
		return NULL;
	}
	p->self = p;
	p->media = m;
	p->index = index;
	return p;
}

int media_port_open(struct media *m, media_event_fn fn, void *arg, struct media_port **ret)
{
	struct media_port *p = NULL;

	pthread_mutex_lock(&m->lock);
	for (unsigned i = 0; i < MAX_PORTS && !p; i++) {
		if (!m->ports[i])
			m->ports[i] = port_create(m, i);
		if (!m->ports[i])
			break;
		if (!m->ports[i]->open)
			p = m->ports[i];
	}
	if (p && answers_reserve(p, ANSWERS_SPARE) == 0)
		p->open = true;
	else
		p = NULL;
	pthread_mutex_unlock(&m->lock);
	if (!p)
		return -ENOMEM;
	p->fn = fn;
	p->arg = arg;
	p->looks = false;
	mailbox_sleep(&p->box);
	*ret = p;
	return 0;
}

void media_port_close(struct media_port *p)
{
	pthread_mutex_lock(&p->media->lock);
	p->open = false;
	pthread_mutex_unlock(&p->media->lock);
	for (uint32_t i = 0; i < p->n_slots; i++)
		if (p->slots[i].session && !p->slots[i].session->ending)
			media_end(p, p->slots[i].session->id);
	/* the workers give everything back within a turn */
	p->looks = false;
	while (p->n_sessions) {
		media_port_dispatch(p);
		if (p->n_sessions)
			poll(&(struct pollfd){.fd = p->fd, .events = POLLIN}, 1, 100);
	}
	p->answers_n = 0;
}

/* ---- sessions ------------------------------------------------------------------------------------------------ */

media_id media_session(struct media_port *p, uint64_t cookie)
{
	struct media *m = p->media;

	if (atomic_fetch_add(&m->sessions, 1) >= m->max_sessions)
		goto fail_count;
	if (answers_reserve(p, ANSWERS_PER_SESSION * (p->n_sessions + 1) + ANSWERS_SPARE) < 0)
		goto fail_count;
	if (p->free_slot == p->n_slots && slots_grow(p) < 0)
		goto fail_count;
	struct session *s = calloc(1, sizeof(*s));
	if (!s)
		goto fail_count;
	struct slot *slot = &p->slots[p->free_slot];
	s->id = id_make(p->index, slot->generation, p->free_slot);
	p->free_slot = slot->next_free;
	slot->session = s;
	p->n_sessions++;
	s->cookie = cookie;
	s->port = p;
	s->end = (struct order){.what = ORDER_END, .session = s};
	s->ended = (struct notice){.what = NOTICE_ENDED, .session = s};
	return s->id;

fail_count:
	atomic_fetch_sub(&m->sessions, 1);
	return 0;
}
