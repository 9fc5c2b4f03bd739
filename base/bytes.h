/* SPDX-License-Identifier: Apache-2.0 */
/* bytes: records that another process, or another release, reads back: a head with versions, fields of tag, length and
 * value, and a checksum over it all. A field may hold fields. A reader passes over tags that it does not know.
 *
 *   record: 'L' | version | oldest reader | fields | SipHash of all before, 8 bytes
 *   field:  tag | length | value           tag and length: 7 bits a byte, low ones first, at most 32 bits
 *
 * Numbers are the fewest bytes that hold them, low first. The checksum finds damage (a torn page, a bit); it is under
 * no secret and keeps nobody out: everything read is checked as if a peer had written it. Pure functions; any thread.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/str.h"

/* ---- writing ---- */

/* Into the caller's buffer, or into one of its own that grows up to a limit. Once something does not fit or memory is
 * out, everything later is ignored: callers check once, at the end. */
struct bytes_writer {
	uint8_t *p;
	size_t n, cap, limit;
	bool grows;
	int err; /* -EMSGSIZE, -ENOMEM */
};
/* version: the record's, 1 to 255, one higher with each change that an older reader would misread; oldest: the lowest
 * version whose reader can still make sense of it. */
void bytes_writer_init(struct bytes_writer *w, void *p, size_t cap, uint8_t version, uint8_t oldest);
void bytes_writer_grow(struct bytes_writer *w, size_t limit, uint8_t version, uint8_t oldest);
void bytes_u64(struct bytes_writer *w, unsigned tag, uint64_t v);
void bytes_put(struct bytes_writer *w, unsigned tag, struct str value);
/* Nothing for NULL: what is not there is read as NULL. */
void bytes_z(struct bytes_writer *w, unsigned tag, const char *z);
/* Nothing for an address that is not set. */
void bytes_addr(struct bytes_writer *w, unsigned tag, const struct addr *a);
/* A field that holds fields: what is written until bytes_end() with what bytes_begin() returned. */
size_t bytes_begin(struct bytes_writer *w, unsigned tag);
void bytes_end(struct bytes_writer *w, size_t begun);
/* Adds the checksum. 0 and the whole record, which lies in the writer's buffer, or -errno. */
int bytes_seal(struct bytes_writer *w, struct str *ret);
/* Frees a buffer that grew. */
void bytes_writer_finish(struct bytes_writer *w);

/* ---- reading ---- */

struct bytes_reader {
	const uint8_t *p, *end;
	uint8_t version; /* the record's */
	bool bad;        /* a field did not end where the record does */
};
struct bytes_field {
	unsigned tag;
	struct str value; /* in the record */
};
/* What this program reads: its own version, the one before, and later ones that say that it may. 0; -EBADMSG: not a
 * record, cut off or damaged; -EPROTO: of a version that cannot be read. */
int bytes_open(struct bytes_reader *r, struct str record, uint8_t version);
/* The next field. False at the end, or with r->bad set. */
bool bytes_next(struct bytes_reader *r, struct bytes_field *ret);
/* Over the fields that a field holds. */
struct bytes_reader bytes_inside(const struct bytes_field *f);
/* Of a field's value; false, with *ret untouched, when it is none of this kind or above max. */
bool bytes_get_u64(const struct bytes_field *f, uint64_t max, uint64_t *ret);
bool bytes_get_u32(const struct bytes_field *f, uint32_t *ret);
bool bytes_get_bool(const struct bytes_field *f, bool *ret); /* a number, 0 or 1 */
bool bytes_get_addr(const struct bytes_field *f, struct addr *ret);

/* Tells whether fn takes every field; a reader that turns bad is a failure too. */
bool bytes_each(struct bytes_reader r, bool (*fn)(void *arg, const struct bytes_field *f), void *arg);

#endif
