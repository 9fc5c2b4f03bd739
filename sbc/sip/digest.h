/* SPDX-License-Identifier: Apache-2.0 */
/* digest: RFC 7616 authentication as SIP has it (RFC 3261 §22, RFC 8760): challenges and credentials as plain structs
 * of slices, and the arithmetic of responses. Both roles are here: who challenges parses credentials and computes what
 * they should be (the policy of it is border/challenge), who is challenged chooses and answers. Nothing is kept and
 * nothing but OpenSSL's digest contexts is allocated. Any thread. */
#ifndef SBC_SIP_DIGEST_H
#define SBC_SIP_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/writer.h"

struct message;

#define DIGEST_VALUE_MAX  4096 /* bytes of a header value; longer ones are refused */
#define DIGEST_PARAMS_MAX 32   /* parameters of one value */
#define DIGEST_HEX_MAX    64   /* hex digits of the longest hash */

/* Stronger ones have greater numbers; what we do not know is DIGEST_UNKNOWN. */
enum digest_algorithm { DIGEST_MD5, DIGEST_MD5_SESS, DIGEST_SHA256, DIGEST_SHA256_SESS, DIGEST_UNKNOWN };
#define DIGEST_ALGORITHMS DIGEST_UNKNOWN
/* "SHA-256-sess" */
const char *digest_algorithm_text(enum digest_algorithm a);
enum digest_algorithm digest_algorithm_of(struct str name); /* without case */
bool digest_is_session(enum digest_algorithm a);
/* The same hash without -sess: what a stored HA1 is made with. */
enum digest_algorithm digest_base(enum digest_algorithm a);
size_t digest_hex_len(enum digest_algorithm a); /* 32, 64; 0 for DIGEST_UNKNOWN */

enum digest_qop { DIGEST_QOP_NONE = 0, DIGEST_QOP_AUTH = 1, DIGEST_QOP_AUTH_INT = 2 };

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* Slices are what stood between the quotes, escapes (backslash and byte) still in them, so that they can be repeated as
 * they came; digest_unquote() takes the escapes out. They point into the value that was parsed. */
struct digest_challenge {
	struct str realm, nonce, opaque, domain; /* opaque, domain: empty when not given; see has_opaque */
	bool has_opaque;
	bool stale;
	bool userhash;
	enum digest_algorithm algorithm; /* none given: MD5 */
	bool qop_given;
	unsigned qop; /* those of the list that we know, as bits of enum digest_qop */
};

struct digest_credentials {
	struct str username, realm, nonce, uri, response, cnonce, opaque;
	enum digest_algorithm algorithm;
	bool qop_given;
	enum digest_qop qop; /* DIGEST_QOP_NONE with qop_given: one that we do not know */
	struct str nc_text;  /* eight hex digits, with qop */
	uint32_t nc;
	bool userhash;
};

/* Value of WWW-Authenticate or Proxy-Authenticate; one challenge (RFC 3261 §7.3.1: they are never joined by commas).
 * 0; -ENOTSUP: another scheme than Digest; -EINVAL: not well formed, a parameter twice, realm or nonce missing, or
 * beyond the bounds above. */
int digest_challenge_parse(struct str value, struct digest_challenge *ret);
/* Value of Authorization or Proxy-Authorization. Also -EINVAL: username, realm, nonce, uri or response missing or of
 * the wrong form, nc or cnonce missing where qop asks for them (RFC 7616 §3.4). */
int digest_credentials_parse(struct str value, struct digest_credentials *ret);

/* Walks "name=value, name="value"" (after the scheme). 1 and the next one, 0 at the end, -EINVAL. text: the whole
 * parameter; value without its quotes. Empty elements are skipped (RFC 7230 §7). */
struct digest_param {
	struct str text, name, value;
};
int digest_param_next(struct str *params, struct digest_param *ret);
/* Cuts "Digest" and the blanks behind it off a value. false: another scheme. */
bool digest_scheme_cut(struct str *value);

/* Escapes taken out, into buf. false: longer than cap. */
bool digest_unquote(struct str raw, char *buf, size_t cap, struct str *ret);
/* The text that escapes stand for is the same. */
bool digest_same(struct str raw, struct str plain);

/* ---- messages --------------------------------------------------------------------------------------------------- */

/* The challenges of a 401 (WWW-Authenticate) or 407 (Proxy-Authenticate) that parse, in order, at most max. */
size_t digest_challenges_of(const struct message *m, struct digest_challenge *v, size_t max);
/* The first Authorization (proxy: Proxy-Authorization) line for this realm; a Digest line that does not parse counts as
 * for it, when no other does. false: none. */
bool digest_credentials_line(const struct message *m, bool proxy, struct str realm, struct str *ret_value);

/* ---- computing -------------------------------------------------------------------------------------------------- */

/* H(user:realm:password) in lower-case hex with its NUL, by the hash of algorithm (-sess makes no difference here).
 * Plain texts, no escapes. 0, -EINVAL (DIGEST_UNKNOWN), or -EIO: OpenSSL would not (no memory, MD5 not allowed). */
int digest_ha1(enum digest_algorithm a, struct str user, struct str realm, struct str password,
	       char ret[DIGEST_HEX_MAX + 1]);

struct digest_input {
	enum digest_algorithm algorithm;
	enum digest_qop qop;
	struct str ha1;           /* hex, from digest_ha1() or a file */
	struct str nonce, cnonce; /* as in the header: escapes are taken out here */
	struct str nc_text;       /* with qop */
	struct str method, uri;
	struct str body; /* for auth-int */
};
/* RFC 7616 §3.4.1 and RFC 2617 §3.2.2 (no qop). 0, -EINVAL (ha1 of the wrong length, DIGEST_UNKNOWN), -EIO. */
int digest_response(const struct digest_input *in, char ret[DIGEST_HEX_MAX + 1]);
/* Compares a response from the net (hex, letters without case) with one of ours, in a time that tells nothing of where
 * they differ. */
bool digest_response_equal(struct str got, const char *want, size_t n);

/* ---- answering -------------------------------------------------------------------------------------------------- */

/* The challenge to answer: the strongest hash that we know among those with this realm (empty: any), the topmost of
 * equals (RFC 8760 §2.4). 0 and the index; -ENOENT: none that can be answered. */
int digest_choose(const struct digest_challenge *v, size_t n, struct str realm, size_t *ret);

struct digest_answer {
	bool proxy;                /* Proxy-Authorization, for a 407 */
	struct str user, password; /* plain texts */
	struct str method, uri;
	struct str body;   /* for auth-int, which is only used where nothing else is offered */
	struct str cnonce; /* empty: a random one */
	uint32_t nc;       /* how often this nonce was used, this use included; the caller counts (RFC 7616 §3.4) */
};
/* Writes "Authorization: Digest ...\r\n". 0; -EINVAL, -ENOTSUP (a challenge that digest_choose() would not give), -EIO;
 * then nothing is written. An overflow is the writer's. */
int digest_answer_write(const struct digest_challenge *c, const struct digest_answer *a, struct writer *w);

/* "text" with quotes and backslashes escaped. */
void digest_quote(struct writer *w, struct str plain);

#endif
