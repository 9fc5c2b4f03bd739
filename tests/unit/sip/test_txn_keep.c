/* SPDX-License-Identifier: Apache-2.0 */
/* An INVITE's transaction goes on in another process: two layers, of which the second knows what the first kept. */
#include "test_txn_fake.h"

#include "../base/oom.h"

static struct {
	char text[8192];
	size_t n;
	struct flow_addr source;
	struct client_kept client;
} kept;

static struct str kept_text(void)
{
	return (struct str){kept.text, kept.n};
}

static void keep(struct str text)
{
	assert_true(text.n && text.n < sizeof(kept.text));
	memcpy(kept.text, text.p, text.n);
	kept.n = text.n;
}

/* The first process is gone. */
static struct fake *next_process(struct fake *f)
{
	fake_close(f);
	return fake_open();
}

static void keep_server(struct fake *f)
{
	keep(server_txn_keep(f->server));
	kept.source = *server_txn_source(f->server);
}

static void restore_server(struct fake *f)
{
	assert_int_equal(server_txn_restore(f->layer, &kept.source, kept_text(), &f->server), 0);
	server_txn_own(f->server, &fake_server_ops, f);
}

static void test_accepted(void **state)
{
	struct fake *f = fake_open();
	struct reply ok = {.status = 200, .to_tag = STR("ours"), .headers = STR("Contact: <sip:us@192.0.2.1>\r\n")};

	RX(f, .headers = "Via: SIP/2.0/UDP proxy.example;branch=z9hG4bKx\r\n");
	assert_int_equal(server_txn_reply(f->server, &ok), 0);
	keep_server(f);
	assert_string_equal(fake_sent(f), kept.text);
	f = next_process(f);
	restore_server(f);
	assert_true(server_txn_final_sent(f->server));
	assert_int_equal(server_txn_reply(f->server, &ok), -EALREADY);
	assert_int_equal(server_txn_resend(f->server), 0);
	assert_memory_equal(fake_sent(f), kept.text, kept.n);
	assert_true(addr_equal(&f->sent[0].to.remote, &kept.source.remote));
	RX(f, 0);
	RX(f, .method = "CANCEL");
	RX(f, .method = "ACK", .branch = "z9hG4bKanother", .to_tag = "ours");
	fake_expect(f, "0 > 200 INVITE\n0 > 200 CANCEL\n0 cancelled\n0 ack\n");
	fake_until(f, 32000);
	fake_expect(f, "32000 server terminated\n");
	fake_finish(f);
}

static void test_ringing(void **state)
{
	struct fake *f = fake_open();
	struct reply ringing = {.status = 183, .to_tag = STR("ours"), .body = STR("anything")};

	RX(f, 0);
	assert_int_equal(server_txn_keep(f->server).n > 0, 1);
	assert_int_equal(server_txn_reply(f->server, &ringing), 0);
	keep_server(f);
	f = next_process(f);
	restore_server(f);
	RX(f, 0);
	assert_int_equal(server_txn_reject(f->server, REJECT_RESTARTED), 0);
	assert_non_null(strstr(fake_sent(f), "To: <sip:bob@b.example>;tag=ours\r\n"));
	assert_non_null(strstr(fake_sent(f),
			       "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKone;received=192.0.2.9;rport=5060\r\n"));
	RX(f, 0);
	RX(f, .method = "ACK", .to_tag = "ours");
	fake_until(f, 5000);
	/* what the first INVITE met was a 100: no provisional was sent here */
	fake_expect(f, "0 > 100 INVITE\n0 > 503 INVITE\n0 > 503 INVITE\n5000 server terminated\n");
	fake_finish(f);
}

static void test_nothing_to_keep(void **state)
{
	struct fake *f = fake_open();
	struct server_txn *t = NULL;

	RX(f, .method = "OPTIONS");
	assert_int_equal(server_txn_keep(f->server).n, 0);
	fake_reply(f, 200);
	RX(f, 0);
	fake_reply(f, 486);
	assert_int_equal(server_txn_keep(f->server).n, 0);
	RX(f, .branch = "z9hG4bKtwo", .cseq = 2);
	/* no tag yet: a reply that says no more than 100 */
	keep_server(f);
	assert_int_equal(server_txn_restore(f->layer, &kept.source, kept_text(), &t), -EBADMSG);
	fake_reply(f, 200);
	/* RFC 2543's branch: the reply does not say which request it is of */
	RX(f, .branch = "-", .cseq = 3);
	fake_reply(f, 200);
	keep_server(f);
	assert_int_equal(server_txn_restore(f->layer, &kept.source, kept_text(), &t), -EBADMSG);
	assert_int_equal(server_txn_restore(f->layer, &kept.source, STR("SIP/2.0 200 OK\r\n\r\n"), &t), -EBADMSG);
	assert_null(t);
	f->log.n = 0;
	fake_finish(f);
}

static void keep_client(struct fake *f)
{
	keep(client_txn_keep(f->client, &kept.client));
	kept.text[kept.n] = '\0';
	/* to whom the CANCEL and the ACK go, and no more; what has to be sent again is whole */
	if (kept.client.provisional)
		assert_null(strstr(kept.text, "Contact:"));
	else
		assert_string_equal(kept.text, fake_last(f, "INVITE").p);
	assert_non_null(strstr(kept.text, "CSeq: 7 INVITE\r\n"));
}

static void restore_client(struct fake *f)
{
	assert_int_equal(client_txn_restore(f->layer, kept_text(), &kept.client, &f->client), 0);
	client_txn_own(f->client, &fake_client_ops, f, NULL);
}

/* A response to the INVITE that the process before sent. */
static void answer(struct fake *f, int status)
{
	struct in in = {.network = 1};
	char text[4096];
	struct str req = kept_text();

	snprintf(text, sizeof(text),
		 "SIP/2.0 %d X\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %.*s;tag=bob\r\nCall-ID: %.*s\r\nCSeq: %.*s\r\n"
		 "Content-Length: 0\r\n\r\n",
		 status, STR_FMT(fake_header(req, "Via")), STR_FMT(fake_header(req, "From")),
		 STR_FMT(fake_header(req, "To")), STR_FMT(fake_header(req, "Call-ID")),
		 STR_FMT(fake_header(req, "CSeq")));
	fake_receive(f, fake_parse(text, &in));
}

static void test_cancelled(void **state)
{
	struct fake *f = fake_open();
	struct str via;
	char sent_via[200];

	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	via = fake_header(fake_last(f, "INVITE"), "Via");
	snprintf(sent_via, sizeof(sent_via), "%.*s", STR_FMT(via));
	TX(f, "INVITE", 180);
	keep_client(f);
	assert_true(kept.client.provisional);
	f = next_process(f);
	restore_client(f);
	fake_until(f, 1000);
	fake_expect(f, "");
	client_txn_cancel(f->client);
	assert_true(str_eq(fake_header(fake_last(f, "CANCEL"), "Via"), str_z(sent_via)));
	assert_true(str_eq(fake_header(fake_last(f, "CANCEL"), "Route"), STR("<sip:r1;lr>")));
	TX(f, "CANCEL", 200);
	answer(f, 487);
	assert_true(str_eq(fake_header(fake_last(f, "ACK"), "To"), STR("<sip:bob@198.51.100.7>;tag=bob")));
	fake_until(f, 34000);
	fake_expect(f, "1000 > CANCEL\n1000 > ACK\n1000 response 487\n33000 client terminated\n");
	fake_finish(f);
}

static void test_answered(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	TX(f, "INVITE", 180);
	keep_client(f);
	f = next_process(f);
	restore_client(f);
	answer(f, 200);
	fake_until(f, 32000);
	fake_expect(f, "0 response 200\n32000 client terminated\n");
	fake_finish(f);
}

/* RFC 3261 §9.1: no CANCEL before a provisional; so the INVITE is sent again, until it is clear that nobody has it. */
static void test_no_provisional(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	keep_client(f);
	assert_false(kept.client.provisional);
	f = next_process(f);
	restore_client(f);
	client_txn_cancel(f->client);
	fake_until(f, 600);
	assert_string_equal(fake_sent(f), kept.text);
	answer(f, 180);
	fake_expect(f, "1 > INVITE\n501 > INVITE\n600 > CANCEL\n600 response 180\n");
	fake_finish(f);
	f = fake_open();
	restore_client(f);
	fake_until(f, 40000);
	fake_expect(f, "1 > INVITE\n501 > INVITE\n1501 > INVITE\n3500 failed cancelled\n3500 client terminated\n");
	fake_finish(f);
}

/* What dials anew is sent once. */
static void test_no_provisional_reliable(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_INVITE, CONFIG_TCP);
	keep_client(f);
	f = next_process(f);
	restore_client(f);
	fake_until(f, 40000);
	fake_expect(f, "1 > INVITE\n3500 failed cancelled\n3500 client terminated\n");
	fake_finish(f);
}

/* A record of another program, which kept the head alone. */
static void test_head_alone(void **state)
{
	struct fake *f = fake_open();

	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	TX(f, "INVITE", 180);
	keep_client(f);
	kept.client.provisional = false;
	f = next_process(f);
	restore_client(f);
	fake_until(f, 40000);
	fake_expect(f, "32000 failed cancelled\n32000 client terminated\n");
	fake_finish(f);
}

static void test_no_client(void **state)
{
	struct fake *f = fake_open();
	struct client_txn *t = NULL;

	fake_start(f, METHOD_BYE, CONFIG_UDP);
	assert_int_equal(client_txn_keep(f->client, &kept.client).n, 0);
	TX(f, "BYE", 200);
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	keep_client(f);
	TX(f, "INVITE", 200);
	assert_int_equal(client_txn_keep(f->client, &kept.client).n, 0);
	/* a branch that was never ours */
	memcpy(strstr(kept.text, ";rport"), "x;rpor", 6);
	assert_int_equal(client_txn_restore(f->layer, kept_text(), &kept.client, &t), -EBADMSG);
	assert_null(t);
	f->log.n = 0;
	fake_finish(f);
}

static void test_memory(void **state)
{
	struct fake *f = fake_open();
	unsigned k = 0;
	bool refused;

	RX(f, 0);
	fake_reply(f, 200);
	keep_server(f);
	f = next_process(f);
	do {
		struct server_txn *t = NULL;
		int err;

		oom_after(k++);
		err = server_txn_restore(f->layer, &kept.source, kept_text(), &t);
		refused = oom_off();
		assert_int_equal(err, refused ? -ENOMEM : 0);
		assert_int_equal(t != NULL, err == 0);
	} while (refused);
	fake_finish(f);
	f = fake_open();
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	keep_client(f);
	f = next_process(f);
	k = 0;
	do {
		struct client_txn *t = NULL;
		int err;

		oom_after(k++);
		err = client_txn_restore(f->layer, kept_text(), &kept.client, &t);
		refused = oom_off();
		assert_int_equal(err, refused ? -ENOMEM : 0);
		assert_int_equal(t != NULL, err == 0);
	} while (refused);
	fake_finish(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_ringing),
		cmocka_unit_test(test_nothing_to_keep),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_no_provisional),
		cmocka_unit_test(test_no_client),
		cmocka_unit_test(test_head_alone),
		cmocka_unit_test(test_no_provisional_reliable),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests_name("kept transactions", tests, NULL, NULL);
}
