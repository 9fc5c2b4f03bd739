/* SPDX-License-Identifier: Apache-2.0 */
/* What 100,000 registrations cost, and that a failed allocation leaves everything as it was. A sanitizer has a
 * malloc(3) of its own; such a build skips the figures. */
#include <malloc.h>

#include "tests/unit/base/oom.h"
#include "tests/unit/location/fixture.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#define PHONES        100000
#define BYTES_ALLOWED 1024

/* A desk phone's REGISTER, as long as they are. */
static int put_numbered(struct fixture *f, unsigned i)
{
	char aor[64], uri[128], instance[64], alias[IDENT_LEN + 1], call_id[IDENT_LEN + 1];
	struct location_contact c;
	struct location_binding *b;

	snprintf(aor, sizeof(aor), "4930%07u@sip.provider.example", i);
	snprintf(uri, sizeof(uri), "sip:4930%07u@192.168.178.34:5060;transport=udp;line=%08x;ob", i, i);
	snprintf(instance, sizeof(instance), "\"<urn:uuid:00000000-0000-1000-8000-%012x>\"", i);
	c = (struct location_contact){.uri = str_z(uri),
				      .params = STR(";methods=\"INVITE,ACK,BYE,CANCEL,OPTIONS,INFO,NOTIFY\""),
				      .instance = str_z(instance),
				      .reg_id = 1};
	struct location_update u = {.aor = str_z(aor),
				    .contact = &c,
				    .alias = alias,
				    .core_call_id = call_id,
				    .flow = flow_of("192.0.2.1:5060", i + 1),
				    .agent = STR("Vendor Deskphone 7000/10.4.12.3 0123456789ab"),
				    .phone_cseq = 1,
				    .core_cseq = 1,
				    .phone_s = 60,
				    .core_s = 3600};
	location_alias(f->l, (uint8_t)(i % IDENT_SLOTS), 0, u.aor, &c, alias);
	ident_mint(&f->key, 0, call_id);
	return location_put(f->l, &u, &b);
}

static void test_size(void **state)
{
#ifdef SANITIZED
	skip();
#else
	struct fixture f;
	fixture_init(&f, ",\"keepalive\":\"options\"", "");
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (unsigned i = 0; i < PHONES; i++)
		assert_int_equal(put_numbered(&f, i), 0);
	size_t each = (mallinfo2().uordblks + mallinfo2().hblkhd - before) / PHONES;
	print_message("%zu bytes each\n", each);
	assert_in_range(each, 1, BYTES_ALLOWED);
	fixture_finish(&f);
#endif
}

static void test_out_of_memory(void **state)
{
	struct fixture f;
	unsigned allowed = 0;
	int err;
	fixture_init(&f, "", "");
	do {
		oom_after(allowed++);
		err = put_numbered(&f, 1);
		oom_off();
		if (err == 0)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(counters_of(&f).bindings, 0);
		assert_int_equal(counters_of(&f).aors, 0);
		assert_int_equal(atomic_load(&f.shared), 0);
	} while (allowed < 100);
	assert_int_equal(err, 0);
	assert_in_range(allowed, 3, 10);
	/* renewing: the old one stays as it was */
	for (allowed = 0; allowed < 100; allowed++) {
		oom_after(allowed);
		err = put_numbered(&f, 1);
		oom_off();
		assert_int_equal(counters_of(&f).bindings, 1);
		assert_int_equal(counters_of(&f).live, 1);
		if (err == 0)
			break;
		assert_int_equal(counters_of(&f).bindings_renewed, 0);
	}
	assert_int_equal(err, 0);
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
