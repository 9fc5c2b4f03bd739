/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/sip/stun.h"

#include <string.h>

#define HEADER      20
#define COOKIE      0x2112a442u
#define UNKNOWN_MAX 4 /* named in a 420 */

enum {
	BINDING_REQUEST = 0x0001,
	BINDING_SUCCESS = 0x0101,
	BINDING_ERROR = 0x0111,
	USERNAME = 0x0006,
	MESSAGE_INTEGRITY = 0x0008,
	ERROR_CODE = 0x0009,
	UNKNOWN_ATTRIBUTES = 0x000a,
	REALM = 0x0014,
	NONCE = 0x0015,
	XOR_MAPPED_ADDRESS = 0x0020,
	OPTIONAL = 0x8000, /* from here on an attribute may be skipped */
	FINGERPRINT = 0x8028,
	FINGERPRINT_XOR = 0x5354554e,
};

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint8_t *put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v & 0xffff);
}

/* CRC-32 of ITU V.42, a bit at a time: half a kilobyte at most. */
static uint32_t crc32_of(const uint8_t *p, size_t n)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

bool stun_is_binding_request(const uint8_t *p, size_t n)
{
	return n >= HEADER && n <= STUN_REQUEST_MAX && n % 4 == 0 && get16(p) == BINDING_REQUEST &&
	       get16(p + 2) == n - HEADER && get32(p + 4) == COOKIE;
}

/* What a request's attributes say. */
struct request {
	bool fingerprint;
	unsigned n_unknown;
	uint16_t unknown[UNKNOWN_MAX];
};

static bool is_known(unsigned type)
{
	switch (type) {
	case USERNAME:
	case MESSAGE_INTEGRITY:
	case REALM:
	case NONCE:
		return true;
	}
	return type >= OPTIONAL;
}

static bool read_attributes(const uint8_t *p, size_t n, struct request *r)
{
	for (size_t at = HEADER; at < n;) {
		unsigned type = get16(p + at), length = get16(p + at + 2);
		size_t next = at + 4 + (length + 3) / 4 * 4;

		if (next > n)
			return false;
		if (type == FINGERPRINT) {
			/* the last one, over all before it (RFC 5389 §15.5) */
			r->fingerprint = true;
			return length == 4 && next == n && get32(p + at + 4) == (crc32_of(p, at) ^ FINGERPRINT_XOR);
		}
		if (!is_known(type) && r->n_unknown < UNKNOWN_MAX)
			r->unknown[r->n_unknown++] = (uint16_t)type;
		at = next;
	}
	return true;
}

/* RFC 5389 §15.2 */
static uint8_t *write_mapped(uint8_t *w, const uint8_t *request, const struct addr *from)
{
	bool v6 = addr_is_v6(from);
	const uint8_t *host = v6 ? from->in6.sin6_addr.s6_addr : (const uint8_t *)&from->in4.sin_addr;

	w = put16(w, XOR_MAPPED_ADDRESS);
	w = put16(w, v6 ? 20 : 8);
	w = put16(w, v6 ? 2 : 1);
	w = put16(w, addr_port(from) ^ (COOKIE >> 16));
	/* cookie and transaction id follow each other in the request as they are needed here */
	for (unsigned i = 0; i < (v6 ? 16 : 4); i++)
		*w++ = host[i] ^ request[4 + i];
	return w;
}

/* RFC 5389 §15.6, §15.9 */
static uint8_t *write_unknown(uint8_t *w, const struct request *r)
{
	w = put16(w, ERROR_CODE);
	w = put16(w, 4);
	w = put32(w, 4 << 8 | 20);
	w = put16(w, UNKNOWN_ATTRIBUTES);
	w = put16(w, 2 * r->n_unknown);
	for (unsigned i = 0; i < r->n_unknown; i++)
		w = put16(w, r->unknown[i]);
	return r->n_unknown % 2 ? put16(w, 0) : w;
}

size_t stun_answer(const uint8_t *p, size_t n, const struct addr *from, uint8_t buf[STUN_ANSWER_MAX])
{
	struct request r = {.fingerprint = false};
	uint8_t *w = buf + HEADER;
	size_t length;

	if (!read_attributes(p, n, &r))
		return 0;
	memcpy(buf + 4, p + 4, HEADER - 4);
	put16(buf, r.n_unknown ? BINDING_ERROR : BINDING_SUCCESS);
	w = r.n_unknown ? write_unknown(w, &r) : write_mapped(w, p, from);
	length = (size_t)(w - buf) - HEADER + (r.fingerprint ? 8 : 0);
	put16(buf + 2, (unsigned)length);
	if (r.fingerprint) {
		uint32_t crc = crc32_of(buf, (size_t)(w - buf)) ^ FINGERPRINT_XOR;

		w = put16(put16(w, FINGERPRINT), 4);
		put32(w, crc);
	}
	return HEADER + length;
}
