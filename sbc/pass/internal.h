/* SPDX-License-Identifier: Apache-2.0 */
/* internal: what the files of this room share. */
#ifndef SBC_PASS_INTERNAL_H
#define SBC_PASS_INTERNAL_H

#include "sbc/pass/pass.h"
#include "sbc/pass/register.h"

struct pass {
	struct worker *worker;
	struct border_state *border;
	struct keyring *keyring;
	struct config *config;
	struct registrar *registrar;
	struct location *location;
	struct list requests; /* OPTIONS under way */
	unsigned n;
};

void pass_options_end(struct pass *p); /* without a word */

#endif
