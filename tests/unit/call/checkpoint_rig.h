/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint_rig: calls whose store is a fake behind the real vtable, on a real worker and relay on loopback. */
#ifndef TESTS_UNIT_CALL_CHECKPOINT_RIG_H
#define TESTS_UNIT_CALL_CHECKPOINT_RIG_H

#include "tests/unit/call/hand_record.h"

static struct {
	struct store store;
	unsigned puts, refused, dels, records_sent;
	bool full, waits;
	uint8_t put[1 << 16];
	size_t put_n;
} x;

/* ---- the fake store ---- */

static inline bool fake_put(struct store *s, enum store_table t, struct str key, struct str bytes)
{
	assert_int_equal(t, STORE_CALLS);
	assert_true(str_eq(key, str_z(hand_id)) && bytes.n <= sizeof(x.put));
	if (x.full) {
		x.refused++;
		return false;
	}
	memcpy(x.put, bytes.p, bytes.n);
	x.put_n = bytes.n;
	x.puts++;
	return true;
}

static inline bool fake_del(struct store *s, enum store_table t, struct str key)
{
	assert_true(str_eq(key, str_z(hand_id)));
	x.dels++;
	return true;
}

static inline bool fake_waits(struct store *s, enum store_table t, struct str key)
{
	return x.waits;
}

static const struct store_ops fake_ops = {.put = fake_put, .del = fake_del, .waits = fake_waits};

static inline void on_cdr(void *arg, const struct cdr *r)
{
	x.records_sent++;
}

/* ---- life ---- */

static inline void open_calls(void)
{
	rig_open_calls(&(struct calls_params){.store = &x.store, .cdr = on_cdr});
}

static inline int set_up(void **state)
{
	char text[1000];

	snprintf(
		text, sizeof(text),
		"{\"networks\":{\"n\":{\"listen\":[\"udp:127.0.0.1:%u\"],"
		"\"media\":{\"address\":\"127.0.0.1\",\"ports\":\"%u-%u\"}}},"
		"\"peers\":{\"a\":{\"network\":\"n\",\"targets\":[\"udp:127.0.0.1:9\"],\"media_acl\":[\"192.0.2.0/24\"]},"
		"\"b\":{\"network\":\"n\",\"targets\":[\"udp:127.0.0.2:9\"]}},"
		"\"routes\":[{\"name\":\"out\",\"match\":{\"peer\":\"a\"},\"target\":\"b\"}],"
		"\"media\":{\"workers\":1,\"port_cooldown_ms\":0}}",
		free_port(), hand_port(), hand_port() + 99);
	log_set_level(LOG_ERROR);
	log_set_sink(NULL, NULL);
	time_stands();
	rig_open(text);
	x.store.ops = &fake_ops;
	open_calls();
	ident_mint(&e.key, 17, hand_id);
	ident_mint(&e.key, 17, hand_tag[0]);
	ident_mint(&e.key, 17, hand_tag[1]);
	x.puts = x.refused = x.dels = x.records_sent = 0;
	x.full = x.waits = false;
	return 0;
}

static inline int tear_down(void **state)
{
	rig_close(NULL);
	time_runs();
	return 0;
}

/* ---- what the relay might have seen ---- */

static inline struct media_stats stats(void)
{
	struct media_stats s = {.n_streams = 2, .now_ns = clock_ns()};

	s.streams[1].used = true;
	for (unsigned i = 0; i < 2; i++)
		s.streams[1].from[i] = (struct media_direction){.packets = 500 + i,
								.bytes = 86000,
								.relayed = 499,
								.rtcp_packets = 2,
								.lost = 1,
								.reordered = 2,
								.duplicated = 3,
								.jitter_us = 1250,
								.drops = {[MEDIA_DROP_SOURCE] = 17},
								.first_ns = s.now_ns - 5000000000,
								.last_ns = s.now_ns - 20000000,
								.committed_ns = s.now_ns - 6000000000,
								.latched = at("127.0.0.2:4000"),
								.latched_rtcp = at("127.0.0.2:4001"),
								.refused = at("192.0.2.9:1"),
								.rank = MEDIA_RANK_SDP,
								.rank_rtcp = MEDIA_RANK_ACL,
								.source_changes = 1,
								.ssrc = 0xdeadbeef,
								.seq = 65535,
								.has_rtp = true,
								.window_ms = 300};
	return s;
}

static inline struct call *only_call(void)
{
	assert_false(list_empty(&e.calls->all));
	return list_first(&e.calls->all, struct call, node);
}

#define COUNTER(name) rig_counters().name

static inline struct str write_call(struct bytes_writer *w)
{
	struct media_stats s = stats();
	struct str record;

	bytes_writer_grow(w, 1 << 16, CHECKPOINT_VERSION, CHECKPOINT_OLDEST);
	checkpoint_write(only_call(), &s, w);
	assert_int_equal(bytes_seal(w, &record), 0);
	return record;
}

#endif
