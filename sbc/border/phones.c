/* SPDX-License-Identifier: Apache-2.0 */
/* The sources of registered phones, exactly: (network, address, port), each with how many registrations it has. Filled
 * by the workers that own the registrations, asked by the one that receives. Shards keep them from waiting for each
 * other: a lock is held for one look-up. */
#include <stdlib.h>

#include "sbc/border/internal.h"

struct phone {
	struct hmap_node node;
	struct addr addr;
	unsigned network, n;
	uint64_t aor; /* keyed hash of the one that was first */
	bool mixed;   /* there was another one too */
};

void phones_init(struct phone_sources *s)
{
	for (unsigned i = 0; i < PHONE_SHARDS; i++)
		pthread_mutex_init(&s->shard[i].lock, NULL);
}

void phones_finish(struct phone_sources *s)
{
	for (unsigned i = 0; i < PHONE_SHARDS; i++) {
		hmap_for_each_safe (n, &s->shard[i].phones) {
			struct phone *p = container_of(n, struct phone, node);

			hmap_remove(&s->shard[i].phones, n);
			free(p);
		}
		hmap_finish(&s->shard[i].phones);
		pthread_mutex_destroy(&s->shard[i].lock);
	}
}

static uint64_t hash_of(const struct border_state *s, unsigned network, const struct addr *a)
{
	uint8_t key[19];

	return siphash(&s->key, key, addr_key(a, key)) + network;
}

static struct phone *find(struct phone_shard *shard, uint64_t hash, unsigned network, const struct addr *a)
{
	hmap_for_each_hash (n, &shard->phones, hash) {
		struct phone *p = container_of(n, struct phone, node);

		if (p->network == network && addr_equal(&p->addr, a))
			return p;
	}
	return NULL;
}

static void add(struct phone_shard *shard, uint64_t hash, unsigned network, const struct addr *a, uint64_t aor)
{
	struct phone *p = find(shard, hash, network, a);

	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			return; /* one that is not known has to be a peer, or its network accepts all */
		p->network = network;
		p->addr = *a;
		p->aor = aor;
		if (hmap_insert(&shard->phones, &p->node, hash) < 0) {
			free(p);
			return;
		}
	}
	p->n++;
	p->mixed |= p->aor != aor;
}

static void forget(struct phone_shard *shard, uint64_t hash, unsigned network, const struct addr *a)
{
	struct phone *p = find(shard, hash, network, a);

	if (!p || --p->n)
		return;
	hmap_remove(&shard->phones, &p->node);
	free(p);
}

void border_phone_known(struct border_state *s, unsigned network, const struct addr *a, struct str aor, bool known)
{
	uint64_t hash = hash_of(s, network, a);
	struct phone_shard *shard = &s->phones.shard[hash >> 48 & (PHONE_SHARDS - 1)];

	pthread_mutex_lock(&shard->lock);
	if (known)
		add(shard, hash, network, a, siphash_str(&s->key, aor));
	else
		forget(shard, hash, network, a);
	pthread_mutex_unlock(&shard->lock);
}

bool border_phone_is_known(struct border_state *s, unsigned network, const struct addr *a)
{
	uint64_t hash = hash_of(s, network, a);
	struct phone_shard *shard = &s->phones.shard[hash >> 48 & (PHONE_SHARDS - 1)];
	bool known;

	pthread_mutex_lock(&shard->lock);
	known = find(shard, hash, network, a) != NULL;
	pthread_mutex_unlock(&shard->lock);
	return known;
}

enum border_phone border_phone_of(struct border_state *s, unsigned network, const struct addr *a, struct str aor)
{
	uint64_t hash = hash_of(s, network, a), who = siphash_str(&s->key, aor);
	struct phone_shard *shard = &s->phones.shard[hash >> 48 & (PHONE_SHARDS - 1)];
	enum border_phone ret = BORDER_PHONE_NONE;
	const struct phone *p;

	pthread_mutex_lock(&shard->lock);
	p = find(shard, hash, network, a);
	if (p)
		ret = p->mixed ? BORDER_PHONE_SEVERAL : p->aor == who ? BORDER_PHONE_SAME : BORDER_PHONE_OTHER;
	pthread_mutex_unlock(&shard->lock);
	return ret;
}
