/* SPDX-License-Identifier: Apache-2.0 */
/* URIs (RFC 3261 §19.1, RFC 3966) and name-addrs (§20.10). */
#include "sbc/sip/message_cut.h"

/* ---- host and port ----------------------------------------------------------------------------------------------- */

static bool ipv6_ok(struct str s)
{
	struct addr a;
	return addr_parse(s, 0, &a) && memchr(s.p, ':', s.n);
}

bool hostport_parse(struct str *s, bool blanks, struct str *ret_host, uint16_t *ret_port)
{
	struct str t = *s, host, port;
	if (t.n && t.p[0] == '[') {
		size_t end = str_find(t, ']');
		if (end == t.n)
			return false;
		host = (struct str){t.p + 1, end - 1};
		t = skip(t, end + 1);
		if (!ipv6_ok(host))
			return false;
	} else {
		host = take_class(&t, CHAR_HOST);
		if (!host.n)
			return false;
	}
	uint64_t number = 0;
	struct str after = blanks ? skip_blanks(t) : t;
	if (after.n && after.p[0] == ':') {
		t = skip(after, 1);
		if (blanks)
			t = skip_blanks(t);
		port = take_class(&t, CHAR_DIGIT);
		if (!str_to_u64(port, UINT16_MAX, &number) || number == 0)
			return false;
	}
	*ret_host = host;
	*ret_port = (uint16_t)number;
	*s = t;
	return true;
}

/* ---- URI --------------------------------------------------------------------------------------------------------- */

static size_t scheme_length(struct str s)
{
	size_t i = 0;
	while (i < s.n && char_class[(uint8_t)s.p[i]] & CHAR_HOST && s.p[i] != '_')
		i++;
	if (i < s.n && s.p[i] == '+' && i > 0) /* rare enough to be slow */
		while (i < s.n && (char_class[(uint8_t)s.p[i]] & CHAR_HOST || s.p[i] == '+'))
			i++;
	bool letter = s.n && ((uint8_t)(s.p[0] | 0x20) - (unsigned)'a') < 26;
	return letter && i < s.n && s.p[i] == ':' ? i : 0;
}

/* After "sip:": [user[:password]@]host[:port][;params][?headers]. User parts may hold ';', '?' and '/' (RFC 3261 §25.1
 * user-unreserved), so the first '@' decides. */
static bool sip_uri_parse(struct str rest, struct uri *u)
{
	size_t at = str_find(rest, '@');
	if (at < rest.n) {
		if (!str_all(take(rest, at), CHAR_URI))
			return false;
		u->user = take(rest, str_find(take(rest, at), ':'));
		if (!u->user.n)
			return false;
		rest = skip(rest, at + 1);
	}
	if (!hostport_parse(&rest, false, &u->host, &u->port))
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

bool uri_parse(struct str text, struct uri *ret)
{
	size_t n = scheme_length(text);
	if (!n || n + 1 == text.n)
		return false;
	struct uri u = {.text = text, .scheme = take(text, n)};
	struct str rest = skip(text, n + 1);
	u.sip = str_eq_nocase(u.scheme, STR("sip"));
	u.sips = str_eq_nocase(u.scheme, STR("sips"));
	u.tel = str_eq_nocase(u.scheme, STR("tel"));
	if (u.sip || u.sips) {
		if (!sip_uri_parse(rest, &u))
			return false;
	} else if (!str_all(rest, CHAR_URI)) {
		return false;
	} else if (u.tel) {
		u.user = str_cut(&rest, ';');
		u.params = rest;
		if (!u.user.n)
			return false;
	}
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

/* Everything in front of '<': a quoted string, or words. Words are tokens in the grammar; others are let through
 * (UTF-8, "A. B (x)") except what would make another parser see another list or value. */
static bool display_ok(struct str d)
{
	if (d.n && d.p[0] == '"')
		return quoted_length(d) == d.n;
	for (size_t i = 0; i < d.n; i++) {
		char c = d.p[i];
		if (c == ',' || c == ';' || c == '"' || c == '>' || ((uint8_t)c < ' ' && c != '\t'))
			return false;
	}
	return true;
}

/* At most one tag, and that a token. */
static bool tag_take(void *arg, const struct param *p)
{
	struct name_addr *a = arg;
	if (p->name.n != 3 || !str_eq_nocase(p->name, STR("tag")))
		return true;
	if (a->tag.n || !p->value.n || !str_all(p->value, CHAR_TOKEN))
		return false;
	a->tag = p->value;
	return true;
}

/* "<uri>": where '<' is, outside a leading quoted string; text.n: none. */
static size_t angle_open(struct str text)
{
	size_t from = 0;
	if (text.n && text.p[0] == '"') {
		from = quoted_length(text);
		if (!from)
			return text.n;
	}
	return from + str_find(skip(text, from), '<');
}

bool name_addr_parse(struct str text, struct name_addr *ret)
{
	struct name_addr a = {.text = str_trim(text)};
	struct str uri, rest;
	size_t open = angle_open(a.text);
	if (open < a.text.n) {
		a.display = str_trim(take(a.text, open));
		rest = skip(a.text, open + 1);
		size_t close = str_find(rest, '>');
		if (close == rest.n || !display_ok(a.display))
			return false;
		uri = str_trim(take(rest, close));
		rest = skip(rest, close + 1);
	} else {
		/* RFC 3261 §20.10: without <>, what follows ';' belongs to the header, and ',' and '?' may not stand in
		 * the URI. */
		size_t end = str_find(a.text, ';');
		uri = str_trim(take(a.text, end));
		rest = skip(a.text, end);
		if (str_find(uri, ',') < uri.n || str_find(uri, '?') < uri.n)
			return false;
	}
	if (!uri_parse(uri, &a.uri) || !header_params_parse(rest, tag_take, &a, &a.params))
		return false;
	*ret = a;
	return true;
}
