/* SPDX-License-Identifier: Apache-2.0 */
/* network: addresses of every kind, and what a network has beyond the table. */
#include <ctype.h>
#include <string.h>

#include "config/internal.h"

#define SIP_PORT 5060
#define DNS_PORT 53

bool split_hostport(struct str s, struct str *ret_host, uint16_t *ret_port)
{
	struct str host = s, digits = STR_NONE;
	uint64_t port = 0;
	size_t colon = str_find(s, ':');
	if (s.n && s.p[0] == '[') {
		size_t end = str_find(s, ']');
		if (end == s.n || (end + 1 < s.n && s.p[end + 1] != ':'))
			return false;
		host.n = end + 1;
		if (end + 1 < s.n)
			digits = (struct str){s.p + end + 2, s.n - end - 2};
		else
			colon = s.n;
	} else if (colon < s.n && !memchr(s.p + colon + 1, ':', s.n - colon - 1)) {
		host.n = colon;
		digits = (struct str){s.p + colon + 1, s.n - colon - 1};
	} else {
		colon = s.n; /* none, or a bare IPv6 address */
	}
	if (colon < s.n && (!str_to_u64(digits, UINT16_MAX, &port) || port == 0))
		return false;
	*ret_host = host;
	*ret_port = (uint16_t)port;
	return true;
}

/* RFC 1123 §2.1: letters, digits and hyphens; the last label is not all digits, or "192.0.2.300" would be a name. */
const char *host_fault(struct str host)
{
	bool numeric = true, dots = false;
	for (size_t i = 0; i < host.n; i++) {
		numeric &= isdigit((unsigned char)host.p[i]) || host.p[i] == '.';
		dots |= host.p[i] == '.';
	}
	if (host.n == 0 || host.n > 253)
		return "is not an address or host name";
	if (numeric && dots)
		return "is not an address or host name; an IPv4 address has four numbers from 0 to 255";
	if (host.p[host.n - 1] == '.')
		host.n--;
	struct str rest = host, label = STR_NONE;
	while (rest.n) {
		label = str_cut(&rest, '.');
		if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return "is not an address or host name";
		for (size_t i = 0; i < label.n; i++)
			if (!isalnum((unsigned char)label.p[i]) && label.p[i] != '-')
				return "is not an address or host name; names have letters, digits and hyphens";
	}
	bool digits = true;
	for (size_t i = 0; i < label.n; i++)
		digits &= isdigit((unsigned char)label.p[i]) != 0;
	return digits ? "is not an address or host name; the last part of a name is not a number" : NULL;
}

int split_transport(struct loader *l, struct node *n, struct str *s, enum config_transport *ret)
{
	size_t colon = str_find(*s, ':');
	struct str front = {s->p, colon};
	if (colon == s->n)
		return 0;
	if (str_eq_nocase(front, STR("sip")) || str_eq_nocase(front, STR("sips"))) {
		fault(l, n, "%s: no SIP URI here; write host, host:port or tcp:host:port", quote_n(s->p, s->n).s);
		return -1;
	}
	for (const struct word *w = transport_words; w->text; w++) {
		if (!str_eq_nocase(front, str_z(w->text)))
			continue;
		if (w->later) {
			fault(l, n, "%s: %s is not in this build; use udp or tcp", quote_n(s->p, s->n).s, w->text);
			return -1;
		}
		*ret = (enum config_transport)w->value;
		str_cut(s, ':');
		return 1;
	}
	return 0;
}

/* ---- listen ---- */

static bool listen_parse(struct loader *l, struct node *n, struct config_listen *ret)
{
	const char *z = node_text(l, n);
	if (!z)
		return false;
	struct str s = str_z(z), host;
	uint16_t port;
	int r = split_transport(l, n, &s, &ret->transport);
	if (r < 0)
		return false;
	if (r == 0) {
		fault(l, n, "%s does not say the transport; write udp:%s or tcp:%s", QUOTE(z),
		      strlen(z) < 64 ? z : "ADDRESS", strlen(z) < 64 ? z : "ADDRESS");
		return false;
	}
	if (!split_hostport(s, &host, &port)) {
		fault(l, n, "%s: the port must be a number from 1 to 65535", QUOTE(z));
		return false;
	}
	if (!addr_parse(host, port ? port : SIP_PORT, &ret->addr)) {
		fault(l, n, "%s: %s is not an address; listeners are addresses, not names", QUOTE(z),
		      quote_n(host.p, host.n).s);
		return false;
	}
	if (addr_is_v6(&ret->addr) && host.p[0] != '[') {
		fault(l, n, "%s: put the IPv6 address in brackets: [%.*s]", QUOTE(z), (int)(host.n < 46 ? host.n : 46),
		      host.p);
		return false;
	}
	return true;
}

void parse_listen(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config_network *net = base;
	struct items it;
	if (!items_of(l, n, "listeners (\"udp:192.0.2.1:5060\")", &it))
		return;
	struct config_listen *v = loader_alloc(l, (it.n + 1) * sizeof(*v));
	if (!v)
		return;
	if (!it.n)
		fault(l, n, "no listener; write at least one, such as \"udp:192.0.2.1:5060\"");
	size_t count = 0;
	for (struct node *x; (x = items_next(&it)) && !l->oom;)
		count += listen_parse(l, x, &v[count]);
	net->listen = v;
	net->n_listen = count;
}

/* ---- single addresses ---- */

static bool address_parse(struct loader *l, struct node *n, struct addr *ret)
{
	const char *z = node_text(l, n);
	if (!z)
		return false;
	if (!addr_parse(str_z(z), 0, ret)) {
		fault(l, n, "%s is not an address (no port, no name here)", QUOTE(z));
		return false;
	}
	struct addr with_port = *ret;
	addr_set_port(&with_port, 1);
	if (addr_is_unsendable(&with_port)) {
		fault(l, n, "%s cannot be told to others; name one address of this machine", QUOTE(z));
		return false;
	}
	return true;
}

void parse_address(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct addr a;
	if (address_parse(l, n, &a))
		*(struct addr *)(void *)((char *)base + k->offset) = a;
}

/* Both lists of media: address comes first and sets the order, advertise follows it by family. */
void parse_media_addresses(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config_network *net = base;
	bool advertise = k->offset == offsetof(struct config_network, media.advertise);
	struct items it;
	if (!items_of(l, n, "addresses", &it))
		return;
	if (!it.n && !advertise)
		fault(l, n, "no address; write one, or remove \"media\" for a network without media");
	for (struct node *x; (x = items_next(&it)) && !l->oom;) {
		struct addr a;
		if (!address_parse(l, x, &a))
			continue;
		size_t i = 0;
		while (i < net->media.n_addresses && addr_is_v6(&net->media.address[i]) != addr_is_v6(&a))
			i++;
		struct addr *slot = advertise ? &net->media.advertise[i] : &net->media.address[i];
		if (advertise && i == net->media.n_addresses)
			fault(l, x, "%s: no address of this family is in \"address\"", QUOTE(x->text));
		else if (i < 2 && addr_is_set(slot))
			fault(l, x, "%s is the second address of its family; keep one IPv4 and one IPv6",
			      QUOTE(x->text));
		else
			*slot = a;
		if (!advertise && i == net->media.n_addresses)
			net->media.n_addresses++;
	}
}

/* manage.listen is one, dns.servers a list kept as text for the resolver. */
static bool hostport_parse(struct loader *l, struct node *n, uint16_t default_port, struct addr *ret)
{
	const char *z = node_text(l, n);
	struct str host;
	uint16_t port;
	if (!z)
		return false;
	if (split_hostport(str_z(z), &host, &port) && (port || default_port) &&
	    addr_parse(host, port ? port : default_port, ret))
		return true;
	fault(l, n, "%s is not %s; IPv6 goes in brackets: \"[::1]:%u\"", QUOTE(z),
	      default_port ? "address or address:port" : "address:port", default_port ? default_port : 8080);
	return false;
}

static void parse_servers(struct loader *l, struct node *n, const char **ret)
{
	struct items it;
	if (!items_of(l, n, "addresses", &it))
		return;
	size_t cap = it.n * ADDR_STRLEN + 1;
	char *text = loader_alloc(l, cap);
	if (!text)
		return;
	struct writer w = writer_init(text, cap - 1);
	for (struct node *x; (x = items_next(&it)) && !l->oom;) {
		struct addr a;
		if (!hostport_parse(l, x, DNS_PORT, &a))
			continue;
		if (w.n)
			writer_char(&w, ',');
		addr_write(&w, &a);
	}
	*ret = w.n ? text : NULL;
}

void parse_hostport(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config *c = base;
	struct addr a;
	if (k->offset == offsetof(struct config, dns.servers))
		parse_servers(l, n, &c->dns.servers);
	else if (hostport_parse(l, n, 0, &a))
		c->manage.listen = a;
}

/* ---- prefixes ---- */

/* "192.0.2.1/24" with bits below the prefix: say what was meant. */
static void cidr_fault(struct loader *l, struct node *n, struct str s)
{
	struct str rest = s, host = str_cut(&rest, '/');
	struct addr a;
	uint64_t bits;
	if (!addr_parse(host, 0, &a) || !str_to_u64(rest, addr_is_v6(&a) ? 128 : 32, &bits)) {
		fault(l, n, "%s is not an address or prefix, such as 192.0.2.0/24 or 2001:db8::/32",
		      quote_n(s.p, s.n).s);
		return;
	}
	uint8_t *p = addr_is_v6(&a) ? a.in6.sin6_addr.s6_addr : (uint8_t *)&a.in4.sin_addr;
	for (unsigned i = (unsigned)bits; i < (addr_is_v6(&a) ? 128u : 32u); i++)
		p[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
	char buf[ADDR_STRLEN];
	fault(l, n, "%s has bits set behind its prefix; write %s/%u, or the address alone", quote_n(s.p, s.n).s,
	      addr_text_host(&a, buf), (unsigned)bits);
}

bool cidr_of(struct loader *l, struct node *n, struct cidr *ret)
{
	const char *z = node_text(l, n);
	if (!z)
		return false;
	if (cidr_parse(str_z(z), ret))
		return true;
	cidr_fault(l, n, str_z(z));
	return false;
}

/* ---- ports and the whole ---- */

void parse_ports(struct loader *l, const struct key *k, struct node *n, void *base)
{
	struct config_network *net = base;
	const char *z = node_text(l, n);
	uint64_t lo, hi;
	if (!z)
		return;
	struct str s = str_z(z), first = str_cut(&s, '-');
	if (!str_to_u64(first, UINT16_MAX, &lo) || !str_to_u64(s, UINT16_MAX, &hi) || !lo || !hi)
		fault(l, n, "%s is not a range of ports, such as \"20000-29999\"", QUOTE(z));
	else if (lo > hi)
		fault(l, n, "%s ends before it starts; write \"%u-%u\"", QUOTE(z), (unsigned)hi, (unsigned)lo);
	else if (lo < 1024)
		fault(l, n, "%s starts below 1024; media ports are from 1024 up", QUOTE(z));
	else if (lo % 2)
		fault(l, n, "%s starts at an odd port; RTP is on even ports: start at %u", QUOTE(z), (unsigned)lo + 1);
	else if (hi - lo + 1 < 2)
		fault(l, n, "%s has no room for one pair of RTP and RTCP ports", QUOTE(z));
	else {
		net->media.port_min = (uint16_t)lo;
		net->media.port_max = (uint16_t)hi;
	}
}

/* 0.0.0.0 may be listened on when there is something else to tell the far side. */
static void check_wildcards(struct loader *l, struct node *n, const struct config_network *net)
{
	const struct node *listen = node_find(n, "listen");
	for (size_t i = 0; i < net->n_listen; i++) {
		const struct addr *a = &net->listen[i].addr;
		char buf[ADDR_STRLEN];
		bool told = addr_is_set(&net->advertise) && addr_is_v6(&net->advertise) == addr_is_v6(a);
		if (addr_is_any(a) && !told)
			fault(l, listen, "%s cannot be told to others; name the address, or give \"advertise\"",
			      addr_text(a, buf));
	}
}

/* Both are written into every message. */
static void tell_addresses(struct loader *l, struct config_network *net)
{
	struct config_listen *v = loader_alloc(l, (net->n_listen + 1) * sizeof(*v));
	if (!v)
		return;
	for (size_t i = 0; i < net->n_listen; i++) {
		char buf[ADDR_STRLEN];
		v[i] = net->listen[i];
		v[i].told = v[i].addr;
		if (addr_is_set(&net->advertise) && addr_is_v6(&net->advertise) == addr_is_v6(&v[i].addr)) {
			v[i].told = net->advertise;
			addr_set_port(&v[i].told, addr_port(&v[i].addr));
		}
		addr_text(&v[i].told, buf);
		v[i].told_text = (struct str){arena_str(l->arena, buf, strlen(buf)), strlen(buf)};
		l->oom |= !v[i].told_text.p;
	}
	net->listen = v;
}

static void realm_preset(struct loader *l, struct config_network *net)
{
	char buf[ADDR_STRLEN];
	const struct addr *a = addr_is_set(&net->advertise) || !net->n_listen ? &net->advertise : &net->listen[0].addr;
	addr_text_host(a, buf);
	net->realm = arena_str(l->arena, buf, strlen(buf));
	l->oom |= !net->realm;
}

void network_finish(struct loader *l, struct node *n, void *base)
{
	struct config_network *net = base;
	const struct node *media = node_find(n, "media");
	check_wildcards(l, n, net);
	if (!node_find(n, "keepalive_stun"))
		net->keepalive_stun = net->nat;
	if (!net->realm)
		realm_preset(l, net);
	tell_addresses(l, net);
	if (!media || media->kind != NODE_OBJECT || !node_find(media, "latch"))
		net->media.latch = net->nat ? CONFIG_LATCH_OPEN : CONFIG_LATCH_RESTRICTED;
}
