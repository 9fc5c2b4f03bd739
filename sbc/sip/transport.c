/* SPDX-License-Identifier: Apache-2.0 */
/* transport: a worker's listeners, and the way out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sbc/sip/transport_internal.h"

#define UDP_RCVBUF (4 << 20)

/* ---- facts of the configuration ---- */

bool transport_reliable(enum config_transport t)
{
	return t == CONFIG_TCP;
}

static const struct config_listen *find_listen(const struct config_network *n, enum config_transport t, bool v6,
					       const struct addr *local)
{
	const struct config_listen *first = NULL;

	for (size_t i = 0; i < n->n_listen; i++) {
		const struct config_listen *l = &n->listen[i];

		if (l->transport != t || addr_is_v6(&l->addr) != v6)
			continue;
		if (local && addr_equal(&l->addr, local))
			return l;
		if (!first)
			first = l;
	}
	return first;
}

bool transport_listens(const struct config *c, unsigned network, enum config_transport t, bool v6)
{
	return find_listen(&c->networks[network], t, v6, NULL) != NULL;
}

struct addr transport_local(const struct config *c, unsigned network, enum config_transport t, bool v6,
			    const struct addr *local)
{
	const struct config_listen *l = find_listen(&c->networks[network], t, v6, local);

	return l ? l->told : (struct addr){0};
}

struct str transport_local_text(const struct config *c, unsigned network, enum config_transport t, bool v6,
				const struct addr *local)
{
	const struct config_listen *l = find_listen(&c->networks[network], t, v6, local);

	return l ? l->told_text : STR("-");
}

/* ---- listeners ---- */

static int open_socket(const struct config_network *n, const struct config_listen *c)
{
	struct sock_options o = {
		.device = n->device, .dscp = n->dscp, .reuseport = true, .rcvbuf_bytes = UDP_RCVBUF, .errors = true};

	if (c->transport == CONFIG_UDP)
		return sock_udp(SOCK_KIND_SIGNALLING, &c->addr, &o);
	/* inherited by what is accepted */
	o.errors = false;
	o.rcvbuf_bytes = o.sndbuf_bytes = STREAM_KERNEL;
	return sock_listen(&c->addr, 1024, &o);
}

static void listener_close(struct listener *l)
{
	loop_timer_stop(l->transport->loop, &l->retire);
	loop_timer_stop(l->transport->loop, &l->rest);
	loop_poll_close(l->poll);
	sock_close(SOCK_KIND_SIGNALLING, l->fd);
	list_remove(&l->node);
	free(l);
}

static int listener_open(struct transport *t, unsigned network, const struct config_listen *c)
{
	const struct config_network *n = &t->config->networks[network];
	struct listener *l = calloc(1, sizeof(*l));
	int fd;

	if (!l)
		return -ENOMEM;
	fd = open_socket(n, c);
	if (fd < 0) {
		free(l);
		return fd;
	}
	*l = (struct listener){.transport = t, .network = network, .kind = c->transport, .addr = c->addr, .fd = fd};
	l->rest.fn = stream_accept_again;
	l->poll = loop_poll_open(t->loop, fd, c->transport == CONFIG_UDP ? udp_readable : stream_acceptable, l);
	if (!l->poll) {
		sock_close(SOCK_KIND_SIGNALLING, fd);
		free(l);
		return -ENOMEM;
	}
	loop_poll_set(l->poll, LOOP_READABLE);
	list_append(&t->listeners, &l->node);
	return 0;
}

static struct listener *find_open(struct transport *t, unsigned network, const struct config_listen *c)
{
	list_for_each (n, &t->listeners) {
		struct listener *l = list_entry(n, struct listener, node);

		if (l->network == network && l->kind == c->transport && addr_equal(&l->addr, &c->addr))
			return l;
	}
	return NULL;
}

static void say_cannot(const struct config_network *n, const struct config_listen *c, int e, char *err, size_t err_n)
{
	char text[ADDR_STRLEN];

	snprintf(err, err_n, "cannot listen on %s:%s (network %s): %s%s", config_transport_text(c->transport),
		 addr_text(&c->addr, text), n->name, strerror(-e), sock_mend(e));
}

/* Workers share their ports, and so could another Limen of the same user: each would get some of the datagrams, and
 * nobody would see why. Before any worker has the ports, the first one asks whether somebody else does. */
static int look_for_others(const struct config *config, char *err, size_t err_n)
{
	for (size_t i = 0; i < config->n_networks; i++) {
		const struct config_network *n = &config->networks[i];

		for (size_t k = 0; k < n->n_listen; k++) {
			struct sock_options o = {.device = n->device};
			int fd;

			if (n->listen[k].transport != CONFIG_UDP)
				continue;
			fd = sock_udp(SOCK_KIND_SIGNALLING, &n->listen[k].addr, &o);
			sock_close(SOCK_KIND_SIGNALLING, fd);
			if (fd != -EADDRINUSE)
				continue; /* what else is wrong will be told */
			say_cannot(n, &n->listen[k], fd, err, err_n);
			return fd;
		}
	}
	return 0;
}

/* Opens what the configuration names and is not open. 0, or the first error, with its words in err. */
static int open_all(struct transport *t, char *err, size_t err_n)
{
	int first = 0;

	for (unsigned i = 0; i < t->config->n_networks; i++) {
		const struct config_network *n = &t->config->networks[i];

		for (unsigned k = 0; k < n->n_listen; k++) {
			struct listener *l = find_open(t, i, &n->listen[k]);
			int e;

			if (l) {
				l->retired = false;
				loop_timer_stop(t->loop, &l->retire);
				continue;
			}
			e = listener_open(t, i, &n->listen[k]);
			if (e == 0 || first)
				continue;
			first = e;
			say_cannot(n, &n->listen[k], e, err, err_n);
		}
	}
	return first;
}

/* The one that the configuration names first for this: what transport_local() tells the far side. */
static struct listener *first_named(struct transport *t, const struct destination *d, bool v6)
{
	const struct config_listen *c = find_listen(&t->config->networks[d->network], d->transport, v6, NULL);

	return c ? find_open(t, d->network, c) : NULL;
}

struct listener *transport_listener(struct transport *t, const struct destination *d)
{
	bool v6 = addr_is_v6(&d->remote);
	struct config_listen named = {.transport = d->transport, .addr = d->local};
	struct listener *l = addr_is_set(&d->local) ? find_open(t, d->network, &named) : NULL;

	/* one that was taken out of the configuration ends what it has begun; else it serves only while there is no
	 * other */
	if (d->flow_only)
		return l;
	if (l && !l->retired && addr_is_v6(&l->addr) == v6)
		return l;
	l = first_named(t, d, v6);
	if (l)
		return l;
	list_for_each (n, &t->listeners) {
		l = list_entry(n, struct listener, node);
		if (l->network == d->network && l->kind == d->transport && addr_is_v6(&l->addr) == v6)
			return l;
	}
	return NULL;
}

static void on_retire(struct wheel_timer *t)
{
	listener_close(container_of(t, struct listener, retire));
}

/* Is it still in the configuration? */
static bool wanted(const struct transport *t, const struct listener *l)
{
	const struct config_network *n;

	if (l->network >= t->config->n_networks)
		return false;
	n = &t->config->networks[l->network];
	for (size_t i = 0; i < n->n_listen; i++)
		if (n->listen[i].transport == l->kind && addr_equal(&n->listen[i].addr, &l->addr))
			return true;
	return false;
}

/* RFC 3261 §18.2.2 and RFC 3581 §4: a reply leaves from the address and port that the request came to, or no NAT lets
 * it through. A request that came by this listener may ring until timer C, and its reply is repeated for 64*T1.
 * Connections outlive the socket that accepted them. */
static uint64_t retire_ms(const struct listener *l, const struct config *before, const struct config *now)
{
	uint64_t ring = before->timers.c > now->timers.c ? before->timers.c : now->timers.c;

	return 64ull * now->timers.t1 + (l->kind == CONFIG_UDP ? ring : 0);
}

int transport_set_config(struct transport *t, struct config *c, char *err, size_t err_n)
{
	struct config *before = t->config;

	config_ref(c);
	t->config = c;
	list_for_each (n, &t->listeners) {
		struct listener *l = list_entry(n, struct listener, node);

		if (wanted(t, l) || l->retired)
			continue;
		l->retired = true;
		l->retire.fn = on_retire;
		loop_timer(t->loop, &l->retire, retire_ms(l, before, c));
	}
	config_unref(before);
	return open_all(t, err, err_n);
}

/* ---- the way out ---- */

struct lost {
	struct transport *from;
	uint64_t cookie;
	int error;
};

static void on_lost(void *arg)
{
	struct lost *l = arg;

	l->from->user->send_failed(l->from->arg, l->cookie, l->error);
	free(l);
}

void transport_tell_lost(struct transport *t, struct transport *from, uint64_t cookie, int error)
{
	struct lost *l;

	if (!cookie)
		return;
	if (from == t) {
		t->user->send_failed(t->arg, cookie, error);
		return;
	}
	/* no memory or no room: the transaction's own timers end it, as over UDP */
	l = malloc(sizeof(*l));
	if (!l)
		return;
	*l = (struct lost){.from = from, .cookie = cookie, .error = error};
	if (!loop_post(from->loop, on_lost, l))
		free(l);
}

static int send_datagram(struct transport *t, const struct destination *d, const char *text, size_t n)
{
	struct listener *l = transport_listener(t, d);

	if (!l)
		return d->flow_only ? -ENOTCONN : -EDESTADDRREQ;
	return udp_send(l, &d->remote, text, n);
}

int transport_send(struct transport *t, const struct destination *d, const char *text, size_t n, uint64_t cookie)
{
	struct stream *s;
	int err;

	if (addr_is_unsendable(&d->remote) || d->network >= t->config->n_networks)
		return -EDESTADDRREQ;
	if (d->transport == CONFIG_UDP)
		return send_datagram(t, d, text, n);
	if (d->connection && stream_worker(d->connection) != t->worker && stream_worker(d->connection) < t->n_siblings)
		return stream_send_by(t, t->siblings[stream_worker(d->connection)], d, text, n, cookie);
	err = stream_for(t, d, &s);
	return err < 0 ? err : stream_send(s, t, text, n, cookie);
}

/* ---- life ---- */

void transport_set_siblings(struct transport *t, struct transport *const *all, unsigned n)
{
	struct source_table *shared = source_table_ref(all[0]->sources);

	source_table_unref(t->sources);
	t->sources = shared;
	t->siblings = all;
	t->n_siblings = n;
}

uint64_t transport_connections(const struct transport *t)
{
	uint64_t sum = 0;

	if (!t->n_siblings)
		return atomic_load_explicit(&t->connections, memory_order_relaxed);
	for (unsigned i = 0; i < t->n_siblings; i++)
		sum += atomic_load_explicit(&t->siblings[i]->connections, memory_order_relaxed) +
		       atomic_load_explicit(&t->siblings[i]->n_untold, memory_order_relaxed);
	return sum;
}

int transport_create(struct loop *l, struct config *c, unsigned worker, const struct transport_user *user, void *arg,
		     struct transport **ret, char *err, size_t err_n)
{
	struct transport *t = calloc(1, sizeof(*t));
	int e = -ENOMEM;

	if (!t)
		goto fail_text;
	t->loop = l;
	t->config = config_ref(c);
	t->worker = worker;
	t->user = user;
	t->arg = arg;
	random_bytes(&t->key, sizeof(t->key));
	list_init(&t->listeners);
	list_init(&t->dying);
	list_init(&t->paused);
	list_init(&t->untold);
	list_init(&t->held_sends);
	t->batch = udp_batch_create();
	t->chunk = malloc(STREAM_CHUNK);
	if (!t->batch || !t->chunk || source_table_create(&t->sources) < 0) {
		transport_destroy(t);
		goto fail_text;
	}
	e = worker ? 0 : look_for_others(c, err, err_n);
	if (e == 0)
		e = open_all(t, err, err_n);
	if (e < 0) {
		transport_destroy(t);
		return e;
	}
	*ret = t;
	return 0;

fail_text:
	snprintf(err, err_n, "transport: %s", strerror(-e));
	return e;
}

void transport_destroy(struct transport *t)
{
	if (!t)
		return;
	list_for_each_safe (n, &t->listeners)
		listener_close(list_entry(n, struct listener, node));
	for (size_t i = 0; i < t->n_streams; i++) {
		struct stream *s = t->streams[i];

		if (s)
			stream_kill(s, -ESHUTDOWN);
	}
	loop_timer_stop(t->loop, &t->read_again);
	/* nobody is told any more, of those either that died just before */
	list_for_each_safe (n, &t->dying)
		stream_free(list_entry(n, struct stream, dying));
	obituaries_finish(t);
	held_finish(t);
	hmap_finish(&t->by_remote);
	source_table_unref(t->sources);
	free(t->streams);
	free(t->batch);
	free(t->chunk);
	config_unref(t->config);
	free(t);
}

void transport_gauges(const struct transport *t, struct transport_gauges *ret)
{
#define X(name) ret->name = atomic_load_explicit(&t->name, memory_order_relaxed);
	TRANSPORT_COUNTS(X)
#undef X
}
