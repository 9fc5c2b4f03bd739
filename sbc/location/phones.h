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

struct phones {
	struct worker *worker;
	struct border_state *border;
	struct location *location;
	struct store *store; /* NULL: bindings are not kept */
};
/* For location_params.user; p must stay where it is. */
struct location_user phones_user(struct phones *p);

#endif
