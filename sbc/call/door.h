/* SPDX-License-Identifier: Apache-2.0 */
/* door: who must show who it is before a request outside of a dialog goes any further (`auth: limen`). */
#ifndef SBC_CALL_DOOR_H
#define SBC_CALL_DOOR_H

#include "sbc/call/call.h"

/* Before there is a transaction. True: it was answered (or dropped), by nothing that we keep. */
bool door_glance(struct calls *cs, const struct message *m);
/* With a transaction, once. False: it was answered. */
bool door_open(struct calls *cs, struct server_txn *t, const struct message *m);

#endif
