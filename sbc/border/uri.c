/* SPDX-License-Identifier: Apache-2.0 */
/* The three values that name both sides: From, To and the Request-URI, and the pieces of which identity headers are
 * made, too. Every byte from a peer goes through a check or an escape here. */
#include "sbc/border/internal.h"

bool value_clean(struct str v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] == '\r' || v.p[i] == '\n' || v.p[i] == '\0')
			return false;
	return true;
}

/* ---- parameters ----------------------------------------------------------------------------------------------- */

static size_t param_end(struct str s)
{
	bool quoted = false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == '\\' && quoted)
			i++;
		else if (s.p[i] == ';' && !quoted)
			return i;
	}
	return s.n;
}

bool param_next(struct str *params, struct str *ret_name, struct str *ret_value)
{
	while (params->n) {
		size_t end = param_end(*params);
		struct str item = str_trim((struct str){params->p, end});
		size_t skip = end < params->n ? end + 1 : end;
		params->p += skip;
		params->n -= skip;
		if (!item.n)
			continue;
		struct str name = str_cut(&item, '=');
		*ret_name = str_trim(name);
		*ret_value = str_trim(item);
		return true;
	}
	return false;
}

/* What describes the user or the call and no host. isub: RFC 3261 §19.1.6; cause: RFC 4458 (its `target` is a URI of
 * the other side: no); cpc, oli: calling party's category and line, as trunks use them; npdi: RFC 4694 (rn and cic come
 * in the user part). transport, maddr, ttl, lr, method, gr, ob, comp are about one hop. */
static const char *const uri_params[] = {"user", "isub", "cause", "cpc", "oli", "npdi"};

static bool uri_param_stays(struct str name)
{
	for (size_t i = 0; i < sizeof(uri_params) / sizeof(uri_params[0]); i++)
		if (str_eq_nocase(name, str_z(uri_params[i])))
			return true;
	return false;
}

static bool token_like(struct str v)
{
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];
		if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		      (c && strchr("-_.!~*'+%", c))))
			return false;
	}
	return true;
}

void param_write(struct writer *w, struct str name, struct str value)
{
	writer_char(w, ';');
	writer_str(w, name);
	if (value.n) {
		writer_char(w, '=');
		writer_str(w, value);
	}
}

void uri_params_write(struct writer *w, const struct uri *u)
{
	struct str params = u->params, name, value;
	bool phone = false;
	params.n = str_find(params, '?');
	while (param_next(&params, &name, &value))
		if (uri_param_stays(name) && token_like(value)) {
			param_write(w, name, value);
			phone |= str_eq_nocase(name, STR("user"));
		}
	if (u->tel && !phone)
		writer_lit(w, ";user=phone");
}

/* ---- display names and hosts ---------------------------------------------------------------------------------- */

/* "..." with every quote and backslash inside escaped. */
static bool well_quoted(struct str d)
{
	if (d.n < 2 || d.p[0] != '"' || d.p[d.n - 1] != '"')
		return false;
	for (size_t i = 1; i < d.n - 1; i++) {
		if (d.p[i] == '"')
			return false;
		if (d.p[i] == '\\' && ++i == d.n - 1)
			return false;
	}
	return true;
}

static bool tokens_only(struct str d)
{
	for (size_t i = 0; i < d.n; i++)
		if (d.p[i] != ' ' && !token_like((struct str){&d.p[i], 1}))
			return false;
	return true;
}

static bool printable(struct str d)
{
	for (size_t i = 0; i < d.n; i++)
		if (((uint8_t)d.p[i] < 0x20 && d.p[i] != '\t') || d.p[i] == 0x7f)
			return false;
	return true;
}

void display_write(struct writer *w, struct str display)
{
	struct str d = str_trim(display);
	if (!d.n || !printable(d))
		return;
	if (well_quoted(d) || tokens_only(d)) {
		writer_str(w, d);
	} else {
		writer_char(w, '"');
		for (size_t i = 0; i < d.n; i++) {
			if (d.p[i] == '"' || d.p[i] == '\\')
				writer_char(w, '\\');
			writer_char(w, d.p[i]);
		}
		writer_char(w, '"');
	}
	writer_char(w, ' ');
}

void our_host_write(struct writer *w, const struct crossing *x)
{
	const char *domain = x->to_peer >= 0 ? x->config->peers[x->to_peer].domain : NULL;
	if (domain)
		writer_z(w, domain);
	else
		addr_write_host(w, &x->local, true);
}

void headers_write_target_host(const struct config_target *t, struct writer *w)
{
	if (addr_is_set(&t->addr))
		addr_write_host(w, &t->addr, true);
	else
		writer_z(w, t->host);
	if (t->port) {
		writer_char(w, ':');
		writer_u64(w, t->port);
	}
}

/* RFC 3323 §4.1.1.3 */
bool uri_is_anonymous(const struct uri *u)
{
	return str_eq_nocase(u->host, STR("anonymous.invalid"));
}

/* ---- From, To, Request-URI ------------------------------------------------------------------------------------ */

/* The other leg's host, for a test that breaks a policy. */
static void their_host_write(struct writer *w, const struct uri *u)
{
	bool v6 = memchr(u->host.p ? u->host.p : "", ':', u->host.n) != NULL;
	writer_z(w, v6 ? "[" : "");
	writer_str(w, u->host);
	writer_z(w, v6 ? "]" : "");
	if (u->port) {
		writer_char(w, ':');
		writer_u64(w, u->port);
	}
}

static void user_at_write(struct writer *w, struct str user)
{
	writer_lit(w, "sip:");
	if (user.n) {
		user_write(w, user);
		writer_char(w, '@');
	}
}

void headers_write_from(const struct message *invite, const struct crossing *x, struct str user, struct writer *w)
{
	const struct uri *u = &invite->from.uri;
	display_write(w, invite->from.display);
	writer_char(w, '<');
	user_at_write(w, user);
	if (headers_policy_broken(POLICY_FROM_HOST) && u->host.n)
		their_host_write(w, u);
	else if (uri_is_anonymous(u))
		writer_lit(w, "anonymous.invalid");
	else
		our_host_write(w, x);
	uri_params_write(w, u);
	writer_char(w, '>');
}

void headers_write_to(const struct message *invite, const struct crossing *x, struct str user, struct writer *w)
{
	const struct uri *u = &invite->to.uri;
	display_write(w, invite->to.display);
	writer_char(w, '<');
	user_at_write(w, user);
	if (headers_policy_broken(POLICY_TO_HOST) && u->host.n)
		their_host_write(w, u);
	else
		writer_str(w, x->target_host);
	uri_params_write(w, u);
	writer_char(w, '>');
}

void headers_write_ruri(const struct message *invite, const struct crossing *x, struct str user, struct writer *w)
{
	const struct uri *u = &invite->ruri;
	user_at_write(w, user);
	if (headers_policy_broken(POLICY_RURI_HOST) && u->host.n)
		their_host_write(w, u);
	else
		writer_str(w, x->target_host);
	uri_params_write(w, u);
}
