/* SPDX-License-Identifier: Apache-2.0 */
/* 145 bits, big end first, as 29 characters of base32:
 *
 *     version 4 | node 8 | epoch 16 | slot 6 |  random 64  |  MAC 47
 *     '--------- fields, 34 bits -----------'
 *
 * The fields are XORed with 34 bits of SipHash(mask key, random): random is fresh each time, so that two identifiers of
 * one slot share nothing that can be seen. The MAC is SipHash(mac key, masked fields | random), cut to 47 bits: at
 * 10,000 guesses a second a forgery takes some 400 years, and what it wins is a choice of worker. */
#include "sbc/sip/ident.h"

#include <string.h>

#define VERSION     1u
#define FIELD_BITS  34
#define FIELD_MASK  ((1ull << FIELD_BITS) - 1)
#define RANDOM_BITS 64
#define MAC_BITS    47
#define MAC_MASK    ((1ull << MAC_BITS) - 1)
_Static_assert(FIELD_BITS + RANDOM_BITS + MAC_BITS == 5 * IDENT_LEN, "the text holds every bit and no more");

static const char alphabet[32] = "abcdefghijklmnopqrstuvwxyz234567";

/* The value of each character, and VALID; 0: not of the alphabet. */
#define VALID 32
static const uint8_t values[256] = {
	['a'] = VALID | 0,  ['b'] = VALID | 1,  ['c'] = VALID | 2,  ['d'] = VALID | 3,  ['e'] = VALID | 4,
	['f'] = VALID | 5,  ['g'] = VALID | 6,  ['h'] = VALID | 7,  ['i'] = VALID | 8,  ['j'] = VALID | 9,
	['k'] = VALID | 10, ['l'] = VALID | 11, ['m'] = VALID | 12, ['n'] = VALID | 13, ['o'] = VALID | 14,
	['p'] = VALID | 15, ['q'] = VALID | 16, ['r'] = VALID | 17, ['s'] = VALID | 18, ['t'] = VALID | 19,
	['u'] = VALID | 20, ['v'] = VALID | 21, ['w'] = VALID | 22, ['x'] = VALID | 23, ['y'] = VALID | 24,
	['z'] = VALID | 25, ['2'] = VALID | 26, ['3'] = VALID | 27, ['4'] = VALID | 28, ['5'] = VALID | 29,
	['6'] = VALID | 30, ['7'] = VALID | 31,
};

struct raw {
	uint64_t fields; /* masked */
	uint64_t random, mac;
};

static uint64_t field_mask(const struct ident_key *k, uint64_t random)
{
	return siphash(&k->mask, &random, sizeof(random)) & FIELD_MASK;
}

static uint64_t mac_of(const struct ident_key *k, const struct raw *r)
{
	uint64_t in[2] = {r->fields, r->random};
	return siphash(&k->mac, in, sizeof(in)) & MAC_MASK;
}

static void write_chars(char *buf, unsigned n, uint64_t bits)
{
	for (; n--; bits >>= 5)
		buf[n] = alphabet[bits & 31];
}

/* As words of whole characters: 5 (25 bits: the most of the fields), 12 (60 bits) and 12. */
#define HEAD_CHARS 5
#define WORD_CHARS 12
#define WORD_BITS  (5 * WORD_CHARS)
#define REST_BITS  (FIELD_BITS - 5 * HEAD_CHARS) /* of the fields, on top of the first word */
_Static_assert(HEAD_CHARS + 2 * WORD_CHARS == IDENT_LEN, "that is all of them");

static void raw_write(const struct raw *r, char *buf)
{
	write_chars(buf, HEAD_CHARS, r->fields >> REST_BITS);
	write_chars(buf + HEAD_CHARS, WORD_CHARS,
		    r->fields << (WORD_BITS - REST_BITS) | r->random >> (WORD_BITS - MAC_BITS));
	write_chars(buf + HEAD_CHARS + WORD_CHARS, WORD_CHARS, r->random << MAC_BITS | r->mac);
}

/* *all: loses VALID when one of them is not of the alphabet. */
static uint64_t read_chars(const char *p, unsigned n, uint8_t *all)
{
	uint64_t bits = 0;
	for (unsigned i = 0; i < n; i++) {
		const uint8_t v = values[(uint8_t)p[i]];
		*all &= v;
		bits = bits << 5 | (v & (VALID - 1));
	}
	return bits;
}

static bool raw_read(struct str s, struct raw *ret)
{
	uint8_t all = VALID;
	const uint64_t head = read_chars(s.p, HEAD_CHARS, &all);
	const uint64_t high = read_chars(s.p + HEAD_CHARS, WORD_CHARS, &all);
	const uint64_t low = read_chars(s.p + HEAD_CHARS + WORD_CHARS, WORD_CHARS, &all);
	if (!(all & VALID))
		return false;
	ret->fields = head << REST_BITS | high >> (WORD_BITS - REST_BITS);
	ret->random = high << (WORD_BITS - MAC_BITS) | low >> MAC_BITS; /* shifts the fields out */
	ret->mac = low & MAC_MASK;
	return true;
}

/* The secret is folded into one 128-bit key first, and sub-keys are SipHash of their names under that: knowing one
 * says nothing of the others or of the secret. */
static struct hash_key master_of(struct str secret)
{
	struct hash_key m;
	for (uint64_t half = 0; half < 2; half++)
		m.k[half] = siphash_str(&(struct hash_key){{0x6c696d656e, half}}, secret);
	return m;
}

static struct hash_key derive(const struct hash_key *master, const char *use)
{
	struct hash_key out;
	for (uint64_t half = 0; half < 2; half++) {
		uint64_t in[2] = {siphash(master, use, strlen(use)), half};
		out.k[half] = siphash(master, in, sizeof(in));
	}
	return out;
}

struct ident_key ident_key_init(struct str secret, uint8_t node, uint16_t epoch)
{
	struct hash_key master = master_of(secret);
	struct ident_key k = {
		.mac = derive(&master, "ident mac"),
		.mask = derive(&master, "ident mask"),
		.call_id = derive(&master, "ident call-id"),
		.node = node,
		.epoch = epoch,
	};
	explicit_bzero(&master, sizeof(master));
	return k;
}

void ident_mint(const struct ident_key *k, uint8_t slot, char buf[IDENT_LEN + 1])
{
	ident_mint_as(k, slot, random_u64(), buf);
}

void ident_mint_as(const struct ident_key *k, uint8_t slot, uint64_t random, char buf[IDENT_LEN + 1])
{
	struct raw r = {.random = random};
	uint64_t fields =
		(uint64_t)VERSION << 30 | (uint64_t)k->node << 22 | (uint64_t)k->epoch << 6 | (slot % IDENT_SLOTS);
	r.fields = fields ^ field_mask(k, r.random);
	r.mac = mac_of(k, &r);
	raw_write(&r, buf);
	buf[IDENT_LEN] = '\0';
}

bool ident_parse(const struct ident_key *k, struct str text, struct ident *ret)
{
	struct raw r;
	if (text.n != IDENT_LEN || !raw_read(text, &r))
		return false;
	uint64_t fields = r.fields ^ field_mask(k, r.random);
	/* one comparison of whole words: no early way out that tells how many bits were right */
	if (((mac_of(k, &r) ^ r.mac) | (fields >> 30 ^ VERSION)) != 0)
		return false;
	*ret = (struct ident){
		.slot = (uint8_t)(fields & (IDENT_SLOTS - 1)),
		.node = (uint8_t)(fields >> 22),
		.epoch = (uint16_t)(fields >> 6),
		.random = r.random,
	};
	return true;
}

uint8_t ident_slot_of_call_id(const struct ident_key *k, struct str call_id)
{
	return (uint8_t)(siphash_str(&k->call_id, call_id) % IDENT_SLOTS);
}

uint8_t ident_slot_of_aor(const struct ident_key *k, struct str aor)
{
	uint64_t in[2] = {0, siphash_str(&k->call_id, aor)};

	return (uint8_t)(siphash(&k->call_id, in, sizeof(in)) % IDENT_SLOTS);
}
