/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of this room fails once: -ENOMEM, nothing leaked (the sanitizer's word), nothing changed. The linker
 * puts the functions below in the place of malloc and its kin (meson.build: --wrap). */
#include <errno.h>

#include "tests/unit/border/border_text.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);

static unsigned left = ~0u; /* allocations that still succeed */

static bool refuse(void)
{
	if (left == ~0u)
		return false;
	return left == 0 || left-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return refuse() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return refuse() ? NULL : __real_calloc(n, size);
}

#define CONFIG(peers)                                                                                                           \
	"{ \"networks\": { \"n\": { \"listen\": [\"udp:127.0.0.1:5060\"] }, \"m\": { \"listen\": [\"udp:127.0.0.2:5060\"] } }," \
	"  \"peers\": { " peers " }, \"routes\": [ { \"target\": \"echo\" } ] }"
#define PEER(name, n) "\"" name "\": { \"network\": \"n\", \"targets\": [\"192.0.2." n "\"] }"

static void test_state(void **state)
{
	struct config *c = config_of(CONFIG(PEER("a", "1") "," PEER("b", "2")));
	int r = -ENOMEM;
	unsigned k = 0;
	for (; r == -ENOMEM; k++) {
		struct border_state *s = (void *)&k;
		left = k;
		r = border_state_create(c, &s);
		left = ~0u;
		if (r == 0)
			border_state_destroy(s);
		else
			assert_ptr_equal(s, &k); /* untouched */
	}
	assert_int_equal(r, 0);
	assert_int_equal(k, 1 + 7); /* the state, its four tables of sources, two peers */
	config_unref(c);
}

static void test_reload(void **state)
{
	struct config *c = config_of(CONFIG(PEER("a", "1")));
	struct config *later = config_of(CONFIG(PEER("b", "2") "," PEER("a", "1") "," PEER("c", "3")));
	for (unsigned k = 0; k < 3; k++) {
		struct border_state *s;
		struct border_peer_gauges g;
		assert_int_equal(border_state_create(c, &s), 0);
		assert_int_equal(border_call_begin(s, c, 0, false, 0), REJECT_NONE);
		left = k;
		assert_int_equal(border_state_set_config(s, later), k < 2 ? -ENOMEM : 0);
		left = ~0u;
		assert_true(border_peer_gauges(s, "a", &g));
		assert_int_equal(g.calls_in, 1);
		border_call_end(s, c, 0, false);
		assert_int_equal(border_state_set_config(s, later), 0);
		assert_true(border_peer_gauges(s, "c", &g));
		border_state_destroy(s);
	}
	config_unref(later);
	config_unref(c);
}

static void test_leak_table(void **state)
{
	struct config *c = config_of(CONFIG(PEER("a", "1")));
	int r = -ENOMEM;
	unsigned k = 0;
	for (; r == -ENOMEM; k++) {
		struct leak_table *t = (void *)&k;
		left = k;
		r = leak_table_create(c, &t);
		left = ~0u;
		if (r == 0)
			leak_table_destroy(t);
		else
			assert_ptr_equal(t, &k);
	}
	assert_int_equal(r, 0);
	assert_int_equal(k, 1 + 3 + 2 * 3); /* table, networks, text; slots, hashes, needles of each */
	leak_table_destroy(NULL);
	border_state_destroy(NULL);
	config_unref(c);
}

/* The rest of the room asks for no memory at all. */
static void test_none(void **state)
{
	struct config *c = config_of(CONFIG(PEER("a", "1")));
	struct border_state *s;
	struct leak_table *t;
	assert_int_equal(border_state_create(c, &s), 0);
	assert_int_equal(leak_table_create(c, &t), 0);
	struct message *m =
		message_of("INVITE sip:1@h SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\n"
			   "From: <sip:1@h>;tag=1\nTo: <sip:2@h>\nCall-ID: 1\nCSeq: 1 INVITE\nSubject: x\n\n");
	left = 0;
	struct border_request r = border_request_of(c, m, 1);
	struct border_decision d;
	border_decide(c, &r, NULL, NULL, &d);
	assert_int_equal(border_call_begin(s, c, 0, false, 1), REJECT_NONE);
	border_call_end(s, c, 0, false);
	struct addr a = addr_of("192.0.2.1:5060");
	border_address_failed(s, &a, 1);
	border_address_worked(s, &a);
	char buf[512];
	struct writer w = writer_init(buf, sizeof(buf));
	struct crossing x = {.config = c, .from_peer = 0, .to_peer = 0, .local = a, .target_host = STR("h")};
	headers_cross(m, &x, &w);
	struct leak_finding f;
	struct leak_set set = {0};
	leak_set_add(&set, STR("needle"));
	leak_check(t, 0, &set, writer_result(&w), &f);
	left = ~0u;
	message_free(m);
	leak_table_destroy(t);
	border_state_destroy(s);
	config_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_leak_table),
		cmocka_unit_test(test_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
