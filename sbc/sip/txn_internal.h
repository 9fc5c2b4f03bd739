/* SPDX-License-Identifier: Apache-2.0 */
/* txn_internal: what the txn_*.c files share. A struct txn is the part that all four machines have; server_txn and
 * client_txn begin with one. The layer owns all of them through its two maps. */
#ifndef SBC_SIP_TXN_INTERNAL_H
#define SBC_SIP_TXN_INTERNAL_H

#include "base/hash.h"
#include "base/hmap.h"
#include "config/config.h"
#include "sbc/sip/transaction.h"

#define TXN_SCRATCH_BYTES (96 * 1024) /* the longest message that is written */
#define TXN_BRANCH_LEN    (sizeof(IDENT_BRANCH_COOKIE) - 1 + IDENT_LEN)

enum txn_kind { TXN_INVITE_SERVER, TXN_OTHER_SERVER, TXN_INVITE_CLIENT, TXN_OTHER_CLIENT, TXN_KINDS };

/* ---- the tables -------------------------------------------------------------------------------------------------
 * One table per kind, [state][event] -> {action, next}. An empty cell is unexpected: counted, nothing else. The state
 * is written before the action runs, and an action calls the user last, because the user may call back into the same
 * transaction. TERMINATED is every machine's last state, SEND_FAILED every machine's event 0. */
struct txn;
struct txn_event {
	const struct message *m; /* what was received */
	char *text;              /* what is to be sent: the action takes it (sets NULL) */
	size_t text_n;
};
struct txn_cell {
	void (*act)(struct txn *t, struct txn_event *e);
	const char *action; /* its name, for the printed table */
	unsigned next;
};
struct txn_machine {
	const char *name;
	const char *const *states, *const *events;
	unsigned n_states, n_events;
	const struct txn_cell *cells; /* [n_states * n_events] */
};
extern const struct txn_machine *const txn_machines[TXN_KINDS];
extern const struct txn_machine txn_invite_server, txn_other_server, txn_invite_client, txn_other_client;

#define TXN_EV_SEND_FAILED 0

#define INVITE_SERVER_STATES(X, kind)                                                                                  \
	X(kind, PROCEEDING)                                                                                            \
	X(kind, CANCELLED) /* as Proceeding, and the user has been told of a CANCEL */                                 \
	X(kind, COMPLETED)                                                                                             \
	X(kind, CONFIRMED)                                                                                             \
	X(kind, ACCEPTED)                                                                                              \
	X(kind, TERMINATED)
#define INVITE_SERVER_EVENTS(X, kind)                                                                                  \
	X(kind, SEND_FAILED)                                                                                           \
	X(kind, INVITE) /* retransmitted */                                                                            \
	X(kind, ACK)                                                                                                   \
	X(kind, CANCEL)                                                                                                \
	X(kind, REPLY_1XX)                                                                                             \
	X(kind, REPLY_2XX)                                                                                             \
	X(kind, REPLY_3XX_6XX)                                                                                         \
	X(kind, RESEND)                                                                                                \
	X(kind, DROP)                                                                                                  \
	X(kind, TIMER_G)                                                                                               \
	X(kind, TIMER_H)                                                                                               \
	X(kind, TIMER_I)                                                                                               \
	X(kind, TIMER_L)

#define OTHER_SERVER_STATES(X, kind)                                                                                   \
	X(kind, TRYING)                                                                                                \
	X(kind, PROCEEDING)                                                                                            \
	X(kind, COMPLETED)                                                                                             \
	X(kind, TERMINATED)
#define OTHER_SERVER_EVENTS(X, kind)                                                                                   \
	X(kind, SEND_FAILED)                                                                                           \
	X(kind, REQUEST) /* retransmitted */                                                                           \
	X(kind, REPLY_FINAL)                                                                                           \
	X(kind, RESEND)                                                                                                \
	X(kind, DROP)                                                                                                  \
	X(kind, TIMER_TRYING)                                                                                          \
	X(kind, TIMER_LATE)                                                                                            \
	X(kind, TIMER_J)

#define INVITE_CLIENT_STATES(X, kind)                                                                                  \
	X(kind, CALLING)                                                                                               \
	X(kind, WITHDRAWN) /* Calling, to be cancelled as soon as a provisional allows it */                           \
	X(kind, ABANDONED) /* the user was told that nobody answers; a late answer is cancelled */                     \
	X(kind, PROCEEDING)                                                                                            \
	X(kind, CANCELLING) /* Proceeding, CANCEL sent */                                                              \
	X(kind, COMPLETED)                                                                                             \
	X(kind, ACCEPTED)                                                                                              \
	X(kind, TERMINATED)
#define INVITE_CLIENT_EVENTS(X, kind)                                                                                  \
	X(kind, SEND_FAILED)                                                                                           \
	X(kind, RESPONSE_1XX)                                                                                          \
	X(kind, RESPONSE_2XX)                                                                                          \
	X(kind, RESPONSE_3XX_6XX)                                                                                      \
	X(kind, CANCEL)                                                                                                \
	X(kind, TIMER_A)                                                                                               \
	X(kind, TIMER_B)                                                                                               \
	X(kind, TIMER_TRY)                                                                                             \
	X(kind, TIMER_CANCEL)                                                                                          \
	X(kind, TIMER_D)                                                                                               \
	X(kind, TIMER_M)

#define OTHER_CLIENT_STATES(X, kind)                                                                                   \
	X(kind, TRYING)                                                                                                \
	X(kind, PROCEEDING)                                                                                            \
	X(kind, COMPLETED)                                                                                             \
	X(kind, TERMINATED)
#define OTHER_CLIENT_EVENTS(X, kind)                                                                                   \
	X(kind, SEND_FAILED)                                                                                           \
	X(kind, RESPONSE_1XX)                                                                                          \
	X(kind, RESPONSE_FINAL)                                                                                        \
	X(kind, TIMER_E)                                                                                               \
	X(kind, TIMER_F)                                                                                               \
	X(kind, TIMER_K)

#define TXN_STATE(kind, name) kind##_##name,
#define TXN_EVENT(kind, name) kind##_EV_##name,
enum invite_server_state { INVITE_SERVER_STATES(TXN_STATE, INVITE_SERVER) INVITE_SERVER_STATE_COUNT };
enum invite_server_event { INVITE_SERVER_EVENTS(TXN_EVENT, INVITE_SERVER) INVITE_SERVER_EV_COUNT };
enum other_server_state { OTHER_SERVER_STATES(TXN_STATE, OTHER_SERVER) OTHER_SERVER_STATE_COUNT };
enum other_server_event { OTHER_SERVER_EVENTS(TXN_EVENT, OTHER_SERVER) OTHER_SERVER_EV_COUNT };
enum invite_client_state { INVITE_CLIENT_STATES(TXN_STATE, INVITE_CLIENT) INVITE_CLIENT_STATE_COUNT };
enum invite_client_event { INVITE_CLIENT_EVENTS(TXN_EVENT, INVITE_CLIENT) INVITE_CLIENT_EV_COUNT };
enum other_client_state { OTHER_CLIENT_STATES(TXN_STATE, OTHER_CLIENT) OTHER_CLIENT_STATE_COUNT };
enum other_client_event { OTHER_CLIENT_EVENTS(TXN_EVENT, OTHER_CLIENT) OTHER_CLIENT_EV_COUNT };

/* The machine of a kind, from its lists and the `cells` above it in its file. */
#define TXN_NAME(kind, name) #name,
#define TXN_MACHINE(variable, kind, text)                                                                              \
	static const char *const states[] = {kind##_STATES(TXN_NAME, kind)};                                           \
	static const char *const events[] = {kind##_EVENTS(TXN_NAME, kind)};                                           \
	const struct txn_machine variable = {                                                                          \
		.name = text,                                                                                          \
		.states = states,                                                                                      \
		.events = events,                                                                                      \
		.n_states = kind##_STATE_COUNT,                                                                        \
		.n_events = kind##_EV_COUNT,                                                                           \
		.cells = &cells[0][0],                                                                                 \
	};                                                                                                             \
	_Static_assert((int)kind##_EV_SEND_FAILED == TXN_EV_SEND_FAILED, "posted for every kind");                     \
	_Static_assert((int)kind##_TERMINATED == kind##_STATE_COUNT - 1, "the last state")

#define TXN_STATES_MAX INVITE_CLIENT_STATE_COUNT
#define TXN_EVENTS_MAX INVITE_SERVER_EV_COUNT

/* ---- structs ---------------------------------------------------------------------------------------------------- */

/* A server transaction is known by 128 bits of keyed hash over what RFC 3261 §17.2.3 compares: a peer that does not
 * know the keys cannot make two collide, and the texts need not be kept. A client transaction has its branch to be
 * compared, and needs a hash to be found by alone (check: 0). That is also the cookie of a transaction's sends. */
struct txn_id {
	uint64_t hash, check;
};

struct txn {
	struct hmap_node node; /* layer.by_id */
	uint64_t check;
	struct txn_layer *layer;
	struct wheel_timer repeat, end;
	struct txn *next_pending;
	char *text; /* the message that is sent again: request, reply, or the ACK of a non-2xx; own; may be NULL */
	uint32_t text_n;
	uint32_t interval_ms; /* of repeat */
	int error;            /* of the last failed send */
	uint8_t kind, state;
	uint8_t method;
	uint8_t repeat_event, end_event;
	bool reliable;
	bool pending;     /* in layer.pending */
	bool send_failed; /* posted */
	bool ended;       /* only `terminated` may still be told */
};

/* What every reply repeats; freed after the final one. */
struct reply_head {
	uint32_t n_head; /* Via, From, Call-ID, CSeq lines */
	uint32_t n_to;   /* To line without its line end */
	bool to_tagged;
	char text[];
};

struct server_txn {
	struct txn t;
	struct hmap_node merge; /* layer.merged, when `mergeable` */
	struct flow_addr source;
	const struct server_ops *ops;
	void *arg;
	struct reply_head *head;
	const struct message *request; /* while the user's request() runs, else NULL */
	bool mergeable, owned, final_sent;
	uint8_t slot;
	char tag[IDENT_LEN + 1]; /* of ours, first used; empty: none yet */
};

struct client_txn {
	struct txn t;
	struct destination to;
	const struct client_ops *ops;
	void *arg;
	void *guard;
	uint32_t try_ms;
	struct str sent; /* while a final response but a 2xx is told: what it answers */
	uint8_t times;   /* that it was sent again as a new request: client_txn_again() */
	bool withdrawn;  /* its user has cancelled it, or let it go */
	char branch[TXN_BRANCH_LEN + 1];
};

struct txn_layer {
	struct txn_io io;
	struct txn_user user;
	const struct ident_key *key;
	struct config *config;
	struct hash_key id_key, client_key, merge_key, tag_key;
	struct hmap by_id, merged;
	struct txn *pending, **pending_end; /* posted events, and the terminated, in order */
	struct loop_deferred deferred;
	struct txn_gauges counts;
	uint32_t ran[TXN_KINDS][TXN_STATES_MAX][TXN_EVENTS_MAX]; /* the trace: how often each cell was dispatched */
	char scratch[TXN_SCRATCH_BYTES]; /* one message being written; never across a call out */
};

/* Gauges are read from other threads; this one alone writes them. */
static inline void txn_count(uint64_t *counter, int by)
{
	__atomic_store_n(counter, *counter + (uint64_t)by, __ATOMIC_RELAXED);
}

static inline struct server_txn *server_of(struct txn *t)
{
	return container_of(t, struct server_txn, t);
}
static inline struct client_txn *client_of(struct txn *t)
{
	return container_of(t, struct client_txn, t);
}
static inline bool txn_is_client(const struct txn *t)
{
	return t->kind == TXN_INVITE_CLIENT || t->kind == TXN_OTHER_CLIENT;
}

/* ---- txn_machine.c ---------------------------------------------------------------------------------------------- */

void txn_init(struct txn *t, struct txn_layer *l, enum txn_kind kind, enum method method, bool reliable);
/* Feeds an event in; not from inside an action, which posts. */
void txn_dispatch(struct txn *t, unsigned event, struct txn_event *e);
bool txn_terminated(const struct txn *t);
/* Posts SEND_FAILED, for the end of the turn. */
void txn_post_send_failed(struct txn *t, int error);
/* To be looked at when the turn ends: posted events, then `terminated` for what is Terminated or `ended` (the user is
 * let go; the transaction itself may live on). */
void txn_queue(struct txn *t);
/* Unlinks from maps and timers, frees. No callback. */
void txn_destroy(struct txn *t);
/* Takes ownership of a text; the old one is freed. */
void txn_set_text(struct txn *t, char *text, size_t n);
/* Sends text under this transaction's cookie; failures are posted. first: else it counts as a retransmission. */
void txn_send(struct txn *t, struct str text, bool first);
int txn_send_now(struct txn *t, struct str text); /* the same, but the error is returned */
struct destination txn_destination(struct txn *t);
void txn_run_pending(struct loop_deferred *d);
/* [state][event] as text, for the golden file. */
void txn_write_machine(const struct txn_machine *m, struct writer *w);

/* ---- txn_timers.c: facts in, timers out ------------------------------------------------------------------------- */

void txn_timers_init(struct txn *t);
void txn_timers_stop(struct txn *t);
void txn_timers_invite_sent(struct txn *t, unsigned try_ms);
void txn_timers_invite_repeated(struct txn *t);
void txn_timers_invite_restored(struct txn *t, bool whole); /* whole: it is sent again */
void txn_timers_invite_abandoned(struct txn *t, unsigned try_ms);
void txn_timers_invite_provisional(struct txn *t);
void txn_timers_cancel_sent(struct txn *t);
void txn_timers_invite_accepted(struct txn *t);
void txn_timers_invite_rejected(struct txn *t);
void txn_timers_request_sent(struct txn *t);
void txn_timers_request_repeated(struct txn *t, bool provisional);
void txn_timers_request_finished(struct txn *t);
void txn_timers_reject_sent(struct txn *t);
void txn_timers_reject_repeated(struct txn *t);
void txn_timers_reject_acked(struct txn *t);
void txn_timers_accept_sent(struct txn *t);
void txn_timers_request_received(struct txn *t);
void txn_timers_reply_sent(struct txn *t);

/* ---- txn_match.c ------------------------------------------------------------------------------------------------ */

struct txn_id txn_id_of_request(struct txn_layer *l, const struct message *m);
struct txn_id txn_id_of_client(const struct txn_layer *l, unsigned network, struct str branch, enum method method);
struct server_txn *txn_find_server(const struct txn_layer *l, struct txn_id id, enum method method);
/* Whatever its method: the request that a CANCEL with this id is for. */
struct server_txn *txn_find_cancelled(const struct txn_layer *l, struct txn_id id);
struct client_txn *txn_find_client(const struct txn_layer *l, unsigned network, struct str branch, enum method method);
struct txn *txn_find_cookie(const struct txn_layer *l, uint64_t cookie);
uint64_t txn_merge_hash(struct txn_layer *l, const struct message *m);
bool txn_is_merged(const struct txn_layer *l, uint64_t hash);
/* 0 or -ENOMEM */
int txn_insert(struct txn *t, struct txn_id id);
int txn_insert_mergeable(struct server_txn *s, uint64_t hash);
/* The To tag of a stateless reply to this request, or to the INVITE that this ACK is for. */
void txn_stateless_tag(struct txn_layer *l, const struct message *m, char buf[17]);

/* ---- txn_write.c: into layer.scratch; an empty result: it did not fit -------------------------------------------- */

struct str txn_write_reply(struct txn_layer *l, const struct reply_head *head, const struct reply *r, struct str tag);
struct str txn_write_stateless(struct txn_layer *l, const struct message *m, const struct reply *r, struct str tag);
struct str txn_write_request(struct txn_layer *l, const struct client_request *r, const char *branch);
/* From the INVITE as it was sent: the same Request-URI, Via, Max-Forwards, From, Call-ID, CSeq number and Route; To the
 * INVITE's, or as given. */
struct str txn_write_derived(struct txn_layer *l, struct str invite, struct str method, struct str to);
struct str txn_write_cancel(struct txn_layer *l, struct str invite);
struct str txn_write_ack(struct txn_layer *l, struct str invite, struct str to);
/* The header lines that a refusal's status asks for. m may be NULL. */
void txn_write_refusal_headers(const struct txn_layer *l, enum reject_reason why, const struct message *m,
			       struct writer *w);
struct reply_head *txn_make_head(struct txn_layer *l, const struct message *m);
/* malloc'd copy, exact size; NULL: no memory. */
char *txn_copy(struct str s);

/* ---- the rest --------------------------------------------------------------------------------------------------- */

bool txn_outgoing(struct txn_layer *l, void *guard, const struct destination *d, struct str text);
bool txn_full(const struct txn_layer *l);
uint64_t *txn_alive(struct txn_layer *l, enum txn_kind kind);

/* txn_layer.c: a whole stateless reply; false: it could not be sent. */
bool txn_send_stateless(struct txn_layer *l, const struct message *m, const struct reply *r, struct str tag);

/* txn_server.c */
int server_txn_create(struct txn_layer *l, const struct message *m, struct txn_id id, struct server_txn **ret);
/* user.request() and what follows from its not answering. */
void server_txn_offer(struct server_txn *s, const struct message *m);
void server_txn_say_failed(struct server_txn *s, int error);
/* 100 from the head. m: the request, for the first time; NULL for a retransmitted one. */
void server_txn_send_trying(struct server_txn *s, const struct message *m);
void server_txn_give_500(struct server_txn *s);

/* txn_client.c */
/* Tells the response with *t as `sent`, which goes afterwards; replacement: what is sent again from now on (NULL:
 * nothing), taken over. */
void client_txn_say_final(struct client_txn *c, const struct message *m, char *replacement, size_t n);
void client_txn_say_response(struct client_txn *c, const struct message *m);
void client_txn_say_failed(struct client_txn *c, enum reject_reason why);
void client_txn_say_down(struct client_txn *c); /* after t.error */
/* A CANCEL transaction beside the INVITE c, or at least the message when there is no memory for one. */
void client_txn_launch_cancel(struct client_txn *c);

#endif
