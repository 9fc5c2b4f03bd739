/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the RPC: a job is a request, an entry one call of it; methods fill entries. */
#ifndef SBC_MANAGE_RPC_INTERNAL_H
#define SBC_MANAGE_RPC_INTERNAL_H

#include <jansson.h>

#include "base/list.h"
#include "sbc/manage/rpc.h"

struct rpc {
	struct rpc_sources *s;
	struct list jobs;
};

struct rpc_entry {
	struct rpc_job *job;
	char id[256]; /* JSON text; empty: a notification */
	bool done;
	enum rpc_error error;
	char reason[160]; /* with an error: what is wrong, plain text; may be empty */
	char *result;     /* JSON text, result_n bytes */
	size_t result_n;
	/* of methods that ask workers */
	struct gather *gather;
	unsigned limit;
};

struct rpc_job {
	struct list node; /* rpc.jobs */
	struct rpc *rpc;
	bool batch, may_change;
	unsigned n, open; /* entries; those not done; one more while they are begun */
	size_t bytes;     /* of results so far */
	rpc_done done;    /* NULL: abandoned */
	void *arg;
	struct rpc_entry entries[];
};

/* A method fills its entry by one of the next three, at once or later, exactly once. */

/* Writes the result by fn, which is called again with more room when it overflows. */
void rpc_result(struct rpc_entry *e, void (*fn)(struct writer *w, const void *arg), const void *arg);
void rpc_fail(struct rpc_entry *e, enum rpc_error error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Asks workers; done as in gather_begin(), with the entry as its arg. Out of memory fails the entry. */
void rpc_gather(struct rpc_entry *e, const struct gather_kind *kind, const void *question, int worker,
		void (*done)(void *arg, struct gather *g));

/* Parameters: an object by name, or a list by position. */
json_t *rpc_param(json_t *params, const char *name, unsigned position); /* borrowed; NULL: not given */
/* False: the entry has been failed. *ret is untouched when it was not given. */
bool rpc_param_text(struct rpc_entry *e, json_t *params, const char *name, unsigned position, const char **ret);
bool rpc_param_u64(struct rpc_entry *e, json_t *params, const char *name, unsigned position, uint64_t max,
		   uint64_t *ret);

struct rpc_method {
	const char *name, *params, *help;
	bool changes;
	void (*fn)(struct rpc_entry *e, json_t *params); /* params may be NULL */
};
extern const struct rpc_method *const rpc_tables[]; /* of a file each; NULL ends both */
extern const struct rpc_method rpc_core_methods[], rpc_call_methods[], rpc_location_methods[];

#endif
