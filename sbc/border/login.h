/* SPDX-License-Identifier: Apache-2.0 */
/* login: `auth: limen` as the wire asks for it: whose request is to be asked for, and what is answered to one that has
 * not shown who it is. One object for the process, shared by all workers: it owns the challenge state and one reference
 * of the accounts in use. Any thread unless a function says otherwise. RFC 3261 §22. */
#ifndef SBC_BORDER_LOGIN_H
#define SBC_BORDER_LOGIN_H

#include "sbc/border/challenge.h"
#include "sbc/border/decide.h"
#include "sbc/sip/transaction.h"

struct logins;
/* secret and now_ms as for challenge_state_create(). Without accounts nobody gets in until logins_set_accounts(). 0,
 * -ENOMEM or -EIO. */
int logins_create(struct str secret, const struct config_limits *limits, uint64_t now_ms, struct logins **ret);
void logins_destroy(struct logins *l); /* NULL is allowed; no other thread may use it any more */
/* The accounts.file of a configuration. 0 and *ret (NULL when no file is named), else as accounts_load(). Reads a file:
 * not on a worker's thread. */
int logins_load(const struct config *c, struct accounts **ret, struct config_faults *ret_faults,
		struct config_faults *ret_warnings);
/* From now on these; takes a reference of its own. NULL: none. */
void logins_set_accounts(struct logins *l, struct accounts *a);
void logins_counters(struct logins *l, struct challenge_counters *ret);

/* Whether this request must show who it is: outside of a dialog, of a method that is carried, and from a source that is
 * no peer's but let in by a network with `auth: limen`. ACK and CANCEL never (RFC 3261 §22.1). */
bool login_wanted(const struct config *c, const struct message *m, bool registered);

/* reject REJECT_NONE: reply is the challenge; else the reason, and no reply. reply points into itself. */
struct login_answer {
	enum reject_reason reject;
	struct reply reply;
	char headers[1536];
};
/* Before there is a transaction, for a request that is wanted: false: it goes on, to be checked. true: answer it by
 * *ret. Looks at what costs nothing and remembers nothing: what passes here has a nonce that was sent to this very
 * source, so that only who hears our answers makes us keep anything. */
bool login_glance(struct logins *l, const struct config *c, const struct message *m, uint64_t now_ms,
		  struct login_answer *ret);
/* Once, with a transaction: true: it is who it says it is (the account's user is the user of From, of REGISTER that of
 * To). false: answer it by *ret. */
bool login_check(struct logins *l, const struct config *c, const struct message *m, uint64_t now_ms,
		 struct login_answer *ret);
/* Whether the answer is longer than the request was: whoever forges a source could use us against it then. */
bool login_amplifies(const struct message *m, const struct login_answer *a);

#endif
