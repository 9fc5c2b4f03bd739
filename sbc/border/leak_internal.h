/* SPDX-License-Identifier: Apache-2.0 */
/* leak_internal: tokens and needles, shared by leak.c (the pass over a message), leak_set.c and leak_table.c. */
#ifndef SBC_BORDER_LEAK_INTERNAL_H
#define SBC_BORDER_LEAK_INTERNAL_H

#include "base/addr.h"
#include "sbc/border/leak.h"

/* A token is a run of WORD bytes, less EDGE bytes at both ends ("10.0.0.5." at the end of a sentence is 10.0.0.5).
 * Anything else parts tokens, and so does a %XX escape. */
enum { LEAK_WORD = 1, LEAK_EDGE = 2, LEAK_HEX = 4 };
extern const uint8_t leak_class[256];

/* Letters without case. Only a filter: what it finds is compared. */
uint32_t leak_token_hash(const char *p, size_t n);
uint32_t leak_addr_hash(const struct addr *v6);
static inline uint64_t leak_length_bit(size_t n)
{
	return (uint64_t)1 << (n < 63 ? n : 63);
}
/* Most of a text is passed over by looking at four bytes of it here and there (Wu and Manber's way of finding many
 * strings): `latest`, by a hash of such four, letters without case, is 1 + the last place at which they are among the
 * first LEAK_WINDOW bytes of a needle's longest token; 0: in none. Where they are not, no token begins that would reach
 * as far as them. */
#define LEAK_WINDOW 8
#define LEAK_GRAM   4
static inline uint8_t leak_gram(const char *p)
{
	uint32_t v;
	memcpy(&v, p, LEAK_GRAM);
	return (uint8_t)((v | 0x20202020u) * 0x9e3779b1u >> 24);
}
void leak_gram_note(uint8_t latest[LEAK_GRAMS], const struct leak_needle *n);
/* Length of the escape at p[0..n), 3, or 0. */
static inline size_t leak_escape(const char *p, size_t n)
{
	return n >= 3 && p[0] == '%' && (leak_class[(uint8_t)p[1]] & LEAK_HEX) && (leak_class[(uint8_t)p[2]] & LEAK_HEX)
		       ? 3
		       : 0;
}

/* The parts of a head (start line to blank line) that leak_set.auth_relay excepts, in order. */
struct leak_auth {
	struct str head, params, ruri;
	size_t at;
};
struct leak_auth leak_auth_init(struct str head);
bool leak_auth_next(struct leak_auth *it, size_t *ret_start, size_t *ret_end);

/* Text made ready to be looked for; false: too short, too long or too common to be looked for. */
bool leak_needle_init(struct leak_needle *n, struct str s);
/* The address of a needle of len 0. */
struct addr leak_needle_addr(const struct leak_needle *n);
/* Same thing, in whatever spelling. */
bool leak_needle_equal(const struct leak_needle *a, const struct leak_needle *b);
/* Does the needle stand in text, its token being text[start..end)? */
bool leak_needle_at(const struct leak_needle *n, struct str text, size_t start, size_t end);

/* What one network knows: open addressing by the hash; needles with `allowed` set are its own. */
struct leak_net {
	uint32_t *slots; /* needle + 1; 0: free */
	uint32_t *hashes;
	uint32_t mask;
	struct leak_needle *needles;
	size_t n;
	uint64_t lengths;
	bool v6;
	uint8_t latest[LEAK_GRAMS];
};
struct leak_table {
	size_t n_networks;
	struct leak_net *nets;
	char *text; /* of all needles */
};

/* Is this needle one of the network's own? */
bool leak_net_allows(const struct leak_net *net, const struct leak_needle *n);

#endif
