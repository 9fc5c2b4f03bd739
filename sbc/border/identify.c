/* SPDX-License-Identifier: Apache-2.0 */
/* Whose request is this. Registrations and TLS subjects will come before the source; until then: the source's prefix
 * and port, and among several peers there the hosts that the request names. */
#include "sbc/border/internal.h"

/* Source ports of streams are whatever the far kernel took: they say nothing. */
static bool source_matches(const struct config_source *s, const struct addr *a, bool stream)
{
	return (s->port == 0 || stream || s->port == addr_port(a)) && cidr_contains(&s->net, a);
}

static unsigned source_rank(const struct config_source *s)
{
	return s->net.bits * 2 + (s->port != 0);
}

int source_of_peer(const struct config_peer *p, const struct addr *a, bool stream)
{
	int best = -1;
	for (size_t i = 0; i < p->n_sources; i++)
		if (source_matches(&p->sources[i], a, stream) &&
		    (best < 0 || source_rank(&p->sources[i]) > source_rank(&p->sources[best])))
			best = (int)i;
	return best;
}

static struct str host_without_dot(struct str h)
{
	if (h.n > 1 && h.p[h.n - 1] == '.')
		h.n--;
	return h;
}

/* Names without case and final dot; addresses by value. */
static bool host_equal(struct str a, struct str b)
{
	struct addr x, y;
	if (str_eq_nocase(host_without_dot(a), host_without_dot(b)))
		return true;
	return memchr(a.p, ':', a.n) && addr_parse(a, 0, &x) && addr_parse(b, 0, &y) && addr_equal_host(&x, &y);
}

static bool hosts_hold(const struct config_strings *hosts, struct str host)
{
	for (size_t i = 0; host.n && i < hosts->n; i++)
		if (host_equal(host, str_z(hosts->v[i])))
			return true;
	return false;
}

/* How a candidate may be named; in the order in which they count. */
enum named { BY_RURI_HOST, BY_FROM_HOST, BY_SOURCE_ALONE, NAMED_COUNT };

struct candidates {
	unsigned n;
	int last;              /* any of them */
	int best[NAMED_COUNT]; /* peer, or BORDER_NO_PEER */
	unsigned rank[NAMED_COUNT];
};

static bool named_so(const struct config_peer *p, const struct border_request *r, enum named by)
{
	switch (by) {
	case BY_RURI_HOST:
		return hosts_hold(&p->hosts, r->ruri.host);
	case BY_FROM_HOST:
		return hosts_hold(&p->hosts, r->from.host);
	case BY_SOURCE_ALONE:
		return p->hosts.n == 0;
	case NAMED_COUNT:
		break;
	}
	return false;
}

static void candidate_add(struct candidates *cs, const struct config_peer *p, int peer, int source,
			  const struct border_request *r)
{
	unsigned rank = source_rank(&p->sources[source]);
	cs->n++;
	cs->last = peer;
	for (enum named by = 0; by < NAMED_COUNT; by++)
		if (named_so(p, r, by) && (cs->best[by] < 0 || rank > cs->rank[by])) {
			cs->best[by] = peer;
			cs->rank[by] = rank;
		}
}

static struct candidates candidates_find(const struct config *c, const struct border_request *r)
{
	struct candidates cs = {.last = BORDER_NO_PEER, .best = {BORDER_NO_PEER, BORDER_NO_PEER, BORDER_NO_PEER}};
	for (size_t i = 0; i < c->n_peers; i++) {
		const struct config_peer *p = &c->peers[i];
		int source = p->network == r->network ? source_of_peer(p, &r->source, r->transport != CONFIG_UDP) : -1;
		if (source >= 0)
			candidate_add(&cs, p, (int)i, source, r);
	}
	return cs;
}

static int candidate_choose(const struct candidates *cs, enum named *ret_by)
{
	*ret_by = BY_SOURCE_ALONE;
	if (cs->n < 2)
		return cs->last;
	for (enum named by = 0; by < NAMED_COUNT; by++)
		if (cs->best[by] >= 0) {
			*ret_by = by;
			return cs->best[by];
		}
	return BORDER_AMBIGUOUS;
}

static void tell_choice(const struct config *c, const struct border_request *r, const struct candidates *cs, int peer,
			enum named by, border_tell tell, void *arg)
{
	const char *net = r->network < c->n_networks ? c->networks[r->network].name : "?";
	char src[ADDR_STRLEN] = "unknown";
	if (addr_is_set(&r->source))
		addr_text_host(&r->source, src);

	if (peer == BORDER_NO_PEER) {
		tellf(tell, arg, "network %s: source %s is no peer's", net, src);
	} else if (peer == BORDER_AMBIGUOUS) {
		tellf(tell, arg,
		      "network %s: source %s is shared by %u peers, and neither Request-URI nor From names one of them",
		      net, src, cs->n);
	} else {
		const struct config_peer *p = &c->peers[peer];
		int i = source_of_peer(p, &r->source, r->transport != CONFIG_UDP);
		tellf(tell, arg, "network %s: source %s is peer %s (sources[%d])", net, src, p->name, i);
		if (by == BY_RURI_HOST)
			tellf(tell, arg, "  one of %u there, named by the Request-URI's host %.*s", cs->n,
			      STR_FMT(r->ruri.host));
		else if (by == BY_FROM_HOST)
			tellf(tell, arg, "  one of %u there, named by From's host %.*s", cs->n, STR_FMT(r->from.host));
		else if (cs->n > 1)
			tellf(tell, arg, "  one of %u there, the one that asks for no host", cs->n);
	}
}

int border_identify(const struct config *c, const struct border_request *r, border_tell tell, void *arg)
{
	struct candidates cs = candidates_find(c, r);
	enum named by;
	int peer = candidate_choose(&cs, &by);
	if (tell)
		tell_choice(c, r, &cs, peer, by, tell, arg);
	return peer;
}
