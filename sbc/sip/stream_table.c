/* SPDX-License-Identifier: Apache-2.0 */
/* stream_table: all connections of a worker: their ids, and the ones to a remote. */
#include <stdlib.h>

#include "sbc/sip/transport_internal.h"

/* ---- ids: worker + 1 (8 bits), generation (32), index (24) ---- */

#define INDEX_BITS 24

unsigned stream_worker(uint64_t id)
{
	return (unsigned)(id >> 56) - 1;
}

static size_t stream_index(uint64_t id)
{
	return id & ((1u << INDEX_BITS) - 1);
}

struct stream *stream_by_id(struct transport *t, uint64_t id)
{
	size_t i = stream_index(id);
	struct stream *s = i < t->n_streams ? t->streams[i] : NULL;

	return s && s->id == id && !s->dead ? s : NULL;
}

static bool grow(struct transport *t)
{
	size_t n = t->n_streams ? t->n_streams * 2 : 64;
	struct stream **v = realloc(t->streams, n * sizeof(struct stream *));

	if (!v)
		return false;
	memset(v + t->n_streams, 0, (n - t->n_streams) * sizeof(struct stream *));
	t->streams = v;
	t->n_streams = n;
	return true;
}

static bool take_index(struct transport *t, size_t *ret)
{
	/* a new one begins its search where the last was put: nearly always the next place is free */
	for (size_t k = 0; k < t->n_streams; k++) {
		size_t i = (t->generation + k) % t->n_streams;

		if (!t->streams[i]) {
			*ret = i;
			return true;
		}
	}
	*ret = t->n_streams;
	return t->n_streams < 1u << INDEX_BITS && grow(t);
}

/* ---- by remote ---- */

static uint64_t remote_hash(struct transport *t, unsigned network, const struct addr *remote)
{
	uint8_t key[20];
	size_t n = addr_key(remote, key + 1);

	key[0] = (uint8_t)network;
	return siphash(&t->key, key, n + 1);
}

struct stream *stream_by_remote(struct transport *t, unsigned network, const struct addr *remote)
{
	hmap_for_each_hash (n, &t->by_remote, remote_hash(t, network, remote)) {
		struct stream *s = container_of(n, struct stream, by_remote);

		if (!s->dead && s->network == network && addr_equal(&s->remote, remote))
			return s;
	}
	return NULL;
}

struct stream *stream_new(const struct listener *l, int fd, const struct addr *remote)
{
	struct transport *t = l->transport;
	struct stream *s = calloc(1, sizeof(*s));
	size_t index;

	if (!s)
		return NULL;
	if (!take_index(t, &index) || hmap_insert(&t->by_remote, &s->by_remote, remote_hash(t, l->network, remote)) < 0)
		goto fail;
	if (obituary_create(t, &s->obituary) < 0)
		goto fail_map;
	s->poll = loop_poll_open(t->loop, fd, stream_ready, s);
	if (!s->poll)
		goto fail_obituary;
	s->transport = t;
	s->fd = fd;
	s->network = l->network;
	s->kind = l->kind;
	s->local = l->addr;
	s->remote = *remote;
	s->out_end = &s->out;
	s->id = (uint64_t)(t->worker + 1) << 56 | (uint64_t)t->generation++ << INDEX_BITS | index;
	t->streams[index] = s;
	transport_count(&t->connections, 1);
	return s;

fail_obituary:
	obituary_drop(s->obituary);
fail_map:
	hmap_remove(&t->by_remote, &s->by_remote);
fail:
	free(s);
	return NULL;
}

void stream_forget(struct stream *s)
{
	struct transport *t = s->transport;

	hmap_remove(&t->by_remote, &s->by_remote);
	t->streams[stream_index(s->id)] = NULL;
	source_give(t->sources, s->source);
	transport_count(&t->connections, (uint64_t)-1);
}
