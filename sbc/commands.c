/* SPDX-License-Identifier: Apache-2.0 */
/* commands: what signals ask for, told to every worker through its queue. */
#include <stdatomic.h>
#include <stdlib.h>

#include "sbc/media_networks.h"
#include "sbc/program.h"

/* A reload is done when every worker, and the main thread, has taken it up: the last of them says so and frees this. */
struct reload {
	atomic_uint left;
};

struct command {
	struct program *p;
	unsigned worker;
	struct config *config;
	struct reload *reload; /* with a configuration only */
	unsigned timeout_ms;
};

static void taken_up(struct reload *r)
{
	if (!r || atomic_fetch_sub(&r->left, 1) > 1)
		return;
	program_say(LOG_INFO, "reload done");
	free(r);
}

/* Posts fn to every worker, with a command of its own that fn frees. A full queue is an operator's to know. */
static void post_all(struct program *p, void (*fn)(void *arg), struct config *config, struct reload *reload,
		     unsigned timeout_ms)
{
	for (unsigned i = 0; i < p->n_workers; i++) {
		struct command *c = malloc(sizeof(*c));
		struct log_line l;

		if (c) {
			*c = (struct command){.p = p,
					      .worker = i,
					      .config = config ? config_ref(config) : NULL,
					      .reload = reload,
					      .timeout_ms = timeout_ms};
			if (loop_post(worker_get(p->group, i)->loop, fn, c))
				continue;
			config_unref(c->config);
			free(c);
		}
		if (log_begin(&l, LOG_ERROR, "worker not told")) {
			log_u64(&l, "worker", i);
			log_end(&l);
		}
		taken_up(reload);
	}
}

/* ---- drain ---- */

static void all_drained(void *arg)
{
	struct program *p = arg;

	if (--p->draining == 0)
		loop_stop(p->loop);
}

static void worker_drained(void *arg)
{
	struct program *p = arg;

	loop_post(p->loop, all_drained, p);
}

static void drain_worker(void *arg)
{
	struct command *c = arg;

	calls_drain(c->p->calls[c->worker], c->timeout_ms, worker_drained, c->p);
	free(c);
}

void program_say(enum log_level level, const char *msg)
{
	struct log_line l;

	if (log_begin(&l, level, msg))
		log_end(&l);
}

void program_terminate(struct program *p)
{
	bool first = p->terms++ == 0;

	if (first)
		p->draining = p->n_workers;
	program_say(LOG_INFO, first ? "draining: no new calls; a second signal ends the others" : "ending all calls");
	post_all(p, drain_worker, NULL, NULL, first ? p->config->timers.drain : 0);
}

/* ---- reload ---- */

static void set_worker_config(void *arg)
{
	struct command *c = arg;

	/* Out of memory: this worker stays as it was, and is told again by the next reload. The stack below comes last:
	 * a new network's first message must find calls that know the network. */
	if (calls_set_config(c->p->calls[c->worker], c->config) < 0) {
		program_say(LOG_ERROR, "reload: a worker is out of memory");
	} else {
		location_set_config(c->p->location[c->worker], c->config);
		pass_set_config(c->p->pass[c->worker], c->config);
		worker_set_config(worker_get(c->p->group, c->worker), c->config);
	}
	config_unref(c->config);
	taken_up(c->reload);
	free(c);
}

static void tell_change(void *arg, enum config_change what, const char *place)
{
	static const char *const text[] = {"added", "removed", "changed", "needs a restart"};
	struct log_line l;

	if (!log_begin(&l, LOG_INFO, "reload"))
		return;
	log_z(&l, "what", text[what]);
	log_z(&l, "place", place);
	log_end(&l);
}

static void tell_fault(const struct config_fault *f)
{
	struct log_line l;

	if (!log_begin(&l, LOG_ERROR, "reload: fault"))
		return;
	log_z(&l, "place", f->place);
	if (f->line)
		log_u64(&l, "line", f->line);
	log_z(&l, "text", f->text);
	log_end(&l);
}

static void tell_warnings(struct config_faults *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct log_line l;

		if (!log_begin(&l, LOG_WARN, "configuration"))
			continue;
		log_z(&l, "place", w->v[i].place);
		log_z(&l, "text", w->v[i].text);
		log_end(&l);
	}
	config_faults_finish(w);
}

void program_warn(const struct config *c)
{
	struct config_faults w = {0};

	config_warnings(c, &w);
	tell_warnings(&w);
	config_machine_warnings(c, &w);
	tell_warnings(&w);
}

/* Both or neither: the configuration, and the accounts that it names. */
static int load_all(struct program *p, struct config **ret, struct accounts **ret_accounts)
{
	struct config_faults faults = {0}, warnings = {0};
	struct config *c = NULL;
	int err = config_reload(p->config, p->options->config, &c, &faults, tell_change, NULL);

	if (err == 0) {
		err = logins_load(c, ret_accounts, &faults, &warnings);
		if (err < 0)
			config_unref(c);
		else
			*ret = c;
	}
	if (err < 0) {
		program_say(LOG_ERROR, "reload refused: the configuration in use stays");
		for (size_t i = 0; i < faults.n; i++)
			tell_fault(&faults.v[i]);
	}
	config_faults_finish(&faults);
	config_faults_finish(&warnings);
	return err;
}

void program_reload(struct program *p)
{
	struct reload *reload = calloc(1, sizeof(*reload));
	struct accounts *accounts = NULL;
	struct config *c = NULL;

	if (load_all(p, &c, &accounts) < 0) {
		free(reload);
		return;
	}
	if (!reload || border_state_set_config(p->border, c) < 0 || media_networks_apply(p->media, c) < 0) {
		program_say(LOG_ERROR, "reload failed: out of memory; to be tried again");
		accounts_unref(accounts);
		config_unref(c);
		free(reload);
		return;
	}
	atomic_init(&reload->left, p->n_workers + 1);
	logins_set_accounts(p->logins, accounts);
	accounts_unref(accounts);
	post_all(p, set_worker_config, c, reload, 0);
	log_set_level((enum log_level)c->log.level);
	log_set_mask(c->log.mask);
	config_unref(p->config);
	p->config = c;
	taken_up(reload);
	program_warn(c);
}

void program_reopen_files(struct program *p)
{
	line_writer_reopen(p->log);
	if (p->cdr)
		line_writer_reopen(p->cdr);
}
