/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of all workers. The lock is held for a look into a table and a few pointers; answers are counted, so
 * nothing is copied under it. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sbc/sip/resolve_internal.h"

struct entry {
	struct hmap_node node;
	struct list used; /* of resolve_cache.used */
	enum question_type type;
	uint64_t fresh_until_ms;
	uint64_t stale_until_ms;
	struct answer *answer; /* reference */
	char name[];
};

struct resolve_cache {
	pthread_mutex_t lock;
	struct hosts *hosts;
	struct hash_key key;
	struct hmap entries;
	struct list used; /* the most recent first */
};

int resolve_cache_create(struct resolve_cache **ret)
{
	return resolve_cache_create_hosts("/etc/hosts", ret);
}

int resolve_cache_create_hosts(const char *hosts_path, struct resolve_cache **ret)
{
	struct resolve_cache *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	int e = hosts_load(hosts_path, &c->hosts);
	if (e < 0)
		goto fail_cache;
	e = -pthread_mutex_init(&c->lock, NULL);
	if (e < 0)
		goto fail_hosts;
	random_bytes(&c->key, sizeof(c->key));
	list_init(&c->used);
	*ret = c;
	return 0;

fail_hosts:
	hosts_free(c->hosts);
fail_cache:
	free(c);
	return e;
}

static void forget(struct resolve_cache *c, struct entry *e)
{
	hmap_remove(&c->entries, &e->node);
	list_remove(&e->used);
	answer_unref(e->answer);
	free(e);
}

void resolve_cache_destroy(struct resolve_cache *c)
{
	if (!c)
		return;
	list_for_each_safe (it, &c->used)
		forget(c, list_entry(it, struct entry, used));
	hmap_finish(&c->entries);
	hosts_free(c->hosts);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static uint64_t hash_of(const struct resolve_cache *c, enum question_type type, const char *name)
{
	return siphash_str(&c->key, str_z(name)) + type;
}

static struct entry *find(struct resolve_cache *c, enum question_type type, const char *name)
{
	hmap_for_each_hash (it, &c->entries, hash_of(c, type, name)) {
		struct entry *e = container_of(it, struct entry, node);
		if (e->type == type && strcmp(e->name, name) == 0)
			return e;
	}
	return NULL;
}

static struct answer *take(struct resolve_cache *c, struct entry *e)
{
	list_remove(&e->used);
	list_prepend(&c->used, &e->used);
	return answer_ref(e->answer);
}

struct answer *resolve_cache_get(struct resolve_cache *c, enum question_type type, const char *name, uint64_t now_ms,
				 bool stale)
{
	struct answer *a = hosts_get(c->hosts, type, name);

	if (a)
		return a;
	pthread_mutex_lock(&c->lock);
	struct entry *e = find(c, type, name);
	if (e && now_ms < (stale ? e->stale_until_ms : e->fresh_until_ms))
		a = take(c, e);
	pthread_mutex_unlock(&c->lock);
	return a;
}

struct answer *resolve_cache_prolong(struct resolve_cache *c, enum question_type type, const char *name,
				     uint64_t now_ms)
{
	struct answer *a = NULL;

	pthread_mutex_lock(&c->lock);
	struct entry *e = find(c, type, name);
	if (e && now_ms < e->stale_until_ms) {
		/* another worker may have had an answer meanwhile: that one is fresh for longer */
		uint64_t until_ms = now_ms + RESOLVE_REST_MS;
		if (until_ms > e->stale_until_ms)
			until_ms = e->stale_until_ms;
		if (until_ms > e->fresh_until_ms)
			e->fresh_until_ms = until_ms;
		a = take(c, e);
	}
	pthread_mutex_unlock(&c->lock);
	return a;
}

static struct entry *entry_new(enum question_type type, const char *name)
{
	size_t n = strlen(name) + 1;
	struct entry *e = calloc(1, sizeof(*e) + n);
	if (!e)
		return NULL;
	e->type = type;
	memcpy(e->name, name, n);
	return e;
}

static struct entry *insert(struct resolve_cache *c, struct entry *e)
{
	if (hmap_insert(&c->entries, &e->node, hash_of(c, e->type, e->name)) < 0) {
		free(e);
		return NULL;
	}
	list_prepend(&c->used, &e->used);
	if (c->entries.n > RESOLVE_CACHE_ENTRIES)
		forget(c, list_entry(c->used.prev, struct entry, used));
	return e;
}

void resolve_cache_put(struct resolve_cache *c, enum question_type type, const char *name, uint64_t now_ms,
		       struct answer *a)
{
	/* memory is asked for outside the lock, at the price of a vain request when the entry is there */
	struct entry *spare = entry_new(type, name);
	struct answer *old = NULL;

	pthread_mutex_lock(&c->lock);
	struct entry *e = find(c, type, name);
	if (!e && spare) {
		e = insert(c, spare);
		spare = NULL;
	}
	if (e) {
		old = e->answer;
		e->answer = answer_ref(a);
		e->fresh_until_ms = now_ms + a->ttl_ms;
		e->stale_until_ms = e->fresh_until_ms + RESOLVE_STALE_MS;
	}
	pthread_mutex_unlock(&c->lock);
	answer_unref(old);
	free(spare);
}

bool resolve_cache_is_host(const struct resolve_cache *c, const char *name)
{
	return hosts_have(c->hosts, name);
}

size_t resolve_cache_entries(struct resolve_cache *c)
{
	pthread_mutex_lock(&c->lock);
	size_t n = c->entries.n;
	pthread_mutex_unlock(&c->lock);
	return n;
}
