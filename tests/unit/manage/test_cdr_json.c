/* SPDX-License-Identifier: Apache-2.0 */
/* Records against golden text, each read back by a parser that is not ours. LIMEN_GOLDEN_WRITE=1 writes the texts anew.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sbc/manage/line_writer.h"
#include "sbc/manage/records.h"
#include "tests/unit/base/golden.h"
#include "unit.h"

#define START_US 1795246933123456u /* 2026-11-21T07:42:13.123456Z */

static struct addr addr(const char *text)
{
	struct addr a;
	assert_true(addr_parse_hostport(str_z(text), &a));
	return a;
}

static struct media_direction healthy(const char *from)
{
	return (struct media_direction){.packets = 1500,
					.bytes = 258000,
					.relayed = 1499,
					.rtcp_packets = 6,
					.lost = 2,
					.reordered = 1,
					.jitter_us = 1250,
					.expected = addr(from),
					.latched = addr(from),
					.rank = MEDIA_RANK_SDP,
					.receives = true};
}

static struct media_stats stats;
static struct cdr_attempt attempts[CDR_MAX_ATTEMPTS];

static struct cdr answered(void)
{
	stats = (struct media_stats){.n_streams = 1};
	stats.streams[0].used = true;
	stats.streams[0].from[MEDIA_A] = healthy("192.0.2.1:40000");
	stats.streams[0].from[MEDIA_B] = healthy("[2001:db8::5]:16384");
	attempts[0] = (struct cdr_attempt){
		.peer = STR("pbx"), .remote = addr("10.0.0.5:5060"), .status = 200, .cause = "answered"};
	return (struct cdr){
		.id = "c0ffee00",
		.start_us = START_US,
		.ring_us = START_US + 180000,
		.answer_us = START_US + 2500000,
		.end_us = START_US + 32500999,
		.a = {.network = STR("trunk"),
		      .peer = STR("carrier-a"),
		      .call_id = STR("1-2@192.0.2.1"),
		      .local_tag = STR("lt"),
		      .remote_tag = STR("rt"),
		      .from = STR("<sip:+49301@carrier.example>"),
		      .to = STR("<sip:+49302@203.0.113.10>"),
		      .ruri = STR("sip:+49302@203.0.113.10"),
		      .remote = addr("192.0.2.1:5060"),
		      .transport = CONFIG_UDP},
		.b = {.network = STR("core"),
		      .peer = STR("pbx"),
		      .call_id = STR("b-call"),
		      .local_tag = STR("bl"),
		      .remote_tag = STR("br"),
		      .from = STR("<sip:+49301@10.0.0.2>"),
		      .to = STR("<sip:0302@10.0.0.5>"),
		      .ruri = STR("sip:0302@10.0.0.5"),
		      .remote = addr("10.0.0.5:5060"),
		      .transport = CONFIG_TCP},
		.route = STR("in"),
		.attempts = attempts,
		.n_attempts = 1,
		.status = 200,
		.ended_by = CDR_SIDE_B,
		.cause = "bye",
		.media = &stats,
	};
}

static struct cdr failed_over(void)
{
	struct cdr r = answered();
	attempts[0] = (struct cdr_attempt){.peer = STR("pbx-1"), .status = 0, .cause = "unresolved"};
	attempts[1] = (struct cdr_attempt){
		.peer = STR("pbx-1"), .remote = addr("10.0.0.5:5060"), .status = 0, .cause = "timeout"};
	attempts[2] = (struct cdr_attempt){
		.peer = STR("pbx-2"), .remote = addr("[fd00::6]:5060"), .status = 503, .cause = "status"};
	r.n_attempts = 3;
	r.ring_us = r.answer_us = 0;
	r.status = 503;
	r.ended_by = CDR_SIDE_US;
	r.cause = "rejected";
	r.reason = STR("Service Unavailable");
	r.media = NULL;
	return r;
}

static struct cdr no_audio(void)
{
	struct cdr r = answered();
	struct media_direction *d = &stats.streams[0].from[MEDIA_B];
	*d = (struct media_direction){.expected = addr("10.0.0.9:4000"),
				      .refused = addr("198.51.100.66:7777"),
				      .rank = MEDIA_RANK_NONE,
				      .source_changes = 0};
	d->drops[MEDIA_DROP_SOURCE] = 77;
	d->drops[MEDIA_DROP_STALE] = 1;
	stats.n_streams = 3;
	stats.streams[1].used = false;
	stats.streams[2] = stats.streams[0];
	stats.streams[2].from[MEDIA_A].rank = MEDIA_RANK_ANY;
	stats.streams[2].from[MEDIA_A].source_changes = 3;
	stats.streams[2].from[MEDIA_A].duplicated = 4;
	r.verdict[MEDIA_B] = "no packet from B in 12 s; its SDP said 10.0.0.5, a private address; latched nothing";
	r.ended_by = CDR_SIDE_A;
	return r;
}

/* what a peer writes cannot break out of its string */
static struct cdr hostile(void)
{
	struct cdr r = answered();
	r.a.from = STR("\"x\\\" <sip:\r\n\"},\"id\":\"forged\"@y>");
	r.a.call_id = STR("\xff\xc3\xbc\x00\x1b[2J");
	r.reason = STR("Q.850;cause=16;text=\"\xc2\x85\"");
	r.media = NULL;
	return r;
}

static struct cdr barely_begun(void)
{
	return (struct cdr){.id = "an id of thirty-two characters.", .start_us = START_US, .ended_by = CDR_SIDE_US};
}

/* clocks that step back give no span of 584,000 years */
static struct cdr out_of_order(void)
{
	struct cdr r = answered();
	r.ring_us = r.answer_us + 1;
	r.end_us = r.answer_us - 1;
	r.media = NULL;
	return r;
}

static json_t *parse(struct str text)
{
	json_error_t err;
	json_t *j = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &err);
	if (!j)
		fail_msg("%s at %d: %.*s", err.text, err.position, STR_FMT(text));
	assert_true(json_is_object(j));
	return j;
}

static const struct {
	const char *name;
	struct cdr (*make)(void);
} goldens[] = {
	{"answered", answered}, {"failed_over", failed_over},   {"no_audio", no_audio},
	{"hostile", hostile},   {"barely_begun", barely_begun}, {"out_of_order", out_of_order},
};

static void test_golden(void **state)
{
	for (size_t i = 0; i < LENGTH(goldens); i++) {
		char buf[CDR_LINE_MAX], path[512];
		struct cdr r = goldens[i].make();
		struct writer w = writer_init(buf, sizeof(buf));

		cdr_write_json(&w, &r);
		assert_false(w.overflow);
		assert_null(memchr(buf, '\n', w.n));
		json_decref(parse(writer_result(&w)));
		writer_char(&w, '\n');
		snprintf(path, sizeof(path), GOLDEN_DIR "/%s.json", goldens[i].name);
		golden_check(path, writer_result(&w));
	}
}

/* every record has the same keys, so that a table can be made of them */
static void test_same_keys(void **state)
{
	size_t want = 0;
	for (size_t i = 0; i < LENGTH(goldens); i++) {
		char buf[CDR_LINE_MAX];
		struct cdr r = goldens[i].make();
		struct writer w = writer_init(buf, sizeof(buf));
		json_t *j;

		cdr_write_json(&w, &r);
		j = parse(writer_result(&w));
		if (i == 0)
			want = json_object_size(j);
		assert_int_equal(json_object_size(j), want);
		json_decref(j);
	}
}

/* with every capacity: whole JSON, or overflowed; never half of it taken for whole */
static void test_every_capacity(void **state)
{
	struct cdr r = no_audio();
	char buf[CDR_LINE_MAX];
	struct writer w = writer_init(buf, sizeof(buf));
	size_t whole;

	cdr_write_json(&w, &r);
	whole = w.n;
	for (size_t cap = 0; cap <= whole; cap++) {
		char *small = malloc(cap ? cap : 1);
		w = writer_init(small, cap);
		cdr_write_json(&w, &r);
		assert_int_equal(w.overflow, cap < whole);
		free(small);
	}
}

static char line_of_writer[2 * CDR_LINE_MAX];

static size_t through_a_writer(const struct cdr *r)
{
	char path[] = "/tmp/test_cdr_json.XXXXXX";
	struct line_writer *w;
	int fd = mkstemp(path);
	ssize_t n;

	assert_int_equal(line_writer_create(path, 4 * CDR_LINE_MAX, 50, &w), 0);
	cdr_to_writer(w, r);
	line_writer_destroy(w);
	n = read(fd, line_of_writer, sizeof(line_of_writer));
	assert_in_range(n, 1, sizeof(line_of_writer));
	close(fd);
	unlink(path);
	assert_int_equal(line_of_writer[n - 1], '\n');
	return (size_t)n - 1;
}

static void test_too_long(void **state)
{
	static char text[40000];
	struct cdr r = answered();
	json_t *j;
	size_t n;

	memset(text, '\x01', sizeof(text)); /* six bytes each */
	r.reason = (struct str){text, sizeof(text)};
	n = through_a_writer(&r);
	assert_in_range(n, 1, 512);
	j = parse((struct str){line_of_writer, n});
	assert_true(json_is_true(json_object_get(j, "truncated")));
	assert_string_equal(json_string_value(json_object_get(j, "id")), "c0ffee00");
	assert_int_equal(json_integer_value(json_object_get(j, "talk_ms")), 30000);
	assert_string_equal(json_string_value(json_object_get(j, "cause")), "bye");
	json_decref(j);
}

static void test_whole_line(void **state)
{
	struct cdr r = answered();
	size_t n = through_a_writer(&r);
	json_t *j = parse((struct str){line_of_writer, n});
	assert_null(json_object_get(j, "truncated"));
	json_decref(j);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),         cmocka_unit_test(test_same_keys),
		cmocka_unit_test(test_every_capacity), cmocka_unit_test(test_whole_line),
		cmocka_unit_test(test_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
