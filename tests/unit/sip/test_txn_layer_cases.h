/* SPDX-License-Identifier: Apache-2.0 */
/* The server side of the layer: whose a request is, what is refused without a transaction, what users may do from
 * inside. */
#ifndef TESTS_UNIT_SIP_TEST_TXN_LAYER_CASES_H
#define TESTS_UNIT_SIP_TEST_TXN_LAYER_CASES_H

#include "test_txn_fake.h"

/* RFC 3261 §8.2.2.2: the same request with another branch. */
static void s_merged(void **state)
{
	struct fake *f = fake_open();

	RX(f, 0);
	RX(f, .branch = "z9hG4bKtwo");
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 482 INVITE\n0 refused loop\n");
	/* The refusal's tag is the same each time, and its ACK is known. */
	RX(f, .branch = "z9hG4bKtwo");
	fake_expect(f, "0 > 482 INVITE\n0 refused loop\n");
	struct str to = fake_header(str_z(f->sent[1].text), "To");
	assert_true(str_eq(to, fake_header(str_z(f->sent[2].text), "To")));
	char tag[17] = "";
	memcpy(tag, to.p + to.n - 16, 16);
	RX(f, .method = "ACK", .branch = "z9hG4bKtwo", .to_tag = tag);
	fake_expect(f, "");
	/* Another CSeq, From tag, Call-ID, method, network, or a To tag: not the same. */
	RX(f, .branch = "z9hG4bK3", .cseq = 2);
	RX(f, .branch = "z9hG4bK4", .from_tag = "other");
	RX(f, .branch = "z9hG4bK5", .call_id = "call-2");
	RX(f, .branch = "z9hG4bK6", .method = "OPTIONS");
	RX(f, .branch = "z9hG4bK7", .network = 1);
	RX(f, .branch = "z9hG4bK8", .to_tag = "x");
	assert_int_equal(f->requests, 7);
	fake_close(f);
}

/* What matches by identifiers, but comes from another network, is not taken. */
static void s_other_network(void **state)
{
	struct fake *f = fake_open();

	RX(f, 0);
	fake_reply(f, 486);
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 486 INVITE\n");
	RX(f, .method = "ACK", .to_tag = "x", .network = 1);
	RX(f, .method = "CANCEL", .network = 1);
	fake_expect(f, "0 ack\n0 > 481 CANCEL\n0 refused no_dialog\n");
	RX(f, .network = 1);
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n");
	f->quiet = true;
	fake_reply(f, 500);
	fake_finish(f);
}

/* Matching by sent-by and, without the cookie, as RFC 2543 peers need it. */
static void s_matching(void **state)
{
	struct fake *f = fake_open();

	RX(f, 0);
	RX(f, .via_host = "192.0.2.9");                  /* 5060 is what it would be without */
	RX(f, .via_host = "192.0.2.77:5060", .cseq = 9); /* the same branch by somebody else */
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 100 INVITE\n0 request INVITE\n0 > 100 INVITE\n");
	fake_reply(f, 486);
	static const char *const branches[] = {"-", "1", "z9hg4bkno"};
	for (unsigned i = 0; i < 3; i++) {
		const char *b = branches[i];
		unsigned cseq = 20 + i;

		f->log.n = 0;
		fake_until(f, 10 * (i + 1));
		f->log.n = 0;
		unsigned requests = f->requests;
		RX(f, .branch = b, .cseq = cseq);
		RX(f, .branch = b, .cseq = cseq);
		assert_int_equal(f->requests, requests + 1);
		RX(f, .branch = b, .cseq = cseq, .method = "CANCEL");
		assert_int_equal(fake_reply(f, 487), 0);
		RX(f, .branch = b, .cseq = cseq, .method = "ACK", .to_tag = "x");
		assert_int_equal(f->acks, 0);
		assert_int_equal(f->server->t.state, INVITE_SERVER_CONFIRMED);
		RX(f, .branch = b, .cseq = cseq, .call_id = "other");
		assert_int_equal(f->requests, requests + 2);
		fake_reply(f, 486);
	}
	f->quiet = true;
	/* the first, which nobody answered */
	fake_close(f);
}

/* An ACK while we still think is unexpected: counted, no effect. */
static void s_unexpected(void **state)
{
	struct fake *f = fake_open();
	struct txn_gauges g;

	RX(f, 0);
	RX(f, .method = "ACK", .to_tag = "x");
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n");
	txn_gauges(f->layer, &g);
	assert_int_equal(g.unexpected, 1);
	assert_int_equal(g.server_invite, 1);
	fake_close(f);
}

static void s_limit(void **state)
{
	struct fake *f = fake_open();
	struct txn_gauges g;

	f->config.limits.transactions = 1;
	RX(f, 0);
	RX(f, .branch = "z9hG4bKtwo", .cseq = 2);
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 503 INVITE\n0 refused transactions\n");
	unsigned after = 0;
	assert_int_equal(sscanf(strstr(fake_sent(f), "Retry-After:"), "Retry-After: %u", &after), 1);
	assert_in_range(after, 3, 10);
	assert_non_null(strstr(fake_sent(f), "Server: Limen\r\n"));
	/* An ACK or CANCEL never counts. */
	RX(f, .method = "CANCEL");
	fake_expect(f, "0 > 200 CANCEL\n0 cancelled\n");
	txn_gauges(f->layer, &g);
	assert_int_equal(g.limit_refused, 1);
	fake_close(f);
}

/* The header lines of refusals. */
static void s_reject_headers(void **state)
{
	static const char allow[] = "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, UPDATE, INFO\r\n";
	static const struct {
		enum reject_reason why;
		const char *line, *want;
	} cases[] = {
		{REJECT_METHOD, "SIP/2.0 405 Method Not Allowed\r\n", allow},
		{REJECT_METHOD_UNKNOWN, "SIP/2.0 501 Not Implemented\r\n", allow},
		{REJECT_MEDIA_TYPE, "SIP/2.0 415 ", "Accept: application/sdp\r\nAccept-Encoding: identity\r\n"},
		{REJECT_EXTENSION, "SIP/2.0 420 ", "Unsupported: 100rel, foo, bar\r\n"},
		{REJECT_GLARE_RETRY, "SIP/2.0 500 ", "Retry-After: "},
		{REJECT_DRAINING, "SIP/2.0 503 ", "Retry-After: "},
		{REJECT_NO_ROUTE, "SIP/2.0 404 Not Found\r\n", "Server: Limen\r\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake *f = fake_open();
		struct in in = {.method = i ? "INVITE" : "SUBSCRIBE",
				.headers = "Require: 100rel, foo\r\nRequire: bar\r\n"};
		struct message *m = fake_request_message(&in);

		txn_layer_refuse(f->layer, m, cases[i].why);
		message_free(m);
		assert_memory_equal(fake_sent(f), cases[i].line, strlen(cases[i].line));
		assert_non_null(strstr(fake_sent(f), cases[i].want));
		/* By a transaction, after request(). */
		RX(f, .branch = "z9hG4bKtwo");
		assert_int_equal(server_txn_reject_with(f->server, cases[i].why, STR("X-More: 1\r\n")), 0);
		assert_memory_equal(fake_sent(f), cases[i].line, strlen(cases[i].line));
		assert_non_null(strstr(fake_sent(f), "X-More: 1\r\n"));
		fake_close(f);
	}
	assert_true(txn_method_allowed(METHOD_UPDATE));
	assert_false(txn_method_allowed(METHOD_REFER));
	assert_false(txn_method_allowed(METHOD_UNKNOWN));
	assert_false(txn_option_supported(STR("100rel")));
}

/* What is refused before there is a transaction is said once for each time that it is asked, never by a timer, within a
 * dialog and outside of one; what has a transaction already is not judged again. */
static void s_judged(void **state)
{
	struct fake *f = fake_open();
	struct txn_gauges g;

	RX(f, .branch = "z9hG4bKbefore", .call_id = "before");
	assert_int_equal(f->requests, 1);
	f->judged = REJECT_UNKNOWN_SOURCE;
	RX(f, .branch = "z9hG4bKbefore", .call_id = "before");
	RX(f, 0);
	assert_memory_equal(fake_sent(f), "SIP/2.0 403 ", 12);
	RX(f, 0);
	f->judged = REJECT_NO_DIALOG;
	RX(f, .method = "BYE", .to_tag = "gone", .branch = "z9hG4bKbye");
	assert_memory_equal(fake_sent(f), "SIP/2.0 481 ", 12);
	assert_int_equal(f->requests, 1);
	txn_gauges(f->layer, &g);
	assert_int_equal(g.server_invite + g.server_other, 1);
	fake_forget_sent(f);
	fake_until(f, 64 * 500);
	for (unsigned i = 0; i < f->n_sent; i++)
		assert_null(strstr(f->sent[i].text, " 403 "));
	fake_close(f);
}

/* Never answered: ACKs, responses, reasons without a status. */
static void s_refuse_silently(void **state)
{
	struct fake *f = fake_open();
	struct message *ack = fake_request_message(&(struct in){.method = "ACK"});
	struct message *invite = fake_request_message(&(struct in){0});

	txn_layer_refuse(f->layer, ack, REJECT_NO_ROUTE);
	txn_layer_refuse(f->layer, invite, REJECT_RATE);
	fake_expect(f, "0 refused no_route\n0 refused rate\n");
	message_free(ack);
	message_free(invite);
	fake_close(f);
}

/* The user's own tag, headers, phrase and body. */
static void s_reply_text(void **state)
{
	struct fake *f = fake_open();
	struct reply r = {.status = 200,
			  .phrase = "Fine",
			  .to_tag = STR("mine"),
			  .headers = STR("Contact: <sip:us>\r\n"),
			  .content_type = STR("application/sdp"),
			  .body = STR("v=0\r\n")};

	RX(f, 0);
	assert_int_equal(server_txn_reply(f->server, &r), 0);
	assert_string_equal(fake_sent(f),
			    "SIP/2.0 200 Fine\r\n"
			    "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKone;received=192.0.2.9;rport=5060\r\n"
			    "From: \"Alice\" <sip:alice@a.example>;tag=alice\r\n"
			    "Call-ID: call-1\r\n"
			    "CSeq: 1 INVITE\r\n"
			    "To: <sip:bob@b.example>;tag=mine\r\n"
			    "Contact: <sip:us>\r\n"
			    "Content-Type: application/sdp\r\n"
			    "Content-Length: 5\r\n\r\nv=0\r\n");
	RX(f, .branch = "z9hG4bKtwo", .cseq = 2);
	r.phrase = "Bad\r\nX: y";
	assert_int_equal(server_txn_reply(f->server, &r), 0);
	assert_memory_equal(fake_sent(f), "SIP/2.0 200 OK\r\n", 16);
	RX(f, .branch = "z9hG4bKthree", .cseq = 3);
	char *huge = calloc(1, TXN_SCRATCH_BYTES);
	r.body = (struct str){huge, TXN_SCRATCH_BYTES};
	assert_int_equal(server_txn_reply(f->server, &r), -EMSGSIZE);
	free(huge);
	assert_false(server_txn_final_sent(f->server));
	f->quiet = true;
	fake_close(f);
}

/* What the leak checker stops is not sent; a final reply becomes a bare 500. */
static void s_blocked(void **state)
{
	struct fake *f = fake_open();
	struct reply r = {.status = 180, .headers = STR("X-Leak: 10.0.0.5\r\n")};

	f->blocked = "10.0.0.5";
	RX(f, 0);
	assert_int_equal(server_txn_reply(f->server, &r), -EPERM);
	assert_false(server_txn_final_sent(f->server));
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 blocked\n");
	r.status = 200;
	assert_int_equal(server_txn_reply(f->server, &r), -EPERM);
	assert_true(server_txn_final_sent(f->server));
	fake_expect(f, "0 blocked\n0 > 500 INVITE\n");
	assert_null(strstr(fake_sent(f), "10.0.0.5"));
	assert_null(strstr(fake_sent(f), "Server:"));
	f->quiet = true;
	fake_finish(f);
}

/* A transport failure is told, and changes nothing: at once, or by cookie. */
static void s_send_failed(void **state)
{
	struct fake *f = fake_open();
	uint64_t cookie;

	RX(f, 0);
	cookie = f->sent[0].cookie;
	assert_true(cookie != 0);
	txn_layer_send_failed(f->layer, cookie, -ENETUNREACH);
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 server failed Network is unreachable\n");
	txn_layer_send_failed(f->layer, cookie + 1, -ENETUNREACH);
	txn_layer_send_failed(f->layer, 0, -ENETUNREACH);
	fake_expect(f, "");
	f->send_error = -ENETUNREACH;
	assert_int_equal(fake_reply(f, 200), 0);
	fake_expect(f, "0 > failed\n0 server failed Network is unreachable\n");
	/* A datagram without room is a lost one. */
	f->send_error = -ENOBUFS;
	server_txn_resend(f->server);
	fake_expect(f, "0 > failed\n");
	f->send_error = 0;
	RX(f, .branch = "z9hG4bKtwo", .cseq = 2);
	fake_reply(f, 486);
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ENETUNREACH);
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 486 INVITE\n0 server failed Network is unreachable\n");
	RX(f, .method = "ACK", .branch = "z9hG4bKtwo", .cseq = 2, .to_tag = "x");
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ENETUNREACH);
	fake_expect(f, "");
	RX(f, .method = "OPTIONS", .branch = "z9hG4bKthree", .cseq = 3);
	fake_until(f, 3500);
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ENETUNREACH);
	fake_expect(f, "0 request OPTIONS\n3500 > 100 OPTIONS\n3500 server failed Network is unreachable\n");
	fake_reply(f, 200);
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ENETUNREACH);
	fake_expect(f, "3500 > 200 OPTIONS\n3500 server failed Network is unreachable\n");
	fake_finish(f);
}

/* ---- callbacks that call back ---- */

static void reply_487(struct fake *f, struct server_txn *t)
{
	assert_int_equal(server_txn_reply(t, &(struct reply){.status = 487}), 0);
	server_txn_detach(t);
}

static void detach_server(struct fake *f, struct server_txn *t)
{
	server_txn_detach(t);
	assert_int_equal(server_txn_reply(t, &(struct reply){.status = 500}), -EALREADY);
}

static void start_options(struct fake *f)
{
	f->on_terminated = NULL;
	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
}

static void reply_all(struct fake *f, struct server_txn *t, const struct message *m)
{
	server_txn_own(t, &fake_server_ops, f);
	f->server = t;
	fake_reply(f, 180);
	fake_reply(f, 200);
	server_txn_resend(t);
}

static void s_callbacks(void **state)
{
	struct fake *f = fake_open();

	f->on_cancelled = reply_487;
	RX(f, 0);
	RX(f, .method = "CANCEL");
	fake_expect(f, "0 request INVITE\n0 > 100 INVITE\n0 > 200 CANCEL\n0 cancelled\n0 > 487 INVITE\n");
	RX(f, .method = "ACK", .to_tag = "x");
	fake_until(f, 5000);
	fake_expect(f, "");
	f->on_server_failed = detach_server;
	RX(f, .branch = "z9hG4bKtwo");
	fake_reply(f, 486);
	f->quiet = true;
	fake_until(f, 36999);
	f->quiet = false;
	f->log.n = 0;
	fake_until(f, 37000);
	fake_expect(f, "37000 server failed timeout\n");
	f->on_request = reply_all;
	f->on_terminated = start_options;
	RX(f, .branch = "z9hG4bKthree");
	fake_expect(f, "37000 request INVITE\n37000 > 180 INVITE\n37000 > 200 INVITE\n37000 > 200 INVITE\n");
	fake_until(f, 69000);
	fake_expect(f, "69000 server terminated\n69000 > OPTIONS\n");
	fake_finish(f);
}

#endif
