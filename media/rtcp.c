/* SPDX-License-Identifier: Apache-2.0 */
/* RTCP's words: what its packets say about people and machines instead of packets. Numbers cross, words do not. */
#include <string.h>

#include "media/rtp.h"

enum { RTCP_SDES = 202, RTCP_BYE = 203 };
enum { SDES_END = 0, SDES_PRIV = 8 };

/* Equal texts become equal ones, of the same length: a CNAME goes on tying the streams of one sender together (RFC 3550
 * §6.5.1), and no length in the packet changes. */
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

/* One chunk of an SDES packet (RFC 3550 §6.5), from its SSRC at `at`. Where the next begins, or 0: it does not fit. */
static size_t hide_chunk(const struct hash_key *key, uint8_t *p, size_t at, size_t end)
{
	if (end - at < 4)
		return 0;
	at += 4;
	while (at < end && p[at] != SDES_END) {
		if (end - at < 2 || end - at - 2 < p[at + 1])
			return 0;
		uint8_t *text = p + at + 2;
		size_t n = p[at + 1];
		disguise(key, text, n);
		if (p[at] == SDES_PRIV && n)
			text[0] = 0; /* length of the prefix, §6.5.8 */
		at += 2 + n;
	}
	if (at == end)
		return 0; /* every chunk ends in at least one zero */
	at = (at + 4) / 4 * 4;
	return at <= end ? at : 0;
}

static bool hide_sdes(const struct hash_key *key, uint8_t *p, size_t n)
{
	size_t at = 4;
	for (unsigned left = p[0] & 31; left; left--) {
		at = hide_chunk(key, p, at, n);
		if (!at)
			return false;
	}
	memset(p + at, 0, n - at);
	return true;
}

/* RFC 3550 §6.6: a reason may follow the list of sources. */
static bool hide_bye(const struct hash_key *key, uint8_t *p, size_t n)
{
	size_t at = 4 + 4 * (size_t)(p[0] & 31);
	if (at > n)
		return false;
	if (at == n)
		return true;
	size_t text = p[at];
	if (n - at - 1 < text)
		return false;
	disguise(key, p + at + 1, text);
	at += 1 + text;
	memset(p + at, 0, n - at);
	return true;
}

bool rtcp_hide(const struct hash_key *key, uint8_t *p, size_t n)
{
	while (n) {
		size_t len = 4 * ((size_t)(p[2] << 8 | p[3]) + 1), padding = p[0] & 0x20 ? p[len - 1] : 0;
		if (p[1] == RTCP_SDES && !hide_sdes(key, p, len - padding))
			return false;
		if (p[1] == RTCP_BYE && !hide_bye(key, p, len - padding))
			return false;
		p += len;
		n -= len;
	}
	return true;
}
