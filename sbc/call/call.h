/* SPDX-License-Identifier: Apache-2.0 */
/* call: couples two legs and their media. Private to this room. Owned by the registry (struct calls); owns its legs and
 * its media session. Nothing frees itself inside its own callback: an ended call is marked and reaped at the end of the
 * turn. */
#ifndef SBC_CALL_CALL_H
#define SBC_CALL_CALL_H

#include "base/list.h"
#include "base/log.h"
#include "sbc/call/calls.h"
#include "sbc/call/leg.h"
#include "sbc/call/machine.h"
#include "sbc/call/unheard.h"
#include "sbc/call/verdict.h"

#define CALL_STATES(X)                                                                                                 \
	X(CALL_SETUP)    /* looking for a target and media ports; no INVITE out */                                     \
	X(CALL_TRYING)   /* INVITE out on leg B */                                                                     \
	X(CALL_OFFERED)  /* leg B answered an INVITE without offer by an offer; ports for it are being made */         \
	X(CALL_ANSWERED) /* 2xx sent on leg A, its ACK awaited */                                                      \
	X(CALL_TALKING)                                                                                                \
	X(CALL_ENDING) /* legs are ending; over, and reaped, when both have */

#define CALL_EVENTS(X)                                                                                                 \
	X(CALL_EV_MEDIA_READY)                                                                                         \
	X(CALL_EV_ECHO_READY) /* the same, for the built-in target */                                                  \
	X(CALL_EV_MEDIA_FAILED)                                                                                        \
	X(CALL_EV_NO_TARGET) /* all targets were tried, or none can be resolved */                                     \
	X(CALL_EV_CALLER_CANCELLED)                                                                                    \
	X(CALL_EV_CALLER_ACKED)                                                                                        \
	X(CALL_EV_CALLER_LOST) /* our 2xx was never acknowledged */                                                    \
	X(CALL_EV_CALLER_HUNG_UP)                                                                                      \
	X(CALL_EV_CALLER_LEFT) /* one of several early dialogs */                                                      \
	X(CALL_EV_CALLEE_PROVISIONAL)                                                                                  \
	X(CALL_EV_CALLEE_ANSWERED)                                                                                     \
	X(CALL_EV_CALLEE_OFFERED)                                                                                      \
	X(CALL_EV_CALLEE_REFUSED)                                                                                      \
	X(CALL_EV_CALLEE_FAILED)                                                                                       \
	X(CALL_EV_CALLEE_HUNG_UP)                                                                                      \
	X(CALL_EV_BOUND)  /* ringing or call length at its limit */                                                    \
	X(CALL_EV_SILENT) /* no media where there should be */                                                         \
	X(CALL_EV_DRAIN)  /* the process, or an operator, ends it */                                                   \
	X(CALL_EV_BROKEN) /* out of memory, or an answer that cannot be used */                                        \
	X(CALL_EV_LEG_ENDED)                                                                                           \
	X(CALL_EV_MEDIA_ENDED)

enum call_state { CALL_STATES(MACHINE_ENUM) CALL_STATE_COUNT };
enum call_event { CALL_EVENTS(MACHINE_ENUM) CALL_EVENT_COUNT };

struct call_arg {
	const struct message *m; /* alive until the entry point that brought it returns */
	enum reject_reason reject;
	const char *cause; /* static text for log and CDR */
};

/* What a call needs only until it is answered: freed then. */
struct setup {
	struct message *invite; /* a reference of its own */
	struct border_decision decision;
	struct sdp *offer; /* leg A's; NULL: late offer */
	struct targets targets;
	struct location_target *phone; /* the call is to a registered phone; NULL: to a peer */
	bool target_found;             /* targets.at is to be called as soon as there are ports */
	int best_status;               /* what to tell the caller when no target is left (RFC 3261 §16.7 order) */
	enum reject_reason best_reject;
	int best_peer;        /* who said it */
	struct message *best; /* the response it came in; NULL: ours */
};

/* Offer and answer in an established call: sbc/call/exchange.c */
struct exchange;
/* Another request within the dialogs: sbc/call/relay.c */
struct relay;
/* A BYE that may be challenged: sbc/call/parting.c */
struct parting;

#define CALL_MAX_RELAYS 8
#define CALL_QUEUE      8

struct call {
	struct calls *calls;
	struct list node;       /* calls->all */
	struct list age;        /* calls->by_age */
	struct config *config;  /* as the call began */
	char id[IDENT_LEN + 1]; /* in log and CDR */
	uint8_t slot;
	uint32_t facts; /* number of the configuration whose facts of security it has */
	enum call_state state;
	bool record_sent, echo, late, draining;
	bool to_phone;   /* decided by its registration, not by a route */
	bool challenged; /* ended by a challenge that was relayed: no record */
	bool peer_in_counted, peer_out_counted;
	struct leg *a, *b;
	struct list old_legs; /* legs B of earlier attempts, until they are reaped */
	struct side side[2];  /* MEDIA_A, MEDIA_B */
	struct setup *setup;
	int route, peer_in, peer_out;
	const char *route_was; /* as leg.was */
	media_id session;
	unsigned media_pending; /* prepares not answered yet */
	bool media_failed, media_ended;
	enum media_error media_error;
	struct exchange *exchange;
	struct parting *parting;
	/* checkpoint.c: the record that another process would go on from */
	struct {
		struct list node; /* calls->kept: when it is written next */
		uint64_t due_ms;
		bool soon;         /* it has changed since */
		bool answered;     /* by an answer, which is written sooner */
		bool unwritten;    /* the store does not hold all of it */
		bool settling;     /* it does, but for latches of the relay that may still change */
		bool asked;        /* the relay's statistics are awaited, to be written with it */
		bool stored;       /* there is one */
		unsigned prepares; /* of a restored call: answers of the relay that are not there yet */
		char *texts;       /* of a restored call: what causes and names of before point into */
		char *texts_end;
	} keep;
	struct relay *relays[CALL_MAX_RELAYS];
	struct wheel_timer bound; /* ringing, then call length */
	uint64_t start_ns, ring_ns, answer_ns, end_ns;
	enum cdr_side ended_by;
	const char *cause;
	int status;
	char reason[96];
	struct cdr_attempt_own {
		int peer;
		const char *was; /* as leg.was */
		struct addr remote;
		int status;
		const char *cause;
	} * attempts;
	unsigned n_attempts;
	struct {
		enum call_event ev;
		struct call_arg arg;
	} queue[CALL_QUEUE];
	unsigned queue_n;
	bool in_queue;
};

/* When the record of a call is written: timers.c. */
enum checkpoint_due { CHECKPOINT_ANSWERED, CHECKPOINT_SOON, CHECKPOINT_SETTLED, CHECKPOINT_REFRESH, CHECKPOINT_NEVER };

struct calls {
	struct worker *worker;
	struct media *media;
	struct media_port *port;
	struct loop_poll *port_poll;
	struct border_state *border;
	struct store *store; /* NULL: calls end with the process */
	cdr_fn cdr;
	void *cdr_arg;
	bool (*pass)(void *arg, struct server_txn *t, const struct message *m);
	bool (*glance)(void *arg, const struct message *m);
	struct location *location; /* may be NULL */
	struct keyring *keyring;   /* may be NULL */
	struct logins *logins;     /* may be NULL: then `auth: limen` lets nobody in */
	void *pass_arg;
	struct config *config;
	struct leak_table *leaks;
	struct hash_key tag_key;
	struct hmap by_tag, by_aor; /* by_aor: legs of registered phones */
	struct leg *asked; /* inbound.c: whose request this is, from the judging of it until it is carried out */
	struct list all;
	struct list ended;  /* call.node moved here, to be reaped */
	struct list by_age; /* every call, oldest first: what management walks */
	struct list asks;   /* its questions that are not answered yet */
	unsigned n_asks;
	struct loop_deferred reaper, facts_walk;
	uint32_t facts;                     /* counts configurations */
	struct list kept[CHECKPOINT_NEVER]; /* calls to be written, each list in the order of their times */
	struct wheel_timer kept_timer;
	unsigned
		soon_n; /* restored calls that have something to do as soon as the worker runs: some each millisecond */
	struct call_counters counters;
	uint64_t stray_since_ms; /* stray 2xx ended since then: bounded, what one brings may not be true */
	unsigned stray_n;
	struct unheard unheard;
	bool draining;
	struct wheel_timer drain_timer, farewell;
	void (*drained)(void *arg);
	void *drained_arg;
};

/* Counters have one writer, and readers on other threads. */
static inline void call_count(uint64_t *c, int64_t n)
{
	__atomic_store_n(c, __atomic_load_n(c, __ATOMIC_RELAXED) + (uint64_t)n, __ATOMIC_RELAXED);
}

/* Of texts that are compared later, by this process or the next: under a key that outlives it. */
static inline uint64_t calls_digest(const struct calls *cs, struct str text)
{
	return hash_str(&cs->worker->key->call_id, text);
}

/* ---- call.c: the coupling table ---- */

/* Queues an event; actions use it, so that they never run inside each other. */
void call_post(struct call *c, enum call_event ev, const struct call_arg *arg);
/* Runs what is queued; the last thing that every entry point from below does. */
void call_run(struct call *c);
const char *call_state_name(enum call_state s);

/* A new INVITE that may become a call. The request is answered in any case. */
void call_begin(struct calls *cs, struct server_txn *t, const struct message *invite);
/* Ends both legs; cause is static text. */
void call_end_both(struct call *c, enum cdr_side by, const char *cause);

/* ---- attempt.c: targets, addresses, failover ---- */

/* From the decision on; as attempt_next(). */
void attempt_begin(struct call *c);
/* Takes the next address to be tried and prepares media for it; posts MEDIA_READY, MEDIA_FAILED or NO_TARGET. */
void attempt_next(struct call *c);
/* Ports are there: makes leg B and sends its INVITE. */
void attempt_invite(struct call *c);
/* A target failed. True: another one is being tried. */
bool attempt_failed(struct call *c, int status, enum reject_reason reject, const struct message *m);
/* The final refusal for the caller, from the best of what the targets said. */
void attempt_refuse_caller(struct call *c, enum reject_reason reject);
void attempt_release_peer(struct call *c);
/* The call ends: an answer of DNS is no longer waited for. */
void attempt_stop(struct call *c);

/* ---- answer.c: what leg B says, told to leg A ---- */
void answer_relay_provisional(struct call *c, const struct message *m);
bool answer_caller(struct call *c, const struct message *m); /* false: cannot be used, call is to be ended */
void answer_offer_caller(struct call *c);                    /* late offer, ports are there */
bool answer_late(struct call *c, const struct message *ack); /* the caller's ACK brings the answer */
void answer_echo(struct call *c);
bool answer_prepare_late(struct call *c, const struct message *m);

/* ---- reoffer.c, exchange.c, relay.c: requests within an established call ---- */
void reoffer_request(struct call *c, struct leg *from, struct server_txn *t, const struct message *m);
/* m, and its offer (NULL: none), which is taken over, are to be carried to the other leg; none is on its way. */
void exchange_begin(struct call *c, struct leg *from, struct server_txn *t, const struct message *m, struct sdp *offer);
/* `from` has asked, and has no final answer yet. */
bool exchange_is_of(const struct call *c, const struct leg *from);
void exchange_media_ready(struct call *c, bool ok);
/* ACK of a later INVITE's 2xx. */
void exchange_ack(struct call *c, struct leg *from, const struct message *m);
void exchange_drop(struct call *c); /* the call ends: answers what is open */
void relay_request(struct call *c, struct leg *from, struct server_txn *t, const struct message *m);
/* Those on their way are answered so: the call ends, or leg B is another one from now on. */
void relay_drop(struct call *c, enum reject_reason why);
/* A BYE, t, where the far side's challenge of it would cross: sent on, and answered when that is answered. false: it is
 * to be answered now, as any other. */
bool parting_begin(struct call *c, struct leg *from, struct server_txn *t, const struct message *m);
void parting_drop(struct call *c); /* the call ends: a BYE on its way counts as taken */

/* ---- reap.c: the end of a call's life ---- */

/* What it needed only until it was answered. */
void setup_free(struct call *c);
void call_destroy(struct call *c);
/* At the end of this turn: it goes, or those of its legs do, if it is over. */
void calls_reap_later(struct calls *cs, struct call *c);
/* calls->reaper */
void calls_reap(struct loop_deferred *d);
/* What calls_drain() was told to do then, once: whatever calls are left. */
void calls_drained(struct calls *cs);

/* ---- stray.c ---- */

/* ACK and BYE for a 2xx that nobody waits for: from the response alone. bye_cseq: above all that we have sent in its
 * dialog. l: the leg whose INVITE it was, or NULL. What lacks memory for it is counted; the 2xx comes again. */
void stray_answer_end(struct calls *cs, const struct message *m, uint32_t bye_cseq, struct leg *l);

/* ---- checkpoint.c: answered calls as bytes in the store ---- */

/* Something that another process would have to know has changed: written soon, with whatever else changes until then.
 * Calls that are not answered yet are not kept. */
void checkpoint_changed(struct call *c);
/* The same, and it is an answer: somebody begins to rely on it, so it is written sooner. */
void checkpoint_answered(struct call *c);
/* "yes": all that is to be known is on disk; "waits": the store has it, and not written it yet; "partly": it has been
 * given what it was before; "no": nothing. NULL: there is no store, or nothing to be kept. */
const char *checkpoint_state(const struct call *c);
/* It is time to write it. */
void checkpoint_write_now(struct call *c);
/* The relay's statistics are there; NULL: there are none to be had now. False: they were not asked for here. */
bool checkpoint_stats(struct call *c, const struct media_stats *stats);
/* The call is over and its CDR written: the record goes. */
void checkpoint_over(struct call *c);
/* The call's memory goes. Its record stays when it was never over. */
void checkpoint_forget(struct call *c);

/* ---- facts.c: what a reload changes in live calls ---- */

/* That peer (of the call's own configuration) as it is configured now: for facts of security alone. NULL: no peer. */
const struct config_peer *facts_peer(const struct call *c, int peer);
/* calls->config is new: tells the relay of every call, some in each turn. */
void facts_changed(struct calls *cs);

/* ---- record.c ---- */

/* The facts of a call as they are now; what they point to is the call's, or in attempts and text. until_ns: up to when
 * the verdict looks. */
void record_fill(const struct call *c, const struct media_stats *stats, uint64_t until_ns,
		 struct cdr_attempt attempts[CDR_MAX_ATTEMPTS], char text[2][VERDICT_MAX], struct cdr *ret);
/* The call's CDR, once. stats: NULL when there was no media session. */
void record_send(struct call *c, const struct media_stats *stats);

/* ---- snapshot.c ---- */

/* The relay told its counters, or (NULL) that it cannot. True: they were asked for. */
bool snapshot_stats(struct call *c, const struct media_stats *stats);
void snapshot_call_gone(struct call *c); /* takes it off by_age */
void snapshot_cancel(struct calls *cs);

#endif
