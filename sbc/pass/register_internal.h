/* SPDX-License-Identifier: Apache-2.0 */
/* register_internal: what the register_*.c files share. A `wish` is what one REGISTER of a phone asks for, in slices of
 * its message; a `registering` is one that is under way to the core. */
#ifndef SBC_PASS_REGISTER_INTERNAL_H
#define SBC_PASS_REGISTER_INTERNAL_H

#include "sbc/pass/register.h"

#define WISH_CONTACTS_MAX 16
#define WISH_TEXT_BYTES   4096
#define WISH_EXPIRES      3600   /* RFC 3261 §20.10, §20.19: what cannot be read */
#define WISH_EXPIRES_MAX  604800 /* nobody needs more than a week */

struct wished {
	struct location_contact contact;
	struct str q;
	unsigned expires_s; /* 0: to be removed */
};

struct wish {
	unsigned network;
	struct destination flow; /* where it came from */
	struct str aor;          /* in aor_buf */
	bool star;               /* "*": all, with expires 0 */
	bool outbound;           /* RFC 5626: the phone supports it */
	bool credentials;        /* it has an Authorization */
	unsigned n;
	struct wished v[WISH_CONTACTS_MAX];
	struct str agent;
	uint64_t call_id; /* location_call_id() */
	uint32_t cseq;
	char aor_buf[AOR_MAX];
	char text[WISH_TEXT_BYTES];
	size_t n_text;
};

struct registrar {
	struct worker *worker;
	struct border_state *border;
	struct location *location;
	struct keyring *keyring;
	struct config *config;
	struct list requests; /* registering.node */
	unsigned n;
	uint64_t date_s; /* whose text `date` is */
	char date[48];
};

struct registering {
	struct list node;
	struct registrar *registrar;
	struct config *config;
	struct message *request;
	struct server_txn *in;
	struct client_txn *out;
	struct wheel_timer patience; /* with the target at hand */
	struct border_decision decision;
	struct targets targets;
	enum reject_reason last;
	struct leak_set forbidden_out, forbidden_in;
	struct wish wish;
	bool logged_in;         /* here, by `auth: limen` */
	unsigned min_expires_s; /* of the core's 423, for which it is asked once more; 0: none yet */
	uint32_t cseq;
	char call_id[IDENT_LEN + 1], tag[IDENT_LEN + 1];
	char alias[WISH_CONTACTS_MAX][IDENT_LEN + 1]; /* of wish.v: what the core has, or will */
};

/* ---- register_read.c: a phone's REGISTER -> wish; pure ---- */

/* REJECT_NONE, or the reason. m must outlive the wish. Seconds of a value of expires: digits above WISH_EXPIRES_MAX are
 * that, what is no number is WISH_EXPIRES. */
enum reject_reason wish_read(const struct location *l, const struct message *m, struct wish *ret);
unsigned expires_read(struct str value);

/* ---- register_local.c: what is answered here ---- */

enum absorb {
	ABSORB_REFRESH,     /* the core's time is not yet half over */
	ABSORB_NO_ROOM,     /* the core can bear no more: as long as its time lasts */
	ABSORB_CORE_FAILED, /* it has been asked, in vain: the same, for OUTAGE_S at most, and with another Call-ID too
			     */
};
#define OUTAGE_S 60 /* then a phone asks again, and the core once more */
/* Does what the wish says need nothing of the core: every contact known, alive, by this very flow, said again in order,
 * and time left as `why` has it? Then it is done, and h has the header lines of its 200. So it is when it has been done
 * already. */
bool wish_absorb(struct registrar *r, const struct wish *w, enum absorb why, struct writer *h);
/* wish_absorb(), and t has its answer. */
bool wish_answered(struct registrar *r, struct server_txn *t, const struct wish *w, enum absorb why);
/* REJECT_NONE; or why it cannot be: CSeq used before, another source's contact, no room. */
enum reject_reason wish_check(struct registrar *r, const struct wish *w, bool challenged);
bool same_flow(const struct destination *a, const struct destination *b);
/* May this source change that binding without the core having asked it who it is? */
bool may_touch(const struct location_binding *b, const struct wish *w);
/* Header lines of a 200, with this phone's own bindings. */
void wish_write_answer(struct registrar *r, const struct wish *w, struct writer *h);
/* As the table says, with what the reason asks for; counted with the reasons of all refusals, and logged. */
void registrar_refuse(struct registrar *r, struct server_txn *t, const struct message *m, enum reject_reason why);
void registrar_tell_refused(const struct registrar *r, const struct message *m, enum reject_reason why, int status);

/* ---- register_bounds.c: how much of it there may be ---- */

/* REJECT_NONE; or there is no room for the contacts that are new: in all, for the AoR, from this source, in time. */
enum reject_reason wish_room(const struct registrar *r, const struct wish *w);
/* REJECT_NONE: it may go to the core; or there are too many. */
enum reject_reason registering_admit(struct registering *g);

/* ---- register_core.c: to the core and back ---- */

void registering_next(struct registering *g);
/* Do this peer's challenges reach the phone, and its credentials the peer? */
bool registering_challenged(const struct registering *g, int peer);
/* Has who asks shown who he is, here or (if it lets him in) to this peer? */
bool registering_proven(const struct registering *g, int peer);
void registering_free(struct registering *g);
void registering_silent(struct wheel_timer *t);
extern const struct server_ops registering_in_ops;
extern const struct targets_user registering_targets_user;

#endif
