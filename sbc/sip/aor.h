/* SPDX-License-Identifier: Apache-2.0 */
/* aor: the address of record of a registration, in one form however it is written. Pure; any thread. */
#ifndef SBC_SIP_AOR_H
#define SBC_SIP_AOR_H

#include "sbc/sip/message.h"

#define AOR_MAX 256 /* bytes of "user@host" */

/* "user@host" of a URI in canonical form (RFC 3261 §10.3 step 5): escapes undone, those that are needed in one spelling
 * (§19.1.4), host in lower case and without a final dot; no port, no parameters. false: longer than AOR_MAX. */
bool aor_canonical(const struct uri *u, char buf[AOR_MAX], struct str *ret);

#endif
