/* SPDX-License-Identifier: Apache-2.0 */
/* The sources of registered phones, exactly: (network, address, port), each with how many registrations it has, and how
 * many there are at each host. Filled
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

/* All that are at one host (source_hash()): the hash, 64 bits under a secret key, is taken for the host itself. */
struct host {
	struct hmap_node node;
	unsigned n;
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
		hmap_for_each_safe (n, &s->shard[i].hosts) {
			hmap_remove(&s->shard[i].hosts, n);
			free(container_of(n, struct host, node));
		}
		hmap_finish(&s->shard[i].phones);
		hmap_finish(&s->shard[i].hosts);
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

static void host_add(struct phone_shard *shard, uint64_t hash)
{
	struct hmap_node *n = hmap_first(&shard->hosts, hash);
	struct host *h;

	if (!n) {
		h = calloc(1, sizeof(*h));
		if (!h || hmap_insert(&shard->hosts, &h->node, hash) < 0) {
			free(h);
			return; /* it has one more than is known of, for as long as memory is short */
		}
		n = &h->node;
	}
	container_of(n, struct host, node)->n++;
}

static void host_forget(struct phone_shard *shard, uint64_t hash)
{
	struct hmap_node *n = hmap_first(&shard->hosts, hash);

	if (!n || --container_of(n, struct host, node)->n)
		return;
	hmap_remove(&shard->hosts, n);
	free(container_of(n, struct host, node));
}

static struct phone_shard *shard_of(struct border_state *s, uint64_t hash)
{
	return &s->phones.shard[hash >> 48 & (PHONE_SHARDS - 1)];
}

static void count_at_host(struct border_state *s, unsigned network, const struct addr *a, bool known)
{
	uint64_t hash = source_hash(&s->key, network, a);
	struct phone_shard *shard = shard_of(s, hash);

	pthread_mutex_lock(&shard->lock);
	if (known)
		host_add(shard, hash);
	else
		host_forget(shard, hash);
	pthread_mutex_unlock(&shard->lock);
}

unsigned border_phones_at(struct border_state *s, unsigned network, const struct addr *a)
{
	uint64_t hash = source_hash(&s->key, network, a);
	struct phone_shard *shard = shard_of(s, hash);
	struct hmap_node *n;
	unsigned ret;

	pthread_mutex_lock(&shard->lock);
	n = hmap_first(&shard->hosts, hash);
	ret = n ? container_of(n, struct host, node)->n : 0;
	pthread_mutex_unlock(&shard->lock);
	return ret;
}

void border_phone_known(struct border_state *s, unsigned network, const struct addr *a, struct str aor, bool known)
{
	uint64_t hash = hash_of(s, network, a);
	struct phone_shard *shard = shard_of(s, hash);

	pthread_mutex_lock(&shard->lock);
	if (known)
		add(shard, hash, network, a, siphash_str(&s->key, aor));
	else
		forget(shard, hash, network, a);
	pthread_mutex_unlock(&shard->lock);
	count_at_host(s, network, a, known);
}

bool border_phone_is_known(struct border_state *s, unsigned network, const struct addr *a)
{
	uint64_t hash = hash_of(s, network, a);
	struct phone_shard *shard = shard_of(s, hash);
	bool known;

	pthread_mutex_lock(&shard->lock);
	known = find(shard, hash, network, a) != NULL;
	pthread_mutex_unlock(&shard->lock);
	return known;
}

enum border_phone border_phone_of(struct border_state *s, unsigned network, const struct addr *a, struct str aor)
{
	uint64_t hash = hash_of(s, network, a), who = siphash_str(&s->key, aor);
	struct phone_shard *shard = shard_of(s, hash);
	enum border_phone ret = BORDER_PHONE_NONE;
	const struct phone *p;

	pthread_mutex_lock(&shard->lock);
	p = find(shard, hash, network, a);
	if (p)
		ret = p->mixed ? BORDER_PHONE_SEVERAL : p->aor == who ? BORDER_PHONE_SAME : BORDER_PHONE_OTHER;
	pthread_mutex_unlock(&shard->lock);
	return ret;
}
