/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"

#define MAGIC      'L'
#define HEAD       3
#define SUM        8
#define NUMBER_MAX 5    /* bytes of a tag or length */
#define GROW_FROM  4096 /* a call's record mostly fits */

static const struct hash_key sum_key = {{0x6c696d656e207265, 0x636f726473756d31}};

static uint64_t sum_of(const uint8_t *p, size_t n)
{
	return siphash(&sum_key, p, n);
}

/* ---- writing ---- */

static void write_head(struct bytes_writer *w, uint8_t version, uint8_t oldest);

/* A buffer that holds n more bytes; false when there is none. */
static bool make_room(struct bytes_writer *w, size_t n)
{
	size_t cap = w->cap ? w->cap : GROW_FROM / 2;
	uint8_t *p;

	if (w->err)
		return false;
	if (n > w->limit - w->n) {
		w->err = -EMSGSIZE;
		return false;
	}
	do
		cap *= 2;
	while (cap < w->n + n);
	if (cap > w->limit)
		cap = w->limit;
	p = realloc(w->p, cap);
	if (!p) {
		w->err = -ENOMEM;
		return false;
	}
	w->p = p;
	w->cap = cap;
	return true;
}

/* Room for n more bytes, counted as written; NULL when there is none. */
static uint8_t *take(struct bytes_writer *w, size_t n)
{
	uint8_t *at;

	if ((w->err || n > w->cap - w->n) && !make_room(w, n))
		return NULL;
	at = w->p + w->n;
	w->n += n;
	return at;
}

void bytes_writer_init(struct bytes_writer *w, void *p, size_t cap, uint8_t version, uint8_t oldest)
{
	*w = (struct bytes_writer){.p = p, .cap = cap, .limit = cap};
	write_head(w, version, oldest);
}

void bytes_writer_grow(struct bytes_writer *w, size_t limit, uint8_t version, uint8_t oldest)
{
	*w = (struct bytes_writer){.limit = limit, .grows = true};
	write_head(w, version, oldest);
}

void bytes_writer_finish(struct bytes_writer *w)
{
	if (w->grows)
		free(w->p);
	*w = (struct bytes_writer){.p = NULL};
}

static void write_head(struct bytes_writer *w, uint8_t version, uint8_t oldest)
{
	uint8_t *at = take(w, HEAD);

	if (!at)
		return;
	at[0] = MAGIC;
	at[1] = version;
	at[2] = oldest;
}

static size_t number_size(uint32_t v)
{
	size_t n = 1;

	while (v >>= 7)
		n++;
	return n;
}

static uint8_t *number_write(uint8_t *at, uint32_t v)
{
	while (v >= 0x80) {
		*at++ = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	*at++ = (uint8_t)v;
	return at;
}

/* Head of a field with room for its value, which is returned. */
static uint8_t *field(struct bytes_writer *w, unsigned tag, size_t n)
{
	uint8_t *at;

	if (tag < 0x80 && n < 0x80) { /* as nearly always */
		at = take(w, 2 + n);
		if (!at)
			return NULL;
		at[0] = (uint8_t)tag;
		at[1] = (uint8_t)n;
		return at + 2;
	}
	if (n > UINT32_MAX - 2 * NUMBER_MAX) {
		w->err = w->err ? w->err : -EMSGSIZE;
		return NULL;
	}
	at = take(w, number_size(tag) + number_size((uint32_t)n) + n);
	return at ? number_write(number_write(at, tag), (uint32_t)n) : NULL;
}

void bytes_put(struct bytes_writer *w, unsigned tag, struct str value)
{
	uint8_t *at = field(w, tag, value.n);

	if (at && value.n)
		memcpy(at, value.p, value.n);
}

void bytes_z(struct bytes_writer *w, unsigned tag, const char *z)
{
	if (z)
		bytes_put(w, tag, str_z(z));
}

void bytes_u64(struct bytes_writer *w, unsigned tag, uint64_t v)
{
	size_t n = v ? (size_t)(71 - __builtin_clzll(v)) / 8 : 0;
	uint8_t *at = field(w, tag, n);

	if (at)
		for (; v; v >>= 8)
			*at++ = (uint8_t)v;
}

void bytes_addr(struct bytes_writer *w, unsigned tag, const struct addr *a)
{
	uint8_t buf[18];
	size_t host = addr_is_v6(a) ? 16 : 4;

	if (!addr_is_set(a))
		return;
	buf[0] = (uint8_t)(addr_port(a) >> 8);
	buf[1] = (uint8_t)addr_port(a);
	memcpy(buf + 2, addr_is_v6(a) ? (const void *)&a->in6.sin6_addr : (const void *)&a->in4.sin_addr, host);
	bytes_put(w, tag, (struct str){(const char *)buf, 2 + host});
}

size_t bytes_begin(struct bytes_writer *w, unsigned tag)
{
	uint8_t *at = take(w, number_size(tag));

	if (at)
		number_write(at, tag);
	return w->n;
}

/* The length goes before what is there by now. */
void bytes_end(struct bytes_writer *w, size_t begun)
{
	size_t n, head;

	if (w->err)
		return;
	n = w->n - begun;
	head = n <= UINT32_MAX ? number_size((uint32_t)n) : SIZE_MAX;
	if (!take(w, head))
		return;
	memmove(w->p + begun + head, w->p + begun, n);
	number_write(w->p + begun, (uint32_t)n);
}

static void sum_write(uint8_t at[SUM], uint64_t sum)
{
	for (unsigned i = 0; i < SUM; i++)
		at[i] = (uint8_t)(sum >> 8 * i);
}

int bytes_seal(struct bytes_writer *w, struct str *ret)
{
	uint8_t *at = take(w, SUM);

	if (!at)
		return w->err;
	sum_write(at, sum_of(w->p, w->n - SUM));
	*ret = (struct str){(const char *)w->p, w->n};
	return 0;
}

/* ---- reading ---- */

int bytes_open(struct bytes_reader *r, struct str record, uint8_t version)
{
	const uint8_t *p = (const uint8_t *)record.p;
	uint8_t sum[SUM];

	if (record.n < HEAD + SUM || p[0] != MAGIC)
		return -EBADMSG;
	sum_write(sum, sum_of(p, record.n - SUM));
	if (memcmp(sum, p + record.n - SUM, SUM) != 0 || !p[1] || p[2] > p[1])
		return -EBADMSG;
	if (p[1] + 1 < version || (p[1] > version && p[2] > version))
		return -EPROTO;
	*r = (struct bytes_reader){.p = p + HEAD, .end = p + record.n - SUM, .version = p[1]};
	return 0;
}

static bool number_read(struct bytes_reader *r, uint32_t *ret)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < NUMBER_MAX && r->p < r->end; i++) {
		uint8_t b = *r->p++;

		v |= (uint64_t)(b & 0x7f) << 7 * i;
		if (b & 0x80)
			continue;
		if (v > UINT32_MAX || (b == 0 && i))
			return false; /* too large, or not the shortest form */
		*ret = (uint32_t)v;
		return true;
	}
	return false;
}

bool bytes_next(struct bytes_reader *r, struct bytes_field *ret)
{
	uint32_t tag, n;

	if (r->bad || r->p == r->end)
		return false;
	if (!number_read(r, &tag) || !number_read(r, &n) || n > (size_t)(r->end - r->p)) {
		r->bad = true;
		return false;
	}
	*ret = (struct bytes_field){.tag = tag, .value = {(const char *)r->p, n}};
	r->p += n;
	return true;
}

struct bytes_reader bytes_inside(const struct bytes_field *f)
{
	const uint8_t *p = (const uint8_t *)f->value.p;

	return (struct bytes_reader){.p = p, .end = p + f->value.n};
}

bool bytes_get_u64(const struct bytes_field *f, uint64_t max, uint64_t *ret)
{
	const uint8_t *p = (const uint8_t *)f->value.p;
	uint64_t v = 0;

	if (f->value.n > 8 || (f->value.n && p[f->value.n - 1] == 0))
		return false;
	for (size_t i = f->value.n; i--;)
		v = v << 8 | p[i];
	if (v > max)
		return false;
	*ret = v;
	return true;
}

bool bytes_get_u32(const struct bytes_field *f, uint32_t *ret)
{
	uint64_t v;

	if (!bytes_get_u64(f, UINT32_MAX, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool bytes_get_bool(const struct bytes_field *f, bool *ret)
{
	uint64_t v;

	if (!bytes_get_u64(f, 1, &v))
		return false;
	*ret = v != 0;
	return true;
}

bool bytes_get_addr(const struct bytes_field *f, struct addr *ret)
{
	const uint8_t *p = (const uint8_t *)f->value.p;
	struct addr a = {0};

	if (f->value.n == 6) {
		a.in4.sin_family = AF_INET;
		memcpy(&a.in4.sin_addr, p + 2, 4);
	} else if (f->value.n == 18) {
		a.in6.sin6_family = AF_INET6;
		memcpy(&a.in6.sin6_addr, p + 2, 16);
		/* one host has one form: addr.h */
		if (IN6_IS_ADDR_V4MAPPED(&a.in6.sin6_addr))
			return false;
	} else {
		return false;
	}
	addr_set_port(&a, (uint16_t)(p[0] << 8 | p[1]));
	*ret = a;
	return true;
}

bool bytes_each(struct bytes_reader r, bool (*fn)(void *arg, const struct bytes_field *f), void *arg)
{
	struct bytes_field f;

	while (bytes_next(&r, &f))
		if (!fn(arg, &f))
			return false;
	return !r.bad;
}
