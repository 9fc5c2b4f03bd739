/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sbc/call/verdict.h"

#define S 1000000000ull

static struct addr at(const char *text)
{
	struct addr a = {0};

	if (text)
		assert_true(addr_parse_hostport(str_z(text), &a));
	return a;
}

/* A call answered at 10 s, media expected from `committed` s on, ended at `end` s. */
struct row {
	const char *title;
	unsigned end;
	bool receives;
	const char *expected, *latched, *refused;
	uint64_t packets, relayed, source_drops, target_drops;
	unsigned last;
	enum media_rank rank;
	const char *want; /* NULL: healthy */
	unsigned committed;
};

static const struct row rows[] = {
	{"healthy", 30, true, "192.0.2.1:4000", "192.0.2.1:4000", NULL, 1000, 1000, 0, 0, 30, MEDIA_RANK_SDP, NULL, 10},
	{"nothing came, private address", 22, true, "10.0.0.5:4000", NULL, NULL, 0, 0, 0, 0, 0, MEDIA_RANK_NONE,
	 "no packet from A in 12 s; its SDP said 10.0.0.5:4000, a private address; latched nothing", 10},
	{"nothing came, public address", 22, true, "192.0.2.1:4000", NULL, NULL, 0, 0, 0, 0, 0, MEDIA_RANK_NONE,
	 "no packet from A in 12 s; its SDP said 192.0.2.1:4000; latched nothing", 10},
	{"nothing came, name in SDP", 22, true, NULL, NULL, NULL, 0, 0, 0, 0, 0, MEDIA_RANK_NONE,
	 "no packet from A in 12 s; its SDP gave no address; latched nothing", 10},
	{"only strangers", 22, true, "192.0.2.1:4000", NULL, "203.0.113.9:9", 0, 0, 600, 0, 0, MEDIA_RANK_NONE,
	 "no packet from A in 12 s; its SDP said 192.0.2.1:4000; latched nothing; 600 packets from other sources were refused, "
	 "the last from 203.0.113.9:9",
	 10},
	{"came, nowhere to go", 22, true, "192.0.2.1:4000", "192.0.2.1:4000", NULL, 600, 0, 0, 600, 22, MEDIA_RANK_SDP,
	 "600 packets came from A and none went on: the other side has no address to send to yet", 10},
	{"stopped", 60, true, "192.0.2.1:4000", "192.0.2.7:4002", NULL, 500, 500, 0, 0, 20, MEDIA_RANK_SIGNALLING,
	 "A stopped sending 40 s before the end, after 500 packets from 192.0.2.7:4002 (latched by where its signalling comes from)",
	 10},
	{"stopped just before the end", 60, true, "192.0.2.1:4000", "192.0.2.1:4000", NULL, 500, 500, 0, 0, 56,
	 MEDIA_RANK_SDP, NULL, 10},
	{"rang with a preview", 22, true, "192.0.2.1:4000", NULL, NULL, 0, 0, 0, 0, 0, MEDIA_RANK_NONE,
	 "no packet from A in 12 s; its SDP said 192.0.2.1:4000; latched nothing", 3},
	{"resumed after hold just before the end", 60, true, "192.0.2.1:4000", "192.0.2.1:4000", NULL, 500, 500, 0, 0,
	 20, MEDIA_RANK_SDP, NULL, 57},
	{"resumed, and then nothing more", 60, true, "192.0.2.1:4000", "192.0.2.1:4000", NULL, 500, 500, 0, 0, 20,
	 MEDIA_RANK_SDP,
	 "A stopped sending 40 s before the end, after 500 packets from 192.0.2.1:4000 (latched by its SDP address)",
	 50},
	{"on hold", 60, false, "192.0.2.1:4000", NULL, NULL, 0, 0, 0, 0, 0, MEDIA_RANK_NONE, NULL, 10},
	{"too short to say", 10, true, "192.0.2.1:4000", NULL, NULL, 0, 0, 0, 0, 0, MEDIA_RANK_NONE, NULL, 10},
	{"injection does not make it unhealthy", 30, true, "192.0.2.1:4000", "192.0.2.1:4000", "203.0.113.9:9", 1000,
	 1000, 50, 0, 30, MEDIA_RANK_SDP, NULL, 10},
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct media_stats stats = {.n_streams = 1};
		struct media_direction *d = &stats.streams[0].from[MEDIA_A];
		struct verdict_facts facts = {.stats = &stats, .answer_ns = 10 * S, .end_ns = r->end * S};
		char buf[VERDICT_MAX];
		const char *got;

		stats.streams[0].used = true;
		*d = (struct media_direction){.packets = r->packets,
					      .relayed = r->relayed,
					      .committed_ns = r->committed * S,
					      .last_ns = r->last * S,
					      .expected = at(r->expected),
					      .latched = at(r->latched),
					      .refused = at(r->refused),
					      .rank = r->rank,
					      .receives = r->receives};
		d->drops[MEDIA_DROP_SOURCE] = r->source_drops;
		d->drops[MEDIA_DROP_NO_TARGET] = r->target_drops;
		got = verdict(&facts, MEDIA_A, buf);
		if (r->want ? !got || strcmp(got, r->want) != 0 : got != NULL)
			fail_msg("%s: got \"%s\"", r->title, got ? got : "(healthy)");
	}
}

static void test_not_answered(void **state)
{
	struct media_stats stats = {.n_streams = 1};
	char buf[VERDICT_MAX];

	stats.streams[0].used = true;
	assert_null(verdict(&(struct verdict_facts){.stats = &stats, .end_ns = 100 * S}, MEDIA_A, buf));
	assert_null(verdict(&(struct verdict_facts){.answer_ns = S, .end_ns = 100 * S}, MEDIA_A, buf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_not_answered)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
