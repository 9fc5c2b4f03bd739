/* SPDX-License-Identifier: Apache-2.0 */
/* `limen explain`: fills a request by hand, asks border_decide(), and writes what would be sent with the writers that
 * write what is sent. */
#include <errno.h>

#include "sbc/border/internal.h"
#include "sbc/sip/ident.h"

#define TEXT_MAX 512 /* of an argument */

struct explaining {
	const struct config *c;
	border_tell tell;
	void *arg;
	struct border_request r;
	const struct config_network *net;
	bool source_given;
	char from[TEXT_MAX], to[TEXT_MAX];
};

static int wrong(struct explaining *e, const char *what, const char *value, const char *mend)
{
	tellf(e->tell, e->arg, "%s: \"%s\" %s", what, value ? value : "", mend);
	return -EINVAL;
}

static int find_network(struct explaining *e, const char *name)
{
	char known[TEXT_MAX] = "";
	struct writer w = writer_init(known, sizeof(known) - 1);
	for (size_t i = 0; name && i < e->c->n_networks; i++) {
		if (strcmp(e->c->networks[i].name, name) == 0) {
			e->r.network = (unsigned)i;
			e->net = &e->c->networks[i];
			return 0;
		}
		writer_fmt(&w, "%s%s", i ? ", " : "", e->c->networks[i].name);
	}
	known[w.n] = 0;
	tellf(e->tell, e->arg, "network: \"%s\" is not one of %s", name ? name : "", known);
	return -EINVAL;
}

/* ---- where it comes from -------------------------------------------------------------------------------------- */

static int parse_source(struct explaining *e, const char *text)
{
	if (!addr_parse(str_z(text), 5060, &e->r.source) && !addr_parse_hostport(str_z(text), &e->r.source))
		return wrong(e, "source", text, "is not an address or address:port");
	e->source_given = true;
	return 0;
}

/* No source was named. Where strangers are welcome, a stranger; else the first peer that is known by a source. */
static void assume_source(struct explaining *e)
{
	const struct config *c = e->c;
	char text[ADDR_STRLEN];
	for (size_t i = 0; e->net->unknown != CONFIG_UNKNOWN_ACCEPT && i < c->n_peers; i++) {
		const struct config_peer *p = &c->peers[i];
		if (p->network != e->r.network || p->n_sources == 0)
			continue;
		e->r.source = p->sources[0].net.net;
		addr_set_port(&e->r.source, p->sources[0].port ? p->sources[0].port : 5060);
		tellf(e->tell, e->arg, "no source given: asked as from %s (%s), the first peer of this network",
		      p->name, addr_text_host(&e->r.source, text));
		e->source_given = true;
		return;
	}
	tellf(e->tell, e->arg, "no source given: asked as from a source that is no peer's");
}

static bool acl_lets_in(struct explaining *e)
{
	char text[ADDR_STRLEN], rule[ADDR_STRLEN];
	const struct config_acl *acl = &e->net->acl;
	if (!e->source_given || (acl->n_allow == 0 && acl->n_deny == 0))
		return true;
	const struct cidr *by = screen_acl(acl, &e->r.source);
	addr_text_host(&e->r.source, text);
	if (!by)
		tellf(e->tell, e->arg, "network %s: the ACL lets %s in", e->net->name, text);
	else if (by == acl->allow)
		tellf(e->tell, e->arg, "network %s: %s is not in acl.allow: dropped without an answer (%s)",
		      e->net->name, text, reject_key(REJECT_ACL));
	else
		tellf(e->tell, e->arg, "network %s: acl.deny %s/%u holds %s: dropped without an answer (%s)",
		      e->net->name, addr_text_host(&by->net, rule), by->bits, text, reject_key(REJECT_ACL));
	return !by;
}

/* ---- from and to ---------------------------------------------------------------------------------------------- */

/* The address by which a network knows us, for this transport; the first listener of another one when there is none. */
static struct addr our_address(const struct config_network *n, enum config_transport t, bool v6)
{
	if (addr_is_set(&n->advertise) && addr_is_v6(&n->advertise) == v6)
		return n->advertise;
	for (size_t i = 0; i < n->n_listen; i++)
		if (n->listen[i].transport == t && addr_is_v6(&n->listen[i].addr) == v6)
			return n->listen[i].addr;
	return n->n_listen ? n->listen[0].addr : (struct addr){0};
}

static bool has_scheme(struct str s)
{
	return str_starts_nocase(s, STR("sip:")) || str_starts_nocase(s, STR("sips:")) ||
	       str_starts_nocase(s, STR("tel:"));
}

/* "user", "user@host" or a URI, written out into buf; host stands in where none is given. */
static int parse_party(struct explaining *e, const char *what, const char *text, const struct addr *host, char *buf,
		       struct uri *ret)
{
	struct str s = str_z(text);
	struct writer w = writer_init(buf, TEXT_MAX);
	if (!has_scheme(s))
		writer_lit(&w, "sip:");
	writer_str(&w, s);
	if (!has_scheme(s) && str_find(s, '@') == s.n) {
		writer_char(&w, '@');
		addr_write_host(&w, host, true);
	}
	if (s.n == 0 || w.overflow || !uri_parse(writer_result(&w), ret))
		return wrong(e, what, text, "is not a user, user@host or URI");
	return 0;
}

static int parse_method(struct explaining *e, const char *text)
{
	e->r.method_text = str_z(text ? text : "INVITE");
	for (enum method m = METHOD_UNKNOWN + 1; m < METHOD_COUNT; m++)
		if (str_eq(str_z(method_text(m)), e->r.method_text))
			e->r.method = m;
	return e->r.method_text.n ? 0 : wrong(e, "method", text, "is not a method");
}

/* ---- what would be sent --------------------------------------------------------------------------------------- */

static void tell_written(struct explaining *e, const char *what, const struct writer *w)
{
	tellf(e->tell, e->arg, "  %s %.*s", what, STR_FMT(writer_result(w)));
}

static void tell_messages(struct explaining *e, const struct border_decision *d, const struct crossing *x)
{
	const struct message m = {
		.ruri = e->r.ruri, .from = {.text = e->r.from.text, .uri = e->r.from}, .to = {.uri = e->r.to}};
	char buf[TEXT_MAX * 2];
	struct writer w = writer_init(buf, sizeof(buf));
	headers_write_ruri(&m, x, d->ruri_user, &w);
	tell_written(e, "Request-URI", &w);
	w = writer_init(buf, sizeof(buf));
	headers_write_from(&m, x, d->from_user, &w);
	tell_written(e, "From", &w);
	w = writer_init(buf, sizeof(buf));
	headers_write_to(&m, x, d->to_user, &w);
	tell_written(e, "To", &w);
	explain_challenges(x, e->r.network, e->tell, e->arg);
}

static void tell_target(struct explaining *e, const struct border_decision *d, unsigned peer,
			const struct config_target *t)
{
	const struct config_peer *p = &e->c->peers[peer];
	const bool literal = addr_is_set(&t->addr);
	char host[TEXT_MAX];
	struct writer w = writer_init(host, sizeof(host));
	headers_write_target_host(t, &w);
	struct crossing x = {
		.config = e->c,
		.from_peer = d->peer,
		.to_peer = (int)peer,
		.to_network = p->network,
		.target_host = writer_result(&w),
		.local = our_address(&e->c->networks[p->network], t->transport, literal && addr_is_v6(&t->addr))};
	tellf(e->tell, e->arg, "would call peer %s on network %s: %s to %.*s%s", p->name,
	      e->c->networks[p->network].name, config_transport_text(t->transport), STR_FMT(x.target_host),
	      literal              ? ""
	      : t->port            ? " (addresses by DNS)"
	      : t->transport_given ? " (addresses by DNS SRV)"
				   : " (addresses and transport by DNS SRV)");
	tell_messages(e, d, &x);
}

static void tell_sent(struct explaining *e, const struct border_decision *d)
{
	for (size_t i = 0; i < d->n_targets; i++) {
		if (d->target[i] == CONFIG_TARGET_ECHO) {
			tellf(e->tell, e->arg, "would answer itself: echo");
			continue;
		}
		const struct config_peer *p = &e->c->peers[d->target[i]];
		for (size_t k = 0; k < p->n_targets; k++)
			tell_target(e, d, d->target[i], &p->targets[k]);
		if (p->n_targets == 0)
			tellf(e->tell, e->arg, "peer %s has no targets: cannot be called", p->name);
	}
}

static bool like_alias(struct str user)
{
	for (size_t i = 0; i < user.n; i++)
		if (!((user.p[i] >= 'a' && user.p[i] <= 'z') || (user.p[i] >= '2' && user.p[i] <= '7')))
			return false;
	return user.n == IDENT_LEN;
}

/* What a running process would see first; which phones are registered only that one knows. */
static void tell_alias(struct explaining *e)
{
	struct ident id;

	if (!like_alias(e->r.ruri.user))
		return;
	if (!e->c->cluster_key) {
		tellf(e->tell, e->arg,
		      "formed like an alias of a registered phone: if the running process has made it, a peer that phones "
		      "register with reaches that phone by it, without a route (limen reg list); else 404");
		return;
	}
	const struct ident_key key = ident_key_init(str_z(e->c->cluster_key), 0, 0);
	if (ident_parse(&key, e->r.ruri.user, &id))
		tellf(e->tell, e->arg,
		      "an alias made with this cluster_key: a peer that phones register with reaches that phone by it, "
		      "without a route (limen reg list); 404 if nobody has it any more, 480 if its phone cannot be reached");
	else
		tellf(e->tell, e->arg,
		      "formed like an alias of a registered phone, but not made with this cluster_key: forged, a peer gets 404");
}

/* Without a user it asks what we are, and is no route's affair: whoever may ask is answered. */
static bool asks_us(const struct explaining *e)
{
	return e->r.method == METHOD_OPTIONS && !e->r.ruri.user.n &&
	       (e->net->unknown == CONFIG_UNKNOWN_ACCEPT || border_identify(e->c, &e->r, NULL, NULL) >= 0);
}

/* What is refused behind the decision, wherever it would go: methods that begin nothing (RFC 3261 §8.2.1), and a
 * REGISTER from a peer for which no route says so by name. */
static enum reject_reason refused_behind(const struct explaining *e, const struct border_decision *d)
{
	switch (e->r.method) {
	case METHOD_INVITE:
	case METHOD_OPTIONS:
		return REJECT_NONE;
	case METHOD_REGISTER:
		return d->peer != BORDER_NO_PEER && !e->c->routes[d->route].method ? REJECT_METHOD : REJECT_NONE;
	case METHOD_UNKNOWN:
		return REJECT_METHOD_UNKNOWN;
	case METHOD_BYE:
	case METHOD_UPDATE:
	case METHOD_INFO:
		return REJECT_NO_DIALOG;
	default:
		return REJECT_METHOD;
	}
}

int border_explain(const struct config *c, const struct border_explain *what, border_tell tell, void *arg)
{
	struct explaining e = {.c = c, .tell = tell, .arg = arg, .r = {.transport = CONFIG_UDP}};
	int r = find_network(&e, what->network);
	if (r == 0)
		r = parse_method(&e, what->method);
	if (r == 0 && what->source)
		r = parse_source(&e, what->source);
	if (r < 0)
		return r;
	if (!what->source)
		assume_source(&e);
	const struct addr ours = our_address(e.net, CONFIG_UDP, addr_is_v6(&e.r.source));
	r = parse_party(&e, "from", what->from, addr_is_set(&e.r.source) ? &e.r.source : &ours, e.from, &e.r.from);
	if (r == 0)
		r = parse_party(&e, "to", what->to, &ours, e.to, &e.r.to);
	if (r < 0)
		return r;
	e.r.ruri = e.r.to;

	tellf(tell, arg, "%.*s %.*s from %.*s", STR_FMT(e.r.method_text), STR_FMT(e.r.ruri.text),
	      STR_FMT(e.r.from.text));
	if (!acl_lets_in(&e))
		return 0;
	if (asks_us(&e)) {
		tellf(tell, arg, "OPTIONS without a user asks us, without a login or route: 200");
		return 0;
	}
	tell_alias(&e);
	/* who has not registered is dropped, as who asks knows; what comes next is what he asks for */
	e.r.registered = e.net->phones;
	struct border_decision d;
	border_decide(c, &e.r, tell, arg, &d);
	if (d.reject != REJECT_NONE)
		return 0;
	const enum reject_reason why = refused_behind(&e, &d);
	if (why == REJECT_NONE)
		tell_sent(&e, &d);
	else
		tellf(tell, arg, "refused: %d %s (%s)", reject_status(why), reject_phrase(why), reject_key(why));
	return 0;
}
