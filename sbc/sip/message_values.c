/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/sip/message_values.h"

#include "sbc/sip/message_lines.h"

/* Length of the quoted string at the start of s, quotes included (RFC 3261 §25.1); 0: it does not end. */
static size_t quoted_length(struct str s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return 0;
}

static struct str skip(struct str s, size_t n)
{
	return (struct str){s.p + n, s.n - n};
}

static struct str take(struct str s, size_t n)
{
	return (struct str){s.p, n};
}

static struct str skip_blanks(struct str s)
{
	size_t i = 0;
	while (i < s.n && is_blank(s.p[i]))
		i++;
	return skip(s, i);
}

static struct str take_class(struct str *s, uint8_t cls)
{
	size_t i = 0;
	while (i < s->n && char_class[(uint8_t)s->p[i]] & cls)
		i++;
	struct str out = take(*s, i);
	*s = skip(*s, i);
	return out;
}

static bool take_char(struct str *s, char c)
{
	struct str t = skip_blanks(*s);
	if (!t.n || t.p[0] != c)
		return false;
	*s = skip_blanks(skip(t, 1));
	return true;
}

/* ---- lists and parameters ---------------------------------------------------------------------------------------- */

bool list_next(struct str *list, struct str *ret_item)
{
	while (list->n) {
		bool angle = false;
		size_t i = 0;
		for (; i < list->n; i++) {
			char c = list->p[i];
			if (c == '"') {
				size_t q = quoted_length(skip(*list, i));
				i = q ? i + q - 1 : list->n - 1; /* an open quote takes the rest */
			} else if (c == '<') {
				angle = true;
			} else if (c == '>') {
				angle = false;
			} else if (c == ',' && !angle) {
				break;
			}
		}
		struct str item = str_trim(take(*list, i));
		*list = skip(*list, i < list->n ? i + 1 : i);
		if (item.n) { /* ", ," has no element between its commas (RFC 3261 §7.3.1 has none to lose) */
			*ret_item = item;
			return true;
		}
	}
	return false;
}

/* The end of a parameter: the next ';' outside quotes. */
static size_t param_end(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ';')
			return i;
		if (s.p[i] == '"') {
			size_t q = quoted_length(skip(s, i));
			if (!q)
				return s.n;
			i += q - 1;
		}
	}
	return s.n;
}

bool params_next(struct str *params, struct param *ret)
{
	if (!params->n)
		return false;
	size_t end = param_end(*params);
	struct str one = take(*params, end);
	*params = skip(*params, end < params->n ? end + 1 : end);
	struct str name = str_trim(str_cut(&one, '='));
	*ret = (struct param){name, str_trim(one)};
	return true;
}

bool params_get(struct str params, struct str name, struct str *ret_value)
{
	struct param p;
	while (params_next(&params, &p))
		if (str_eq_nocase(p.name, name)) {
			*ret_value = p.value;
			return true;
		}
	return false;
}

/* A parameter's value is a token, a host or a quoted string (gen-value); in Via and from lax senders also an address
 * with colons, and '/' or '@' unquoted. false: a quote that does not end. */
static bool param_value_take(struct str *s, struct str *ret)
{
	size_t i = 0;
	if (s->n && s->p[0] == '"') {
		i = quoted_length(*s);
		if (!i)
			return false;
	} else {
		while (i < s->n && char_class[(uint8_t)s->p[i]] & CHAR_URI && s->p[i] != ';' && s->p[i] != ',')
			i++;
	}
	*ret = take(*s, i);
	*s = skip(*s, i);
	return true;
}

/* One well-formed parameter off *s, which starts after a ';', and the ';' after it. */
static bool param_take(struct str *s, struct param *ret)
{
	struct param p = {.value = STR_NONE};
	*s = skip_blanks(*s);
	p.name = take_class(s, CHAR_TOKEN);
	if (!p.name.n)
		return false;
	*s = skip_blanks(*s);
	if (s->n && s->p[0] == '=') {
		*s = skip_blanks(skip(*s, 1));
		if (!param_value_take(s, &p.value))
			return false;
		*s = skip_blanks(*s);
	}
	if (s->n && s->p[0] != ';')
		return false;
	*s = skip(*s, s->n ? 1 : 0);
	*ret = p;
	return true;
}

/* What remains of a value after "uri>" or "host:port": ";a;b=c" or nothing. Each parameter is given to fn, which may
 * refuse it. One empty parameter at the very end (";tag=x;") is common enough in service to be let through. */
static bool header_params_parse(struct str s, bool (*fn)(void *arg, const struct param *p), void *arg,
				struct str *ret_params)
{
	s = skip_blanks(s);
	*ret_params = STR_NONE;
	if (!s.n)
		return true;
	if (s.p[0] != ';')
		return false;
	struct str left = skip(s, 1);
	struct param p;
	*ret_params = str_trim(left);
	do {
		if (!param_take(&left, &p) || !fn(arg, &p))
			return false;
	} while (skip_blanks(left).n);
	return true;
}

/* ---- host and port ----------------------------------------------------------------------------------------------- */

static bool ipv6_ok(struct str s)
{
	struct addr a;
	return addr_parse(s, 0, &a) && memchr(s.p, ':', s.n);
}

/* "host", "host:port", "[v6]", "[v6]:port" at the start of *s; blanks around ':' are taken only when told. */
static bool hostport_parse(struct str *s, bool blanks, struct str *ret_host, uint16_t *ret_port)
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
		u->user = take(rest, str_find(take(rest, at), ':'));
		if (!u->user.n)
			return false;
		rest = skip(rest, at + 1);
	}
	if (!hostport_parse(&rest, false, &u->host, &u->port))
		return false;
	if (!rest.n)
		return true;
	if (rest.p[0] == ';') {
		u->params = take(skip(rest, 1), str_find(skip(rest, 1), '?'));
		return true;
	}
	return rest.p[0] == '?';
}

bool uri_parse(struct str text, struct uri *ret)
{
	size_t n = scheme_length(text);
	if (!n || n + 1 == text.n || !str_all(skip(text, n), CHAR_URI))
		return false;
	struct uri u = {.text = text, .scheme = take(text, n)};
	struct str rest = skip(text, n + 1);
	u.sip = str_eq_nocase(u.scheme, STR("sip"));
	u.sips = str_eq_nocase(u.scheme, STR("sips"));
	u.tel = str_eq_nocase(u.scheme, STR("tel"));
	if (u.sip || u.sips) {
		if (!sip_uri_parse(rest, &u))
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

/* ---- Via and CSeq ------------------------------------------------------------------------------------------------ */

/* At most one branch: two would be two transactions. */
static bool via_param_take(void *arg, const struct param *p)
{
	struct via *v = arg;
	if (str_eq_nocase(p->name, STR("rport")))
		v->rport = true;
	if (!str_eq_nocase(p->name, STR("branch")))
		return true;
	if (v->branch.n || !p->value.n || !str_all(p->value, CHAR_TOKEN))
		return false;
	v->branch = p->value;
	return true;
}

bool via_parse(struct str text, struct via *ret, struct str *ret_version)
{
	struct via v = {.text = str_trim(text)};
	struct str s = v.text, params;
	struct str name = take_class(&s, CHAR_TOKEN);
	if (!str_eq_nocase(name, STR("SIP")) || !take_char(&s, '/'))
		return false;
	struct str version = take_class(&s, CHAR_TOKEN);
	if (!version.n || !take_char(&s, '/'))
		return false;
	v.transport = take_class(&s, CHAR_TOKEN);
	struct str host = skip_blanks(s);
	if (!v.transport.n || host.n == s.n || !hostport_parse(&host, true, &v.host, &v.port))
		return false;
	if (!header_params_parse(host, via_param_take, &v, &params))
		return false;
	*ret = v;
	*ret_version = version;
	return true;
}

bool via_parse_first(struct str line, struct via *ret, struct str *ret_version)
{
	struct str item;
	return list_next(&line, &item) && via_parse(item, ret, ret_version);
}

bool cseq_parse(struct str value, uint32_t *ret_number, struct str *ret_method, bool *ret_in_range)
{
	struct str digits = take_class(&value, CHAR_DIGIT);
	struct str method = skip_blanks(value);
	if (!digits.n || !method.n || method.n == value.n || !str_all(method, CHAR_TOKEN))
		return false;
	uint64_t number = 0;
	*ret_in_range = str_to_u64(digits, UINT32_MAX, &number);
	*ret_number = (uint32_t)number;
	*ret_method = method;
	return true;
}
