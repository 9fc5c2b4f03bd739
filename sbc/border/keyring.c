/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/border/keyring.h"

#include <stdlib.h>

#include "base/list.h"
#include "sbc/sip/digest.h"
#include "sbc/sip/message_lines.h"

#define CHALLENGES_MAX 8 /* that are looked at in one response */
#define TIMES_MAX      2 /* that one request is answered for */

/* The last challenge of a peer by that header, as it had it. A proxy and the server behind it ask by one each, and both
 * want to be answered by one request (RFC 3261 §22.3). */
struct key {
	struct list node; /* the one used last first */
	bool proxy;
	uint32_t nc;
	size_t n;
	char *name;   /* behind value */
	char value[]; /* n bytes */
};

struct keyring {
	struct list keys;
	unsigned n;
};

struct keyring *keyring_create(void)
{
	struct keyring *k = calloc(1, sizeof(*k));
	if (k)
		list_init(&k->keys);
	return k;
}

static void forget(struct keyring *k, struct key *y)
{
	list_remove(&y->node);
	k->n--;
	free(y);
}

void keyring_destroy(struct keyring *k)
{
	if (!k)
		return;
	list_for_each_safe (n, &k->keys)
		forget(k, list_entry(n, struct key, node));
	free(k);
}

static struct key *find(struct keyring *k, const char *peer, bool proxy)
{
	list_for_each_safe (n, &k->keys) {
		struct key *y = list_entry(n, struct key, node);
		if (y->proxy == proxy && strcmp(y->name, peer) == 0)
			return y;
	}
	return NULL;
}

static void forget_of(struct keyring *k, const char *peer, bool proxy)
{
	struct key *y = k ? find(k, peer, proxy) : NULL;
	if (y)
		forget(k, y);
}

/* It was used nc times. Without memory the next request is challenged again. */
static void remember(struct keyring *k, const char *peer, bool proxy, struct str value, uint32_t nc)
{
	size_t n_name = strlen(peer) + 1;
	struct key *y;
	forget_of(k, peer, proxy);
	y = malloc(sizeof(*y) + value.n + n_name);
	if (!y)
		return;
	if (k->n == KEYRING_CHALLENGES) {
		struct key *last = NULL;
		list_for_each_safe (n, &k->keys)
			last = list_entry(n, struct key, node);
		forget(k, last);
	}
	*y = (struct key){.proxy = proxy, .nc = nc, .n = value.n};
	memcpy(y->value, value.p, value.n);
	y->name = y->value + value.n;
	memcpy(y->name, peer, n_name);
	list_prepend(&k->keys, &y->node);
	k->n++;
}

static bool has_credentials(const struct config_peer *p)
{
	return p && p->credentials.user && p->credentials.password;
}

static struct str realm_of(const struct config_peer *p)
{
	return p->credentials.realm ? str_z(p->credentials.realm) : STR_NONE;
}

struct asked {
	struct str method, ruri, body;
};

static bool write_line(const struct digest_challenge *c, const struct config_peer *p, bool proxy, uint32_t nc,
		       const struct asked *what, struct writer *w)
{
	return digest_answer_write(c,
				   &(struct digest_answer){.proxy = proxy,
							   .user = str_z(p->credentials.user),
							   .password = str_z(p->credentials.password),
							   .method = what->method,
							   .uri = what->ruri,
							   .body = what->body,
							   .nc = nc},
				   w) == 0;
}

static void write_known(struct keyring *k, const struct config_peer *p, bool proxy, const struct asked *what,
			struct writer *w)
{
	struct key *y = k ? find(k, p->name, proxy) : NULL;
	struct digest_challenge c;
	size_t index;
	if (!y)
		return;
	/* a reload may have named another realm since */
	if (digest_challenge_parse((struct str){y->value, y->n}, &c) < 0 ||
	    digest_choose(&c, 1, realm_of(p), &index) < 0 || y->nc == UINT32_MAX) {
		forget(k, y);
		return;
	}
	list_remove(&y->node);
	list_prepend(&k->keys, &y->node);
	write_line(&c, p, proxy, ++y->nc, what, w);
}

void keyring_write(struct keyring *k, const struct config_peer *p, struct str method, struct str ruri, struct str body,
		   struct writer *w)
{
	const struct asked what = {method, ruri, body};
	if (!has_credentials(p))
		return;
	write_known(k, p, true, &what, w);
	write_known(k, p, false, &what, w);
}

/* ---- a challenge ------------------------------------------------------------------------------------------------ */

static bool is_credentials(struct str name, bool proxy)
{
	return str_eq_nocase(name, proxy ? STR("Proxy-Authorization") : STR("Authorization"));
}

/* The nonce that the request carried for this realm (empty: for any); empty: none. */
static struct str nonce_sent(struct str sent, bool proxy, struct str realm)
{
	struct str line, name, value;
	struct digest_credentials c;
	while (sent_line_next(&sent, &line))
		if (field_split(line, &name, &value) && is_credentials(name, proxy) &&
		    digest_credentials_parse(value, &c) == 0 && (!realm.n || str_eq(c.realm, realm)))
			return c.nonce;
	return STR_NONE;
}

static bool find_challenge(const struct config_peer *p, const struct message *m, struct digest_challenge *ret,
			   struct str *ret_value)
{
	const struct str header = m->status == 407 ? STR("Proxy-Authenticate") : STR("WWW-Authenticate");
	struct digest_challenge v[CHALLENGES_MAX];
	struct str value[CHALLENGES_MAX], line;
	size_t n = 0, chosen;
	for (unsigned i = 0; n < CHALLENGES_MAX && message_header(m, header, i, &line); i++)
		if (digest_challenge_parse(line, &v[n]) == 0)
			value[n++] = line;
	if (digest_choose(v, n, realm_of(p), &chosen) < 0)
		return false;
	*ret = v[chosen];
	*ret_value = value[chosen];
	return true;
}

static struct asked asked_of(struct str sent)
{
	struct asked what = {STR_NONE, STR_NONE, STR_NONE};
	struct start_line s;
	struct str line;
	if (sent_line_next(&sent, &line) && start_line_split(line, &s)) {
		what.method = s.method;
		what.ruri = s.uri;
	}
	while (sent_line_next(&sent, &line))
		;
	what.body = sent;
	return what;
}

static bool send_again(struct client_txn **txn, uint32_t cseq, struct str line)
{
	struct client_txn *old = *txn, *again;
	int err;
	again = client_txn_again(old, cseq, line, &err);
	if (!again)
		return false;
	client_txn_detach(old);
	*txn = again;
	return true;
}

/* ---- the next nonce ---------------------------------------------------------------------------------------------- */

/* Empty: none, or it can be read in two ways. */
static struct str nextnonce_of(const struct message *m, bool proxy)
{
	struct str value, found = STR_NONE;
	struct digest_param p;
	unsigned n = 0;
	if (!message_header(m, proxy ? STR("Proxy-Authentication-Info") : STR("Authentication-Info"), 0, &value) ||
	    value.n > DIGEST_VALUE_MAX)
		return STR_NONE;
	while (digest_param_next(&value, &p) == 1) {
		if (++n > DIGEST_PARAMS_MAX || (found.p && str_eq_nocase(p.name, STR("nextnonce"))))
			return STR_NONE;
		if (str_eq_nocase(p.name, STR("nextnonce")))
			found = p.value;
	}
	return value.n ? STR_NONE : found;
}

/* A challenge with another nonce in it. false: it would be too long. */
static bool write_with_nonce(struct str value, struct str nonce, struct writer *w)
{
	struct digest_param p;
	writer_lit(w, "Digest nonce=\"");
	writer_str(w, nonce);
	writer_char(w, '"');
	digest_scheme_cut(&value);
	while (digest_param_next(&value, &p) == 1) {
		if (str_eq_nocase(p.name, STR("nonce")) || str_eq_nocase(p.name, STR("stale")))
			continue;
		writer_lit(w, ", ");
		writer_str(w, p.text);
	}
	return !w->overflow;
}

static void take_next(struct keyring *k, const struct config_peer *p, struct str sent, const struct message *m,
		      bool proxy)
{
	struct key *y = find(k, p->name, proxy);
	struct str next = y ? nextnonce_of(m, proxy) : STR_NONE;
	char buf[DIGEST_VALUE_MAX];
	struct writer w = writer_init(buf, sizeof(buf));
	struct digest_challenge c;
	if (!next.n || digest_challenge_parse((struct str){y->value, y->n}, &c) < 0 ||
	    !nonce_sent(sent, proxy, c.realm).n)
		return;
	/* of one that is used already the count goes on */
	if (!str_eq(next, c.nonce) && write_with_nonce((struct str){y->value, y->n}, next, &w))
		remember(k, p->name, proxy, writer_result(&w), 0);
}

void keyring_told(struct keyring *k, const struct config_peer *p, const struct client_txn *t, const struct message *m)
{
	const struct str sent = client_txn_sent(t);
	if (!k || !has_credentials(p) || !sent.n || m->status < 200 || m->status >= 300)
		return;
	take_next(k, p, sent, m, true);
	take_next(k, p, sent, m, false);
}

/* ---- answering --------------------------------------------------------------------------------------------------- */

/* RFC 3261 §22.1: what was just rejected is not sent again, unless the nonce alone was at fault. Credentials by a nonce
 * that an earlier request was given may be late without a word of it. */
static bool rejected(const struct client_txn *t, const struct digest_challenge *c, struct str used)
{
	return used.n && !c->stale && (client_txn_times(t) > 0 || str_eq(used, c->nonce));
}

enum keyring_verdict keyring_challenged(struct keyring *k, const struct config_peer *p, struct client_txn **txn,
					const struct message *m, uint32_t cseq)
{
	char buf[3 * DIGEST_VALUE_MAX];
	struct writer w = writer_init(buf, sizeof(buf));
	const bool proxy = m->status == 407;
	const struct str sent = client_txn_sent(*txn);
	const struct asked what = asked_of(sent);
	struct digest_challenge c;
	struct str value;
	keyring_told(k, p, *txn, m);
	if ((m->status != 401 && !proxy) || !has_credentials(p) || !sent.n || !find_challenge(p, m, &c, &value))
		return KEYRING_NOT_OURS;
	if (client_txn_times(*txn) >= TIMES_MAX || rejected(*txn, &c, nonce_sent(sent, proxy, c.realm))) {
		forget_of(k, p->name, proxy);
		return KEYRING_REFUSED;
	}
	if (!write_line(&c, p, proxy, 1, &what, &w))
		return KEYRING_NOT_OURS;
	if (nonce_sent(sent, !proxy, STR_NONE).n)
		write_known(k, p, !proxy, &what, &w);
	if (w.overflow)
		return KEYRING_NOT_OURS;
	if (k)
		remember(k, p->name, proxy, value, 1);
	return send_again(txn, cseq, writer_result(&w)) ? KEYRING_AGAIN : KEYRING_NOT_OURS;
}
