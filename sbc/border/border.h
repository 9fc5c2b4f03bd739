/* SPDX-License-Identifier: Apache-2.0 */
/* border: policy. Takes a message, the configuration and facts; gives a decision as a plain struct without side
 * effects, so that `limen explain` and the wire share it. What must be remembered between calls (rates, counts, health)
 * lives in struct border_state, shared by all workers and keyed by name, so that it survives a reload. This header
 * brings the whole room; each of them compiles alone. */
#ifndef SBC_BORDER_BORDER_H
#define SBC_BORDER_BORDER_H

#include "sbc/border/across.h"
#include "sbc/border/decide.h"
#include "sbc/border/headers.h"
#include "sbc/border/leak.h"
#include "sbc/border/state.h"
#include "sbc/border/targets.h"

#endif
