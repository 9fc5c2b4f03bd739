/* SPDX-License-Identifier: Apache-2.0 */
/* headers: what may cross from one leg to the other, and the writers of the three values that name both sides. One
 * table (headers_table.c) says of each header what happens to it; what is not in it does not cross. Pure functions of
 * their inputs (save the test switch below), any thread; they write into the caller's writer and allocate nothing. */
#ifndef SBC_BORDER_HEADERS_H
#define SBC_BORDER_HEADERS_H

#include <stdbool.h>

#include "base/writer.h"
#include "config/config.h"
#include "sbc/sip/message.h"

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
	X(POLICY_AUTH, "digest challenges and credentials cross where both ends say relay, and nowhere else")          \
	X(POLICY_WORDS, "what crosses as words, numbers or text names no host")                                        \
	X(POLICY_UNLISTED, "headers that are not on the list do not cross")

enum header_policy {
#define X(name, text) name,
	HEADER_POLICIES(X)
#undef X
		HEADER_POLICY_COUNT
};
/* Tests only: from now on this policy copies what it should keep back; where the call room writes the header (Contact,
 * Call-ID, From and To with their tags), headers_cross() adds a second line of that name with the other leg's value.
 * Process-wide; HEADER_POLICY_COUNT: none. */
void headers_break_policy(enum header_policy p);
bool headers_policy_broken(enum header_policy p);
const char *header_policy_text(enum header_policy p);

struct crossing {
	const struct config *config;
	int from_peer, to_peer; /* or BORDER_NO_PEER */
	unsigned to_network;
	struct addr local;      /* our advertised address on the receiving side, for hosts that are replaced */
	struct str target_host; /* host (with port and brackets as in a URI) that stands for the receiving peer;
				   headers_cross() needs none */
};
/* Writes the headers of m (request or response, in or out of dialog) that may cross, each line whole. Content-* of
 * bodies are the caller's, except Content-Disposition, -Language, -Encoding. What a peer's `pass` names crosses to it
 * as it is, what its `drop` names does not; headers that a leg writes for itself obey neither. */
void headers_cross(const struct message *m, const struct crossing *x, struct writer *w);
/* The value of From (no tag) towards the receiving side: display name kept, user as decided, host the peer's domain or
 * ours. A caller who is anonymous (host anonymous.invalid, RFC 3323 §4.1.1.3) stays so. */
void headers_write_from(const struct message *invite, const struct crossing *x, struct str user, struct writer *w);
/* The value of To (no tag): display name kept, user as decided, host the target's. */
void headers_write_to(const struct message *invite, const struct crossing *x, struct str user, struct writer *w);
/* "sip:user@host:port;user=phone"-style Request-URI for the receiving side. sips: and tel: become sip: (tel: with
 * user=phone, RFC 3261 §19.1.6); of URI parameters only the few of uri.c stay, passwords and URI headers never. */
void headers_write_ruri(const struct message *invite, const struct crossing *x, struct str user, struct writer *w);
/* Whether digest challenges and credentials cross with m (from the peer or network that it came from, to the receiving
 * side): only where both say `auth: relay`. Who writes such a message sets leak_set.auth_relay of the leg it goes to.
 */
bool headers_relay_auth(const struct message *m, const struct crossing *x);
/* With headers_relay_auth() and credentials in the request: the Request-URI is the credentials' uri, for the verifier
 * hashes that one (RFC 7616 §3.4.6). It must be a sip: or sips: URI of at most 1,024 bytes without headers, its user
 * the one that was decided, and its host the realm, or one that the configuration gives to the network it came from
 * (realm, listen, advertise) or to the receiving peer (targets, hosts, domain): credentials choose neither who is
 * called nor where. false, and nothing written: headers_write_ruri() is to be used. */
bool headers_write_auth_ruri(const struct message *m, const struct crossing *x, struct str user, struct writer *w);
/* "sip.example", "192.0.2.1:5080", "[2001:db8::1]": a configured target as crossing.target_host wants it. */
void headers_write_target_host(const struct config_target *t, struct writer *w);

#endif
