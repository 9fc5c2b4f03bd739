/* SPDX-License-Identifier: Apache-2.0 */
/* stream: a TCP connection: accepted or made by us, framing, bounded buffers, time-outs. Nothing is freed inside its
 * own event: a dead one is buried at the end of the turn. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "sbc/sip/transport_internal.h"

static void watch(struct stream *s)
{
	int read = stream_paused(s) ? 0 : LOOP_READABLE;

	loop_poll_set(s->poll, s->connecting ? LOOP_WRITABLE : read | (s->out ? LOOP_WRITABLE : 0));
}

/* ---- the end ---- */

void stream_free(struct stream *s)
{
	loop_defer_cancel(&s->bury);
	list_remove(&s->dying);
	while (s->out) {
		struct stream_out *o = s->out;

		s->out = o->next;
		free(o);
	}
	free(s->in);
	obituary_drop(s->obituary);
	free(s);
}

static void bury(struct loop_deferred *d)
{
	struct stream *s = container_of(d, struct stream, bury);

	for (struct stream_out *o = s->out; o; o = o->next)
		transport_tell_lost(s->transport, o->from, o->cookie, s->error);
	obituary_publish(s->obituary, s->network, s->id);
	s->obituary = NULL;
	stream_free(s);
}

void stream_kill(struct stream *s, int error)
{
	if (s->dead)
		return;
	s->dead = true;
	s->error = error;
	loop_timer_stop(s->transport->loop, &s->timer);
	list_remove(&s->paused);
	loop_poll_close(s->poll);
	sock_close(SOCK_KIND_STREAM, s->fd);
	stream_forget(s);
	s->bury.fn = bury;
	list_append(&s->transport->dying, &s->dying);
	loop_defer(s->transport->loop, &s->bury);
}

/* ---- time ---- */

/* The next instant at which something about this connection may be too old. */
static uint64_t due(const struct stream *s)
{
	const struct config_timers *v = &s->transport->config->timers;
	uint64_t at = s->last_ms + (s->heard || !s->source ? v->tcp_idle : v->tcp_header);

	/* a connection that says nothing at first is held to the time of a message's head */
	if (s->partial_ms && !stream_paused(s) && s->partial_ms + v->tcp_header < at)
		at = s->partial_ms + v->tcp_header;
	if (s->stuck_ms && s->stuck_ms + v->tcp_header < at)
		at = s->stuck_ms + v->tcp_header;
	if (s->connecting && s->last_ms + v->tcp_header < at)
		at = s->last_ms + v->tcp_header;
	return at;
}

static void on_timer(struct wheel_timer *t)
{
	struct stream *s = container_of(t, struct stream, timer);
	uint64_t now = loop_now_ms(s->transport->loop), at = due(s);

	/* that it says nothing while it is not read is not its fault */
	if (at <= now && stream_paused(s) && !s->stuck_ms)
		at = now + s->transport->config->timers.tcp_header;
	if (at > now) {
		loop_timer(s->transport->loop, t, at - now);
		return;
	}
	transport_count(s->partial_ms || s->stuck_ms ? &s->transport->closed_slow : &s->transport->closed_idle, 1);
	stream_kill(s, -ETIMEDOUT);
}

/* A deadline that moved nearer must be armed anew; one that moved away is looked at when the timer runs. */
static void hurry(struct stream *s)
{
	uint64_t now = loop_now_ms(s->transport->loop), at = due(s);

	loop_timer(s->transport->loop, &s->timer, at > now ? at - now : 0);
}

void stream_start(struct stream *s)
{
	s->last_ms = loop_now_ms(s->transport->loop);
	s->timer.fn = on_timer;
	hurry(s);
	watch(s);
}

/* ---- in ---- */

/* RFC 5626 §4.4.1: a double CRLF asks for one. One answers all that came at once, and none is put into a queue: a
 * peer that asks and does not read must cost neither system calls nor memory. */
static void pong(struct stream *s)
{
	if (!s->dead && !s->out)
		stream_send(s, s->transport, "\r\n", 2, 0);
}

/* Takes whole messages off p; returns what is left over, or SIZE_MAX when the connection is to be closed. One that
 * finds no room stays, with all that is behind it. */
static size_t take_messages(struct stream *s, const uint8_t *p, size_t n)
{
	struct transport *t = s->transport;
	struct flow_addr flow = {.network = s->network,
				 .transport = s->kind,
				 .local = s->local,
				 .remote = s->remote,
				 .connection = s->id};
	bool pinged = false;

	while (n && !s->dead) {
		enum scan_frame_result r = scan_frame(&s->frame, p, n, t->config->limits.message_bytes);
		size_t total = s->frame.total;

		if (r == FRAME_MORE)
			break;
		if (r == FRAME_BROKEN) {
			t->user->refused(t->arg, s->network, &s->remote, REJECT_FRAMING);
			return SIZE_MAX;
		}
		s->frame = (struct scan_frame){0};
		if (r == FRAME_MESSAGE) {
			bool again = s->again;

			s->heard = true;
			transport_count(&t->received, !again);
			s->again = !t->user->received(t->arg, &flow, p, total, again);
			if (s->again && !s->dead) {
				transport_count(&t->pauses, !again);
				stream_pause(s);
				break;
			}
		} else if (total == 4) {
			pinged = true;
		}
		p += total;
		n -= total;
	}
	if (pinged)
		pong(s);
	return s->dead ? SIZE_MAX : n;
}

/* Keeps what is left of p (its end) until more comes. */
static bool keep(struct stream *s, const uint8_t *p, size_t n)
{
	if (!n) {
		free(s->in);
		s->in = NULL;
		s->in_n = s->in_cap = 0;
		s->partial_ms = 0;
		return true;
	}
	if (s->in) {
		memmove(s->in, p, n);
	} else {
		s->in_cap = n < 2048 ? 2048 : n;
		s->in = malloc(s->in_cap);
		if (!s->in)
			return false;
		memcpy(s->in, p, n);
	}
	s->in_n = n;
	return true;
}

static void take(struct stream *s, const uint8_t *p, size_t n)
{
	bool was_partial = s->partial_ms != 0;
	size_t left = take_messages(s, p, n);

	if (left == SIZE_MAX || !keep(s, p + n - left, left)) {
		stream_kill(s, -EPROTO);
		return;
	}
	if (left && (!was_partial || left < n)) {
		s->partial_ms = s->last_ms;
		hurry(s);
	}
	watch(s);
}

void stream_take_again(struct stream *s)
{
	/* the time in which nothing was read does not count */
	s->last_ms = loop_now_ms(s->transport->loop);
	s->partial_ms = 0;
	take(s, s->in, s->in_n);
	if (!s->dead)
		hurry(s);
}

/* Room behind an incomplete message: framing lets none grow beyond the limit. */
static bool make_room(struct stream *s)
{
	size_t most = s->transport->config->limits.message_bytes;
	size_t want = s->in_cap * 2 < most ? s->in_cap * 2 : most;
	uint8_t *grown;

	if (s->in_n < s->in_cap)
		return true;
	if (want <= s->in_cap)
		return false;
	grown = realloc(s->in, want);
	if (!grown)
		return false;
	s->in = grown;
	s->in_cap = want;
	return true;
}

static void readable(struct stream *s)
{
	struct transport *t = s->transport;
	uint8_t *at = t->chunk;
	size_t room = STREAM_CHUNK;
	ssize_t n;

	if (s->in) {
		if (!make_room(s)) {
			stream_kill(s, -ENOMEM);
			return;
		}
		at = s->in + s->in_n;
		room = s->in_cap - s->in_n;
	}
	n = recv(s->fd, at, room, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		stream_kill(s, n ? -errno : -ECONNRESET);
		return;
	}
	transport_count(&t->bytes_in, (uint64_t)n);
	s->last_ms = loop_now_ms(t->loop);
	if (s->in)
		take(s, s->in, s->in_n + (size_t)n);
	else
		take(s, t->chunk, (size_t)n);
}

/* ---- out ---- */

static void flush(struct stream *s)
{
	while (s->out) {
		struct stream_out *o = s->out;
		ssize_t n = send(s->fd, o->bytes + o->sent, o->n - o->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (!s->stuck_ms) {
				s->stuck_ms = loop_now_ms(s->transport->loop);
				hurry(s);
			}
			break;
		}
		if (n < 0) {
			stream_kill(s, -errno);
			return;
		}
		transport_count(&s->transport->bytes_out, (uint64_t)n);
		s->last_ms = loop_now_ms(s->transport->loop);
		s->out_bytes -= (size_t)n;
		o->sent += (size_t)n;
		if (o->sent < o->n)
			continue;
		/* whole messages count: who reads a byte now and then is as stuck as who reads none */
		s->stuck_ms = 0;
		s->out = o->next;
		if (!s->out)
			s->out_end = &s->out;
		free(o);
		transport_count(&s->transport->sent, 1);
	}
	watch(s);
}

int stream_send(struct stream *s, struct transport *from, const char *text, size_t n, uint64_t cookie)
{
	struct stream_out *o;

	if (s->out_bytes + n > STREAM_OUT && s->out_bytes) {
		transport_count(&s->transport->closed_slow, 1);
		stream_kill(s, -ENOBUFS);
		return -ENOBUFS;
	}
	o = malloc(sizeof(*o) + n);
	if (!o)
		return -ENOMEM;
	*o = (struct stream_out){.from = from, .cookie = cookie, .n = n};
	memcpy(o->bytes, text, n);
	*s->out_end = o;
	s->out_end = &o->next;
	s->out_bytes += n;
	/* sent now when nothing waits before it: few connections ever need the queue */
	if (!s->connecting && s->out == o)
		flush(s);
	return 0;
}

static void connected(struct stream *s)
{
	int err = 0;
	socklen_t n = sizeof(err);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &n) < 0 || err) {
		stream_kill(s, -err);
		return;
	}
	s->connecting = false;
	s->last_ms = loop_now_ms(s->transport->loop);
	flush(s);
}

void stream_ready(void *arg, int events)
{
	struct stream *s = arg;

	if (s->dead)
		return;
	if (s->connecting) {
		connected(s);
		return;
	}
	if (events & LOOP_WRITABLE)
		flush(s);
	if (!s->dead && events & LOOP_READABLE)
		readable(s);
}

/* ---- the beginning ---- */

static void accepted(struct listener *l, int fd, const struct addr *remote)
{
	struct transport *t = l->transport;
	struct source *source = NULL;
	struct stream *s;

	if (transport_connections(t) >= t->config->limits.connections ||
	    !source_take(t->sources, l->network, remote, t->config->limits.connections_source, &source))
		goto refuse;
	s = stream_new(l, fd, remote);
	if (!s) {
		source_give(t->sources, source);
		goto refuse;
	}
	s->source = source;
	stream_start(s);
	return;

refuse:
	transport_count(&t->refused_limit, 1);
	t->user->refused(t->arg, l->network, remote, REJECT_CONNECTIONS);
	sock_close(SOCK_KIND_STREAM, fd);
}

void stream_acceptable(void *arg, int events)
{
	struct listener *l = arg;

	for (unsigned i = 0; i < ACCEPT_BATCH; i++) {
		struct addr remote;
		int fd = sock_accept(l->fd, &remote);

		if (fd == -EAGAIN)
			return;
		if (fd < 0) {
			/* what waits stays ready: without a rest the loop would do nothing else */
			transport_count(&l->transport->refused_limit, 1);
			loop_poll_set(l->poll, 0);
			loop_timer(l->transport->loop, &l->rest, ACCEPT_REST);
			return;
		}
		accepted(l, fd, &remote);
	}
}

void stream_accept_again(struct wheel_timer *rest)
{
	struct listener *l = container_of(rest, struct listener, rest);

	loop_poll_set(l->poll, LOOP_READABLE);
}

static int open_to(struct transport *t, const struct destination *d, struct stream **ret)
{
	struct listener *l = transport_listener(t, d);
	const struct config_network *n = &t->config->networks[d->network];
	struct sock_options o = {
		.device = n->device, .dscp = n->dscp, .rcvbuf_bytes = STREAM_KERNEL, .sndbuf_bytes = STREAM_KERNEL};
	struct addr from;
	struct stream *s;
	int fd;

	if (!l)
		return -EDESTADDRREQ;
	if (transport_connections(t) >= t->config->limits.connections)
		return -ENOBUFS;
	from = l->addr;
	addr_set_port(&from, 0);
	fd = sock_connect(&from, &d->remote, &o);
	if (fd < 0)
		return fd;
	s = stream_new(l, fd, &d->remote);
	if (!s) {
		sock_close(SOCK_KIND_STREAM, fd);
		return -ENOMEM;
	}
	s->connecting = true;
	stream_start(s);
	*ret = s;
	return 0;
}

int stream_for(struct transport *t, const struct destination *d, struct stream **ret)
{
	struct stream *s = d->connection ? stream_by_id(t, d->connection) : NULL;

	if (!s && d->flow_only)
		return -ENOTCONN;
	if (!s)
		s = stream_by_remote(t, d->network, &d->remote);
	if (!s)
		return open_to(t, d, ret);
	*ret = s;
	return 0;
}
