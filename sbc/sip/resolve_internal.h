/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_internal: what the resolver's files share. resolve.c runs queries (SRV, then addresses), resolve_ares.c puts
 * their questions to c-ares on the worker's loop, resolve_answer.c reads answers, resolve_cache.c keeps them for all
 * workers, resolve_hosts.c has those of the hosts file, resolve_order.c puts SRV records in order. An answer is
 * immutable and counted: whoever holds a reference may read it on any thread. All else belongs to one worker. */
#ifndef SBC_SIP_RESOLVE_INTERNAL_H
#define SBC_SIP_RESOLVE_INTERNAL_H

#include <ares.h>
#include <stdatomic.h>

#include "base/hash.h"
#include "base/hmap.h"
#include "base/list.h"
#include "sbc/sip/resolve.h"

#define RESOLVE_TTL_MIN_MS      5000
#define RESOLVE_TTL_MAX_MS      3600000
#define RESOLVE_TTL_NEGATIVE_MS 10000
#define RESOLVE_STALE_MS        3600000 /* served so long after their time while no server answers; negative ones too */
#define RESOLVE_REST_MS         10000 /* a server that failed is not waited for again while stale answers are at hand */
#define RESOLVE_CACHE_ENTRIES   4096
#define RESOLVE_QUESTIONS       1024 /* under way per worker */
#define RESOLVE_PATIENCE_MS     1000 /* for a server while a stale answer is at hand */
#define RESOLVE_TRY_MS          1000
#define RESOLVE_TRIES           2
#define RESOLVE_TOTAL_MS        5000
#define RESOLVE_NAME            254 /* bytes of a name with its NUL */

enum question_type { QUESTION_A, QUESTION_AAAA, QUESTION_SRV };

/* In order of what is told when several questions of a query ended without address. */
#define ANSWER_FAULTS                                                                                                  \
	X(NONE, NULL)                                                                                                  \
	X(NO_DATA, "no address under this name")                                                                       \
	X(NO_NAME, "no such name")                                                                                     \
	X(NO_SERVICE, "SIP not offered under this name")                                                               \
	X(NO_FAMILY, "no address of a family in use")                                                                  \
	X(FAILED, "name server failed")                                                                                \
	X(MALFORMED, "malformed answer")                                                                               \
	X(UNREACHABLE, "name server failed or unreachable")                                                            \
	X(TIMEOUT, "time-out")                                                                                         \
	X(BUSY, "too many look-ups under way")                                                                         \
	X(NO_MEMORY, "out of memory")

enum answer_fault {
#define X(name, text) ANSWER_##name,
	ANSWER_FAULTS
#undef X
};

struct answer_record {
	struct addr addr; /* of A and AAAA; port 0 */
	const char *host; /* of SRV, in the answer's memory; "" when the service is not there (RFC 2782) */
	uint16_t port, priority, weight;
};

struct answer {
	atomic_uint refs;
	enum answer_fault fault; /* NONE, or NO_DATA or NO_NAME of a negative answer */
	uint64_t ttl_ms;         /* within floor and ceiling */
	size_t n;                /* 0 to RESOLVE_MAX */
	struct answer_record v[];
};

struct answer *answer_ref(struct answer *a);
void answer_unref(struct answer *a); /* NULL is allowed */
/* A positive answer, TTL brought within floor and ceiling, hosts copied in lower case. NONE or NO_MEMORY. */
enum answer_fault answer_make(const struct answer_record *v, size_t n, uint32_t ttl_s, struct answer **ret);
/* What c-ares gave for a question. NONE, NO_DATA, NO_NAME: *ret is an answer with one reference, to be cached. Anything
 * else: there is none. */
enum answer_fault answer_read(enum question_type type, int ares_status, const uint8_t *p, size_t n,
			      struct answer **ret);
/* Smallest TTL in seconds of the SRV and CNAME records in the answer section (RFC 1035 §4.1; the top bit set counts as
 * 0, RFC 2181 §8). false: none there, or cut short. */
bool answer_srv_ttl(const uint8_t *p, size_t n, uint32_t *ret_s);
/* Host name as in RFC 1123 with '_' besides, its last label not all digits; a dot at the end is allowed. */
bool resolve_name_ok(struct str name);
/* A name that is ok, in lower case, without a dot at the end. */
void resolve_name_copy(char to[RESOLVE_NAME], struct str name);

/* The hosts file as it was when it was loaded; immutable after that: any thread. */
struct hosts;
int hosts_load(const char *path, struct hosts **ret); /* 0 (also without a file), -ENOMEM */
void hosts_free(struct hosts *h);
bool hosts_have(const struct hosts *h, const char *name);
/* A reference to the addresses, or to a negative answer of a name that has none of this family; NULL: not there. */
struct answer *hosts_get(const struct hosts *h, enum question_type type, const char *name);

/* The cache. Names are in lower case. All functions: any thread. */
int resolve_cache_create_hosts(const char *hosts_path, struct resolve_cache **ret);
/* The hosts file has it: its services are not to be asked for. */
bool resolve_cache_is_host(const struct resolve_cache *c, const char *name);
/* A reference, or NULL. stale: also when its time is over. */
struct answer *resolve_cache_get(struct resolve_cache *c, enum question_type type, const char *name, uint64_t now_ms,
				 bool stale);
/* Without memory it is not kept. */
void resolve_cache_put(struct resolve_cache *c, enum question_type type, const char *name, uint64_t now_ms,
		       struct answer *a);
/* No server gave an answer: an old one is good for another RESOLVE_REST_MS. A reference to it, or NULL. */
struct answer *resolve_cache_prolong(struct resolve_cache *c, enum question_type type, const char *name,
				     uint64_t now_ms);
size_t resolve_cache_entries(struct resolve_cache *c);

struct target {
	const char *host; /* in an answer or in the query */
	uint16_t port, priority, weight;
	enum config_transport transport;
};
/* Puts v in the order in which they are to be tried (RFC 2782): below(n) gives a number in [0, n). */
void resolve_order(struct target *v, size_t n, uint32_t (*below)(uint32_t n));

/* One question under way at this worker, and who waits for it. */
struct question {
	struct hmap_node node;
	struct list lookups;      /* struct lookup */
	struct wheel_timer timer; /* patience, when there is a stale answer */
	struct resolver *resolver;
	enum question_type type;
	char name[];
};

/* What a query wants to know of one question. Waits while node is linked. */
struct lookup {
	struct list node;
	struct resolve_query *query;
	struct question *question; /* while it waits */
	struct answer *answer;     /* reference */
	enum answer_fault fault;
};

enum query_stage { QUERY_BEGUN, QUERY_SERVICES, QUERY_ADDRESSES, QUERY_DONE };

struct resolve_query {
	struct list node; /* of resolver.queries */
	struct list ready;
	struct resolver *resolver;
	resolve_fn fn;
	void *arg;
	struct wheel_timer timer;
	enum query_stage stage;
	bool late;     /* its time is over: nothing is asked any more */
	unsigned held; /* look-ups that wait, and 1 while they are being started */
	uint16_t port;
	enum config_transport transport;
	bool transport_given, v4, v6;
	struct answer *services[CONFIG_TRANSPORTS]; /* references: targets point into them */
	enum answer_fault fault;
	struct target targets[RESOLVE_MAX];
	size_t n_targets;
	struct lookup lookups[RESOLVE_MAX * 2]; /* SRV: one a transport; addresses: AAAA and A of each target */
	size_t n_lookups;
	char host[RESOLVE_NAME];
};

struct resolver {
	struct loop *loop;
	struct resolve_cache *cache;
	ares_channel channel;
	struct hash_key hash_key;
	struct hmap questions;
	struct list queries, ready; /* ready: go on at the end of this turn */
	struct list sockets;        /* of c-ares, watched */
	struct loop_deferred deferred;
	struct wheel_timer timer;               /* of c-ares */
	char *system;                           /* resolv.conf's path, owned; NULL: servers were given */
	uint64_t read_again_ms;                 /* resolv.conf, at the earliest */
	bool suspect;                           /* its servers: none has answered */
	uint64_t silent_until_ms;               /* stale answers are taken at once till then */
	const struct resolve_query *delivering; /* its fn runs */
	bool ending;
};

/* resolve_ares.c */
int resolver_open_channel(struct resolver *r, const char *servers);
/* No server answers: perhaps the system's have changed since. Does it rarely, and only while nothing is asked. */
void resolver_read_system_again(struct resolver *r);
void resolver_rearm(struct resolver *r); /* once a turn after anything was asked */
/* Lets l wait for the answer, or settles it at once from the cache or by a fault. */
void resolver_ask(struct resolver *r, enum question_type type, const char *name, struct lookup *l);
/* resolver_create() with another resolv.conf. */
int resolver_create_system(struct loop *l, struct resolve_cache *c, const char *servers, const char *resolv_conf,
			   struct resolver **ret);
/* resolve.c: the look-up has its answer or its fault and no longer waits. */
void resolve_lookup_settled(struct lookup *l);

#endif
