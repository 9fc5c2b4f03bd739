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

struct session *port_find(const struct media_port *p, media_id id)
{
	uint32_t slot = (uint32_t)id & SLOT_MASK;
	if (slot >= p->n_slots || id_make(p->index, p->slots[slot].generation, slot) != id)
		return NULL;
	return p->slots[slot].session;
}

struct session *port_session(struct media_port *p, media_id id)
{
	struct session *s = port_find(p, id);
	return s && !s->ending ? s : NULL;
}

bool port_session_ending(struct media_port *p, media_id id)
{
	struct session *s = port_find(p, id);
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

void port_forget(struct media_port *p, media_id id)
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

/* ---- dispatching ---------------------------------------------------------------------------------------------- */

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
