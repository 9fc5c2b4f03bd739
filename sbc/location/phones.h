/* SPDX-License-Identifier: Apache-2.0 */
/* phones: what a location asks of the worker around it: keep-alives by each phone's flow, its source known to the
 * screen, its binding kept in a store. One a worker, its thread only; made before the location that uses it and
 * destroyed after it. */
#ifndef SBC_LOCATION_PHONES_H
#define SBC_LOCATION_PHONES_H

#include "sbc/border/border.h"
#include "sbc/location/location.h"
#include "sbc/sip/worker.h"
#include "sbc/store/store.h"

/* Where a phone is now, for those that have a call with it: on every worker, since its calls may be on any. */
struct phones_move {
	char alias[IDENT_LEN + 1];
	bool was_known; /* by this flow: */
	struct destination from, to;
	size_t n_aor;
	char aor[AOR_MAX];
};

struct phones {
	struct worker *worker;
	struct border_state *border;
	struct location *location;
	struct store *store; /* NULL: bindings are not kept */
	/* Told on each worker's own thread; on this one at once. NULL: nobody asks. */
	void (*moved)(void *arg, const struct phones_move *m);
	void *moved_arg;
	struct phones *all; /* of all workers, this one among them; may be NULL */
	unsigned n;
};
/* For location_params.user; p must stay where it is. */
struct location_user phones_user(struct phones *p);

#endif
