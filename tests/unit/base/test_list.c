/* SPDX-License-Identifier: Apache-2.0 */
#include "base/list.h"

#include <stdlib.h>

#include "unit.h"

struct item {
	int id;
	struct list node;
};

static void test_order(void **state)
{
	struct list l;
	struct item a = {1, {0}}, b = {2, {0}}, c = {3, {0}};
	int want = 1;

	list_init(&l);
	assert_true(list_empty(&l));
	assert_null(list_first(&l, struct item, node));
	assert_false(list_linked(&a.node));
	list_append(&l, &b.node);
	list_append(&l, &c.node);
	list_prepend(&l, &a.node);
	assert_true(list_linked(&a.node));
	assert_ptr_equal(list_first(&l, struct item, node), &a);
	list_for_each (it, &l)
		assert_int_equal(list_entry(it, struct item, node)->id, want++);
	assert_int_equal(want, 4);

	list_remove(&b.node);
	assert_false(list_linked(&b.node));
	list_remove(&b.node); /* twice is allowed */
	list_remove(&a.node);
	assert_ptr_equal(list_first(&l, struct item, node), &c);
	list_remove(&c.node);
	assert_true(list_empty(&l));
}

static void test_free_inside_loop(void **state)
{
	struct list l;
	list_init(&l);
	for (int i = 0; i < 10; i++) {
		struct item *it = calloc(1, sizeof(*it));
		assert_non_null(it);
		list_append(&l, &it->node);
	}
	list_for_each_safe (it, &l) {
		list_remove(it);
		free(list_entry(it, struct item, node));
	}
	assert_true(list_empty(&l));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_free_inside_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
