/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "media/internal.h"

#define DEFAULT_WINDOW_MS   2000
#define DEFAULT_COOLDOWN_MS 5000

/* ---- texts --------------------------------------------------------------------------------------------------- */

const char *media_error_text(enum media_error e)
{
	static const char *const texts[] = {
		[MEDIA_OK] = "no error",
#define X(name, text) [name] = text,
		MEDIA_ERRORS(X)
#undef X
	};
	return e < sizeof(texts) / sizeof(*texts) ? texts[e] : "unknown error";
}

const char *media_drop_key(enum media_drop d)
{
	static const char *const keys[] = {
#define X(name, key, text) [name] = key,
		MEDIA_DROPS(X)
#undef X
	};
	return d < MEDIA_DROP_COUNT ? keys[d] : "unknown";
}

/* ---- networks ------------------------------------------------------------------------------------------------ */

void networks_unref(struct networks *n)
{
	if (!n || atomic_fetch_sub(&n->refs, 1) != 1)
		return;
	for (size_t i = 0; i < n->n; i++)
		for (size_t a = 0; a < n->list[i].n_addresses; a++)
			pool_unref(n->list[i].pools[a]);
	free(n);
}

struct networks *media_networks(struct media *m)
{
	pthread_mutex_lock(&m->lock);
	struct networks *n = m->networks;
	atomic_fetch_add(&n->refs, 1);
	pthread_mutex_unlock(&m->lock);
	return n;
}

/* The same ports at the same address stay one pool, whatever network has them, so that two never hand out one port. */
static struct pool *find_pool(const struct networks *in, const struct addr *a, const struct media_network *w)
{
	for (size_t i = 0; in && i < in->n; i++)
		for (size_t k = 0; k < in->list[i].n_addresses; k++)
			if (pool_is(in->list[i].pools[k], a, w->device, w->port_min, w->port_max))
				return pool_ref(in->list[i].pools[k]);
	return NULL;
}

static int add_address(struct networks *nets, const struct networks *old, struct network *n,
		       const struct media_network *what, size_t i)
{
	const struct addr *a = &what->address[i];
	struct pool *pool = find_pool(nets, a, what);

	if (!pool)
		pool = find_pool(old, a, what);
	if (!pool) {
		int r = pool_create(a, what->device, what->port_min, what->port_max, &pool);
		if (r < 0)
			return r;
	}
	n->advertise[n->n_addresses] = addr_is_set(&what->advertise[i]) ? what->advertise[i] : *a;
	n->pools[n->n_addresses++] = pool;
	return 0;
}

static int add_network(struct networks *nets, const struct networks *old, const struct media_network *what)
{
	struct network *n = &nets->list[nets->n];

	if (what->n_addresses > MEDIA_MAX_ADDRESSES || what->dscp > 63)
		return -EINVAL;
	if (what->device && strlen(what->device) >= sizeof(n->device))
		return -EINVAL;
	if (what->device)
		memcpy(n->device, what->device, strlen(what->device) + 1);
	n->dscp = what->dscp;
	nets->n++;
	for (size_t i = 0; i < what->n_addresses; i++) {
		int r = add_address(nets, old, n, what, i);
		if (r < 0)
			return r;
	}
	return 0;
}

static int networks_create(const struct media_network *list, size_t n, const struct networks *old,
			   struct networks **ret)
{
	struct networks *nets = calloc(1, sizeof(*nets) + n * sizeof(*nets->list));
	int r = 0;

	if (!nets)
		return -ENOMEM;
	atomic_init(&nets->refs, 1);
	for (size_t i = 0; i < n && r == 0; i++)
		r = add_network(nets, old, &list[i]);
	if (r < 0) {
		networks_unref(nets);
		return r;
	}
	*ret = nets;
	return 0;
}

int media_set_networks(struct media *m, const struct media_network *n, size_t n_networks)
{
	struct networks *fresh, *old = media_networks(m);
	int r = networks_create(n, n_networks, old, &fresh);

	networks_unref(old);
	if (r < 0)
		return r;
	pthread_mutex_lock(&m->lock);
	old = m->networks;
	m->networks = fresh;
	pthread_mutex_unlock(&m->lock);
	networks_unref(old);
	return 0;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

static unsigned count_workers(unsigned asked)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = asked ? asked : cores > 0 ? (unsigned)cores : 1;
	return n < MAX_WORKERS ? n : MAX_WORKERS;
}

static void stop_workers(struct media *m)
{
	for (unsigned i = 0; i < m->n_workers; i++)
		worker_stop(&m->workers[i]);
	free(m->workers);
}

static int start_workers(struct media *m, unsigned n)
{
	m->workers = calloc(n, sizeof(*m->workers));
	if (!m->workers)
		return -ENOMEM;
	m->n_workers = n;
	for (unsigned i = 0; i < n; i++) {
		int r = worker_start(&m->workers[i], m);
		if (r < 0) {
			stop_workers(m);
			return r;
		}
	}
	return 0;
}

int media_create(const struct media_config *c, struct media **ret)
{
	struct media *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	m->window_ns = (c->latch_window_ms ? c->latch_window_ms : DEFAULT_WINDOW_MS) * NS_PER_MS;
	m->cooldown_ns = (c->port_cooldown_ms ? c->port_cooldown_ms : DEFAULT_COOLDOWN_MS) * NS_PER_MS;
	m->max_sessions = c->max_sessions ? c->max_sessions : UINT32_MAX;
	m->plain_sends = c->plain_sends;
	random_bytes(&m->rtcp_key, sizeof(m->rtcp_key));
	pthread_mutex_init(&m->lock, NULL);
	r = networks_create(c->networks, c->n_networks, NULL, &m->networks);
	if (r < 0)
		goto fail_free;
	r = start_workers(m, count_workers(c->workers));
	if (r < 0)
		goto fail_networks;
	*ret = m;
	return 0;

fail_networks:
	networks_unref(m->networks);
fail_free:
	pthread_mutex_destroy(&m->lock);
	free(m);
	return r;
}

static void free_port(struct media_port *p)
{
	if (!p)
		return;
	close(p->fd);
	free(p->answers);
	free(p->slots);
	free(p);
}

void media_destroy(struct media *m)
{
	for (unsigned i = 0; i < MAX_PORTS; i++)
		if (m->ports[i] && m->ports[i]->open)
			media_port_close(m->ports[i]);
	stop_workers(m);
	for (unsigned i = 0; i < MAX_PORTS; i++)
		free_port(m->ports[i]);
	networks_unref(m->networks);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* ---- gauges -------------------------------------------------------------------------------------------------- */

static bool seen_before(const struct networks *n, size_t network, size_t address)
{
	for (size_t i = 0; i <= network; i++)
		for (size_t a = 0; a < (i == network ? address : n->list[i].n_addresses); a++)
			if (n->list[i].pools[a] == n->list[network].pools[address])
				return true;
	return false;
}

static void sum_pools(struct media *m, struct media_gauges *g)
{
	struct networks *n = media_networks(m);
	for (size_t i = 0; i < n->n; i++)
		for (size_t a = 0; a < n->list[i].n_addresses; a++) {
			if (seen_before(n, i, a))
				continue;
			struct pool_gauge one = pool_gauge(n->list[i].pools[a]);
			g->ports_used += one.used;
			g->ports_total += one.total;
			g->ports_skipped += one.skipped;
			g->ports_open += one.open;
		}
	networks_unref(n);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void sum_worker(const struct worker *w, struct media_gauges *g)
{
	g->packets += counter_read(&w->counters.packets);
	g->bytes += counter_read(&w->counters.bytes);
	g->races += counter_read(&w->counters.races);
	g->queue_full += counter_read(&w->counters.queue_full);
	for (unsigned i = 0; i < MEDIA_DROP_COUNT; i++)
		g->drops[i] += counter_read(&w->counters.drops[i]);
	for (unsigned i = 0; i < MEDIA_RANK_NONE; i++)
		g->latches[i] += counter_read(&w->counters.latches[i]);
	for (unsigned i = 0; i < MEDIA_EVIDENCE_COUNT; i++)
		g->source_changes[i] += counter_read(&w->counters.source_changes[i]);
	g->loop_p50_us = larger(g->loop_p50_us, histogram_percentile_us(&w->turns, 0.50));
	g->loop_p99_us = larger(g->loop_p99_us, histogram_percentile_us(&w->turns, 0.99));
	g->loop_max_us = larger(g->loop_max_us, histogram_max_us(&w->turns));
}

void media_gauges(struct media *m, struct media_gauges *ret)
{
	struct media_gauges g = {
		.sessions = atomic_load(&m->sessions),
		.queue_full = atomic_load(&m->queue_full),
	};
	sum_pools(m, &g);
	for (unsigned i = 0; i < m->n_workers; i++)
		sum_worker(&m->workers[i], &g);
	*ret = g;
}
