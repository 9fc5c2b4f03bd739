/* SPDX-License-Identifier: Apache-2.0 */
/* targets: the targets of a decision in turn: peers by the route's order, what each has configured, the addresses that
 * resolves to; of those, the ones that its network has a listener for, addresses held down last. The memory is the
 * caller's. It owns a query of the resolver; configuration, decision and user are the caller's, and outlive it. The
 * resolver's thread. */
#ifndef SBC_BORDER_TARGETS_H
#define SBC_BORDER_TARGETS_H

#include "sbc/border/decide.h"
#include "sbc/border/state.h"
#include "sbc/sip/transport.h"

/* One place to send to. */
struct target {
	int peer; /* whose policies hold; BORDER_NO_PEER: none's */
	struct destination to;
	const struct config_target *configured; /* what it was resolved from: its host stands for it in URIs; NULL: a
						   phone */
};

struct targets_user {
	/* A peer is about to be tried: REJECT_NONE, or why it is passed over. NULL: all are tried. */
	enum reject_reason (*admit)(void *arg, int peer);
	/* A target that was passed over without anything being sent; cause is static text. */
	void (*passed_over)(void *arg, int peer, enum reject_reason why, const char *cause);
	/* After TARGETS_WAIT, once: targets_next() knows more now. */
	void (*ready)(void *arg);
};

struct targets {
	const struct config *config;
	const struct border_decision *decision;
	struct border_state *state; /* health */
	struct resolver *resolver;
	struct loop *loop;
	const struct targets_user *user;
	void *arg;
	/* A registered phone's flow instead of the decision's targets: the one target, of no peer; NULL: not so. */
	const struct destination *phone;
	/* from here on this file's own, zero at first */
	struct target at; /* valid after TARGETS_AT, until the next targets_next() */
	unsigned tried;   /* addresses, over all targets: at most limits.targets */
	bool admitted;    /* at.peer's further configured targets are to be tried */
	size_t next;      /* of decision.target */
	size_t next_configured;
	struct resolved addr[RESOLVE_MAX];
	size_t n_addr, next_addr;
	struct resolve_query *query;
};

enum targets_step {
	TARGETS_AT,   /* the next one is `at` */
	TARGETS_ECHO, /* the built-in target: the last */
	TARGETS_WAIT, /* for DNS: ready() comes */
	TARGETS_END,
};
enum targets_step targets_next(struct targets *t);
/* Another one may follow `at`. */
bool targets_more(const struct targets *t);
/* What came of `at`, for its address's health: a status, or 0 and why there is none. A 503 and silence speak against
 * it; a request that we would not send (too large, leak, memory, limits) says nothing of it. */
void targets_outcome(struct targets *t, int status, enum reject_reason why);
/* An answer of DNS is no longer waited for. Nothing else needs freeing. */
void targets_stop(struct targets *t);

#endif
