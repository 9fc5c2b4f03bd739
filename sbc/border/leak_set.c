/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/border/leak_internal.h"

static void note(struct leak_set *set, const struct leak_needle *n)
{
	if (n->allowed) /* never looked for */
		return;
	if (n->len)
		set->lengths |= leak_length_bit(n->len);
	else
		set->v6 = true;
	leak_gram_note(set->latest, n);
}

static struct leak_needle *find(struct leak_set *set, const struct leak_needle *n, bool allowed)
{
	for (unsigned i = 0; i < set->n; i++)
		if (set->v[i].hash == n->hash && set->v[i].allowed == allowed && leak_needle_equal(&set->v[i], n))
			return &set->v[i];
	return NULL;
}

static bool add(struct leak_set *set, struct str s, bool allowed)
{
	struct leak_needle n;
	if (!leak_needle_init(&n, s) || find(set, &n, allowed))
		return true;
	if (set->n == LEAK_SET_MAX)
		return false;
	n.allowed = allowed;
	set->v[set->n++] = n;
	note(set, &n);
	return true;
}

bool leak_set_add(struct leak_set *set, struct str needle)
{
	return add(set, needle, false);
}

bool leak_set_allow(struct leak_set *set, struct str said)
{
	return add(set, said, true);
}

static void note_all(struct leak_set *set)
{
	memset(set->latest, 0, sizeof(set->latest));
	set->lengths = 0;
	set->v6 = false;
	for (unsigned i = 0; i < set->n; i++)
		note(set, &set->v[i]);
}

void leak_set_remove(struct leak_set *set, struct str needle)
{
	struct leak_needle n, *at;
	if (!leak_needle_init(&n, needle) || !(at = find(set, &n, false)))
		return;
	*at = set->v[--set->n];
	note_all(set);
}

void leak_set_cut(struct leak_set *set, unsigned n)
{
	if (set->n <= n)
		return;
	set->n = n;
	note_all(set);
}
