/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/border/internal.h"

struct border_request border_request_of(const struct config *c, const struct message *m, uint32_t random)
{
	struct border_request r = {
		.network = m->source.network,
		.source = m->source.remote,
		.transport = m->source.transport,
		.method = m->method,
		.method_text = m->method_text,
		.ruri = m->ruri,
		.from = m->from.uri,
		.to = m->to.uri,
		.message = m,
		.random = random,
	};
	return r;
}

/* What one decision works with. */
struct deciding {
	const struct config *c;
	const struct border_request *r;
	border_tell tell;
	void *arg;
	struct border_decision *d;
	struct route_view view;
};

static void refuse(struct deciding *g, enum reject_reason why)
{
	g->d->reject = why;
	g->d->status = reject_status(why);
	g->d->phrase = reject_phrase(why);
	if (g->d->status)
		tellf(g->tell, g->arg, "refused: %d %s (%s)", g->d->status, g->d->phrase, reject_key(why));
	else
		tellf(g->tell, g->arg, "dropped without an answer (%s)", reject_key(why));
}

static bool welcomes_phone(const struct config_network *net, const struct border_request *r)
{
	return net->phones && (r->registered || r->method == METHOD_REGISTER);
}

static bool may_be_asked(const struct border_request *r)
{
	/* RFC 3261 §22.1; and OPTIONS without a user asks us, and learns nothing that a challenge would not tell */
	return r->method != METHOD_ACK && r->method != METHOD_CANCEL && (r->method != METHOD_OPTIONS || r->ruri.user.n);
}

bool border_asks(const struct config *c, const struct border_request *r)
{
	if (r->network >= c->n_networks || c->networks[r->network].auth != CONFIG_AUTH_LIMEN || !may_be_asked(r))
		return false;
	const struct config_network *net = &c->networks[r->network];
	int peer = border_identify(c, r, NULL, NULL);
	return peer < 0 &&
	       (net->unknown == CONFIG_UNKNOWN_ACCEPT || (peer == BORDER_NO_PEER && welcomes_phone(net, r)));
}

/* A source that is no peer's, by the network's `unknown`. false: refused. */
static bool admit_unknown(struct deciding *g)
{
	const struct config_network *net = &g->c->networks[g->r->network];
	if (welcomes_phone(net, g->r)) {
		tellf(g->tell, g->arg, "network %s lets phones register, and in once they have", net->name);
		return true;
	}
	switch (net->unknown) {
	case CONFIG_UNKNOWN_ACCEPT:
		tellf(g->tell, g->arg, "network %s accepts unknown sources", net->name);
		return true;
	case CONFIG_UNKNOWN_DROP:
		refuse(g, REJECT_UNKNOWN_DROP);
		return false;
	case CONFIG_UNKNOWN_REJECT:
		break;
	}
	refuse(g, REJECT_UNKNOWN_SOURCE);
	return false;
}

static void tell_asked(const struct deciding *g)
{
	const struct config_network *net = &g->c->networks[g->r->network];
	const bool registers = g->r->method == METHOD_REGISTER;
	tellf(g->tell, g->arg,
	      "network %s challenges who is no peer (auth: limen): %d for realm \"%s\"%s; another account than the user of %s "
	      "gets 403; with the right credentials:",
	      net->name, registers ? 401 : 407, net->realm,
	      g->c->cluster_key ? ", by nonces that every node with this cluster_key takes" : "",
	      registers ? "To" : "From");
}

static bool identify(struct deciding *g)
{
	int peer = border_identify(g->c, g->r, g->tell, g->arg);
	if (peer >= 0) {
		if (g->c->networks[g->r->network].auth == CONFIG_AUTH_LIMEN)
			tellf(g->tell, g->arg, "peer %s is not challenged (auth: limen is for who is no peer)",
			      g->c->peers[peer].name);
		g->d->peer = peer;
		return true;
	}
	/* Several customers share this source: it is known, so it gets an answer, but nobody's call it shall be. */
	if (peer == BORDER_AMBIGUOUS && g->c->networks[g->r->network].unknown != CONFIG_UNKNOWN_ACCEPT) {
		refuse(g, REJECT_UNKNOWN_SOURCE);
		return false;
	}
	if (!admit_unknown(g))
		return false;
	if (border_asks(g->c, g->r))
		tell_asked(g);
	return true;
}

static const char *match_kind_text(enum config_match_kind k)
{
	switch (k) {
	case CONFIG_MATCH_PREFIX:
		return "prefix";
	case CONFIG_MATCH_EXACT:
		return "exact";
	case CONFIG_MATCH_GLOB:
		return "glob";
	case CONFIG_MATCH_REGEX:
		return "regex";
	}
	return "?";
}

static void tell_no_match(struct deciding *g, const char *name, const char *what, struct str user, struct str host,
			  const struct config_match *m)
{
	if (m->kind == CONFIG_MATCH_PREFIX || m->kind == CONFIG_MATCH_EXACT)
		tellf(g->tell, g->arg, "%s: no, %s \"%.*s\" is not %s:%s", name, what, STR_FMT(user),
		      match_kind_text(m->kind), m->text);
	else
		tellf(g->tell, g->arg, "%s: no, %s \"%.*s@%.*s\" is not %s:%s", name, what, STR_FMT(user),
		      STR_FMT(host), match_kind_text(m->kind), m->text);
}

static void tell_route(struct deciding *g, const struct config_route *rt, enum route_field f)
{
	const struct route_view *v = &g->view;
	switch (f) {
	case ROUTE_MATCHES:
		tellf(g->tell, g->arg, "%s: matches", rt->name);
		break;
	case ROUTE_NETWORK:
		tellf(g->tell, g->arg, "%s: no, network is not %s", rt->name, g->c->networks[rt->network].name);
		break;
	case ROUTE_PEER:
		tellf(g->tell, g->arg, "%s: no, peer is not %s", rt->name, g->c->peers[rt->peer].name);
		break;
	case ROUTE_METHOD:
		tellf(g->tell, g->arg, "%s: no, method is not %s", rt->name, rt->method);
		break;
	case ROUTE_FROM:
		tell_no_match(g, rt->name, "from", v->from.user, v->from.host, rt->from);
		break;
	case ROUTE_TO:
		tell_no_match(g, rt->name, "to", v->to.user, v->to.host, rt->to);
		break;
	case ROUTE_RURI:
		tell_no_match(g, rt->name, "ruri", v->ruri.user, v->ruri.host, rt->ruri);
		break;
	case ROUTE_HEADER:
		tellf(g->tell, g->arg, "%s: no, header %s is not %s:%s", rt->name, rt->header->name,
		      match_kind_text(rt->header->match.kind), rt->header->match.text);
		break;
	}
}

static const struct config_route *find_route(struct deciding *g)
{
	for (size_t i = 0; i < g->c->n_routes; i++) {
		const struct config_route *rt = &g->c->routes[i];
		bool limit = false;
		enum route_field f = route_mismatch(rt, g->r, &g->view, g->d->peer, &limit);
		if (g->tell)
			tell_route(g, rt, f);
		if (limit)
			tellf(g->tell, g->arg, "%s: a pattern ran into its match limit and counts as not matching",
			      rt->name);
		if (f == ROUTE_MATCHES) {
			g->d->route = (int)i;
			return rt;
		}
	}
	tellf(g->tell, g->arg, "no route matches");
	return NULL;
}

/* One user part: as it came, or rewritten and escaped into buf. A telephone number loses its visual separators either
 * way: a far end that compares digits would not find it otherwise. */
static struct str rewrite(struct deciding *g, const char *what, const struct config_rewrite *rw, const struct uri *u,
			  struct str plain, char *buf)
{
	char tmp[BORDER_USER_MAX];
	struct str rewritten, ret;
	if (rw->text && config_rewrite(rw, plain, tmp, sizeof(tmp), &rewritten) &&
	    user_escape(rewritten, buf, BORDER_USER_MAX, &ret)) {
		tellf(g->tell, g->arg, "rewrite %s %s: %.*s becomes %.*s", what, rw->text, STR_FMT(plain),
		      STR_FMT(ret));
		return ret;
	}
	if (rw->text)
		tellf(g->tell, g->arg, "rewrite %s %s: %.*s stays", what, rw->text, STR_FMT(plain));
	if (u->tel && user_escape(plain, buf, BORDER_USER_MAX, &ret))
		return ret;
	return u->user;
}

static void apply_rewrites(struct deciding *g, const struct config_route *rt)
{
	struct border_decision *d = g->d;
	d->ruri_user = rewrite(g, "ruri", &rt->rewrite_ruri, &g->r->ruri, g->view.ruri.user, d->buf[0]);
	d->from_user = rewrite(g, "from", &rt->rewrite_from, &g->r->from, g->view.from.user, d->buf[1]);
	d->to_user = rewrite(g, "to", &rt->rewrite_to, &g->r->to, g->view.to.user, d->buf[2]);
}

static void deny(struct deciding *g, const struct config_route *rt)
{
	struct border_decision *d = g->d;
	d->reject = REJECT_ROUTE_DENY;
	d->status = rt->deny_status ? rt->deny_status : reject_status(REJECT_ROUTE_DENY);
	d->phrase = rt->deny_reason ? rt->deny_reason : status_phrase(d->status);
	tellf(g->tell, g->arg, "%s denies: %d %s", rt->name, d->status, d->phrase);
}

static void tell_targets(struct deciding *g, const struct config_route *rt)
{
	if (!g->tell)
		return;
	char line[TELL_MAX];
	struct writer w = writer_init(line, sizeof(line));
	for (size_t i = 0; i < g->d->n_targets; i++) {
		writer_z(&w, i ? ", " : "");
		writer_z(&w, g->d->target[i] == CONFIG_TARGET_ECHO ? "echo" : g->c->peers[g->d->target[i]].name);
	}
	tellf(g->tell, g->arg, "targets %s: %.*s",
	      rt->strategy == CONFIG_WEIGHT ? "by weight, one draw of many" : "in order", STR_FMT(writer_result(&w)));
}

static bool acceptable(struct deciding *g)
{
	const struct border_request *r = g->r;
	if (r->network >= g->c->n_networks) {
		refuse(g, REJECT_UNKNOWN_DROP);
		return false;
	}
	if (!identify(g))
		return false;
	if (!r->ruri.sip && !r->ruri.sips && !r->ruri.tel) {
		refuse(g, REJECT_SCHEME);
		return false;
	}
	if (!route_view_init(&g->view, r)) {
		refuse(g, REJECT_MALFORMED);
		return false;
	}
	return true;
}

void border_decide(const struct config *c, const struct border_request *r, border_tell tell, void *arg,
		   struct border_decision *ret)
{
	struct deciding g; /* all but its view, which is made in acceptable() and is large */
	g.c = c;
	g.r = r;
	g.tell = tell;
	g.arg = arg;
	g.d = ret;
	memset(ret, 0, offsetof(struct border_decision, buf));
	ret->peer = BORDER_NO_PEER;
	ret->route = -1;
	ret->ruri_user = r->ruri.user;
	ret->from_user = r->from.user;
	ret->to_user = r->to.user;
	if (!acceptable(&g))
		return;
	const struct config_route *rt = find_route(&g);
	if (!rt) {
		refuse(&g, REJECT_NO_ROUTE);
		return;
	}
	if (rt->n_targets == 0) {
		deny(&g, rt);
		return;
	}
	apply_rewrites(&g, rt);
	ret->n_targets = route_order(rt, r->random, ret->target);
	tell_targets(&g, rt);
}
