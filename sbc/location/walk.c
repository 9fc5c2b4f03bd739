/* SPDX-License-Identifier: Apache-2.0 */
/* walk: counters; looking at all bindings, some at a time, and an operator's removals. A walk is a node of its own in
 * the list of bindings: what comes and goes around it does not disturb it. */
#include "sbc/location/internal.h"

/* ---- counters ---- */

void location_count_at(struct location *l, size_t offset, int by)
{
	uint64_t *c = (uint64_t *)((char *)&l->counts + offset);

	__atomic_store_n(c, *c + (uint64_t)by, __ATOMIC_RELAXED);
}

void location_counters(const struct location *l, struct location_counters *ret)
{
	const uint64_t *from = (const uint64_t *)&l->counts;
	uint64_t *to = (uint64_t *)ret;

	_Static_assert(sizeof(*ret) % sizeof(uint64_t) == 0, "counters only");
	for (size_t i = 0; i < sizeof(*ret) / sizeof(uint64_t); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

/* ---- walks ---- */

void location_walk_begin(struct location *l, struct location_walk *w)
{
	w->link.binding = NULL;
	list_prepend(&l->all, &w->link.node);
}

bool location_walk(struct location *l, struct location_walk *w, unsigned n,
		   void (*fn)(void *arg, const struct location_binding *b), void *arg)
{
	while (w->link.node.next != &l->all) {
		struct list *next = w->link.node.next;
		const struct location_link *link = list_entry(next, struct location_link, node);

		if (link->binding && n == 0)
			return false;
		list_remove(&w->link.node);
		list_prepend(next, &w->link.node);
		if (link->binding) {
			fn(arg, link->binding);
			n--;
		}
	}
	location_walk_end(w);
	return true;
}

void location_walk_end(struct location_walk *w)
{
	list_remove(&w->link.node);
}

static void remove_one(struct location *l, struct location_binding *b)
{
	location_count(l, bindings_removed, 1);
	location_drop(b);
}

unsigned location_remove_aor(struct location *l, unsigned network, struct str aor)
{
	struct location_aor *a = location_aor(l, network, aor);
	unsigned n = a ? a->n : 0;

	/* the last one takes its AoR along */
	for (unsigned left = n; left; left--)
		remove_one(l, location_first(a));
	return n;
}
