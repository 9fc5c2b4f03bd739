/* SPDX-License-Identifier: Apache-2.0 */
/* The client side when something fails, does not belong to it, or is let go of; one behaviour a function. */
#ifndef TESTS_UNIT_SIP_TEST_TXN_CLIENT_FAULT_CASES_H
#define TESTS_UNIT_SIP_TEST_TXN_CLIENT_FAULT_CASES_H

#include "test_txn_client_cases.h"

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
	fake_expect(f, "0 > INVITE\n0 failed unreachable\n0 client terminated\n");
	fake_start(f, METHOD_OPTIONS, CONFIG_TCP);
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ECONNREFUSED);
	fake_expect(f, "0 > OPTIONS\n0 failed unreachable\n0 client terminated\n");
	fake_start(f, METHOD_OPTIONS, CONFIG_TCP);
	TX(f, "OPTIONS", 100);
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ECONNRESET);
	fake_expect(f, "0 > OPTIONS\n0 response 100\n0 failed unreachable\n0 client terminated\n");
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
	fake_expect(f, "0 failed unreachable\n0 client terminated\n");
	fake_start(f, METHOD_INVITE, CONFIG_TCP);
	assert_false(txn_layer_unreachable(f->layer, 1, &r.to.remote, client_txn_branch(f->client), METHOD_INVITE,
					   -ECONNREFUSED));
	txn_layer_send_failed(f->layer, f->sent[f->n_sent - 1].cookie, -ECONNREFUSED);
	fake_expect(f, "0 > INVITE\n0 failed unreachable\n0 client terminated\n");
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
	fake_expect(f, "1500 > failed\n1500 failed unreachable\n1500 client terminated\n");
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
	fake_expect(f, "400 > INVITE\n400 failed unreachable\n400 > INVITE\n");
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
