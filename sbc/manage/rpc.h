/* SPDX-License-Identifier: Apache-2.0 */
/* rpc: JSON-RPC 2.0 (jsonrpc.org/specification) over whatever brings a body and takes one: method names are those that
 * Kamailio's users know. Main thread. A request is one call or a batch; each call is answered at once or when the
 * workers have answered; the whole is one text.
 *
 * Owned: struct rpc by its creator; a job by whoever submitted it, until done or rpc_abandon(). */
#ifndef SBC_MANAGE_RPC_H
#define SBC_MANAGE_RPC_H

#include "base/writer.h"
#include "sbc/call/calls.h"
#include "sbc/manage/gather.h"
#include "sbc/manage/regs.h"

#define RPC_MAX_BODY   65536       /* bytes of a request */
#define RPC_MAX_BATCH  20          /* calls of one request */
#define RPC_MAX_DEPTH  16          /* of nesting */
#define RPC_MAX_ANSWER (16u << 20) /* bytes of an answer */

/* Codes of the specification, and ours (-32000 to -32099 are the implementation's). */
#define RPC_ERRORS(X)                                                                                                  \
	X(RPC_PARSE, -32700, "Parse error")                                                                            \
	X(RPC_INVALID, -32600, "Invalid Request")                                                                      \
	X(RPC_NO_METHOD, -32601, "Method not found")                                                                   \
	X(RPC_PARAMS, -32602, "Invalid params")                                                                        \
	X(RPC_INTERNAL, -32603, "Internal error")                                                                      \
	X(RPC_NOT_FOUND, -32001, "Not found")                                                                          \
	X(RPC_NOT_SUPPORTED, -32002, "Not supported")                                                                  \
	X(RPC_FORBIDDEN, -32003, "This method changes something and needs the token")                                  \
	X(RPC_BUSY, -32004, "Busy")                                                                                    \
	X(RPC_NO_ANSWER, -32005, "No answer from a worker in time")                                                    \
	X(RPC_TOO_LARGE, -32006, "The answer is too large: ask for less")                                              \
	X(RPC_NOT_NOW, -32007, "Not in this state")

enum rpc_error {
	RPC_OK,
#define X(name, code, text) name,
	RPC_ERRORS(X)
#undef X
};

/* What the methods look at. Outlives the rpc. */
struct rpc_sources {
	struct gather_door door; /* door.arg: of its worker() and of all below */
	/* As it is now; main thread. */
	const struct config *(*config)(void *arg);
	struct calls *(*calls)(void *arg, unsigned worker); /* any thread */
	/* Puts a question to the keeper of registrations at a worker, on its thread. NULL: there is none. */
	void (*regs)(void *arg, unsigned worker, struct regs_ask *a);
	/* Writes the Prometheus text. */
	void (*metrics)(void *arg, struct writer *w);
	bool (*ready)(void *arg);
	const struct ident_key *key; /* finds a call's worker by its id */
	uint64_t started_ns;
};

struct rpc;
int rpc_create(struct rpc_sources *s, struct rpc **ret); /* 0 or -ENOMEM */
void rpc_destroy(struct rpc *r);                         /* all jobs are abandoned; NULL is allowed */

struct rpc_job;
/* body: the answer, the caller's to free(); NULL with n 0: nothing is to be answered (notifications), or with n 1: out
 * of memory. The job is gone. */
typedef void (*rpc_done)(void *arg, char *body, size_t n);
/* Takes a request. done is called once, perhaps from within; *ret is NULL when it has been. may_change: the one who
 * asks may also call methods that change something. */
void rpc_submit(struct rpc *r, struct str body, bool may_change, rpc_done done, void *arg, struct rpc_job **ret);
/* Nobody waits for it any more: done is not called. What it changes is changed all the same. */
void rpc_abandon(struct rpc_job *j);

#endif
