/* SPDX-License-Identifier: Apache-2.0 */
/* inbound: what a request from the wire is for: a new call, something within one, or nothing we carry. */
#ifndef SBC_CALL_INBOUND_H
#define SBC_CALL_INBOUND_H

#include "sbc/call/call.h"

/* Before there is a transaction: what a forged source may make us say is said without one. It also finds the dialog of
 * the request, for inbound_request(), which follows at once or not at all (txn_user.judge). */
enum reject_reason inbound_judge(struct calls *cs, const struct message *m);
void inbound_request(struct calls *cs, struct server_txn *t, const struct message *m);
void inbound_ack(struct calls *cs, const struct message *m);

#endif
