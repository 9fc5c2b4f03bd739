/* SPDX-License-Identifier: Apache-2.0 */
/* session: what the door's requests mean. Everything here runs on the port's thread: ports are taken and sockets bound
 * at once, the rest goes to the session's worker as orders. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "media/internal.h"

static void fail(struct media_port *p, media_id id, uint64_t cookie, enum media_side side, unsigned fork,
		 enum media_error e)
{
	port_answer(p, &(struct answer){id, cookie, MEDIA_EV_FAILED, side, fork, e});
}

static bool may_send_order(struct media_port *p)
{
	if (atomic_fetch_add_explicit(&p->in_flight, 1, memory_order_relaxed) < MAX_ORDERS)
		return true;
	port_order_done(p);
	atomic_fetch_add(&p->media->queue_full, 1);
	return false;
}

static void detach(struct session *s, enum media_side which)
{
	struct side *d = s->sides[which];
	if (!d)
		return;
	s->sides[which] = NULL;
	if (d->handed) {
		port_order(s->port, s->worker, &d->release);
		return;
	}
	side_close(d, clock_ns());
	side_free(d);
}

static enum media_error prepare(struct session *s, enum media_side which, const struct media_prepare *what,
				const struct networks *nets)
{
	struct side *d = s->sides[which];
	enum media_error e = MEDIA_OK;

	if (what->n_streams > MEDIA_MAX_STREAMS)
		return MEDIA_ERR_LIMIT;
	if (d && d->network == what->network && d->v6 == what->v6)
		return side_extend(d, what, nets);
	/* the new one first: when it fails, nothing was changed */
	struct side *fresh = side_create(s, which, what, nets, &e);
	if (!fresh)
		return e;
	detach(s, which);
	s->sides[which] = fresh;
	return MEDIA_OK;
}

void media_prepare(struct media_port *p, media_id id, enum media_side side, const struct media_prepare *what)
{
	struct session *s = port_session(p, id);
	if (!s) {
		fail(p, id, 0, side, 0, MEDIA_ERR_GONE);
		return;
	}
	struct networks *nets = media_networks(p->media);
	enum media_error e = prepare(s, side, what, nets);
	networks_unref(nets);
	if (e)
		fail(p, id, s->cookie, side, 0, e);
	else
		port_answer(p, &(struct answer){
				       .session = id, .type = MEDIA_EV_PREPARED, .side = side, .cookie = s->cookie});
}

static unsigned load_of(const struct worker *w)
{
	unsigned n = atomic_load_explicit(&w->sessions, memory_order_relaxed);
	return n > FEW_SESSIONS ? n : FEW_SESSIONS;
}

/* A worker takes the session for good: the least loaded one, but the first of those that have few, since each thread
 * that has anything to do costs wake-ups of its own. */
static void choose_worker(struct session *s)
{
	struct media *m = s->port->media;
	struct worker *best = &m->workers[0];
	for (unsigned i = 1; i < m->n_workers; i++)
		if (load_of(&m->workers[i]) < load_of(best))
			best = &m->workers[i];
	atomic_fetch_add_explicit(&best->sessions, 1, memory_order_relaxed);
	s->worker = best;
}

static void commit_free(struct commit *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->remotes[i]);
	free(c);
}

static struct commit *commit_create(struct side *d, unsigned fork, const struct media_remote *streams, size_t n)
{
	struct session *s = d->session;
	struct commit *c = calloc(1, sizeof(*c));
	uint64_t now_ns = clock_ns();

	if (!c)
		return NULL;
	c->order = (struct order){.what = ORDER_COMMIT, .session = s};
	c->side = d;
	c->fork = fork;
	c->n = d->n_streams;
	c->restored = true;
	for (size_t i = 0; i < c->n; i++) {
		c->streams[i] = d->streams[i];
		if (i >= n || !streams[i].used || !d->streams[i])
			continue;
		c->restored = c->restored && streams[i].past;
		c->remotes[i] = remote_create(&streams[i], s->port->media->window_ns, now_ns);
		if (!c->remotes[i]) {
			commit_free(c);
			return NULL;
		}
	}
	return c;
}

static int watch_stream(struct io *io, struct stream *st)
{
	int r = 0;
	for (unsigned c = 0; c < 2 && r == 0; c++)
		if (st->component[c].sock.fd >= 0)
			r = io_watch(io, &st->component[c].sock);
	return r;
}

/* After the order: a packet that wakes the worker then finds it, and so the order itself needs to wake nobody. */
static int watch_side(struct side *d, const struct media_remote *streams, size_t n)
{
	int r = 0;
	for (size_t i = 0; i < d->n_streams && i < n && r == 0; i++)
		if (d->streams[i] && streams[i].used)
			r = watch_stream(d->session->worker->io, d->streams[i]);
	return r;
}

void media_commit(struct media_port *p, media_id id, enum media_side side, unsigned fork,
		  const struct media_remote *streams, size_t n)
{
	struct session *s = port_session(p, id);
	struct side *d = s ? s->sides[side] : NULL;

	if (!d || fork >= MEDIA_MAX_FORKS)
		return;
	if (!may_send_order(p)) {
		fail(p, id, s->cookie, side, fork, MEDIA_ERR_LIMIT);
		return;
	}
	struct commit *c = commit_create(d, fork, streams, n);
	if (!c) {
		port_order_done(p);
		fail(p, id, s->cookie, side, fork, MEDIA_ERR_NO_MEMORY);
		return;
	}
	if (!s->worker)
		choose_worker(s);
	d->handed = true;
	port_order(p, s->worker, &c->order);
	if (watch_side(d, streams, n) < 0)
		fail(p, id, s->cookie, side, fork, MEDIA_ERR_SOCKET);
}

void media_set_acl(struct media_port *p, media_id id, enum media_side side, const struct cidr *acl, size_t n_acl)
{
	struct session *s = port_session(p, id);
	struct side *d = s ? s->sides[side] : NULL;
	size_t n = n_acl < MEDIA_MAX_ACL ? n_acl : MEDIA_MAX_ACL;

	if (!d || !d->handed)
		return;
	if (!may_send_order(p)) {
		fail(p, id, s->cookie, side, 0, MEDIA_ERR_LIMIT);
		return;
	}
	struct acl *a = malloc(sizeof(*a) + n * sizeof(*a->list));
	if (!a) {
		port_order_done(p);
		fail(p, id, s->cookie, side, 0, MEDIA_ERR_NO_MEMORY);
		return;
	}
	*a = (struct acl){.order = {.what = ORDER_ACL, .session = s}, .side = d, .n = n};
	if (n)
		memcpy(a->list, acl, n * sizeof(*a->list));
	port_order(p, s->worker, &a->order);
}

static void send_settings(struct side *d)
{
	if (d->handed && !atomic_exchange(&d->settings_sent, true))
		port_order(d->session->port, d->session->worker, &d->settings);
}

void media_select(struct media_port *p, media_id id, enum media_side side, unsigned fork)
{
	struct session *s = port_session(p, id);
	if (!s || !s->sides[side] || fork >= MEDIA_MAX_FORKS)
		return;
	atomic_store(&s->sides[side]->want_fork, fork);
	send_settings(s->sides[side]);
}

void media_set_echo(struct media_port *p, media_id id, enum media_side side, bool on)
{
	struct session *s = port_session(p, id);
	if (!s || !s->sides[side])
		return;
	atomic_store(&s->sides[side]->want_echo, on);
	send_settings(s->sides[side]);
}

void media_query(struct media_port *p, media_id id)
{
	struct session *s = port_session(p, id);
	if (!s) {
		fail(p, id, 0, MEDIA_A, 0, MEDIA_ERR_GONE);
		return;
	}
	if (!s->worker) {
		port_answer(p, &(struct answer){.session = id, .type = MEDIA_EV_STATS, .cookie = s->cookie});
		return;
	}
	if (!may_send_order(p)) {
		fail(p, id, s->cookie, MEDIA_A, 0, MEDIA_ERR_LIMIT);
		return;
	}
	struct query *q = malloc(sizeof(*q));
	if (!q) {
		port_order_done(p);
		fail(p, id, s->cookie, MEDIA_A, 0, MEDIA_ERR_NO_MEMORY);
		return;
	}
	q->order = (struct order){.what = ORDER_QUERY, .session = s};
	q->notice = (struct notice){.what = NOTICE_STATS, .session = s};
	port_order(p, s->worker, &q->order);
}

void media_end(struct media_port *p, media_id id)
{
	struct session *s = port_session(p, id);
	if (!s) {
		/* asked twice: the answer is under way */
		if (!port_session_ending(p, id))
			fail(p, id, 0, MEDIA_A, 0, MEDIA_ERR_GONE);
		return;
	}
	s->ending = true;
	if (s->worker) {
		port_order(p, s->worker, &s->end);
		return;
	}
	for (unsigned i = 0; i < 2; i++)
		if (s->sides[i])
			side_close(s->sides[i], clock_ns());
	port_answer(p, &(struct answer){.session = id, .type = MEDIA_EV_ENDED, .cookie = s->cookie});
}
