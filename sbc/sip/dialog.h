/* SPDX-License-Identifier: Apache-2.0 */
/* dialog: the state of RFC 3261 §12 of one leg: identities, tags, CSeq, route set, remote target. Owned by a leg;
 * strings are its own. A dialog can be early and become another one (fork): dialog_fork(). Worker's thread only. */
#ifndef SBC_SIP_DIALOG_H
#define SBC_SIP_DIALOG_H

#include "sbc/sip/ident.h"
#include "sbc/sip/message.h"
#include "sbc/sip/transport.h"

struct dialog {
	char *call_id;
	char *local;  /* value of our From (or To) without tag: display and <uri> */
	char *remote; /* the far side's, as we must send it, without tag */
	char local_tag[IDENT_LEN + 1];
	char *remote_tag;     /* NULL: none yet */
	char *remote_target;  /* URI from Contact; before that, the Request-URI */
	char *route_set;      /* "Route: ...\r\n" lines as one text, in order; NULL: none */
	uint32_t local_cseq;  /* of the last request sent; 0: none */
	uint32_t remote_cseq; /* of the last request received */
	bool remote_cseq_set;
	struct destination peer; /* where requests go: next hop of this dialog (first route, target, or the flow the far
				    side came in on) */
};

/* From an INVITE that came in: we are UAS. 0 or -ENOMEM. local_tag is minted by the caller. */
int dialog_init_uas(struct dialog *d, const struct message *invite, const char *local_tag);
/* For an INVITE to be sent: all strings copied. */
struct dialog_uac {
	struct str call_id, local, remote, target;
	const char *local_tag;
	struct destination peer;
};
int dialog_init_uac(struct dialog *d, const struct dialog_uac *p);
void dialog_finish(struct dialog *d);
/* A copy, for another early dialog of the same INVITE. 0 or -ENOMEM. */
int dialog_fork(struct dialog *d, const struct dialog *from);
/* Takes the tag and (from 1xx with tag or 2xx) the route set from a response to our INVITE, reversed (§12.1.2), and the
 * target. */
int dialog_on_response(struct dialog *d, const struct message *response);
/* Target refresh by a request or 2xx (§12.2). No change when there is no usable Contact. -ENOMEM leaves all as it was.
 */
int dialog_refresh_target(struct dialog *d, const struct message *m);
/* In-order check of a request's CSeq (§12.2.2): false = 500. Takes it when it is in order. ACK and CANCEL are not to be
 * asked. */
bool dialog_accept_cseq(struct dialog *d, const struct message *m);
/* The first lines of a request in this dialog: "Max-Forwards, From, To, Call-ID, CSeq, Route". cseq as given (ACK: that
 * of the INVITE). */
void dialog_write_head(const struct dialog *d, struct writer *w, const char *method, uint32_t cseq,
		       unsigned max_forwards);
/* Request-URI for requests in this dialog (strict routers: §12.2.1.1). */
struct str dialog_ruri(const struct dialog *d);

#endif
