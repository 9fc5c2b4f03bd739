/* SPDX-License-Identifier: Apache-2.0 */
/* orders: what a worker does when a port asks, and the inactivity timer. */
#include <stdlib.h>

#include "base/clock.h"
#include "media/internal.h"

/* ---- inactivity ---------------------------------------------------------------------------------------------- */

static struct remote *heard(const struct stream *st)
{
	struct remote *r = st->remotes[st->side->selected];
	return r && r->used ? r : NULL;
}

static bool is_watched(const struct remote *r)
{
	return r && r->receive && r->silence_ms;
}

static uint64_t silent_since(const struct remote *r)
{
	uint64_t expected_ns = r->committed_ns > r->selected_ns ? r->committed_ns : r->selected_ns;

	return r->alive_ns > expected_ns ? r->alive_ns : expected_ns;
}

static void watch_silence(struct worker *w, struct stream *st, uint64_t now_ns)
{
	struct remote *r = heard(st);
	wheel_cancel(&w->wheel, &st->silence);
	if (!is_watched(r))
		return;
	uint64_t silent_ms = (now_ns - silent_since(r)) / NS_PER_MS;
	wheel_arm(&w->wheel, &st->silence, silent_ms < r->silence_ms ? r->silence_ms - silent_ms : 0);
}

static void tell_silent(struct worker *w, struct stream *st, struct remote *r, uint64_t silent_ms)
{
	if (atomic_load(&st->silent.busy)) {
		counter_add(&w->counters.queue_full, 1);
		return; /* told at the next look */
	}
	st->silent.fork = st->side->selected;
	st->silent.silent_ms = silent_ms < UINT32_MAX ? (uint32_t)silent_ms : UINT32_MAX;
	atomic_store(&st->silent.busy, true);
	r->silent = true;
	worker_notify(w, &st->silent.notice);
}

/* Packets only note the time; the timer looks whether it was long ago, and else waits for what is missing. */
void order_silence(struct wheel_timer *t)
{
	struct stream *st = container_of(t, struct stream, silence);
	struct worker *w = st->side->session->worker;
	struct remote *r = heard(st);
	uint64_t now_ns = clock_ns();

	if (!is_watched(r))
		return;
	uint64_t silent_ms = (now_ns - silent_since(r)) / NS_PER_MS;
	if (silent_ms < r->silence_ms) {
		wheel_arm(&w->wheel, t, r->silence_ms - silent_ms);
		return;
	}
	if (!r->silent)
		tell_silent(w, st, r, silent_ms);
	wheel_arm(&w->wheel, t, r->silence_ms);
}

void worker_tell_source(struct worker *w, struct stream *st)
{
	struct source_notice *n = &st->source;

	if (atomic_load(&n->busy))
		return;
	n->due = false;
	if (!st->remotes[n->due_fork])
		return;
	n->fork = n->due_fork;
	n->evidence = n->due_evidence;
	n->from = n->due_from;
	n->to = st->remotes[n->fork]->latch[LATCH_RTP].source;
	atomic_store(&n->busy, true);
	worker_notify(w, &n->notice);
}

/* ---- commit -------------------------------------------------------------------------------------------------- */

/* Signalling has just said something about this session's media: latches that hold nothing may take any allowed source
 * for one window from now. That covers a phone that is silent until the call is answered, or resumed after hold. */
static void reopen_latches(struct session *s, uint64_t now_ns)
{
	for (unsigned which = 0; which < 2; which++)
		for (size_t i = 0; s->live[which] && i < MEDIA_MAX_STREAMS; i++) {
			struct stream *st = s->live[which]->live[i];
			for (unsigned f = 0; st && f < MEDIA_MAX_FORKS; f++)
				for (unsigned c = 0; st->remotes[f] && c < 2; c++)
					latch_reopen(&st->remotes[f]->latch[c], &st->remotes[f]->rules, now_ns);
		}
}

static void set_remote(struct stream *st, unsigned fork, struct remote *r, uint64_t now_ns)
{
	struct remote *before = st->remotes[fork];
	remote_begin(r, before, now_ns);
	remote_aim(r, st->side);
	free(before);
	if (!before)
		st->n_forks++;
	st->remotes[fork] = r;
	st->profile = r->rtp ? PROFILE_RTP : PROFILE_DATAGRAM;
}

static void read_sockets(struct stream *st)
{
	for (unsigned c = 0; c < 2; c++)
		st->component[c].sock.ready = st->component[c].sock.fd >= 0;
}

static struct stream *stream_across(const struct stream *st)
{
	const struct side *d = st->side;
	const struct side *out = d->echo ? d : d->session->live[!d->which];
	return out ? out->live[st->index] : NULL;
}

/* After anything that changes a session: packets read the outcome alone. */
void session_find_ways(struct session *s)
{
	for (unsigned which = 0; which < 2; which++)
		for (size_t i = 0; s->live[which] && i < MEDIA_MAX_STREAMS; i++) {
			struct stream *st = s->live[which]->live[i];
			if (!st)
				continue;
			st->selected = st->side->selected;
			st->heard = st->remotes[st->selected];
			st->out = stream_across(st);
		}
}

static void read_settings(struct side *d)
{
	d->selected = atomic_load(&d->want_fork);
	d->echo = atomic_load(&d->want_echo);
}

static void commit_stream(struct commit *c, size_t i, uint64_t now_ns)
{
	struct stream *st = c->streams[i];
	struct remote *r = c->remotes[i];
	if (!st)
		return;
	c->side->live[i] = st;
	if (r) {
		set_remote(st, c->fork, r, now_ns);
		read_sockets(st);
	} else if (st->remotes[c->fork]) {
		/* no longer carried: its counters stay for the statistics */
		st->remotes[c->fork]->used = false;
	}
}

static void watch_side(struct worker *w, struct side *d, uint64_t now_ns)
{
	for (size_t i = 0; i < MEDIA_MAX_STREAMS; i++)
		if (d->live[i])
			watch_silence(w, d->live[i], now_ns);
}

/* A selection is news of the call, too (its answer, mostly): whoever has to send from now on has the whole time for it.
 */
static void watch_anew(struct worker *w, struct side *d, uint64_t now_ns)
{
	for (size_t i = 0; i < MEDIA_MAX_STREAMS; i++) {
		struct remote *r = d->live[i] ? heard(d->live[i]) : NULL;
		if (r) {
			r->selected_ns = now_ns;
			r->silent = false;
		}
	}
	watch_side(w, d, now_ns);
}

static void commit(struct worker *w, struct commit *c, uint64_t now_ns)
{
	struct session *s = c->order.session;

	s->live[c->side->which] = c->side;
	read_settings(c->side);
	for (size_t i = 0; i < c->n; i++)
		commit_stream(c, i, now_ns);
	session_find_ways(s);
	if (!c->restored)
		reopen_latches(s, now_ns);
	watch_side(w, c->side, now_ns);
	port_order_done(s->port);
	free(c);
}

/* ---- the other orders ---------------------------------------------------------------------------------------- */

static void settings(struct worker *w, struct side *d, uint64_t now_ns)
{
	/* first, so that what is said later is an order of its own */
	atomic_store(&d->settings_sent, false);
	read_settings(d);
	session_find_ways(d->session);
	reopen_latches(d->session, now_ns);
	for (unsigned which = 0; which < 2; which++)
		if (d->session->live[which])
			watch_anew(w, d->session->live[which], now_ns);
}

static void set_acl(struct acl *a)
{
	struct side *d = a->side;
	struct acl *before = d->acl;

	d->acl = a;
	for (size_t i = 0; i < MEDIA_MAX_STREAMS; i++)
		for (unsigned f = 0; d->live[i] && f < MEDIA_MAX_FORKS; f++)
			if (d->live[i]->remotes[f])
				remote_set_acl(d->live[i]->remotes[f], a, d);
	port_order_done(d->session->port);
	free(before);
}

static void leave_stream(struct worker *w, struct stream *st)
{
	wheel_cancel(&w->wheel, &st->silence);
	for (unsigned c = 0; c < 2; c++)
		io_forget(w->io, &st->component[c].sock);
}

static void close_side(struct worker *w, struct side *d, uint64_t now_ns)
{
	for (size_t i = 0; i < d->n_streams; i++)
		if (d->streams[i])
			leave_stream(w, d->streams[i]);
	side_close(d, now_ns);
}

static void release(struct worker *w, struct side *d, uint64_t now_ns)
{
	struct session *s = d->session;
	close_side(w, d, now_ns);
	if (s->live[d->which] == d)
		s->live[d->which] = NULL;
	session_find_ways(s);
	worker_notify(w, &d->released);
}

static void end(struct worker *w, struct session *s, uint64_t now_ns)
{
	/* the port's view: it has sides and streams that were never committed, and does not touch them any more */
	for (unsigned i = 0; i < 2; i++)
		if (s->sides[i])
			close_side(w, s->sides[i], now_ns);
	worker_notify(w, &s->ended);
}

static void carry_out(struct worker *w, struct order *o, uint64_t now_ns)
{
	switch (o->what) {
	case ORDER_COMMIT:
		commit(w, container_of(o, struct commit, order), now_ns);
		break;
	case ORDER_SETTINGS:
		settings(w, container_of(o, struct side, settings), now_ns);
		break;
	case ORDER_ACL:
		set_acl(container_of(o, struct acl, order));
		break;
	case ORDER_RELEASE:
		release(w, container_of(o, struct side, release), now_ns);
		break;
	case ORDER_QUERY: {
		struct query *q = container_of(o, struct query, order);
		session_stats(o->session, now_ns, &q->stats);
		port_order_done(o->session->port);
		worker_notify(w, &q->notice);
		break;
	}
	case ORDER_END:
		end(w, o->session, now_ns);
		break;
	}
}

void worker_orders(struct worker *w)
{
	if (!w->orders)
		w->orders = mailbox_take(&w->box);
	if (!w->orders)
		return;
	uint64_t start_ns = clock_ns(), now_ns = start_ns;
	while (w->orders && now_ns - start_ns <= TURN_MAX_US * 1000) {
		struct order *o = container_of(w->orders, struct order, letter);
		w->orders = o->letter.next;
		carry_out(w, o, now_ns);
		w->ordered_ns = now_ns = clock_ns();
	}
}
