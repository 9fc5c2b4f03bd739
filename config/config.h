/* SPDX-License-Identifier: Apache-2.0 */
/* config: one file -> one immutable typed struct.
 *
 * A struct config is built whole by config_load*(), never changed afterwards, and shared between threads by reference
 * count: config_ref() and config_unref() are the only functions that touch it, atomically. Every pointer in it lives as
 * long as the config. All strings are NUL-terminated. Arrays of strings end in NULL as well as carrying a count.
 * Networks and peers are named by their index here; state that must survive a reload is keyed by name. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"

/* ---- networks ------------------------------------------------------------------------------------------------ */

enum config_transport { CONFIG_UDP, CONFIG_TCP, CONFIG_TRANSPORTS }; /* tls, ws, wss: not in this build */
const char *config_transport_text(enum config_transport t);          /* "udp" */

struct config_listen {
	enum config_transport transport;
	struct addr addr;
	struct addr told;     /* what the far side is told: addr, or advertise with its port */
	struct str told_text; /* "192.0.2.1:5060", as it stands in Via and Contact */
};

enum config_latch { CONFIG_LATCH_STRICT, CONFIG_LATCH_RESTRICTED, CONFIG_LATCH_OPEN };

/* What is sent to a registered phone so that the NAT in front of it keeps its hole open. */
enum config_keepalive { CONFIG_KEEPALIVE_NONE, CONFIG_KEEPALIVE_CRLF, CONFIG_KEEPALIVE_OPTIONS };

enum config_unknown_source { CONFIG_UNKNOWN_DROP, CONFIG_UNKNOWN_REJECT, CONFIG_UNKNOWN_ACCEPT };

struct config_acl {
	const struct cidr *allow; /* n_allow == 0: all that deny does not name */
	size_t n_allow;
	const struct cidr *deny;
	size_t n_deny;
};

/* Digest authentication: none, relayed between the ends, or Limen's own challenge by accounts.file. */
enum config_auth { CONFIG_AUTH_NONE, CONFIG_AUTH_RELAY, CONFIG_AUTH_LIMEN };

struct config_network {
	const char *name;
	const struct config_listen *listen;
	size_t n_listen;       /* 0: taken away by a reload; kept so that indices hold (config_reload) */
	struct addr advertise; /* host only (port 0); unset: the listen address. 1:1 NAT, for its family */
	const char *device;    /* NULL: none */
	bool nat; /* phones behind NAT: answer and route to where requests come from, latch open by default */
	bool keepalive_stun;   /* STUN Binding requests on UDP listeners are answered; default: nat */
	struct config_acl acl; /* signalling */
	enum config_unknown_source
		unknown; /* a source that is no peer: default drop; accept makes it a call from the network */
	bool phones;     /* sources that are no peers may register here whatever `unknown` says, and are known once they
			    have */
	enum config_keepalive keepalive;
	unsigned keepalive_ms; /* default 25000 */
	unsigned source_rate;  /* requests per second from one source that is no peer; 0: no limit. Default 50 */
	uint8_t dscp;          /* signalling; default 24 (CS3) */
	enum config_auth auth; /* of requests from who is no peer; default none */
	const char *realm;     /* of our challenges here; default: the advertised or first listen host. NULL only with
				  n_listen 0 */
	struct {
		struct addr address[2];   /* port 0; at most one a family */
		struct addr advertise[2]; /* same index; unset: as address */
		size_t n_addresses;       /* 0: no media on this network */
		uint16_t port_min, port_max;
		enum config_latch latch;
		uint8_t dscp; /* default 46 (EF) */
	} media;
};

/* ---- peers --------------------------------------------------------------------------------------------------- */

struct config_target {
	const char *text; /* as written, for messages */
	const char *host; /* name or literal */
	uint16_t port;    /* 0: by SRV, else 5060 */
	enum config_transport transport;
	bool transport_given; /* else: udp, or what SRV says */
	struct addr addr;     /* literal host: set, with port (5060 when 0) */
};

struct config_source {
	struct cidr net;
	uint16_t port; /* 0: any */
};

struct config_strings {
	const char *const *v; /* NULL-terminated; NULL when not given */
	size_t n;
};

struct config_codecs {
	struct config_strings allow, deny, order;
	bool single;
};

enum config_identity { CONFIG_IDENTITY_DROP, CONFIG_IDENTITY_PASS };

struct config_peer {
	const char *name;
	const char *profile; /* NULL: none */
	unsigned network;    /* index */
	const struct config_target *targets;
	size_t n_targets;
	const struct config_source *sources; /* default: the literal addresses among targets */
	size_t n_sources;
	struct config_strings hosts; /* Request-URI or From hosts that name this peer among those of one source */
	const char *domain;          /* host of From towards this peer; NULL: our advertised address */
	const struct cidr *media_acl;
	size_t n_media_acl;
	enum config_latch latch; /* default: the network's */
	struct {
		unsigned calls, cps;         /* from this peer; 0: no limit */
		unsigned calls_out, cps_out; /* towards it */
	} limits;
	struct config_codecs codecs;
	enum config_identity identity; /* P-Asserted-Identity and its kin */
	struct config_strings pass;    /* further headers that may cross to this peer */
	struct config_strings drop;    /* headers of the built-in list that shall not */
	bool sdp_unknown_drop;         /* lines and attributes of SDP that Limen does not know; default: pass */
	const uint16_t *failover;      /* status codes that try the next target; default 503, 408, 502, 504 */
	size_t n_failover;
	unsigned try_ms;       /* how long one address may stay silent before the next is tried; default 4000 */
	enum config_auth auth; /* none or relay; default: relay where the network's is, else none */
	struct {
		const char *user, *password; /* what Limen answers this peer's challenges with; NULL: nothing */
		const char *realm;           /* only challenges of this realm; NULL: any */
	} credentials;                       /* secret: never printed */
};

/* ---- routes -------------------------------------------------------------------------------------------------- */

enum config_match_kind { CONFIG_MATCH_PREFIX, CONFIG_MATCH_EXACT, CONFIG_MATCH_GLOB, CONFIG_MATCH_REGEX };

/* "prefix:+49", "exact:100", "glob:*@example.org", "regex:^\\+49" ; without a kind: exact. Prefix and exact are held
 * against the user part, glob and regex against user@host. A glob knows * and ?, and takes the host without case. */
struct config_match {
	enum config_match_kind kind;
	const char *text; /* without the kind in front */
	size_t text_bytes;
	void *pattern; /* compiled (pcre2), with match limits; NULL for all but regex */
};

/* "s/pattern/replacement/": pcre2 on the user part. */
struct config_rewrite {
	const char *text; /* as written; NULL: none */
	void *pattern;
	const char *replacement;
};

enum config_strategy { CONFIG_PRIORITY, CONFIG_WEIGHT };

struct config_route_target {
	unsigned peer;   /* index; CONFIG_TARGET_ECHO: built in */
	unsigned weight; /* default 1 */
};
#define CONFIG_TARGET_ECHO (~0u)

struct config_header_match {
	const char *name;
	struct config_match match; /* against the whole value */
};

struct config_route {
	const char *name;                            /* given, or "routes[N]" */
	int network, peer;                           /* index, or -1: any */
	const struct config_match *from, *to, *ruri; /* NULL: any */
	const char *method;                          /* NULL: any */
	const struct config_header_match *header;    /* NULL: any */
	struct config_rewrite rewrite_from, rewrite_to, rewrite_ruri;
	const struct config_route_target *targets; /* none: deny */
	size_t n_targets;
	enum config_strategy strategy;
	uint16_t deny_status;    /* 403 when no target is given and no other code */
	const char *deny_reason; /* NULL: the code's own */
};

/* Does the user part (and host, where the kind looks at it) match? For a header give the whole value as user and no
 * host: then nothing is put behind it. Any thread; needs no allocation beyond what pcre2 has set aside per thread. A
 * pattern that runs into its match limit, or a user@host of more than 1 kB held against one, does not match, and
 * *ret_limit (may be NULL) is set to true; it is never set to false. */
bool config_match(const struct config_match *m, struct str user, struct str host, bool *ret_limit);
/* Rewrites user into buf, which needs room for a NUL behind the result; false: pattern did not match, too long, or a
 * limit: then user stays as it was and *ret is left alone. Any thread. */
bool config_rewrite(const struct config_rewrite *r, struct str user, char *buf, size_t cap, struct str *ret);

/* ---- the rest ------------------------------------------------------------------------------------------------ */

/* All in milliseconds. RFC 3261 table 4 names. */
struct config_timers {
	unsigned t1, t2, t4;    /* 500, 4000, 5000 */
	unsigned b, f, h;       /* 0: 64*T1 */
	unsigned c;             /* a proxy's C, kept as the bound on ringing: 180000 */
	unsigned call_max;      /* 43200000 (12 h) */
	unsigned media_silence; /* no packet where there should be: 60000; 0: off */
	unsigned hold_silence;  /* on hold: 3600000 */
	unsigned drain;         /* SIGTERM: 300000 */
	unsigned farewell;      /* answers to the BYEs of the calls that are left then: 5000 */
	unsigned tcp_idle;      /* 120000 */
	unsigned tcp_header;    /* first byte to end of message: 5000 */
};

struct config_limits {
	unsigned calls;                /* 10000 */
	unsigned transactions;         /* 1000000, per worker */
	unsigned message_bytes;        /* 65535 */
	unsigned connections;          /* TCP, all: 4000 */
	unsigned connections_source;   /* of one source address: 100 */
	unsigned answers;              /* refusals without a transaction, over UDP, per second: 1000 */
	unsigned answers_source;       /* of them to one source that is no peer: 50; a peer gets ten times that */
	unsigned queue;                /* hand-over queue entries per worker: 4096 */
	unsigned targets;              /* addresses tried for one call: 8 */
	unsigned registrations;        /* contacts of phones, all workers together: 100000 */
	unsigned registrations_source; /* of them from one host that is no peer's: 1000 */
	unsigned nonces;               /* digest nonces whose counts are remembered: 262144 */
	unsigned lockouts;             /* accounts and sources whose failed logins are remembered: 65536 */
};

/* Relayed registrations; times in seconds, as SIP has them. */
struct config_registrations {
	unsigned expires_core;  /* asked of the core at least: 3600 */
	unsigned expires_phone; /* told to phones on a network with nat at most: 60 */
	unsigned expires_min;   /* phones that ask for less are answered 423: 10 */
	unsigned max_contacts;  /* of one address of record: 10 */
	unsigned new_contacts;  /* new ones of one address of record, per hour: 120; 0: no limit */
	unsigned core_rate;     /* REGISTERs per second towards the core, all workers together: 1000; 0: no limit */
	unsigned pending;       /* REGISTERs under way to the core, per worker: 1000 */
};

/* Accounts that `auth: limen` challenges for. */
struct config_accounts {
	const char *file;         /* NULL: none */
	unsigned nonce_ms;        /* a nonce is good for so long: 300000 */
	unsigned failures;        /* of one account from one source, until it is locked there: 5 */
	unsigned source_failures; /* of one source over all accounts, until it is locked: 100 */
	unsigned lockout_ms;      /* 300000 */
};

enum config_log_level { CONFIG_LOG_ERROR, CONFIG_LOG_WARN, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };

enum config_leak { CONFIG_LEAK_COUNT, CONFIG_LEAK_BLOCK, CONFIG_LEAK_OFF };

struct config {
	const struct config_network *networks;
	size_t n_networks;
	const struct config_peer *peers;
	size_t n_peers;
	const struct config_route *routes;
	size_t n_routes;
	struct config_timers timers;
	struct config_limits limits;
	struct config_registrations registrations;
	struct config_accounts accounts;
	unsigned workers; /* signalling; 1 */
	struct {
		unsigned workers;          /* 0: one per core */
		unsigned latch_window_ms;  /* 2000 */
		unsigned port_cooldown_ms; /* a released port rests this long: 5000 */
	} media;
	struct {
		const char *servers; /* "192.0.2.53:53,[2001:db8::53]:53"; NULL: the system's */
	} dns;
	struct {
		enum config_log_level level;
		const char *file; /* NULL: standard error */
		bool mask;        /* user parts and addresses */
	} log;
	struct {
		const char *file; /* JSON lines; NULL: no CDR */
	} cdr;
	struct {
		const char *file;   /* NULL: nothing outlives the process */
		bool calls;         /* answered calls do: true */
		bool registrations; /* bindings of registered phones do: true */
	} store;
	struct {
		struct addr listen; /* unset: no management port */
		const char *token;  /* NULL: whoever reaches the port may change things. Secret: never printed */
		struct config_strings names; /* by which a browser may call us, besides addresses and localhost */
	} manage;
	const char *server_name; /* Server/User-Agent we send; NULL: none. Default "Limen" */
	const char *cluster_key; /* NULL: random, kept in the store. Secret: never printed */
	enum config_leak leak;   /* what the leak checker does in service; default count */
	const char *path;        /* file it came from */
};

/* ---- loading ------------------------------------------------------------------------------------------------- */

/* One fault. place: "peers.carrier-a.targets[1]"; text: what is wrong and the mend. line: 0 when not known. */
struct config_fault {
	char *place;
	char *text;
	unsigned line;
};
struct config_faults {
	struct config_fault *v;
	size_t n;
};
void config_faults_finish(struct config_faults *f);

/* Reads and checks a file (or text). On success 0 and *ret with one reference. On faults -EINVAL, every fault in
 * *ret_faults (the caller finishes it). -ENOMEM, or -errno of reading the file (then one fault says so, too). */
int config_load(const char *path, struct config **ret, struct config_faults *ret_faults);
int config_load_text(const char *text, size_t n, const char *path, struct config **ret,
		     struct config_faults *ret_faults);
struct config *config_ref(struct config *c);
void config_unref(struct config *c); /* NULL is allowed */

/* A configuration that is allowed but can hardly be meant: a route that nothing can reach, a peer that no route names.
 * Same form as faults; never fatal. What a failed allocation leaves out is left out. */
void config_warnings(const struct config *c, struct config_faults *ret_warnings);

/* Warnings about the machine (`check`): port ranges that overlap ip_local_port_range, too few descriptors for the ports
 * and limits, addresses that no interface has. Same form as faults; never fatal. */
void config_machine_warnings(const struct config *c, struct config_faults *ret_warnings);

/* ---- reload ---------------------------------------------------------------------------------------------------- */

/* What a reload would do: one call of fn per difference, with its place ("peers.x", "networks.trunk.media.ports"). The
 * order is that of the table of keys; maps are compared by name, routes and other lists as a whole per entry. Returns
 * how many need a restart (those keep the old value until then: config_reload()). No allocation. */
enum config_change { CONFIG_ADDED, CONFIG_REMOVED, CONFIG_CHANGED, CONFIG_NEEDS_RESTART };
unsigned config_diff(const struct config *old, const struct config *new_,
		     void (*fn)(void *arg, enum config_change what, const char *place), void *arg);

/* Loads a file to take the place of a running config. Keys that need a restart keep the values of old, so that the
 * result never says what is not so; networks stay at their index. fn (may be NULL) is told config_diff(old, file). 0
 * and *ret; -EINVAL with faults (the file's own, or: what it says cannot be had without a restart, for instance a peer
 * on a network that is added); else as config_load(). */
int config_reload(const struct config *old, const char *path, struct config **ret, struct config_faults *ret_faults,
		  void (*fn)(void *arg, enum config_change what, const char *place), void *arg);

/* ---- the table of keys, for people and editors ------------------------------------------------------------------- */

/* Is there a value at this place ("timers.t1", "peers.carrier-a.targets[0]"; empty: the whole)? */
bool config_has_place(const struct config *c, struct str place);
/* The value at a place as JSON, with what defaults and profiles gave and without secrets; null where there is none. */
void config_show(const struct config *c, struct str place, struct writer *w);

/* JSON Schema (2020-12) of the file. 0, or -EIO. */
int config_schema_print(FILE *f);
/* The keys as Markdown tables: type, default, meaning, lifetime. 0, or -EIO. */
int config_keys_print(FILE *f);

#endif
