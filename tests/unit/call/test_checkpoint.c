/* SPDX-License-Identifier: Apache-2.0 */
/* A call as bytes: written, read and written again it is the same; when it is written, and what goes on from it. */
#include <sched.h>

#include "sbc/call/exchange.h"
#include "tests/unit/call/checkpoint_rig.h"

/* ---- the same bytes ---- */

/* The process is gone, and another is there. */
static void start_again(void)
{
	calls_destroy(e.calls);
	for (uint64_t until = real_ms() + DEADLINE_S * 1000; sock_count(SOCK_KIND_MEDIA) && real_ms() < until;)
		sched_yield();
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), 0);
	open_calls();
}

static void same_bytes(const struct open *o)
{
	struct bytes_writer hand, first, second;
	struct str record = hand_open_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST, o), again;
	struct call *c;

	assert_int_equal(calls_restore(e.calls, str_z(hand_id), record), 0);
	record = write_call(&first);
	start_again();
	assert_int_equal(calls_restore(e.calls, str_z(hand_id), record), 0);
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

static void test_same_bytes(void **state)
{
	for (unsigned i = 0; i < N_OPEN_CASES; i++) {
		same_bytes(&open_cases[i]);
		tear_down(state);
		set_up(state);
	}
}

static enum leg_state state_a(void)
{
	return only_call()->a->state;
}

/* What is not finished goes on, or ends, when the worker runs. */
static void test_open(void **state)
{
	static const struct {
		enum call_state call;
		enum leg_state a, b;
		enum offer_state offer_a, offer_b;
		bool unacked, exchange;
	} want[N_OPEN_CASES] = {
		{CALL_TALKING, LEG_CONFIRMED, LEG_CONFIRMED, OFFER_AGREED, OFFER_AGREED, false, false},
		{CALL_TALKING, LEG_CONFIRMED, LEG_CONFIRMED, OFFER_AGREED, OFFER_AGREED, true, false},
		{CALL_ANSWERED, LEG_ANSWERED, LEG_CONFIRMED, OFFER_AGREED, OFFER_AGREED, true, false},
		{CALL_ANSWERED, LEG_ANSWERED, LEG_OFFERED, OFFER_LOCAL_FIRST, OFFER_REMOTE_FIRST, true, false},
		{CALL_TRYING, LEG_INCOMING, LEG_CANCELLING, OFFER_AGREED, OFFER_LOCAL_FIRST, false, false},
		{CALL_TALKING, LEG_CONFIRMED, LEG_CONFIRMED, OFFER_LOCAL, OFFER_REMOTE, true, true},
		{CALL_TALKING, LEG_CONFIRMED, LEG_CONFIRMED, OFFER_REMOTE, OFFER_LOCAL, false, true},
		{CALL_TALKING, LEG_CONFIRMED, LEG_CONFIRMED, OFFER_AGREED, OFFER_AGREED, false, true},
		{CALL_TALKING, LEG_CONFIRMED, LEG_CONFIRMED, OFFER_REMOTE, OFFER_AGREED, false, true},
	};

	for (unsigned i = 0; i < N_OPEN_CASES; i++) {
		struct bytes_writer hand;
		struct str record = hand_open_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST, &open_cases[i]);
		struct call *c;

		assert_int_equal(calls_restore(e.calls, str_z(hand_id), record), 0);
		c = only_call();
		assert_int_equal(c->state, want[i].call);
		assert_int_equal(c->a->state, want[i].a);
		assert_int_equal(c->b->state, want[i].b);
		assert_int_equal(c->a->offer, want[i].offer_a);
		assert_int_equal(c->b->offer, want[i].offer_b);
		assert_int_equal(c->a->unacked.txn != NULL, want[i].unacked);
		assert_int_equal(c->exchange != NULL, want[i].exchange);
		/* an answer that comes before the worker has said so is none any more */
		assert_true(!c->exchange || !c->exchange->out || c->exchange->state == EXCHANGE_GIVEN_UP);
		assert_int_equal(sock_count(SOCK_KIND_MEDIA), open_cases[i].stage == STAGE_RINGING ? 0 : 4);
		if (want[i].unacked) {
			/* 2 s of 64*T1 are over */
			time_passes(e.worker->loop, 29000);
			assert_int_equal(COUNTER(ack_lost), 0);
			time_passes(e.worker->loop, 2500);
			UNTIL(e.worker->loop, COUNTER(ack_lost) == 1);
			UNTIL(e.worker->loop, list_empty(&e.calls->all) || state_a() != LEG_CONFIRMED);
		} else {
			time_passes(e.worker->loop, 50);
			if (open_cases[i].stage == STAGE_RINGING)
				UNTIL(e.worker->loop, state_a() == LEG_ENDED && c->b->state == LEG_CANCELLING);
			/* refused; what was sent on is awaited */
			assert_int_equal(c->exchange != NULL, c->exchange && c->exchange->out);
		}
		assert_int_equal(COUNTER(unexpected_events), 0);
		bytes_writer_finish(&hand);
		tear_down(state);
		set_up(state);
	}
}

/* The callee's answer waited in the socket while the call was restored. */
static void test_answer_before_the_end(void **state)
{
	struct flow_addr from = {.transport = CONFIG_UDP, .local = at("127.0.0.1:5060"), .remote = at("127.0.0.2:9")};
	struct bytes_writer hand;
	struct str record = hand_open_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST, &open_cases[4]);
	struct message *m = NULL;
	char text[700];
	struct call *c;

	assert_int_equal(open_cases[4].stage, STAGE_RINGING);
	assert_int_equal(calls_restore(e.calls, str_z(hand_id), record), 0);
	c = only_call();
	snprintf(text, sizeof(text),
		 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=%.*s\r\nFrom: <sip:us@127.0.0.1>;tag=%s\r\n"
		 "To: <sip:them@127.0.0.2>;tag=remote-tag\r\nCall-ID: %s\r\nCSeq: 7 INVITE\r\n"
		 "Contact: <sip:them@127.0.0.2:9>\r\nContent-Length: 0\r\n\r\n",
		 STR_FMT(client_txn_branch(c->b->invite_out)), hand_tag[1], hand_tag[1]);
	assert_int_equal(message_parse((const uint8_t *)text, strlen(text), &from, &m), REJECT_NONE);
	txn_layer_receive(e.worker->txn, m);
	message_free(m);
	assert_int_equal(COUNTER(cancel_crossed), 1);
	assert_int_equal(c->b->state, LEG_ENDING);
	assert_int_equal(c->state, CALL_TRYING);
	time_passes(e.worker->loop, 50);
	UNTIL(e.worker->loop, x.records_sent == 1);
	assert_int_equal(COUNTER(rejects[REJECT_RESTARTED]), 1); /* told the caller */
	assert_int_equal(COUNTER(unexpected_events), 0);
	bytes_writer_finish(&hand);
}

static void test_what_is_read(void **state)
{
	struct call_record *r = malloc(sizeof(*r));
	struct bytes_writer hand, w;
	struct str record = hand_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST);
	struct media_past past;
	struct media_stats s = stats();
	struct call *c;

	assert_int_equal(calls_restore(e.calls, str_z(hand_id), record), 0);
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
	assert_ptr_equal(tags_find(e.calls, str_z(hand_tag[0])), c->a);
	assert_ptr_equal(tags_find(e.calls, str_z(hand_tag[1])), c->b);
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

/* The call of a record made by hand, as the next process has it. */
static struct call *restored_call(void)
{
	struct bytes_writer hand;
	struct str record = hand_record(&hand, CHECKPOINT_VERSION, CHECKPOINT_OLDEST);

	assert_int_equal(calls_restore(e.calls, str_z(hand_id), record), 0);
	bytes_writer_finish(&hand);
	return only_call();
}

/* ---- when it is written ---- */

static void test_written(void **state)
{
	(void)restored_call();
	assert_int_equal(COUNTER(calls_unwritten), 1);
	time_passes(e.worker->loop, 100);
	assert_int_equal(x.puts, 0);
	checkpoint_changed(only_call()); /* no later for that */
	time_passes(e.worker->loop, 150);
	UNTIL(e.worker->loop, x.puts == 1);
	assert_int_equal(COUNTER(calls_unwritten), 1);
	time_passes(e.worker->loop, 3000); /* latches have settled */
	UNTIL(e.worker->loop, x.puts == 2);
	assert_int_equal(COUNTER(calls_unwritten), 0);
	time_passes(e.worker->loop, 61000); /* counters, once a minute; nobody has spoken for that long */
	UNTIL(e.worker->loop, list_empty(&e.calls->all) || x.dels == 1 || x.puts == 3);
	time_passes(e.worker->loop, 1000);
	UNTIL(e.worker->loop, x.dels == 1); /* silence has ended it: its record has gone with its CDR */
	assert_int_equal(x.records_sent, 1);
	assert_int_equal(COUNTER(calls_unwritten), 0);
}

/* What waits already waits no longer than the answer; and what comes after it has its own time. */
static void test_answer_written(void **state)
{
	struct call *c = restored_call();

	time_passes(e.worker->loop, 250);
	UNTIL(e.worker->loop, x.puts == 1);
	for (unsigned i = 0; i < 2; i++) {
		checkpoint_changed(c);
		checkpoint_answered(c);
		time_passes(e.worker->loop, 40);
		assert_false(c->keep.asked);
		time_passes(e.worker->loop, 30);
		UNTIL(e.worker->loop, x.puts == 2 + 2 * i);
		checkpoint_changed(c);
		time_passes(e.worker->loop, 140);
		assert_false(c->keep.asked);
		time_passes(e.worker->loop, 110);
		UNTIL(e.worker->loop, x.puts == 3 + 2 * i);
	}
	assert_int_equal(COUNTER(calls_unwritten), 1);
	time_passes(e.worker->loop, 3000);
	UNTIL(e.worker->loop, x.puts == 6);
	assert_int_equal(COUNTER(calls_unwritten), 0);
}

/* The store has no room for a while: the call goes on, says so, and is tried again. */
static void test_store_full(void **state)
{
	struct call *c = restored_call();

	assert_string_equal(checkpoint_state(c), "partly"); /* as the process before left it */
	c->keep.stored = false;
	assert_string_equal(checkpoint_state(c), "no");
	x.full = true;
	time_passes(e.worker->loop, 250);
	UNTIL(e.worker->loop, x.refused == 1);
	time_passes(e.worker->loop, 3000);
	UNTIL(e.worker->loop, x.refused == 2);
	assert_string_equal(checkpoint_state(c), "no");
	assert_int_equal(c->a->kept_cseq, 7 + LEG_CSEQ_SKIP); /* as it was read */
	c->a->dialog.local_cseq++;
	assert_int_equal(COUNTER(calls_unwritten), 1);
	assert_int_equal(c->state, CALL_TALKING);
	x.full = false;
	time_passes(e.worker->loop, 3000);
	UNTIL(e.worker->loop, x.puts == 1);
	assert_int_equal(c->a->kept_cseq, 8 + LEG_CSEQ_SKIP);
	assert_string_equal(checkpoint_state(c), "yes");
	x.waits = true;
	assert_string_equal(checkpoint_state(c), "waits");
	time_passes(e.worker->loop, 3000);
	UNTIL(e.worker->loop, x.puts == 2);
	assert_int_equal(COUNTER(calls_unwritten), 0);
	x.full = true;
	checkpoint_changed(c);
	assert_string_equal(checkpoint_state(c), "partly");
	time_passes(e.worker->loop, 250);
	UNTIL(e.worker->loop, x.refused == 3);
	assert_string_equal(checkpoint_state(c), "partly");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_same_bytes),   CASE(test_open),    CASE(test_answer_before_the_end),
		CASE(test_what_is_read), CASE(test_written), CASE(test_answer_written),
		CASE(test_store_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
