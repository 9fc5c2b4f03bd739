/* SPDX-License-Identifier: Apache-2.0 */
/* Reads DNS answers. Names and records are c-ares' work; it offers TTLs for A and AAAA only, so that of SRV is read
 * here from the answer's bytes. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/sip/resolve_internal.h"

#define HEADER_BYTES 12
#define CLASS_IN     1
#define TYPE_CNAME   5
#define TYPE_SRV     33

struct answer *answer_ref(struct answer *a)
{
	atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
	return a;
}

void answer_unref(struct answer *a)
{
	if (a && atomic_fetch_sub_explicit(&a->refs, 1, memory_order_acq_rel) == 1)
		free(a);
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool label_ok(struct str l, bool *ret_digits)
{
	bool digits = true;

	if (l.n == 0 || l.n > 63)
		return false;
	for (size_t i = 0; i < l.n; i++) {
		char c = l.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !is_digit(c) && c != '-' && c != '_')
			return false;
		digits &= is_digit(c);
	}
	*ret_digits = digits;
	return true;
}

bool resolve_name_ok(struct str name)
{
	bool digits = true;

	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0 || name.n >= RESOLVE_NAME || name.p[name.n - 1] == '.')
		return false;
	while (name.n > 0) {
		if (!label_ok(str_cut(&name, '.'), &digits))
			return false;
	}
	/* "192.0.2.300" is an address gone wrong: RFC 3261 §25.1, toplabel */
	return !digits;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void resolve_name_copy(char to[RESOLVE_NAME], struct str name)
{
	size_t n = name.p[name.n - 1] == '.' ? name.n - 1 : name.n;

	for (size_t i = 0; i < n; i++)
		to[i] = lower(name.p[i]);
	to[n] = '\0';
}

/* ---- the bounded reader ---------------------------------------------------------------------------------------- */

struct reader {
	const uint8_t *p;
	size_t n;
};

static bool skip(struct reader *r, size_t n)
{
	if (r->n < n)
		return false;
	r->p += n;
	r->n -= n;
	return true;
}

static bool read_u16(struct reader *r, uint16_t *ret)
{
	const uint8_t *p = r->p;
	if (!skip(r, 2))
		return false;
	*ret = (uint16_t)(p[0] << 8 | p[1]);
	return true;
}

/* RFC 1035 §4.1.4: labels up to the root or up to a pointer, which ends the name here. */
static bool skip_name(struct reader *r)
{
	while (r->n > 0) {
		uint8_t n = r->p[0];
		if (n >= 0xc0)
			return skip(r, 2);
		if (n > 63 || !skip(r, (size_t)n + 1))
			return false;
		if (n == 0)
			return true;
	}
	return false;
}

struct record {
	uint16_t type, class;
	uint32_t ttl_s;
};

static bool read_record(struct reader *r, struct record *ret)
{
	struct record rec;
	uint16_t ttl[2], bytes;

	if (!skip_name(r) || !read_u16(r, &rec.type) || !read_u16(r, &rec.class) || !read_u16(r, &ttl[0]) ||
	    !read_u16(r, &ttl[1]) || !read_u16(r, &bytes) || !skip(r, bytes))
		return false;
	rec.ttl_s = (uint32_t)ttl[0] << 16 | ttl[1];
	if (rec.ttl_s > INT32_MAX)
		rec.ttl_s = 0;
	*ret = rec;
	return true;
}

bool answer_srv_ttl(const uint8_t *p, size_t n, uint32_t *ret_s)
{
	struct reader r = {p, n};
	struct record rec;
	uint16_t questions, answers;
	uint32_t least = UINT32_MAX;

	if (n < HEADER_BYTES || !skip(&r, 4) || !read_u16(&r, &questions) || !read_u16(&r, &answers) || !skip(&r, 4))
		return false;
	for (; questions > 0; questions--) {
		if (!skip_name(&r) || !skip(&r, 4))
			return false;
	}
	for (; answers > 0; answers--) {
		if (!read_record(&r, &rec))
			return false;
		bool ours = rec.class == CLASS_IN && (rec.type == TYPE_SRV || rec.type == TYPE_CNAME);
		if (ours && rec.ttl_s < least)
			least = rec.ttl_s;
	}
	if (least == UINT32_MAX)
		return false;
	*ret_s = least;
	return true;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static uint64_t ttl_ms(uint32_t s)
{
	uint64_t ms = (uint64_t)s * 1000;
	if (ms < RESOLVE_TTL_MIN_MS)
		return RESOLVE_TTL_MIN_MS;
	return ms < RESOLVE_TTL_MAX_MS ? ms : RESOLVE_TTL_MAX_MS;
}

/* One piece of memory: the records, then the hosts' text. */
enum answer_fault answer_make(const struct answer_record *v, size_t n, uint32_t ttl_s, struct answer **ret)
{
	size_t text = 0;

	for (size_t i = 0; i < n; i++)
		text += v[i].host ? strlen(v[i].host) + 1 : 0;
	struct answer *a = malloc(sizeof(*a) + n * sizeof(*v) + text);
	if (!a)
		return ANSWER_NO_MEMORY;
	atomic_init(&a->refs, 1);
	a->fault = ANSWER_NONE;
	a->ttl_ms = ttl_ms(ttl_s);
	a->n = n;
	char *to = (char *)&a->v[n];
	for (size_t i = 0; i < n; i++) {
		a->v[i] = v[i];
		if (!v[i].host)
			continue;
		a->v[i].host = to;
		for (const char *from = v[i].host; *from; from++)
			*to++ = lower(*from);
		*to++ = '\0';
	}
	*ret = a;
	return ANSWER_NONE;
}

static enum answer_fault make_negative(enum answer_fault fault, struct answer **ret)
{
	enum answer_fault e = answer_make(NULL, 0, RESOLVE_TTL_NEGATIVE_MS / 1000, ret);
	if (e != ANSWER_NONE)
		return e;
	(*ret)->fault = fault;
	return fault;
}

static enum answer_fault fault_of(int ares_status)
{
	switch (ares_status) {
	case ARES_SUCCESS:
		return ANSWER_NONE;
	case ARES_ENODATA:
		return ANSWER_NO_DATA;
	case ARES_ENOTFOUND:
		return ANSWER_NO_NAME;
	case ARES_EBADRESP:
		return ANSWER_MALFORMED;
	case ARES_ECONNREFUSED:
		return ANSWER_UNREACHABLE;
	case ARES_ETIMEOUT:
		return ANSWER_TIMEOUT;
	case ARES_ENOMEM:
		return ANSWER_NO_MEMORY;
	default:
		return ANSWER_FAILED;
	}
}

static uint32_t least(uint32_t ttl_s, int other_s)
{
	uint32_t o = other_s < 0 ? 0 : (uint32_t)other_s;
	return o < ttl_s ? o : ttl_s;
}

static enum answer_fault read_a(const uint8_t *p, size_t n, struct answer **ret)
{
	struct ares_addrttl got[RESOLVE_MAX];
	struct answer_record v[RESOLVE_MAX] = {0};
	int count = RESOLVE_MAX;
	uint32_t ttl_s = UINT32_MAX;

	int status = ares_parse_a_reply(p, (int)n, NULL, got, &count);
	if (status != ARES_SUCCESS)
		return fault_of(status);
	if (count <= 0)
		return ANSWER_NO_DATA;
	for (int i = 0; i < count; i++) {
		v[i].addr.in4.sin_family = AF_INET;
		v[i].addr.in4.sin_addr = got[i].ipaddr;
		ttl_s = least(ttl_s, got[i].ttl);
	}
	return answer_make(v, (size_t)count, ttl_s, ret);
}

static enum answer_fault read_aaaa(const uint8_t *p, size_t n, struct answer **ret)
{
	struct ares_addr6ttl got[RESOLVE_MAX];
	struct answer_record v[RESOLVE_MAX] = {0};
	int count = RESOLVE_MAX;
	uint32_t ttl_s = UINT32_MAX;

	int status = ares_parse_aaaa_reply(p, (int)n, NULL, got, &count);
	if (status != ARES_SUCCESS)
		return fault_of(status);
	if (count <= 0)
		return ANSWER_NO_DATA;
	for (int i = 0; i < count; i++) {
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
		memcpy(&in6.sin6_addr, &got[i].ip6addr, 16);
		v[i].addr = addr_from_sockaddr((const struct sockaddr *)&in6);
		ttl_s = least(ttl_s, got[i].ttl);
	}
	return answer_make(v, (size_t)count, ttl_s, ret);
}

/* Keeps the RESOLVE_MAX records of lowest priority in v, sorted by it. */
static size_t keep(struct answer_record *v, size_t n, const struct ares_srv_reply *s)
{
	size_t at = n;

	while (at > 0 && v[at - 1].priority > s->priority)
		at--;
	if (at == RESOLVE_MAX)
		return n;
	size_t kept = n < RESOLVE_MAX ? n : RESOLVE_MAX - 1;
	memmove(&v[at + 1], &v[at], (kept - at) * sizeof(*v));
	v[at] = (struct answer_record){.host = s->host, .port = s->port, .priority = s->priority, .weight = s->weight};
	return kept + 1;
}

static enum answer_fault read_srv(const uint8_t *p, size_t n, struct answer **ret)
{
	struct answer_record v[RESOLVE_MAX];
	struct ares_srv_reply *srv = NULL;
	uint32_t ttl_s = 0;
	size_t count = 0;

	int status = ares_parse_srv_reply(p, (int)n, &srv);
	if (status != ARES_SUCCESS)
		return fault_of(status);
	for (const struct ares_srv_reply *s = srv; s; s = s->next) {
		if (s->host && (s->host[0] == '\0' || resolve_name_ok(str_z(s->host))))
			count = keep(v, count, s);
	}
	enum answer_fault e = ANSWER_MALFORMED;
	if (!srv)
		e = ANSWER_NO_DATA;
	else if (count > 0 && answer_srv_ttl(p, n, &ttl_s))
		e = answer_make(v, count, ttl_s, ret);
	if (srv)
		ares_free_data(srv);
	return e;
}

enum answer_fault answer_read(enum question_type type, int ares_status, const uint8_t *p, size_t n, struct answer **ret)
{
	static enum answer_fault (*const readers[])(const uint8_t *, size_t, struct answer **) = {
		[QUESTION_A] = read_a,
		[QUESTION_AAAA] = read_aaaa,
		[QUESTION_SRV] = read_srv,
	};
	enum answer_fault e = fault_of(ares_status);

	if (e == ANSWER_NONE)
		e = p && n <= UINT16_MAX ? readers[type](p, n, ret) : ANSWER_MALFORMED;
	if (e == ANSWER_NO_DATA || e == ANSWER_NO_NAME)
		return make_negative(e, ret);
	return e;
}
