/* SPDX-License-Identifier: Apache-2.0 */
/* tags: our tags in dialogs, by which a request within one finds its leg: each leg's own, and the further ones under
 * which a caller, leg A, is shown the early dialogs of a fork. They belong to their leg. Worker's thread. */
#ifndef SBC_CALL_TAGS_H
#define SBC_CALL_TAGS_H

#include "base/hmap.h"
#include "sbc/sip/ident.h"

struct calls;
struct leg;

/* One in the calls' map. */
struct leg_tag {
	struct hmap_node node;
	char text[IDENT_LEN + 1];
	struct leg *leg; /* NULL: not in the map */
};

/* A further To tag towards a caller; the first is the leg's own. */
#define EARLY_MAX_TAGS 8
struct early_tag {
	struct early_tag *next;
	struct leg_tag by_tag;
	uint64_t digest; /* of the description sent under it; 0: none */
};

/* Puts it into the map. 0 or -ENOMEM. */
int tags_add(struct calls *cs, struct leg_tag *t, const char *text, struct leg *l);
/* The leg that has this tag, or NULL. */
struct leg *tags_find(struct calls *cs, struct str tag);
/* Takes it out; one that is not in it is allowed. */
void tags_forget(struct calls *cs, struct leg_tag *t);

/* The To tag towards the caller under which a description with this digest (0: none) may stand: one early dialog never
 * sees two descriptions (RFC 3261 §13.2.1). NULL: no more tags (an answer may have one more), or no memory. */
struct leg_tag *tags_for(struct leg *a, uint64_t digest, bool answer);
/* Leg A's with this text, or its own. */
struct leg_tag *tags_named(struct leg *a, struct str text);
/* How many of leg A's are in the map. */
unsigned tags_live(const struct leg *a);
/* All of a leg's. */
void tags_forget_all(struct leg *l);

#endif
