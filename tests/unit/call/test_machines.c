/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that are dispatched, printed against golden text: a changed cell shows in review as a changed line.
 * LIMEN_GOLDEN_WRITE=1 makes the files anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sbc/call/machine.h"
#include "tests/unit/base/golden.h"

#define TEXT_MAX 65536

static void check_golden(const struct machine *m)
{
	static char text[TEXT_MAX];
	char path[512];
	struct writer w = writer_init(text, sizeof(text));

	machine_print(m, &w);
	assert_false(w.overflow);
	assert_true(w.n > 0);
	snprintf(path, sizeof(path), "%s/tests/unit/call/golden/%s.txt", PROJECT_ROOT, m->name);
	golden_check(path, writer_result(&w));
}

static void test_leg(void **state)
{
	check_golden(&leg_machine);
}
static void test_offer(void **state)
{
	check_golden(&offer_machine);
}
static void test_media(void **state)
{
	check_golden(&leg_media_machine);
}
static void test_call(void **state)
{
	check_golden(&call_machine);
}
static void test_exchange(void **state)
{
	check_golden(&exchange_machine);
}

/* Every state but those that are the end can be left by some event. */
static void test_no_trap(void **state)
{
	for (unsigned i = 0; i < MACHINE_COUNT; i++) {
		const struct machine *m = machines[i];

		for (unsigned s = 0; s + 1 < m->n_states; s++) {
			bool leaves = false;

			for (unsigned e = 0; e < m->n_events; e++) {
				unsigned next;

				leaves |= m->describe(s, e, &next) && next != s;
			}
			if (!leaves)
				fail_msg("%s: nothing leaves %s", m->name, m->state_names[s]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leg),  cmocka_unit_test(test_offer),    cmocka_unit_test(test_media),
		cmocka_unit_test(test_call), cmocka_unit_test(test_exchange), cmocka_unit_test(test_no_trap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
