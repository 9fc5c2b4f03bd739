/* SPDX-License-Identifier: Apache-2.0 */
/* The server side, one behaviour a function. */
#ifndef TESTS_UNIT_SIP_TEST_TXN_SERVER_CASES_H
#define TESTS_UNIT_SIP_TEST_TXN_SERVER_CASES_H

#include "test_txn_fake.h"

/* 100 at once when request() gives no answer, and again for a repeated INVITE; then the last provisional. */
static void s_invite_provisional(void **state)
{
	struct fake *f = fake_open();

	RX(f, 0);
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n");
	assert_false(server_txn_final_sent(f->server));
	assert_int_equal(server_txn_source(f->server)->network, 0);
	assert_int_equal(server_txn_resend(f->server), -ENOENT);
	/* RFC 3581: received and rport; no To tag in a 100 */
	assert_non_null(strstr(fake_sent(f), "rport=5060"));
	assert_non_null(strstr(fake_sent(f), "To: <sip:bob@b.example>\r\n"));
	fake_until(f, 100);
	RX(f, 0);
	fake_expect(f, "100 > 100 INVITE\n");
	assert_int_equal(fake_reply(f, 180), 0);
	assert_non_null(strstr(fake_sent(f), "SIP/2.0 180 Ringing\r\n"));
	assert_non_null(strstr(fake_sent(f), "To: <sip:bob@b.example>;tag="));
	RX(f, 0);
	fake_expect(f, "100 > 180 INVITE\n100 > 180 INVITE\n");
	/* The tag that the layer chose stays. */
	assert_int_equal(fake_reply(f, 183), 0);
	assert_true(str_eq(fake_header(str_z(f->sent[f->n_sent - 1].text), "To"),
			   fake_header(str_z(f->sent[f->n_sent - 2].text), "To")));
	assert_int_equal(server_txn_resend(f->server), 0);
	fake_expect(f, "100 > 183 INVITE\n100 > 183 INVITE\n");
	assert_int_equal(fake_reply(f, 99), -EINVAL);
	assert_int_equal(fake_reply(f, 700), -EINVAL);
	assert_int_equal(fake_reply(f, 200), 0);
	assert_int_equal(fake_reply(f, 200), -EALREADY);
	assert_int_equal(server_txn_reject(f->server, REJECT_CALLS), -EALREADY);
	fake_expect(f, "100 > 200 INVITE\n");
	/* Each goes back to where the request came from. */
	assert_true(f->sent[0].to.flow_only);
	assert_int_equal(addr_port(&f->sent[0].to.remote), 5060);
	fake_finish(f);
}

/* RFC 6026 §7.1: Accepted for 64*T1; INVITEs are absorbed, the 2xx is its owner's to repeat. */
static void s_invite_accepted(void **state)
{
	struct fake *f = fake_open();

	RX(f, 0);
	fake_reply(f, 200);
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 200 INVITE\n");
	fake_until(f, 500);
	RX(f, 0);
	fake_expect(f, "");
	assert_int_equal(server_txn_resend(f->server), 0);
	fake_expect(f, "500 > 200 INVITE\n");
	RX(f, .method = "ACK", .branch = "z9hG4bKtwo", .to_tag = "x");
	fake_expect(f, "500 ack\n");
	/* An ACK with the INVITE's branch. */
	RX(f, .method = "ACK", .to_tag = "x");
	fake_expect(f, "500 ack\n");
	/* The 200 was lost, or crossed it: its user is told, the answer stands. */
	RX(f, .method = "CANCEL");
	fake_expect(f, "500 > 200 CANCEL\n500 cancelled\n");
	fake_until(f, 31999);
	fake_expect(f, "");
	fake_until(f, 32000);
	fake_expect(f, "32000 server terminated\n");
	fake_finish(f);
}

/* A refusal is repeated at G, doubling to T2, until H. */
static void s_invite_refused_no_ack(void **state)
{
	struct fake *f = fake_open();

	RX(f, 0);
	fake_reply(f, 486);
	fake_until(f, 60000);
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 486 INVITE\n"
		       "500 > 486 INVITE\n1500 > 486 INVITE\n3500 > 486 INVITE\n7500 > 486 INVITE\n11500 > 486 INVITE\n"
		       "15500 > 486 INVITE\n19500 > 486 INVITE\n23500 > 486 INVITE\n27500 > 486 INVITE\n"
		       "31500 > 486 INVITE\n32000 server failed timeout\n32000 server terminated\n");
	fake_finish(f);
}

/* The ACK ends the repetition; what is late is absorbed for T4. */
static void s_invite_refused(void **state)
{
	struct fake *f = fake_open();

	RX(f, 0);
	fake_reply(f, 404);
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 404 INVITE\n");
	fake_until(f, 100);
	RX(f, 0);
	fake_expect(f, "100 > 404 INVITE\n");
	assert_int_equal(server_txn_resend(f->server), 0);
	RX(f, .method = "CANCEL");
	fake_expect(f, "100 > 404 INVITE\n100 > 200 CANCEL\n");
	RX(f, .method = "ACK", .to_tag = "x");
	RX(f, 0);
	RX(f, .method = "ACK", .to_tag = "x");
	RX(f, .method = "CANCEL");
	fake_expect(f, "100 > 200 CANCEL\n");
	assert_int_equal(server_txn_resend(f->server), -ENOENT);
	fake_until(f, 5099);
	fake_expect(f, "");
	fake_until(f, 5100);
	fake_expect(f, "5100 server terminated\n");
	/* A late ACK after that is stray. */
	RX(f, .method = "ACK", .to_tag = "x");
	fake_expect(f, "5100 ack\n");
	fake_finish(f);
}

/* Streams: no G, I is zero, H stays. */
static void s_invite_tcp(void **state)
{
	struct fake *f = fake_open();

	RX(f, .transport = TCP);
	fake_reply(f, 486);
	assert_int_equal(f->sent[0].to.connection, 1);
	assert_int_equal(f->sent[0].to.transport, CONFIG_TCP);
	fake_until(f, 3000);
	RX(f, .method = "ACK", .transport = TCP, .to_tag = "x");
	fake_until(f, 3001);
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 486 INVITE\n3001 server terminated\n");
	RX(f, .transport = TCP, .branch = "z9hG4bKtwo");
	fake_reply(f, 486);
	fake_until(f, 60000);
	fake_expect(f, "3001 request INVITE\n3001 > 100 INVITE\n3001 > 486 INVITE\n35001 server failed timeout\n"
		       "35001 server terminated\n");
	fake_finish(f);
}

/* The final answer was lost: the repeated INVITE brings it again. */
static void s_lost_final(void **state)
{
	struct fake *f = fake_open();

	RX(f, .method = "BYE", .to_tag = "ours");
	assert_int_equal(fake_reply(f, 200), 0);
	/* The To tag was there: none is added. */
	assert_non_null(strstr(fake_sent(f), "To: <sip:bob@b.example>;tag=ours\r\n"));
	fake_until(f, 500);
	RX(f, .method = "BYE", .to_tag = "ours");
	assert_int_equal(server_txn_resend(f->server), 0);
	fake_expect(f, "0 request BYE\n0 > 200 BYE\n500 > 200 BYE\n500 > 200 BYE\n");
	fake_until(f, 32000);
	fake_expect(f, "32000 server terminated\n");
	fake_finish(f);
}

/* RFC 4320: nothing provisional but a late 100 of the layer's, and never a 408. */
static void s_other_slow(void **state)
{
	struct fake *f = fake_open();

	RX(f, .method = "OPTIONS");
	assert_int_equal(fake_reply(f, 180), -EINVAL);
	assert_int_equal(fake_reply(f, 100), -EINVAL);
	fake_until(f, 500);
	RX(f, .method = "OPTIONS");
	fake_until(f, 3499);
	fake_expect(f, "0 request OPTIONS\n");
	fake_until(f, 3500);
	fake_expect(f, "3500 > 100 OPTIONS\n");
	RX(f, .method = "OPTIONS");
	fake_expect(f, "3500 > 100 OPTIONS\n");
	RX(f, .method = "CANCEL"); /* has no effect but its answer: §9.2 */
	fake_expect(f, "3500 > 200 CANCEL\n");
	fake_reply(f, 200);
	fake_expect(f, "3500 > 200 OPTIONS\n");
	RX(f, .method = "OPTIONS", .branch = "z9hG4bKtwo", .cseq = 2);
	assert_int_equal(fake_reply(f, 408), 0);
	fake_expect(f, "3500 request OPTIONS\n3500 server terminated\n");
	RX(f, .method = "OPTIONS", .branch = "z9hG4bKthree", .cseq = 3);
	fake_until(f, 8000);
	assert_int_equal(server_txn_reject(f->server, REJECT_TIMEOUT), 0);
	fake_expect(f, "3500 request OPTIONS\n7000 > 100 OPTIONS\n8000 server terminated\n");
	fake_finish(f);
}

/* Nobody answers: it ends when the client has given up. */
static void s_other_never(void **state)
{
	struct fake *f = fake_open();

	RX(f, .method = "OPTIONS", .transport = TCP);
	fake_until(f, 32000);
	fake_expect(f, "0 request OPTIONS\n3500 > 100 OPTIONS\n32000 server failed timeout\n32000 server terminated\n");
	f->config.timers.t2 = 32000; /* the 100 is hardly in time */
	RX(f, .method = "OPTIONS");
	fake_until(f, 64000);
	fake_expect(
		f,
		"32000 request OPTIONS\n63500 > 100 OPTIONS\n64000 server failed timeout\n64000 server terminated\n");
	f->config.timers.t2 = 64000; /* and here too late */
	RX(f, .method = "OPTIONS");
	fake_until(f, 96000);
	fake_expect(f, "64000 request OPTIONS\n96000 server failed timeout\n96000 server terminated\n");
	fake_finish(f);
}

/* RFC 3261 §8.2.6.1 */
static void s_timestamp(void **state)
{
	struct fake *f = fake_open();

	RX(f, .headers = "Timestamp: 54.21\r\n");
	assert_non_null(strstr(fake_sent(f), "Timestamp: 54.21\r\n"));
	fake_close(f);
}

static void s_other_tcp(void **state)
{
	struct fake *f = fake_open();

	RX(f, .method = "OPTIONS", .transport = TCP);
	fake_reply(f, 200);
	fake_until(f, 1);
	fake_expect(f, "0 request OPTIONS\n0 > 200 OPTIONS\n1 server terminated\n");
	fake_finish(f);
}

/* CANCEL: 200 at once, told once, then it is the user's 487. */
static void s_cancel(void **state)
{
	struct fake *f = fake_open();

	RX(f, 0);
	fake_reply(f, 180);
	RX(f, .method = "CANCEL");
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 180 INVITE\n0 > 200 CANCEL\n0 cancelled\n");
	/* The same To tag as the INVITE's. */
	assert_true(str_eq(fake_header(str_z(f->sent[1].text), "To"), fake_header(str_z(f->sent[2].text), "To")));
	RX(f, .method = "CANCEL");
	RX(f, 0);
	assert_int_equal(server_txn_resend(f->server), 0);
	fake_reply(f, 183);
	fake_expect(f, "0 > 200 CANCEL\n0 > 180 INVITE\n0 > 180 INVITE\n0 > 183 INVITE\n");
	fake_reply(f, 487);
	RX(f, .method = "ACK", .to_tag = "x");
	fake_expect(f, "0 > 487 INVITE\n");
	/* A 2xx may cross it. */
	RX(f, .branch = "z9hG4bKtwo", .cseq = 2);
	RX(f, .method = "CANCEL", .branch = "z9hG4bKtwo", .cseq = 2);
	fake_reply(f, 200);
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 200 CANCEL\n0 cancelled\n0 > 200 INVITE\n");
	RX(f, .branch = "z9hG4bKthree", .cseq = 3);
	RX(f, .method = "CANCEL", .branch = "z9hG4bKthree", .cseq = 3);
	f->send_error = -ENOTCONN;
	fake_reply(f, 183);
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 200 CANCEL\n0 cancelled\n0 > failed\n"
		       "0 server failed Transport endpoint is not connected\n");
	f->send_error = 0;
	server_txn_reject(f->server, REJECT_ACL); /* in silence */
	fake_expect(f, "0 server terminated\n");
	/* One that is for nothing. */
	RX(f, .method = "CANCEL", .branch = "z9hG4bKnine");
	fake_expect(f, "0 > 481 CANCEL\n0 refused no_dialog\n");
	fake_finish(f);
}

static const struct server_ops no_server_ops = {0};

static void own_without_ops(struct fake *f, struct server_txn *t, const struct message *m)
{
	server_txn_own(t, &no_server_ops, f);
	f->server = t;
}

/* Nobody listens: the layer answers the INVITE itself. */
static void s_cancel_nobody(void **state)
{
	struct fake *f = fake_open();

	f->on_request = own_without_ops;
	RX(f, 0);
	RX(f, .method = "CANCEL");
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 200 CANCEL\n0 > 487 INVITE\n");
	f->send_error = -ENOTCONN;
	fake_until(f, 40000);
	fake_finish(f);
}

static void leave_alone(struct fake *f, struct server_txn *t, const struct message *m)
{
}

static void own_and_detach(struct fake *f, struct server_txn *t, const struct message *m)
{
	server_txn_own(t, &fake_server_ops, f);
	server_txn_detach(t);
}

static void reject_busy(struct fake *f, struct server_txn *t, const struct message *m)
{
	assert_int_equal(server_txn_reject(t, REJECT_CALLS), 0);
}

static void reject_silently(struct fake *f, struct server_txn *t, const struct message *m)
{
	assert_int_equal(server_txn_reject(t, REJECT_UNKNOWN_DROP), 0);
}

/* What request() may do; a request that it leaves alone is answered 500. */
static void s_unanswered(void **state)
{
	struct fake *f = fake_open();

	f->on_request = leave_alone;
	RX(f, 0);
	fake_expect(f, "0 request INVITE\n0 > 500 INVITE\n");
	f->on_request = own_and_detach;
	RX(f, .method = "INFO", .branch = "z9hG4bKtwo", .cseq = 2);
	fake_expect(f, "0 request INFO\n0 > 500 INFO\n");
	f->on_request = reject_busy;
	RX(f, .branch = "z9hG4bKthree", .cseq = 3);
	fake_expect(f, "0 request INVITE\n0 > 503 INVITE\n");
	f->on_request = reject_silently;
	RX(f, .branch = "z9hG4bKfour", .cseq = 4);
	RX(f, .method = "OPTIONS", .branch = "z9hG4bKfive", .cseq = 5);
	fake_expect(f, "0 request INVITE\n0 request OPTIONS\n");
	fake_finish(f);
}

/* Detached in each state: no callback more, the layer finishes alone. */
static void s_detach(void **state)
{
	static const struct {
		const char *method;
		int status;
		bool ack;
		const char *want;
	} cases[] = {
		{"INVITE", 0, false, "0 request INVITE\n0 > 100 INVITE\n0 > 500 INVITE\n"},
		{"INVITE", 180, false, "0 request INVITE\n0 > 100 INVITE\n0 > 180 INVITE\n0 > 500 INVITE\n"},
		{"INVITE", 200, false, "0 request INVITE\n0 > 100 INVITE\n0 > 200 INVITE\n"},
		{"INVITE", 486, false, "0 request INVITE\n0 > 100 INVITE\n0 > 486 INVITE\n"},
		{"INVITE", 486, true, "0 request INVITE\n0 > 100 INVITE\n0 > 486 INVITE\n"},
		{"OPTIONS", 0, false, "0 request OPTIONS\n0 > 500 OPTIONS\n"},
		{"OPTIONS", 200, false, "0 request OPTIONS\n0 > 200 OPTIONS\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake *f = fake_open();

		RX(f, .method = cases[i].method);
		if (cases[i].status)
			fake_reply(f, cases[i].status);
		if (cases[i].ack)
			RX(f, .method = "ACK", .to_tag = "x");
		server_txn_detach(f->server);
		fake_expect(f, cases[i].want);
		fake_until(f, 100);
		fake_expect(f, "");
		f->quiet = true;
		fake_until(f, 40000);
		f->quiet = false;
		fake_expect(f, "");
		fake_finish(f);
	}
}

#endif
