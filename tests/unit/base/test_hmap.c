/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hmap.h"

#include <errno.h>
#include <stdlib.h>

#include "oom.h"
#include "unit.h"

#define MANY 5000

struct item {
	struct hmap_node node;
	unsigned id;
	bool seen;
};

static struct item *items_new(unsigned n)
{
	struct item *items = calloc(n, sizeof(*items));
	assert_non_null(items);
	for (unsigned i = 0; i < n; i++)
		items[i].id = i;
	return items;
}

static uint64_t spread(unsigned id)
{
	return id * UINT64_C(0x9e3779b97f4a7c15);
}

static struct item *lookup(const struct hmap *m, uint64_t hash, unsigned id)
{
	hmap_for_each_hash (it, m, hash) {
		struct item *item = container_of(it, struct item, node);
		if (item->id == id)
			return item;
	}
	return NULL;
}

static void test_empty(void **state)
{
	struct hmap m = {0};
	assert_null(hmap_first(&m, 0));
	assert_null(hmap_begin(&m));
	hmap_for_each_safe (it, &m)
		fail();
	hmap_finish(&m);
}

static void test_grows(void **state)
{
	struct hmap m = {0};
	struct item *items = items_new(MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(hmap_insert(&m, &items[i].node, spread(i)), 0);
	assert_int_equal(m.n, MANY);
	assert_int_equal(m.mask + 1, 16384);
	for (unsigned i = 0; i < MANY; i++)
		assert_ptr_equal(lookup(&m, spread(i), i), &items[i]);
	assert_null(hmap_first(&m, spread(MANY)));
	for (unsigned i = 0; i < MANY; i += 2)
		hmap_remove(&m, &items[i].node);
	for (unsigned i = 0; i < MANY; i++)
		assert_ptr_equal(lookup(&m, spread(i), i), i % 2 ? &items[i] : NULL);
	for (unsigned i = 1; i < MANY; i += 2)
		hmap_remove(&m, &items[i].node);
	assert_int_equal(m.n, 0);
	hmap_finish(&m);
	/* and again from the start */
	assert_int_equal(hmap_insert(&m, &items[0].node, 7), 0);
	assert_ptr_equal(hmap_first(&m, 7), &items[0].node);
	hmap_remove(&m, &items[0].node);
	hmap_finish(&m);
	free(items);
}

static void test_equal_hashes(void **state)
{
	struct hmap m = {0};
	struct item items[40] = {0};
	unsigned n = 0;

	for (unsigned i = 0; i < 40; i++) {
		items[i].id = i;
		/* 3 and 19 share a bucket while there are 16 */
		assert_int_equal(hmap_insert(&m, &items[i].node, i % 2 ? 3 : 19), 0);
	}
	hmap_for_each_hash (it, &m, 3) {
		assert_int_equal(container_of(it, struct item, node)->id % 2, 1);
		n++;
	}
	assert_int_equal(n, 20);
	assert_ptr_equal(lookup(&m, 19, 38), &items[38]);
	assert_null(lookup(&m, 19, 39));
	/* the last inserted first */
	assert_ptr_equal(hmap_first(&m, 3), &items[39].node);
	hmap_for_each_safe (it, &m)
		hmap_remove(&m, it);
	assert_int_equal(m.n, 0);
	hmap_finish(&m);
}

static void test_ids_in_the_high_half(void **state)
{
	struct hmap m = {0};
	struct item *items = items_new(256);
	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(hmap_insert(&m, &items[i].node, (uint64_t)i << 32), 0);
	size_t used = 0;
	for (size_t b = 0; b <= m.mask; b++)
		used += m.buckets[b] != NULL;
	assert_int_equal(used, 256);
	hmap_for_each_safe (it, &m)
		hmap_remove(&m, it);
	hmap_finish(&m);
	free(items);
}

static void test_walk_with_free(void **state)
{
	struct hmap m = {0};
	unsigned n = 0;
	for (unsigned i = 0; i < 1000; i++) {
		struct item *item = calloc(1, sizeof(*item));
		assert_non_null(item);
		assert_int_equal(hmap_insert(&m, &item->node, spread(i % 300)), 0);
	}
	hmap_for_each_safe (it, &m) {
		struct item *item = container_of(it, struct item, node);
		assert_false(item->seen);
		item->seen = true;
		if (++n % 3 == 0)
			continue;
		hmap_remove(&m, it);
		free(item);
	}
	assert_int_equal(n, 1000);
	assert_int_equal(m.n, 333);
	hmap_for_each_safe (it, &m) {
		hmap_remove(&m, it);
		free(container_of(it, struct item, node));
	}
	hmap_finish(&m);
}

static void test_break_leaves_the_walk(void **state)
{
	struct hmap m = {0};
	struct item *items = items_new(100);
	unsigned n = 0;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(hmap_insert(&m, &items[i].node, spread(i)), 0);
	hmap_for_each_safe (it, &m) {
		if (++n == 3)
			break;
	}
	assert_int_equal(n, 3);
	hmap_for_each_safe (it, &m)
		hmap_remove(&m, it);
	hmap_finish(&m);
	free(items);
}

/* Put aside after each bucket while the map grows from 16 buckets to thousands: each that was there from the beginning
 * is met once, in the order of places. */
static void test_walk_while_it_grows(void **state)
{
	struct hmap m = {0};
	struct item *items = items_new(MANY);
	unsigned met[12] = {0}, n = 12;
	uint64_t place = 0, last = 0, before = 0;

	assert_null(hmap_bucket_at(&m, 5, &last));
	assert_int_equal(last, UINT64_MAX);
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(hmap_insert(&m, &items[i].node, spread(i)), 0);
	do {
		for (struct hmap_node *it = hmap_bucket_at(&m, place, &last); it; it = it->next) {
			uint64_t at = hmap_place(it->hash);

			assert_true(at >= place && at <= last && at >= before);
			for (unsigned i = 0; i < 12; i++)
				met[i] += it == &items[i].node;
		}
		before = place;
		place = last + 1;
		for (unsigned more = 0; more < 400 && n < MANY; more++, n++)
			assert_int_equal(hmap_insert(&m, &items[n].node, spread(n)), 0);
	} while (last != UINT64_MAX);
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(met[i], 1);
	hmap_for_each_safe (it, &m)
		hmap_remove(&m, it);
	hmap_finish(&m);
	free(items);
}

/* ---- a map beside a plain array of what is in it, from growth to growth ---- */

#define MODEL 3000

struct model {
	struct hmap m;
	struct item *items;
	bool in[MODEL];
	size_t n;
	uint64_t random;
};

static unsigned pick(struct model *w, unsigned below)
{
	w->random = w->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(w->random >> 33) % below;
}

/* Some share a hash, some a bucket for long. */
static uint64_t model_hash(unsigned id)
{
	return id % 7 == 0 ? spread(id / 21) : id % 7 == 1 ? (uint64_t)(id % 3) << 40 | id : spread(id);
}

/* What one insert may move is bounded, whatever the map holds. */
static void model_insert(struct model *w, unsigned id)
{
	const bool growing = w->m.old;
	const size_t moved = w->m.moved, before = w->m.mask;

	assert_int_equal(hmap_insert(&w->m, &w->items[id].node, model_hash(id)), 0);
	w->in[id] = true;
	w->n++;
	if (w->m.old)
		assert_in_range(w->m.moved, growing ? moved + 1 : 1, (growing ? moved : 0) + 4);
	if (growing)
		assert_int_equal(w->m.mask, before);
	if (!w->m.old) /* as wide as it was when it grew in one go */
		assert_true(2 * (w->m.n - 1) <= w->m.mask);
}

static void model_remove(struct model *w, unsigned id)
{
	hmap_remove(&w->m, &w->items[id].node);
	w->in[id] = false;
	w->n--;
}

static void model_check(struct model *w)
{
	size_t n = 0;

	assert_int_equal(w->m.n, w->n);
	for (unsigned i = 0; i < MODEL; i++) {
		assert_ptr_equal(lookup(&w->m, model_hash(i), i), w->in[i] ? &w->items[i] : NULL);
		w->items[i].seen = false;
	}
	for (struct hmap_node *it = hmap_begin(&w->m); it; it = hmap_after(&w->m, it), n++) {
		struct item *item = container_of(it, struct item, node);
		assert_true(w->in[item->id] && !item->seen);
		item->seen = true;
	}
	assert_int_equal(n, w->n);
}

/* All places, once each, in order; and every node in the bucket of its place. */
static void model_check_places(struct model *w)
{
	uint64_t place = 0, last = 0;
	size_t n = 0;

	do {
		for (struct hmap_node *it = hmap_bucket_at(&w->m, place, &last); it; it = it->next, n++)
			assert_in_range(hmap_place(it->hash), place, last);
		place = last + 1;
	} while (last != UINT64_MAX);
	assert_int_equal(n, w->n);
}

static void model_walk_and_remove(struct model *w)
{
	size_t met = 0, before = w->n;

	hmap_for_each_safe (it, &w->m) {
		met++;
		if (pick(w, 5) == 0)
			model_remove(w, container_of(it, struct item, node)->id);
	}
	assert_int_equal(met, before);
}

static void test_model_through_growth(void **state)
{
	struct model *w = calloc(1, sizeof(*w));
	unsigned checked_in_growth = 0;

	assert_non_null(w);
	w->items = items_new(MODEL);
	for (unsigned step = 0; step < 12000; step++) {
		unsigned id = pick(w, MODEL);

		if (!w->in[id])
			model_insert(w, id);
		else if (pick(w, 4) == 0)
			model_remove(w, id);
		if (step % 97 && (!w->m.old || step % 13))
			continue;
		checked_in_growth += w->m.old != NULL;
		model_check(w);
		model_check_places(w);
		if (pick(w, 20) == 0)
			model_walk_and_remove(w);
	}
	assert_true(checked_in_growth > 20);
	hmap_for_each_safe (it, &w->m)
		model_remove(w, container_of(it, struct item, node)->id);
	model_check(w);
	hmap_finish(&w->m);
	free(w->items);
	free(w);
}

/* In the midst of growing: emptied, it lets go of both arrays; and equal hashes stay in their order. */
static void test_finish_while_growing(void **state)
{
	struct hmap m = {0};
	struct item *items = items_new(100);
	unsigned n = 0;

	for (; n < 50 || !m.old; n++)
		assert_int_equal(hmap_insert(&m, &items[n].node, n % 4 ? spread(n) : 3), 0);
	unsigned expected = (n - 1) / 4 * 4;
	hmap_for_each_hash (it, &m, 3) {
		assert_ptr_equal(it, &items[expected].node);
		expected -= 4;
	}
	hmap_for_each_safe (it, &m)
		hmap_remove(&m, it);
	assert_non_null(m.old);
	hmap_finish(&m);
	assert_null(m.old);
	free(items);
}

static void test_no_memory_at_all(void **state)
{
	struct hmap m = {0};
	struct item item = {0};
	oom_after(0);
	assert_int_equal(hmap_insert(&m, &item.node, 1), -ENOMEM);
	assert_int_equal(oom_off(), 1);
	assert_int_equal(m.n, 0);
	assert_null(hmap_first(&m, 1));
	assert_int_equal(hmap_insert(&m, &item.node, 1), 0);
	hmap_remove(&m, &item.node);
	hmap_finish(&m);
}

static void test_no_memory_to_grow(void **state)
{
	struct hmap m = {0};
	struct item *items = items_new(MANY);
	oom_after(1);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(hmap_insert(&m, &items[i].node, spread(i)), 0);
	assert_int_equal(m.mask + 1, 16);
	assert_true(oom_off() > 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_ptr_equal(lookup(&m, spread(i), i), &items[i]);
	/* memory is back: a doubling with each insert until it is as wide as it should be */
	for (unsigned i = 1000; i < MANY; i++)
		assert_int_equal(hmap_insert(&m, &items[i].node, spread(i)), 0);
	assert_int_equal(m.mask + 1, 16384);
	for (unsigned i = 0; i < MANY; i++)
		assert_ptr_equal(lookup(&m, spread(i), i), &items[i]);
	hmap_for_each_safe (it, &m)
		hmap_remove(&m, it);
	hmap_finish(&m);
	free(items);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_equal_hashes),
		cmocka_unit_test(test_ids_in_the_high_half),
		cmocka_unit_test(test_walk_with_free),
		cmocka_unit_test(test_break_leaves_the_walk),
		cmocka_unit_test(test_walk_while_it_grows),
		cmocka_unit_test(test_model_through_growth),
		cmocka_unit_test(test_finish_while_growing),
		cmocka_unit_test(test_no_memory_at_all),
		cmocka_unit_test(test_no_memory_to_grow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
