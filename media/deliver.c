/* SPDX-License-Identifier: Apache-2.0 */
/* deliver: turning answers and notices into events, on the port's thread. What ended is freed after its callback. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "media/internal.h"

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
	session_stats(s, clock_ns(), &p->stats);
	e.stats = &p->stats;
	deliver(p, &e);
	port_forget(p, s->id);
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
	struct session *s = port_find(p, a->session);
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
		session_stats(&nothing, clock_ns(), &p->stats);
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

static struct media_event event_of_stream(enum media_event_type type, const struct session *s, const struct stream *st,
					  unsigned fork)
{
	struct media_event e = event_of(type, s);
	e.side = st->side->which;
	e.stream = st->index;
	e.fork = fork;
	return e;
}

static void deliver_source(struct media_port *p, struct source_notice *n)
{
	struct stream *st = container_of(n, struct stream, source);
	struct media_event e = event_of_stream(MEDIA_EV_SOURCE, n->notice.session, st, n->fork);
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
	struct media_event e = event_of_stream(MEDIA_EV_SILENT, n->notice.session, st, n->fork);
	e.silent.silent_ms = n->silent_ms;
	atomic_store(&n->busy, false);
	if (!n->notice.session->ending)
		deliver(p, &e);
}

static void deliver_notice(struct media_port *p, struct notice *n)
{
	switch (n->what) {
	case NOTICE_RELEASED:
		side_free(container_of(n, struct side, released));
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

void deliver_mail(struct media_port *p)
{
	for (struct letter *l = mailbox_take(&p->box), *next; l; l = next) {
		next = l->next;
		deliver_notice(p, container_of(l, struct notice, letter));
	}
}

/* What callbacks add waits for the next call, so that this one ends. */
void deliver_answers(struct media_port *p)
{
	for (size_t n = p->answers_n; n; n--) {
		struct answer a = p->answers[p->answers_head];
		p->answers_head = (p->answers_head + 1) & (p->answers_cap - 1);
		p->answers_n--;
		deliver_answer(p, &a);
	}
}
