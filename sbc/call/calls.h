/* SPDX-License-Identifier: Apache-2.0 */
/* calls: the calls of one signalling worker, between its SIP stack below and management above. The registry owns calls;
 * a call owns two legs and a media session. Worker's thread, unless said otherwise. */
#ifndef SBC_CALL_CALLS_H
#define SBC_CALL_CALLS_H

#include "media/media.h"
#include "sbc/border/border.h"
#include "sbc/border/keyring.h"
#include "sbc/border/login.h"
#include "sbc/call/cdr.h"
#include "sbc/location/phones.h"
#include "sbc/sip/worker.h"
#include "sbc/store/store.h"

struct calls;

struct calls_params {
	struct worker *worker;
	struct media *media;
	struct border_state *border; /* shared */
	struct store *store;         /* answered calls are kept in it; NULL: they are not */
	cdr_fn cdr;                  /* called once per call that got past its first answer, on the worker's thread */
	void *cdr_arg;
	/* Requests outside of any dialog that are no calls (OPTIONS); must answer t or own it; true: answered by us. */
	bool (*pass)(void *arg, struct server_txn *t, const struct message *m);
	/* A REGISTER before it has a transaction: txn_user.glance. */
	bool (*glance)(void *arg, const struct message *m);
	void *pass_arg; /* of both */
	/* Registered phones, to be told of connections that die; NULL: none. */
	struct location *location;
	struct keyring *keyring; /* the worker's; NULL: challenges of peers are not remembered */
	struct logins *logins;   /* shared; NULL: `auth: limen` lets nobody in */
};
int calls_create(const struct calls_params *p, struct calls **ret);
/* All calls must be gone, or are dropped without a word (tests, second kill). */
void calls_destroy(struct calls *c);
/* The hooks that the worker shall call; arg is the struct calls. */
extern const struct worker_user calls_worker_user;

/* A record of STORE_CALLS: the call goes on here, on the worker that owns the slot of its key (calls_slot()). Before
 * the worker runs, on the main thread; what is left to be done then (a call that cannot go on is ended by BYE) follows
 * once it does. 0, or -errno: -ENOMEM, -EBADMSG (damaged, or not of this key), -EPROTO (of a version that cannot be
 * read); counted and logged here. */
int calls_restore(struct calls *c, struct str key, struct str bytes);
/* False: not a key of ours. */
bool calls_slot(const struct ident_key *k, struct str key, uint8_t *ret_slot);

/* A registered phone is by another flow now: requests within its calls go there. For struct phones; arg: the calls. */
void calls_phone_moved(void *arg, const struct phones_move *m);

/* New configuration (posted to the worker by the caller; takes its own reference). Live calls keep the shape they began
 * with. */
int calls_set_config(struct calls *c, struct config *config);

/* SIGTERM: no new calls (503); at the time-out the rest are ended by BYE or CANCEL. done(arg) once none is left, at the
 * latest timers.farewell behind that time-out. A second call with timeout_ms 0 ends them now. */
void calls_drain(struct calls *c, unsigned timeout_ms, void (*done)(void *arg), void *arg);

/* Counters and gauges: written by the worker, readable from any thread. */
#define CALL_COUNTERS(X)                                                                                               \
	X(calls_total, "calls begun")                                                                                  \
	X(calls_answered, "calls answered")                                                                            \
	X(calls_failed, "calls that ended without an answer")                                                          \
	X(calls_challenged, "calls that ended by a challenge relayed to the caller")                                   \
	X(failovers, "further targets or addresses tried")                                                             \
	X(forks_second_2xx, "further 2xx of a forked INVITE, ended by ACK and BYE")                                    \
	X(early_full, "early dialogs or previews not shown to the caller: too many in a call")                         \
	X(cancel_crossed, "2xx that crossed our CANCEL, ended by ACK and BYE")                                         \
	X(ack_lost, "2xx of ours never acknowledged")                                                                  \
	X(glare, "re-INVITEs refused or retried for glare (491)")                                                      \
	X(unexpected_events, "events in a state that has no cell for them")                                            \
	X(leaks, "messages in which the leak checker found something")                                                 \
	X(leak_set_full, "strings the leak checker had no room for")                                                   \
	X(media_source_changes, "media sources that moved, on evidence")                                               \
	X(media_silent, "calls ended because no media came")                                                           \
	X(options_answered, "OPTIONS answered by us")                                                                  \
	X(calls_restored, "calls that go on from the store")                                                           \
	X(calls_not_restored, "records of calls that could not be read")                                               \
	X(phone_calls, "calls towards registered phones")                                                              \
	X(phone_from_differs, "calls of registered phones under another name than they registered")                    \
	X(flows_moved, "requests within a dialog that came from another address or connection than before")

struct call_counters {
#define X(name, help) uint64_t name;
	CALL_COUNTERS(X)
#undef X
	uint64_t rejects[REJECT_COUNT];
	uint64_t calls, legs;     /* alive now */
	uint64_t calls_unwritten; /* of them, those of which the store does not hold all that is known */
};
void calls_counters(const struct calls *c, struct call_counters *ret);

#endif
