/* SPDX-License-Identifier: Apache-2.0 */
/* pass: requests outside of any dialog that are no calls, answered by us or carried to the other side and back
 * (OPTIONS, REGISTER). One a worker, its thread only. */
#ifndef SBC_PASS_PASS_H
#define SBC_PASS_PASS_H

#include "sbc/border/border.h"
#include "sbc/border/keyring.h"
#include "sbc/location/location.h"
#include "sbc/sip/worker.h"

/* Requests under way at once; more are refused by 503. */
#define PASS_MAX 1024

struct pass;
/* border, location and keyring (may be NULL) are kept by pointer. 0 or -ENOMEM. */
int pass_create(struct worker *w, struct border_state *border, struct location *location, struct keyring *keyring,
		struct pass **ret);
void pass_destroy(struct pass *p);
int pass_set_config(struct pass *p, struct config *c);

/* A request of a method that is ours, REGISTER or OPTIONS: what calls_params.pass wants. arg is the struct pass. */
bool pass_request(void *arg, struct server_txn *t, const struct message *m);
/* A REGISTER that needs neither core nor transaction: answered, true. */
bool pass_glance(void *arg, const struct message *m);
/* An OPTIONS outside of a dialog: without a user in its Request-URI (or for the echo target) it asks us, and is
 * answered (true); else it is routed like a call and its final response relayed. arg is the struct pass. */
bool pass_options(void *arg, struct server_txn *t, const struct message *m);

#endif
