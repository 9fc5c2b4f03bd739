/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sdp/helper.h"

#include <stdio.h>

static const char text[] = BASE "m=audio 4 RTP/AVP 0\r\na=x-y:z\r\n";

struct fixture {
	struct sdp *s;
	struct sdp_out_media m;
	struct sdp_out o;
	struct sdp_origin origin;
	uint8_t codec;
	char buf[512];
};

static void start(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->s = parse_ok(text, sizeof(text) - 1);
	f->m = (struct sdp_out_media){.in = &f->s->media[0], .codecs = &f->codec, .n_codecs = 1};
	f->o = (struct sdp_out){.in = f->s, .media = &f->m, .n_media = 1};
	assert_true(addr_parse(STR("198.51.100.1"), 20000, &f->m.local));
	f->o.origin = f->m.local;
	f->origin = sdp_origin_init(UINT64_C(400));
}

/* Writes behind what is already there, and says what the version is. */
static unsigned long long version(struct fixture *f)
{
	struct writer w = writer_init(f->buf, sizeof(f->buf) - 1);
	unsigned long long id, v;
	writer_lit(&w, "before");
	sdp_write_own(&f->origin, &f->o, &w);
	assert_false(w.overflow);
	f->buf[w.n] = '\0';
	assert_int_equal(sscanf(f->buf, "beforev=0 o=- %llu %llu IN IP4 198.51.100.1 s=-", &id, &v), 2);
	assert_int_equal(id, 100);
	assert_true(str_contains(writer_result(&w), STR("\r\na=x-y:z\r\na=")));
	assert_int_equal(f->buf[w.n - 1], '\n');
	struct sdp *s = parse_ok(f->buf + 6, w.n - 6);
	sdp_free(s);
	return v;
}

static void raised_when_changed(void **state)
{
	struct fixture f;
	start(&f);
	assert_int_equal(version(&f), 1);
	assert_int_equal(version(&f), 1);
	f.m.dir = SDP_SENDONLY;
	assert_int_equal(version(&f), 2);
	assert_int_equal(version(&f), 2);
	f.m.dir = SDP_SENDRECV;
	assert_int_equal(version(&f), 3);
	addr_set_port(&f.m.local, 20002);
	assert_int_equal(version(&f), 4);
	f.o.session_id = 7; /* not ours to take */
	f.o.version = 7;
	assert_int_equal(version(&f), 4);
	sdp_free(f.s);
}

/* The version gets one digit longer when raised, and is written as one digit shorter again when it is not. */
static void digits(void **state)
{
	struct fixture f;
	start(&f);
	for (unsigned i = 1; i <= 101; i++) {
		addr_set_port(&f.m.local, (uint16_t)(20000 + 2 * i));
		assert_int_equal(version(&f), i);
		assert_int_equal(version(&f), i);
	}
	sdp_free(f.s);
}

static void overflow_changes_nothing(void **state)
{
	struct fixture f;
	start(&f);
	assert_int_equal(version(&f), 1);
	f.m.dir = SDP_INACTIVE;
	for (size_t cap = 0; cap < 100; cap++) {
		struct sdp_origin before = f.origin;
		struct writer w = writer_init(f.buf, cap);
		sdp_write_own(&f.origin, &f.o, &w);
		assert_true(w.overflow);
		assert_memory_equal(&before, &f.origin, sizeof(before));
	}
	assert_int_equal(version(&f), 2);
	sdp_free(f.s);
}

static void id_is_below_2_62(void **state)
{
	assert_true(sdp_origin_init(UINT64_MAX).id < UINT64_C(1) << 62);
	assert_int_equal(sdp_origin_init(1).digest, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raised_when_changed),
		cmocka_unit_test(digits),
		cmocka_unit_test(overflow_changes_nothing),
		cmocka_unit_test(id_is_below_2_62),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
