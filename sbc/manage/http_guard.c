/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/manage/http_guard.h"

/* "name", "name:port", "[v6]:port" -> the host alone, brackets included. */
static struct str host_of(struct str hostport)
{
	size_t n = 0;

	if (hostport.n && hostport.p[0] == '[') {
		while (n < hostport.n && hostport.p[n] != ']')
			n++;
		return (struct str){hostport.p, n < hostport.n ? n + 1 : n};
	}
	while (n < hostport.n && hostport.p[n] != ':')
		n++;
	return (struct str){hostport.p, n};
}

static bool host_allowed(const struct config *c, struct str hostport)
{
	struct str host = host_of(hostport);
	struct addr a;

	if (addr_parse(host, 0, &a) || str_eq_nocase(host, STR("localhost")))
		return true;
	for (size_t i = 0; i < c->manage.names.n; i++)
		if (str_eq_nocase(host, str_z(c->manage.names.v[i])))
			return true;
	return false;
}

/* Port and all: another port of this host is another's page. */
static bool origin_allowed(struct str origin, struct str host)
{
	static const struct str schemes[] = {{"http://", 7}, {"https://", 8}};

	for (size_t i = 0; i < 2; i++)
		if (str_starts_nocase(origin, schemes[i]))
			return str_eq_nocase((struct str){origin.p + schemes[i].n, origin.n - schemes[i].n}, host);
	return false;
}

static bool is_json(struct str type)
{
	return str_eq_nocase(str_trim(str_cut(&type, ';')), STR("application/json"));
}

/* In time that depends on what was given, not on what is right. */
static bool same_secret(struct str given, const char *secret)
{
	size_t n = strlen(secret);
	unsigned char differ = given.n != n;

	for (size_t i = 0; i < given.n; i++)
		differ |= (unsigned char)(given.p[i] ^ secret[n ? i % n : 0]);
	return !differ;
}

static bool token_shown(struct str authorization, struct str *ret)
{
	struct str rest = authorization, scheme = str_cut(&rest, ' ');

	if (!authorization.n)
		return false;
	*ret = str_eq_nocase(scheme, STR("Bearer")) ? str_trim(rest) : STR_NONE;
	return true;
}

struct http_verdict http_guard(const struct config *c, const struct http_headers *h)
{
	struct str token;

	if (!host_allowed(c, h->host))
		return (struct http_verdict){403, "not by this name: use an address, or see manage.names\n", false};
	if (h->origin.n && !origin_allowed(h->origin, h->host))
		return (struct http_verdict){403, "not for pages of other sites\n", false};
	if (!is_json(h->content_type))
		return (struct http_verdict){415, "Content-Type is to be application/json\n", false};
	if (!c->manage.token)
		return (struct http_verdict){0, NULL, true};
	if (!token_shown(h->authorization, &token))
		return (struct http_verdict){0, NULL, false};
	if (!same_secret(token, c->manage.token))
		return (struct http_verdict){401, "this is not the token\n", false};
	return (struct http_verdict){0, NULL, true};
}
