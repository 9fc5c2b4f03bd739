/* SPDX-License-Identifier: Apache-2.0 */
/* Inside config/: what the files of rows (table_<section>.c) share. A key is called as the member of the struct it
 * fills. */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include "config/internal.h"

#define M(type, member)   .offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define M_N(type, v, n_v) .offset = offsetof(struct type, v), .count = offsetof(struct type, n_v)
/* What is known of, to be refused by name. */
#define LATER(key_name)                                                                                                \
	{                                                                                                              \
		.name = key_name, .kind = KIND_LATER                                                                   \
	}
#define END                                                                                                            \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}

#define SCHEMA_TEXTS                                                                                                   \
	"{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": \"string\"}, \"minItems\": 1}]}"
#define SCHEMA_TEXT "{\"type\": \"string\"}"

#define HOUR_MS 3600000

/* The sections that table.c puts together; the rest are in internal.h, where others look at them, too. */
extern const struct object object_timers, object_limits, object_registrations, object_media, object_accounts,
	object_log, object_cdr, object_store, object_manage, object_dns;
extern const struct word latch_words[];

/* ---- text.c: checks for key.check. NULL, or what is wrong with the text and the mend. ---- */

/* RFC 3261 §25.1 token, of these characters besides. */
bool is_token(const char *z, const char *more);
const char *check_token(const char *z); /* method, header name */
const char *check_host(const char *z);
const char *check_line(const char *z);
const char *check_path(const char *z);
const char *check_key(const char *z); /* "" is none */

#endif
