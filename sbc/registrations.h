/* SPDX-License-Identifier: Apache-2.0 */
/* registrations: management's questions to a worker's location, answered by copies over several turns of its loop. One
 * a worker, its thread only. */
#ifndef SBC_REGISTRATIONS_H
#define SBC_REGISTRATIONS_H

#include "sbc/location/location.h"
#include "sbc/manage/regs.h"
#include "sbc/sip/worker.h"

struct registrations {
	struct worker *worker;
	struct location *location; /* outlives it */
	struct list open;          /* questions being answered */
	unsigned n_open;
};
void registrations_init(struct registrations *r, struct worker *w, struct location *l);
/* done is called once, perhaps from within. */
void registrations_ask(struct registrations *r, struct regs_ask *a);
/* Answers what is open by -ECANCELED; before the location goes. */
void registrations_finish(struct registrations *r);

#endif
