/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/run.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "sbc/call/machine.h"
#include "sbc/faults.h"
#include "sbc/media_networks.h"
#include "sbc/program.h"

#define LOG_QUEUE_BYTES (4u << 20)
#define CDR_QUEUE_BYTES (16u << 20)
/* CDRs sooner than the store forgets their call: one of both has it whenever the process is killed. */
#define LOG_PATIENCE_MS 250
#define CDR_PATIENCE_MS 100
#define MAIN_QUEUE      (2 * GATHER_OPEN_MAX) /* answers of workers, and a few words more */

/* ---- putting it together ---- */

static int fail(const char *what, int err)
{
	fprintf(stderr, "limen: %s: %s\n", what, strerror(-err));
	return err;
}

static int fail_file(const char *key, const char *file, int err)
{
	fprintf(stderr, "limen: %s: \"%s\": %s\n", key, file ? file : "", strerror(-err));
	return err;
}

static int start_writers(struct program *p)
{
	const struct config *c = p->config;
	int err = line_writer_create(c->log.file, LOG_QUEUE_BYTES, LOG_PATIENCE_MS, &p->log);

	if (err < 0)
		return fail_file("log.file", c->log.file, err);
	log_set_level((enum log_level)c->log.level);
	log_set_mask(c->log.mask);
	log_set_sink(log_to_writer, p->log);
	if (!c->cdr.file)
		return 0;
	err = line_writer_create(c->cdr.file, CDR_QUEUE_BYTES, CDR_PATIENCE_MS, &p->cdr);
	return err < 0 ? fail_file("cdr.file", c->cdr.file, err) : 0;
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

		p->phones[i] = (struct phones){
			.worker = w, .border = p->border, .store = p->config->store.registrations ? p->store : NULL};
		err = location_create(&(struct location_params){.loop = w->loop,
								.key = &p->key,
								.config = p->config,
								.shared = &p->registrations,
								.user = phones_user(&p->phones[i])},
				      &p->location[i]);
		if (err < 0)
			return fail("worker", err);
		p->phones[i].location = p->location[i];
		registrations_init(&p->registrations_of[i], w, p->location[i]);
		p->keyring[i] = keyring_create();
		err = p->keyring[i] ? pass_create(w, p->border, p->location[i], p->keyring[i], &p->pass[i]) : -ENOMEM;
		if (err < 0)
			return fail("worker", err);
		err = calls_create(&(struct calls_params){.worker = w,
							  .media = p->media,
							  .border = p->border,
							  .store = p->config->store.calls ? p->store : NULL,
							  .cdr = p->cdr ? cdr_to_writer : NULL,
							  .cdr_arg = p->cdr,
							  .pass = pass_request,
							  .glance = pass_glance,
							  .location = p->location[i],
							  .keyring = p->keyring[i],
							  .logins = p->logins,
							  .pass_arg = p->pass[i]},
				   &p->calls[i]);
		if (err < 0)
			return fail("worker", err);
		p->phones[i].moved = calls_phone_moved;
		p->phones[i].moved_arg = p->calls[i];
		p->phones[i].all = p->phones;
		p->phones[i].n = p->n_workers;
		worker_set_arg(p->group, i, p->calls[i]);
	}
	return 0;
}

static void on_terminate(uv_signal_t *s, int signum)
{
	program_terminate(s->data);
}

static void on_reload(uv_signal_t *s, int signum)
{
	program_reopen_files(s->data);
	program_reload(s->data);
}

static void on_reopen(uv_signal_t *s, int signum)
{
	program_reopen_files(s->data);
}

static void start_signal(struct program *p, uv_signal_t *s, uv_signal_cb fn, int signum)
{
	uv_signal_init(loop_uv(p->loop), s);
	s->data = p;
	uv_signal_start(s, fn, signum);
	p->signals_open++;
}

static int start(struct program *p)
{
	int err = start_writers(p);

	if (err == 0)
		err = program_open_store(p);
	if (err == 0)
		err = program_make_key(p);
	if (err < 0)
		return err;
	err = media_networks_create(p->config, &p->media);
	if (err < 0)
		return fail("media", err);
	err = border_state_create(p->config, &p->border);
	if (err < 0)
		return fail("border", err);
	err = loop_create(MAIN_QUEUE, &p->loop);
	if (err < 0)
		return fail("loop", err);
	err = start_workers(p);
	if (err < 0)
		return err;
	err = program_restore_registrations(p);
	if (err == 0)
		err = program_restore_calls(p);
	if (err < 0)
		return err;
	err = program_manage(p);
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
		keyring_destroy(p->keyring[i]);
		registrations_finish(&p->registrations_of[i]);
		location_destroy(p->location[i]);
	}
	if (p->loop)
		loop_drain(p->loop); /* answers that came too late */
	worker_group_destroy(p->group);
	if (p->media)
		media_destroy(p->media);
	border_state_destroy(p->border);
	logins_destroy(p->logins);
	accounts_unref(p->accounts);
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

#define DESCRIPTORS_MAX (1u << 20)

/* A shell gives 1,024, which 250 calls use up; `limen check` goes by the hard limit. Nothing here uses select(2). */
static void raise_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= DESCRIPTORS_MAX)
		return;
	r.rlim_cur = r.rlim_max < DESCRIPTORS_MAX ? r.rlim_max : DESCRIPTORS_MAX;
	setrlimit(RLIMIT_NOFILE, &r); /* else it stays as it was */
}

/* As `limen check` tells it, on standard error. */
static int load_accounts(const struct config *c, struct accounts **ret)
{
	struct config_faults faults = {0}, warnings = {0};
	int err = logins_load(c, ret, &faults, &warnings);

	faults_print(stderr, c->accounts.file ? c->accounts.file : "accounts", &faults);
	if (err < 0 && !faults.n)
		fail("accounts", err);
	config_faults_finish(&faults);
	config_faults_finish(&warnings);
	return err;
}

static void say_listening(const struct config_network *n)
{
	char text[300], addr[ADDR_STRLEN];
	struct writer w = writer_init(text, sizeof(text) - 1);
	struct log_line l;

	for (size_t i = 0; i < n->n_listen && !w.overflow; i++)
		writer_fmt(&w, "%s%s:%s", i ? "," : "", config_transport_text(n->listen[i].transport),
			   addr_text(&n->listen[i].addr, addr));
	if (!log_begin(&l, LOG_INFO, "listening"))
		return;
	log_z(&l, "network", n->name);
	log_str(&l, "on", writer_result(&w));
	log_end(&l);
}

static void say_ready(const struct program *p)
{
	const struct config *c = p->config;
	char addr[ADDR_STRLEN];
	struct log_line l;

	for (size_t i = 0; i < c->n_networks; i++)
		say_listening(&c->networks[i]);
	if (!log_begin(&l, LOG_INFO, "ready"))
		return;
	log_z(&l, "version", LIMEN_VERSION);
	log_u64(&l, "workers", p->n_workers);
	log_z(&l, "manage", addr_is_set(&c->manage.listen) ? addr_text(&c->manage.listen, addr) : "-");
	log_z(&l, "config", p->options->config);
	log_end(&l);
}

int run(const struct run_options *o)
{
	struct program p = {.options = o, .started_ns = clock_ns()};
	struct config_faults faults = {0};
	int err;

	signal(SIGPIPE, SIG_IGN);
	set_allocator();
	raise_descriptors();
	if (config_load(o->config, &p.config, &faults) < 0) {
		faults_print(stderr, o->config, &faults);
		config_faults_finish(&faults);
		return 2;
	}
	config_faults_finish(&faults);
	err = load_accounts(p.config, &p.accounts);
	if (err < 0) {
		config_unref(p.config);
		return 2;
	}
	p.n_workers = o->workers ? o->workers : p.config->workers;
	if (p.n_workers > WORKER_MAX)
		p.n_workers = WORKER_MAX;
	err = start(&p);
	if (err == 0) {
		say_ready(&p);
		program_warn(p.config);
		loop_run(p.loop);
		program_say(LOG_INFO, "stopped");
	}
	stop(&p);
	machine_dump_marks();
	return err < 0 ? 1 : 0;
}
