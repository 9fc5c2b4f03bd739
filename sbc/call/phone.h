/* SPDX-License-Identifier: Apache-2.0 */
/* phone: legs whose far side is a registered phone. Towards one, the alias in the Request-URI decides instead of a
 * route, and the leg uses its flow only (RFC 5626 §5.3); from one, the call bears the name it registered under.
 * Worker's thread. */
#ifndef SBC_CALL_PHONE_H
#define SBC_CALL_PHONE_H

#include "sbc/border/decide.h"
#include "sbc/sip/transport.h"

struct call;
struct leg;

/* Is the call to a registered phone? false: it is to be routed. true: setup.decision is made, and setup.phone with it
 * unless it refuses. */
bool phone_decide(struct call *c, const struct border_request *r);
/* The leg's far side is this registered phone: alias empty when its registration is another worker's. 0 or -ENOMEM. */
int phone_attach(struct leg *l, struct str alias, struct str aor, const struct destination *flow);
/* Leg A's far side may be a registered phone: found out by its source and From. */
void phone_recognise(struct call *c, const struct message *invite);
/* Before the leg goes. */
void phone_detach(struct leg *l);
/* Behind NAT the far side is where its last request within the dialog came from: a binding of the NAT has changed, or
 * its connection is another one. */
void phone_moved(struct leg *l, const struct message *m);
/* Leg B's phone was not reached, for this reason: its registration is told. The reason for the caller. */
enum reject_reason phone_failed(struct call *c, enum reject_reason why);

/* "user@host" of the leg's phone; empty: it has none. */
struct str leg_aor(const struct leg *l);
/* Its alias; empty: it has none, or the registration is another worker's. */
struct str leg_alias(const struct leg *l);

#endif
