/* SPDX-License-Identifier: Apache-2.0 */
/* location: where registered phones are. One struct location a signalling worker, its thread only: it holds the
 * addresses of record (AoR) whose slot is this worker's (message_owner()), and their bindings: a contact of a phone,
 * the flow that its REGISTER came by, and the alias under which the core knows it. A binding is made and renewed only
 * by location_put(), which the REGISTER relay calls once the core has said yes.
 *
 *     live --(flow failed, or the phone let its registration run out)--> dead --(core's expiry)--> gone
 *       ^---------------------- the phone registers again ----------------'
 *
 * A dead binding keeps its alias, so that the phone that comes back is at the core who it was; requests to it are to be
 * answered at once. Pointers to bindings are good until control goes back to the loop. */
#ifndef SBC_LOCATION_LOCATION_H
#define SBC_LOCATION_LOCATION_H

#include <stdatomic.h>

#include "base/hmap.h"
#include "base/wheel.h"
#include "config/config.h"
#include "sbc/sip/aor.h"
#include "sbc/sip/ident.h"
#include "sbc/sip/loop.h"
#include "sbc/sip/transport.h"

#define LOCATION_URI_MAX      512 /* of a Contact's URI */
#define LOCATION_PARAMS_MAX   384 /* of its parameters, +sip.instance apart */
#define LOCATION_INSTANCE_MAX 128
#define LOCATION_AGENT_MAX    64 /* longer ones are cut */

struct location;
struct location_aor;

/* ---- counters: written by the worker, readable from any thread -------------------------------------------------- */

#define LOCATION_COUNTERS(X)                                                                                           \
	X(received, "REGISTERs received")                                                                              \
	X(absorbed, "REGISTERs that refreshed and were answered here")                                                 \
	X(absorbed_late, "of these, those for which the core had no room: what it gave was half over")                 \
	X(absorbed_failed, "of these, those that the core left unanswered or failed at: what it gave was not over")    \
	X(relayed, "REGISTERs sent to the core")                                                                       \
	X(accepted, "REGISTERs that the core accepted")                                                                \
	X(refused, "REGISTERs that the core refused")                                                                  \
	X(challenged, "REGISTERs that the core challenged")                                                            \
	X(core_silent, "REGISTERs that no registrar answered")                                                         \
	X(core_limited, "REGISTERs refused because the core gets no more per second")                                  \
	X(kept_share, "REGISTERs sent to the core by the share that is kept for known phones")                         \
	X(pending_limited, "REGISTERs refused because too many are under way")                                         \
	X(limited, "REGISTERs refused at limits.registrations")                                                        \
	X(source_limited, "REGISTERs refused at limits.registrations_source")                                          \
	X(new_limited, "REGISTERs refused at registrations.new_contacts")                                              \
	X(contacts_limited, "REGISTERs refused at registrations.max_contacts")                                         \
	X(brief, "REGISTERs refused because they asked for too few seconds")                                           \
	X(out_of_order, "REGISTERs refused because their CSeq was used before")                                        \
	X(foreign, "REGISTERs refused because they named another source's contact")                                    \
	X(bindings_new, "contacts registered")                                                                         \
	X(bindings_renewed, "contacts registered again")                                                               \
	X(bindings_removed, "contacts unregistered or removed")                                                        \
	X(bindings_expired, "contacts that no phone refreshed in time")                                                \
	X(bindings_restored, "contacts taken over from the process before")                                            \
	X(bindings_not_restored, "stored contacts not taken over: damaged, or no room for them")                       \
	X(bindings_homeless, "stored contacts not taken over: their network is not configured any more")               \
	X(flows_failed, "contacts whose flow failed")                                                                  \
	X(flows_moved, "contacts that came back by another flow")                                                      \
	X(moves_untold, "workers not told that a phone is by another flow: no memory, or a full queue")                \
	X(keepalives, "keep-alives sent to phones")                                                                    \
	X(keepalives_lost, "keep-alives that no phone answered")                                                       \
	X(aliases_found, "requests to an alias whose phone can be reached")                                            \
	X(aliases_dead, "requests to an alias whose phone cannot be reached")                                          \
	X(aliases_unknown, "requests to an alias that nobody has")                                                     \
	X(aliases_forged, "requests to what looks like an alias and is not ours")

struct location_counters {
#define X(name, help) uint64_t name;
	LOCATION_COUNTERS(X)
#undef X
	uint64_t bindings, live, aors, pending; /* now */
};
void location_counters(const struct location *l, struct location_counters *ret);
/* The relay counts here too: location_count(loc, offsetof(struct location_counters, absorbed), 1). */
void location_count_at(struct location *l, size_t offset, int by);
#define location_count(l, member, by) location_count_at((l), offsetof(struct location_counters, member), (by))

/* ---- life ------------------------------------------------------------------------------------------------------- */

struct location_binding;

/* What a location asks of others; members may be NULL. Not to call back into the location, save for reading, and
 * location_flow_dead() from keepalive(). */
struct location_user {
	/* It is time for a keep-alive to this phone. */
	void (*keepalive)(void *arg, struct location_binding *b);
	/* Its keep-alive under way (b->probe, not NULL) is of no interest any more: to be freed and set NULL. */
	void (*probe_end)(void *arg, struct location_binding *b);
	/* A binding was made or changed, or is about to go: for a store. Of refreshes that were absorbed only those
	 * are told that add half of what the phone asks for to what was told before. */
	void (*changed)(void *arg, const struct location_binding *b);
	void (*removed)(void *arg, const struct location_binding *b);
	/* A phone has registered anew, or is by another flow than before (from; NULL: it was nobody's). */
	void (*moved)(void *arg, const struct location_binding *b, const struct destination *from);
	/* The source of a live binding begins or ends to be known: for screening. */
	void (*source)(void *arg, const struct location_binding *b, bool known);
	void *arg;
};

struct location_params {
	struct loop *loop;
	const struct ident_key *key;  /* kept by pointer */
	struct config *config;        /* a reference is taken */
	atomic_uint_fast64_t *shared; /* bindings of all workers, for limits.registrations; kept by pointer */
	struct location_user user;
};
/* 0 or -ENOMEM. */
int location_create(const struct location_params *p, struct location **ret);
void location_destroy(struct location *l); /* without a word to the user; NULL is allowed */
void location_set_config(struct location *l, struct config *c);

/* ---- bindings --------------------------------------------------------------------------------------------------- */

enum location_state {
	LOCATION_LIVE,
	LOCATION_EXPIRED, /* the phone let it run out; the core may still have it */
	LOCATION_FAILED,  /* its flow is dead */
};

/* To be read by everybody, to be written by location.c alone, `probe` and `missed` excepted (phones.c). */
struct location_binding {
	struct hmap_node by_alias, by_connection; /* the latter when flow.connection */
	struct location_probe *probe;             /* a keep-alive under way; the user's own */
	uint64_t since_ms;                        /* made */
	uint32_t core_cseq;                       /* highest so far */
	char alias[IDENT_LEN + 1], core_call_id[IDENT_LEN + 1];
	/* From here on what a refresh looks at: most are of a phone that nobody has heard of for a while, so that every
	 * line of memory is a cold one. */
	struct list node; /* of its AoR, oldest first */
	struct location *location;
	struct location_aor *aor;
	struct destination flow;                              /* `flow_only` is set: an existing connection only */
	uint64_t phone_until_ms, core_until_ms, core_half_ms; /* monotonic; half of what the core gave is over */
	uint64_t seen_ms, keepalive_ms;                       /* last REGISTER; next keep-alive, 0: none */
	uint64_t told_until_ms;                               /* phone_until_ms as `changed` was last told */
	uint64_t phone_call_id;                               /* keyed hash */
	struct wheel_timer timer; /* for keep-alive, phone's expiry, core's expiry: at the first of them, or before */
	uint32_t phone_cseq;      /* highest so far */
	uint32_t reg_id;          /* RFC 5626; 0: none */
	uint16_t n_uri, n_params, n_instance, n_agent;
	uint8_t state, missed; /* enum location_state; keep-alives without an answer */
	char text[];           /* uri, params, instance, agent; a NUL behind each */
};
struct str location_uri(const struct location_binding *b);      /* of the phone's Contact */
struct str location_params(const struct location_binding *b);   /* its other header parameters, as they came */
struct str location_instance(const struct location_binding *b); /* with its quotes; empty: none */
struct str location_agent(const struct location_binding *b);    /* User-Agent; may be empty */
struct str location_aor_text(const struct location_binding *b); /* "user@host", canonical */
unsigned location_network(const struct location_binding *b);

/* One Contact of a phone. instance with its quotes; reg_id 0: none. */
struct location_contact {
	struct str uri, params, instance;
	uint32_t reg_id;
};

/* NULL: nobody of that name is registered. */
struct location_aor *location_aor(struct location *l, unsigned network, struct str aor);
struct location_binding *location_first(const struct location_aor *a);
struct location_binding *location_next(const struct location_aor *a, const struct location_binding *b);
/* The binding that a REGISTER with this contact would renew: same instance and reg-id (RFC 5626 §6), else the same URI
 * (RFC 3261 §19.1.4, of bindings without reg-id). a may be NULL. */
struct location_binding *location_match(const struct location_aor *a, const struct location_contact *c);
bool location_same_uri(struct str a, struct str b);

/* The slot of this AoR's aliases. */
uint8_t location_slot(const struct location *l, struct str aor);
/* The alias of a contact: a function of the key, the AoR and what makes the contact (instance and reg-id, else URI), so
 * that a phone that asks again after a lost answer is at the core the same. */
void location_alias(const struct location *l, uint8_t slot, unsigned network, struct str aor,
		    const struct location_contact *c, char ret[IDENT_LEN + 1]);

struct location_update {
	unsigned network;
	struct str aor; /* canonical */
	const struct location_contact *contact;
	const char *alias, *core_call_id; /* IDENT_LEN */
	struct destination flow;
	struct str agent;
	uint64_t phone_call_id; /* location_call_id() */
	uint32_t phone_cseq, core_cseq;
	unsigned phone_s, core_s; /* seconds from now, > 0 */
};
/* Makes or renews the binding that location_match() finds. 0; -ENOMEM, -ENOSPC (limits.registrations), -EMFILE
 * (registrations.max_contacts of live ones; of dead ones the oldest makes room), -EMSGSIZE (a text above its maximum):
 * then all is as before. */
int location_put(struct location *l, const struct location_update *u, struct location_binding **ret);
/* A refresh that the core need not hear of: the phone has `phone_s` seconds from now. */
void location_seen(struct location_binding *b, uint64_t phone_call_id, uint32_t phone_cseq, unsigned phone_s);
/* The core was asked by this Call-ID up to this CSeq, and may have heard it, whatever became of it. */
void location_asked(struct location_binding *b, const char *core_call_id, uint32_t core_cseq);
void location_drop(struct location_binding *b);
/* Would location_put() find room for n more contacts of this AoR? 0, -ENOSPC or -EMFILE. a may be NULL. */
int location_room(const struct location *l, const struct location_aor *a, unsigned n);
uint64_t location_call_id(const struct location *l, struct str call_id);
uint64_t location_now_ms(const struct location *l);
/* Seconds until then, rounded up; 0: past. */
unsigned location_left_s(const struct location *l, uint64_t until_ms);

/* ---- requests towards phones ------------------------------------------------------------------------------------ */

enum location_result {
	LOCATION_FOUND,
	LOCATION_NO_ALIAS, /* the text is not formed like an identifier of ours: somebody's user part */
	LOCATION_FORGED,   /* it is, but the MAC is not ours: 404 */
	LOCATION_UNKNOWN,  /* it is ours, but no phone has it: 404 */
	LOCATION_DEAD,     /* its phone cannot be reached: 480, or 430 where RFC 5626 is spoken */
};

/* All that a request to a phone needs; copies. */
struct location_target {
	unsigned network;
	struct destination to;          /* by the existing flow only */
	char uri[LOCATION_URI_MAX + 1]; /* Request-URI: the phone's own Contact */
	char aor[AOR_MAX + 1];          /* "user@host" */
	size_t user_bytes;              /* of aor, in front of '@' */
};
/* Asked on the worker that owns the alias (message_owner() of a request to it says so). Counted. ret is written when it
 * is LOCATION_FOUND or LOCATION_DEAD. */
enum location_result location_find(struct location *l, struct str alias, struct location_target *ret);
/* Formed like an identifier of ours; whose it is location_find() says. */
bool location_like_alias(struct str user);
/* The flow `tried` of this alias's phone is dead: sending failed, or the phone left a request without any response. The
 * binding waits for the phone to come back; until then location_find() says LOCATION_DEAD. Unknown aliases are ignored,
 * and those that have another flow by now. */
void location_flow_failed(struct location *l, struct str alias, const struct destination *tried);
bool location_same_flow(const struct destination *a, const struct destination *b);
/* The same for all bindings by this connection. */
void location_connection_closed(struct location *l, uint64_t connection);
/* The phone was heard from by its flow (an answer to a keep-alive). */
void location_alive(struct location_binding *b);
void location_flow_dead(struct location_binding *b, const char *why);

/* ---- looking (management) --------------------------------------------------------------------------------------- */

/* Bindings have an order that lasts, whatever comes and goes: by their place, then by their alias. false: no alias of
 * ours, whether or not a binding has it. */
uint64_t location_place(const struct location_binding *b);
bool location_alias_place(const struct location *l, struct str alias, uint64_t *ret);
/* Tells bindings from the place *at on, about n places' worth or until fn says false (enough), and moves *at to where
 * to go on; true: that was all. They come in stretches of neighbouring places, within which they have no order; the
 * first stretch may begin before *at. fn must not change the location. */
bool location_walk(const struct location *l, uint64_t *at, unsigned n,
		   bool (*fn)(void *arg, const struct location_binding *b), void *arg);
/* An operator's removal of all of an AoR: how many there were. The core is not told:
 * the phone's next REGISTER goes there. */
unsigned location_remove_aor(struct location *l, unsigned network, struct str aor);

#endif
