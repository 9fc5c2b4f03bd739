/* SPDX-License-Identifier: Apache-2.0 */
/* dialog: the state of RFC 3261 §12 of one leg: identities, tags, CSeq, route set, remote target. Owned by a leg;
 * strings are its own. A dialog can be early and become another one (fork): dialog_fork(). Worker's thread only. */
#ifndef SBC_SIP_DIALOG_H
#define SBC_SIP_DIALOG_H

#include "base/bytes.h"
#include "sbc/sip/ident.h"
#include "sbc/sip/message.h"
#include "sbc/sip/transport.h"

struct dialog {
	char *block; /* the one allocation that every string below lies in */
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
	bool follow;             /* peer follows what the far side names: dialog_follow() */
	bool named;              /* the far side has named a Contact or a route set */
	struct destination flow; /* the flow the far side came in on, or where the INVITE was sent */
	struct destination peer; /* where requests go: flow, or what dialog_next_hop() made of it */
};

/* From an INVITE that came in: we are UAS. 0 or -ENOMEM. local_tag is minted by the caller. flow and peer are the flow
 * it came in on. */
int dialog_init_uas(struct dialog *d, const struct message *invite, const char *local_tag);
/* For an INVITE to be sent: all strings copied. 0 or -ENOMEM. */
struct dialog_uac {
	struct str call_id, local, remote, target;
	const char *local_tag;
	struct destination peer;
};
int dialog_init_uac(struct dialog *d, const struct dialog_uac *p);
void dialog_finish(struct dialog *d);
/* Another early dialog of the same INVITE: identities, our tag and CSeq as `from` has them; what that learned of its
 * far side (tag, route set, next hop) is left out, and what this response says taken. 0, or with *d untouched -ENOMEM,
 * or -EINVAL: it makes no dialog. */
int dialog_fork(struct dialog *d, const struct dialog *from, const struct message *response);

/* The next hop, RFC 3261 §12.2.1.1, as a border controller may take it. `flow` is where the far side was seen to be;
 * `hop` what it names: the first route, else the remote target. Returns flow unless every rule holds:
 *
 *   - hop is a sip: URI with a literal address, without maddr: names are not resolved inside a call, and whoever sent
 *     under a name is where it sent from;
 *   - that address can be sent to, is of flow's family (there is a socket for it), and is not private or loopback when
 *     flow's is neither: a far NAT without `nat` in the configuration, or somebody aiming at the inside;
 *   - hop's transport is one we have (udp, tcp; none given: flow's).
 *
 * Then it is that address, port 5060 if none is given; a connection is kept when the host is the same, since that is
 * where the far side has it open (RFC 5923 §9), and the address is for when it is gone. Behind NAT none of this
 * applies: only the flow goes through, which is why the caller must ask for it with dialog_follow(). So a request never
 * goes to an address that has not sent, unless the peer itself names it on a network without NAT; replies never do. */
struct destination dialog_next_hop(const struct destination *flow, const struct uri *hop);
/* The network is not `nat`: from now on peer is what dialog_next_hop() says. Once a dialog has a route set its target
 * does not move peer any more (§12.2.1.1). Without this call, peer stays flow. Call it right after init. invite:
 * the one that dialog_init_uas() was given, which has been parsed already; NULL for a UAC's, or later. */
void dialog_follow(struct dialog *d, const struct message *invite);
/* The far side is now on another flow (it came in anew, or its connection was replaced). Who was to be reached by its
 * flow only still is. */
void dialog_set_flow(struct dialog *d, const struct destination *flow);

/* Takes the tag and (from 1xx with tag or 2xx) the route set from a response to our INVITE, reversed (§12.1.2; of a 2xx
 * anew, §13.2.2.4), and the target. 0, -ENOMEM with all as it was, or -EINVAL: another tag than the dialog's (fork
 * first). A response that makes no dialog (100, no tag, 3xx to 6xx) changes nothing. */
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
/* RFC 3261 §12.1.1: the route set of a UAS as the "Record-Route" lines of the INVITE, in their order, which its replies
 * that make a dialog must repeat. */
void dialog_write_record_routes(const struct dialog *d, struct writer *w);
/* Request-URI for requests in this dialog (strict routers: §12.2.1.1). */
struct str dialog_ruri(const struct dialog *d);

/* ---- dialog_bytes.c ---- */

/* Writes the dialog as one field; the network of its flow, and any connection, are left out: the first is a name that
 * its owner knows, the second dies with the process. */
void dialog_write(const struct dialog *d, struct bytes_writer *w, unsigned tag);
/* What dialog_write() wrote, on this network. skip: numbers that local_cseq jumps over, for requests that were sent
 * after it was written (RFC 3261 §12.2.2 has gaps accepted). 0, -ENOMEM, or -EBADMSG: not what a dialog can be. */
int dialog_read(struct dialog *d, const struct bytes_field *f, unsigned network, uint32_t skip);

/* All strings of a dialog at once, copied; the rest of *d is the caller's and stays. 0 or -ENOMEM. */
struct dialog_texts {
	struct str call_id, local, remote, remote_tag, remote_target, route_set; /* p NULL: none */
};
int dialog_set_texts(struct dialog *d, const struct dialog_texts *t);

#endif
