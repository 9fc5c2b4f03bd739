/* SPDX-License-Identifier: Apache-2.0 */
/* regs: what management may know of registrations, and do to them: the seam to whoever keeps them. As with calls, a
 * question goes to a worker and comes back with plain copies. */
#ifndef SBC_MANAGE_REGS_H
#define SBC_MANAGE_REGS_H

#include "base/addr.h"
#include "sbc/sip/ident.h"

#define REGS_LIST_MAX 1000
#define REGS_AOR_MAX  256 /* AOR_MAX */

/* One contact, one block of memory, slices included. */
struct reg_snapshot {
	struct reg_snapshot *next;
	uint64_t place;            /* lists are in this order, then by alias */
	char alias[IDENT_LEN + 1]; /* its name at the core */
	struct str aor, network, contact, instance, agent;
	const char *state, *transport; /* static text */
	struct addr remote;
	uint64_t age_ms, expires_ms, core_expires_ms; /* since it was made; until it runs out: 0: it has */
};

enum regs_ask_kind {
	REGS_LIST,   /* the first `limit` of those that come behind the alias `after`, be it there or not */
	REGS_LOOKUP, /* all of an address of record, on any network */
	REGS_REMOVE, /* the same, removed */
};

struct regs_ask {
	enum regs_ask_kind kind;
	unsigned limit; /* 1 to REGS_LIST_MAX */
	char after[IDENT_LEN + 1];
	char aor[REGS_AOR_MAX + 1]; /* "user@host" */

	/* the answer */
	int error; /* 0 or -errno; -EINVAL: `after` is no alias */
	struct reg_snapshot *first;
	bool more;
	unsigned removed;
	uint64_t total; /* contacts at this worker */
	void (*done)(struct regs_ask *a);
};
/* Frees what is in an answer. */
void regs_ask_finish(struct regs_ask *a);

#endif
