/* SPDX-License-Identifier: Apache-2.0 */
/* decide: whose request is this, which route takes it, where does it go. Pure functions of configuration and request,
 * on any thread: the same code answers `limen explain`. Nothing is allocated; results point into the request, the
 * configuration or the decision itself. */
#ifndef SBC_BORDER_DECIDE_H
#define SBC_BORDER_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "sbc/border/state.h"
#include "sbc/sip/message.h"

#define BORDER_MAX_TARGETS 16
#define BORDER_USER_MAX    256 /* bytes of a rewritten user part */

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
	bool registered;               /* the source is a registered phone's: border_phone_is_known() */
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
	struct str ruri_user, from_user, to_user; /* after rewriting, escaped as in a URI; point into the request's
						     slices or into buf: the struct is not to be copied by value */
	char buf[3][BORDER_USER_MAX];
};
/* Is the refusal in words of its own, a route's or the one for a lost flow, and not as the table of reasons has it? */
static inline bool border_own_words(const struct border_decision *d)
{
	return d->status && (d->reject == REJECT_ROUTE_DENY || d->status != reject_status(d->reject));
}

/* One line per step, for explain: "network trunk: source 192.0.2.1 is peer carrier-a (sources[0])". NULL: not told. */
typedef void (*border_tell)(void *arg, const char *line);

/* Peer by source prefix and port (ports are asked of UDP only). Among several peers of one source: the one whose hosts
 * hold the Request-URI's host, else the From host's; else the one without hosts. Ties go to the longer prefix, then to
 * the order of the file. BORDER_NO_PEER: no peer has this source. BORDER_AMBIGUOUS: several have it, and nothing says
 * which. */
#define BORDER_AMBIGUOUS (-2)
int border_identify(const struct config *c, const struct border_request *r, border_tell tell, void *arg);
/* Whether a request outside of a dialog must show who it is before it is decided upon: the network says `auth: limen`,
 * it is no peer's, it would be let in, and it is of a method that is asked (RFC 3261 §22.1). */
bool border_asks(const struct config *c, const struct border_request *r);
/* Screen facts excepted, the whole decision. User parts are unescaped (and telephone numbers freed of visual
 * separators, RFC 3966 §5.1.1) before they are matched and rewritten, hosts put in lower case, so that another spelling
 * of a number does not slip past a route. */
void border_decide(const struct config *c, const struct border_request *r, border_tell tell, void *arg,
		   struct border_decision *ret);

/* The whole of `limen explain`: from user@host to user on a network (and source), told line by line, from
 * border_decide(), with for each target what would be sent (Request-URI, From, To, transport). 0, or -EINVAL with a
 * line that says which argument is wrong. from and to: "user", "user@host" or a URI. source: "address" or
 * "address:port"; without one a network that accepts unknown sources is asked as for such a source, any other as for
 * its first peer. */
struct border_explain {
	const char *network, *from, *to, *source, *method; /* source, method may be NULL */
};
int border_explain(const struct config *c, const struct border_explain *what, border_tell tell, void *arg);

#endif
