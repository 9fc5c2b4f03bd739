/* SPDX-License-Identifier: Apache-2.0 */
/* program: the process of `limen run` as its parts see it: run.c puts the rooms together and takes them apart,
 * commands.c tells the workers, management.c answers the operator, keep.c
 * has what outlives the process. Main thread, unless a function says otherwise. */
#ifndef SBC_PROGRAM_H
#define SBC_PROGRAM_H

#include <uv.h>

#include "sbc/call/calls.h"
#include "sbc/location/phones.h"
#include "sbc/manage/manage.h"
#include "sbc/pass/pass.h"
#include "sbc/registrations.h"
#include "sbc/run.h"

struct program {
	const struct run_options *options;
	struct config *config;
	struct ident_key key;
	struct loop *loop;
	struct line_writer *log, *cdr;
	struct store *store; /* NULL: nothing outlives the process */
	struct media *media;
	struct border_state *border;
	struct logins *logins;
	struct accounts *accounts; /* until they are the logins' */
	struct worker_group *group;
	struct calls *calls[WORKER_MAX];
	struct pass *pass[WORKER_MAX];
	struct keyring *keyring[WORKER_MAX];
	struct location *location[WORKER_MAX];
	struct phones phones[WORKER_MAX];
	struct registrations registrations_of[WORKER_MAX];
	atomic_uint_fast64_t registrations; /* of all workers */
	unsigned n_workers;
	struct manage *manage;
	struct rpc_sources rpc;
	uv_signal_t on_term, on_int, on_hup, on_usr1;
	unsigned signals_open;
	unsigned terms;         /* SIGTERMs so far */
	unsigned draining;      /* workers that still have calls */
	unsigned foreign_calls; /* in the store, under another key */
	uint64_t started_ns;
};

/* One line of the log without pairs. Any thread. */
void program_say(enum log_level level, const char *msg);

/* ---- commands.c: what signals ask for ---- */
/* What `limen check` would warn of goes into the log: who starts it by a unit sees nothing else. */
void program_warn(const struct config *c);
void program_terminate(struct program *p); /* drains; ends all calls when asked again */
void program_reload(struct program *p);
void program_reopen_files(struct program *p);

/* ---- keep.c: each 0 or -errno, told on standard error ---- */
int program_open_store(struct program *p);
/* p->key (and p->logins, whose nonces hang on it): as configured, else as the store has it, else a new one, which the
 * store then has. */
int program_make_key(struct program *p);
/* Once there are calls, and before workers run. */
int program_restore_calls(struct program *p);
/* Once there are locations, and before workers run. */
int program_restore_registrations(struct program *p);

/* ---- management.c ---- */
/* The management port, if the configuration has one. 0 or -errno, told on standard error. */
int program_manage(struct program *p);

#endif
