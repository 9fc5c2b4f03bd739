/* SPDX-License-Identifier: Apache-2.0 */
/* stream_sources: how many connections each source has, at all workers together. Shards with a lock each, taken when a
 * connection begins and when it ends, never for a message. There are no more entries than connections. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "sbc/sip/transport_internal.h"

#define SHARDS 16

struct source {
	struct hmap_node node;
	struct addr addr;
	unsigned network, n;
};

struct source_table {
	atomic_uint refs;
	struct hash_key key;
	struct {
		pthread_mutex_t lock;
		struct hmap map;
	} shards[SHARDS];
};

int source_table_create(struct source_table **ret)
{
	struct source_table *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	atomic_init(&t->refs, 1);
	random_bytes(&t->key, sizeof(t->key));
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_init(&t->shards[i].lock, NULL);
	*ret = t;
	return 0;
}

struct source_table *source_table_ref(struct source_table *t)
{
	atomic_fetch_add(&t->refs, 1);
	return t;
}

void source_table_unref(struct source_table *t)
{
	if (!t || atomic_fetch_sub(&t->refs, 1) != 1)
		return;
	for (unsigned i = 0; i < SHARDS; i++) {
		hmap_finish(&t->shards[i].map);
		pthread_mutex_destroy(&t->shards[i].lock);
	}
	free(t);
}

/* Of IPv6 the /64, which is what one host owns. */
static struct addr source_of(const struct addr *remote)
{
	struct addr a = *remote;

	addr_set_port(&a, 0);
	if (addr_is_v6(&a))
		memset(a.in6.sin6_addr.s6_addr + 8, 0, 8);
	return a;
}

static uint64_t hash_of(const struct source_table *t, unsigned network, const struct addr *host)
{
	uint8_t key[sizeof(network) + 19];
	size_t n = addr_key(host, key + sizeof(network));

	memcpy(key, &network, sizeof(network));
	return siphash(&t->key, key, sizeof(network) + n);
}

static struct source *find(struct hmap *map, uint64_t hash, unsigned network, const struct addr *host)
{
	hmap_for_each_hash (n, map, hash) {
		struct source *s = container_of(n, struct source, node);

		if (s->network == network && addr_equal_host(&s->addr, host))
			return s;
	}
	return NULL;
}

static struct source *add(struct hmap *map, uint64_t hash, unsigned network, const struct addr *host)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s || hmap_insert(map, &s->node, hash) < 0) {
		free(s);
		return NULL;
	}
	s->addr = *host;
	s->network = network;
	return s;
}

bool source_take(struct source_table *t, unsigned network, const struct addr *remote, unsigned most,
		 struct source **ret)
{
	struct addr host = source_of(remote);
	uint64_t hash = hash_of(t, network, &host);
	struct hmap *map = &t->shards[hash % SHARDS].map;
	struct source *s;

	if (!most)
		return false;
	pthread_mutex_lock(&t->shards[hash % SHARDS].lock);
	s = find(map, hash, network, &host);
	if (!s)
		s = add(map, hash, network, &host);
	if (s && s->n >= most)
		s = NULL;
	if (s)
		s->n++;
	pthread_mutex_unlock(&t->shards[hash % SHARDS].lock);
	if (!s)
		return false;
	*ret = s;
	return true;
}

void source_give(struct source_table *t, struct source *s)
{
	unsigned shard;

	if (!s)
		return;
	shard = s->node.hash % SHARDS;
	pthread_mutex_lock(&t->shards[shard].lock);
	if (--s->n == 0) {
		hmap_remove(&t->shards[shard].map, &s->node);
		free(s);
	}
	pthread_mutex_unlock(&t->shards[shard].lock);
}

size_t source_table_count(struct source_table *t)
{
	size_t n = 0;

	for (unsigned i = 0; i < SHARDS; i++) {
		pthread_mutex_lock(&t->shards[i].lock);
		n += t->shards[i].map.n;
		pthread_mutex_unlock(&t->shards[i].lock);
	}
	return n;
}
