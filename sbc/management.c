/* SPDX-License-Identifier: Apache-2.0 */
/* management: what the management port may look at. */
#include <errno.h>
#include <stdio.h>

#include "sbc/program.h"

static void write_metrics(void *arg, struct writer *w)
{
	struct program *p = arg;

	metrics_write(&(struct metrics_sources){.config = p->config,
						.group = p->group,
						.calls = p->calls,
						.location = p->location,
						.media = p->media,
						.border = p->border,
						.logins = p->logins,
						.log = p->log,
						.cdr = p->cdr,
						.store = p->store,
						.started_ns = p->started_ns},
		      w);
}

static bool is_ready(void *arg)
{
	struct program *p = arg;

	return p->terms == 0;
}

/* A worker that has been busy with one turn for so long serves nobody. */
#define STUCK_MS 5000

static bool is_healthy(void *arg)
{
	struct program *p = arg;

	for (unsigned i = 0; i < p->n_workers; i++)
		if (loop_stuck(worker_get(p->group, i)->loop, STUCK_MS))
			return false;
	return true;
}

/* ---- what /rpc looks at ---- */

static struct loop *worker_loop(void *arg, unsigned i)
{
	struct program *p = arg;

	return worker_get(p->group, i)->loop;
}

static struct calls *calls_of(void *arg, unsigned i)
{
	struct program *p = arg;

	return p->calls[i];
}

static void ask_registrations(void *arg, unsigned i, struct regs_ask *a)
{
	struct program *p = arg;

	registrations_ask(&p->registrations_of[i], a);
}

static const struct config *config_of(void *arg)
{
	struct program *p = arg;

	return p->config;
}

int program_manage(struct program *p)
{
	char err_text[256] = "";
	int err;

	if (!addr_is_set(&p->config->manage.listen))
		return 0;
	p->rpc = (struct rpc_sources){
		.door = {.loop = p->loop, .n_workers = p->n_workers, .worker = worker_loop, .arg = p},
		.config = config_of,
		.calls = calls_of,
		.regs = ask_registrations,
		.metrics = write_metrics,
		.ready = is_ready,
		.key = &p->key,
		.started_ns = p->started_ns,
	};
	err = manage_create(&(struct manage_params){.listen = p->config->manage.listen,
						    .loop = p->loop,
						    .metrics = write_metrics,
						    .ready = is_ready,
						    .healthy = is_healthy,
						    .arg = p,
						    .rpc = &p->rpc},
			    err_text, sizeof(err_text), &p->manage);
	if (err < 0)
		fprintf(stderr, "limen: %s\n", err_text[0] ? err_text : strerror(-err));
	return err;
}
