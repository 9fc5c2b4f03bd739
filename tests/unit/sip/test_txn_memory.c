/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the transaction layer: a call set-up with the k-th allocation failing, for every k, and what lingering
 * transactions hold. The allocator is taken over in plain builds only: a sanitizer has its own. */
#include "test_txn_fake.h"

#include <malloc.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PLAIN 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PLAIN 0
#endif
#endif
#ifndef PLAIN
#define PLAIN 1
#endif

static bool watching;
static long fail_at;          /* 1: the next one; 0: none */
static bool fail_all, failed; /* all from there on; one has */
static long n_allocations, live, live_bytes;

#if PLAIN
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

static bool refuse(void)
{
	if (!watching)
		return false;
	n_allocations++;
	if (fail_at == 0 || --fail_at > 0)
		return false;
	failed = true;
	fail_at = fail_all;
	return true;
}

static void *count(void *p)
{
	if (p && watching) {
		live++;
		live_bytes += (long)malloc_usable_size(p) + 8;
	}
	return p;
}

void *malloc(size_t n)
{
	return refuse() ? NULL : count(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
	return refuse() ? NULL : count(__libc_calloc(n, size));
}

void free(void *p)
{
	if (p && watching) {
		live--;
		live_bytes -= (long)malloc_usable_size(p) + 8;
	}
	__libc_free(p);
}
#endif

/* What a dialogue found out; any step may have failed for want of memory, none may leave anything behind. */
static void set_up(struct fake *f, struct message *const in[5], struct message *const from_b[4])
{
	struct client_request r = fake_client_request(f, METHOD_INVITE, CONFIG_UDP);
	struct reply ringing = {.status = 180}, ok = {.status = 200};
	int err = 0;

	txn_layer_receive(f->layer, in[0]); /* INVITE */
	if (f->server) {
		err = server_txn_reply(f->server, &ringing);
		assert_true(err == 0 || err == -ENOMEM);
		assert_false(server_txn_final_sent(f->server));
	}
	txn_layer_receive(f->layer, in[1]); /* OPTIONS, answered by nobody */
	f->client = client_txn_start(f->layer, &r, &err);
	if (f->client) {
		/* The branch of the prepared responses. */
		client_txn_cancel(f->client);
	} else {
		assert_int_equal(err, -ENOMEM);
	}
	fake_turn(f);
	for (unsigned i = 0; i < 4; i++) {
		if (!f->client)
			break;
		struct message m = *from_b[i];

		m.via.branch = client_txn_branch(f->client);
		txn_layer_receive(f->layer, &m); /* 100, 183, 200 of CANCEL, 487 */
		fake_turn(f);
	}
	txn_layer_receive(f->layer, in[2]); /* CANCEL */
	txn_layer_receive(f->layer, in[3]); /* merged INVITE */
	if (f->server) {
		err = server_txn_reply(f->server, &ok);
		assert_true(err == 0 || err == -ENOMEM);
		assert_int_equal(server_txn_final_sent(f->server), err == 0);
		server_txn_detach(f->server);
		assert_true(server_txn_final_sent(f->server) || err == -ENOMEM);
	}
	txn_layer_receive(f->layer, in[4]); /* ACK */
	fake_turn(f);
	fake_until(f, 100000);
	assert_int_equal(f->layer->by_id.n + f->layer->merged.n, 0);
}

static void take_options(struct fake *f, struct server_txn *t, const struct message *m)
{
	if (m->method != METHOD_INVITE)
		return;
	f->server = t;
	server_txn_own(t, &fake_server_ops, f);
}

static void each_allocation(bool all)
{
	long k = 0, highest = 0;

	do {
		struct fake *f = fake_open();
		struct message *in[5] = {
			fake_request_message(&(struct in){0}),
			fake_request_message(&(struct in){.method = "OPTIONS", .branch = "z9hG4bKopt"}),
			fake_request_message(&(struct in){.method = "CANCEL"}),
			fake_request_message(&(struct in){.branch = "z9hG4bKmerged"}),
			fake_request_message(&(struct in){.method = "ACK", .to_tag = "x", .branch = "z9hG4bKack"}),
		};
		struct message *from_b[4];
		struct in b = {.network = 1};
		int statuses[4] = {100, 183, 200, 487};

		fake_start(f, METHOD_INVITE, CONFIG_UDP);
		for (unsigned i = 0; i < 4; i++)
			from_b[i] = fake_response_message(f, "INVITE", statuses[i], "bob", &b);
		from_b[2]->method = METHOD_CANCEL;
		client_txn_detach(f->client);
		f->client = NULL;
		fake_until(f, 40000);
		fake_forget_sent(f);
		f->quiet = true;
		f->on_request = take_options;
		/* From the first bucket arrays on. */
		hmap_finish(&f->layer->by_id);
		hmap_finish(&f->layer->merged);

		n_allocations = live = live_bytes = 0;
		fail_at = ++k;
		fail_all = all;
		failed = false;
		watching = true;
		set_up(f, in, from_b);
		hmap_finish(&f->layer->by_id);
		hmap_finish(&f->layer->merged);
		watching = false;
		assert_int_equal(live, 0);
		assert_int_equal(live_bytes, 0);
		highest = n_allocations;
		for (unsigned i = 0; i < 5; i++)
			message_free(in[i]);
		for (unsigned i = 0; i < 4; i++)
			message_free(from_b[i]);
		fake_close(f);
	} while (failed);
	print_message("%ld allocations, each failed%s\n", highest, all ? " with all that follow" : "");
	fail_at = 0;
	fail_all = false;
}

static void m_each_allocation(void **state)
{
	if (!PLAIN)
		skip();
	each_allocation(false);
	each_allocation(true);
}

static void m_layer(void **state)
{
	struct txn_io io = {0};
	struct txn_user user = {0};
	struct ident_key key = ident_key_init(STR("a test"), 1, 1);
	struct txn_layer *l = NULL;
	int err;

	if (!PLAIN)
		skip();
	watching = true;
	fail_at = 1;
	err = txn_layer_create(&io, &user, &key, &l);
	watching = false;
	assert_int_equal(err, -ENOMEM);
	assert_null(l);
}

/* A 2xx as a call has it. */
static struct reply typical_answer(void)
{
	static const char headers[] = "Contact: <sip:aaaaaaaaaaaaaaaaaaaaaaaaaaaaa@203.0.113.1:5060>\r\n"
				      "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO\r\n"
				      "Supported: timer\r\nServer: Limen\r\n";
	static const char sdp[] =
		"v=0\r\no=- 3847293847 1 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\n"
		"m=audio 20000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
		"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";

	return (struct reply){
		.status = 200, .headers = STR(headers), .content_type = STR("application/sdp"), .body = STR(sdp)};
}

/* The promise: at most 2 kB for a lingering transaction, with a typical message. */
static void m_lingering(void **state)
{
	static const char *const names[] = {"INVITE server, Accepted",  "INVITE server, Completed",
					    "other server, Completed",  "INVITE client, Accepted",
					    "INVITE client, Completed", "other client, Completed"};
	struct reply ok = typical_answer(), busy = {.status = 486};

	if (!PLAIN)
		skip();
	print_message("sizeof(struct server_txn) %zu, sizeof(struct client_txn) %zu\n", sizeof(struct server_txn),
		      sizeof(struct client_txn));
	for (unsigned i = 0; i < 6; i++) {
		struct fake *f = fake_open();
		struct client_request r = fake_client_request(f, i == 5 ? METHOD_OPTIONS : METHOD_INVITE, CONFIG_UDP);
		struct message *m = fake_request_message(&(struct in){.method = i == 2 ? "OPTIONS" : "INVITE"});
		struct in b = {.network = 1};
		int err;

		f->quiet = true;
		/* The bucket arrays are not this transaction's. */
		assert_int_equal(hmap_insert(&f->layer->by_id, &(struct hmap_node){0}, 1), 0);
		assert_int_equal(hmap_insert(&f->layer->merged, &(struct hmap_node){0}, 1), 0);
		f->layer->by_id.n = f->layer->merged.n = 0;
		memset(f->layer->by_id.buckets, 0, sizeof(void *) * (f->layer->by_id.mask + 1));
		memset(f->layer->merged.buckets, 0, sizeof(void *) * (f->layer->merged.mask + 1));
		r.body = ok.body;
		r.content_type = ok.content_type;
		live = live_bytes = 0;
		watching = true;
		if (i < 3) {
			txn_layer_receive(f->layer, m);
			assert_int_equal(server_txn_reply(f->server, i == 1 ? &busy : &ok), 0);
			watching = false;
		} else {
			f->client = client_txn_start(f->layer, &r, &err);
			watching = false;
			assert_non_null(f->client);
			char text[256];
			snprintf(text, sizeof(text),
				 "SIP/2.0 %d X\r\nVia: SIP/2.0/UDP h;branch=%.*s\r\nFrom: <sip:a@b>;tag=1\r\n"
				 "To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 7 %s\r\n\r\n",
				 i == 4 ? 486 : 200, STR_FMT(client_txn_branch(f->client)),
				 i == 5 ? "OPTIONS" : "INVITE");
			struct message *answer = fake_parse(text, &b);
			watching = true;
			txn_layer_receive(f->layer, answer);
			watching = false;
			message_free(answer);
		}
		print_message("%s: %ld bytes in %ld blocks\n", names[i], live_bytes, live);
		assert_in_range(live_bytes, 1, 2048);
		message_free(m);
		fake_close(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(m_layer),
		cmocka_unit_test(m_each_allocation),
		cmocka_unit_test(m_lingering),
	};

	return cmocka_run_group_tests_name("memory of transactions", tests, NULL, NULL);
}
