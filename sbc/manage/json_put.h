/* SPDX-License-Identifier: Apache-2.0 */
/* json_put: members of JSON objects into a writer. The comma before a member is put by what stands before it, so that
 * members and items simply follow each other. */
#ifndef SBC_MANAGE_JSON_PUT_H
#define SBC_MANAGE_JSON_PUT_H

#include "base/addr.h"
#include "base/writer.h"

/* Absent text, an unset address and a time of 0 are null, so that every object of a kind has the same keys. */
void member_key(struct writer *w, struct str key);
void member_u64(struct writer *w, struct str key, uint64_t v);
void member_str(struct writer *w, struct str key, struct str v);
void member_addr(struct writer *w, struct str key, const struct addr *a);
void member_time(struct writer *w, struct str key, uint64_t wall_us);

/* The same by keys whose length is known when they are compiled. */
static inline void put_key(struct writer *w, const char *key)
{
	member_key(w, str_z(key));
}
static inline void put_u64(struct writer *w, const char *key, uint64_t v)
{
	member_u64(w, str_z(key), v);
}
static inline void put_str(struct writer *w, const char *key, struct str v)
{
	member_str(w, str_z(key), v);
}
static inline void put_z(struct writer *w, const char *key, const char *v)
{
	member_str(w, str_z(key), str_z(v));
}
static inline void put_addr(struct writer *w, const char *key, const struct addr *a)
{
	member_addr(w, str_z(key), a);
}
static inline void put_time(struct writer *w, const char *key, uint64_t wall_us)
{
	member_time(w, str_z(key), wall_us);
}
void put_bool(struct writer *w, const char *key, bool v);

void open_object(struct writer *w, const char *key); /* as a member */
void open_item(struct writer *w);                    /* an object in a list, or by itself */
void close_object(struct writer *w);
void open_list(struct writer *w, const char *key);
void close_list(struct writer *w);

#endif
