/* SPDX-License-Identifier: Apache-2.0 */
/* A call as bytes that cannot be taken up: cut, altered, of another version or key, or without memory for it. It is
 * refused, and nothing is left of it. */
#include "../base/oom.h"

#include "tests/unit/call/checkpoint_rig.h"

#define SUM 8

static void reseal(uint8_t *p, size_t n)
{
	static const struct hash_key key = {{0x6c696d656e207265, 0x636f726473756d31}};
	uint64_t sum = siphash(&key, p, n - SUM);

	for (unsigned i = 0; i < SUM; i++)
		p[n - SUM + i] = (uint8_t)(sum >> 8 * i);
}

/* Ends it without a word to anybody, and waits until the relay has let go. */
static void drop_all(void)
{
	struct call *c;

	if (list_empty(&e.calls->all))
		return;
	c = only_call();
	if (c->a)
		c->a->state = LEG_ENDED;
	if (c->b)
		c->b->state = LEG_ENDED;
	call_end_both(c, CDR_SIDE_US, "test");
	call_run(c);
	calls_reap_later(e.calls, c);
	UNTIL(e.worker->loop, COUNTER(calls) == 0);
}

/* Read; one in eight (a restored call takes its time to end) refused, or taken and let go: nothing is left then. */
static int try(const uint8_t *p, size_t n)
{
	static unsigned nth;
	static struct call_record r;
	uint8_t *copy = malloc(n);
	struct str record = {(char *)copy, n};
	int err;

	memcpy(copy, p, n);
	reseal(copy, n);
	err = checkpoint_read(record, &r);
	if (err == 0 && nth++ % 8 == 0)
		err = calls_restore(e.calls, str_z(hand_id), record);
	free(copy);
	assert_true(err == 0 || err == -EBADMSG || err == -EPROTO || err == -ENOMEM);
	if (err == 0)
		drop_all();
	assert_int_equal(COUNTER(calls), 0);
	assert_int_equal(COUNTER(legs), 0);
	assert_int_equal(border_calls(e.border), 0);
	return err;
}

static void quiet(void *arg, enum log_level level, const char *line, size_t n)
{
}

static void damaged(const struct open *o)
{
	struct bytes_writer hand, w;
	struct str record = hand_open_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST, o);
	uint8_t *copy;
	unsigned refused = 0, tried = 0;

	log_set_sink(quiet, NULL);
	assert_int_equal(calls_restore(e.calls, str_z(hand_id), record), 0);
	record = write_call(&w);
	drop_all();
	/* as it is on a bad disk */
	for (size_t n = 0; n < record.n; n++)
		assert_int_equal(calls_restore(e.calls, str_z(hand_id), (struct str){record.p, n}), -EBADMSG);
	assert_true(COUNTER(calls_not_restored) >= record.n);
	/* under a good checksum */
	copy = malloc(record.n);
	for (size_t n = SUM + 3; n < record.n; n++)
		refused += try((const uint8_t *)record.p, n) != 0;
	assert_true(refused > record.n / 2);
	refused = 0;
	for (size_t at = 0; at < record.n - SUM; at++)
		for (unsigned i = 0; i < 2; i++, tried++) {
			memcpy(copy, record.p, record.n);
			copy[at] = (uint8_t)(i ? copy[at] + 0x7f : copy[at] ^ 1);
			refused += try(copy, record.n) != 0;
		}
	print_message("%u of %u altered records refused\n", refused, tried);
	assert_int_equal(try((const uint8_t *)record.p, record.n), 0);
	free(copy);
	bytes_writer_finish(&w);
	bytes_writer_finish(&hand);
	log_set_sink(NULL, NULL);
}

static void test_damaged(void **state)
{
	damaged(&open_cases[0]);
}

static void test_damaged_open(void **state)
{
	for (unsigned i = 3; i < N_OPEN_CASES; i += 3)
		damaged(&open_cases[i]);
}

static void test_another_key(void **state)
{
	struct bytes_writer hand;
	struct str record = hand_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST);
	struct ident_key theirs = ident_key_init(str_z("another key than ours"), 1, 1);
	uint8_t slot;
	char id[IDENT_LEN + 1];

	log_set_sink(quiet, NULL);
	assert_true(calls_slot(&e.key, str_z(hand_id), &slot));
	assert_int_equal(slot, 17);
	assert_false(calls_slot(&theirs, str_z(hand_id), &slot));
	assert_false(calls_slot(&e.key, STR("x"), &slot));
	/* a record that lies under the key of another call */
	ident_mint(&e.key, 17, id);
	assert_int_equal(calls_restore(e.calls, str_z(id), record), -EBADMSG);
	assert_int_equal(COUNTER(calls), 0);
	bytes_writer_finish(&hand);
	log_set_sink(NULL, NULL);
}

static void test_versions(void **state)
{
	struct bytes_writer w;
	struct str record;

	log_set_sink(quiet, NULL);
	/* of a later release, which says that this one may read it: what it added is passed over */
	bytes_writer_grow(&w, 1 << 16, CHECKPOINT_VERSION + 1, CHECKPOINT_VERSION);
	bytes_z(&w, 200, "of a later release");
	hand_call(&w, &open_cases[0]);
	assert_int_equal(bytes_seal(&w, &record), 0);
	assert_int_equal(calls_restore(e.calls, str_z(hand_id), record), 0);
	drop_all();
	bytes_writer_finish(&w);
	record = hand_record(&w, CHECKPOINT_VERSION + 1, CHECKPOINT_VERSION + 1);
	assert_int_equal(calls_restore(e.calls, str_z(hand_id), record), -EPROTO);
	assert_int_equal(COUNTER(calls_not_restored), 1);
	bytes_writer_finish(&w);
	log_set_sink(NULL, NULL);
}

static void memory(const struct open *o)
{
	struct bytes_writer hand;
	struct str record = hand_open_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST, o);
	unsigned refused = 1;

	log_set_sink(quiet, NULL);
	for (unsigned k = 0; refused && k < 200; k++) {
		oom_after(k);
		int err = calls_restore(e.calls, str_z(hand_id), record);
		refused = oom_off();
		assert_true(err == 0 || err == -ENOMEM);
		assert_true(err == 0 || refused);
		drop_all();
		UNTIL(e.worker->loop, sock_count(SOCK_KIND_MEDIA) == 0);
		assert_int_equal(COUNTER(calls), 0);
		assert_int_equal(COUNTER(legs), 0);
		assert_int_equal(border_calls(e.border), 0);
	}
	assert_int_equal(refused, 0);
	bytes_writer_finish(&hand);
	log_set_sink(NULL, NULL);
}

static void test_memory(void **state)
{
	for (unsigned i = 0; i < N_OPEN_CASES; i++)
		memory(&open_cases[i]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_damaged),  CASE(test_damaged_open), CASE(test_another_key),
		CASE(test_versions), CASE(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
