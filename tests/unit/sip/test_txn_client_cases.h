/* SPDX-License-Identifier: Apache-2.0 */
/* The client side, one behaviour a function. */
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

/* ---- CANCEL ---- */

static void c_cancel_after_1xx(void **state)
{
	struct fake *f = fake_open();
	char want[1024];

	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	TX(f, "INVITE", 180);
	snprintf(want, sizeof(want),
		 "CANCEL sip:bob@198.51.100.7 SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 203.0.113.1:5060;branch=%.*s;rport\r\n"
		 "Max-Forwards: 69\r\nFrom: <sip:us@203.0.113.1>;tag=us\r\nTo: <sip:bob@198.51.100.7>\r\n"
		 "Call-ID: ours-1\r\nCSeq: 7 CANCEL\r\nRoute: <sip:r1;lr>\r\nRoute: <sip:r2;lr>\r\n"
		 "Content-Length: 0\r\n\r\n",
		 STR_FMT(client_txn_branch(f->client)));
	client_txn_cancel(f->client);
	client_txn_cancel(f->client);
	assert_string_equal(fake_sent(f), want);
	fake_expect(f, "0 > INVITE\n0 response 180\n0 > CANCEL\n");
	fake_until(f, 500); /* it is a transaction: repeated until its answer */
	fake_expect(f, "500 > CANCEL\n");
	TX(f, "CANCEL", 200);
	TX(f, "INVITE", 180);
	txn_layer_send_failed(f->layer, f->sent[0].cookie, -ENETUNREACH);
	fake_turn(f);
	TX(f, "INVITE", 487);
	fake_expect(f, "500 response 180\n500 > ACK\n500 response 487\n");
	fake_finish(f);
}

static void c_cancel_before_1xx(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	client_txn_cancel(f->client);
	client_txn_cancel(f->client);
	fake_until(f, 600);
	fake_expect(f, "0 > INVITE\n500 > INVITE\n");
	TX(f, "INVITE", 100);
	fake_expect(f, "600 > CANCEL\n600 response 100\n");
	TX(f, "CANCEL", 200);
	TX(f, "INVITE", 487);
	fake_expect(f, "600 > ACK\n600 response 487\n");
	fake_finish(f);
}

/* Nothing comes after it. */
static void c_cancel_silence(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_INVITE, CONFIG_TCP);
	client_txn_cancel(f->client);
	fake_until(f, 32000);
	fake_expect(f, "0 > INVITE\n32000 failed cancelled\n32000 client terminated\n");
	fake_start(f, METHOD_INVITE, CONFIG_TCP);
	TX(f, "INVITE", 100);
	fake_until(f, 40000);
	client_txn_cancel(f->client);
	TX(f, "CANCEL", 200);
	fake_until(f, 72000);
	fake_expect(f, "32000 > INVITE\n32000 response 100\n40000 > CANCEL\n72000 failed cancelled\n"
		       "72000 client terminated\n");
	fake_finish(f);
}

/* A final answer that crosses it: the user has it. */
static void c_cancel_crossing(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	TX(f, "INVITE", 180);
	client_txn_cancel(f->client);
	TX(f, "INVITE", 200);
	TX(f, "CANCEL", 481);
	fake_expect(f, "0 > INVITE\n0 response 180\n0 > CANCEL\n0 response 200\n");
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	client_txn_cancel(f->client);
	TX(f, "INVITE", 200);
	fake_expect(f, "0 > INVITE\n0 response 200\n");
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	client_txn_cancel(f->client);
	TX(f, "INVITE", 603);
	fake_expect(f, "0 > INVITE\n0 > ACK\n0 response 603\n");
	fake_finish(f);
}

/* No CANCEL for another method. */
static void c_cancel_other(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_OPTIONS, CONFIG_TCP);
	TX(f, "OPTIONS", 100);
	client_txn_cancel(f->client);
	fake_expect(f, "0 > OPTIONS\n0 response 100\n");
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

/* ---- failures ---- */

static void c_send_failed(void **state)
{
	struct fake *f = fake_open();
	struct client_request r = fake_client_request(f, METHOD_INVITE, CONFIG_UDP);
	int err = 0;

	/* At once: no transaction. */
	f->send_error = -ENETUNREACH;
	assert_null(client_txn_start(f->layer, &r, &err));
	assert_int_equal(err, -ENETUNREACH);
	fake_expect(f, "0 > failed\n");
	f->send_error = 0;
	/* Told later. */
	fake_start(f, METHOD_INVITE, CONFIG_TCP);
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ECONNREFUSED);
	fake_expect(f, "0 > INVITE\n0 failed targets_down\n0 client terminated\n");
	fake_start(f, METHOD_OPTIONS, CONFIG_TCP);
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ECONNREFUSED);
	fake_expect(f, "0 > OPTIONS\n0 failed targets_down\n0 client terminated\n");
	fake_start(f, METHOD_OPTIONS, CONFIG_TCP);
	TX(f, "OPTIONS", 100);
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ECONNRESET);
	fake_expect(f, "0 > OPTIONS\n0 response 100\n0 failed targets_down\n0 client terminated\n");
	fake_start(f, METHOD_INVITE, CONFIG_TCP);
	client_txn_cancel(f->client);
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ECONNREFUSED);
	fake_expect(f, "0 > INVITE\n0 failed cancelled\n0 client terminated\n");
	/* A phone's own flow: gone before (told at once, as the transport's error), and with the request in it. */
	f->send_error = -ENOTCONN;
	r.to.flow_only = true;
	assert_null(client_txn_start(f->layer, &r, &err));
	assert_int_equal(client_txn_reject_of(err), REJECT_FLOW_GONE);
	f->send_error = 0;
	r.to.transport = CONFIG_TCP;
	assert_non_null(client_txn_start(f->layer, &r, &err));
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ENOTCONN);
	fake_expect(f, "0 > failed\n0 > INVITE\n0 failed flow_gone\n0 client terminated\n");
	/* ICMP, proven by the branch: it counts for the address it is about, and the transaction that it names. */
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	r = fake_client_request(f, METHOD_INVITE, CONFIG_UDP);
	struct addr other = r.to.remote;
	addr_set_port(&other, 5061);
	struct str branch = client_txn_branch(f->client);
	assert_false(txn_layer_unreachable(f->layer, 1, &other, branch, METHOD_INVITE, -ECONNREFUSED));
	assert_false(txn_layer_unreachable(f->layer, 0, &r.to.remote, branch, METHOD_INVITE, -ECONNREFUSED));
	assert_false(txn_layer_unreachable(f->layer, 1, &r.to.remote, branch, METHOD_ACK, -ECONNREFUSED));
	assert_false(txn_layer_unreachable(f->layer, 1, &r.to.remote, branch, METHOD_CANCEL, -ECONNREFUSED));
	fake_expect(f, "0 > INVITE\n");
	assert_true(txn_layer_unreachable(f->layer, 1, &r.to.remote, branch, METHOD_INVITE, -ECONNREFUSED));
	fake_expect(f, "0 failed targets_down\n0 client terminated\n");
	fake_start(f, METHOD_INVITE, CONFIG_TCP);
	assert_false(txn_layer_unreachable(f->layer, 1, &r.to.remote, client_txn_branch(f->client), METHOD_INVITE,
					   -ECONNREFUSED));
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ECONNREFUSED);
	fake_expect(f, "0 > INVITE\n0 failed targets_down\n0 client terminated\n");
	/* It did arrive, so an error about a copy means nothing. */
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	TX(f, "INVITE", 100);
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ECONNREFUSED);
	fake_expect(f, "0 > INVITE\n0 response 100\n");
	TX(f, "INVITE", 200);
	f->log.n = 0;
	/* A repetition that fails. */
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	f->send_error = -ENOBUFS;
	fake_until(f, 500);
	fake_expect(f, "0 > INVITE\n500 > failed\n");
	f->send_error = -ENETUNREACH;
	fake_until(f, 1500);
	fake_expect(f, "1500 > failed\n1500 failed targets_down\n1500 client terminated\n");
	f->send_error = 0;
	fake_finish(f);
}

static void c_refused_to_start(void **state)
{
	struct fake *f = fake_open();
	struct client_request r = fake_client_request(f, METHOD_INVITE, CONFIG_UDP);
	int err = 0;

	f->config.limits.transactions = 0;
	assert_null(client_txn_start(f->layer, &r, &err));
	assert_int_equal(err, -ENOSPC);
	f->config.limits.transactions = 100;
	f->blocked = "Route: <sip:r1";
	assert_null(client_txn_start(f->layer, &r, &err));
	assert_int_equal(err, -EPERM);
	f->blocked = NULL;
	r.max_udp_bytes = 100;
	assert_null(client_txn_start(f->layer, &r, &err));
	assert_int_equal(err, -EMSGSIZE);
	r.to.transport = CONFIG_TCP;
	f->client = client_txn_start(f->layer, &r, &err);
	assert_non_null(f->client);
	/* A CANCEL that may not be sent: its time ends the INVITE. */
	TX(f, "INVITE", 100);
	f->log.n = 0;
	f->blocked = "CANCEL";
	client_txn_cancel(f->client);
	fake_until(f, 32000);
	fake_expect(f, "0 blocked\n32000 failed cancelled\n32000 client terminated\n");
	fake_finish(f);
}

/* What is no answer to ours: another network, another method, two Vias, a branch of nobody. */
static void c_strays(void **state)
{
	struct fake *f = fake_open();
	struct in wrong = {.network = 0};

	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	fake_receive(f, fake_response_message(f, "INVITE", 200, "bob", &wrong));
	fake_expect(f, "0 > INVITE\n0 stray 200\n");
	struct str via = fake_header(fake_last(f, "INVITE"), "Via");
	static const char *const after_via[] = {
		"\r\nCSeq: 7 BYE\r\n",
		"\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nCSeq: 7 INVITE\r\n",
		"x\r\nCSeq: 7 INVITE\r\n",
	};
	for (unsigned i = 0; i < 3; i++) {
		char text[1024];
		struct in in = {.network = 1};
		struct str v = via;

		if (i == 2)
			v.n -= strlen(";rport");
		snprintf(text, sizeof(text),
			 "SIP/2.0 200 OK\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nVia: %.*s%s"
			 "Content-Length: 0\r\n\r\n",
			 STR_FMT(v), after_via[i]);
		fake_receive(f, fake_parse(text, &in));
		fake_expect(f, "0 stray 200\n");
	}
	client_txn_cancel(f->client);
	fake_finish(f);
}

/* Detached in each state: no callback more; what rings is cancelled. */
static void c_detach(void **state)
{
	static const struct {
		enum method method;
		int status;
		bool cancel;
		const char *want;
	} cases[] = {
		{METHOD_INVITE, 0, false, "0 > INVITE\n"},
		{METHOD_INVITE, 0, true, "0 > INVITE\n"},
		{METHOD_INVITE, 100, false, "0 > INVITE\n0 response 100\n0 > CANCEL\n"},
		{METHOD_INVITE, 100, true, "0 > INVITE\n0 response 100\n0 > CANCEL\n"},
		{METHOD_INVITE, 200, false, "0 > INVITE\n0 response 200\n"},
		{METHOD_INVITE, 486, false, "0 > INVITE\n0 > ACK\n0 response 486\n"},
		{METHOD_BYE, 0, false, "0 > BYE\n"},
		{METHOD_BYE, 100, false, "0 > BYE\n0 response 100\n"},
		{METHOD_BYE, 200, false, "0 > BYE\n0 response 200\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake *f = fake_open();

		fake_start(f, cases[i].method, CONFIG_TCP);
		if (cases[i].status)
			TX(f, method_text(cases[i].method), cases[i].status);
		if (cases[i].cancel)
			client_txn_cancel(f->client);
		client_txn_detach(f->client);
		fake_expect(f, cases[i].want);
		fake_until(f, 70000);
		fake_expect(f, "");
		fake_finish(f);
	}
}

/* ---- callbacks that call back ---- */

static void cancel_and_detach(struct fake *f, struct client_txn *t, const struct message *m)
{
	f->on_response = NULL;
	client_txn_cancel(t);
	client_txn_detach(t);
}

static void next_target(struct fake *f, struct client_txn *t)
{
	f->on_failed = NULL;
	client_txn_cancel(t);
	client_txn_detach(t);
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
}

static void ack_2xx(struct fake *f, struct client_txn *t, const struct message *m)
{
	struct client_request r = fake_client_request(f, METHOD_ACK, CONFIG_UDP);
	char text[2048];
	struct writer w = writer_init(text, sizeof(text));

	if (m->status < 200)
		return;
	assert_int_equal(txn_send_ack(f->layer, &r, &w), 0);
	assert_int_equal(txn_send_again(f->layer, &r.to, writer_result(&w)), 0);
	fake_start(f, METHOD_BYE, CONFIG_UDP);
}

static void c_callbacks(void **state)
{
	struct fake *f = fake_open();

	f->on_response = cancel_and_detach;
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	TX(f, "INVITE", 180);
	TX(f, "INVITE", 487);
	fake_expect(f, "0 > INVITE\n0 response 180\n0 > CANCEL\n0 > ACK\n");
	TX(f, "CANCEL", 200);
	f->on_failed = next_target;
	start_try(f, 400);
	fake_until(f, 400);
	fake_expect(f, "0 > INVITE\n400 failed timeout\n400 > INVITE\n");
	f->on_response = ack_2xx;
	TX(f, "INVITE", 200);
	fake_expect(f, "400 response 200\n400 > ACK\n400 > ACK\n400 > BYE\n");
	struct str ack = fake_last(f, "ACK");
	assert_false(str_eq(fake_header(ack, "Via"), fake_header(fake_last(f, "INVITE"), "Via")));
	f->on_failed = next_target; /* in B, in the transport's failure */
	f->on_response = NULL;
	fake_start(f, METHOD_INVITE, CONFIG_TCP);
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ECONNREFUSED);
	fake_expect(f, "400 > INVITE\n400 failed targets_down\n400 > INVITE\n");
	f->quiet = true;
	fake_finish(f);
}

/* The layer goes while everything is under way: nothing is told, nothing leaks. */
static void c_destroy(void **state)
{
	struct fake *f = fake_open();

	RX(f, 0);
	RX(f, .method = "OPTIONS", .branch = "z9hG4bKtwo");
	fake_reply(f, 200);
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	TX(f, "INVITE", 180);
	client_txn_cancel(f->client);
	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ECONNREFUSED);
	RX(f, .branch = "z9hG4bKthree", .cseq = 5);
	server_txn_reject(f->server, REJECT_ACL);
	f->log.n = 0;
	fake_close(f);
	txn_layer_destroy(NULL);
}

#endif
