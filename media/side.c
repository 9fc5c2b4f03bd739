/* SPDX-License-Identifier: Apache-2.0 */
/* side: taking ports and binding sockets, on the thread that asks, so that set-up costs no hop to another. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sock.h"
#include "media/internal.h"

/* The network's address of one family. */
static const struct network *find_network(const struct networks *nets, const struct media_prepare *what,
					  size_t *ret_address)
{
	if (what->network >= nets->n)
		return NULL;
	const struct network *n = &nets->list[what->network];
	for (size_t i = 0; i < n->n_addresses; i++)
		if (addr_is_v6(pool_address(n->pools[i])) == what->v6) {
			*ret_address = i;
			return n;
		}
	return NULL;
}

/* Somebody else has the port, or we may not have it: another one may do. */
static bool is_port_trouble(int r)
{
	return r == -EADDRINUSE || r == -EACCES;
}

static int open_pair(struct stream *st, const struct addr *base, bool rtcp, const struct sock_options *o)
{
	struct addr local = *base;
	addr_set_port(&local, st->port);
	int fd = sock_udp(SOCK_KIND_MEDIA, &local, o);
	if (fd < 0)
		return fd;
	st->component[LATCH_RTP].sock.fd = fd;
	if (!rtcp)
		return 0;
	addr_set_port(&local, (uint16_t)(st->port + 1));
	int fd2 = sock_udp(SOCK_KIND_MEDIA, &local, o);
	if (fd2 < 0) {
		sock_close(SOCK_KIND_MEDIA, fd);
		st->component[LATCH_RTP].sock.fd = -1;
		return fd2;
	}
	st->component[LATCH_RTCP].sock.fd = fd2;
	return 0;
}

/* A former call's sockets, when they are what is wanted: else they are closed. Its stragglers go. */
static bool take_over(struct stream *st, const struct pool_sockets *left, bool rtcp, const struct sock_options *o)
{
	if (left->fd[LATCH_RTP] < 0)
		return false;
	bool fits = left->dscp == o->dscp && rtcp == (left->fd[LATCH_RTCP] >= 0);
	for (unsigned c = 0; c < 2; c++) {
		struct io_socket *s = &st->component[c].sock;
		s->fd = left->fd[c];
		s->in = left->in[c];
		fits = fits && (s->fd < 0 || io_drain(s));
	}
	for (unsigned c = 0; !fits && c < 2; c++) {
		struct io_socket *s = &st->component[c].sock;
		sock_close(SOCK_KIND_MEDIA, s->fd);
		*s = (struct io_socket){.fd = -1};
	}
	return fits;
}

static bool out_of_descriptors(int r)
{
	return r == -EMFILE || r == -ENFILE;
}

/* A port that its call has had in another process. */
static enum media_error open_named(struct stream *st, uint16_t port, bool rtcp, const struct sock_options *o)
{
	struct pool *pool = st->side->pool;
	struct pool_sockets left;

	if (pool_take_port(pool, port, &left) < 0)
		return MEDIA_ERR_PORT;
	st->port = port;
	int r = take_over(st, &left, rtcp, o) ? 0 : open_pair(st, pool_address(pool), rtcp, o);
	if (r == 0)
		return MEDIA_OK;
	if (is_port_trouble(r)) {
		pool_skip(pool, port, clock_ns());
		return MEDIA_ERR_PORT;
	}
	pool_give(pool, &port, 1, clock_ns());
	return r == -ENOMEM ? MEDIA_ERR_NO_MEMORY : MEDIA_ERR_SOCKET;
}

static enum media_error open_ports(struct stream *st, bool rtcp, const struct sock_options *o)
{
	const struct side *d = st->side;
	struct pool_sockets left;
	uint64_t cooldown_ns = d->session->port->media->cooldown_ns, now = clock_ns();

	for (unsigned tries = 0; tries < PORT_TRIES; tries++) {
		st->port = pool_take(d->pool, cooldown_ns, now, &left);
		if (!st->port)
			return MEDIA_ERR_NO_PORT;
		int r = take_over(st, &left, rtcp, o) ? 0 : open_pair(st, pool_address(d->pool), rtcp, o);
		if (r == 0)
			return MEDIA_OK;
		if (!is_port_trouble(r)) {
			pool_give(d->pool, &st->port, 1, now);
			if (out_of_descriptors(r) && pool_close_some(d->pool))
				continue;
			return r == -ENOMEM ? MEDIA_ERR_NO_MEMORY : MEDIA_ERR_SOCKET;
		}
		pool_skip(d->pool, st->port, now);
	}
	return MEDIA_ERR_NO_PORT;
}

static void stream_init(struct stream *st, struct side *d, unsigned index)
{
	st->side = d;
	st->index = index;
	st->silence.fn = order_silence;
	st->source.notice = (struct notice){.what = NOTICE_SOURCE, .session = d->session};
	st->silent.notice = (struct notice){.what = NOTICE_SILENT, .session = d->session};
	for (unsigned c = 0; c < 2; c++)
		st->component[c] = (struct component){.sock = {.fd = -1}, .stream = st, .which = c};
}

static struct stream *stream_open(struct side *d, unsigned index, const struct media_prepare *what,
				  const struct sock_options *o, enum media_error *ret_error)
{
	struct stream *st = calloc(1, sizeof(*st));
	if (!st) {
		*ret_error = MEDIA_ERR_NO_MEMORY;
		return NULL;
	}
	stream_init(st, d, index);
	st->dscp = o->dscp;
	uint16_t port = what->port[index];
	enum media_error e = port ? open_named(st, port, what->rtcp, o) : open_ports(st, what->rtcp, o);
	if (e) {
		free(st);
		*ret_error = e;
		return NULL;
	}
	return st;
}

/* Sockets that are watched are so by the worker whose thread this is. */
static bool leave_open(struct stream *st, uint64_t now_ns)
{
	struct pool_sockets left = {.dscp = st->dscp};

	if (!pool_keeps(st->side->pool))
		return false;
	for (unsigned c = 0; c < 2; c++) {
		struct io_socket *s = &st->component[c].sock;
		if (s->watched && io_rest(s->in, s) < 0)
			return false;
		left.fd[c] = s->fd;
		left.in[c] = s->in;
	}
	st->component[LATCH_RTP].sock.fd = st->component[LATCH_RTCP].sock.fd = -1;
	pool_leave(st->side->pool, st->port, &left, now_ns);
	return true;
}

static void stream_close(struct stream *st, uint64_t now_ns)
{
	if (leave_open(st, now_ns))
		return;
	for (unsigned c = 0; c < 2; c++) {
		sock_close(SOCK_KIND_MEDIA, st->component[c].sock.fd);
		st->component[c].sock.fd = -1;
	}
	pool_give(st->side->pool, &st->port, 1, now_ns);
}

static void stream_free(struct stream *st)
{
	for (unsigned f = 0; f < MEDIA_MAX_FORKS; f++)
		free(st->remotes[f]);
	free(st);
}

enum media_error side_extend(struct side *d, const struct media_prepare *what, const struct networks *nets)
{
	struct stream *opened[MEDIA_MAX_STREAMS] = {0};
	size_t address;
	const struct network *n = find_network(nets, what, &address);
	enum media_error e = MEDIA_ERR_NO_ADDRESS;

	if (!n)
		return e;
	const struct sock_options o = {.device = n->device[0] ? n->device : NULL, .dscp = n->dscp};
	for (unsigned i = 0; i < what->n_streams; i++) {
		if (d->streams[i] || !(what->used & 1u << i))
			continue;
		opened[i] = stream_open(d, i, what, &o, &e);
		if (!opened[i])
			goto fail_close;
	}
	for (unsigned i = 0; i < what->n_streams; i++)
		if (opened[i])
			d->streams[i] = opened[i];
	if (what->n_streams > d->n_streams)
		d->n_streams = what->n_streams;
	return MEDIA_OK;

fail_close:
	for (unsigned i = 0; i < what->n_streams; i++)
		if (opened[i]) {
			stream_close(opened[i], clock_ns());
			stream_free(opened[i]);
		}
	return e;
}

struct side *side_create(struct session *s, enum media_side which, const struct media_prepare *what,
			 const struct networks *nets, enum media_error *ret_error)
{
	size_t address;
	const struct network *n = find_network(nets, what, &address);
	struct side *d = n ? calloc(1, sizeof(*d)) : NULL;

	if (!d) {
		*ret_error = n ? MEDIA_ERR_NO_MEMORY : MEDIA_ERR_NO_ADDRESS;
		return NULL;
	}
	d->session = s;
	d->which = which;
	d->network = what->network;
	d->v6 = what->v6;
	d->pool = pool_ref(n->pools[address]);
	d->advertise = n->advertise[address];
	d->release = (struct order){.what = ORDER_RELEASE, .session = s};
	d->settings = (struct order){.what = ORDER_SETTINGS, .session = s};
	d->released = (struct notice){.what = NOTICE_RELEASED, .session = s};
	enum media_error e = side_extend(d, what, nets);
	if (e) {
		side_free(d);
		*ret_error = e;
		return NULL;
	}
	return d;
}

void side_close(struct side *d, uint64_t now_ns)
{
	for (size_t i = 0; i < d->n_streams; i++)
		if (d->streams[i])
			stream_close(d->streams[i], now_ns);
}

void side_free(struct side *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n_streams; i++)
		if (d->streams[i])
			stream_free(d->streams[i]);
	pool_unref(d->pool);
	free(d->acl);
	free(d);
}
