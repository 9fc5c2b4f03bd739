/* SPDX-License-Identifier: Apache-2.0 */
/* transaction: the four transaction machines of RFC 3261 §17 with RFC 6026, as tables, over a transport behind a small
 * vtable. One layer per worker, its thread only.
 *
 * Ownership. Transactions belong to the layer. The user holds a pointer from creation until it has been told
 * `terminated` (or has detached itself with *_detach(), after which no callback comes and the layer finishes alone).
 * Callbacks may call any function of this interface on any transaction, the one calling included; nothing is freed
 * inside its own callback.
 *
 * When. Every call in from below (txn_layer_receive(), timers) runs its callbacks inside; `terminated`, and a `failed`
 * that comes from the transport, run at the end of the turn (txn_io.later). `send` must have copied or written its text
 * when it returns; `send` and `outgoing` must not call back into the layer.
 *
 * Memory. A transaction that only lingers (Completed, Accepted, Confirmed) keeps the last message it sent and about 250
 * bytes. While a server transaction waits for its final answer it also keeps the lines of the request that every reply
 * repeats. Never a parsed message. */
#ifndef SBC_SIP_TRANSACTION_H
#define SBC_SIP_TRANSACTION_H

#include "base/wheel.h"
#include "sbc/sip/ident.h"
#include "sbc/sip/message.h"
#include "sbc/sip/transport.h"

struct txn_layer;
struct reply;
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
	/* A request outside of any dialog, before it is looked for among transactions and one is made for it. True: it
	 * was answered by txn_layer_answer() and is forgotten (a stateless UAS, RFC 3261 §8.2.7): a repetition of it
	 * comes here again, and must be answered alike and change nothing. NULL: never. */
	bool (*glance)(void *arg, const struct message *m);
	/* A new request, before a transaction is made for it: REJECT_NONE, or why it is refused without one
	 * (txn_layer_refuse()), which is how to refuse what may have a forged source. What is not refused is given to
	 * `request` next, before anything else happens, or no transaction could be made for it. NULL: none is. */
	enum reject_reason (*judge)(void *arg, const struct message *m);
	/* A new request that is not an ACK. The message is valid during the call. The user must answer t, now or later;
	 * it may take t with server_txn_own(); a request that is neither answered nor owned when this returns is
	 * answered 500. CANCEL that matches an INVITE is answered 200 by the layer and told by that transaction's
	 * `cancelled`; one that matches none is answered 481. */
	void (*request)(void *arg, struct server_txn *t, const struct message *m);
	/* ACK that matches no transaction in Completed: the ACK of a 2xx, or a stray one. */
	void (*ack)(void *arg, const struct message *m);
	/* Response that matches no transaction (counted by the layer), or a 2xx for an INVITE whose user has let go of
	 * it: detached, or told `failed`. The user may ACK and BYE such a 2xx. */
	void (*stray_response)(void *arg, const struct message *m);
	/* A request was refused without a transaction (limit, memory, merged, CANCEL of nothing, txn_layer_refuse()).
	 */
	void (*refused)(void *arg, const struct message *m, enum reject_reason why);
	/* May such a request be answered now? false: dropped, and told as REJECT_ANSWER_RATE. NULL: always. */
	bool (*may_answer)(void *arg, const struct flow_addr *to);
	void *arg;
};

int txn_layer_create(const struct txn_io *io, const struct txn_user *user, const struct ident_key *key,
		     struct txn_layer **ret);
/* Without callbacks; not from inside one. NULL is allowed. */
void txn_layer_destroy(struct txn_layer *l);
/* Timers and limits from now on. To be called before anything is received or started. c is kept by pointer: the caller
 * keeps its reference until the next configure or destroy. */
void txn_layer_configure(struct txn_layer *l, struct config *c);
/* A parsed message from the wire; stays the caller's. */
void txn_layer_receive(struct txn_layer *l, const struct message *m);
/* Half of limits.transactions is in use: who would be refused anyway gets no transaction for it any more. */
bool txn_layer_is_pressed(const struct txn_layer *l);
/* Answers a request without a transaction, as the reason's table entry says; ACKs, responses and reasons of status 0
 * are only told to `refused`. For what message_parse() refused but gave, and for what is screened off after the parse.
 * The To tag is a keyed hash of the request, so that repetitions get the same one (RFC 3261 §8.2.7) and the ACK of the
 * refusal is known and absorbed. */
void txn_layer_refuse(struct txn_layer *l, const struct message *m, enum reject_reason why);
/* The answer of `glance`; the To tag is as above. False: it could not be sent. */
bool txn_layer_answer(struct txn_layer *l, const struct message *m, const struct reply *r);
/* transport_user.send_failed() is passed on here. May be called from inside `send`. */
void txn_layer_send_failed(struct txn_layer *l, uint64_t cookie, int error);

/* ICMP says that the datagram with this branch, to `to`, did not arrive (transport_user.unreachable, proven by
 * scan_quoted()): a client transaction that has no answer yet fails at once. false: there is none. */
bool txn_layer_unreachable(struct txn_layer *l, unsigned network, const struct addr *to, struct str branch,
			   enum method method, int error);

struct txn_gauges {
	uint64_t server_invite, server_other, client_invite, client_other; /* alive now, lingering ones included */
	uint64_t retransmissions_in, retransmissions_out, timeouts, limit_refused;
	uint64_t stray_responses, stray_acks;
	uint64_t unexpected;   /* events that met an empty cell of their table */
	uint64_t leak_blocked; /* messages that `outgoing` stopped */
};
void txn_gauges(const struct txn_layer *l, struct txn_gauges *ret); /* any thread, approximate */

/* The one list of methods that this build carries: for Allow and for 405/501. */
bool txn_method_allowed(enum method m);
void txn_write_allow(struct writer *w); /* "Allow: INVITE, ...\r\n" */
/* Option tags (Require, Supported) that this build understands. */
bool txn_option_supported(struct str tag);

/* ---- server ---------------------------------------------------------------------------------------------------- */

struct server_ops {
	/* A CANCEL for this INVITE came while no final answer was sent; the layer has answered the CANCEL. Told once.
	 * NULL: the layer answers the INVITE 487. Told as well after a 2xx (server_txn_final_sent()): RFC 3261 §9.2 has
	 * it without effect, but the caller that never saw our 2xx wants to end, and its user may see to that. */
	void (*cancelled)(void *arg, struct server_txn *t, const struct message *cancel);
	/* A reply could not be sent (-errno of the transport), no ACK came for a non-2xx within timer H, or a
	 * non-INVITE was not answered within 64*T1 (both -ETIMEDOUT, and `terminated` follows). After an error of the
	 * transport the transaction goes on as it was until its timer ends it, so that a repeated request is not taken
	 * for a new one. For counters and logs only. */
	void (*failed)(void *arg, struct server_txn *t, int error);
	void (*terminated)(void *arg, struct server_txn *t); /* t is dead after this */
};
/* ops must live as long as the transaction; members may be NULL. */
void server_txn_own(struct server_txn *t, const struct server_ops *ops, void *arg);
/* Without a final answer yet, a 500 is sent. */
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
/* Sends a provisional or final reply and remembers it for retransmissions. 0: taken (a failure to send is told by
 * `failed`), or -errno, nothing sent and all as before: -EALREADY a final one was sent (or the transaction is over);
 * -EINVAL status out of 100..699, or a provisional for a non-INVITE (RFC 4320 §4.1: the layer sends its 100 itself,
 * late); -ENOMEM; -EMSGSIZE. -EPERM: stopped by `outgoing`; a final reply was replaced by a bare 500, so
 * server_txn_final_sent() holds then. A 408 for a non-INVITE ends the transaction in silence (RFC 4320 §4.2). The
 * INVITE's 100 is the layer's: sent when `request` returns without any reply. For the 2xx of an INVITE, the user
 * retransmits by calling server_txn_resend() until it has the ACK; the transaction absorbs retransmitted INVITEs for
 * 64*T1. */
int server_txn_reply(struct server_txn *t, const struct reply *r);
/* As the reason's table entry says, with what the status asks for: Retry-After for 503, Allow for 405 and 501, Accept
 * for 415, Server. 420's Unsupported is made from the request's Require, which is known while the `request` callback
 * runs only; later use server_txn_reject_with(). Status 0: the transaction ends without an answer. */
int server_txn_reject(struct server_txn *t, enum reject_reason why);
/* The same with further whole header lines. */
int server_txn_reject_with(struct server_txn *t, enum reject_reason why, struct str headers);
/* The last reply again. 0, -ENOENT: none was sent. */
int server_txn_resend(struct server_txn *t);
bool server_txn_final_sent(const struct server_txn *t);
const struct flow_addr *server_txn_source(const struct server_txn *t);
uint8_t server_txn_slot(const struct server_txn *t); /* message_owner() of its request */

/* ---- client ---------------------------------------------------------------------------------------------------- */

struct client_ops {
	/* Each response that passes the machine: provisional, final, and further 2xx of an INVITE (each must be ACKed
	 * by the user). */
	void (*response)(void *arg, struct client_txn *t, const struct message *m);
	/* No final answer: timer B/F or try_ms (REJECT_TIMEOUT), the transport failed (REJECT_TARGETS_DOWN; with
	 * `flow_only` REJECT_FLOW_GONE), or nothing came after client_txn_cancel() (REJECT_CANCELLED). Only
	 * `terminated` follows. */
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
	struct str via_host;  /* advertised "host:port" for Via (transport_local) */
	uint8_t slot;         /* for the branch */
	unsigned try_ms;      /* INVITE: no response at all within this ends it by `failed`(REJECT_TIMEOUT) earlier than
				 timer B; 0: B. Until B the layer cancels by itself what still rings up late, and hands a
				 late 2xx to stray_response */
	size_t max_udp_bytes; /* over UDP a longer request is not sent: -EMSGSIZE, and the user may choose a stream (RFC
				 3261 §18.1.1). 0: no limit, the policy for now */
	void *guard;          /* must live until `terminated` or detach: the layer's CANCEL and ACK are shown with it */
	const struct client_ops *ops; /* must live as long; members may be NULL */
	void *arg;
};
/* Sends it. NULL: *ret_error is -ENOMEM, -EPERM (outgoing), -ENOSPC (limit), -EMSGSIZE or the transport's; no callback
 * then. The ACK of a non-2xx is the layer's. r and all that it points to are the caller's again on return, but ops, arg
 * and guard. */
struct client_txn *client_txn_start(struct txn_layer *l, const struct client_request *r, int *ret_error);
/* The reason that such an error stands for: -ENOTCONN is REJECT_FLOW_GONE, the transport's others REJECT_TARGETS_DOWN.
 */
enum reject_reason client_txn_reject_of(int error);
/* Sends a CANCEL now, or as soon as a provisional response allows it (RFC 3261 §9.1). After 64*T1 without a final
 * response the INVITE fails with REJECT_CANCELLED. Nothing happens once there is a final response, or for another
 * method.
 */
void client_txn_cancel(struct client_txn *t);
/* An INVITE without a final response is cancelled as well, so that nothing rings for nobody. */
void client_txn_detach(struct client_txn *t);
/* Branch of its Via, for the leak checker and traces. */
struct str client_txn_branch(const struct client_txn *t);

/* The request that t sent, while its `response` is told a final one (of an INVITE: the first 2xx); else empty. */
struct str client_txn_sent(const struct client_txn *t);
/* The same request in a transaction of its own, for the same user (ops, arg, guard): with CSeq number cseq, and headers
 * (whole lines) in the place of its Authorization and Proxy-Authorization (RFC 3261 §22.2, §8.1.3.5). Only while
 * client_txn_sent() has something. NULL: *ret_error as client_txn_start(), or -ECANCELED: cancelled meanwhile. t stays
 * as it is: who has a new one detaches it. */
struct client_txn *client_txn_again(struct client_txn *t, uint32_t cseq, struct str headers, int *ret_error);
/* How often its request was sent before it in this way. */
unsigned client_txn_times(const struct client_txn *t);
/* Cuts the next line off a text that was sent, without its line end; false at the blank line, behind which the body is
 * left. */
bool sent_line_next(struct str *rest, struct str *ret_line);
/* The Authorization and Proxy-Authorization lines of a text that was sent, whole. */
void sent_credentials_write(struct str sent, struct writer *w);

/* A request outside of any transaction: the ACK of a 2xx (RFC 3261 §13.2.2.4). The written text goes to ret_text if
 * that is not NULL, so that the user can send it again with txn_send_again(). 0 or -errno. */
int txn_send_ack(struct txn_layer *l, const struct client_request *r, struct writer *ret_text);
int txn_send_again(struct txn_layer *l, const struct destination *d, struct str text);

/* ---- txn_keep.c: the transaction of an INVITE that outlives the process ------------------------------------------ */

/* What server_txn_restore() needs of an INVITE's transaction: its 2xx as it was sent, or, while it has no final answer,
 * a bare 180 under the tag it has. Empty: there is nothing to go on with. Until the next call into the layer. */
struct str server_txn_keep(struct server_txn *t);
/* A transaction from that: it waits for its final answer, or absorbs what is repeated for 64*T1 more and is resent by
 * its owner. Nothing is sent. 0; -ENOMEM; -EBADMSG: no such text, or of a request without RFC 3261's branch, which the
 * reply alone does not identify. */
int server_txn_restore(struct txn_layer *l, const struct flow_addr *source, struct str text, struct server_txn **ret);

struct client_kept {
	struct destination to;
	bool provisional; /* one has come: it may be cancelled */
};
/* An INVITE that has no final response: once a provisional has come its head, which is enough for its CANCEL and for
 * the ACK of a refusal or of a 2xx. Empty, with *ret untouched: there is none. Until the next call into the layer. */
struct str client_txn_keep(struct client_txn *t, struct client_kept *ret);
/* A transaction from that, of nobody yet. Where no provisional has come it is sent again as soon as the worker runs,
 * cancelled by the first provisional, and given up after 7*T1 (of one without a Contact, the head alone, after timer
 * B). 0, -ENOMEM, or -EBADMSG. */
int client_txn_restore(struct txn_layer *l, struct str text, const struct client_kept *k, struct client_txn **ret);
/* As client_request has them. */
void client_txn_own(struct client_txn *t, const struct client_ops *ops, void *arg, void *guard);

#endif
