/* SPDX-License-Identifier: Apache-2.0 */
/* register: REGISTERs of phones, relayed to the core's registrar. Towards the core every contact is an alias at our own
 * address, with Call-ID and CSeq of ours; towards the phone its own contacts, for a shorter time. What a phone says
 * again while the core's time is long enough is answered here. One a worker, its thread only; the worker is the owner
 * of the AoR (message_owner()), so `location` is all there is to know about it. */
#ifndef SBC_PASS_REGISTER_H
#define SBC_PASS_REGISTER_H

#include "sbc/border/border.h"
#include "sbc/border/keyring.h"
#include "sbc/location/location.h"
#include "sbc/sip/worker.h"

struct registrar;
/* border and location are kept by pointer. 0 or -ENOMEM. */
int registrar_create(struct worker *w, struct border_state *border, struct location *location, struct keyring *keyring,
		     struct registrar **ret);
void registrar_destroy(struct registrar *r); /* NULL is allowed */
void registrar_set_config(struct registrar *r, struct config *c);
/* A REGISTER outside of any dialog that says again what is known, or repeats that word by word: answered without a
 * transaction, true. */
bool registrar_glance(struct registrar *r, const struct message *m);
/* Any other: answers t, or owns it. */
void registrar_request(struct registrar *r, struct server_txn *t, const struct message *m);

#endif
