/* SPDX-License-Identifier: Apache-2.0 */
/* transaction: the four transaction machines of RFC 3261 §17 with RFC 6026, as tables, over a transport behind a small
 * vtable. One layer per worker, its thread only.
 *
 * Ownership. Transactions belong to the layer. The user holds a pointer from creation until it has been told
 * `terminated` (or has detached itself with *_detach(), after which no callback comes and the layer finishes alone).
 * Callbacks may call any function of this interface on any transaction, the one calling included; nothing is freed
 * inside its own callback.
 *
 * Memory. A transaction that only lingers (Completed, Accepted, Confirmed) keeps the last message it sent and about 200
 * bytes. */
#ifndef SBC_SIP_TRANSACTION_H
#define SBC_SIP_TRANSACTION_H

#include "base/wheel.h"
#include "sbc/sip/ident.h"
#include "sbc/sip/message.h"
#include "sbc/sip/transport.h"

struct txn_layer;
struct server_txn;
struct client_txn;

/* Everything the layer needs from below; a fake in unit tests, the worker's transport and loop in the program. */
struct txn_io {
	int (*send)(void *arg, const struct destination *d, const char *text, size_t n, uint64_t cookie);
	void (*timer)(void *arg, struct wheel_timer *t, uint64_t delay_ms);
	void (*timer_stop)(void *arg, struct wheel_timer *t);
	void (*later)(void *arg, struct loop_deferred *d); /* end of turn: reaping */
	/* Last look at each message before it is sent for the first time (leak checker). guard: as given by whoever
	 * sends it. false: do not send. */
	bool (*outgoing)(void *arg, void *guard, const struct destination *d, struct str text);
	void *arg;
};

struct txn_user {
	/* A new request that is not an ACK. The message is valid during the call. The user must answer t, now or later;
	 * it may take t with server_txn_own(); a request that is neither answered nor owned when this returns is
	 * answered 500. CANCEL that matches an INVITE is answered 200 by the layer and told by that transaction's
	 * `cancelled`; one that matches none is answered 481. */
	void (*request)(void *arg, struct server_txn *t, const struct message *m);
	/* ACK that matches no transaction in Completed: the ACK of a 2xx, or a stray one. */
	void (*ack)(void *arg, const struct message *m);
	/* Response that matches no transaction (counted by the layer). */
	void (*stray_response)(void *arg, const struct message *m);
	void (*refused)(void *arg, const struct message *m, enum reject_reason why);
	void *arg;
};

int txn_layer_create(const struct txn_io *io, const struct txn_user *user, const struct ident_key *key,
		     struct txn_layer **ret);
void txn_layer_destroy(struct txn_layer *l);                     /* without callbacks */
void txn_layer_configure(struct txn_layer *l, struct config *c); /* timers and limits of new transactions */
/* A parsed message from the wire; stays the caller's. */
void txn_layer_receive(struct txn_layer *l, const struct message *m);
/* transport_user.send_failed() is passed on here. */
void txn_layer_send_failed(struct txn_layer *l, uint64_t cookie, int error);

struct txn_gauges {
	uint64_t server_invite, server_other, client_invite, client_other; /* alive now, lingering ones included */
	uint64_t retransmissions_in, retransmissions_out, timeouts, limit_refused;
};
void txn_gauges(const struct txn_layer *l, struct txn_gauges *ret);

/* ---- server ---------------------------------------------------------------------------------------------------- */

struct server_ops {
	/* A CANCEL for this INVITE came while no final answer was sent; the layer has answered the CANCEL. */
	void (*cancelled)(void *arg, struct server_txn *t, const struct message *cancel);
	/* INVITE answered by a 2xx needs it again: nothing is retransmitted by the layer (RFC 6026); a retransmitted
	 * INVITE was absorbed. Others: final answer could not be sent, or no ACK for a non-2xx within timer H. For
	 * counters and logs only. */
	void (*failed)(void *arg, struct server_txn *t, int error);
	void (*terminated)(void *arg, struct server_txn *t); /* t is dead after this */
};
void server_txn_own(struct server_txn *t, const struct server_ops *ops, void *arg);
void server_txn_detach(struct server_txn *t);

struct reply {
	int status;
	const char *phrase; /* NULL: status_phrase() */
	struct str to_tag;  /* added to To when the request had none; empty: one minted by the layer for final replies
			       (stateless ones alike), none for 100 */
	struct str headers; /* whole lines, each with CRLF; never Via, From, To, Call-ID, CSeq, Content-Length,
			       Content-Type */
	struct str content_type;
	struct str body;
	void *guard; /* for txn_io.outgoing */
};
/* Sends a provisional or final reply and remembers it for retransmissions. 0, or -errno (-EALREADY: a final one was
 * sent; -EPERM: stopped by `outgoing`; ...). For the 2xx of an INVITE, the user retransmits by calling
 * server_txn_resend() until it has the ACK. */
int server_txn_reply(struct server_txn *t, const struct reply *r);
int server_txn_reject(struct server_txn *t, enum reject_reason why); /* with Retry-After for 503, Allow for 405/501 */
int server_txn_resend(struct server_txn *t);                         /* the last reply again; 2xx in Accepted */
bool server_txn_final_sent(const struct server_txn *t);
bool server_txn_reliable(const struct server_txn *t);
const struct flow_addr *server_txn_source(const struct server_txn *t);

/* ---- client ---------------------------------------------------------------------------------------------------- */

struct client_ops {
	/* Each response that passes the machine: provisional, final, and further 2xx of an INVITE (each must be ACKed
	 * by the user). */
	void (*response)(void *arg, struct client_txn *t, const struct message *m);
	/* No final answer: timer B/F (REJECT_TIMEOUT), or the transport failed (REJECT_TARGETS_DOWN). */
	void (*failed)(void *arg, struct client_txn *t, enum reject_reason why);
	void (*terminated)(void *arg, struct client_txn *t); /* t is dead after this */
};

struct client_request {
	enum method method;
	struct str method_text; /* METHOD_UNKNOWN */
	struct str ruri;
	struct str headers; /* whole lines with From, To, Call-ID, CSeq, Max-Forwards first; Via, Content-Length,
			       Content-Type are the layer's */
	struct str content_type;
	struct str body;
	struct destination to;
	struct str via_host; /* advertised "host:port" for Via (transport_local) */
	uint8_t slot;        /* for the branch */
	unsigned try_ms;     /* INVITE: no response at all within this ends it by `failed`(REJECT_TIMEOUT) earlier than
				timer B; 0: B */
	void *guard;
	const struct client_ops *ops;
	void *arg;
};
/* Sends it. NULL: *ret_error is -ENOMEM, -EPERM (outgoing), -ENOSPC (limit) or the transport's; no callback then. The
 * ACK of a non-2xx is the layer's. */
struct client_txn *client_txn_start(struct txn_layer *l, const struct client_request *r, int *ret_error);
/* Sends a CANCEL now, or as soon as a provisional response allows it (RFC 3261 §9.1). After 64*T1 without a final
 * response the INVITE fails with REJECT_CANCELLED. */
void client_txn_cancel(struct client_txn *t);
void client_txn_detach(struct client_txn *t);
/* Branch of its Via, for the leak checker and traces. */
struct str client_txn_branch(const struct client_txn *t);

/* A request outside of any transaction: the ACK of a 2xx (RFC 3261 §13.2.2.4). The written text goes to ret_text if
 * that is not NULL, so that the user can send it again with txn_send_again(). 0 or -errno. */
int txn_send_ack(struct txn_layer *l, const struct client_request *r, struct writer *ret_text);
int txn_send_again(struct txn_layer *l, const struct destination *d, struct str text);

/* Methods that this build carries, as an Allow value. */
const char *methods_carried(void);

#endif
