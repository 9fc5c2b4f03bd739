/* SPDX-License-Identifier: Apache-2.0 */
/* The one named exception of the leak checker: realm, nonce and uri of digest headers that are relayed,
 * and the Request-URI where it is the uri of credentials in the same message. The values alone are passed over; the
 * rest of their lines is looked at. */
#include "sbc/border/leak_internal.h"
#include "sbc/sip/digest.h"
#include "sbc/sip/message_lines.h"

static const char *const headers[] = {"Authorization", "Proxy-Authorization", "WWW-Authenticate", "Proxy-Authenticate",
				      "Authentication-Info"};
#define N_CREDENTIALS 2 /* the first so many */
#define N_HEADERS     5

static bool line_next(struct leak_auth *it, struct str *ret)
{
	if (it->at >= it->head.n)
		return false;
	const char *p = it->head.p + it->at, *nl = memchr(p, '\n', it->head.n - it->at);
	size_t n = nl ? (size_t)(nl - p) : it->head.n - it->at;
	it->at += n + (nl != NULL);
	*ret = (struct str){p, n - (n && p[n - 1] == '\r')};
	return true;
}

static bool value_of(struct str line, unsigned n_headers, struct str *ret_value)
{
	struct str name;
	if (!field_split(line, &name, ret_value))
		return false;
	for (unsigned i = 0; i < n_headers; i++)
		if (str_eq_nocase(name, str_z(headers[i])))
			return true;
	return false;
}

static bool credentials_name(struct str head, size_t at, struct str uri)
{
	struct leak_auth it = {.head = head, .at = at};
	struct digest_credentials c;
	struct str line, value;
	while (line_next(&it, &line))
		if (value_of(line, N_CREDENTIALS, &value) && digest_credentials_parse(value, &c) == 0 &&
		    str_eq(c.uri, uri))
			return true;
	return false;
}

/* They have the Request-URI of their INVITE, and no credentials (RFC 3261 §9.1, §17.1.1.3). */
static bool follows_invite(struct str method)
{
	return str_eq(method, STR("ACK")) || str_eq(method, STR("CANCEL"));
}

struct leak_auth leak_auth_init(struct str head)
{
	struct leak_auth it = {.head = head};
	struct start_line s;
	struct str line;
	if (line_next(&it, &line) && start_line_split(line, &s) && s.request &&
	    (follows_invite(s.method) || credentials_name(head, it.at, s.uri)))
		it.ruri = s.uri;
	return it;
}

static bool excepted(struct str name)
{
	return str_eq_nocase(name, STR("realm")) || str_eq_nocase(name, STR("nonce")) ||
	       str_eq_nocase(name, STR("nextnonce")) || str_eq_nocase(name, STR("uri"));
}

static bool range(const struct leak_auth *it, struct str s, size_t *ret_start, size_t *ret_end)
{
	*ret_start = (size_t)(s.p - it->head.p);
	*ret_end = *ret_start + s.n;
	return true;
}

bool leak_auth_next(struct leak_auth *it, size_t *ret_start, size_t *ret_end)
{
	struct digest_param p;
	struct str line, value, ruri = it->ruri;
	it->ruri = STR_NONE;
	if (ruri.n)
		return range(it, ruri, ret_start, ret_end);
	for (;;) {
		while (digest_param_next(&it->params, &p) == 1)
			if (excepted(p.name))
				return range(it, p.value, ret_start, ret_end);
		it->params = STR_NONE;
		if (!line_next(it, &line))
			return false;
		if (value_of(line, N_HEADERS, &value)) {
			digest_scheme_cut(&value);
			it->params = value;
		}
	}
}
