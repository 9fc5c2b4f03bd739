/* SPDX-License-Identifier: Apache-2.0 */
/* warn: what `check` tells without refusing. */
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "config/internal.h"

/* ---- the configuration by itself ---- */

static bool network_has_peer(const struct config *c, unsigned network)
{
	for (size_t i = 0; i < c->n_peers; i++)
		if (c->peers[i].network == network)
			return true;
	return false;
}

/* Does it hear anybody who is no peer? */
static bool hears_strangers(const struct config_network *net)
{
	return net->unknown == CONFIG_UNKNOWN_ACCEPT || net->phones;
}

static void warn_route(const struct config *c, size_t i, struct config_faults *f)
{
	const struct config_route *r = &c->routes[i];
	char place[48];
	snprintf(place, sizeof(place), "routes[%zu]", i);
	if (r->peer < 0 && r->network >= 0 && !network_has_peer(c, (unsigned)r->network) &&
	    !hears_strangers(&c->networks[r->network]))
		faults_add(
			f, place, 0,
			"nothing can match: network \"%s\" has no peer, nor \"phones\", and \"unknown\" is not \"accept\" there",
			c->networks[r->network].name);
	bool all = r->network < 0 && r->peer < 0 && !r->from && !r->to && !r->ruri && !r->method && !r->header;
	if (all && i + 1 < c->n_routes)
		faults_add(f, place, 0, "matches every request, so the routes after it are never reached");
}

static bool peer_is_target(const struct config *c, unsigned peer)
{
	for (size_t i = 0; i < c->n_routes; i++)
		for (size_t j = 0; j < c->routes[i].n_targets; j++)
			if (c->routes[i].targets[j].peer == peer)
				return true;
	return false;
}

static void warn_peer(const struct config *c, unsigned i, struct config_faults *f)
{
	const struct config_peer *p = &c->peers[i];
	char place[PLACE_MAX];
	snprintf(place, sizeof(place), "peers.%s", p->name);
	if (!p->n_sources && !peer_is_target(c, i))
		faults_add(f, place, 0, "no route calls this peer, and no source makes a request its own");
	else if (!p->n_sources)
		faults_add(
			f, place, 0,
			"its targets are names, and names are no sources: calls from it count as unknown; give \"sources\"");
	if (!c->networks[p->network].media.n_addresses)
		faults_add(f, place, 0, "its network \"%s\" has no media, so calls with it carry none",
			   c->networks[p->network].name);
}

static void warn_network(const struct config_network *net, struct config_faults *f)
{
	char place[PLACE_MAX];
	snprintf(place, sizeof(place), "networks.%s.media.address", net->name);
	for (unsigned v6 = 0; v6 < 2; v6++) {
		bool listens = false, relays = false;
		for (size_t i = 0; i < net->n_listen; i++)
			listens |= addr_is_v6(&net->listen[i].addr) == (bool)v6;
		for (size_t i = 0; i < net->media.n_addresses; i++)
			relays |= addr_is_v6(&net->media.address[i]) == (bool)v6;
		if (listens && !relays && net->media.n_addresses)
			faults_add(f, place, 0, "SIP is received over %s, but there is no media address for it",
				   v6 ? "IPv6" : "IPv4");
	}
}

/* Digest crosses between two who say so: one alone relays nothing. */
static void warn_auth(const struct config *c, struct config_faults *f)
{
	char place[PLACE_MAX], last[PLACE_MAX] = "";
	unsigned relays = 0;
	for (size_t i = 0; i < c->n_networks; i++) {
		const struct config_network *net = &c->networks[i];
		bool strangers = hears_strangers(net);
		snprintf(place, sizeof(place), "networks.%s.auth", net->name);
		if (net->auth == CONFIG_AUTH_LIMEN && !strangers)
			faults_add(
				f, place, 0,
				"nobody is asked: it is for who is no peer, there are no \"phones\", and \"unknown\" is not \"accept\"");
		if (net->auth == CONFIG_AUTH_RELAY && strangers && ++relays)
			memcpy(last, place, sizeof(last));
	}
	for (size_t i = 0; i < c->n_peers; i++)
		if (c->peers[i].auth == CONFIG_AUTH_RELAY && ++relays)
			snprintf(last, sizeof(last), "peers.%s.auth", c->peers[i].name);
	if (relays == 1)
		faults_add(f, last, 0,
			   "nobody else says \"relay\", so digest crosses nowhere; say it on the other side, too");
}

void config_warnings(const struct config *c, struct config_faults *ret_warnings)
{
	*ret_warnings = (struct config_faults){NULL, 0};
	for (size_t i = 0; i < c->n_networks; i++)
		warn_network(&c->networks[i], ret_warnings);
	for (unsigned i = 0; i < c->n_peers; i++)
		warn_peer(c, i, ret_warnings);
	for (size_t i = 0; i < c->n_routes; i++)
		warn_route(c, i, ret_warnings);
	if (addr_is_set(&c->manage.listen) && !addr_is_loopback(&c->manage.listen) && !c->manage.token)
		faults_add(ret_warnings, "manage.listen", 0,
			   "whoever reaches this address may end calls; give \"token\", or listen on 127.0.0.1");
	warn_auth(c, ret_warnings);
	if (!c->n_routes)
		faults_add(ret_warnings, "routes", 0, "no route: every call is refused");
}

/* ---- the machine ---- */

static void warn_ports(const struct config_network *net, const struct machine *m, struct config_faults *f)
{
	char place[PLACE_MAX];
	if (!net->media.n_addresses || net->media.port_min > m->local_port_max ||
	    net->media.port_max < m->local_port_min)
		return;
	snprintf(place, sizeof(place), "networks.%s.media.ports", net->name);
	faults_add(
		f, place, 0,
		"%u-%u overlaps the kernel's own range %u-%u, so other programs may take ports of it; move it, or set net.ipv4.ip_local_port_range",
		net->media.port_min, net->media.port_max, m->local_port_min, m->local_port_max);
}

static void warn_address(const char *name, const char *key, const struct addr *a, const struct machine *m,
			 struct config_faults *f)
{
	char place[PLACE_MAX], buf[ADDR_STRLEN];
	if (!m->has_address || addr_is_any(a) || addr_is_loopback(a) || m->has_address(a))
		return;
	snprintf(place, sizeof(place), "networks.%s.%s", name, key);
	faults_add(f, place, 0, "no interface of this machine has the address %s", addr_text_host(a, buf));
}

/* Each address once, where it stands first. */
static void warn_addresses(const struct config_network *net, const struct machine *m, struct config_faults *f)
{
	for (size_t i = 0; i < net->n_listen; i++) {
		bool told = false;
		for (size_t j = 0; j < i; j++)
			told |= addr_equal_host(&net->listen[i].addr, &net->listen[j].addr);
		if (!told)
			warn_address(net->name, "listen", &net->listen[i].addr, m, f);
	}
	for (size_t i = 0; i < net->media.n_addresses; i++) {
		bool told = false;
		for (size_t j = 0; j < net->n_listen; j++)
			told |= addr_equal_host(&net->media.address[i], &net->listen[j].addr);
		if (!told)
			warn_address(net->name, "media.address", &net->media.address[i], m, f);
	}
}

/* Without the folder the process does not start. Who may write there depends on who runs it, which is not asked here.
 */
static void warn_folder(const char *place, const char *file, const struct machine *m, struct config_faults *f)
{
	const char *slash = file ? strrchr(file, '/') : NULL;
	char folder[4096]; /* check_path() */
	if (!slash || slash == file || !m->has_folder)
		return;
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - file), file);
	if (!m->has_folder(folder))
		faults_add(f, place, 0, "there is no folder %s; make it, for the user that Limen runs as",
			   QUOTE(folder));
}

/* Ports that calls can take: what ranges hold, or four a call (two sides, RTP and RTCP), whichever is less; then
 * connections, listeners of each worker and some for files. */
static uint64_t descriptors_needed(const struct config *c, uint64_t *ret_ports)
{
	uint64_t ports = 0, listeners = 0;
	for (size_t i = 0; i < c->n_networks; i++) {
		const struct config_network *net = &c->networks[i];
		if (net->media.n_addresses)
			ports += net->media.n_addresses * (uint64_t)(net->media.port_max - net->media.port_min + 1);
		listeners += net->n_listen;
	}
	uint64_t by_calls = 4ull * c->limits.calls;
	*ret_ports = ports < by_calls ? ports : by_calls;
	return *ret_ports + c->limits.connections + listeners * c->workers + 64;
}

int machine_warnings(const struct config *c, const struct machine *m, struct config_faults *f)
{
	for (size_t i = 0; i < c->n_networks; i++) {
		const struct config_network *net = &c->networks[i];
		warn_ports(net, m, f);
		warn_addresses(net, m, f);
	}
	warn_folder("log.file", c->log.file, m, f);
	warn_folder("cdr.file", c->cdr.file, m, f);
	warn_folder("store.file", c->store.file, m, f);
	uint64_t ports, needed = descriptors_needed(c, &ports);
	if (needed <= m->descriptors)
		return 0;
	return faults_add(
		f, "limits.calls", 0,
		"needs up to %llu descriptors (%llu of them media ports), and this process may open %llu; raise "
		"LimitNOFILE (ulimit -n), or lower limits or ports",
		(unsigned long long)needed, (unsigned long long)ports, (unsigned long long)m->descriptors);
}

static bool interface_has(const struct addr *a)
{
	struct ifaddrs *all;
	if (getifaddrs(&all) < 0)
		return true; /* not known: no warning */
	bool found = false;
	for (struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		if (!i->ifa_addr)
			continue;
		struct addr b = addr_from_sockaddr(i->ifa_addr);
		found = addr_is_set(&b) && addr_equal_host(&b, a);
	}
	freeifaddrs(all);
	return found;
}

static bool folder_is_there(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void config_machine_warnings(const struct config *c, struct config_faults *ret_warnings)
{
	struct machine m = {.descriptors = UINT64_MAX,
			    .local_port_min = UINT32_MAX,
			    .has_address = interface_has,
			    .has_folder = folder_is_there};
	struct rlimit r;
	*ret_warnings = (struct config_faults){NULL, 0};
	/* the hard limit: the program raises the soft one */
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_max != RLIM_INFINITY)
		m.descriptors = r.rlim_max;
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	if (f) {
		if (fscanf(f, "%u %u", &m.local_port_min, &m.local_port_max) != 2)
			m.local_port_min = UINT32_MAX;
		fclose(f);
	}
	machine_warnings(c, &m, ret_warnings);
}
