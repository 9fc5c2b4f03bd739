/* SPDX-License-Identifier: Apache-2.0 */
/* store_sqlite: a queue of changes under a mutex that is held for a look-up, and a thread that writes what has gathered
 * in one transaction. Changes that are being written count in the queue until they are on disk: the bound is on all
 * memory. A transaction that fails is tried again; a newer change of the same key has then taken its place. */
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/thread.h"
#include "sbc/store/internal.h"

#define QUEUE_BYTES   (64u << 20)
#define QUEUE_ENTRIES (1u << 18)
#define GATHER_MS     200  /* from one transaction to the next, at least */
#define BURST_MS      20   /* what comes together goes together, however long ago the last one was */
#define DEL_AFTER_MS  250  /* what goes has left its trace elsewhere, a call its CDR: that is on disk by then */
#define BATCH         4096 /* changes of one transaction */
#define RETRY_MS      1000
#define FINISH_MS     2000 /* store_close() */
#define STACK_BYTES   (256u << 10)

struct store_sqlite {
	struct store store;
	struct db *db;
	pthread_mutex_t db_lock; /* taken before `lock`, never inside it */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the thread's */
	pthread_cond_t done; /* flush's: a try to write is over */
	struct hash_key key;
	size_t max_bytes, max_entries;
	unsigned gather_ms;

	/* under lock */
	struct hmap map; /* what waits, by table and key */
	struct list order;
	size_t bytes, entries; /* with those that are being written */
	unsigned flushes;      /* callers that wait: no gathering */
	bool idle, stop, ended;
	struct store_gauges gauges;

	/* the thread's */
	uint64_t wrote_ms; /* when the last transaction began */
	bool told;         /* this failure was logged */
};

static struct store_sqlite *of(struct store *s)
{
	return container_of(s, struct store_sqlite, store);
}

/* ---- the queue; under lock ---- */

static uint64_t hash_of(const struct store_sqlite *s, enum store_table t, struct str key)
{
	return siphash_str(&s->key, key) + t;
}

static struct change *find(struct store_sqlite *s, enum store_table t, struct str key)
{
	hmap_for_each_hash (n, &s->map, hash_of(s, t, key)) {
		struct change *c = container_of(n, struct change, node);

		if (c->table == t && str_eq(change_key(c), key))
			return c;
	}
	return NULL;
}

static void take_out(struct store_sqlite *s, struct change *c)
{
	hmap_remove(&s->map, &c->node);
	list_remove(&c->order);
}

static void change_free(struct change *c)
{
	if (c->table == STORE_SECRETS)
		explicit_bzero(c->data, (size_t)c->key_n + c->bytes_n);
	free(c);
}

static void forget(struct store_sqlite *s, struct change *c)
{
	s->bytes -= c->size;
	s->entries--;
	change_free(c);
}

/* False: no room, and c is the caller's. */
static bool queue(struct store_sqlite *s, struct change *c)
{
	struct change *old = find(s, c->table, change_key(c));
	size_t bytes = s->bytes - (old ? old->size : 0) + c->size, entries = s->entries + !old;

	if (bytes > s->max_bytes || entries > s->max_entries ||
	    hmap_insert(&s->map, &c->node, hash_of(s, c->table, change_key(c))) < 0) {
		s->gauges.overflow++;
		return false;
	}
	list_append(&s->order, &c->order);
	s->bytes += c->size;
	s->entries++;
	if (old) {
		s->gauges.coalesced++;
		take_out(s, old);
		forget(s, old);
	}
	return true;
}

/* ---- any thread ---- */

static struct change *change_new(enum store_table t, struct str key, struct str bytes, bool del)
{
	struct change *c = malloc(sizeof(*c) + key.n + bytes.n);

	if (!c)
		return NULL;
	*c = (struct change){.size = sizeof(*c) + key.n + bytes.n,
			     .table = t,
			     .del = del,
			     .ripe_ms = del ? thread_now_ms() + DEL_AFTER_MS : 0,
			     .key_n = (uint8_t)key.n,
			     .bytes_n = (uint32_t)bytes.n};
	memcpy(c->data, key.p, key.n);
	if (bytes.n)
		memcpy(c->data + key.n, bytes.p, bytes.n);
	return c;
}

static bool add(struct store_sqlite *s, enum store_table t, struct str key, struct str bytes, bool del)
{
	struct change *c = NULL;
	bool ok, wake;

	if (key.n && key.n <= STORE_KEY_MAX && bytes.n <= STORE_BYTES_MAX)
		c = change_new(t, key, bytes, del);
	pthread_mutex_lock(&s->lock);
	if (!c)
		s->gauges.overflow++;
	ok = c && queue(s, c);
	wake = ok && s->idle;
	if (wake)
		s->idle = false; /* one signal is enough */
	pthread_mutex_unlock(&s->lock);
	if (wake)
		pthread_cond_signal(&s->wake);
	if (!ok && c)
		change_free(c);
	return ok;
}

static bool sqlite_put(struct store *s, enum store_table t, struct str key, struct str bytes)
{
	return add(of(s), t, key, bytes, false);
}

static bool sqlite_del(struct store *s, enum store_table t, struct str key)
{
	return add(of(s), t, key, STR_NONE, true);
}

static bool sqlite_waits(struct store *store, enum store_table t, struct str key)
{
	struct store_sqlite *s = of(store);
	bool waits;

	pthread_mutex_lock(&s->lock);
	waits = find(s, t, key) != NULL;
	pthread_mutex_unlock(&s->lock);
	return waits;
}

static int sqlite_load(struct store *store, enum store_table t, store_load_fn fn, void *arg)
{
	struct store_sqlite *s = of(store);
	int err;

	pthread_mutex_lock(&s->db_lock);
	err = db_load(s->db, t, fn, arg);
	pthread_mutex_unlock(&s->db_lock);
	return err;
}

static int sqlite_flush(struct store *store, unsigned timeout_ms)
{
	struct store_sqlite *s = of(store);
	struct timespec until = thread_until(thread_now_ms() + timeout_ms);
	uint64_t errors;
	int err = 0;

	pthread_mutex_lock(&s->lock);
	s->flushes++;
	errors = s->gauges.errors;
	pthread_cond_signal(&s->wake);
	while (s->entries && err == 0) {
		if (s->gauges.errors != errors)
			err = -EIO;
		else if (pthread_cond_timedwait(&s->done, &s->lock, &until) == ETIMEDOUT && s->entries)
			err = -ETIMEDOUT;
	}
	s->flushes--;
	pthread_mutex_unlock(&s->lock);
	return err;
}

static void sqlite_gauges(struct store *store, struct store_gauges *ret)
{
	struct store_sqlite *s = of(store);

	pthread_mutex_lock(&s->lock);
	*ret = s->gauges;
	ret->queued = s->entries;
	ret->queued_bytes = s->bytes;
	pthread_mutex_unlock(&s->lock);
}

/* ---- the thread ---- */

/* Until there is something to write and it has had time to gather. Under lock. */
static void wait_for_work(struct store_sqlite *s)
{
	struct timespec until;
	uint64_t at_ms;

	while (!s->entries && !s->stop) {
		s->idle = true;
		pthread_cond_wait(&s->wake, &s->lock);
	}
	s->idle = false;
	at_ms = thread_now_ms() + BURST_MS;
	if (at_ms < s->wrote_ms + s->gather_ms)
		at_ms = s->wrote_ms + s->gather_ms;
	until = thread_until(at_ms);
	while (!s->stop && !s->flushes)
		if (pthread_cond_timedwait(&s->wake, &s->lock, &until) == ETIMEDOUT)
			break;
}

/* Takes the oldest that are ripe. Under lock. */
static unsigned take_batch(struct store_sqlite *s, struct list *ret)
{
	const uint64_t now_ms = s->stop || s->flushes ? UINT64_MAX : thread_now_ms();
	unsigned n = 0;

	list_init(ret);
	list_for_each_safe (it, &s->order) {
		struct change *c = list_entry(it, struct change, order);

		if (n == BATCH)
			break;
		if (c->ripe_ms > now_ms)
			continue;
		take_out(s, c);
		list_append(ret, &c->order);
		n++;
	}
	if (n)
		s->wrote_ms = thread_now_ms();
	return n;
}

/* Under lock. */
static void batch_written(struct store_sqlite *s, unsigned n, size_t bytes)
{
	s->gauges.written += n;
	s->gauges.commits++;
	s->entries -= n;
	s->bytes -= bytes;
}

/* Without the lock: workers are not to wait for thousands of blocks to be freed. */
static size_t batch_free(struct list *batch)
{
	size_t bytes = 0;

	list_for_each_safe (it, batch) {
		struct change *c = list_entry(it, struct change, order);

		bytes += c->size;
		change_free(c);
	}
	return bytes;
}

/* Back into the queue, before what has come since. Under lock. */
static void batch_failed(struct store_sqlite *s, struct list *batch)
{
	s->gauges.errors++;
	while (!list_empty(batch)) {
		struct change *c = list_entry(batch->prev, struct change, order);

		list_remove(&c->order);
		/* the map has its buckets: it was filled from them */
		if (find(s, c->table, change_key(c)) ||
		    hmap_insert(&s->map, &c->node, hash_of(s, c->table, change_key(c))) < 0)
			forget(s, c);
		else
			list_prepend(&s->order, &c->order);
	}
}

static void log_failure(struct store_sqlite *s, int err, const char *text)
{
	struct log_line l;

	if (err == 0 && s->told && log_begin(&l, LOG_WARN, "store written again"))
		log_end(&l);
	if (err < 0 && !s->told && log_begin(&l, LOG_ERROR, "store not written, trying again")) {
		log_z(&l, "why", text);
		log_end(&l);
	}
	s->told = err < 0;
}

/* One transaction. False: it failed. */
static bool write_batch(struct store_sqlite *s)
{
	const char *text = NULL;
	struct list batch;
	size_t bytes = 0;
	unsigned n;
	int err;

	pthread_mutex_lock(&s->lock);
	n = take_batch(s, &batch);
	pthread_mutex_unlock(&s->lock);
	if (!n)
		return true; /* nothing is ripe */
	pthread_mutex_lock(&s->db_lock);
	err = db_write(s->db, &batch, &text);
	log_failure(s, err, text);
	pthread_mutex_unlock(&s->db_lock);
	if (err == 0)
		bytes = batch_free(&batch);
	pthread_mutex_lock(&s->lock);
	if (err == 0)
		batch_written(s, n, bytes);
	else
		batch_failed(s, &batch);
	pthread_cond_broadcast(&s->done);
	pthread_mutex_unlock(&s->lock);
	return err == 0;
}

static void rest(struct store_sqlite *s)
{
	struct timespec until = thread_until(thread_now_ms() + RETRY_MS);

	pthread_mutex_lock(&s->lock);
	while (!s->stop && pthread_cond_timedwait(&s->wake, &s->lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&s->lock);
}

static void *run(void *arg)
{
	struct store_sqlite *s = arg;
	bool more = true;

	while (more) {
		bool stop, ok;

		pthread_mutex_lock(&s->lock);
		wait_for_work(s);
		stop = s->stop;
		pthread_mutex_unlock(&s->lock);
		ok = write_batch(s);
		if (!ok && !stop)
			rest(s);
		pthread_mutex_lock(&s->lock);
		more = !s->stop || (ok && s->entries);
		pthread_mutex_unlock(&s->lock);
	}
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	pthread_cond_broadcast(&s->done);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- life ---- */

static void init_sync(struct store_sqlite *s)
{
	thread_cond_init(&s->wake);
	thread_cond_init(&s->done);
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->db_lock, NULL);
}

static void finish(struct store_sqlite *s)
{
	list_for_each_safe (n, &s->order)
		change_free(list_entry(n, struct change, order));
	s->map.n = 0;
	hmap_finish(&s->map);
	db_close(s->db);
	pthread_cond_destroy(&s->wake);
	pthread_cond_destroy(&s->done);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->db_lock);
	free(s);
}

static void sqlite_close(struct store *store)
{
	struct store_sqlite *s = of(store);
	struct timespec until = thread_until(thread_now_ms() + FINISH_MS);
	struct log_line l;
	bool ended;
	size_t left;

	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	while (!s->ended && pthread_cond_timedwait(&s->done, &s->lock, &until) != ETIMEDOUT)
		;
	ended = s->ended;
	left = s->entries;
	pthread_mutex_unlock(&s->lock);
	if (left && log_begin(&l, LOG_ERROR, "store closed with changes not written")) {
		log_u64(&l, "changes", left);
		log_end(&l);
	}
	if (!ended) {
		/* a disk that does not answer: the thread is left behind with its memory */
		pthread_detach(s->thread);
		return;
	}
	pthread_join(s->thread, NULL);
	finish(s);
}

static const struct store_ops ops = {
	.put = sqlite_put,
	.del = sqlite_del,
	.waits = sqlite_waits,
	.load = sqlite_load,
	.flush = sqlite_flush,
	.gauges = sqlite_gauges,
	.close = sqlite_close,
};

int store_sqlite_create(const struct store_sqlite_params *p, char *err_text, size_t err_n, struct store **ret)
{
	struct store_sqlite *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->store.ops = &ops;
	s->max_bytes = p->queue_bytes ? p->queue_bytes : QUEUE_BYTES;
	s->max_entries = p->queue_entries ? p->queue_entries : QUEUE_ENTRIES;
	s->gather_ms = p->gather_ms ? p->gather_ms : GATHER_MS;
	s->wrote_ms = thread_now_ms();
	random_bytes(&s->key, sizeof(s->key));
	list_init(&s->order);
	err = db_open(p->file, err_text, err_n, &s->db);
	if (err < 0) {
		free(s);
		return err;
	}
	init_sync(s);
	err = thread_start("limen-store", STACK_BYTES, run, s, &s->thread);
	if (err < 0) {
		finish(s);
		return err;
	}
	*ret = &s->store;
	return 0;
}
