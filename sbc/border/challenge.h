/* SPDX-License-Identifier: Apache-2.0 */
/* challenge: Limen as the one who challenges (`auth: limen`). A nonce costs nothing until its user has proved himself:
 * it is a time, 64 random bits and a MAC under a sub-key of the cluster key over these, the network, the source address
 * and the realm. Only nonces that were used with the right password are remembered, for their counts; only failures
 * with a nonce that was sent to that very source are counted against it, so that nobody is locked out by forged
 * datagrams or from elsewhere. What is remembered has a fixed size. One object for the process, shared by all workers;
 * any thread unless a function says otherwise; nothing allocates but challenge_state_create(). */
#ifndef SBC_BORDER_CHALLENGE_H
#define SBC_BORDER_CHALLENGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/writer.h"
#include "config/config.h"
#include "sbc/border/accounts.h"
#include "sbc/sip/message.h"

struct challenge_state;
/* secret: the cluster key, or random bytes. limits: nonces and lockouts are read. now_ms: as below; nonces made before
 * it are stale, for their counts are not known here. 0, -ENOMEM, or -EIO: OpenSSL gives no HMAC. */
int challenge_state_create(struct str secret, const struct config_limits *limits, uint64_t now_ms,
			   struct challenge_state **ret);
void challenge_state_destroy(struct challenge_state *s); /* NULL is allowed; no other thread may use it any more */

/* Times are wall-clock milliseconds (clock_wall_us() / 1000: a start offset plus monotonic time), so that nodes that
 * share a cluster key take each other's nonces. */
struct challenge_facts {
	struct str network; /* its name: indices are not the same on every node */
	struct addr source; /* the port is not looked at: NAT changes it */
	struct str realm;
	uint64_t now_ms;
};

enum challenge_verdict {
	CHALLENGE_OK,     /* *ret_user holds who it is */
	CHALLENGE_NEEDED, /* no credentials for this realm: challenge */
	CHALLENGE_STALE,  /* the nonce is no longer, or never was, one of ours for this source, or this count of it was
			     used: challenge with stale=true (RFC 7616 §3.3), the password may well be right */
	CHALLENGE_FORBIDDEN, /* wrong name or password, or credentials that are malformed, for another Request-URI, of
				an algorithm that was not offered or a qop that we do not know: 403 */
	CHALLENGE_LOCKED,    /* too many failures of this account from this source, or of this source: 403 */
	CHALLENGE_ERROR,     /* OpenSSL failed: 500 */
};
const char *challenge_verdict_text(enum challenge_verdict v); /* "wrong credentials" */

struct challenge_request {
	struct challenge_facts facts;
	struct str credentials; /* value from digest_credentials_line(); empty: none */
	struct str method;
	const struct uri *ruri;
	struct str body; /* for auth-int */
};
/* The account that a request may use. ret_user (plain text, NUL-terminated) is written with CHALLENGE_OK only. An
 * account that does not exist and a wrong password give the same verdict, count the same and take the same work. RFC
 * 3261 §22, RFC 7616 §3.4.6. */
enum challenge_verdict challenge_check(struct challenge_state *s, const struct config_accounts *settings,
				       const struct accounts *accounts, const struct challenge_request *r,
				       char ret_user[ACCOUNT_NAME_MAX + 1]);

/* The first half of it, which remembers nothing and counts only what it refuses: CHALLENGE_OK: the form is right and
 * the nonce was sent to this source and is young enough; the password is not looked at. */
enum challenge_verdict challenge_glance(struct challenge_state *s, const struct config_accounts *settings,
					const struct accounts *accounts, const struct challenge_request *r);

/* Writes a WWW-Authenticate (proxy: Proxy-Authenticate) line for each algorithm that every account of the realm has,
 * SHA-256 first (RFC 8760 §2.4), with one fresh nonce and qop="auth". 0, or -EIO with nothing written. */
int challenge_write(struct challenge_state *s, const struct accounts *accounts, const struct challenge_facts *facts,
		    bool proxy, bool stale, struct writer *w);

/* Whether a digest-uri may stand for this Request-URI: RFC 7616 §3.4.6 has a proxy in mind that sees another form of
 * it, so scheme and host compare without case, the port with its default, the user exactly (save for escapes), and
 * parameters and headers not at all. uri: as in the header, escapes of the quoted string still in it. */
bool challenge_uri_fits(struct str uri, const struct uri *ruri);

#define CHALLENGE_COUNTERS(X)                                                                                          \
	X(ok, "requests with the right credentials")                                                                   \
	X(needed, "requests without credentials")                                                                      \
	X(forbidden, "wrong name or password")                                                                         \
	X(malformed, "credentials that are malformed, for another Request-URI, or of an algorithm not offered")        \
	X(locked, "requests of a locked account or source")                                                            \
	X(nonce_foreign, "nonces that are not ours, or were sent to another source, network or realm")                 \
	X(nonce_expired, "nonces that are too old")                                                                    \
	X(nonce_future, "nonces from the future")                                                                      \
	X(nonce_replayed, "counts of a nonce that were used before")                                                   \
	X(nonce_forgotten, "nonces whose counts had to be forgotten")                                                  \
	X(lockouts, "accounts and sources that were locked")                                                           \
	X(lockouts_forgotten, "counts of failed logins that had to be forgotten")                                      \
	X(errors, "failures of OpenSSL")

struct challenge_counters {
#define X(name, text) uint64_t name;
	CHALLENGE_COUNTERS(X)
#undef X
};
void challenge_counters(struct challenge_state *s, struct challenge_counters *ret);

#endif
