/* SPDX-License-Identifier: Apache-2.0 */
/* The decision about credentials. Its order is what makes it safe: first what costs nothing and tells nothing (form,
 * realm, what was offered, the Request-URI), then the nonce, which proves that who sends here also hears us here, then
 * the locks, then the password, and last the nonce's count, which only the right password may use up. */
#include "sbc/border/challenge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/border/challenge_internal.h"
#include "sbc/border/internal.h"

struct challenge_state {
	uint8_t key[NONCE_KEY_BYTES];
	char nobody[DIGEST_HEX_MAX + 1]; /* the HA1 of accounts that do not exist */
	struct nonce_counts *nonces;
	struct lock_table *locks;
	struct challenge_count count;
};

int challenge_state_create(struct str secret, const struct config_limits *limits, uint64_t now_ms,
			   struct challenge_state **ret)
{
	struct challenge_state *s = calloc(1, sizeof(*s));
	uint8_t nobody[DIGEST_HEX_MAX / 2];
	if (!s)
		return -ENOMEM;
	random_bytes(nobody, sizeof(nobody));
	struct writer w = writer_init(s->nobody, DIGEST_HEX_MAX);
	writer_hex(&w, nobody, sizeof(nobody));
	int r = nonce_key_derive(secret, s->key);
	if (r < 0)
		goto fail;
	r = -ENOMEM;
	s->nonces = nonce_counts_create(limits->nonces, now_ms);
	s->locks = lock_table_create(limits->lockouts);
	if (!s->nonces || !s->locks)
		goto fail;
	*ret = s;
	return 0;
fail:
	challenge_state_destroy(s);
	return r;
}

void challenge_state_destroy(struct challenge_state *s)
{
	if (!s)
		return;
	nonce_counts_destroy(s->nonces);
	lock_table_destroy(s->locks);
	explicit_bzero(s, sizeof(*s));
	free(s);
}

const char *challenge_verdict_text(enum challenge_verdict v)
{
	switch (v) {
	case CHALLENGE_OK:
		return "right credentials";
	case CHALLENGE_NEEDED:
		return "no credentials";
	case CHALLENGE_STALE:
		return "stale nonce";
	case CHALLENGE_FORBIDDEN:
		return "wrong credentials";
	case CHALLENGE_LOCKED:
		return "locked";
	case CHALLENGE_ERROR:
		return "cannot check credentials";
	}
	return "?";
}

void challenge_counters(struct challenge_state *s, struct challenge_counters *ret)
{
#define X(name, text) ret->name = atomic_load_explicit(&s->count.name, memory_order_relaxed);
	CHALLENGE_COUNTERS(X)
#undef X
}

/* ---- the Request-URI -------------------------------------------------------------------------------------------- */

static uint16_t port_of(const struct uri *u)
{
	return u->port ? u->port : u->sips ? 5061 : 5060;
}

static bool same_user(struct str a, struct str b)
{
	char plain_a[ACCOUNT_NAME_MAX + 1], plain_b[ACCOUNT_NAME_MAX + 1];
	struct str x, y;
	if (str_eq(a, b))
		return true;
	return user_text(a, plain_a, sizeof(plain_a), &x) && user_text(b, plain_b, sizeof(plain_b), &y) && str_eq(x, y);
}

bool challenge_uri_fits(struct str uri, const struct uri *ruri)
{
	struct uri u;
	if (digest_same(uri, ruri->text))
		return true;
	if (!(ruri->sip || ruri->sips) || !uri_parse(uri, &u) || u.sip != ruri->sip || u.sips != ruri->sips)
		return false;
	return same_user(u.user, ruri->user) && str_eq_nocase(u.host, ruri->host) && port_of(&u) == port_of(ruri);
}

/* ---- checking --------------------------------------------------------------------------------------------------- */

static enum challenge_verdict refuse(_Atomic uint64_t *count, enum challenge_verdict v)
{
	challenge_count_up(count);
	return v;
}

/* No verdict yet: CHALLENGE_OK. */
static enum challenge_verdict check_form(struct challenge_state *s, const struct accounts *accounts,
					 const struct challenge_request *r, struct digest_credentials *ret)
{
	if (!r->credentials.n)
		return refuse(&s->count.needed, CHALLENGE_NEEDED);
	int e = digest_credentials_parse(r->credentials, ret);
	if (e == -ENOTSUP || (e == 0 && !digest_same(ret->realm, r->facts.realm)))
		return refuse(&s->count.needed, CHALLENGE_NEEDED);
	/* a count of 0 is none; without qop (RFC 2069) a nonce is good once */
	if (e < 0 || ret->algorithm == DIGEST_UNKNOWN || (ret->qop_given && (!ret->qop || !ret->nc)) ||
	    !accounts_all_have(accounts, r->facts.realm, ret->algorithm) || !challenge_uri_fits(ret->uri, r->ruri))
		return refuse(&s->count.malformed, CHALLENGE_FORBIDDEN);
	if (!ret->qop_given)
		ret->nc = UINT32_MAX;
	return CHALLENGE_OK;
}

static enum challenge_verdict check_nonce(struct challenge_state *s, const struct config_accounts *settings,
					  const struct challenge_request *r, const struct digest_credentials *c,
					  struct nonce *ret)
{
	switch (nonce_read(s->key, c->nonce, &r->facts, settings->nonce_ms, ret)) {
	case NONCE_GOOD:
		return CHALLENGE_OK;
	case NONCE_FOREIGN:
		return refuse(&s->count.nonce_foreign, CHALLENGE_STALE);
	case NONCE_EXPIRED:
		return refuse(&s->count.nonce_expired, CHALLENGE_STALE);
	case NONCE_FUTURE:
		return refuse(&s->count.nonce_future, CHALLENGE_STALE);
	case NONCE_ERROR:
		break;
	}
	return refuse(&s->count.errors, CHALLENGE_ERROR);
}

/* 1: right, 0: wrong, -EIO. Who does not exist has a HA1 that nobody knows, and costs the same. */
static int check_password(const struct challenge_state *s, const struct accounts *accounts,
			  const struct challenge_request *r, const struct digest_credentials *c, struct str user)
{
	char ha1[DIGEST_HEX_MAX + 1], want[DIGEST_HEX_MAX + 1];
	memcpy(ha1, s->nobody, sizeof(ha1));
	ha1[digest_hex_len(c->algorithm)] = '\0';
	bool known = accounts_ha1(accounts, user, r->facts.realm, c->algorithm, ha1);
	const struct digest_input in = {
		.algorithm = c->algorithm,
		.qop = c->qop,
		.ha1 = str_z(ha1),
		.nonce = c->nonce,
		.cnonce = c->cnonce,
		.nc_text = c->nc_text,
		.method = r->method,
		.uri = c->uri,
		.body = r->body,
	};
	int e = digest_response(&in, want);
	explicit_bzero(ha1, sizeof(ha1));
	if (e < 0)
		return e;
	bool same = digest_response_equal(c->response, want, digest_hex_len(c->algorithm));
	explicit_bzero(want, sizeof(want));
	return same & known & !c->userhash;
}

static enum challenge_verdict wrong(struct challenge_state *s, const struct config_accounts *settings,
				    const struct lock_keys *keys, uint64_t now_ms)
{
	unsigned forgotten, locked = lock_failed(s->locks, keys, settings, now_ms, &forgotten);
	atomic_fetch_add_explicit(&s->count.lockouts, locked, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->count.lockouts_forgotten, forgotten, memory_order_relaxed);
	return refuse(&s->count.forbidden, CHALLENGE_FORBIDDEN);
}

static enum challenge_verdict right(struct challenge_state *s, const struct lock_keys *keys, const struct nonce *nonce,
				    uint32_t nc)
{
	switch (nonce_use(s->nonces, nonce, nc)) {
	case NONCE_FRESH:
		break;
	case NONCE_REPLAYED:
		return refuse(&s->count.nonce_replayed, CHALLENGE_STALE);
	case NONCE_FORGOTTEN:
		return refuse(&s->count.nonce_forgotten, CHALLENGE_STALE);
	}
	lock_worked(s->locks, keys);
	return refuse(&s->count.ok, CHALLENGE_OK);
}

enum challenge_verdict challenge_glance(struct challenge_state *s, const struct config_accounts *settings,
					const struct accounts *accounts, const struct challenge_request *r)
{
	struct digest_credentials c;
	struct nonce nonce;
	enum challenge_verdict v = check_form(s, accounts, r, &c);
	return v == CHALLENGE_OK ? check_nonce(s, settings, r, &c, &nonce) : v;
}

enum challenge_verdict challenge_check(struct challenge_state *s, const struct config_accounts *settings,
				       const struct accounts *accounts, const struct challenge_request *r,
				       char ret_user[ACCOUNT_NAME_MAX + 1])
{
	char name[ACCOUNT_NAME_MAX];
	struct digest_credentials c;
	struct nonce nonce;
	struct str user;
	enum challenge_verdict v = check_form(s, accounts, r, &c);
	if (v == CHALLENGE_OK && !digest_unquote(c.username, name, sizeof(name), &user))
		v = refuse(&s->count.malformed, CHALLENGE_FORBIDDEN); /* longer than any account's */
	if (v == CHALLENGE_OK)
		v = check_nonce(s, settings, r, &c, &nonce);
	if (v != CHALLENGE_OK)
		return v;
	const struct lock_keys keys = lock_keys_of(s->locks, &r->facts, user);
	if (lock_held(s->locks, &keys, settings, r->facts.now_ms))
		return refuse(&s->count.locked, CHALLENGE_LOCKED);
	int e = check_password(s, accounts, r, &c, user);
	if (e < 0)
		return refuse(&s->count.errors, CHALLENGE_ERROR);
	if (e == 0)
		return wrong(s, settings, &keys, r->facts.now_ms);
	v = right(s, &keys, &nonce, c.nc);
	if (v != CHALLENGE_OK)
		return v;
	memcpy(ret_user, user.p, user.n);
	ret_user[user.n] = '\0';
	return v;
}

/* ---- challenging ------------------------------------------------------------------------------------------------ */

int challenge_write(struct challenge_state *s, const struct accounts *accounts, const struct challenge_facts *facts,
		    bool proxy, bool stale, struct writer *w)
{
	static const enum digest_algorithm offers[] = {DIGEST_SHA256, DIGEST_MD5};
	char nonce[NONCE_HEX + 1];
	int r = nonce_mint(s->key, facts, nonce);
	if (r < 0) {
		challenge_count_up(&s->count.errors);
		return r;
	}
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		if (!accounts_all_have(accounts, facts->realm, offers[i]))
			continue;
		writer_z(w, proxy ? "Proxy-Authenticate: Digest realm=" : "WWW-Authenticate: Digest realm=");
		digest_quote(w, facts->realm);
		writer_fmt(w, ", nonce=\"%s\", algorithm=%s, qop=\"auth\"%s\r\n", nonce,
			   digest_algorithm_text(offers[i]), stale ? ", stale=true" : "");
	}
	return 0;
}
