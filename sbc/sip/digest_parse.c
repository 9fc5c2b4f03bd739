/* SPDX-License-Identifier: Apache-2.0 */
/* Challenges and credentials from header values. Quoted strings are cut here and nowhere looked into; who needs the
 * text unescapes it. A parameter that comes twice is refused whatever it is: two readers would take different ones. */
#include <errno.h>

#include "sbc/sip/digest.h"
#include "sbc/sip/message.h"
#include "sbc/sip/message_cut.h"

/* ---- parameters ------------------------------------------------------------------------------------------------- */

/* CR and LF are blanks when a fold was kept; elsewhere, and any other control, no reader agrees with the next. */
static bool printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((uint8_t)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool value_take(struct str *s, struct str *ret)
{
	if (s->n && s->p[0] == '"') {
		size_t n = quoted_length(*s);
		if (!n)
			return false;
		*ret = (struct str){s->p + 1, n - 2};
		*s = skip(*s, n);
		return printable(*ret);
	}
	/* a token; some send uri, nonce or response without quotes: whatever cannot be taken for something else */
	size_t n = 0;
	while (n < s->n && s->p[n] != ',' && s->p[n] != '"' && s->p[n] != '\\' && (uint8_t)s->p[n] > 0x20 &&
	       s->p[n] != 0x7f)
		n++;
	*ret = take(*s, n);
	*s = skip(*s, n);
	return n > 0;
}

int digest_param_next(struct str *params, struct digest_param *ret)
{
	struct str s = skip_blanks(*params);
	while (s.n && s.p[0] == ',')
		s = skip_blanks(skip(s, 1));
	*params = s;
	if (!s.n)
		return 0;
	struct digest_param p = {.name = take_class(&s, CHAR_TOKEN)};
	if (!p.name.n || !take_char(&s, '=') || !value_take(&s, &p.value))
		return -EINVAL;
	p.text = take(*params, (size_t)(s.p - params->p));
	s = skip_blanks(s);
	if (s.n && s.p[0] != ',')
		return -EINVAL;
	*params = s;
	*ret = p;
	return 1;
}

bool digest_scheme_cut(struct str *value)
{
	struct str s = skip_blanks(*value);
	if (!str_starts_nocase(s, STR("Digest")) || (s.n > 6 && !is_blank(s.p[6])))
		return false;
	*value = skip_blanks(skip(s, 6));
	return true;
}

/* ---- which parameter is which ----------------------------------------------------------------------------------- */

#define PARAMS(X)                                                                                                      \
	X(REALM, "realm")                                                                                              \
	X(NONCE, "nonce")                                                                                              \
	X(OPAQUE, "opaque")                                                                                            \
	X(DOMAIN, "domain")                                                                                            \
	X(STALE, "stale")                                                                                              \
	X(ALGORITHM, "algorithm")                                                                                      \
	X(QOP, "qop")                                                                                                  \
	X(USERHASH, "userhash")                                                                                        \
	X(USERNAME, "username")                                                                                        \
	X(URI, "uri")                                                                                                  \
	X(RESPONSE, "response")                                                                                        \
	X(CNONCE, "cnonce")                                                                                            \
	X(NC, "nc")

enum param_id {
#define X(id, text) PARAM_##id,
	PARAMS(X)
#undef X
		PARAM_IDS
};

static const char *const param_names[] = {
#define X(id, text) text,
	PARAMS(X)
#undef X
};

/* All values by their meaning; p == NULL: not given. */
struct values {
	struct str v[PARAM_IDS];
};

static bool names_it_again(const struct str *seen, unsigned n, struct str name)
{
	for (unsigned i = 0; i < n; i++)
		if (str_eq_nocase(seen[i], name))
			return true;
	return false;
}

static int values_of(struct str value, struct values *ret)
{
	struct str seen[DIGEST_PARAMS_MAX];
	struct digest_param p;
	unsigned n = 0;
	int r;
	if (!digest_scheme_cut(&value))
		return -ENOTSUP;
	if (value.n > DIGEST_VALUE_MAX)
		return -EINVAL;
	*ret = (struct values){0};
	while ((r = digest_param_next(&value, &p)) == 1) {
		if (n == DIGEST_PARAMS_MAX || names_it_again(seen, n, p.name))
			return -EINVAL;
		seen[n++] = p.name;
		for (unsigned id = 0; id < PARAM_IDS; id++)
			if (str_eq_nocase(p.name, str_z(param_names[id])))
				ret->v[id] = p.value;
	}
	return r;
}

static bool given(const struct values *v, enum param_id id)
{
	return v->v[id].p != NULL;
}

static bool is_true(const struct values *v, enum param_id id)
{
	return str_eq_nocase(v->v[id], STR("true"));
}

static enum digest_algorithm algorithm_of(const struct values *v)
{
	return given(v, PARAM_ALGORITHM) ? digest_algorithm_of(v->v[PARAM_ALGORITHM]) : DIGEST_MD5;
}

static enum digest_qop qop_of(struct str name)
{
	if (str_eq_nocase(name, STR("auth")))
		return DIGEST_QOP_AUTH;
	return str_eq_nocase(name, STR("auth-int")) ? DIGEST_QOP_AUTH_INT : DIGEST_QOP_NONE;
}

/* ---- challenges ------------------------------------------------------------------------------------------------- */

int digest_challenge_parse(struct str value, struct digest_challenge *ret)
{
	struct values v;
	int r = values_of(value, &v);
	if (r < 0)
		return r;
	if (!given(&v, PARAM_REALM) || !v.v[PARAM_NONCE].n)
		return -EINVAL;
	struct digest_challenge c = {
		.realm = v.v[PARAM_REALM],
		.nonce = v.v[PARAM_NONCE],
		.opaque = v.v[PARAM_OPAQUE],
		.domain = v.v[PARAM_DOMAIN],
		.has_opaque = given(&v, PARAM_OPAQUE),
		.stale = is_true(&v, PARAM_STALE),
		.userhash = is_true(&v, PARAM_USERHASH),
		.algorithm = algorithm_of(&v),
		.qop_given = given(&v, PARAM_QOP),
	};
	for (struct str list = v.v[PARAM_QOP]; list.n;)
		c.qop |= qop_of(str_trim(str_cut(&list, ',')));
	*ret = c;
	return 0;
}

/* ---- credentials ------------------------------------------------------------------------------------------------ */

static bool all_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (str_hex_digit(s.p[i]) < 0)
			return false;
	return s.n > 0;
}

/* RFC 7616 §3.4: nc-value = 8LHEX */
static bool count_parse(struct str s, uint32_t *ret)
{
	uint32_t v = 0;
	if (s.n != 8 || !all_hex(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		v = v << 4 | (uint32_t)str_hex_digit(s.p[i]);
	*ret = v;
	return true;
}

static bool complete(const struct values *v, const struct digest_credentials *c)
{
	if (!given(v, PARAM_USERNAME) || !given(v, PARAM_REALM) || !c->nonce.n || !c->uri.n || !all_hex(c->response))
		return false;
	if (c->algorithm != DIGEST_UNKNOWN && c->response.n != digest_hex_len(c->algorithm))
		return false;
	if (digest_is_session(c->algorithm) && !c->cnonce.n)
		return false;
	return !c->qop_given || (c->cnonce.n && c->nc_text.n);
}

int digest_credentials_parse(struct str value, struct digest_credentials *ret)
{
	struct values v;
	int r = values_of(value, &v);
	if (r < 0)
		return r;
	struct digest_credentials c = {
		.username = v.v[PARAM_USERNAME],
		.realm = v.v[PARAM_REALM],
		.nonce = v.v[PARAM_NONCE],
		.uri = v.v[PARAM_URI],
		.response = v.v[PARAM_RESPONSE],
		.cnonce = v.v[PARAM_CNONCE],
		.opaque = v.v[PARAM_OPAQUE],
		.algorithm = algorithm_of(&v),
		.qop_given = given(&v, PARAM_QOP),
		.qop = qop_of(v.v[PARAM_QOP]),
		.nc_text = v.v[PARAM_NC],
		.userhash = is_true(&v, PARAM_USERHASH),
	};
	if (given(&v, PARAM_NC) && !count_parse(c.nc_text, &c.nc))
		return -EINVAL;
	if (!complete(&v, &c))
		return -EINVAL;
	*ret = c;
	return 0;
}

/* ---- escapes ---------------------------------------------------------------------------------------------------- */

bool digest_unquote(struct str raw, char *buf, size_t cap, struct str *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n)
			i++;
		if (n == cap)
			return false;
		buf[n++] = raw.p[i];
	}
	*ret = (struct str){buf, n};
	return true;
}

bool digest_same(struct str raw, struct str plain)
{
	size_t n = 0;
	for (size_t i = 0; i < raw.n; i++, n++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n)
			i++;
		if (n == plain.n || raw.p[i] != plain.p[n])
			return false;
	}
	return n == plain.n;
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

size_t digest_challenges_of(const struct message *m, struct digest_challenge *v, size_t max)
{
	const struct str name = m->status == 407 ? STR("Proxy-Authenticate") : STR("WWW-Authenticate");
	struct str value;
	size_t n = 0;
	for (unsigned i = 0; n < max && message_header(m, name, i, &value); i++)
		n += digest_challenge_parse(value, &v[n]) == 0;
	return n;
}

bool digest_credentials_line(const struct message *m, bool proxy, struct str realm, struct str *ret_value)
{
	const struct str name = proxy ? STR("Proxy-Authorization") : STR("Authorization");
	struct str value, broken = STR_NONE;
	for (unsigned i = 0; message_header(m, name, i, &value); i++) {
		struct digest_credentials c;
		int r = digest_credentials_parse(value, &c);
		if (r == 0 && digest_same(c.realm, realm)) {
			*ret_value = value;
			return true;
		}
		if (r == -EINVAL && !broken.n)
			broken = value;
	}
	if (!broken.n)
		return false;
	*ret_value = broken;
	return true;
}
