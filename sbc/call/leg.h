/* SPDX-License-Identifier: Apache-2.0 */
/* leg: one side of a call: a dialog-stateful user agent of its own.
 *
 * Owned by its call. Three small machines: the dialog (leg_table.c), offer/answer (offer.c), the media of its side
 * (leg_media.h). Leg A is UAS of its first INVITE, leg B UAC. What a leg learns from the wire it tells its call as call
 * events, which the call couples to the other leg. Worker's thread only.
 *
 *   UAS:  INCOMING --answer--> ANSWERED --ACK--> CONFIRMED            UAC:  IDLE --INVITE--> CALLING --2xx--> CONFIRMED
 *            |                    |                   |                                        |  \--2xx with offer-->
 * OFFERED | reject, CANCEL     | CANCEL, end       | end, BYE                               | end v v v v ENDED
 * UNACKED_END --ACK--> ENDING --BYE done--> ENDED                CANCELLING --final--> ENDED / ENDING
 */
#ifndef SBC_CALL_LEG_H
#define SBC_CALL_LEG_H

#include "sbc/border/border.h"
#include "sbc/border/keyring.h"
#include "sbc/call/early.h"
#include "sbc/call/hiding.h"
#include "sbc/call/leg_media.h"
#include "sbc/call/machine.h"
#include "sbc/sip/transaction.h"

struct call;

#define LEG_STATES(X)                                                                                                  \
	X(LEG_IDLE)        /* UAC: nothing sent yet */                                                                 \
	X(LEG_INCOMING)    /* UAS: no final reply yet */                                                               \
	X(LEG_ANSWERED)    /* UAS: 2xx sent, its ACK awaited */                                                        \
	X(LEG_UNACKED_END) /* UAS: to be ended by BYE as soon as the ACK comes or its time is over */                  \
	X(LEG_CALLING)     /* UAC: INVITE sent, no final response yet */                                               \
	X(LEG_CANCELLING)  /* UAC: the INVITE is given up, its final response awaited */                               \
	X(LEG_OFFERED)     /* UAC: 2xx with an offer; our ACK waits for the answer */                                  \
	X(LEG_CONFIRMED)                                                                                               \
	X(LEG_ENDING) /* BYE sent */                                                                                   \
	X(LEG_ENDED)

#define LEG_EVENTS(X)                                                                                                  \
	/* from the wire */                                                                                            \
	X(LEG_EV_PROVISIONAL)  /* 1xx above 100 to our INVITE */                                                       \
	X(LEG_EV_ANSWER)       /* 2xx to our INVITE; it answers our offer */                                           \
	X(LEG_EV_OFFER)        /* 2xx to our INVITE without an offer: it brings one */                                 \
	X(LEG_EV_ANSWER_AGAIN) /* that 2xx once more */                                                                \
	X(LEG_EV_ANSWER_FORK)  /* 2xx from another branch of a fork */                                                 \
	X(LEG_EV_REFUSED)      /* 300 to 699 to our INVITE */                                                          \
	X(LEG_EV_CHALLENGED)   /* 401 or 407 to our INVITE */                                                          \
	X(LEG_EV_FAILED)       /* no final response, or it could not be sent */                                        \
	X(LEG_EV_ACK)                                                                                                  \
	X(LEG_EV_ACK_LOST) /* 64*T1 after our 2xx */                                                                   \
	X(LEG_EV_CANCEL)                                                                                               \
	X(LEG_EV_BYE)                                                                                                  \
	X(LEG_EV_BYE_EARLY) /* for one of several early dialogs */                                                     \
	X(LEG_EV_BYE_AGAIN) /* our BYE could not be sent, and the time for another try has come */                     \
	X(LEG_EV_BYE_DONE)  /* it is answered, or never will be */                                                     \
	/* from the call */                                                                                            \
	X(LEG_DO_INVITE)                                                                                               \
	X(LEG_DO_RING)   /* send a provisional response */                                                             \
	X(LEG_DO_ANSWER) /* send a 2xx */                                                                              \
	X(LEG_DO_REJECT) /* send a final non-2xx */                                                                    \
	X(LEG_DO_ACK)    /* the answer to OFFERED is there */                                                          \
	X(LEG_DO_END)    /* end it, whatever its state */

enum leg_state { LEG_STATES(MACHINE_ENUM) LEG_STATE_COUNT };
enum leg_event { LEG_EVENTS(MACHINE_ENUM) LEG_EVENT_COUNT };

/* RFC 3264 and RFC 6337: who has an offer outstanding on this leg. */
#define OFFER_STATES(X)                                                                                                \
	X(OFFER_NONE)                                                                                                  \
	X(OFFER_LOCAL_FIRST)  /* ours, in or for the first INVITE */                                                   \
	X(OFFER_REMOTE_FIRST) /* theirs */                                                                             \
	X(OFFER_AGREED)                                                                                                \
	X(OFFER_LOCAL) /* ours, in a later INVITE or UPDATE */                                                         \
	X(OFFER_REMOTE)

#define OFFER_EVENTS(X)                                                                                                \
	X(OFFER_SENT)                                                                                                  \
	X(OFFER_GOT)                                                                                                   \
	X(ANSWER_SENT)                                                                                                 \
	X(ANSWER_GOT)                                                                                                  \
	X(OFFER_DROPPED) /* refused or cancelled: back to what was agreed last */

enum offer_state { OFFER_STATES(MACHINE_ENUM) OFFER_STATE_COUNT };
enum offer_event { OFFER_EVENTS(MACHINE_ENUM) OFFER_EVENT_COUNT };
/* What is to be said to the far side about an event. */
enum offer_verdict { OFFER_OK, OFFER_GLARE /* 491 */, OFFER_PENDING /* 500 with Retry-After */, OFFER_UNEXPECTED };

/* A 2xx of ours that has no ACK yet: the first INVITE's or a later one's. */
struct unacked {
	struct server_txn *txn; /* NULL: none */
	uint32_t cseq;
	uint64_t since_ns; /* it was sent first */
	struct wheel_timer again, lost;
	unsigned interval_ms;
};

/* A request of ours that could not be sent, and is tried again. */
struct unsent {
	struct wheel_timer again;
	unsigned interval_ms, waited_ms;
};

/* The registered phone that a leg's far side is: sbc/call/phone.c */
struct leg_phone;

struct leg {
	struct call *call;
	bool uas;
	enum leg_state state;
	enum offer_state offer;
	struct dialog dialog;
	struct leg_tag by_tag; /* dialog.local_tag */
	unsigned max_forwards;
	unsigned network;
	int peer;
	const char *was;         /* of a restored call: the name its peer had; the peer may be none any more */
	struct leg_phone *phone; /* NULL: none */
	enum config_transport transport;
	struct server_txn *invite_in;  /* until its final reply is acknowledged */
	struct client_txn *invite_out; /* until it terminates */
	struct client_txn *bye_out;
	struct unsent bye_unsent;
	struct unacked unacked;
	uint32_t invite_cseq; /* of our last INVITE: ACKs carry it */
	bool far_update;      /* the far side's Allow holds UPDATE */
	bool kept_ringing;    /* leg B: its ringing was reason to write the call down */
	bool may_carry;       /* our last INVITE may carry credentials */
	struct sdp_origin origin;
	char *sdp_sent; /* our last description, text */
	size_t sdp_sent_n;
	uint64_t sdp_got_digest; /* hash_str() of the far side's last agreed description */
	uint64_t sdp_digest;     /* leg A: of the description sent with its first tag; 0: none */
	struct early_tag *tags;  /* leg A: further tags */
	struct branch *branches; /* leg B: until the call is answered, the one that spoke last first */
	unsigned n_tags, n_branches, n_forks;
	struct list old;   /* call.old_legs, once another attempt has taken its place */
	unsigned fork;     /* leg B: media fork of the dialog that is confirmed, or heard */
	char *credentials; /* lines of our last INVITE, for the ACK of its 2xx; NULL: none */
	char *ack;         /* last ACK sent, for 2xx that come again */
	size_t ack_n;
	uint32_t ack_cseq;
	struct hiding hiding;
	/* for the checkpoint; NULL without a store */
	struct media_remote *agreed; /* what the relay was told last of this leg's end; acl and past are not kept */
	unsigned n_agreed;
	uint32_t kept_cseq; /* dialog.local_cseq as it was written last */
};

/* What comes with an event; unused fields are zero. */
struct leg_arg {
	const struct message *m;
	struct server_txn *txn;               /* BYE, CANCEL */
	const struct reply *reply;            /* DO_RING, DO_ANSWER, DO_REJECT */
	const struct client_request *request; /* DO_INVITE: ruri, headers, body */
	struct str body;                      /* DO_ACK */
	struct str headers;                   /* DO_END: extra lines for the BYE or CANCEL (Reason) */
	enum reject_reason reject;            /* FAILED; DO_END on an unanswered UAS leg */
};

/* A leg of an answered call that another process began; dialog: as dialog_write() wrote it. 0, -ENOMEM, -EBADMSG. */
int leg_restore(struct call *c, bool uas, unsigned network, int peer, const struct bytes_field *dialog,
		struct leg **ret);
/* Numbers of requests that may have been sent since a leg was written. */
#define LEG_CSEQ_SKIP 32

/* The one way in: looks the cell up, sets the state, runs the action. False: empty cell. */
bool leg_event(struct leg *l, enum leg_event ev, const struct leg_arg *arg);
enum offer_verdict leg_offer_event(struct leg *l, enum offer_event ev);

/* Leg A, from a new INVITE; t is owned from now on. NULL: out of memory. */
struct leg *leg_create_uas(struct call *c, struct server_txn *t, const struct message *invite);
/* Leg B towards a destination; identities are values for From and To. */
struct leg_uac {
	struct str from, to, ruri;
	struct destination peer;
	int peer_index;
};
struct leg *leg_create_uac(struct call *c, const struct leg_uac *p);
void leg_destroy(struct leg *l);       /* detaches its transactions; NULL is allowed */
bool leg_over(const struct leg *l);    /* ENDED, and no transaction needs it */
bool leg_talking(const struct leg *l); /* can carry requests within its dialog */
const char *leg_state_name(enum leg_state s);

/* A request within the dialog. fn: client_ops of the caller's. NULL: *ret_error. */
struct client_txn *leg_request(struct leg *l, const struct client_request *what, const struct client_ops *ops,
			       void *arg, int *ret_error);
/* The same in dialog d, an early one of the leg's INVITE, with the numbers of the leg. */
struct client_txn *leg_request_in(struct leg *l, const struct dialog *d, const struct client_request *what,
				  const struct client_ops *ops, void *arg, int *ret_error);
/* Final response m to a request of this leg in *txn, from within `response`: a challenge that our credentials answer is
 * answered there and then, with the next CSeq number. RFC 3261 §22.2. */
enum keyring_verdict leg_challenged(struct leg *l, struct client_txn **txn, const struct message *m);
/* From within the `response` that is told the first 2xx to our INVITE: its ACK carries the same credentials (RFC 3261
 * §13.2.2.4). Without memory it carries none: nobody may ask an ACK for them (§22.1). */
void leg_keep_credentials(struct leg *l, const struct client_txn *invite);
/* 2xx to an INVITE of theirs in this dialog: sends it and watches for its ACK. 0 or -errno. */
int leg_reply_2xx(struct leg *l, struct server_txn *t, uint32_t cseq, const struct reply *r);
/* The ACK of our last INVITE, with a body or none; remembered for repetition. 0 or -errno. */
int leg_send_ack(struct leg *l, struct str body);
/* An ACK without a body for a 2xx to an earlier INVITE of ours. 0 or -errno. */
int leg_send_ack_of(struct leg *l, uint32_t cseq);

/* ---- leg_txn.c: what its transactions report ---- */

/* The transaction of the INVITE that made a UAS leg. */
void leg_own_invite_in(struct leg *l, struct server_txn *t);
/* A 2xx in t that has no ACK yet is from now on the leg's affair alone. */
void leg_own_unacked(struct leg *l, struct server_txn *t);
/* Of the INVITE that a UAC leg sends, and of a BYE; arg is the leg. */
extern const struct client_ops leg_invite_ops, leg_bye_ops;
/* BYE could not be sent: memory, or room, may be there again soon; so may a phone whose connection broke. BYE_AGAIN
 * comes then. False: it is no such reason, or has been tried for long enough. */
bool leg_bye_later(struct leg *l, enum reject_reason why);

#endif
