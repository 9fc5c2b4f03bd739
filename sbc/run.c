/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/run.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/clock.h"
#include "sbc/call/machine.h"
#include "sbc/faults.h"
#include "sbc/manage/manage.h"
#include "sbc/media_networks.h"
#include "sbc/pass/pass.h"

#define LOG_QUEUE_BYTES (4u << 20)
#define CDR_QUEUE_BYTES (16u << 20)

struct program {
	const struct run_options *options;
	struct config *config;
	struct ident_key key;
	struct loop *loop;
	struct line_writer *log, *cdr;
	struct store *store; /* NULL: nothing outlives the process */
	struct media *media;
	struct border_state *border;
	struct worker_group *group;
	struct calls *calls[WORKER_MAX];
	struct pass *pass[WORKER_MAX];
	unsigned n_workers;
	struct manage *manage;
	uv_signal_t on_term, on_int, on_hup, on_usr1;
	unsigned signals_open;
	unsigned terms;         /* SIGTERMs so far */
	unsigned foreign_calls; /* in the store, under another key */
	unsigned draining;      /* workers that still have calls */
	uint64_t started_ns;
};

/* ---- commands to the workers ---- */

struct command {
	struct program *p;
	unsigned worker;
	struct config *config;
	unsigned timeout_ms;
};

/* Posts fn to every worker, with a command of its own that fn frees. A full queue is an operator's to know. */
static void post_all(struct program *p, void (*fn)(void *arg), struct config *config, unsigned timeout_ms)
{
	for (unsigned i = 0; i < p->n_workers; i++) {
		struct command *c = malloc(sizeof(*c));
		struct log_line l;

		if (c) {
			*c = (struct command){.p = p,
					      .worker = i,
					      .config = config ? config_ref(config) : NULL,
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

static void say(enum log_level level, const char *msg)
{
	struct log_line l;

	if (log_begin(&l, level, msg))
		log_end(&l);
}

static void on_terminate(uv_signal_t *s, int signum)
{
	struct program *p = s->data;
	bool first = p->terms++ == 0;

	if (first)
		p->draining = p->n_workers;
	say(LOG_INFO, first ? "draining: no new calls; a second signal ends the others" : "ending all calls");
	post_all(p, drain_worker, NULL, first ? p->config->timers.drain : 0);
}

/* ---- reload ---- */

static void set_worker_config(void *arg)
{
	struct command *c = arg;

	/* Out of memory: this worker stays as it was, and is told again by the next reload. The stack below comes last:
	 * a new network's first message must find calls that know the network. */
	if (calls_set_config(c->p->calls[c->worker], c->config) < 0) {
		say(LOG_ERROR, "reload: a worker is out of memory");
	} else {
		pass_set_config(c->p->pass[c->worker], c->config);
		worker_set_config(worker_get(c->p->group, c->worker), c->config);
	}
	config_unref(c->config);
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
	log_z(&l, "text", f->text);
	log_end(&l);
}

static void reload(struct program *p)
{
	struct config_faults faults = {0};
	struct config *c = NULL;

	if (config_reload(p->config, p->options->config, &c, &faults, tell_change, NULL) < 0) {
		say(LOG_ERROR, "reload refused: the configuration in use stays");
		for (size_t i = 0; i < faults.n; i++)
			tell_fault(&faults.v[i]);
		config_faults_finish(&faults);
		return;
	}
	config_faults_finish(&faults);
	if (border_state_set_config(p->border, c) < 0 || media_networks_apply(p->media, c) < 0) {
		say(LOG_ERROR, "reload failed: out of memory; to be tried again");
		config_unref(c);
		return;
	}
	post_all(p, set_worker_config, c, 0);
	log_set_level((enum log_level)c->log.level);
	log_set_mask(c->log.mask);
	config_unref(p->config);
	p->config = c;
	say(LOG_INFO, "reload done");
}

static void on_reload(uv_signal_t *s, int signum)
{
	struct program *p = s->data;

	line_writer_reopen(p->log);
	if (p->cdr)
		line_writer_reopen(p->cdr);
	reload(p);
}

static void on_reopen(uv_signal_t *s, int signum)
{
	struct program *p = s->data;

	line_writer_reopen(p->log);
	if (p->cdr)
		line_writer_reopen(p->cdr);
}

/* ---- management ---- */

static void write_metrics(void *arg, struct writer *w)
{
	struct program *p = arg;

	metrics_write(&(struct metrics_sources){.config = p->config,
						.group = p->group,
						.calls = p->calls,
						.media = p->media,
						.border = p->border,
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

/* ---- putting it together ---- */

static int fail(const char *what, int err)
{
	fprintf(stderr, "limen: %s: %s\n", what, strerror(-err));
	return err;
}

static int start_writers(struct program *p)
{
	const struct config *c = p->config;
	int err = line_writer_create(c->log.file, LOG_QUEUE_BYTES, &p->log);

	if (err < 0)
		return fail(c->log.file ? c->log.file : "log", err);
	log_set_level((enum log_level)c->log.level);
	log_set_mask(c->log.mask);
	log_set_sink(log_to_writer, p->log);
	if (!c->cdr.file)
		return 0;
	err = line_writer_create(c->cdr.file, CDR_QUEUE_BYTES, &p->cdr);
	return err < 0 ? fail(c->cdr.file, err) : 0;
}

static int start_workers(struct program *p)
{
	char err_text[256] = "";
	int err = worker_group_create(&(struct worker_group_params){.config = p->config,
								    .n = p->n_workers,
								    .key = &p->key,
								    .dns_servers = p->options->dns_servers
											   ? p->options->dns_servers
											   : p->config->dns.servers,
								    .user = &calls_worker_user,
								    .random_delivery = p->options->random_delivery},
				      err_text, sizeof(err_text), &p->group);

	if (err < 0) {
		fprintf(stderr, "limen: %s\n", err_text[0] ? err_text : strerror(-err));
		return err;
	}
	for (unsigned i = 0; i < p->n_workers; i++) {
		struct worker *w = worker_get(p->group, i);

		err = pass_create(w, p->border, &p->pass[i]);
		if (err < 0)
			return fail("worker", err);
		err = calls_create(&(struct calls_params){.worker = w,
							  .media = p->media,
							  .border = p->border,
							  .store = p->config->store.calls ? p->store : NULL,
							  .cdr = p->cdr ? cdr_to_writer : NULL,
							  .cdr_arg = p->cdr,
							  .pass = pass_options,
							  .pass_arg = p->pass[i]},
				   &p->calls[i]);
		if (err < 0)
			return fail("worker", err);
		worker_set_arg(p->group, i, p->calls[i]);
	}
	return 0;
}

static void start_signal(struct program *p, uv_signal_t *s, uv_signal_cb fn, int signum)
{
	uv_signal_init(loop_uv(p->loop), s);
	s->data = p;
	uv_signal_start(s, fn, signum);
	p->signals_open++;
}

static int start_manage(struct program *p)
{
	char err_text[256] = "";
	int err;

	if (!addr_is_set(&p->config->manage.listen))
		return 0;
	err = manage_create(&(struct manage_params){.listen = p->config->manage.listen,
						    .loop = p->loop,
						    .metrics = write_metrics,
						    .ready = is_ready,
						    .healthy = is_healthy,
						    .arg = p},
			    err_text, sizeof(err_text), &p->manage);
	if (err < 0)
		fprintf(stderr, "limen: %s\n", err_text[0] ? err_text : strerror(-err));
	return err;
}

/* ---- the store ---- */

#define SECRET_BYTES 32
#define SECRET_KEY   STR("cluster_key")
#define KEEP_WAIT_MS 10000

struct secret {
	char v[SECRET_BYTES];
	bool kept;
};

static void take_secret(void *arg, struct str key, struct str bytes)
{
	struct secret *s = arg;

	if (!str_eq(key, SECRET_KEY) || bytes.n != sizeof(s->v))
		return;
	memcpy(s->v, bytes.p, sizeof(s->v));
	s->kept = true;
}

/* The key that the process before us made, so that its identifiers are ours: else a new one, on disk before the first
 * identifier is minted under it. */
static int find_secret(struct program *p, struct secret *s)
{
	int err = p->store ? store_load(p->store, STORE_SECRETS, take_secret, s) : 0;

	if (err < 0 || s->kept)
		return err;
	random_bytes(s->v, sizeof(s->v));
	store_put(p->store, STORE_SECRETS, SECRET_KEY, (struct str){s->v, sizeof(s->v)});
	return store_flush(p->store, KEEP_WAIT_MS);
}

static int make_key(struct program *p)
{
	const char *configured = p->config->cluster_key;
	struct secret s = {0};
	int err = configured ? 0 : find_secret(p, &s);

	if (err == 0)
		p->key = ident_key_init(configured ? str_z(configured) : (struct str){s.v, sizeof(s.v)}, 0,
					(uint16_t)random_u64());
	explicit_bzero(&s, sizeof(s));
	return err < 0 ? fail(p->config->store.file, err) : 0;
}

static int start_store(struct program *p)
{
	char err_text[512] = "";
	int err;

	if (!p->config->store.file)
		return 0;
	err = store_sqlite_create(&(struct store_sqlite_params){.file = p->config->store.file}, err_text,
				  sizeof(err_text), &p->store);
	if (err < 0)
		fprintf(stderr, "limen: %s\n", err_text[0] ? err_text : strerror(-err));
	return err;
}

/* A record under a key of ours that cannot be read is told, counted, and goes; calls of another cluster key are none of
 * ours, and stay for who has it. */
static void restore_call(void *arg, struct str key, struct str bytes)
{
	struct program *p = arg;
	uint8_t slot;
	int err;

	if (!calls_slot(&p->key, key, &slot)) {
		p->foreign_calls++;
		return;
	}
	err = calls_restore(p->calls[worker_of_slot(p->n_workers, slot)], key, bytes);
	if (err == -EBADMSG)
		store_del(p->store, STORE_CALLS, key);
}

static int restore_calls(struct program *p)
{
	struct log_line l;
	int err;

	if (!p->store || !p->config->store.calls)
		return 0;
	err = store_load(p->store, STORE_CALLS, restore_call, p);
	if (err < 0)
		return fail(p->config->store.file, err);
	if (p->foreign_calls && log_begin(&l, LOG_WARN, "calls of another cluster_key are left in the store")) {
		log_u64(&l, "calls", p->foreign_calls);
		log_end(&l);
	}
	return 0;
}

static int start(struct program *p)
{
	int err = start_writers(p);

	if (err == 0)
		err = start_store(p);
	if (err == 0)
		err = make_key(p);
	if (err < 0)
		return err;
	err = media_networks_create(p->config, &p->media);
	if (err < 0)
		return fail("media", err);
	err = border_state_create(p->config, &p->border);
	if (err < 0)
		return fail("border", err);
	err = loop_create(1024, &p->loop);
	if (err < 0)
		return fail("loop", err);
	err = start_workers(p);
	if (err < 0)
		return err;
	err = restore_calls(p);
	if (err < 0)
		return err;
	err = start_manage(p);
	if (err < 0)
		return err;
	start_signal(p, &p->on_term, on_terminate, SIGTERM);
	start_signal(p, &p->on_int, on_terminate, SIGINT);
	start_signal(p, &p->on_hup, on_reload, SIGHUP);
	start_signal(p, &p->on_usr1, on_reopen, SIGUSR1);
	return worker_group_start(p->group);
}

static void signal_closed(uv_handle_t *h)
{
	struct program *p = h->data;

	if (--p->signals_open == 0)
		loop_stop(p->loop);
}

static void stop(struct program *p)
{
	if (p->signals_open) {
		uv_close((uv_handle_t *)&p->on_term, signal_closed);
		uv_close((uv_handle_t *)&p->on_int, signal_closed);
		uv_close((uv_handle_t *)&p->on_hup, signal_closed);
		uv_close((uv_handle_t *)&p->on_usr1, signal_closed);
	}
	manage_destroy(p->manage);
	if (p->signals_open)
		loop_run(p->loop);
	if (p->group)
		worker_group_stop(p->group);
	for (unsigned i = 0; i < p->n_workers; i++) {
		calls_destroy(p->calls[i]);
		pass_destroy(p->pass[i]);
	}
	worker_group_destroy(p->group);
	if (p->media)
		media_destroy(p->media);
	border_state_destroy(p->border);
	if (p->loop)
		loop_destroy(p->loop);
	store_close(p->store);
	log_set_sink(NULL, NULL);
	line_writer_destroy(p->cdr);
	line_writer_destroy(p->log);
	config_unref(p->config);
	explicit_bzero(&p->key, sizeof(p->key));
}

/* For builds without jemalloc: glibc gives each thread an arena of its own that grows by one page and one mprotect(2)
 * at a time: nearly one a call. */
static void set_allocator(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TOP_PAD, 1 << 20);
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
}

int run(const struct run_options *o)
{
	struct program p = {.options = o, .started_ns = clock_ns()};
	struct config_faults faults = {0};
	int err;

	signal(SIGPIPE, SIG_IGN);
	set_allocator();
	if (config_load(o->config, &p.config, &faults) < 0) {
		faults_print(stderr, o->config, &faults);
		config_faults_finish(&faults);
		return 2;
	}
	config_faults_finish(&faults);
	p.n_workers = o->workers ? o->workers : p.config->workers;
	if (p.n_workers > WORKER_MAX)
		p.n_workers = WORKER_MAX;
	err = start(&p);
	if (err == 0) {
		struct log_line l;

		if (log_begin(&l, LOG_INFO, "ready")) {
			log_z(&l, "version", LIMEN_VERSION);
			log_u64(&l, "workers", p.n_workers);
			log_z(&l, "config", o->config);
			log_end(&l);
		}
		loop_run(p.loop);
		say(LOG_INFO, "stopped");
	}
	stop(&p);
	machine_dump_marks();
	return err < 0 ? 1 : 0;
}
