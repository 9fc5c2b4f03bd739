/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/tags.h"

#include <stdlib.h>

#include "sbc/call/call.h"

/* ---- the map ---- */

int tags_add(struct calls *cs, struct leg_tag *t, const char *text, struct leg *l)
{
	struct str tag = str_z(text);
	int err;

	memcpy(t->text, tag.p, tag.n + 1);
	err = hmap_insert(&cs->by_tag, &t->node, hash_str(&cs->tag_key, tag));
	if (err == 0)
		t->leg = l;
	return err;
}

void tags_forget(struct calls *cs, struct leg_tag *t)
{
	if (!t->leg)
		return;
	hmap_remove(&cs->by_tag, &t->node);
	t->leg = NULL;
}

struct leg *tags_find(struct calls *cs, struct str tag)
{
	hmap_for_each_hash (n, &cs->by_tag, hash_str(&cs->tag_key, tag)) {
		struct leg_tag *t = container_of(n, struct leg_tag, node);

		if (str_eq(str_z(t->text), tag))
			return t->leg;
	}
	return NULL;
}

/* ---- those that a caller is shown ---- */

static struct leg_tag *mint(struct leg *a, uint64_t digest)
{
	struct calls *cs = a->call->calls;
	struct early_tag *t = calloc(1, sizeof(*t));
	char tag[IDENT_LEN + 1];

	if (!t)
		return NULL;
	ident_mint(cs->worker->key, a->call->slot, tag);
	if (tags_add(cs, &t->by_tag, tag, a) < 0) {
		free(t);
		return NULL;
	}
	t->digest = digest;
	t->next = a->tags;
	a->tags = t;
	a->n_tags++;
	return &t->by_tag;
}

/* A tag that lives may take this description: it stands under it already, or none does. */
static bool takes(const struct leg_tag *t, uint64_t *stands, uint64_t digest)
{
	if (!t->leg || (digest && *stands && *stands != digest))
		return false;
	if (digest)
		*stands = digest;
	return true;
}

struct leg_tag *tags_for(struct leg *a, uint64_t digest, bool answer)
{
	if (takes(&a->by_tag, &a->sdp_digest, digest))
		return &a->by_tag;
	for (struct early_tag *t = a->tags; t; t = t->next)
		if (takes(&t->by_tag, &t->digest, digest))
			return &t->by_tag;
	if (a->n_tags >= EARLY_MAX_TAGS && !answer)
		return NULL;
	return mint(a, digest);
}

struct leg_tag *tags_named(struct leg *a, struct str text)
{
	for (struct early_tag *t = a->tags; t; t = t->next)
		if (str_eq(str_z(t->by_tag.text), text))
			return &t->by_tag;
	return &a->by_tag;
}

unsigned tags_live(const struct leg *a)
{
	unsigned live = a->by_tag.leg != NULL;

	for (const struct early_tag *t = a->tags; t; t = t->next)
		live += t->by_tag.leg != NULL;
	return live;
}

void tags_forget_all(struct leg *l)
{
	while (l->tags) {
		struct early_tag *t = l->tags;

		l->tags = t->next;
		tags_forget(l->call->calls, &t->by_tag);
		free(t);
	}
	l->n_tags = 0;
	tags_forget(l->call->calls, &l->by_tag);
}
