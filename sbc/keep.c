/* SPDX-License-Identifier: Apache-2.0 */
/* keep: what outlives the process: the store, the key that identifiers are minted under, calls that go on,
 * registrations. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/hash.h"
#include "sbc/location/keep.h"
#include "sbc/manage/cdr_tail.h"
#include "sbc/program.h"

static int fail(const char *what, int err)
{
	fprintf(stderr, "limen: %s: %s\n", what, strerror(-err));
	return err;
}

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

static int start_logins(struct program *p, struct str secret)
{
	int err = logins_create(secret, &p->config->limits, clock_wall_us(clock_ns()) / 1000, &p->logins);

	if (err < 0)
		return fail("logins", err);
	logins_set_accounts(p->logins, p->accounts);
	accounts_unref(p->accounts);
	p->accounts = NULL;
	return 0;
}

int program_make_key(struct program *p)
{
	const char *configured = p->config->cluster_key;
	struct secret s = {0};
	struct str secret = configured ? str_z(configured) : (struct str){s.v, sizeof(s.v)};
	int err = configured ? 0 : find_secret(p, &s);

	if (err < 0) {
		err = fail(p->config->store.file, err);
	} else {
		p->key = ident_key_init(secret, 0, (uint16_t)random_u64());
		err = start_logins(p, secret);
	}
	explicit_bzero(&s, sizeof(s));
	return err;
}

int program_open_store(struct program *p)
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

/* ---- calls ---- */

struct restoring_calls {
	struct program *p;
	struct cdr_tail tail;
	bool tail_read;
};

/* The process before us died between a call's CDR and the deletion of its record. */
static bool is_over(struct restoring_calls *r, struct str key)
{
	const char *file = r->p->config->cdr.file;
	int err = r->tail_read ? 0 : cdr_tail_read(file, &r->tail);
	struct log_line l;

	r->tail_read = true;
	if (err < 0 && log_begin(&l, LOG_WARN, "end of the CDR file not read: a call may be in it twice")) {
		log_z(&l, "file", file);
		log_z(&l, "why", strerror(-err));
		log_end(&l);
	}
	return cdr_tail_has(&r->tail, key);
}

static void say_over(struct str key)
{
	struct log_line l;

	if (!log_begin(&l, LOG_INFO, "call is over: its CDR is written"))
		return;
	log_str(&l, "call", key);
	log_end(&l);
}

/* A record under a key of ours that cannot be read is told, counted, and goes; calls of another cluster key are none of
 * ours, and stay for who has it. */
static void restore_call(void *arg, struct str key, struct str bytes)
{
	struct restoring_calls *r = arg;
	struct program *p = r->p;
	uint8_t slot;
	int err;

	if (!calls_slot(&p->key, key, &slot)) {
		p->foreign_calls++;
		return;
	}
	if (is_over(r, key)) {
		say_over(key);
		store_del(p->store, STORE_CALLS, key);
		return;
	}
	err = calls_restore(p->calls[worker_of_slot(p->n_workers, slot)], key, bytes);
	if (err == -EBADMSG)
		store_del(p->store, STORE_CALLS, key);
}

int program_restore_calls(struct program *p)
{
	struct restoring_calls r = {.p = p};
	struct log_line l;
	int err;

	if (!p->store || !p->config->store.calls)
		return 0;
	err = store_load(p->store, STORE_CALLS, restore_call, &r);
	cdr_tail_finish(&r.tail);
	if (err < 0)
		return fail(p->config->store.file, err);
	if (p->foreign_calls && log_begin(&l, LOG_WARN, "calls of another cluster_key are left in the store")) {
		log_u64(&l, "calls", p->foreign_calls);
		log_end(&l);
	}
	return 0;
}

/* ---- registrations ---- */

struct restoring {
	struct program *p;
	uint64_t restored, expired, homeless, not_restored, foreign;
};

static void count_restored(struct restoring *r, int err)
{
	if (err == 0)
		r->restored++;
	else if (err == -ETIME)
		r->expired++;
	else if (err == -ENOENT)
		r->homeless++;
	else
		r->not_restored++;
}

/* What another version or more memory could read stays; so does what is another cluster key's, until it is over. */
static void restore_registration(void *arg, struct str key, struct str bytes)
{
	struct restoring *r = arg;
	struct program *p = r->p;
	uint8_t slot;
	int err;

	if (!keep_slot(&p->key, key, &slot)) {
		if (keep_over(bytes))
			store_del(p->store, STORE_BINDINGS, key);
		else
			r->foreign++;
		return;
	}
	err = keep_restore(p->location[worker_of_slot(p->n_workers, slot)], key, bytes);
	count_restored(r, err);
	if (err < 0 && err != -EPROTO && err != -ENOMEM)
		store_del(p->store, STORE_BINDINGS, key);
}

static void say_count(enum log_level level, const char *msg, uint64_t n)
{
	struct log_line l;

	if (!n || !log_begin(&l, level, msg))
		return;
	log_u64(&l, "registrations", n);
	log_end(&l);
}

/* A line for each fate, not for each phone: there may be a hundred thousand. */
static void say_restored(const struct restoring *r)
{
	say_count(LOG_INFO, "registrations restored", r->restored);
	say_count(LOG_INFO, "registrations ran out while no process was there", r->expired);
	say_count(LOG_WARN, "registrations dropped: their network is not configured any more", r->homeless);
	say_count(LOG_ERROR, "registrations not restored: damaged, of another version, or above a limit",
		  r->not_restored);
	say_count(LOG_WARN, "registrations of another cluster_key are left in the store", r->foreign);
}

int program_restore_registrations(struct program *p)
{
	struct restoring r = {.p = p};
	int err;

	if (!p->store || !p->config->store.registrations)
		return 0;
	err = store_load(p->store, STORE_BINDINGS, restore_registration, &r);
	if (err < 0)
		return fail(p->config->store.file, err);
	say_restored(&r);
	return 0;
}
