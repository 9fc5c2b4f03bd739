/* SPDX-License-Identifier: Apache-2.0 */
/* internal: what the files of this room share among themselves. */
#ifndef SBC_BORDER_INTERNAL_H
#define SBC_BORDER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/hash.h"
#include "base/hmap.h"
#include "base/writer.h"
#include "sbc/border/border.h"

/* ---- state.c, health.c, known.c, sources.c
 * ------------------------------------------------------------------------------ */

/* Generic cell rate algorithm: the theoretical arrival time of the next event that keeps exactly to the rate. One
 * number, so one compare-and-swap; a time in the past is a full bucket. */
struct gcra {
	_Atomic uint64_t tat_ns;
};
/* One event at now_ms with per_second allowed and a bucket of one second's worth: false when there is no room. */
bool gcra_take(struct gcra *g, unsigned per_second, uint64_t now_ms);
/* The same with one event each gap_ns and a bucket of most_ns' worth. */
bool gcra_take_within(struct gcra *g, uint64_t gap_ns, uint64_t most_ns, uint64_t now_ms);

/* Rates of sources: see sources.c for its shape and what a spoofing attacker can do to it. */
#define SOURCES_SHARDS  64
#define SOURCES_BUCKETS 64 /* of one shard */
#define SOURCES_WAYS    8  /* entries of one bucket */
struct sources;
struct sources *sources_create(void); /* NULL: out of memory */
void sources_destroy(struct sources *s);
bool sources_take(struct sources *s, unsigned network, const struct addr *a, unsigned per_second, uint64_t now_ms);
/* The same for anything that a keyed hash stands for, with one event each gap_ns and a bucket of most_ns' worth. */
bool sources_take_hash(struct sources *s, uint64_t hash, uint64_t gap_ns, uint64_t most_ns, uint64_t now_ms);
/* How much of its bucket is in use; nothing changes. */
uint64_t sources_taken_ns(struct sources *s, uint64_t hash, uint64_t now_ms);
/* Of what one host owns: an IPv4 address, or the /64 of an IPv6 one. */
uint64_t source_hash(const struct hash_key *k, unsigned network, const struct addr *a);

#define HEALTH_BUCKETS 64
#define HEALTH_WAYS    8
#define HEALTH_HOLD_MS 30000
#define HEALTH_MAX_MS  300000
struct health_entry {
	uint64_t hash;     /* keyed, of the address; 0: free */
	uint64_t until_ms; /* held down until then */
	uint64_t hold_ms;  /* how long the last hold was */
};
struct health {
	pthread_mutex_t lock;
	_Atomic unsigned n; /* entries in use: while 0, the table is not looked at */
	struct health_entry v[HEALTH_BUCKETS][HEALTH_WAYS];
};

#define KNOWN_BITS 65536
struct known {
	struct hash_key key;
	_Atomic uint64_t lengths_v4[1]; /* bit n: a prefix of n bits is in use; 32 is the most */
	_Atomic uint64_t lengths_v6[3]; /* 128 */
	_Atomic uint64_t bits[KNOWN_BITS / 64];
};
void known_add(struct known *k, unsigned network, const struct cidr *c);
/* false: no peer of any configuration that the state was given has this source. */
bool known_may_hold(struct known *k, unsigned network, const struct addr *a);

struct peer_direction {
	_Atomic uint64_t calls;
	struct gcra rate;
};
struct peer_state {
	struct peer_state *next;      /* set before it is published, never changed */
	struct peer_direction dir[2]; /* [outgoing] */
	struct gcra answers;          /* refusals without a transaction, to all of its sources */
	_Atomic uint64_t rejected_calls, rejected_cps;
	char name[];
};

#define PHONE_SHARDS 64
struct phone_shard {
	pthread_mutex_t lock;
	struct hmap phones, hosts;
};
struct phone_sources {
	struct phone_shard shard[PHONE_SHARDS];
};
void phones_init(struct phone_sources *s);
void phones_finish(struct phone_sources *s);

/* The bucket of refusals to a peer's sources, by its name; that of strangers when there is no such peer. */
struct gcra *border_peer_answers(struct border_state *s, const struct config *c, int peer);

#define PEER_BUCKETS 1024
struct border_state {
	struct hash_key key;
	_Atomic uint64_t calls;
	struct gcra registers;    /* towards the core */
	struct sources *vouched;  /* phones' parts of the share that is kept for them, by AoR and flow */
	struct sources *contacts; /* new ones, by AoR */
	/* Only ever added to, at the head, by the main thread: readers need no lock. Entries live as long as the state:
	 * as many as peer names were ever configured in this process. */
	struct peer_state *_Atomic peers[PEER_BUCKETS];
	struct known known;
	struct health health;
	struct sources *sources;
	struct phone_sources phones;
	struct sources *answers;  /* the same table, of answers to refused requests */
	struct gcra answers_rate; /* of those to strangers */
};

/* What border_call_begin() would say to a call from this peer now; nothing is counted or taken. */
enum reject_reason call_without_room(struct border_state *s, const struct config *c, int peer, uint64_t now_ms);
/* It was refused, for what that said. */
void call_refused(struct border_state *s, const struct config *c, int peer, enum reject_reason why);

/* ---- screen.c, identify.c ------------------------------------------------------------------------------------- */

/* NULL: lets it in; else the prefix that keeps it out, or acl->allow for "not in allow". */
const struct cidr *screen_acl(const struct config_acl *acl, const struct addr *a);
/* The best of a peer's sources for this address (longest prefix, then one with a port), or -1. */
int source_of_peer(const struct config_peer *p, const struct addr *a, bool stream);

/* ---- user.c: user parts of URIs ------------------------------------------------------------------------------- */

/* Undoes %XX (save %00 and %25, so that a % stays an escape); with phone set also drops the visual separators of RFC
 * 3966. false: longer than cap. */
bool user_plain(struct str user, bool phone, char *buf, size_t cap, struct str *ret);
/* What a user part says: every %XX undone, once, so that no two texts have one spelling (RFC 3261 §19.1.4). To be
 * compared, not to be written again: a % of it is no escape any more. false: longer than cap. */
bool user_text(struct str user, char *buf, size_t cap, struct str *ret);
/* user_write() into a buffer. false: longer than cap. */
bool user_escape(struct str plain, char *buf, size_t cap, struct str *ret);
/* Writes a user part that is escaped already; what still may not stand there is escaped. */
void user_write(struct writer *w, struct str user);
bool uri_is_phone(const struct uri *u);

/* ---- route.c -------------------------------------------------------------------------------------------------- */

#define USER_PLAIN_MAX 1024 /* longer user parts are refused */
#define HOST_MAX       256

/* From, To and Request-URI as routes see them: unescaped, hosts in lower case. Slices point into buf or the request. */
struct route_view {
	struct {
		struct str user, host;
		char user_buf[USER_PLAIN_MAX];
		char host_buf[HOST_MAX];
	} from, to, ruri;
};
/* false: a user part is too long. Not to be copied. */
bool route_view_init(struct route_view *v, const struct border_request *r);

enum route_field {
	ROUTE_MATCHES,
	ROUTE_NETWORK,
	ROUTE_PEER,
	ROUTE_METHOD,
	ROUTE_FROM,
	ROUTE_TO,
	ROUTE_RURI,
	ROUTE_HEADER,
};
/* The first thing of the route that does not match. */
enum route_field route_mismatch(const struct config_route *rt, const struct border_request *r,
				const struct route_view *v, int peer, bool *limit);
/* The targets in the order to be tried, at most BORDER_MAX_TARGETS. */
size_t route_order(const struct config_route *rt, uint32_t random, unsigned ret[BORDER_MAX_TARGETS]);

/* ---- tell.c --------------------------------------------------------------------------------------------------- */

#define TELL_MAX 1024 /* longer lines are cut */
/* Bytes that do not print (they come from a peer, the terminal is the operator's) are shown as '?'. */
/* explain_auth.c: what becomes of challenges of the receiving side, a peer. */
void explain_challenges(const struct crossing *x, unsigned from_network, border_tell tell, void *arg);

void tellf(border_tell tell, void *arg, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- headers*.c, identity.c, uri.c ------------------------------------------------------------------------------ */

enum header_kind {
	HEADER_WORDS,    /* of a list, the elements and parameters that their header may hold: words.c */
	HEADER_TEXT,     /* value as it is, unless it names a host or has not its header's shape */
	HEADER_SECONDS,  /* value as it is; of one that names a host the number alone */
	HEADER_REASON,   /* value as it is, without parameters that name a host */
	HEADER_WARNING,  /* agent replaced; the text stays unless it names a host */
	HEADER_IDENTITY, /* URIs with their hosts replaced, where the receiving peer says `identity: pass` */
	HEADER_PRIVACY,  /* value as it is, where the receiving peer says `identity: pass` */
	HEADER_AUTH,     /* digest, where both ends say `auth: relay`; `pass` does not help it */
	HEADER_URI,      /* holds URIs or other names of its side: stays, unless the peer's `pass` names it */
	HEADER_LEG,      /* each leg's own: never copied */
};
enum { HEADER_REQ = 1, HEADER_RSP = 2, HEADER_BOTH = 3 };
struct header_rule {
	const char *name;
	enum header_kind kind;
	unsigned directions;
	enum header_policy policy; /* which one, when broken, copies it; HEADER_POLICY_COUNT: none does */
	const char *source;        /* where it is defined */
};
const struct header_rule *header_rules(size_t *ret_n);
const struct header_rule *header_rule_of(struct str name); /* NULL: not listed */
const char *header_kind_text(enum header_kind k);
bool headers_any_policy_broken(void);

/* No CR, LF or NUL. */
bool value_clean(struct str v);
/* Whether a text may name a host, an address or a URI: a dot or colon within a word, "::", '@' or '['. A name without a
 * dot cannot be told from a word: what is known of the other side, the leak checker finds. */
bool text_names_host(struct str text);
/* One line each, or nothing: words.c. */
void words_write(struct writer *w, struct str name, struct str value);
void text_write(struct writer *w, struct str name, struct str value);
void seconds_write(struct writer *w, struct str name, struct str value);
void reason_write(struct writer *w, struct str value);
/* Writes one line of a Warning or identity header with hosts replaced; nothing when no element of it can stand. */
void warning_write(struct writer *w, struct str value, const struct crossing *x);
void identity_write(struct writer *w, struct str name, struct str value, const struct crossing *x);

/* Whether this end says `auth: relay`: the peer, or where there is none its network. */
bool auth_end_relays(const struct config *c, unsigned network, int peer);
/* Writes one line of a digest header, its known parameters only; nothing when it is no Digest or not well formed. */
void auth_write(struct writer *w, struct str name, struct str value);

/* Next parameter of "a=b;c;d=\"e;f\"": cut off *params. false at the end. */
bool param_next(struct str *params, struct str *ret_name, struct str *ret_value);
/* A display name with the space after it, quoted if it has to be; nothing when empty or not printable. */
void display_write(struct writer *w, struct str display);
/* Our name in From and identity headers on the receiving side: the peer's domain, else our address. */
void our_host_write(struct writer *w, const struct crossing *x);
/* ";name=value", or ";name". */
void param_write(struct writer *w, struct str name, struct str value);
/* The URI parameters that may stay, each with its ';'. */
void uri_params_write(struct writer *w, const struct uri *u);
bool uri_is_anonymous(const struct uri *u);

#endif
