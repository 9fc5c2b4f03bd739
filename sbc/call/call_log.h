/* SPDX-License-Identifier: Apache-2.0 */
/* call_log: a call's lines in the log, and the names that log and CDR have for what it goes through. Worker's thread.
 */
#ifndef SBC_CALL_CALL_LOG_H
#define SBC_CALL_CALL_LOG_H

#include "sbc/call/call.h"

/* Of a peer, and of the call's route, that may be configured no more; NULL: none. */
const char *call_peer_name(const struct call *c, int peer, const char *was);
const char *call_route_name(const struct call *c);

/* key: of one more value, with its text in `value`; NULL: none. */
void call_log(struct call *c, enum log_level level, const char *msg, const char *key, struct str value);
void call_log_begun(const struct call *c, const struct message *invite);
/* An INVITE that became no call: no record is written, this line is all there is. c: what was found out before, or
 * NULL.
 */
void call_log_refused(struct calls *cs, const struct message *invite, const struct call *c, enum reject_reason why,
		      int status);

#endif
