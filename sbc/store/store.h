/* SPDX-License-Identifier: Apache-2.0 */
/* store: what outlives the process: records of bytes, by table and key. Behind a vtable, so that an engine that several
 * machines share can take the place of the file; asynchronous, so that no caller ever waits for a disk.
 *
 * A put or del is copied into a bounded queue and done later, in order per key, by the engine's own thread. While one
 * waits, a later one of the same table and key takes its place: a record that changes ten times is written once. Where
 * the queue has no room the change is lost and counted, and what was stored before under that key stays: a reader of
 * old records must be able to live with one that is out of date.
 *
 * The store knows nothing of what the bytes mean (base/bytes.h is how they are made). It is created before and closed
 * after everything that uses it. NULL stands for "no store" in every call below but store_load(): nothing is kept. */
#ifndef SBC_STORE_STORE_H
#define SBC_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Names are the tables' in the file; new ones go to the end. */
#define STORE_TABLES(X)                                                                                                \
	X(STORE_SECRETS, "secrets")   /* keys that a next process needs; never printed */                              \
	X(STORE_CALLS, "calls")       /* answered calls, by call id: sbc/call/checkpoint.h */                          \
	X(STORE_BINDINGS, "bindings") /* registrations, by alias: sbc/location/keep.h */

enum store_table {
#define X(name, text) name,
	STORE_TABLES(X)
#undef X
		STORE_TABLE_COUNT
};
const char *store_table_name(enum store_table t);

#define STORE_KEY_MAX   255       /* bytes */
#define STORE_BYTES_MAX (1 << 20) /* of one record */

/* Since the start, or now (queued, queued_bytes). */
#define STORE_GAUGES(X)                                                                                                \
	X(queued, "changes that wait to be written")                                                                   \
	X(queued_bytes, "bytes of the changes that wait")                                                              \
	X(written, "changes written")                                                                                  \
	X(coalesced, "changes replaced by a later one before they were written")                                       \
	X(overflow, "changes lost because the queue was full")                                                         \
	X(errors, "failed writes; their changes are tried again")                                                      \
	X(commits, "transactions")

struct store_gauges {
#define X(name, help) uint64_t name;
	STORE_GAUGES(X)
#undef X
};

struct store;
/* One record; key and bytes live during the call. It may put and del. */
typedef void (*store_load_fn)(void *arg, struct str key, struct str bytes);

struct store_ops {
	bool (*put)(struct store *s, enum store_table t, struct str key, struct str bytes);
	bool (*del)(struct store *s, enum store_table t, struct str key);
	bool (*waits)(struct store *s, enum store_table t, struct str key);
	int (*load)(struct store *s, enum store_table t, store_load_fn fn, void *arg);
	int (*flush)(struct store *s, unsigned timeout_ms);
	void (*gauges)(struct store *s, struct store_gauges *ret);
	void (*close)(struct store *s);
};
/* An engine's own struct begins with it. */
struct store {
	const struct store_ops *ops;
};

/* Both copy what they are given. False: there was no room (counted), or the key or the bytes are longer than allowed;
 * nothing changes. Any thread; never blocks on more than a mutex held for a copy. */
static inline bool store_put(struct store *s, enum store_table t, struct str key, struct str bytes)
{
	return !s || s->ops->put(s, t, key, bytes);
}
static inline bool store_del(struct store *s, enum store_table t, struct str key)
{
	return !s || s->ops->del(s, t, key);
}
/* A change under this key is in memory only: for milliseconds, or for as long as writes fail. Any thread, as put. */
static inline bool store_waits(struct store *s, enum store_table t, struct str key)
{
	return s && s->ops->waits(s, t, key);
}
/* Every record of a table, in no particular order, as last written: what still waits in the queue is not seen. At the
 * start, on the main thread, before workers run. 0 or -errno: what was told before is good. */
static inline int store_load(struct store *s, enum store_table t, store_load_fn fn, void *arg)
{
	return s->ops->load(s, t, fn, arg);
}
/* Waits until everything that was put before is on disk: 0, -ETIMEDOUT, or -EIO when the last try to write failed. Not
 * for a worker's thread. */
static inline int store_flush(struct store *s, unsigned timeout_ms)
{
	return s ? s->ops->flush(s, timeout_ms) : 0;
}
/* Any thread, approximate. */
static inline void store_gauges(struct store *s, struct store_gauges *ret)
{
	if (s)
		s->ops->gauges(s, ret);
	else
		*ret = (struct store_gauges){0};
}
/* Writes what is queued, for at most 2 s; what is left then is lost and told. */
static inline void store_close(struct store *s)
{
	if (s)
		s->ops->close(s);
}

/* ---- the embedded engine: one SQLite file ---- */

struct store_sqlite_params {
	const char *file;     /* made with mode 0600 when it is not there; its -wal file lies beside it */
	size_t queue_bytes;   /* 0: 64 MiB */
	size_t queue_entries; /* 0: 262,144 */
	unsigned gather_ms;   /* from one transaction to the next, for changes to gather; 0: 200 */
};
/* 0 or -errno, with one line for the operator in err that names the mend: the file cannot be made or written, is not a
 * database or is damaged, is in use by another process (-EBUSY), or was written by a newer version (-EPROTO). Nothing
 * is changed in a file that is refused. */
int store_sqlite_create(const struct store_sqlite_params *p, char *err, size_t err_n, struct store **ret);

#endif
