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

/* Value + 1 of each character; 0: not of the alphabet. */
static const uint8_t values[256] = {
	['a'] = 1,  ['b'] = 2,  ['c'] = 3,  ['d'] = 4,  ['e'] = 5,  ['f'] = 6,  ['g'] = 7,  ['h'] = 8,
	['i'] = 9,  ['j'] = 10, ['k'] = 11, ['l'] = 12, ['m'] = 13, ['n'] = 14, ['o'] = 15, ['p'] = 16,
	['q'] = 17, ['r'] = 18, ['s'] = 19, ['t'] = 20, ['u'] = 21, ['v'] = 22, ['w'] = 23, ['x'] = 24,
	['y'] = 25, ['z'] = 26, ['2'] = 27, ['3'] = 28, ['4'] = 29, ['5'] = 30, ['6'] = 31, ['7'] = 32,
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

/* As words of whole characters: 5 (25 bits), 12 (60 bits) and 12. */
static void raw_write(const struct raw *r, char *buf)
{
	unsigned __int128 low = (unsigned __int128)r->random << MAC_BITS | r->mac; /* 111 bits; fields are above */

	write_chars(buf, 5, r->fields >> (120 - MAC_BITS - RANDOM_BITS));
	write_chars(buf + 5, 12, r->fields << (MAC_BITS + RANDOM_BITS - 60) | (uint64_t)(low >> 60));
	write_chars(buf + 17, 12, (uint64_t)low);
}

static bool raw_read(struct str s, struct raw *ret)
{
	unsigned __int128 low = 0; /* the last 25 characters: 125 bits */
	uint64_t high = 0;         /* the first 4 */
	unsigned bad = 0;
	for (unsigned i = 0; i < IDENT_LEN; i++) {
		unsigned v = values[(uint8_t)s.p[i]];
		bad |= v == 0;
		v = (v - 1) & 31;
		if (i < 4)
			high = high << 5 | v;
		else
			low = low << 5 | v;
	}
	if (bad)
		return false;
	ret->mac = (uint64_t)low & MAC_MASK;
	ret->random = (uint64_t)(low >> MAC_BITS);
	ret->fields = high << 14 | (uint64_t)(low >> (MAC_BITS + RANDOM_BITS));
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
