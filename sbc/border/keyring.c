/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/border/keyring.h"

#include <stdlib.h>

#include "base/list.h"
#include "sbc/sip/digest.h"
#include "sbc/sip/message_lines.h"

#define CHALLENGES_MAX 8 /* that are looked at in one response */
#define TIMES_MAX      2 /* that one request is answered for */

/* One peer's last challenge, as its header had it. */
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

static struct key *find(struct keyring *k, const char *peer)
{
	list_for_each_safe (n, &k->keys) {
		struct key *y = list_entry(n, struct key, node);
		if (strcmp(y->name, peer) == 0)
			return y;
	}
	return NULL;
}

/* Without memory the next request is challenged again. */
static struct key *remember(struct keyring *k, const char *peer, bool proxy, struct str value)
{
	struct key *old = find(k, peer), *y;
	size_t n_name = strlen(peer) + 1;
	if (old)
		forget(k, old);
	y = malloc(sizeof(*y) + value.n + n_name);
	if (!y)
		return NULL;
	if (k->n == KEYRING_PEERS) {
		struct key *last = NULL;
		list_for_each_safe (n, &k->keys)
			last = list_entry(n, struct key, node);
		forget(k, last);
	}
	*y = (struct key){.proxy = proxy, .n = value.n};
	memcpy(y->value, value.p, value.n);
	y->name = y->value + value.n;
	memcpy(y->name, peer, n_name);
	list_prepend(&k->keys, &y->node);
	k->n++;
	return y;
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

void keyring_write(struct keyring *k, const struct config_peer *p, struct str method, struct str ruri, struct str body,
		   struct writer *w)
{
	const struct asked what = {method, ruri, body};
	struct digest_challenge c;
	struct key *y;
	size_t index;
	if (!k || !has_credentials(p) || !(y = find(k, p->name)))
		return;
	/* a reload may have named another realm since */
	if (digest_challenge_parse((struct str){y->value, y->n}, &c) < 0 ||
	    digest_choose(&c, 1, realm_of(p), &index) < 0 || y->nc == UINT32_MAX) {
		forget(k, y);
		return;
	}
	list_remove(&y->node);
	list_prepend(&k->keys, &y->node);
	write_line(&c, p, y->proxy, ++y->nc, &what, w);
}

/* ---- a challenge ------------------------------------------------------------------------------------------------ */

static bool is_credentials(struct str name, bool proxy)
{
	return str_eq_nocase(name, proxy ? STR("Proxy-Authorization") : STR("Authorization"));
}

/* The nonce that the request carried for this realm; empty: none. */
static struct str nonce_sent(struct str sent, bool proxy, struct str realm)
{
	struct str line, name, value;
	struct digest_credentials c;
	while (sent_line_next(&sent, &line))
		if (field_split(line, &name, &value) && is_credentials(name, proxy) &&
		    digest_credentials_parse(value, &c) == 0 && str_eq(c.realm, realm))
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

enum keyring_verdict keyring_challenged(struct keyring *k, const struct config_peer *p, struct client_txn **txn,
					const struct message *m, uint32_t cseq)
{
	char buf[2 * DIGEST_VALUE_MAX];
	struct writer w = writer_init(buf, sizeof(buf));
	const bool proxy = m->status == 407;
	const struct str sent = client_txn_sent(*txn);
	const struct asked what = asked_of(sent);
	struct digest_challenge c;
	struct str value, used;
	struct key *y;
	if ((m->status != 401 && !proxy) || !has_credentials(p) || !sent.n || !find_challenge(p, m, &c, &value))
		return KEYRING_NOT_OURS;
	used = nonce_sent(sent, proxy, c.realm);
	if (client_txn_times(*txn) >= TIMES_MAX || (used.n && str_eq(used, c.nonce) && !c.stale)) {
		y = k ? find(k, p->name) : NULL;
		if (y)
			forget(k, y);
		return KEYRING_REFUSED;
	}
	if (!write_line(&c, p, proxy, 1, &what, &w) || w.overflow)
		return KEYRING_NOT_OURS;
	y = k ? remember(k, p->name, proxy, value) : NULL;
	if (y)
		y->nc = 1;
	return send_again(txn, cseq, writer_result(&w)) ? KEYRING_AGAIN : KEYRING_NOT_OURS;
}
