/* SPDX-License-Identifier: Apache-2.0 */
/* message_cut: small cutters of slices for message_values.c and message_uri.c. */
#ifndef SBC_SIP_MESSAGE_CUT_H
#define SBC_SIP_MESSAGE_CUT_H

#include "sbc/sip/message_lines.h"
#include "sbc/sip/message_values.h"

/* Length of the quoted string at the start of s, quotes included (RFC 3261 §25.1); 0: it does not end. */
size_t quoted_length(struct str s);
/* Length of "[v6]" at the start of s, which begins with its '['; 0: it is no address of IPv6. */
size_t ipv6_length(struct str s);

static inline struct str skip(struct str s, size_t n)
{
	return n ? (struct str){s.p + n, s.n - n} : s; /* no sum with a NULL */
}

static inline struct str take(struct str s, size_t n)
{
	return (struct str){s.p, n};
}

static inline struct str skip_blanks(struct str s)
{
	if (!s.n || (uint8_t)s.p[0] > ' ') /* nearly always */
		return s;
	size_t i = 0;
	while (i < s.n && is_blank(s.p[i]))
		i++;
	return skip(s, i);
}

static inline struct str take_class(struct str *s, uint8_t cls)
{
	struct str out = take(*s, class_length(*s, cls));
	*s = skip(*s, out.n);
	return out;
}

static inline bool take_char(struct str *s, char c)
{
	struct str t = skip_blanks(*s);
	if (!t.n || t.p[0] != c)
		return false;
	*s = skip_blanks(skip(t, 1));
	return true;
}

/* ---- host and port ---- */

/* Digits, 1 to 65535. */
static inline bool port_take(struct str *s, uint16_t *ret)
{
	unsigned port = 0, d;
	size_t i = 0;
	for (; i < s->n && (d = (uint8_t)s->p[i] - (unsigned)'0') <= 9; i++)
		if ((port = port * 10 + d) > UINT16_MAX)
			return false;
	*s = skip(*s, i);
	*ret = (uint16_t)port;
	return port > 0;
}

static inline bool host_take(struct str *s, struct str *ret)
{
	const bool v6 = s->n && s->p[0] == '[';
	const size_t n = v6 ? ipv6_length(*s) : class_length(*s, CHAR_HOST);
	*ret = v6 && n ? take(skip(*s, 1), n - 2) : take(*s, n);
	*s = skip(*s, n);
	return n > 0;
}

/* "host", "host:port", "[v6]", "[v6]:port" at the start of *s; blanks around ':' are taken only when told. Without a
 * port it is 0. What is there is undefined when false. */
static inline bool hostport_take(struct str *s, bool blanks, struct str *ret_host, uint16_t *ret_port)
{
	*ret_port = 0;
	if (!host_take(s, ret_host))
		return false;
	const struct str after = blanks ? skip_blanks(*s) : *s;
	if (!after.n || after.p[0] != ':')
		return true;
	*s = skip(after, 1);
	if (blanks)
		*s = skip_blanks(*s);
	return port_take(s, ret_port);
}

/* ---- parameters of a header ---- */

/* Of one header value. sofia-sip keeps them in a table that it moves at every eighth. */
#define PARAMS_MAX 64

struct header_param {
	struct str name, value;
	bool token; /* the value is one */
};

/* A parameter's value is a token, a host or a quoted string (gen-value); in Via and from lax senders also an address
 * with colons, and '/' or '@' unquoted. false: a quote that does not end. */
static inline bool param_value_take(struct str *s, struct header_param *p)
{
	size_t token = 0, n;
	if (s->n && s->p[0] == '"') {
		n = quoted_length(*s);
		if (!n)
			return false;
	} else {
		token = class_length(*s, CHAR_TOKEN);
		n = token + class_length(skip(*s, token), CHAR_VALUE);
	}
	p->token = token == n;
	p->value = take(*s, n);
	*s = skip(*s, n);
	return true;
}

/* One well-formed parameter off *s, which starts after a ';', and the ';' after it. */
static inline bool param_take(struct str *s, struct header_param *ret)
{
	*s = skip_blanks(*s);
	*ret = (struct header_param){.name = take_class(s, CHAR_TOKEN)};
	if (!ret->name.n)
		return false;
	*s = skip_blanks(*s);
	if (s->n && s->p[0] == '=') {
		*s = skip_blanks(skip(*s, 1));
		if (!param_value_take(s, ret))
			return false;
		*s = skip_blanks(*s);
	}
	if (s->n && s->p[0] != ';')
		return false;
	*s = skip(*s, s->n ? 1 : 0);
	return true;
}

/* ";a;b=c" or nothing: what remains of a value after "uri>" or "host:port". Each parameter is given to fn, which may
 * refuse it. One empty parameter at the very end (";tag=x;") is common enough in service to be let through. Here, so
 * that fn is no call. */
static inline bool header_params_parse(struct str s, bool (*fn)(void *arg, const struct header_param *p), void *arg,
				       struct str *ret_params)
{
	s = skip_blanks(s);
	*ret_params = STR_NONE;
	if (!s.n)
		return true;
	if (s.p[0] != ';')
		return false;
	struct str left = skip(s, 1);
	struct header_param p;
	unsigned n = 0;
	*ret_params = str_trim(left);
	do {
		if (++n > PARAMS_MAX || !param_take(&left, &p) || !fn(arg, &p))
			return false;
	} while (skip_blanks(left).n);
	return true;
}

#endif
