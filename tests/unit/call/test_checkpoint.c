/* SPDX-License-Identifier: Apache-2.0 */
/* A call as bytes: written, read and written again it is the same; cut, altered or without memory it is refused and
 * nothing is left of it. A real worker and relay on loopback; the store is a fake behind the real vtable. */
#include "sbc/call/checkpoint.h"

#include "../base/oom.h"
#include <sched.h>

#include "base/log.h"
#include "sbc/media_networks.h"
#include "tests/unit/sip/net.h"

#define SUM 8

static struct {
	struct config *config;
	struct ident_key key;
	struct media *media;
	struct border_state *border;
	struct worker_group *group;
	struct worker *worker;
	struct calls *calls;
	struct store store;
	unsigned puts, dels, records_sent;
	uint8_t put[1 << 16];
	size_t put_n;
	char id[IDENT_LEN + 1], tag[2][IDENT_LEN + 1];
} e;

/* ---- the fake store ---- */

static bool fake_put(struct store *s, enum store_table t, struct str key, struct str bytes)
{
	assert_int_equal(t, STORE_CALLS);
	assert_true(str_eq(key, str_z(e.id)) && bytes.n <= sizeof(e.put));
	memcpy(e.put, bytes.p, bytes.n);
	e.put_n = bytes.n;
	e.puts++;
	return true;
}

static bool fake_del(struct store *s, enum store_table t, struct str key)
{
	assert_true(str_eq(key, str_z(e.id)));
	e.dels++;
	return true;
}

static const struct store_ops fake_ops = {.put = fake_put, .del = fake_del};

static bool on_pass(void *arg, struct server_txn *t, const struct message *m)
{
	server_txn_reject(t, REJECT_METHOD);
	return true;
}

static void on_cdr(void *arg, const struct cdr *r)
{
	e.records_sent++;
}

/* ---- life ---- */

static void open_calls(void)
{
	assert_int_equal(calls_create(&(struct calls_params){.worker = e.worker,
							     .media = e.media,
							     .border = e.border,
							     .store = &e.store,
							     .cdr = on_cdr,
							     .pass = on_pass},
				      &e.calls),
			 0);
	worker_set_arg(e.group, 0, e.calls);
}

static int set_up(void **state)
{
	char text[1000], err[256] = "";

	snprintf(
		text, sizeof(text),
		"{\"networks\":{\"n\":{\"listen\":[\"udp:127.0.0.1:%u\"],"
		"\"media\":{\"address\":\"127.0.0.1\",\"ports\":\"23400-23499\"}}},"
		"\"peers\":{\"a\":{\"network\":\"n\",\"targets\":[\"udp:127.0.0.1:9\"],\"media_acl\":[\"192.0.2.0/24\"]},"
		"\"b\":{\"network\":\"n\",\"targets\":[\"udp:127.0.0.2:9\"]}},"
		"\"routes\":[{\"name\":\"out\",\"match\":{\"peer\":\"a\"},\"target\":\"b\"}],"
		"\"media\":{\"workers\":1,\"port_cooldown_ms\":0}}",
		free_port());
	log_set_level(LOG_ERROR);
	log_set_sink(NULL, NULL);
	time_stands();
	e.config = config_of(text);
	e.key = ident_key_init(str_z("a key for this test"), 1, 1);
	e.store.ops = &fake_ops;
	assert_int_equal(media_networks_create(e.config, &e.media), 0);
	assert_int_equal(border_state_create(e.config, &e.border), 0);
	if (worker_group_create(&(struct worker_group_params){.config = e.config,
							      .n = 1,
							      .key = &e.key,
							      .dns_servers = "127.0.0.1:9",
							      .user = &calls_worker_user},
				err, sizeof(err), &e.group) < 0)
		fail_msg("%s", err);
	e.worker = worker_get(e.group, 0);
	open_calls();
	ident_mint(&e.key, 17, e.id);
	ident_mint(&e.key, 17, e.tag[0]);
	ident_mint(&e.key, 17, e.tag[1]);
	e.puts = e.dels = e.records_sent = 0;
	return 0;
}

static int tear_down(void **state)
{
	worker_group_stop(e.group);
	calls_destroy(e.calls);
	worker_group_destroy(e.group);
	media_destroy(e.media);
	border_state_destroy(e.border);
	config_unref(e.config);
	time_runs();
	for (int k = 0; k < SOCK_KIND_COUNT; k++)
		assert_int_equal(sock_count((enum sock_kind)k), 0);
	return 0;
}

/* ---- a record made by hand ---- */

static void hand_leg(struct bytes_writer *w, bool a, unsigned port)
{
	struct dialog d;
	struct dialog_uac p = {.call_id = str_z(a ? "theirs@192.0.2.1" : e.tag[1]),
			       .local = STR("\"Us\" <sip:us@127.0.0.1>"),
			       .remote = STR("<sip:them@127.0.0.2>"),
			       .target = STR("sip:them@127.0.0.2:9"),
			       .local_tag = e.tag[!a],
			       .peer = {.transport = CONFIG_UDP, .remote = at("127.0.0.2:9")}};
	struct addr media = at("127.0.0.2:4000"), rtcp = at("127.0.0.2:4001");
	size_t leg, agreed;

	assert_int_equal(dialog_init_uac(&d, &p), 0);
	assert_int_equal(
		dialog_set_texts(&d, &(struct dialog_texts){p.call_id, p.local, p.remote, STR("remote-tag"), p.target,
							    STR("Route: <sip:proxy;lr>\r\nRoute: <sip:p2>\r\n")}),
		0);
	d.local_cseq = 7;
	d.remote_cseq = 101;
	d.remote_cseq_set = true;
	dialog_follow(&d);
	leg = bytes_begin(w, a ? CALL_TAG_A : CALL_TAG_B);
	bytes_z(w, LEG_TAG_NETWORK, "n");
	bytes_z(w, LEG_TAG_PEER, a ? "a" : "b");
	dialog_write(&d, w, LEG_TAG_DIALOG);
	dialog_finish(&d);
	bytes_u64(w, LEG_TAG_MAX_FORWARDS, 69);
	bytes_u64(w, LEG_TAG_INVITE_CSEQ, 101);
	bytes_u64(w, LEG_TAG_FAR_UPDATE, 1);
	bytes_u64(w, LEG_TAG_ORIGIN_ID, 4711);
	bytes_u64(w, LEG_TAG_ORIGIN_VERSION, 3);
	bytes_u64(w, LEG_TAG_ORIGIN_DIGEST, 0x1234567890abcdef);
	bytes_z(w, LEG_TAG_SDP_SENT, "v=0\r\no=- 4711 3 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
	bytes_u64(w, LEG_TAG_SDP_GOT_DIGEST, 99);
	bytes_u64(w, LEG_TAG_FORK, a ? 0 : 2);
	bytes_z(w, LEG_TAG_FORBIDDEN, "secret.example.org");
	bytes_z(w, LEG_TAG_ALLOWED, "allowed.example.org");
	agreed = bytes_begin(w, LEG_TAG_AGREED);
	bytes_u64(w, AGREED_TAG_STREAM, 1);
	bytes_u64(w, AGREED_TAG_RTP, 1);
	bytes_addr(w, AGREED_TAG_RTP_ADDR, &media);
	bytes_addr(w, AGREED_TAG_RTCP_ADDR, &rtcp);
	bytes_u64(w, AGREED_TAG_RTCP_MUX, 0);
	bytes_u64(w, AGREED_TAG_LATCH, MEDIA_LATCH_RESTRICTED);
	bytes_addr(w, AGREED_TAG_SIGNALLING, &media);
	bytes_u64(w, AGREED_TAG_SEND, 1);
	bytes_u64(w, AGREED_TAG_RECEIVE, 1);
	bytes_u64(w, AGREED_TAG_CLOCK_HZ, 8000);
	bytes_u64(w, AGREED_TAG_SILENCE_MS, 30000);
	bytes_end(w, agreed);
	bytes_end(w, leg);
	/* its side: stream 0 was refused */
	leg = bytes_begin(w, a ? CALL_TAG_SIDE_A : CALL_TAG_SIDE_B);
	bytes_z(w, SIDE_TAG_NETWORK, "n");
	bytes_u64(w, SIDE_TAG_V6, 0);
	agreed = bytes_begin(w, SIDE_TAG_STREAM);
	media = at("127.0.0.1:0");
	addr_set_port(&media, (uint16_t)port);
	bytes_u64(w, STREAM_TAG_INDEX, 1);
	bytes_addr(w, STREAM_TAG_RTP, &media);
	bytes_u64(w, STREAM_TAG_RTCP_PORT, port + 1);
	bytes_end(w, agreed);
	bytes_end(w, leg);
}

static void hand_call(struct bytes_writer *w)
{
	uint64_t now_us = clock_wall_us(clock_ns());
	struct addr to = at("127.0.0.2:9");
	size_t attempt;

	bytes_z(w, CALL_TAG_ID, e.id);
	bytes_u64(w, CALL_TAG_WRITTEN_US, now_us - 1000000);
	bytes_u64(w, CALL_TAG_START_US, now_us - 9000000);
	bytes_u64(w, CALL_TAG_RING_US, now_us - 8000000);
	bytes_u64(w, CALL_TAG_ANSWER_US, now_us - 7000000);
	bytes_u64(w, CALL_TAG_STATUS, 200);
	bytes_u64(w, CALL_TAG_ECHO, 0);
	bytes_z(w, CALL_TAG_ROUTE, "out");
	bytes_z(w, CALL_TAG_PEER_IN, "a");
	bytes_z(w, CALL_TAG_PEER_OUT, "b");
	bytes_u64(w, CALL_TAG_COUNTED_IN, 1);
	bytes_u64(w, CALL_TAG_COUNTED_OUT, 1);
	for (unsigned i = 0; i < 2; i++) {
		attempt = bytes_begin(w, CALL_TAG_ATTEMPT);
		bytes_z(w, ATTEMPT_TAG_PEER, "b");
		bytes_addr(w, ATTEMPT_TAG_REMOTE, &to);
		bytes_u64(w, ATTEMPT_TAG_STATUS, i ? 200 : 503);
		if (!i)
			bytes_z(w, ATTEMPT_TAG_CAUSE, "status");
		bytes_end(w, attempt);
	}
	hand_leg(w, true, 23400);
	hand_leg(w, false, 23410);
}

static struct str hand_record(struct bytes_writer *w, uint8_t version, uint8_t oldest)
{
	struct str record;

	bytes_writer_grow(w, 1 << 16, version, oldest);
	hand_call(w);
	assert_int_equal(bytes_seal(w, &record), 0);
	return record;
}

/* ---- what the relay might have seen ---- */

static struct media_stats stats(void)
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

static struct call *only_call(void)
{
	assert_false(list_empty(&e.calls->all));
	return list_first(&e.calls->all, struct call, node);
}

static uint64_t counter(size_t at)
{
	struct call_counters c;

	calls_counters(e.calls, &c);
	return *(uint64_t *)((char *)&c + at);
}

#define COUNTER(name) counter(offsetof(struct call_counters, name))

/* The process is gone, and another is there. */
static void start_again(void)
{
	calls_destroy(e.calls);
	for (uint64_t until = real_ms() + DEADLINE_S * 1000; sock_count(SOCK_KIND_MEDIA) && real_ms() < until;)
		sched_yield();
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 0);
	open_calls();
}

static struct str write_call(struct bytes_writer *w)
{
	struct media_stats s = stats();
	struct str record;

	bytes_writer_grow(w, 1 << 16, CHECKPOINT_VERSION, CHECKPOINT_OLDEST);
	checkpoint_write(only_call(), &s, w);
	assert_int_equal(bytes_seal(w, &record), 0);
	return record;
}

/* ---- the same bytes ---- */

static void test_same_bytes(void **state)
{
	struct bytes_writer hand, first, second;
	struct str record = hand_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST), again;
	struct call *c;

	assert_int_equal(calls_restore(e.calls, str_z(e.id), record), 0);
	record = write_call(&first);
	start_again();
	assert_int_equal(calls_restore(e.calls, str_z(e.id), record), 0);
	c = only_call();
	/* numbers that may have been used since are passed over, once for each process: 7 in the record made by hand */
	assert_int_equal(c->a->dialog.local_cseq, 7 + 2 * LEG_CSEQ_SKIP);
	c->a->dialog.local_cseq -= LEG_CSEQ_SKIP;
	c->b->dialog.local_cseq -= LEG_CSEQ_SKIP;
	again = write_call(&second);
	assert_int_equal(again.n, record.n);
	assert_memory_equal(again.p, record.p, record.n);
	bytes_writer_finish(&hand);
	bytes_writer_finish(&first);
	bytes_writer_finish(&second);
}

static void test_what_is_read(void **state)
{
	struct call_record *r = malloc(sizeof(*r));
	struct bytes_writer hand, w;
	struct str record = hand_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST);
	struct media_past past;
	struct media_stats s = stats();
	struct call *c;

	assert_int_equal(calls_restore(e.calls, str_z(e.id), record), 0);
	c = only_call();
	assert_int_equal(c->state, CALL_TALKING);
	assert_int_equal(c->slot, 17);
	assert_int_equal((clock_ns() - c->answer_ns) / 1000000, 7000);
	assert_int_equal((c->answer_ns - c->ring_ns) / 1000000, 1000);
	assert_int_equal(c->route, 0);
	assert_int_equal(c->n_attempts, 2);
	assert_string_equal(c->attempts[0].cause, "status");
	assert_null(c->attempts[1].cause);
	assert_int_equal(c->a->state, LEG_CONFIRMED);
	assert_int_equal(c->b->fork, 2);
	assert_int_equal(c->b->n_agreed, 2);
	assert_false(c->b->agreed[0].used);
	assert_string_equal(c->a->dialog.route_set, "Route: <sip:proxy;lr>\r\nRoute: <sip:p2>\r\n");
	assert_int_equal(c->a->dialog.remote_cseq, 101);
	assert_ptr_equal(calls_find_leg(e.calls, str_z(e.tag[0])), c->a);
	assert_ptr_equal(calls_find_leg(e.calls, str_z(e.tag[1])), c->b);
	assert_int_equal(c->side[MEDIA_A].state, LEG_MEDIA_FLOWING);
	assert_int_equal(border_calls(e.border), 1);
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 4);
	assert_int_equal(COUNTER(calls_restored), 1);
	assert_int_equal(checkpoint_read(write_call(&w), r), 0);
	media_past_of(&s.streams[1].from[1], s.now_ns, &past);
	assert_int_equal(r->has_past[MEDIA_B], 2);
	assert_memory_equal(&r->past[MEDIA_B][1].drops, &past.drops, sizeof(past.drops));
	assert_int_equal(r->past[MEDIA_B][1].packets, 501);
	assert_int_equal(r->past[MEDIA_B][1].last_age_ms, 20);
	assert_int_equal(r->past[MEDIA_B][1].rank[1], MEDIA_RANK_ACL);
	assert_true(addr_equal(&r->past[MEDIA_B][1].latched[1], &past.latched[1]));
	assert_true(r->past[MEDIA_B][1].has_rtp && r->past[MEDIA_B][1].seq == 65535);
	bytes_writer_finish(&w);
	bytes_writer_finish(&hand);
	free(r);
}

/* ---- when it is written ---- */

static void test_written(void **state)
{
	struct bytes_writer hand;
	struct str record = hand_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST);

	assert_int_equal(calls_restore(e.calls, str_z(e.id), record), 0);
	bytes_writer_finish(&hand);
	assert_int_equal(COUNTER(calls_unwritten), 1);
	time_passes(e.worker->loop, 100);
	assert_int_equal(e.puts, 0);
	checkpoint_changed(only_call()); /* no later for that */
	time_passes(e.worker->loop, 150);
	UNTIL(e.worker->loop, e.puts == 1);
	assert_int_equal(COUNTER(calls_unwritten), 1);
	time_passes(e.worker->loop, 3000); /* latches have settled */
	UNTIL(e.worker->loop, e.puts == 2);
	assert_int_equal(COUNTER(calls_unwritten), 0);
	time_passes(e.worker->loop, 61000); /* counters, once a minute; nobody has spoken for that long */
	UNTIL(e.worker->loop, list_empty(&e.calls->all) || e.dels == 1 || e.puts == 3);
	time_passes(e.worker->loop, 1000);
	UNTIL(e.worker->loop, e.dels == 1); /* silence has ended it: its record has gone with its CDR */
	assert_int_equal(e.records_sent, 1);
	assert_int_equal(COUNTER(calls_unwritten), 0);
}

/* ---- what is refused ---- */

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
		err = calls_restore(e.calls, str_z(e.id), record);
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

static void test_damaged(void **state)
{
	struct bytes_writer hand, w;
	struct str record = hand_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST);
	uint8_t *copy;
	unsigned refused = 0, tried = 0;

	log_set_sink(quiet, NULL);
	assert_int_equal(calls_restore(e.calls, str_z(e.id), record), 0);
	record = write_call(&w);
	drop_all();
	/* as it is on a bad disk */
	for (size_t n = 0; n < record.n; n++)
		assert_int_equal(calls_restore(e.calls, str_z(e.id), (struct str){record.p, n}), -EBADMSG);
	assert_int_equal(COUNTER(calls_not_restored), record.n);
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

static void test_another_key(void **state)
{
	struct bytes_writer hand;
	struct str record = hand_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST);
	struct ident_key theirs = ident_key_init(str_z("another key than ours"), 1, 1);
	uint8_t slot;
	char id[IDENT_LEN + 1];

	log_set_sink(quiet, NULL);
	assert_true(calls_slot(&e.key, str_z(e.id), &slot));
	assert_int_equal(slot, 17);
	assert_false(calls_slot(&theirs, str_z(e.id), &slot));
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
	hand_call(&w);
	assert_int_equal(bytes_seal(&w, &record), 0);
	assert_int_equal(calls_restore(e.calls, str_z(e.id), record), 0);
	drop_all();
	bytes_writer_finish(&w);
	record = hand_record(&w, CHECKPOINT_VERSION + 1, CHECKPOINT_VERSION + 1);
	assert_int_equal(calls_restore(e.calls, str_z(e.id), record), -EPROTO);
	assert_int_equal(COUNTER(calls_not_restored), 1);
	bytes_writer_finish(&w);
	log_set_sink(NULL, NULL);
}

static void test_memory(void **state)
{
	struct bytes_writer hand;
	struct str record = hand_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST);
	unsigned refused = 1;

	log_set_sink(quiet, NULL);
	for (unsigned k = 0; refused && k < 200; k++) {
		oom_after(k);
		int err = calls_restore(e.calls, str_z(e.id), record);
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

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_same_bytes),  CASE(test_what_is_read), CASE(test_written), CASE(test_damaged),
		CASE(test_another_key), CASE(test_versions),     CASE(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
