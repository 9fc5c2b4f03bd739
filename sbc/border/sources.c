/* SPDX-License-Identifier: Apache-2.0 */
/* Rates of sources that are no peer's (and, in tables of their own, of addresses of record). A fixed table (shards x
 * buckets x ways entries of 16 bytes: 512 kB, allocated once, its pages touched as they are used), keyed by a siphash
 * of network and source address; IPv6 sources count by their /64, which is what one host owns. An entry is a hash and
 * the time at which its bucket is full again; a time in the past says nothing, so that the entry of a full bucket (or
 * the one nearest to it: the least recent, least busy) makes room for a newcomer.
 *
 * What an attacker who forges UDP sources can do: (1) name a victim's address and so use up its rate: the victim, if it
 * is no peer, is dropped while that lasts; configured peers are never asked. (2) fill the table with sources of one
 * packet each: those have the least to lose and push out each other, while an entry that is over its rate stays until
 * its second has run out. He cannot make it grow, cannot choose which bucket an address falls into (the key is random
 * at start), and cannot ban anyone: a source is welcome again one gap after it goes quiet. */
#include <stdlib.h>
#include <string.h>

#include "sbc/border/internal.h"

struct source_entry {
	uint64_t hash;   /* 64 bits under a secret key: taken for the address itself */
	uint64_t tat_ns; /* as in struct gcra */
};
struct source_shard {
	pthread_mutex_t lock;
	struct source_entry v[SOURCES_BUCKETS][SOURCES_WAYS];
} __attribute__((aligned(64)));
struct sources {
	void *memory; /* this, unaligned */
	struct hash_key key;
	struct source_shard shards[SOURCES_SHARDS];
};

#define LINE 64

struct sources *sources_create(void)
{
	void *p = calloc(1, sizeof(struct sources) + LINE);
	if (!p)
		return NULL;
	struct sources *s = (struct sources *)(((uintptr_t)p + LINE - 1) & ~(uintptr_t)(LINE - 1));
	s->memory = p;
	random_bytes(&s->key, sizeof(s->key));
	for (size_t i = 0; i < SOURCES_SHARDS; i++)
		pthread_mutex_init(&s->shards[i].lock, NULL);
	return s;
}

void sources_destroy(struct sources *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SOURCES_SHARDS; i++)
		pthread_mutex_destroy(&s->shards[i].lock);
	explicit_bzero(&s->key, sizeof(s->key));
	free(s->memory);
}

uint64_t source_hash(const struct hash_key *k, unsigned network, const struct addr *a)
{
	uint8_t key[sizeof(network) + 8];
	size_t n = sizeof(network);
	memcpy(key, &network, n);
	if (addr_is_v6(a)) {
		memcpy(key + n, &a->in6.sin6_addr, 8);
		n += 8;
	} else {
		memcpy(key + n, &a->in4.sin_addr, 4);
		n += 4;
	}
	return siphash(k, key, n);
}

static struct source_entry *entry_of(struct source_entry *bucket, uint64_t hash)
{
	struct source_entry *least = &bucket[0];
	for (size_t i = 0; i < SOURCES_WAYS; i++) {
		if (bucket[i].hash == hash)
			return &bucket[i];
		if (bucket[i].tat_ns < least->tat_ns)
			least = &bucket[i];
	}
	*least = (struct source_entry){.hash = hash};
	return least;
}

bool sources_take_hash(struct sources *s, uint64_t hash, uint64_t gap_ns, uint64_t most_ns, uint64_t now_ms)
{
	struct source_shard *sh = &s->shards[hash % SOURCES_SHARDS];
	const uint64_t now = now_ms * 1000000;

	pthread_mutex_lock(&sh->lock);
	struct source_entry *e = entry_of(sh->v[(hash / SOURCES_SHARDS) % SOURCES_BUCKETS], hash);
	uint64_t tat = (e->tat_ns > now ? e->tat_ns : now) + gap_ns;
	bool room = tat - now <= most_ns;
	if (room)
		e->tat_ns = tat;
	pthread_mutex_unlock(&sh->lock);
	return room;
}

uint64_t sources_taken_ns(struct sources *s, uint64_t hash, uint64_t now_ms)
{
	struct source_shard *sh = &s->shards[hash % SOURCES_SHARDS];
	const struct source_entry *bucket = sh->v[(hash / SOURCES_SHARDS) % SOURCES_BUCKETS];
	const uint64_t now = now_ms * 1000000;
	uint64_t taken = 0;

	pthread_mutex_lock(&sh->lock);
	for (size_t i = 0; i < SOURCES_WAYS; i++)
		if (bucket[i].hash == hash && bucket[i].tat_ns > now)
			taken = bucket[i].tat_ns - now;
	pthread_mutex_unlock(&sh->lock);
	return taken;
}

bool sources_take(struct sources *s, unsigned network, const struct addr *a, unsigned per_second, uint64_t now_ms)
{
	const uint64_t gap = 1000000000 / per_second;

	return sources_take_hash(s, source_hash(&s->key, network, a), gap, gap * per_second, now_ms);
}
