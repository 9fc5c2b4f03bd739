/* SPDX-License-Identifier: Apache-2.0 */
/* unheard: a log line for messages that are dropped or refused before they are anybody's: without it, an operator whose
 * carrier sends from an address that no peer has sees nothing at all. Each source is named once a minute, and one a
 * second at most, whatever a flood brings. Owned by struct calls; all zero is its beginning. */
#ifndef SBC_CALL_UNHEARD_H
#define SBC_CALL_UNHEARD_H

#include "config/config.h"
#include "sbc/sip/message.h"
#include "sbc/sip/reject.h"

#define UNHEARD_SOURCES 32

struct unheard {
	uint64_t told_ms; /* of the last line; 0: none yet */
	uint64_t since;   /* messages since then that have no line */
	struct {
		struct addr host;
		uint64_t told_ms;
	} source[UNHEARD_SOURCES]; /* a ring of those named last */
	unsigned next;
};
/* The worker's thread. */
void unheard_note(struct unheard *u, const struct config *c, const struct flow_addr *from, enum reject_reason why,
		  uint64_t now_ms);

#endif
