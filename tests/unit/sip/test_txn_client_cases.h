/* SPDX-License-Identifier: Apache-2.0 */
/* The client side that runs its course, one behaviour a function. */
#ifndef TESTS_UNIT_SIP_TEST_TXN_CLIENT_CASES_H
#define TESTS_UNIT_SIP_TEST_TXN_CLIENT_CASES_H

#include "test_txn_fake.h"

/* Timer A doubles without a bound, B ends it. */
static void c_invite_silence(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	fake_until(f, 60000);
	fake_expect(f, "0 > INVITE\n500 > INVITE\n1500 > INVITE\n3500 > INVITE\n7500 > INVITE\n15500 > INVITE\n"
		       "31500 > INVITE\n32000 failed timeout\n32000 client terminated\n");
	fake_finish(f);
}

static void c_invite_silence_tcp(void **state)
{
	struct fake *f = fake_open();

	f->config.timers.b = 10000;
	fake_start(f, METHOD_INVITE, CONFIG_TCP);
	assert_non_null(strstr(fake_sent(f), "Via: SIP/2.0/TCP 203.0.113.1:5060;branch=z9hG4bK"));
	fake_until(f, 60000);
	fake_expect(f, "0 > INVITE\n10000 failed timeout\n10000 client terminated\n");
	fake_finish(f);
}

/* E doubles to T2, F ends it; T2 at once from a provisional on. */
static void c_other_silence(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	fake_until(f, 60000);
	fake_expect(f, "0 > OPTIONS\n500 > OPTIONS\n1500 > OPTIONS\n3500 > OPTIONS\n7500 > OPTIONS\n11500 > OPTIONS\n"
		       "15500 > OPTIONS\n19500 > OPTIONS\n23500 > OPTIONS\n27500 > OPTIONS\n31500 > OPTIONS\n"
		       "32000 failed timeout\n32000 client terminated\n");
	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	fake_until(f, 60100);
	TX(f, "OPTIONS", 100);
	fake_until(f, 92000);
	fake_expect(f, "60000 > OPTIONS\n60100 response 100\n60500 > OPTIONS\n64500 > OPTIONS\n68500 > OPTIONS\n"
		       "72500 > OPTIONS\n76500 > OPTIONS\n80500 > OPTIONS\n84500 > OPTIONS\n88500 > OPTIONS\n"
		       "92000 failed timeout\n92000 client terminated\n");
	fake_start(f, METHOD_OPTIONS, CONFIG_TCP);
	fake_until(f, 130000);
	fake_expect(f, "92000 > OPTIONS\n124000 failed timeout\n124000 client terminated\n");
	fake_finish(f);
}

static void c_other_answered(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_BYE, CONFIG_UDP);
	TX(f, "BYE", 100);
	TX(f, "BYE", 183);
	TX(f, "BYE", 200);
	TX(f, "BYE", 200);
	TX(f, "BYE", 100);
	fake_expect(f, "0 > BYE\n0 response 100\n0 response 183\n0 response 200\n");
	txn_layer_send_failed(f->layer, f->sent[0].cookie, -ENETUNREACH);
	fake_until(f, 4999);
	fake_expect(f, "");
	fake_until(f, 5000);
	TX(f, "BYE", 200);
	fake_expect(f, "5000 client terminated\n5000 stray 200\n");
	fake_start(f, METHOD_BYE, CONFIG_TCP);
	TX(f, "BYE", 481);
	fake_until(f, 5001);
	fake_expect(f, "5000 > BYE\n5000 response 481\n5001 client terminated\n");
	fake_finish(f);
}

static const char c_invite_text[] =
	"INVITE sip:bob@198.51.100.7 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bK";

/* The ACK of a refusal is ours, and is sent again for each repetition until D. */
static void c_invite_refused(void **state)
{
	struct fake *f = fake_open();
	char want[1024];

	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	assert_memory_equal(fake_sent(f), c_invite_text, sizeof(c_invite_text) - 1);
	snprintf(want, sizeof(want),
		 "ACK sip:bob@198.51.100.7 SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 203.0.113.1:5060;branch=%.*s;rport\r\n"
		 "Max-Forwards: 69\r\nFrom: <sip:us@203.0.113.1>;tag=us\r\n"
		 "Call-ID: ours-1\r\nCSeq: 7 ACK\r\nRoute: <sip:r1;lr>\r\nRoute: <sip:r2;lr>\r\n"
		 "To: <sip:bob@198.51.100.7>;tag=bob\r\n"
		 "Content-Length: 0\r\n\r\n",
		 STR_FMT(client_txn_branch(f->client)));
	TX(f, "INVITE", 100);
	TX(f, "INVITE", 486);
	assert_string_equal(fake_sent(f), want);
	fake_expect(f, "0 > INVITE\n0 response 100\n0 > ACK\n0 response 486\n");
	fake_until(f, 500);
	TX(f, "INVITE", 486);
	assert_string_equal(fake_sent(f), want);
	TX(f, "INVITE", 180);
	TX(f, "INVITE", 200);
	client_txn_cancel(f->client);
	txn_layer_send_failed(f->layer, f->sent[0].cookie, -ENETUNREACH);
	fake_expect(f, "500 > ACK\n500 stray 200\n");
	fake_until(f, 31999);
	fake_expect(f, "");
	fake_until(f, 32000);
	fake_expect(f, "32000 client terminated\n");
	fake_start(f, METHOD_INVITE, CONFIG_TCP);
	TX(f, "INVITE", 302);
	fake_until(f, 32001);
	fake_expect(f, "32000 > INVITE\n32000 > ACK\n32000 response 302\n32001 client terminated\n");
	fake_finish(f);
}

/* RFC 6026 §7.2: every 2xx goes up for 64*T1, the same and others. */
static void c_invite_accepted(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	fake_until(f, 100);
	TX(f, "INVITE", 180);
	TX(f, "INVITE", 183);
	fake_until(f, 90000); /* rings as long as its user likes */
	TX(f, "INVITE", 200);
	TX(f, "INVITE", 200);
	TX(f, "INVITE", 202);
	TX(f, "INVITE", 486);
	TX(f, "INVITE", 180);
	client_txn_cancel(f->client);
	fake_expect(f, "0 > INVITE\n100 response 180\n100 response 183\n90000 response 200\n90000 response 200\n"
		       "90000 response 202\n");
	fake_until(f, 121999);
	TX(f, "INVITE", 200);
	fake_expect(f, "121999 response 200\n");
	fake_until(f, 122000);
	TX(f, "INVITE", 200);
	fake_expect(f, "122000 client terminated\n122000 stray 200\n");
	fake_finish(f);
}

/* 200 without any provisional, by UDP and TCP. */
static void c_invite_at_once(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_INVITE, CONFIG_TCP);
	TX(f, "INVITE", 200);
	fake_expect(f, "0 > INVITE\n0 response 200\n");
	client_txn_detach(f->client);
	TX(f, "INVITE", 200); /* nobody is there any more */
	fake_expect(f, "0 stray 200\n");
	fake_finish(f);
}

/* ---- serial failover: try_ms ---- */

static void start_try(struct fake *f, unsigned try_ms)
{
	struct client_request r = fake_client_request(f, METHOD_INVITE, CONFIG_UDP);
	int err;

	r.try_ms = try_ms;
	f->client = client_txn_start(f->layer, &r, &err);
	assert_non_null(f->client);
}

static const char c_try_log[] =
	"0 > INVITE\n500 > INVITE\n1500 > INVITE\n2000 failed timeout\n2000 client terminated\n";

static void c_try(void **state)
{
	struct fake *f = fake_open();

	/* Silence: it ends at B without another word, and without another INVITE. */
	start_try(f, 2000);
	fake_until(f, 40000);
	fake_expect(f, c_try_log);
	fake_close(f);
	/* It rings after all: cancelled. */
	f = fake_open();
	start_try(f, 2000);
	fake_until(f, 3000);
	TX(f, "INVITE", 180);
	TX(f, "CANCEL", 200);
	TX(f, "INVITE", 487);
	f->log_text[f->log.n] = '\0';
	assert_memory_equal(f->log_text, c_try_log, sizeof(c_try_log) - 1);
	assert_string_equal(f->log_text + sizeof(c_try_log) - 1, "3000 > CANCEL\n3000 > ACK\n");
	fake_finish(f);
	/* It refuses late. */
	f = fake_open();
	start_try(f, 2000);
	fake_until(f, 3000);
	TX(f, "INVITE", 503);
	assert_string_equal(f->log_text + sizeof(c_try_log) - 1, "3000 > ACK\n");
	fake_finish(f);
	/* It answers late: somebody must end that call. */
	f = fake_open();
	start_try(f, 2000);
	fake_until(f, 3000);
	TX(f, "INVITE", 200);
	assert_string_equal(f->log_text + sizeof(c_try_log) - 1, "3000 stray 200\n");
	fake_finish(f);
	/* It cannot be reached, as it turns out late. */
	f = fake_open();
	start_try(f, 2000);
	fake_until(f, 3000);
	txn_layer_send_failed(f->layer, f->sent[0].cookie, -ECONNREFUSED);
	fake_turn(f);
	fake_finish(f);
	/* Answered in time: try_ms is no bound on ringing. A try longer than B is B. */
	f = fake_open();
	start_try(f, 2000);
	TX(f, "INVITE", 100);
	fake_until(f, 50000);
	fake_expect(f, "0 > INVITE\n0 response 100\n");
	fake_close(f);
	f = fake_open();
	start_try(f, 99000);
	f->log.n = 0;
	fake_until(f, 31999);
	f->log.n = 0;
	fake_until(f, 32000);
	fake_expect(f, "32000 failed timeout\n32000 client terminated\n");
	fake_finish(f);
	/* Cancelled, then its time is over. */
	f = fake_open();
	start_try(f, 400);
	client_txn_cancel(f->client);
	fake_until(f, 400);
	TX(f, "INVITE", 180);
	fake_expect(f, "0 > INVITE\n400 failed cancelled\n400 client terminated\n400 > CANCEL\n");
	fake_finish(f);
}

#endif
