/* SPDX-License-Identifier: Apache-2.0 */
/* The transaction layer: its tables as golden text, each behaviour as a dialogue in virtual time, and the cells of the
 * tables that no dialogue reached, with a reason each.
 *
 * LIMEN_GOLDEN_WRITE=1 rewrites golden/txn_*.txt; then look at the difference. */
#include "test_txn_cancel_cases.h"
#include "test_txn_client_cases.h"
#include "test_txn_client_fault_cases.h"
#include "test_txn_layer_cases.h"
#include "test_txn_server_cases.h"
#include "tests/unit/base/golden.h"

static void golden(const char *name, const struct writer *w)
{
	char path[512];

	assert_false(w->overflow);
	snprintf(path, sizeof(path), PROJECT_ROOT "/tests/unit/sip/golden/txn_%s.txt", name);
	golden_check(path, writer_result(w));
}

static void g_tables(void **state)
{
	static char text[32768];
	struct writer w = writer_init(text, sizeof(text) - 1);

	for (unsigned k = 0; k < TXN_KINDS; k++)
		txn_write_machine(txn_machines[k], &w);
	golden("tables", &w);
}

/* Why no dialogue gets there. A cell without a line here must be reached. */
static const struct {
	const char *cell, *why;
} unreached_reasons[] = {
	{"", ""},
};

/* Runs last: all other tests have added to fake_ran. */
static void g_unreached(void **state)
{
	static char text[32768];
	struct writer w = writer_init(text, sizeof(text) - 1);

	writer_lit(&w, "Filled cells that no dialogue reached, and why:\n");
	for (unsigned k = 0; k < TXN_KINDS; k++) {
		const struct txn_machine *m = txn_machines[k];

		for (unsigned s = 0; s < m->n_states; s++) {
			for (unsigned e = 0; e < m->n_events; e++) {
				char cell[128];
				const char *why = "NO REASON GIVEN";

				if (!m->cells[s * m->n_events + e].act || fake_ran[k][s][e])
					continue;
				snprintf(cell, sizeof(cell), "%s %s %s", m->name, m->states[s], m->events[e]);
				for (size_t i = 0; i < sizeof(unreached_reasons) / sizeof(*unreached_reasons); i++) {
					if (strcmp(unreached_reasons[i].cell, cell) == 0)
						why = unreached_reasons[i].why;
				}
				writer_fmt(&w, "%s: %s\n", cell, why);
			}
		}
	}
	golden("unreached", &w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(g_tables),
		cmocka_unit_test(s_invite_provisional),
		cmocka_unit_test(s_invite_accepted),
		cmocka_unit_test(s_invite_refused_no_ack),
		cmocka_unit_test(s_invite_refused),
		cmocka_unit_test(s_invite_tcp),
		cmocka_unit_test(s_lost_final),
		cmocka_unit_test(s_other_slow),
		cmocka_unit_test(s_other_never),
		cmocka_unit_test(s_other_tcp),
		cmocka_unit_test(s_timestamp),
		cmocka_unit_test(s_cancel),
		cmocka_unit_test(s_cancel_nobody),
		cmocka_unit_test(s_unanswered),
		cmocka_unit_test(s_detach),
		cmocka_unit_test(s_merged),
		cmocka_unit_test(s_other_network),
		cmocka_unit_test(s_matching),
		cmocka_unit_test(s_unexpected),
		cmocka_unit_test(s_limit),
		cmocka_unit_test(s_reject_headers),
		cmocka_unit_test(s_judged),
		cmocka_unit_test(s_refuse_silently),
		cmocka_unit_test(s_reply_text),
		cmocka_unit_test(s_blocked),
		cmocka_unit_test(s_send_failed),
		cmocka_unit_test(s_callbacks),
		cmocka_unit_test(c_invite_silence),
		cmocka_unit_test(c_invite_silence_tcp),
		cmocka_unit_test(c_other_silence),
		cmocka_unit_test(c_other_answered),
		cmocka_unit_test(c_invite_refused),
		cmocka_unit_test(c_invite_accepted),
		cmocka_unit_test(c_invite_at_once),
		cmocka_unit_test(c_cancel_after_1xx),
		cmocka_unit_test(c_cancel_before_1xx),
		cmocka_unit_test(c_cancel_silence),
		cmocka_unit_test(c_cancel_crossing),
		cmocka_unit_test(c_cancel_other),
		cmocka_unit_test(c_try),
		cmocka_unit_test(c_send_failed),
		cmocka_unit_test(c_refused_to_start),
		cmocka_unit_test(c_strays),
		cmocka_unit_test(c_detach),
		cmocka_unit_test(c_callbacks),
		cmocka_unit_test(c_destroy),
		cmocka_unit_test(g_unreached),
	};

	return cmocka_run_group_tests_name("transactions", tests, NULL, NULL);
}
