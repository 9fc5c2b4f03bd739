/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/border/border_text.h"

#define ALICE STR("alice@phones.example")
#define BOB   STR("bob@phones.example")

static struct config *config(void)
{
	return config_of("{ \"networks\": { \"n\": { \"listen\": [\"udp:127.0.0.1:5060\"] } },"
			 " \"peers\": { \"p\": { \"network\": \"n\", \"targets\": [\"203.0.113.5\"] } },"
			 " \"routes\": [ { \"target\": \"echo\" } ], \"limits\": { \"registrations_source\": 3 } }");
}

static struct border_state *state_of(struct config *c)
{
	struct border_state *s;

	assert_int_equal(border_state_create(c, &s), 0);
	return s;
}

static unsigned taken(struct border_state *s, unsigned rate, bool known, unsigned tries, uint64_t now_ms)
{
	unsigned n = 0;

	while (tries--)
		n += border_register_take(s, rate, known, now_ms);
	return n;
}

static void test_rates(void **state)
{
	static const struct {
		unsigned per_second, every_ms, asked, taken;
	} rows[] = {{1000, 0, 1000, 100}, {1000, 1, 2000, 2000}, {100, 1, 2001, 10 + 200},
		    {5, 0, 10, 1},        {5, 10, 201, 1 + 10},  {0, 0, 1000, 1000}};
	struct config *c = config();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct border_state *s = state_of(c);
		unsigned n = 0;

		for (unsigned k = 0; k < rows[i].asked; k++)
			n += taken(s, rows[i].per_second, false, 1, 1000000 + (uint64_t)k * rows[i].every_ms);
		if (n + 1 < rows[i].taken || n > rows[i].taken + 1)
			fail_msg("row %zu: %u taken, not %u", i, n, rows[i].taken);
		border_state_destroy(s);
	}
	config_unref(c);
}

/* What strangers leave is a quarter of what may go at once, or one; and none of it is lost when nobody wants it. */
static void test_share(void **state)
{
	static const struct {
		unsigned rate, strangers, known;
	} rows[] = {{1000, 100, 25}, {100, 10, 2}, {10, 1, 1}, {1, 1, 1}, {0, 500, 500}};
	struct config *c = config();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct border_state *s = state_of(c);

		assert_int_equal(taken(s, rows[i].rate, false, 500, 5000), rows[i].strangers);
		assert_int_equal(taken(s, rows[i].rate, true, 500, 5000), rows[i].known);
		if (rows[i].rate)
			assert_int_equal(taken(s, rows[i].rate, false, 500, 5000), 0);
		border_state_destroy(s);
	}
	config_unref(c);
}

/* Strangers ask a hundred times as often as the core can bear; phones that ask for less than it can get all they ask
 * for, strangers the rest, and the core no more than its rate. */
static void test_flood(void **state)
{
	struct config *c = config();
	struct border_state *s = state_of(c);
	unsigned strangers = 0, known = 0, asked = 0;

	for (uint64_t ms = 0; ms < 60000; ms++) {
		strangers += taken(s, 100, false, 10, 5000 + ms);
		if (ms % 20 == 7) {
			asked++;
			known += taken(s, 100, true, 1, 5000 + ms);
		}
	}
	assert_int_equal(known, asked);
	assert_in_range(strangers + known, 5990, 6000 + 10 + 3);
	border_state_destroy(s);
	config_unref(c);
}

/* Who forges a phone's flow gets four, then one each five seconds; another's, or another port's, are its own. */
static void test_vouch(void **state)
{
	struct config *c = config();
	struct border_state *s = state_of(c);
	struct addr at = addr_of("192.0.2.1:5060"), port = addr_of("192.0.2.1:5061");
	unsigned n = 0;

	for (uint64_t ms = 0; ms < 60000; ms += 10)
		n += border_register_vouch(s, 0, ALICE, &at, 5000 + ms);
	assert_int_equal(n, 4 + 11);
	assert_false(border_register_vouch(s, 0, ALICE, &at, 64999));
	assert_true(border_register_vouch(s, 0, ALICE, &port, 64999));
	addr_set_port(&port, 0);
	assert_true(border_register_vouch(s, 0, ALICE, &port, 64999));
	assert_true(border_register_vouch(s, 0, ALICE, NULL, 64999));
	assert_true(border_register_vouch(s, 0, BOB, &at, 64999));
	assert_true(border_register_vouch(s, 1, ALICE, &at, 64999));
	border_state_destroy(s);
	config_unref(c);
}

#define HOUR_MS 3600000

static void test_contacts(void **state)
{
	struct config *c = config();
	struct border_state *s = state_of(c);

	assert_true(border_contacts_left(s, 6, 0, ALICE, 6, 5000));
	assert_false(border_contacts_left(s, 6, 0, ALICE, 7, 5000));
	for (unsigned i = 0; i < 6; i++) {
		assert_true(border_contacts_left(s, 6, 0, ALICE, 1, 5000));
		border_contact_made(s, 6, 0, ALICE, 5000);
	}
	assert_false(border_contacts_left(s, 6, 0, ALICE, 1, 5000));
	assert_true(border_contacts_left(s, 6, 0, BOB, 6, 5000));
	assert_true(border_contacts_left(s, 6, 1, ALICE, 6, 5000));
	assert_true(border_contacts_left(s, 0, 0, ALICE, 16, 5000)); /* no limit */
	assert_false(border_contacts_left(s, 6, 0, ALICE, 1, 5000 + HOUR_MS / 6 - 1));
	assert_true(border_contacts_left(s, 6, 0, ALICE, 1, 5000 + HOUR_MS / 6));
	assert_false(border_contacts_left(s, 6, 0, ALICE, 2, 5000 + HOUR_MS / 6));
	assert_true(border_contacts_left(s, 6, 0, ALICE, 6, 5000 + HOUR_MS));
	/* of an AoR that nobody has looked at since, and of a limit that a reload made smaller */
	assert_false(border_contacts_left(s, 1, 0, ALICE, 1, 5000));
	border_state_destroy(s);
	config_unref(c);
}

static bool room(struct border_state *s, const struct config *c, const char *at, unsigned n)
{
	struct flow_addr from = {.remote = addr_of(at)};

	return border_phone_room(s, c, &from, n);
}

/* Of one host, whatever the ports; IPv6 by the /64; a peer's has no end. */
static void test_room(void **state)
{
	struct config *c = config();
	struct border_state *s = state_of(c);
	struct addr a = addr_of("192.0.2.1:5060"), b = addr_of("192.0.2.1:5061"), v6 = addr_of("[2001:db8::1]:5060");

	assert_true(room(s, c, "192.0.2.1:5060", 3));
	assert_false(room(s, c, "192.0.2.1:5060", 4));
	border_phone_known(s, 0, &a, ALICE, true);
	border_phone_known(s, 0, &b, ALICE, true);
	border_phone_known(s, 0, &b, BOB, true);
	assert_int_equal(border_phones_at(s, 0, &a), 3);
	assert_int_equal(border_phones_at(s, 1, &a), 0);
	assert_false(room(s, c, "192.0.2.1:7000", 1));
	assert_true(room(s, c, "192.0.2.2:5060", 3));
	border_phone_known(s, 0, &a, ALICE, false);
	assert_true(room(s, c, "192.0.2.1:7000", 1));
	border_phone_known(s, 0, &b, ALICE, false);
	border_phone_known(s, 0, &b, BOB, false);
	border_phone_known(s, 0, &b, BOB, false); /* one too many stays at none */
	assert_int_equal(border_phones_at(s, 0, &a), 0);
	for (unsigned i = 0; i < 3; i++)
		border_phone_known(s, 0, &v6, ALICE, true);
	assert_false(room(s, c, "[2001:db8::ffff:1]:5060", 1));
	assert_true(room(s, c, "[2001:db8:0:1::1]:5060", 1));
	assert_true(room(s, c, "203.0.113.5:5060", 1000));
	border_state_destroy(s);
	config_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates), cmocka_unit_test(test_share),    cmocka_unit_test(test_flood),
		cmocka_unit_test(test_vouch), cmocka_unit_test(test_contacts), cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
