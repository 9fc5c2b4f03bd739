/* SPDX-License-Identifier: Apache-2.0 */
/* What store_sqlite.c (queue, thread) and store_db.c (the file) share. */
#ifndef SBC_STORE_INTERNAL_H
#define SBC_STORE_INTERNAL_H

#include "base/hmap.h"
#include "sbc/store/store.h"

/* A put or del that waits. Owned by the queue, or by the batch that is being written. */
struct change {
	struct hmap_node node; /* in the queue's map */
	struct list order;
	size_t size;      /* what it counts for in the queue */
	uint64_t ripe_ms; /* it is not written before */
	enum store_table table;
	bool del;
	uint8_t key_n;
	uint32_t bytes_n;
	char data[]; /* key, then bytes */
};

static inline struct str change_key(const struct change *c)
{
	return (struct str){c->data, c->key_n};
}
static inline struct str change_bytes(const struct change *c)
{
	return (struct str){c->data + c->key_n, c->bytes_n};
}

/* The file. One thread at a time. */
struct db;
int db_open(const char *file, char *err, size_t err_n, struct db **ret);
/* A list of struct change (order), all in one transaction: 0, or -errno with nothing written and a text for the log,
 * valid until the next call. */
int db_write(struct db *d, struct list *changes, const char **ret_text);
int db_load(struct db *d, enum store_table t, store_load_fn fn, void *arg);
void db_close(struct db *d);

#endif
