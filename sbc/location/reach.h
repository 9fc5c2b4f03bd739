/* SPDX-License-Identifier: Apache-2.0 */
/* reach: requests that the core sends to a registered phone. Where border_decide() asks routes, an alias says by itself
 * where it goes: down the flow of its phone. The thread of the worker that owns the alias. */
#ifndef SBC_LOCATION_REACH_H
#define SBC_LOCATION_REACH_H

#include "sbc/border/border.h"
#include "sbc/location/location.h"

/* Is this a request to a phone of ours? false: it is to be routed, *ret and *ret_phone are untouched: it names no
 * alias, or no peer sent it (phones and strangers reach phones by way of the core). true: *ret is the decision, without
 * a target: who asks, and either REJECT_NONE with what to send to, ret_phone (Request-URI: its uri, exactly; To:
 * to_user, which points into ret->buf), or the refusal:
 *   - the alias is forged, nobody has it, or its phone registers with another peer's network: 404, all the same;
 *   - its flow is dead: location_gone_status(). */
bool location_reach(struct location *l, const struct config *c, const struct border_request *r,
		    struct border_decision *ret, struct location_target *ret_phone);
/* RFC 5626 §5.3.1: 430 (Flow Failed) to who says that it speaks outbound, so that it tries another flow of the same
 * phone; 480 to anybody else. request may be NULL. */
int location_gone_status(const struct message *request, const char **ret_phrase);
/* The alias of the binding that this AoR has by this flow; NULL: it has none on this worker. Copy it. */
const char *location_alias_of_flow(struct location *l, unsigned network, struct str aor, const struct flow_addr *f);

#endif
