/* SPDX-License-Identifier: Apache-2.0 */
/* walk: counters; looking at all bindings, some at a time, and an operator's removals. */
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

uint64_t location_place(const struct location_binding *b)
{
	return hmap_place(b->by_alias.hash);
}

bool location_alias_place(const struct location *l, struct str alias, uint64_t *ret)
{
	struct ident id;

	if (!ident_parse(l->key, alias, &id))
		return false;
	*ret = hmap_place(location_alias_hash(&id));
	return true;
}

bool location_walk(const struct location *l, uint64_t *at, unsigned n,
		   bool (*fn)(void *arg, const struct location_binding *b), void *arg)
{
	bool more = true;

	while (more && n) {
		uint64_t last;

		for (struct hmap_node *i = hmap_bucket_at(&l->aliases, *at, &last); i; i = i->next) {
			more = fn(arg, container_of(i, struct location_binding, by_alias)) && more;
			n -= n > 0;
		}
		if (last == UINT64_MAX)
			return true;
		*at = last + 1;
		n -= n > 0;
	}
	return false;
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
