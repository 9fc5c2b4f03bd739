/* SPDX-License-Identifier: Apache-2.0 */
/* check: what only the whole can tell, once every part is right by itself. */
#include <string.h>

#include "config/internal.h"

/* The node of network or peer i; names are unique, so the place is found by name. */
static struct node *part(const struct node *root, const char *map, const char *name)
{
	return node_find(node_find(root, map), name);
}

static bool same_device(const struct config_network *a, const struct config_network *b)
{
	if (!a->device || !b->device)
		return true; /* a socket bound to no device takes all */
	return strcmp(a->device, b->device) == 0;
}

static bool hosts_clash(const struct addr *a, const struct addr *b)
{
	if (addr_is_v6(a) != addr_is_v6(b))
		return false;
	return addr_is_any(a) || addr_is_any(b) || addr_equal_host(a, b);
}

/* ---- listeners ---- */

static const struct node *item(const struct node *list, size_t i)
{
	if (list->kind != NODE_LIST)
		return list;
	const struct node *n = list->child;
	while (i-- && n->next)
		n = n->next;
	return n;
}

static void clash_of_listeners(struct loader *l, const struct node *root, size_t x, size_t i, size_t y, size_t j)
{
	const struct config_network *a = &l->c->networks[x], *b = &l->c->networks[y];
	const struct config_listen *p = &a->listen[i], *q = &b->listen[j];
	if (p->transport != q->transport || addr_port(&p->addr) != addr_port(&q->addr) ||
	    !hosts_clash(&p->addr, &q->addr) || !same_device(a, b))
		return;
	char buf[ADDR_STRLEN];
	const struct node *at = item(node_find(part(root, "networks", b->name), "listen"), j);
	if (x == y)
		fault(l, at, "%s:%s a second time; keep one", config_transport_text(q->transport),
		      addr_text(&q->addr, buf));
	else
		fault(l, at, "%s:%s is also listened on by network \"%s\"; give one of them another port",
		      config_transport_text(q->transport), addr_text(&q->addr, buf), a->name);
}

static void check_listeners(struct loader *l, const struct node *root)
{
	const struct config *c = l->c;
	for (size_t y = 0; y < c->n_networks; y++)
		for (size_t j = 0; j < c->networks[y].n_listen; j++)
			for (size_t x = 0; x <= y; x++)
				for (size_t i = 0; i < (x == y ? j : c->networks[x].n_listen); i++)
					clash_of_listeners(l, root, x, i, y, j);
}

static void check_manage(struct loader *l, const struct node *root)
{
	const struct config *c = l->c;
	if (!addr_is_set(&c->manage.listen))
		return;
	for (size_t x = 0; x < c->n_networks; x++)
		for (size_t i = 0; i < c->networks[x].n_listen; i++) {
			const struct config_listen *p = &c->networks[x].listen[i];
			if (p->transport == CONFIG_TCP && addr_port(&p->addr) == addr_port(&c->manage.listen) &&
			    hosts_clash(&p->addr, &c->manage.listen))
				fault(l, node_find(node_find(root, "manage"), "listen"),
				      "network \"%s\" listens there for SIP; take another port", c->networks[x].name);
		}
}

/* ---- media ports ---- */

static bool ranges_overlap(const struct config_network *a, const struct config_network *b)
{
	return a->media.port_min <= b->media.port_max && b->media.port_min <= a->media.port_max;
}

static const struct node *ports_node(const struct node *root, const struct config_network *net)
{
	return node_find(node_find(part(root, "networks", net->name), "media"), "ports");
}

static void clash_of_media(struct loader *l, const struct node *root, const struct config_network *a,
			   const struct config_network *b)
{
	if (!ranges_overlap(a, b) || !same_device(a, b))
		return;
	for (size_t i = 0; i < a->media.n_addresses; i++)
		for (size_t j = 0; j < b->media.n_addresses; j++) {
			char buf[ADDR_STRLEN];
			if (!hosts_clash(&a->media.address[i], &b->media.address[j]))
				continue;
			fault(l, ports_node(root, b),
			      "%u-%u overlaps %u-%u of network \"%s\" on the same address %s; give each its own",
			      b->media.port_min, b->media.port_max, a->media.port_min, a->media.port_max, a->name,
			      addr_text_host(&b->media.address[j], buf));
			return;
		}
}

static void clash_with_listener(struct loader *l, const struct node *root, const struct config_network *media,
				const struct config_network *sip)
{
	for (size_t i = 0; i < sip->n_listen; i++)
		for (size_t j = 0; j < media->media.n_addresses; j++) {
			const struct config_listen *p = &sip->listen[i];
			uint16_t port = addr_port(&p->addr);
			if (p->transport != CONFIG_UDP || port < media->media.port_min ||
			    port > media->media.port_max || !hosts_clash(&p->addr, &media->media.address[j]) ||
			    !same_device(sip, media))
				continue;
			char buf[ADDR_STRLEN];
			fault(l, ports_node(root, media),
			      "%u-%u holds udp:%s, where network \"%s\" listens; move one of them",
			      media->media.port_min, media->media.port_max, addr_text(&p->addr, buf), sip->name);
		}
}

static void check_media(struct loader *l, const struct node *root)
{
	const struct config *c = l->c;
	for (size_t y = 0; y < c->n_networks; y++) {
		for (size_t x = 0; x < y; x++)
			clash_of_media(l, root, &c->networks[x], &c->networks[y]);
		for (size_t x = 0; x < c->n_networks; x++)
			clash_with_listener(l, root, &c->networks[y], &c->networks[x]);
	}
}

/* ---- peers ---- */

static bool can_send(const struct config_network *net, const struct config_target *t)
{
	for (size_t i = 0; i < net->n_listen; i++) {
		const struct config_listen *p = &net->listen[i];
		bool family = !addr_is_set(&t->addr) || addr_is_v6(&t->addr) == addr_is_v6(&p->addr);
		/* a literal without a transport goes by UDP (RFC 3263 §4.1); a name may be found by either */
		bool transport = t->transport == p->transport || (!t->transport_given && !addr_is_set(&t->addr));
		if (family && transport)
			return true;
	}
	return false;
}

static void check_targets(struct loader *l, const struct node *root, const struct config_peer *p)
{
	const struct config_network *net = &l->c->networks[p->network];
	for (size_t i = 0; i < p->n_targets; i++) {
		const struct config_target *t = &p->targets[i];
		const char *family = !addr_is_set(&t->addr) ? "" : addr_is_v6(&t->addr) ? " over IPv6" : " over IPv4";
		if (!net->n_listen || can_send(net, t))
			continue;
		fault(l, item(node_find(part(root, "peers", p->name), "targets"), i),
		      "network \"%s\" has no %s listener%s to send to %s from; add one", net->name,
		      config_transport_text(t->transport), family, QUOTE(t->text));
	}
}

static bool same_source(const struct config_peer *a, const struct config_peer *b, char buf[ADDR_STRLEN])
{
	for (size_t i = 0; i < a->n_sources; i++)
		for (size_t j = 0; j < b->n_sources; j++) {
			const struct config_source *p = &a->sources[i], *q = &b->sources[j];
			if (p->port == q->port && p->net.bits == q->net.bits &&
			    addr_equal_host(&p->net.net, &q->net.net)) {
				addr_text_host(&p->net.net, buf);
				return true;
			}
		}
	return false;
}

static bool same_host(const struct config_peer *a, const struct config_peer *b, const char **ret)
{
	for (size_t i = 0; i < a->hosts.n; i++)
		for (size_t j = 0; j < b->hosts.n; j++)
			if (strcasecmp(a->hosts.v[i], b->hosts.v[j]) == 0) {
				*ret = a->hosts.v[i];
				return true;
			}
	return false;
}

/* Two customers behind one address are told apart by hosts; without them the second would never be chosen. */
static void check_twins(struct loader *l, const struct node *root, const struct config_peer *a,
			const struct config_peer *b)
{
	char buf[ADDR_STRLEN];
	const char *host;
	if (a->network != b->network || !same_source(a, b, buf))
		return;
	if (!a->hosts.n && !b->hosts.n)
		fault(l, part(root, "peers", b->name),
		      "peer \"%s\" has the same source %s; give one of them \"hosts\", or other sources", a->name, buf);
	else if (same_host(a, b, &host))
		fault(l, part(root, "peers", b->name),
		      "peer \"%s\" has the same source %s and the same host %s; change one", a->name, buf, QUOTE(host));
}

static void check_peers(struct loader *l, const struct node *root)
{
	const struct config *c = l->c;
	for (size_t i = 0; i < c->n_peers && !l->oom; i++) {
		check_targets(l, root, &c->peers[i]);
		for (size_t j = 0; j < i; j++)
			check_twins(l, root, &c->peers[j], &c->peers[i]);
	}
}

/* ---- routes, timers ---- */

static bool targets_echo(const struct config_route *r)
{
	for (size_t i = 0; i < r->n_targets; i++)
		if (r->targets[i].peer == CONFIG_TARGET_ECHO)
			return true;
	return false;
}

static void check_routes(struct loader *l, const struct node *root)
{
	const struct config *c = l->c;
	const struct node *routes = node_find(root, "routes");
	for (size_t i = 0; i < c->n_routes; i++) {
		const struct config_route *r = &c->routes[i];
		const struct config_network *net = r->network < 0 ? NULL : &c->networks[r->network];
		if (net && net->n_listen && !net->media.n_addresses && targets_echo(r))
			fault(l, item(routes, i), "echo needs media, and network \"%s\" has none; add \"media\" there",
			      net->name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(c->routes[j].name, r->name) == 0)
				fault(l, item(routes, i), "route name \"%s\" a second time; each needs its own",
				      r->name);
	}
}

static void check_timers(struct loader *l, const struct node *root)
{
	const struct config_timers *t = &l->c->timers;
	const struct node *n = node_find(root, "timers");
	if (t->t2 < t->t1)
		fault_key(l, n, "t2", "%u ms is below t1 (%u ms); retransmissions could not back off", t->t2, t->t1);
	if (l->c->limits.connections_source > l->c->limits.connections)
		fault_key(l, node_find(root, "limits"), "connections_source", "%u is above connections (%u)",
			  l->c->limits.connections_source, l->c->limits.connections);
}

/* ---- accounts ---- */

static void check_accounts(struct loader *l, const struct node *root)
{
	const struct config *c = l->c;
	for (size_t i = 0; i < c->n_networks; i++)
		if (c->networks[i].auth == CONFIG_AUTH_LIMEN && !c->accounts.file)
			fault_key(
				l, part(root, "networks", c->networks[i].name), "auth",
				"\"limen\" has no users to ask for; give accounts.file, or \"relay\" or \"none\" here");
}

void check_all(struct loader *l, const struct node *root)
{
	check_listeners(l, root);
	check_manage(l, root);
	check_media(l, root);
	check_peers(l, root);
	check_routes(l, root);
	check_timers(l, root);
	check_accounts(l, root);
	if (!l->c->n_networks)
		fault_key(l, root, "networks", "no network; name at least one");
}
