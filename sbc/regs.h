/* SPDX-License-Identifier: Apache-2.0 */
/* regs: what management asks of a worker's registrations (sbc/manage/regs.h), answered. */
#ifndef SBC_REGS_H
#define SBC_REGS_H

#include "sbc/location/location.h"
#include "sbc/manage/regs.h"
#include "sbc/sip/worker.h"

/* On w's thread; calls a->done(a) there, now or some turns later. */
void regs_answer(struct location *l, const struct worker *w, struct regs_ask *a);

#endif
