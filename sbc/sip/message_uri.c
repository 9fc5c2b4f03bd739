/* SPDX-License-Identifier: Apache-2.0 */
/* URIs (RFC 3261 §19.1, RFC 3966) and name-addrs (§20.10). */
#include "sbc/sip/message_cut.h"

size_t ipv6_length(struct str s)
{
	size_t end = str_find(s, ']');
	struct str host = skip(take(s, end), 1);
	struct addr a;
	return end < s.n && addr_parse(host, 0, &a) && str_find(host, ':') < host.n ? end + 1 : 0;
}

/* ---- URI --------------------------------------------------------------------------------------------------------- */

static size_t scheme_length(struct str s)
{
	size_t i = class_length(s, CHAR_SCHEME);
	bool letter = s.n && ((uint8_t)(s.p[0] | 0x20) - (unsigned)'a') < 26;
	return letter && i < s.n && s.p[i] == ':' ? i : 0;
}

/* "user[:password]@" at the start of *s, if it is there. User parts may hold ';', '?' and '/' (RFC 3261 §25.1
 * user-unreserved), so the first '@' decides. */
static bool user_take(struct str *s, struct str *ret)
{
	struct str user = take(*s, class_length(*s, CHAR_USER));
	size_t at = user.n;
	if (at == s->n)
		return true;
	if (s->p[at] != '@') { /* a password, or no user part, or what may not be in one */
		at = str_find(*s, '@');
		if (at == s->n)
			return true;
		if (!str_all(take(*s, at), CHAR_URI))
			return false;
	}
	*ret = user;
	*s = skip(*s, at + 1);
	return user.n > 0;
}

/* After "sip:": [user[:password]@]host[:port][;params][?headers]. */
static bool sip_uri_parse(struct str rest, struct uri *u)
{
	if (!user_take(&rest, &u->user) || !hostport_take(&rest, false, &u->host, &u->port))
		return false;
	if (!rest.n)
		return true;
	if (!str_all(rest, CHAR_URI))
		return false;
	if (rest.p[0] == ';') {
		u->params = take(skip(rest, 1), str_find(skip(rest, 1), '?'));
		return true;
	}
	return rest.p[0] == '?';
}

/* *ret is undefined when false. Each member is set by itself: clearing them all first costs more. */
static bool uri_read(struct str text, struct uri *ret)
{
	const bool sip = str_starts(text, STR("sip:")); /* as nearly always */
	const size_t n = sip ? 3 : scheme_length(text);
	if (!n || n + 1 == text.n)
		return false;
	struct str rest = skip(text, n + 1);
	ret->text = text;
	ret->scheme = take(text, n);
	ret->user = ret->host = ret->params = STR_NONE;
	ret->port = 0;
	ret->sip = sip || str_eq_nocase(ret->scheme, STR("sip"));
	ret->sips = !sip && str_eq_nocase(ret->scheme, STR("sips"));
	ret->tel = !sip && str_eq_nocase(ret->scheme, STR("tel"));
	if (ret->sip || ret->sips)
		return sip_uri_parse(rest, ret);
	if (!str_all(rest, CHAR_URI))
		return false;
	if (!ret->tel)
		return true;
	ret->user = str_cut(&rest, ';');
	ret->params = rest;
	return ret->user.n > 0;
}

bool uri_parse(struct str text, struct uri *ret)
{
	struct uri u;
	if (!uri_read(text, &u))
		return false;
	*ret = u;
	return true;
}

bool uri_has_headers(const struct uri *u)
{
	if (!u->host.n)
		return false;
	size_t from = (size_t)(u->host.p - u->text.p); /* a '?' before the host is part of the user */
	return str_find(skip(u->text, from), '?') < u->text.n - from;
}

/* ---- name-addr --------------------------------------------------------------------------------------------------- */

/* Words in front of '<'. They are tokens in the grammar; others are let through (UTF-8, "A. B (x)") except what would
 * make another parser see another list or value. */
static bool words_ok(struct str d)
{
	for (size_t i = 0; i < d.n; i++) {
		char c = d.p[i];
		if (c == ',' || c == ';' || c == '"' || c == '>' || ((uint8_t)c < ' ' && c != '\t'))
			return false;
	}
	return true;
}

/* At most one tag, and that a token. */
static bool tag_take(void *arg, const struct header_param *p)
{
	struct name_addr *a = arg;
	if (!str_eq_nocase(p->name, STR("tag")))
		return true;
	if (a->tag.n || !p->value.n || !p->token)
		return false;
	a->tag = p->value;
	return true;
}

/* "name <uri>" or "<uri>": the URI, and what follows the '>'. */
static bool bracketed_take(struct name_addr *a, size_t quoted, size_t open, struct str *ret_uri, struct str *ret_rest)
{
	struct str rest = skip(a->text, open + 1);
	size_t close = str_find(rest, '>');
	a->display = str_trim(take(a->text, open));
	if (close == rest.n || (quoted ? a->display.n != quoted : !words_ok(a->display)))
		return false;
	*ret_uri = str_trim(take(rest, close));
	*ret_rest = skip(rest, close + 1);
	return true;
}

bool name_addr_parse(struct str text, struct name_addr *ret)
{
	struct name_addr a;
	struct str uri, rest;
	a.text = str_trim(text);
	a.display = a.tag = STR_NONE;
	/* a '<' in a quoted string is none; a quote that does not end is no word either */
	size_t quoted = a.text.n && a.text.p[0] == '"' ? quoted_length(a.text) : 0;
	size_t open = quoted + str_find(skip(a.text, quoted), '<');
	if (open < a.text.n) {
		if (!bracketed_take(&a, quoted, open, &uri, &rest))
			return false;
	} else {
		/* RFC 3261 §20.10: without <>, what follows ';' belongs to the header, and ',' and '?' may not stand in
		 * the URI. */
		size_t end = str_find(a.text, ';');
		uri = str_trim(take(a.text, end));
		rest = skip(a.text, end);
		if (str_find(uri, ',') < uri.n || str_find(uri, '?') < uri.n)
			return false;
	}
	if (!uri_read(uri, &a.uri) || !header_params_parse(rest, tag_take, &a, &a.params))
		return false;
	*ret = a;
	return true;
}
