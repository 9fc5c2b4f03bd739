/* SPDX-License-Identifier: Apache-2.0 */
/* peer: targets, sources, codecs and the ready-made profiles. */
#include <string.h>

#include "config/internal.h"

/* ---- profiles: defaults between the table's and the peer's own keys ---- */

/* A carrier learns as little as may be, and what it sends is tried elsewhere on more codes. */
static const char *const profile_trunk[][2] = {
	{"identity", "\"drop\""},
	{"latch", "\"restricted\""},
	{"failover", "[500, 502, 503, 504, 408]"},
	{NULL, NULL},
};
/* Our own PBX: trusted with identities, near, so a silent address is left sooner. */
static const char *const profile_pbx[][2] = {
	{"identity", "\"pass\""},
	{"latch", "\"restricted\""},
	{"try_ms", "2000"},
	{NULL, NULL},
};
static const struct {
	const char *name;
	const char *const (*presets)[2]; /* NULL: not in this build */
} profiles[] = {
	{"generic-trunk", profile_trunk},
	{"pbx", profile_pbx},
	{"webrtc", NULL},
	{"teams", NULL},
};
#define N_PROFILES (sizeof(profiles) / sizeof(profiles[0]))

const char *const (*peer_presets(const struct node *n))[2]
{
	const struct node *p = node_find(n, "profile");
	for (size_t i = 0; p && p->kind == NODE_TEXT && i < N_PROFILES; i++)
		if (strcmp(p->text, profiles[i].name) == 0)
			return profiles[i].presets;
	return NULL;
}

void parse_profile(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config_peer *peer = base;
	if (n->kind != NODE_TEXT) {
		fault(l, n, "must be the name of a profile: generic-trunk or pbx");
		return;
	}
	struct nearest s = nearest_init(n->text);
	for (size_t i = 0; i < N_PROFILES; i++) {
		if (strcmp(n->text, profiles[i].name) == 0) {
			peer->profile = profiles[i].name;
			if (!profiles[i].presets)
				fault(l, n, "\"%s\" is not in this build; use generic-trunk or pbx, or give the keys",
				      n->text);
			return;
		}
		if (profiles[i].presets)
			nearest_offer(&s, profiles[i].name);
	}
	fault(l, n, "%s is no profile (generic-trunk, pbx)%s", QUOTE(n->text), nearest_mend(&s).s);
}

bool peer_name_ok(struct loader *l, struct node *n)
{
	if (strcmp(n->key, "echo") != 0)
		return true;
	fault(l, n, "\"echo\" is the built-in target; give this peer another name");
	return false;
}

/* ---- names of networks ---- */

static bool network_index(struct loader *l, struct node *n, unsigned *ret)
{
	if (n->kind != NODE_TEXT) {
		fault(l, n, "must be the name of a network");
		return false;
	}
	for (size_t i = 0; i < l->c->n_networks; i++)
		if (strcmp(n->text, l->c->networks[i].name) == 0) {
			*ret = (unsigned)i;
			return true;
		}
	struct nearest s = nearest_init(n->text);
	for (size_t i = 0; i < l->c->n_networks; i++)
		nearest_offer(&s, l->c->networks[i].name);
	fault(l, n, "%s is no network here%s", QUOTE(n->text), nearest_mend(&s).s);
	return false;
}

void parse_network_name(struct loader *l, const struct key *k, struct node *n, void *base)
{
	unsigned i;
	if (network_index(l, n, &i))
		*(unsigned *)(void *)((char *)base + k->offset) = i;
}

void parse_match_network(struct loader *l, const struct key *k, struct node *n, void *base)
{
	unsigned i;
	if (network_index(l, n, &i))
		((struct config_route *)base)->network = (int)i;
}

/* ---- targets ---- */

static bool target_parse(struct loader *l, struct node *n, struct config_target *t)
{
	const char *z = node_text(l, n);
	if (!z)
		return false;
	struct str s = str_z(z), host;
	int given = split_transport(l, n, &s, &t->transport);
	if (given < 0)
		return false;
	if (!split_hostport(s, &host, &t->port)) {
		fault(l, n, "%s: the port must be a number from 1 to 65535; IPv6 with a port goes in brackets",
		      QUOTE(z));
		return false;
	}
	t->text = z;
	t->transport_given = given;
	if (addr_parse(host, t->port ? t->port : 5060, &t->addr)) {
		if (addr_is_unsendable(&t->addr)) {
			fault(l, n, "%s is not an address that can be sent to", quote_n(host.p, host.n).s);
			return false;
		}
		bool brackets = host.p[0] == '[';
		host = (struct str){host.p + brackets, host.n - 2 * brackets};
	} else {
		const char *wrong = host_fault(host);
		if (wrong) {
			fault(l, n, "%s %s", quote_n(host.p, host.n).s, wrong);
			return false;
		}
	}
	t->host = arena_str(l->arena, host.p, host.n);
	l->oom |= !t->host;
	return t->host != NULL;
}

static bool target_equal(const struct config_target *a, const struct config_target *b)
{
	return a->transport == b->transport && a->transport_given == b->transport_given && a->port == b->port &&
	       strcasecmp(a->host, b->host) == 0;
}

void parse_targets(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config_peer *peer = base;
	struct items it;
	if (!items_of(l, n, "targets", &it))
		return;
	struct config_target *v = loader_alloc(l, (it.n + 1) * sizeof(*v));
	if (!v)
		return;
	size_t count = 0;
	for (struct node *x; (x = items_next(&it)) && !l->oom;) {
		v[count] = (struct config_target){0};
		if (!target_parse(l, x, &v[count]))
			continue;
		bool twice = false;
		for (size_t i = 0; i < count; i++)
			twice |= target_equal(&v[i], &v[count]);
		if (twice)
			fault(l, x, "%s a second time in this list; keep one", QUOTE(x->text));
		count += !twice;
	}
	peer->targets = v;
	peer->n_targets = count;
}

/* ---- sources ---- */

static struct cidr cidr_of_host(const struct addr *a)
{
	struct cidr c = {.net = *a, .bits = addr_is_v6(a) ? 128 : 32};
	addr_set_port(&c.net, 0);
	return c;
}

static bool source_parse(struct loader *l, struct node *n, struct config_source *ret)
{
	const char *z = node_text(l, n);
	struct addr a;
	struct str host;
	uint16_t port;
	if (!z)
		return false;
	if (!strchr(z, '/') && split_hostport(str_z(z), &host, &port) && addr_parse(host, 0, &a)) {
		*ret = (struct config_source){cidr_of_host(&a), port};
		return true;
	}
	if (!strchr(z, '/') && !host_fault(str_z(z))) {
		fault(l, n, "%s is a name; sources are addresses or prefixes, such as 192.0.2.0/24", QUOTE(z));
		return false;
	}
	ret->port = 0;
	return cidr_of(l, n, &ret->net);
}

void parse_sources(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config_peer *peer = base;
	struct items it;
	if (!items_of(l, n, "addresses or prefixes", &it))
		return;
	struct config_source *v = loader_alloc(l, (it.n + 1) * sizeof(*v));
	if (!v)
		return;
	size_t count = 0;
	for (struct node *x; (x = items_next(&it)) && !l->oom;)
		count += source_parse(l, x, &v[count]);
	peer->sources = v;
	peer->n_sources = count;
}

static void sources_of_targets(struct loader *l, struct config_peer *peer)
{
	struct config_source *v = loader_alloc(l, (peer->n_targets + 1) * sizeof(*v));
	if (!v)
		return;
	for (size_t i = 0; i < peer->n_targets; i++) {
		const struct config_target *t = &peer->targets[i];
		bool known = !addr_is_set(&t->addr);
		for (size_t j = 0; j < peer->n_sources; j++)
			known |= addr_equal_host(&v[j].net.net, &t->addr);
		if (!known)
			v[peer->n_sources++] = (struct config_source){cidr_of_host(&t->addr), 0};
	}
	peer->sources = v;
}

/* ---- codecs, failover ---- */

void parse_codecs(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config_codecs *codecs = (void *)((char *)base + k->offset);
	if (n->kind == NODE_OBJECT) {
		object_apply(l, k->object, n, codecs);
		return;
	}
	struct key as_list = *key_find(k->object, "allow");
	if (n->kind != NODE_LIST) {
		fault(l, n, "must be a list of codecs, or an object with allow, deny, order, single");
		return;
	}
	if (!n->n)
		fault(l, n, "no codec is left; name at least one, or remove the key");
	value_strings(l, &as_list, n, codecs);
	codecs->order = codecs->allow;
}

void parse_failover(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config_peer *peer = base;
	if (n->kind != NODE_LIST) {
		fault(l, n, "must be a list of status codes, such as [503, 408]");
		return;
	}
	uint16_t *v = loader_alloc(l, (n->n + 1) * sizeof(*v));
	if (!v)
		return;
	size_t count = 0;
	node_for_each(x, n)
	{
		if (x->kind != NODE_INT || x->integer < 300 || x->integer > 699)
			fault(l, x, "must be a status code from 300 to 699");
		else
			v[count++] = (uint16_t)x->integer;
	}
	peer->failover = v;
	peer->n_failover = count;
}

void credentials_finish(struct loader *l, struct node *n, void *base)
{
	static const char *const needed[] = {"user", "password"};
	for (size_t i = 0; i < 2; i++) {
		const struct node *x = node_find(n, needed[i]);
		if (x && x->kind == NODE_TEXT && !*x->text)
			fault(l, x, "is empty; write it, or remove \"credentials\"");
	}
}

void peer_finish(struct loader *l, struct node *n, void *base)
{
	struct config_peer *peer = base;
	if (!node_find(n, "auth") && peer->network < l->c->n_networks &&
	    l->c->networks[peer->network].auth == CONFIG_AUTH_RELAY)
		peer->auth = CONFIG_AUTH_RELAY;
	if (!node_find(n, "latch") && peer->network < l->c->n_networks)
		peer->latch = l->c->networks[peer->network].media.latch;
	if (!node_find(n, "sources"))
		sources_of_targets(l, peer);
	if (!l->oom && !node_find(n, "targets") && !node_find(n, "sources"))
		fault(l, n, "neither \"targets\" (where it is called) nor \"sources\" (where it calls from); give one");
}
