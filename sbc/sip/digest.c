/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of digests, over OpenSSL's EVP. MD5 is here because RFC 3261 knows nothing else; where both sides know
 * SHA-256 that is taken (RFC 8760). */
#include "sbc/sip/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "base/hash.h"

/* ---- algorithms ------------------------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	enum digest_algorithm base;
	size_t bytes;
} algorithms[] = {
	[DIGEST_MD5] = {"MD5", DIGEST_MD5, 16},           [DIGEST_MD5_SESS] = {"MD5-sess", DIGEST_MD5, 16},
	[DIGEST_SHA256] = {"SHA-256", DIGEST_SHA256, 32}, [DIGEST_SHA256_SESS] = {"SHA-256-sess", DIGEST_SHA256, 32},
	[DIGEST_UNKNOWN] = {"", DIGEST_UNKNOWN, 0},
};

const char *digest_algorithm_text(enum digest_algorithm a)
{
	return algorithms[a].text;
}

enum digest_algorithm digest_algorithm_of(struct str name)
{
	for (unsigned a = 0; a < DIGEST_ALGORITHMS; a++)
		if (str_eq_nocase(name, str_z(algorithms[a].text)))
			return (enum digest_algorithm)a;
	return DIGEST_UNKNOWN;
}

bool digest_is_session(enum digest_algorithm a)
{
	return a == DIGEST_MD5_SESS || a == DIGEST_SHA256_SESS;
}

enum digest_algorithm digest_base(enum digest_algorithm a)
{
	return algorithms[a].base;
}

size_t digest_hex_len(enum digest_algorithm a)
{
	return 2 * algorithms[a].bytes;
}

/* ---- hashes ----------------------------------------------------------------------------------------------------- */

static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;
static EVP_MD *fetched_md5, *fetched_sha256; /* for the life of the process; looking them up each time costs more
						than the hash */

static void fetch(void)
{
	fetched_md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	fetched_sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
}

static const EVP_MD *md_of(enum digest_algorithm a)
{
	pthread_once(&fetch_once, fetch);
	/* what could not be had at that time is asked for again */
	if (digest_base(a) == DIGEST_SHA256)
		return fetched_sha256 ? fetched_sha256 : EVP_sha256();
	return fetched_md5 ? fetched_md5 : EVP_md5();
}

/* One hash under way. Once anything fails, all that follows does nothing. */
struct hash {
	EVP_MD_CTX *ctx;
	size_t bytes;
	bool ok;
};

static void hash_begin(struct hash *h, enum digest_algorithm a)
{
	h->bytes = algorithms[a].bytes;
	h->ctx = EVP_MD_CTX_new();
	h->ok = h->ctx && EVP_DigestInit_ex(h->ctx, md_of(a), NULL) == 1;
}

static void hash_put(struct hash *h, struct str s)
{
	if (h->ok && s.n)
		h->ok = EVP_DigestUpdate(h->ctx, s.p, s.n) == 1;
}

/* RFC 7616 §3.4: unq(X) is the string without its quotes, and a quoted string's text is without its escapes (RFC 7230
 * §3.2.6). */
static void hash_put_quoted(struct hash *h, struct str raw)
{
	size_t start = 0;
	for (size_t i = 0; i < raw.n; i++)
		if (raw.p[i] == '\\' && i + 1 < raw.n) {
			hash_put(h, (struct str){raw.p + start, i - start});
			start = ++i;
		}
	hash_put(h, (struct str){raw.p + start, raw.n - start});
}

static void hash_colon(struct hash *h)
{
	hash_put(h, STR(":"));
}

/* 0 with hex and NUL in ret, or -EIO with ret untouched. Ends it in any case. */
static int hash_end(struct hash *h, char ret[DIGEST_HEX_MAX + 1])
{
	uint8_t raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	bool ok = h->ok && EVP_DigestFinal_ex(h->ctx, raw, &n) == 1 && n == h->bytes;
	EVP_MD_CTX_free(h->ctx);
	if (ok) {
		struct writer w = writer_init(ret, DIGEST_HEX_MAX);
		writer_hex(&w, raw, n);
		ret[w.n] = '\0';
	}
	explicit_bzero(raw, sizeof(raw));
	/* what OpenSSL says of it is nobody else's error on this thread, and is kept until it is cleared */
	if (!ok)
		ERR_clear_error();
	return ok ? 0 : -EIO;
}

int digest_ha1(enum digest_algorithm a, struct str user, struct str realm, struct str password,
	       char ret[DIGEST_HEX_MAX + 1])
{
	struct hash h;
	if (a >= DIGEST_UNKNOWN)
		return -EINVAL;
	hash_begin(&h, a);
	hash_put(&h, user);
	hash_colon(&h);
	hash_put(&h, realm);
	hash_colon(&h);
	hash_put(&h, password);
	return hash_end(&h, ret);
}

/* RFC 7616 §3.4.2: with -sess, the hash of that hash with both nonces. */
static int session_ha1(const struct digest_input *in, char ret[DIGEST_HEX_MAX + 1])
{
	struct hash h;
	if (!digest_is_session(in->algorithm)) {
		memcpy(ret, in->ha1.p, in->ha1.n);
		ret[in->ha1.n] = '\0';
		return 0;
	}
	hash_begin(&h, in->algorithm);
	hash_put(&h, in->ha1);
	hash_colon(&h);
	hash_put_quoted(&h, in->nonce);
	hash_colon(&h);
	hash_put_quoted(&h, in->cnonce);
	return hash_end(&h, ret);
}

/* RFC 7616 §3.4.3 */
static int ha2(const struct digest_input *in, char ret[DIGEST_HEX_MAX + 1])
{
	char body[DIGEST_HEX_MAX + 1];
	struct hash h;
	if (in->qop == DIGEST_QOP_AUTH_INT) {
		hash_begin(&h, in->algorithm);
		hash_put(&h, in->body);
		int r = hash_end(&h, body);
		if (r < 0)
			return r;
	}
	hash_begin(&h, in->algorithm);
	hash_put(&h, in->method);
	hash_colon(&h);
	hash_put_quoted(&h, in->uri);
	if (in->qop == DIGEST_QOP_AUTH_INT) {
		hash_colon(&h);
		hash_put(&h, str_z(body));
	}
	return hash_end(&h, ret);
}

static const char *qop_text(enum digest_qop q)
{
	return q == DIGEST_QOP_AUTH_INT ? "auth-int" : "auth";
}

int digest_response(const struct digest_input *in, char ret[DIGEST_HEX_MAX + 1])
{
	char a1[DIGEST_HEX_MAX + 1], a2[DIGEST_HEX_MAX + 1];
	struct hash h;
	if (in->algorithm >= DIGEST_UNKNOWN || in->ha1.n != digest_hex_len(in->algorithm))
		return -EINVAL;
	int r = session_ha1(in, a1);
	if (r == 0)
		r = ha2(in, a2);
	if (r < 0)
		goto done;
	hash_begin(&h, in->algorithm);
	hash_put(&h, str_z(a1));
	hash_colon(&h);
	hash_put_quoted(&h, in->nonce);
	hash_colon(&h);
	if (in->qop != DIGEST_QOP_NONE) {
		hash_put(&h, in->nc_text);
		hash_colon(&h);
		hash_put_quoted(&h, in->cnonce);
		hash_colon(&h);
		hash_put(&h, str_z(qop_text(in->qop)));
		hash_colon(&h);
	}
	hash_put(&h, str_z(a2));
	r = hash_end(&h, ret);
done:
	explicit_bzero(a1, sizeof(a1));
	return r;
}

bool digest_response_equal(struct str got, const char *want, size_t n)
{
	char lower[DIGEST_HEX_MAX];
	if (got.n != n || n > sizeof(lower))
		return false; /* the length is no secret: the algorithm says it */
	for (size_t i = 0; i < n; i++)
		lower[i] = (char)(got.p[i] | (got.p[i] >= 'A' && got.p[i] <= 'F' ? 0x20 : 0));
	return CRYPTO_memcmp(lower, want, n) == 0;
}

/* ---- answering -------------------------------------------------------------------------------------------------- */

/* -sess hashes the same way: no stronger. */
static unsigned strength(enum digest_algorithm a)
{
	return digest_base(a) == DIGEST_SHA256 ? 2 : 1;
}

static bool answerable(const struct digest_challenge *c)
{
	return c->algorithm != DIGEST_UNKNOWN && (!c->qop_given || c->qop);
}

int digest_choose(const struct digest_challenge *v, size_t n, struct str realm, size_t *ret)
{
	size_t best = n;
	for (size_t i = 0; i < n; i++) {
		if (!answerable(&v[i]) || (realm.n && !digest_same(v[i].realm, realm)))
			continue;
		if (best == n || strength(v[i].algorithm) > strength(v[best].algorithm))
			best = i;
	}
	if (best == n)
		return -ENOENT;
	*ret = best;
	return 0;
}

void digest_quote(struct writer *w, struct str plain)
{
	writer_char(w, '"');
	for (size_t i = 0; i < plain.n; i++) {
		if (plain.p[i] == '"' || plain.p[i] == '\\')
			writer_char(w, '\\');
		writer_char(w, plain.p[i]);
	}
	writer_char(w, '"');
}

/* What came quoted goes back as it came. */
static void write_raw(struct writer *w, const char *name, struct str raw)
{
	writer_fmt(w, ", %s=\"", name);
	writer_str(w, raw);
	writer_char(w, '"');
}

static bool writable(struct str s, const char *but)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] < 0x20 || s.p[i] == 0x7f || strchr(but, s.p[i]))
			return false;
	return true;
}

struct answer_parts {
	char cnonce[33], nc[9], response[DIGEST_HEX_MAX + 1];
	struct str cnonce_text;
	enum digest_qop qop;
};

/* RFC 7616 §3.4: the realm of the hash is the challenge's. */
static int answer_compute(const struct digest_challenge *c, const struct digest_answer *a, struct answer_parts *p)
{
	char ha1[DIGEST_HEX_MAX + 1], realm[DIGEST_VALUE_MAX];
	struct str plain;
	if (!digest_unquote(c->realm, realm, sizeof(realm), &plain))
		return -EINVAL;
	int r = digest_ha1(c->algorithm, a->user, plain, a->password, ha1);
	if (r < 0)
		return r;
	const struct digest_input in = {
		.algorithm = c->algorithm,
		.qop = p->qop,
		.ha1 = str_z(ha1),
		.nonce = c->nonce,
		.cnonce = p->cnonce_text,
		.nc_text = {p->nc, 8},
		.method = a->method,
		.uri = a->uri,
		.body = a->body,
	};
	r = digest_response(&in, p->response);
	explicit_bzero(ha1, sizeof(ha1));
	return r;
}

static void answer_cnonce(const struct digest_answer *a, struct answer_parts *p)
{
	uint8_t raw[16];
	p->cnonce_text = a->cnonce;
	if (a->cnonce.n)
		return;
	random_bytes(raw, sizeof(raw));
	struct writer w = writer_init(p->cnonce, sizeof(p->cnonce) - 1);
	writer_hex(&w, raw, sizeof(raw));
	p->cnonce_text = writer_result(&w);
}

int digest_answer_write(const struct digest_challenge *c, const struct digest_answer *a, struct writer *w)
{
	struct answer_parts p = {.qop = DIGEST_QOP_NONE};
	if (!answerable(c))
		return -ENOTSUP;
	if (!writable(a->user, "") || !writable(a->uri, "\"\\") || !writable(a->cnonce, "\"\\"))
		return -EINVAL;
	if (c->qop)
		p.qop = c->qop & DIGEST_QOP_AUTH ? DIGEST_QOP_AUTH : DIGEST_QOP_AUTH_INT;
	answer_cnonce(a, &p);
	struct writer nc = writer_init(p.nc, sizeof(p.nc));
	writer_fmt(&nc, "%08x", a->nc);
	int r = answer_compute(c, a, &p);
	if (r < 0)
		return r;
	writer_z(w, a->proxy ? "Proxy-Authorization: Digest username=" : "Authorization: Digest username=");
	digest_quote(w, a->user);
	write_raw(w, "realm", c->realm);
	write_raw(w, "nonce", c->nonce);
	write_raw(w, "uri", a->uri);
	write_raw(w, "response", str_z(p.response));
	writer_fmt(w, ", algorithm=%s", digest_algorithm_text(c->algorithm));
	if (p.qop != DIGEST_QOP_NONE || digest_is_session(c->algorithm))
		write_raw(w, "cnonce", p.cnonce_text);
	if (p.qop != DIGEST_QOP_NONE)
		writer_fmt(w, ", qop=%s, nc=%s", qop_text(p.qop), p.nc);
	if (c->has_opaque)
		write_raw(w, "opaque", c->opaque);
	writer_lit(w, "\r\n");
	return 0;
}
