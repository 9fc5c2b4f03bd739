/* SPDX-License-Identifier: Apache-2.0 */
/* border: policy. Takes a message, the configuration and facts; gives a decision as a plain struct without side
 * effects, so that `limen explain` and the wire share it. What must be remembered between calls (rates, counts, health)
 * lives in struct border_state, shared by all workers and keyed by name, so that it survives a reload. */
#ifndef SBC_BORDER_BORDER_H
#define SBC_BORDER_BORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "sbc/sip/message.h"
#include "sbc/sip/resolve.h"

#define BORDER_MAX_TARGETS 16
#define BORDER_USER_MAX    256 /* bytes of a rewritten user part */
#define BORDER_NO_PEER     (-1)

/* ---- state shared by workers ----------------------------------------------------------------------------------- */

struct border_state;
int border_state_create(struct config *c, struct border_state **ret);
void border_state_destroy(struct border_state *s);
/* Reload: counters of peers that stay (by name) stay. Main thread, while workers run. */
int border_state_set_config(struct border_state *s, struct config *c);

/* ---- screen: before the parse ---------------------------------------------------------------------------------- */

/* ACL of the network, size, unknown sources (network.unknown == drop and no peer there has this source), rate per
 * source. REJECT_NONE lets it in. Cheap: some 100 ns. Responses from sources that a request of ours went to must pass:
 * only the ACL and size are asked for datagrams that start with "SIP/2.0". */
enum reject_reason border_screen(struct border_state *s, const struct config *c, const struct flow_addr *from,
				 const uint8_t *p, size_t n, uint64_t now_ms);

/* ---- identify and route ---------------------------------------------------------------------------------------- */

/* What a request is asked about; `explain` fills it by hand. */
struct border_request {
	unsigned network;
	struct addr source;
	enum config_transport transport;
	enum method method;
	struct str method_text;
	struct uri ruri, from, to;
	const struct message *message; /* for header matches; NULL in explain: then headers do not match */
	uint32_t random;               /* for weights: the decision stays a pure function */
};
struct border_request border_request_of(const struct config *c, const struct message *m, uint32_t random);

struct border_decision {
	enum reject_reason reject; /* REJECT_NONE: call targets[] */
	int status;                /* with reject: what to answer (a route's own deny code, or the table's); 0: drop */
	const char *phrase;        /* in the config or static */
	int peer;                  /* whose request this is; BORDER_NO_PEER: accepted from the network itself */
	int route;                 /* index; -1: none matched */
	unsigned target[BORDER_MAX_TARGETS]; /* peers in the order to be tried, or CONFIG_TARGET_ECHO */
	size_t n_targets;
	struct str ruri_user, from_user, to_user; /* after rewriting; point into the request's slices or into buf */
	char buf[3][BORDER_USER_MAX];
	bool limit_hit; /* a pattern ran into its match limit */
};
/* One line per step, for explain: "network trunk: source 192.0.2.1 is peer carrier-a (sources[0])". NULL: not told. */
typedef void (*border_tell)(void *arg, const char *line);

/* Peer by: source prefix and port; among several on one source, by Request-URI host, then From host (peer.hosts). */
int border_identify(const struct config *c, const struct border_request *r, border_tell tell, void *arg);
/* Screen facts excepted, the whole decision. */
void border_decide(const struct config *c, const struct border_request *r, border_tell tell, void *arg,
		   struct border_decision *ret);
/* The whole of `limen explain`: from user@host to user on a network (and source), told line by line, from
 * border_decide(), with for each target what would be sent (Request-URI, From, transport). 0, or -EINVAL with a line
 * that says which argument is wrong. */
struct border_explain {
	const char *network, *from, *to, *source, *method; /* source, method may be NULL */
};
int border_explain(const struct config *c, const struct border_explain *what, border_tell tell, void *arg);

/* ---- admission: limits per peer -------------------------------------------------------------------------------- */

/* A call from (or towards) a peer begins: REJECT_NONE and counted, or the reason. Each success is paired with one
 * border_call_end(). peer BORDER_NO_PEER and echo count for the whole only. Any worker. */
enum reject_reason border_call_begin(struct border_state *s, const struct config *c, int peer, bool outgoing,
				     uint64_t now_ms);
void border_call_end(struct border_state *s, const struct config *c, int peer, bool outgoing);

/* Health of an address, learned from calls: a failed address is tried last for a while (30 s, doubling to 5 min), never
 * left out. */
void border_address_failed(struct border_state *s, const struct addr *a, uint64_t now_ms);
void border_address_worked(struct border_state *s, const struct addr *a);
/* Moves addresses that are held down to the end, stable otherwise. */
void border_order(struct border_state *s, struct resolved *v, size_t n, uint64_t now_ms);

struct border_peer_gauges {
	uint64_t calls_in, calls_out, rejected_calls, rejected_cps;
};
bool border_peer_gauges(struct border_state *s, const char *peer, struct border_peer_gauges *ret);

/* ---- headers: what may cross ------------------------------------------------------------------------------------ */

/* Every way in which something of one side is kept from the other. Each can be switched off by a test, to see the leak
 * checker fire. */
#define HEADER_POLICIES(X)                                                                                             \
	X(POLICY_VIA, "Via ends at each leg")                                                                          \
	X(POLICY_ROUTE, "Route and Record-Route end at each leg")                                                      \
	X(POLICY_CONTACT, "Contact is our own")                                                                        \
	X(POLICY_CALL_ID, "each leg has its own Call-ID")                                                              \
	X(POLICY_TAGS, "each leg has its own tags")                                                                    \
	X(POLICY_RURI_HOST, "the Request-URI names the target")                                                        \
	X(POLICY_FROM_HOST, "From names us or the peer's domain")                                                      \
	X(POLICY_TO_HOST, "To names the target")                                                                       \
	X(POLICY_SERVER, "Server and User-Agent are our own")                                                          \
	X(POLICY_WARNING_AGENT, "the agent of a Warning is replaced")                                                  \
	X(POLICY_IDENTITY, "identity headers by the peer's setting, with hosts replaced")                              \
	X(POLICY_URI_HEADERS,                                                                                          \
	  "headers that hold URIs (Alert-Info, Call-Info, Error-Info, Reply-To, ...) do not cross")                    \
	X(POLICY_UNLISTED, "headers that are not on the list do not cross")

enum header_policy {
#define X(name, text) name,
	HEADER_POLICIES(X)
#undef X
		HEADER_POLICY_COUNT
};
/* Tests only: from now on this policy copies what it should keep back. Process-wide; HEADER_POLICY_COUNT: none. */
void headers_break_policy(enum header_policy p);
bool headers_policy_broken(enum header_policy p);

struct crossing {
	const struct config *config;
	int from_peer, to_peer; /* or BORDER_NO_PEER */
	unsigned to_network;
	struct addr local;      /* our advertised address on the receiving side, for hosts that are replaced */
	struct str target_host; /* host (with port and brackets as in a URI) that stands for the receiving peer */
};
/* Writes the headers of m (request or response, in or out of dialog) that may cross, each line whole. Content-* of
 * bodies are the caller's, except Content-Disposition, -Language, -Encoding. */
void headers_cross(const struct message *m, const struct crossing *x, struct writer *w);
/* The value of From (no tag) towards the receiving side: display name kept, user as decided, host the peer's domain or
 * ours. */
void headers_write_from(const struct message *invite, const struct crossing *x, struct str user, struct writer *w);
void headers_write_to(const struct message *invite, const struct crossing *x, struct str user, struct writer *w);
/* "sip:user@host:port;user=phone"-style Request-URI for the receiving side. */
void headers_write_ruri(const struct message *invite, const struct crossing *x, struct str user, struct writer *w);

/* ---- leak checker --------------------------------------------------------------------------------------------------
 */

/* Forbidden on a network: addresses and names that the configuration gives to other networks (listen, media, targets,
 * domains), unless also advertised on this one. Built once per configuration. */
struct leak_table;
int leak_table_create(const struct config *c, struct leak_table **ret);
void leak_table_destroy(struct leak_table *t);

/* Forbidden towards one leg: what was seen on, or minted for, the other one. Small and fixed; slices must outlive it
 * (they are the legs' own strings). When full, further ones are not taken and *_add returns false (counted by the
 * caller). */
#define LEAK_SET_MAX 24
struct leak_set {
	unsigned n;
	struct leak_needle {
		struct str s;
		uint32_t hash;    /* of its longest token */
		uint16_t at, len; /* where that token is in s */
	} v[LEAK_SET_MAX];
};
/* Too short (under 5 bytes) or too common ("localhost", "anonymous.invalid", "0.0.0.0", ...) ones are ignored. Hosts
 * compare without case. */
bool leak_set_add(struct leak_set *set, struct str needle);
void leak_set_remove(struct leak_set *set, struct str needle);

struct leak_finding {
	struct str needle; /* what was found */
	struct str line;   /* start line, header or SDP line that holds it */
};
/* Looks through start line, headers, SDP and XML bodies of a message about to be sent on `network`, at token
 * boundaries. set may be NULL. false: nothing found. Aim: a microsecond for a typical message. */
bool leak_check(const struct leak_table *t, unsigned network, const struct leak_set *set, struct str message,
		struct leak_finding *ret);

#endif
