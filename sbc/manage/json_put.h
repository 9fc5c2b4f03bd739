/* SPDX-License-Identifier: Apache-2.0 */
/* json_put: members of JSON objects into a writer. The comma before a member is put by what stands before it, so that
 * members and items simply follow each other. */
#ifndef SBC_MANAGE_JSON_PUT_H
#define SBC_MANAGE_JSON_PUT_H

#include "base/addr.h"
#include "base/writer.h"

void put_key(struct writer *w, const char *key);
void put_u64(struct writer *w, const char *key, uint64_t v);
void put_bool(struct writer *w, const char *key, bool v);
/* Absent text is null, so that every object of a kind has the same keys. */
void put_str(struct writer *w, const char *key, struct str v);
void put_z(struct writer *w, const char *key, const char *v);
void put_addr(struct writer *w, const char *key, const struct addr *a);
void put_time(struct writer *w, const char *key, uint64_t wall_us); /* 0: null */

void open_object(struct writer *w, const char *key); /* as a member */
void open_item(struct writer *w);                    /* an object in a list, or by itself */
void close_object(struct writer *w);
void open_list(struct writer *w, const char *key);
void close_list(struct writer *w);

#endif
