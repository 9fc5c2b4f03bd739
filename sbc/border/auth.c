/* SPDX-License-Identifier: Apache-2.0 */
/* Digest through the border: challenges and credentials cross where both ends say `auth: relay`, and by
 * nothing else. What crosses is by list here, too: the parameters that a verifier or a phone needs. `domain`, which
 * lists the verifier's URIs and means nothing to SIP (RFC 3261 §22.1), and whatever is not known stay. */
#include "sbc/border/internal.h"
#include "sbc/sip/digest.h"
#include "sbc/sip/message_values.h"

/* ---- who may ---------------------------------------------------------------------------------------------------- */

bool auth_end_relays(const struct config *c, unsigned network, int peer)
{
	if (peer >= 0)
		return (size_t)peer < c->n_peers && c->peers[peer].auth == CONFIG_AUTH_RELAY;
	return network < c->n_networks && c->networks[network].auth == CONFIG_AUTH_RELAY;
}

bool headers_relay_auth(const struct message *m, const struct crossing *x)
{
	return auth_end_relays(x->config, m->source.network, x->from_peer) &&
	       auth_end_relays(x->config, x->to_network, x->to_peer);
}

/* ---- what may --------------------------------------------------------------------------------------------------- */

enum { IN_CHALLENGE = 1, IN_CREDENTIALS = 2, IN_INFO = 4 };
static const struct {
	const char *name;
	unsigned in;
} params[] = {
	{"username", IN_CREDENTIALS},
	{"username*", IN_CREDENTIALS},
	{"realm", IN_CHALLENGE | IN_CREDENTIALS},
	{"nonce", IN_CHALLENGE | IN_CREDENTIALS},
	{"uri", IN_CREDENTIALS},
	{"response", IN_CREDENTIALS},
	{"algorithm", IN_CHALLENGE | IN_CREDENTIALS},
	{"cnonce", IN_CREDENTIALS | IN_INFO},
	{"opaque", IN_CHALLENGE | IN_CREDENTIALS},
	{"qop", IN_CHALLENGE | IN_CREDENTIALS | IN_INFO},
	{"nc", IN_CREDENTIALS | IN_INFO},
	{"userhash", IN_CHALLENGE | IN_CREDENTIALS},
	{"charset", IN_CHALLENGE},
	{"stale", IN_CHALLENGE},
	{"nextnonce", IN_INFO},
	{"rspauth", IN_INFO},
};

static bool param_crosses(struct str name, unsigned in)
{
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		if (str_eq_nocase(name, str_z(params[i].name)))
			return params[i].in & in;
	return false;
}

static bool info_well_formed(struct str value)
{
	struct digest_param p;
	unsigned n = 0;
	bool any = false;
	int r;
	while ((r = digest_param_next(&value, &p)) == 1) {
		if (++n > DIGEST_PARAMS_MAX)
			return false;
		any |= param_crosses(p.name, IN_INFO);
	}
	return r == 0 && any;
}

/* Which kind of value a header holds; 0: another header, or a value of it that is no Digest or not well formed. */
static unsigned kind_of(struct str name, struct str value)
{
	struct digest_challenge c;
	struct digest_credentials k;
	if (str_eq_nocase(name, STR("WWW-Authenticate")) || str_eq_nocase(name, STR("Proxy-Authenticate")))
		return digest_challenge_parse(value, &c) == 0 ? IN_CHALLENGE : 0;
	if (str_eq_nocase(name, STR("Authorization")) || str_eq_nocase(name, STR("Proxy-Authorization")))
		return digest_credentials_parse(value, &k) == 0 ? IN_CREDENTIALS : 0;
	return value.n <= DIGEST_VALUE_MAX && info_well_formed(value) ? IN_INFO : 0;
}

void auth_write(struct writer *w, struct str name, struct str value)
{
	const unsigned in = kind_of(name, value);
	struct digest_param p;
	bool first = true;
	if (!in || !value_clean(value))
		return;
	writer_str(w, name);
	writer_z(w, in == IN_INFO ? ": " : ": Digest ");
	if (in != IN_INFO)
		digest_scheme_cut(&value);
	while (digest_param_next(&value, &p) == 1) {
		if (!param_crosses(p.name, in))
			continue;
		writer_z(w, first ? "" : ", ");
		writer_str(w, p.text);
		first = false;
	}
	writer_lit(w, "\r\n");
}

/* ---- the Request-URI -------------------------------------------------------------------------------------------- */

#define AUTH_URI_MAX 1024

static bool same_user(const struct uri *u, struct str user)
{
	char buf[2][USER_PLAIN_MAX];
	struct str a, b;
	bool phone = uri_is_phone(u);
	return user_plain(u->user, phone, buf[0], sizeof(buf[0]), &a) &&
	       user_plain(user, phone, buf[1], sizeof(buf[1]), &b) && str_eq(a, b);
}

static bool host_of_peer(const struct config_peer *p, struct str host)
{
	for (size_t i = 0; i < p->n_targets; i++)
		if (str_eq_nocase(host, str_z(p->targets[i].host)))
			return true;
	for (size_t i = 0; i < p->hosts.n; i++)
		if (str_eq_nocase(host, str_z(p->hosts.v[i])))
			return true;
	return p->domain && str_eq_nocase(host, str_z(p->domain));
}

static bool host_of_network(const struct config_network *n, struct str host)
{
	struct addr a;
	if (n->realm && str_eq_nocase(host, str_z(n->realm)))
		return true;
	if (!addr_parse(host, 0, &a))
		return false;
	for (size_t i = 0; i < n->n_listen; i++)
		if (addr_equal_host(&a, &n->listen[i].addr))
			return true;
	return addr_is_set(&n->advertise) && addr_equal_host(&a, &n->advertise);
}

/* A proxy that has seen good credentials may send the request on to whatever host its URI names. So that host is one
 * that we or the verifier go by: its realm, which it checks, or what the configuration calls either side. */
static bool host_expected(const struct message *m, const struct crossing *x, const struct digest_credentials *c,
			  struct str host)
{
	return str_eq_nocase(host, c->realm) || host_of_network(&x->config->networks[m->source.network], host) ||
	       (x->to_peer >= 0 && host_of_peer(&x->config->peers[x->to_peer], host));
}

static bool uri_usable(const struct message *m, const struct crossing *x, const struct digest_credentials *c,
		       struct str user)
{
	struct str text = c->uri;
	struct uri u;
	return text.n <= AUTH_URI_MAX && !memchr(text.p, '\\', text.n) && value_clean(text) && uri_parse(text, &u) &&
	       (u.sip || u.sips) && !uri_has_headers(&u) && same_user(&u, user) && host_expected(m, x, c, u.host);
}

bool headers_write_auth_ruri(const struct message *m, const struct crossing *x, struct str user, struct writer *w)
{
	static const char *const names[] = {"Proxy-Authorization", "Authorization"};
	if (!m->request || !headers_relay_auth(m, x))
		return false;
	for (size_t i = 0; i < 2; i++) {
		struct digest_credentials c;
		struct str value;
		for (unsigned n = 0; message_header(m, str_z(names[i]), n, &value); n++)
			if (digest_credentials_parse(value, &c) == 0 && uri_usable(m, x, &c, user)) {
				writer_str(w, c.uri);
				return true;
			}
	}
	return false;
}
