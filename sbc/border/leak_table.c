/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration forbids on each network. Built in two passes over the same walk: the first counts, the second
 * fills, so that one block of text and one array a network is all the memory there is. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/border/leak_internal.h"

/* ---- walking what a configuration names ----------------------------------------------------------------------- */

struct walk {
	void (*fn)(struct walk *w, struct str s);
};

static void walk_addr(struct walk *w, const struct addr *a)
{
	char buf[ADDR_STRLEN];
	if (addr_is_set(a) && !addr_is_any(a))
		w->fn(w, str_z(addr_text_host(a, buf)));
}

static void walk_name(struct walk *w, const char *host)
{
	struct addr a;
	if (host && addr_parse(str_z(host), 0, &a))
		walk_addr(w, &a);
	else if (host)
		w->fn(w, str_z(host));
}

static bool whole_host(const struct cidr *c)
{
	return c->bits == (addr_is_v6(&c->net) ? 128 : 32);
}

static void walk_peer(struct walk *w, const struct config_peer *p)
{
	for (size_t i = 0; i < p->n_targets; i++)
		walk_name(w, p->targets[i].host);
	for (size_t i = 0; i < p->n_sources; i++)
		if (whole_host(&p->sources[i].net))
			walk_addr(w, &p->sources[i].net.net);
	for (size_t i = 0; i < p->hosts.n; i++)
		walk_name(w, p->hosts.v[i]);
	walk_name(w, p->domain);
}

static void walk_peers(struct walk *w, const struct config *c, size_t network)
{
	for (size_t i = 0; i < c->n_peers; i++)
		if (c->peers[i].network == network)
			walk_peer(w, &c->peers[i]);
}

/* All that belongs to a network. */
static void walk_all(struct walk *w, const struct config *c, size_t network)
{
	const struct config_network *n = &c->networks[network];
	walk_addr(w, &n->advertise);
	for (size_t i = 0; i < n->n_listen; i++)
		walk_addr(w, &n->listen[i].addr);
	for (size_t i = 0; i < n->media.n_addresses; i++) {
		walk_addr(w, &n->media.address[i]);
		walk_addr(w, &n->media.advertise[i]);
	}
	walk_peers(w, c, network);
}

static bool advertised_instead(const struct config_network *n, const struct addr *listen)
{
	return addr_is_set(&n->advertise) && addr_is_v6(&n->advertise) == addr_is_v6(listen);
}

/* What those on a network know of it: addresses as advertised, and the names and addresses of its peers. */
static void walk_known(struct walk *w, const struct config *c, size_t network)
{
	const struct config_network *n = &c->networks[network];
	walk_addr(w, &n->advertise);
	for (size_t i = 0; i < n->n_listen; i++)
		if (!advertised_instead(n, &n->listen[i].addr))
			walk_addr(w, &n->listen[i].addr);
	for (size_t i = 0; i < n->media.n_addresses; i++) {
		bool other = addr_is_set(&n->media.advertise[i]);
		walk_addr(w, other ? &n->media.advertise[i] : &n->media.address[i]);
	}
	walk_peers(w, c, network);
}

/* First what is allowed, then what is forbidden: the first mention of a needle decides. */
static void walk_network(struct walk *w, const struct config *c, size_t network, bool *allowed)
{
	*allowed = true;
	walk_known(w, c, network);
	*allowed = false;
	for (size_t i = 0; i < c->n_networks; i++)
		if (i != network)
			walk_all(w, c, i);
}

/* ---- building ------------------------------------------------------------------------------------------------- */

struct counting {
	struct walk w;
	size_t n, bytes;
	bool allowed;
};

static void count(struct walk *w, struct str s)
{
	struct counting *k = (struct counting *)w;
	k->n++;
	k->bytes += s.n;
}

struct filling {
	struct walk w;
	struct leak_net *net;
	char *text; /* where the next string goes */
	bool allowed;
};

static const struct leak_needle *net_find(const struct leak_net *net, const struct leak_needle *n)
{
	for (uint32_t i = n->hash & net->mask; net->slots[i]; i = (i + 1) & net->mask) {
		const struct leak_needle *v = &net->needles[net->slots[i] - 1];
		if (leak_needle_equal(v, n))
			return v;
	}
	return NULL;
}

static void net_insert(struct leak_net *net, const struct leak_needle *n)
{
	uint32_t i = n->hash & net->mask;
	while (net->slots[i])
		i = (i + 1) & net->mask;
	net->needles[net->n++] = *n;
	net->slots[i] = (uint32_t)net->n;
	net->hashes[i] = n->hash;
	if (n->allowed)
		return;
	if (n->len)
		net->lengths |= leak_length_bit(n->len);
	else
		net->v6 = true;
	leak_gram_note(net->latest, n);
}

static void fill(struct walk *w, struct str s)
{
	struct filling *f = (struct filling *)w;
	struct leak_needle n;
	char *copy = f->text;
	memcpy(copy, s.p, s.n);
	f->text += s.n;
	if (!leak_needle_init(&n, (struct str){copy, s.n}) || net_find(f->net, &n))
		return;
	n.allowed = f->allowed;
	net_insert(f->net, &n);
}

/* At most a quarter of the slots is used: most tokens of a message meet a free one at once. */
static int net_alloc(struct leak_net *net, size_t n)
{
	size_t slots = 16;
	while (slots < n * 4)
		slots *= 2;
	net->slots = calloc(slots, sizeof(*net->slots));
	net->hashes = calloc(slots, sizeof(*net->hashes));
	net->needles = calloc(n ? n : 1, sizeof(*net->needles));
	net->mask = (uint32_t)(slots - 1);
	return net->slots && net->hashes && net->needles ? 0 : -ENOMEM;
}

static int table_alloc(struct leak_table *t, const struct config *c)
{
	size_t bytes = 0;
	t->n_networks = c->n_networks;
	t->nets = calloc(c->n_networks ? c->n_networks : 1, sizeof(*t->nets));
	if (!t->nets)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_networks; i++) {
		struct counting k = {.w.fn = count};
		walk_network(&k.w, c, i, &k.allowed);
		bytes += k.bytes;
		if (net_alloc(&t->nets[i], k.n) < 0)
			return -ENOMEM;
	}
	t->text = malloc(bytes ? bytes : 1);
	return t->text ? 0 : -ENOMEM;
}

int leak_table_create(const struct config *c, struct leak_table **ret)
{
	struct leak_table *t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	if (table_alloc(t, c) < 0) {
		leak_table_destroy(t);
		return -ENOMEM;
	}
	struct filling f = {.w.fn = fill, .text = t->text};
	for (size_t i = 0; i < c->n_networks; i++) {
		f.net = &t->nets[i];
		walk_network(&f.w, c, i, &f.allowed);
	}
	*ret = t;
	return 0;
}

void leak_table_destroy(struct leak_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; t->nets && i < t->n_networks; i++) {
		free(t->nets[i].slots);
		free(t->nets[i].hashes);
		free(t->nets[i].needles);
	}
	free(t->nets);
	free(t->text);
	free(t);
}

bool leak_net_allows(const struct leak_net *net, const struct leak_needle *n)
{
	const struct leak_needle *own = net_find(net, n);
	if (own)
		return own->allowed;
	/* "host:port" is the host's. */
	struct leak_needle host;
	if (!n->len || n->at != 0 || n->len == n->s.n || n->s.p[n->len] != ':' ||
	    !leak_needle_init(&host, (struct str){n->s.p, n->len}))
		return false;
	own = net_find(net, &host);
	return own && own->allowed;
}
