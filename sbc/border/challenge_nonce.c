/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces that cost no memory, and the counts of those that were used well.
 *
 * The table is shards x buckets x ways of fixed size. When a bucket is full of nonces that are still good, the one made
 * first is forgotten, and its time of making becomes the bucket's horizon: a nonce made up to then that is not in the
 * bucket may have been used, so it is as good as expired. Its user gets stale=true and goes on with a new nonce. Only
 * who knows a password gets anything into the table. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/border/challenge_internal.h"

#define NONCE_VERSION 1
#define TIME_AT       1
#define RANDOM_AT     7
#define MAC_AT        15

/* ---- the text --------------------------------------------------------------------------------------------------- */

int nonce_key_derive(struct str secret, uint8_t ret[NONCE_KEY_BYTES])
{
	static const char use[] = "limen digest nonce";
	uint8_t out[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (!HMAC(EVP_sha256(), secret.n ? secret.p : "", (int)secret.n, (const uint8_t *)use, sizeof(use) - 1, out,
		  &n) ||
	    n != NONCE_KEY_BYTES)
		return -EIO;
	memcpy(ret, out, NONCE_KEY_BYTES);
	explicit_bzero(out, sizeof(out));
	return 0;
}

/* Every part with its length before it: no two sets of facts are the same bytes. */
static bool put_part(struct writer *w, const void *p, size_t n)
{
	writer_char(w, (char)(n >> 8));
	writer_char(w, (char)n);
	writer_put(w, p, n);
	return !w->overflow;
}

static int nonce_mac(const uint8_t key[NONCE_KEY_BYTES], const uint8_t *head, const struct challenge_facts *f,
		     uint8_t ret[NONCE_MAC_BYTES])
{
	char buf[MAC_AT + 256 + 1024 + 64];
	uint8_t host[19], out[EVP_MAX_MD_SIZE];
	struct addr source = f->source;
	struct writer w = writer_init(buf, sizeof(buf));
	unsigned n = 0;
	addr_set_port(&source, 0);
	put_part(&w, head, MAC_AT);
	put_part(&w, f->network.p, f->network.n);
	put_part(&w, host, addr_key(&source, host));
	if (!put_part(&w, f->realm.p, f->realm.n))
		return -EIO; /* names of the configuration are shorter */
	if (!HMAC(EVP_sha256(), key, NONCE_KEY_BYTES, (const uint8_t *)buf, w.n, out, &n) || n < NONCE_MAC_BYTES)
		return -EIO;
	memcpy(ret, out, NONCE_MAC_BYTES);
	return 0;
}

int nonce_mint(const uint8_t key[NONCE_KEY_BYTES], const struct challenge_facts *f, char ret[NONCE_HEX + 1])
{
	uint8_t raw[NONCE_BYTES] = {NONCE_VERSION};
	for (int i = 0; i < 6; i++)
		raw[TIME_AT + i] = (uint8_t)(f->now_ms >> (40 - 8 * i));
	/* two phones behind one address may ask in the same millisecond, and each counts from one */
	random_bytes(raw + RANDOM_AT, 8);
	int r = nonce_mac(key, raw, f, raw + MAC_AT);
	if (r < 0)
		return r;
	struct writer w = writer_init(ret, NONCE_HEX);
	writer_hex(&w, raw, sizeof(raw));
	ret[NONCE_HEX] = '\0';
	return 0;
}

/* Lower case only, as we write it: one nonce has one text. */
static bool nonce_bytes(struct str text, uint8_t ret[NONCE_BYTES])
{
	if (text.n != NONCE_HEX)
		return false;
	memset(ret, 0, NONCE_BYTES);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		ret[i / 2] = (uint8_t)(ret[i / 2] << 4 | (c <= '9' ? c - '0' : c - 'a' + 10));
	}
	return true;
}

enum nonce_state nonce_read(const uint8_t key[NONCE_KEY_BYTES], struct str text, const struct challenge_facts *f,
			    unsigned life_ms, struct nonce *ret)
{
	uint8_t raw[NONCE_BYTES], mac[NONCE_MAC_BYTES];
	struct nonce n = {0};
	if (!nonce_bytes(text, raw) || raw[0] != NONCE_VERSION)
		return NONCE_FOREIGN;
	if (nonce_mac(key, raw, f, mac) < 0)
		return NONCE_ERROR;
	if (CRYPTO_memcmp(mac, raw + MAC_AT, sizeof(mac)) != 0)
		return NONCE_FOREIGN;
	for (int i = 0; i < 6; i++)
		n.made_ms = n.made_ms << 8 | raw[TIME_AT + i];
	memcpy(&n.id, mac, sizeof(n.id));
	if (n.made_ms > f->now_ms + NONCE_SKEW_MS)
		return NONCE_FUTURE;
	if (f->now_ms > n.made_ms + life_ms)
		return NONCE_EXPIRED;
	*ret = n;
	return NONCE_GOOD;
}

/* ---- counts ----------------------------------------------------------------------------------------------------- */

struct nonce_entry {
	uint64_t id;
	uint64_t window; /* bit n: count highest - n was used */
	uint64_t made_ms;
	uint32_t highest; /* 0: free */
};
struct nonce_bucket {
	uint64_t horizon_ms; /* nonces made up to here that are not in v may have been used */
	struct nonce_entry v[CHALLENGE_WAYS];
};
struct nonce_counts {
	pthread_mutex_t locks[CHALLENGE_SHARDS];
	size_t n; /* buckets; a bucket's shard is its index modulo CHALLENGE_SHARDS */
	uint64_t start_ms;
	struct nonce_bucket v[];
};

struct nonce_counts *nonce_counts_create(unsigned entries, uint64_t now_ms)
{
	size_t n = (entries + CHALLENGE_WAYS - 1) / CHALLENGE_WAYS;
	/* from calloc, so that pages are touched as they are used */
	struct nonce_counts *t = calloc(1, sizeof(*t) + n * sizeof(t->v[0]));
	if (!t)
		return NULL;
	t->n = n;
	t->start_ms = now_ms;
	for (size_t i = 0; i < CHALLENGE_SHARDS; i++)
		pthread_mutex_init(&t->locks[i], NULL);
	return t;
}

void nonce_counts_destroy(struct nonce_counts *t)
{
	for (size_t i = 0; t && i < CHALLENGE_SHARDS; i++)
		pthread_mutex_destroy(&t->locks[i]);
	free(t);
}

static enum nonce_use count_use(struct nonce_entry *e, uint32_t nc)
{
	if (nc > e->highest) {
		uint32_t by = nc - e->highest;
		e->window = (by < 64 ? e->window << by : 0) | 1;
		e->highest = nc;
		return NONCE_FRESH;
	}
	uint32_t back = e->highest - nc;
	if (back > 63 || (e->window >> back & 1))
		return NONCE_REPLAYED;
	e->window |= (uint64_t)1 << back;
	return NONCE_FRESH;
}

/* A free place, or that of the oldest. */
static struct nonce_entry *place_for(struct nonce_bucket *b)
{
	struct nonce_entry *oldest = &b->v[0];
	for (size_t i = 0; i < CHALLENGE_WAYS; i++) {
		if (b->v[i].highest == 0)
			return &b->v[i];
		if (b->v[i].made_ms < oldest->made_ms)
			oldest = &b->v[i];
	}
	if (oldest->made_ms > b->horizon_ms)
		b->horizon_ms = oldest->made_ms;
	return oldest;
}

static enum nonce_use bucket_use(struct nonce_bucket *b, uint64_t start_ms, const struct nonce *n, uint32_t nc)
{
	for (size_t i = 0; i < CHALLENGE_WAYS; i++)
		if (b->v[i].highest && b->v[i].id == n->id)
			return count_use(&b->v[i], nc);
	if (n->made_ms < start_ms || n->made_ms <= b->horizon_ms)
		return NONCE_FORGOTTEN;
	struct nonce_entry *e = place_for(b);
	*e = (struct nonce_entry){.id = n->id, .window = 1, .made_ms = n->made_ms, .highest = nc};
	return NONCE_FRESH;
}

enum nonce_use nonce_use(struct nonce_counts *t, const struct nonce *n, uint32_t nc)
{
	size_t i = n->id % t->n;
	pthread_mutex_t *lock = &t->locks[i % CHALLENGE_SHARDS];
	pthread_mutex_lock(lock);
	enum nonce_use u = bucket_use(&t->v[i], t->start_ms, n, nc);
	pthread_mutex_unlock(lock);
	return u;
}
