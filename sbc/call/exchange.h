/* SPDX-License-Identifier: Apache-2.0 */
/* exchange: a re-INVITE or UPDATE on one leg, X, carried to the other, Y, and back (RFC 3261 §14, RFC 3311). One at a
 * time a call; a second one is glare. Nothing that is agreed changes until the answer: a refusal rolls back by doing
 * nothing. Owned by its call. Private to exchange.c (its life and what it sends) and exchange_table.c (what follows
 * from what).
 *
 *   X --re-INVITE--> [ports] --re-INVITE or UPDATE--> Y;  Y --2xx--> X (and ACK to Y);  X --ACK-->
 *   without an offer:  Y --2xx offer--> X;  X --ACK answer--> ACK answer to Y */
#ifndef SBC_CALL_EXCHANGE_H
#define SBC_CALL_EXCHANGE_H

#include "sbc/call/call.h"

#define EXCHANGE_STATES(X)                                                                                             \
	X(EXCHANGE_PREPARING) /* new streams: ports are being taken */                                                 \
	X(EXCHANGE_FORWARDED) /* sent on; its final response awaited */                                                \
	X(EXCHANGE_GIVEN_UP)  /* a bridged UPDATE took too long: X was refused; the final response awaited */          \
	X(EXCHANGE_RESTORING) /* Y agreed all the same: it is offered again what stood before */                       \
	X(EXCHANGE_LATE)      /* a 2xx with an offer was passed back; the ACK brings the answer */                     \
	X(EXCHANGE_DONE)

#define EXCHANGE_EVENTS(X)                                                                                             \
	X(EXCHANGE_READY)                                                                                              \
	X(EXCHANGE_NO_PORT)                                                                                            \
	X(EXCHANGE_ANSWER) /* 2xx */                                                                                   \
	X(EXCHANGE_OFFER)  /* 2xx to an INVITE without offer */                                                        \
	X(EXCHANGE_REFUSED)                                                                                            \
	X(EXCHANGE_GONE) /* 408, 481 or silence: the far dialog is no more (RFC 3261 §12.2.1.2) */                    \
	X(EXCHANGE_CANCEL)                                                                                             \
	X(EXCHANGE_OVERDUE) /* X cannot be kept waiting any longer */                                                  \
	X(EXCHANGE_ACK)

enum exchange_state { EXCHANGE_STATES(MACHINE_ENUM) EXCHANGE_STATE_COUNT };
enum exchange_event { EXCHANGE_EVENTS(MACHINE_ENUM) EXCHANGE_EVENT_COUNT };

struct exchange {
	struct call *call;
	enum exchange_state state;
	enum method method; /* as it came */
	struct leg *from, *to;
	struct server_txn *in;
	struct client_txn *out;
	enum method out_method;
	uint32_t cseq;
	struct message *request;  /* a reference of our own, until it is forwarded */
	struct sdp *offer;        /* from `from`, or (LATE) from `to` */
	char *before;             /* what we told Y last before it; NULL without an offer */
	struct wheel_timer bound; /* a far side that says 1xx and no more */
};

/* The one way into its machine. x may be gone afterwards. False: empty cell. */
bool exchange_event(struct exchange *x, enum exchange_event ev, const struct message *m);
/* UPDATE went on as re-INVITE. */
bool exchange_bridged(const struct exchange *x);
void exchange_free(struct exchange *x);

/* One that another process began. */
struct exchange_kept {
	struct leg *from;
	bool late; /* answered by the offer `sdp`; else sdp is what the other side was told before, or has no p */
	uint32_t cseq;
	struct str sdp;
	struct server_txn *in;  /* NULL: it is over for whoever asked */
	struct client_txn *out; /* NULL: not sent on */
};
/* Late: goes on. Else whoever asked is refused as soon as the worker runs, and what was sent on is cancelled, or
 * undone. 0 and k's transactions are its own; -ENOMEM or -EBADMSG. */
int exchange_restore(struct call *c, const struct exchange_kept *k);

/* To X: a refusal of ours; the 2xx (m: Y's, 0 or -errno); Y's refusal. */
void exchange_refuse(struct exchange *x, enum reject_reason why);
int exchange_reply_ok(struct exchange *x, const struct message *m, struct str body);
void exchange_pass_refusal(struct exchange *x, const struct message *m);
/* To Y, by out_method: body (none: asks for an offer), with what may cross of m (NULL: nothing). 0 or -errno. */
int exchange_send(struct exchange *x, const struct message *m, struct str body);

#endif
