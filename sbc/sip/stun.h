/* SPDX-License-Identifier: Apache-2.0 */
/* stun: the keep-alive of phones behind NAT on a SIP port (RFC 5626 §3.5.2, §8): a Binding request (RFC 5389) is
 * answered with the address that it came from. Nothing else of STUN, and no state. Pure; any thread. */
#ifndef SBC_SIP_STUN_H
#define SBC_SIP_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define STUN_REQUEST_MAX 548 /* bytes: what fits every path (RFC 5389 §7.1) */
#define STUN_ANSWER_MAX  64

/* By the type, the magic cookie and the length; no SIP message looks like that (its first byte is no 0). */
bool stun_is_binding_request(const uint8_t *p, size_t n);
/* The answer to such a request: XOR-MAPPED-ADDRESS, or 420 when it insists on an attribute that we do not know (RFC
 * 5389 §7.3.1); with a FINGERPRINT when it has one. Credentials are ignored: a keep-alive needs none. Bytes written; 0:
 * not to be answered (attributes that do not fit together, a wrong FINGERPRINT). */
size_t stun_answer(const uint8_t *p, size_t n, const struct addr *from, uint8_t buf[STUN_ANSWER_MAX]);

#endif
