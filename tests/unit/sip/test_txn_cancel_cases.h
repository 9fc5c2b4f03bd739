/* SPDX-License-Identifier: Apache-2.0 */
/* CANCEL from the client side, one behaviour a function. */
#ifndef TESTS_UNIT_SIP_TEST_TXN_CANCEL_CASES_H
#define TESTS_UNIT_SIP_TEST_TXN_CANCEL_CASES_H

#include "test_txn_fake.h"

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

#endif
