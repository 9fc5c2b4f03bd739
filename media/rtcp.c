/* SPDX-License-Identifier: Apache-2.0 */
/* RTCP's words: what its packets say about people and machines instead of packets. Numbers cross, words do not: what
 * crosses is on a list, and all else is taken out of the compound. */
#include <string.h>

#include "media/rtp.h"

enum { SDES_END = 0, SDES_CNAME = 1 };

#define REFUSED SIZE_MAX /* its parts do not fit into it */

/* Equal texts become equal ones, of the same length: a CNAME goes on tying the streams of one sender together (RFC 3550
 * §6.5.1). */
static void disguise(const struct hash_key *key, uint8_t *text, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint64_t h = siphash(key, text, n);
	for (size_t i = 0; i < n; i++) {
		if (i && i % 12 == 0)
			h = siphash(key, &h, sizeof(h));
		text[i] = (uint8_t)letters[h >> (i % 12 * 5) & 31];
	}
}

/* ---- what is kept of a packet of n bytes (a multiple of 4, without padding): its new length, 0 for nothing ------ */

/* RFC 3550 §6.4: a header, then as many report blocks as it says; what extends them is a profile's own affair. */
static size_t keep_reports(const uint8_t *p, size_t n, size_t header_bytes)
{
	size_t known = header_bytes + 24 * (size_t)(p[0] & 31);
	return n < known ? n : known;
}
static size_t keep_sr(const struct hash_key *key, uint8_t *p, size_t n)
{
	return keep_reports(p, n, 28);
}
static size_t keep_rr(const struct hash_key *key, uint8_t *p, size_t n)
{
	return keep_reports(p, n, 8);
}

/* One chunk (RFC 3550 §6.5), from its SSRC at *at to *to, which is not beyond it: its CNAME alone. NAME, EMAIL, PHONE,
 * LOC, TOOL, NOTE, PRIV and later items (an H.323 call's address is one) say who and where. */
static bool keep_chunk(const struct hash_key *key, uint8_t *p, size_t *at, size_t *to, size_t end)
{
	size_t from = *at, kept = *to;

	if (end - from < 4)
		return false;
	memmove(p + kept, p + from, 4);
	from += 4;
	kept += 4;
	while (from < end && p[from] != SDES_END) {
		if (end - from < 2 || end - from - 2 < p[from + 1])
			return false;
		size_t item = 2 + (size_t)p[from + 1];
		if (p[from] == SDES_CNAME) {
			memmove(p + kept, p + from, item);
			disguise(key, p + kept + 2, item - 2);
			kept += item;
		}
		from += item;
	}
	/* every chunk ends in at least one zero, and on a boundary of 32 bits */
	*at = (from + 4) / 4 * 4;
	*to = (kept + 4) / 4 * 4;
	if (from == end || *at > end)
		return false;
	memset(p + kept, 0, *to - kept);
	return true;
}

static size_t keep_sdes(const struct hash_key *key, uint8_t *p, size_t n)
{
	size_t at = 4, to = 4;
	for (unsigned left = p[0] & 31; left; left--)
		if (!keep_chunk(key, p, &at, &to, n))
			return REFUSED;
	return to > 4 ? to : 0;
}

/* RFC 3550 §6.6: a reason may follow the list of sources. */
static size_t keep_bye(const struct hash_key *key, uint8_t *p, size_t n)
{
	size_t at = 4 + 4 * (size_t)(p[0] & 31);
	if (at > n)
		return REFUSED;
	if (at < n && n - at - 1 < p[at])
		return REFUSED;
	return at > 4 ? at : 0;
}

static size_t keep_all(const struct hash_key *key, uint8_t *p, size_t n)
{
	return n;
}

/* RFC 4585 §6.4: application layer feedback may be anything, but for the receiver's estimate of the bandwidth. */
static size_t keep_feedback(const struct hash_key *key, uint8_t *p, size_t n)
{
	bool afb = (p[0] & 31) == 15;
	return !afb || (n >= 16 && memcmp(p + 12, "REMB", 4) == 0) ? n : 0;
}

/* By type, from 192. What is missing is APP (RFC 3550 §6.7), RSI (RFC 5760 §7: it names addresses), TOKEN (RFC 6284:
 * addresses' tokens), and what is not known. */
static size_t (*const keep[32])(const struct hash_key *key, uint8_t *p, size_t n) = {
	[192 - 192] = keep_all,      /* FIR, RFC 2032 */
	[193 - 192] = keep_all,      /* NACK, RFC 2032 */
	[195 - 192] = keep_all,      /* IJ, RFC 5450 */
	[200 - 192] = keep_sr,       /* RFC 3550 */
	[201 - 192] = keep_rr,       /**/
	[202 - 192] = keep_sdes,     /**/
	[203 - 192] = keep_bye,      /**/
	[205 - 192] = keep_all,      /* RTPFB, RFC 4585 */
	[206 - 192] = keep_feedback, /* PSFB, RFC 4585 */
	[207 - 192] = keep_all,      /* XR, RFC 3611: numbers */
};

/* A packet whose end was cut off, padding included. */
static void set_length(uint8_t *p, size_t n)
{
	size_t words = n / 4 - 1;
	p[0] &= 0xdf;
	p[2] = (uint8_t)(words >> 8);
	p[3] = (uint8_t)words;
}

bool rtcp_hide(const struct hash_key *key, uint8_t *p, size_t *n)
{
	size_t at = 0, to = 0;

	while (at < *n) {
		uint8_t *q = p + at;
		size_t len = 4 * ((size_t)(q[2] << 8 | q[3]) + 1), padding = q[0] & 0x20 ? q[len - 1] : 0;
		size_t kept = keep[q[1] - 192] ? keep[q[1] - 192](key, q, len - padding) : 0;
		if (kept == REFUSED)
			return false;
		at += len;
		if (kept == 0)
			continue;
		if (kept == len - padding)
			kept = len;
		else
			set_length(q, kept);
		memmove(p + to, q, kept);
		to += kept;
	}
	*n = to;
	return true;
}
