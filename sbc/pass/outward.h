/* SPDX-License-Identifier: Apache-2.0 */
/* outward: what a request that is passed on says towards its target, whatever its method: which sides it crosses
 * between, the hosts that stand for the target and for us, the frame of its header lines. The memory is the caller's
 * and owns nothing; what the parameters point to outlives it. */
#ifndef SBC_PASS_OUTWARD_H
#define SBC_PASS_OUTWARD_H

#include "sbc/border/border.h"
#include "sbc/border/keyring.h"
#include "sbc/sip/transaction.h"

struct outward {
	const struct config_peer *peer;
	struct crossing x;
	struct writer headers, ruri;
	struct client_request req; /* method, slot, guard, ops and arg are the caller's to fill */
	char headers_buf[HEADERS_MAX], ruri_buf[1200], host_buf[300], via_buf[ADDR_STRLEN];
};

/* Whose target that is; NULL: nobody's, a phone's flow. */
const struct config_peer *outward_peer(const struct config *c, const struct target *at);
/* Max-Forwards is written; the caller adds From, To, Call-ID, CSeq, what crosses, and the Request-URI. domain: stands
 * for the target in URIs; NULL: its configured host, or for a phone's flow our address. from_peer: of the request m. */
void outward_begin(struct outward *o, const struct config *c, const struct message *m, int from_peer,
		   const struct target *at, const char *domain);
/* Adds User-Agent and our own credentials, and sends it. NULL: *ret_error is client_txn_start()'s, or -EMSGSIZE: it is
 * too long for its buffers. */
struct client_txn *outward_send(struct outward *o, struct keyring *k, struct txn_layer *layer, int *ret_error);

#endif
