/* SPDX-License-Identifier: Apache-2.0 */
/* keyring: how Limen answers the digest challenges of its peers with their `credentials` (RFC 3261 §22.2, §22.3, RFC
 * 7616, RFC 8760). It remembers the last 401 and the last 407 of each peer and how often their nonces were used, so
 * that the next request carries credentials at once; passwords stay in the configuration. One a worker, its thread
 * only. */
#ifndef SBC_BORDER_KEYRING_H
#define SBC_BORDER_KEYRING_H

#include "base/writer.h"
#include "config/config.h"
#include "sbc/sip/transaction.h"

#define KEYRING_CHALLENGES 256 /* that are remembered; the one not used for longest goes */

struct keyring;
struct keyring *keyring_create(void); /* NULL: no memory */
void keyring_destroy(struct keyring *k);

/* Authorization and Proxy-Authorization lines for a request to this peer (NULL: nobody), by the challenges that are
 * remembered. Nothing is written when there are none, or p has no credentials. k may be NULL. */
void keyring_write(struct keyring *k, const struct config_peer *p, struct str method, struct str ruri, struct str body,
		   struct writer *w);

enum keyring_verdict {
	KEYRING_AGAIN,    /* *txn is another one, with the same user */
	KEYRING_NOT_OURS, /* no challenge, or none that p's credentials are for, or it could not be sent again */
	KEYRING_REFUSED, /* the credentials are not taken: a challenge to those that the last one asked for, or the same
			    nonce again, and neither stale; or a third challenge */
};
/* To be asked first with each final response to a request to this peer, from within `response`. With KEYRING_AGAIN the
 * request was sent once more with CSeq number cseq, and the old transaction let go. k may be NULL: then nothing is
 * remembered. */
enum keyring_verdict keyring_challenged(struct keyring *k, const struct config_peer *p, struct client_txn **txn,
					const struct message *m, uint32_t cseq);

/* What a 2xx says of the next nonce, which keyring_challenged() sees to by itself (RFC 7616 §3.5 Authentication-Info,
 * RFC 7615): taken up by requests that follow, with a count from 1. Of a 2xx to an INVITE: the first. k and p may be
 * NULL. */
void keyring_told(struct keyring *k, const struct config_peer *p, const struct client_txn *t, const struct message *m);

#endif
