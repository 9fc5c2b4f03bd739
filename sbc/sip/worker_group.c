/* SPDX-License-Identifier: Apache-2.0 */
/* worker_group: all signalling workers of the process: made before any thread runs, started, told of a new
 * configuration, stopped. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/thread.h"
#include "sbc/sip/worker_internal.h"

struct worker *worker_get(struct worker_group *g, unsigned i)
{
	return &g->workers[i].worker;
}

unsigned worker_count(const struct worker_group *g)
{
	return g->n;
}

void worker_set_arg(struct worker_group *g, unsigned i, void *arg)
{
	g->workers[i].worker.arg = arg;
}

/* ---- making ---- */

static int worker_make(struct worker_group *g, unsigned index, const struct worker_group_params *p, char *err,
		       size_t err_n)
{
	struct worker *w = &g->workers[index].worker;
	struct txn_io io = worker_txn_io(w);
	struct txn_user user = worker_txn_user(w);
	int e;

	w->index = index;
	w->key = p->key;
	w->config = config_ref(p->config);
	w->user = p->user;
	w->group = g;
	e = loop_create(p->config->limits.queue, &w->loop);
	if (e < 0)
		goto fail;
	e = transport_create(w->loop, w->config, index, &worker_transport_user, w, &w->transport, err, err_n);
	if (e < 0)
		return e; /* it has said what */
	e = txn_layer_create(&io, &user, p->key, &w->txn);
	if (e < 0)
		goto fail;
	txn_layer_configure(w->txn, w->config);
	e = resolver_create(w->loop, g->cache, p->dns_servers, &w->resolver);
	if (e < 0)
		goto fail;
	return 0;

fail:
	snprintf(err, err_n, "worker %u: %s", index, strerror(-e));
	return e;
}

static void worker_unmake(struct worker *w)
{
	if (w->resolver)
		resolver_destroy(w->resolver);
	txn_layer_destroy(w->txn);
	if (w->transport)
		transport_destroy(w->transport);
	if (w->loop)
		loop_destroy(w->loop);
	config_unref(w->config);
}

int worker_group_create(const struct worker_group_params *p, char *err, size_t err_n, struct worker_group **ret)
{
	struct worker_group *g = NULL;
	int e = -EINVAL;

	if (p->n < 1 || p->n > WORKER_MAX)
		goto fail_text;
	e = -ENOMEM;
	g = calloc(1, sizeof(*g));
	if (!g)
		goto fail_text;
	g->workers = calloc(p->n, sizeof(*g->workers));
	if (!g->workers)
		goto fail_group;
	g->n = p->n;
	g->key = p->key;
	g->random_delivery = p->random_delivery;
	e = resolve_cache_create(&g->cache);
	if (e < 0)
		goto fail_group;
	for (unsigned i = 0; i < p->n; i++) {
		e = worker_make(g, i, p, err, err_n);
		if (e < 0) {
			worker_group_destroy(g);
			return e;
		}
		g->transports[i] = worker_get(g, i)->transport;
		transport_set_siblings(g->transports[i], g->transports, p->n);
	}
	*ret = g;
	return 0;

fail_group:
	free(g->workers);
	free(g);
fail_text:
	snprintf(err, err_n, "workers: %s", strerror(-e));
	return e;
}

void worker_group_destroy(struct worker_group *g)
{
	if (!g)
		return;
	for (unsigned i = 0; i < g->n; i++)
		worker_unmake(&g->workers[i].worker);
	resolve_cache_destroy(g->cache);
	free(g->workers);
	free(g);
}

/* ---- running ---- */

static void *run(void *arg)
{
	struct worker_own *o = arg;

	loop_run(o->worker.loop);
	return NULL;
}

int worker_group_start(struct worker_group *g)
{
	int e = 0;

	for (unsigned i = 0; i < g->n && e == 0; i++) {
		char name[24];
		snprintf(name, sizeof(name), "limen-sip-%u", i);
		e = thread_start(name, 0, run, &g->workers[i], &g->workers[i].thread);
		g->workers[i].running = e == 0;
	}
	return e;
}

void worker_group_stop(struct worker_group *g)
{
	for (unsigned i = 0; i < g->n; i++)
		if (g->workers[i].running)
			loop_stop(g->workers[i].worker.loop);
	for (unsigned i = 0; i < g->n; i++) {
		if (!g->workers[i].running)
			continue;
		pthread_join(g->workers[i].thread, NULL);
		g->workers[i].running = false;
	}
	g->stopped = true;
	/* what one hands to another comes to its end after a few rounds: received, owned, sent, lost */
	for (unsigned round = 0; round < 4; round++)
		for (unsigned i = 0; i < g->n; i++)
			loop_drain(g->workers[i].worker.loop);
}

/* ---- a new configuration ---- */

int worker_set_config(struct worker *w, struct config *c)
{
	char err_text[256] = "";
	int e;

	txn_layer_configure(w->txn, c);
	config_ref(c);
	config_unref(w->config);
	w->config = c;
	e = transport_set_config(w->transport, c, err_text, sizeof(err_text));
	if (e < 0) {
		struct log_line l;

		if (log_begin(&l, LOG_ERROR, "reload: listener")) {
			log_u64(&l, "worker", w->index);
			log_z(&l, "text", err_text);
			log_end(&l);
		}
	}
	return e;
}
