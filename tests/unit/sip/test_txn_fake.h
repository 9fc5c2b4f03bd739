/* SPDX-License-Identifier: Apache-2.0 */
/* A transaction layer over a fake transport and a virtual clock. All that happens is written as lines of a log, "time
 * what", which a test compares; "> X" is what was sent. */
#ifndef TESTS_UNIT_SIP_TEST_TXN_FAKE_H
#define TESTS_UNIT_SIP_TEST_TXN_FAKE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sbc/sip/txn_internal.h"

#define SENT_MAX 64

/* Networks 0 and 1, each with a UDP and a TCP listener. */
static const struct config_listen fake_listen[] = {{.transport = CONFIG_UDP}, {.transport = CONFIG_TCP}};
static const struct config_network fake_networks[] = {
	{.name = "a", .listen = fake_listen, .n_listen = 2},
	{.name = "b", .listen = fake_listen, .n_listen = 2},
};
enum { UDP = CONFIG_UDP, TCP = CONFIG_TCP };

struct fake {
	struct wheel wheel;
	struct list deferred;
	struct config config;
	struct ident_key key;
	struct txn_layer *layer;
	struct {
		char *text;
		size_t n;
		struct destination to;
		uint64_t cookie;
	} sent[SENT_MAX];
	unsigned n_sent;
	int send_error;      /* what send answers */
	const char *blocked; /* outgoing stops what holds this */
	struct writer log;
	char log_text[32768];
	uint64_t start_ms;
	/* What request() does with a new transaction; NULL: it takes it. */
	void (*on_request)(struct fake *f, struct server_txn *t, const struct message *m);
	void (*on_cancelled)(struct fake *f, struct server_txn *t);
	void (*on_response)(struct fake *f, struct client_txn *t, const struct message *m);
	void (*on_failed)(struct fake *f, struct client_txn *t);
	void (*on_server_failed)(struct fake *f, struct server_txn *t);
	void (*on_terminated)(struct fake *f);
	struct server_txn *server; /* the last one taken */
	struct client_txn *client; /* the last one started */
	enum reject_reason judged; /* of every new request */
	bool quiet;
	unsigned requests, acks, responses;
};

/* Summed over all layers of this program. */
static uint32_t fake_ran[TXN_KINDS][TXN_STATES_MAX][TXN_EVENTS_MAX];

bool transport_reliable(enum config_transport t)
{
	return t != CONFIG_UDP;
}

__attribute__((format(printf, 2, 3))) static void fake_log(struct fake *f, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (f->quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	writer_u64(&f->log, f->wheel.now_ms - f->start_ms);
	writer_char(&f->log, ' ');
	writer_z(&f->log, line);
	writer_char(&f->log, '\n');
	assert_false(f->log.overflow);
}

/* ---- io ---- */

/* Value of a header in a message's text; empty: not there. */
static inline struct str fake_header(struct str text, const char *name)
{
	struct str n = str_z(name);

	while (text.n) {
		struct str line = str_cut(&text, '\n');

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!line.n)
			break;
		if (line.n > n.n && line.p[n.n] == ':' && str_starts_nocase(line, n))
			return str_trim((struct str){line.p + n.n + 1, line.n - n.n - 1});
	}
	return STR_NONE;
}

static inline int fake_send(void *arg, const struct destination *d, const char *text, size_t n, uint64_t cookie)
{
	struct fake *f = arg;
	struct str s = {text, n}, cseq = fake_header(s, "CSeq"), first;

	if (f->quiet)
		return f->send_error;
	if (f->send_error) {
		fake_log(f, "> failed");
		return f->send_error;
	}
	assert_true(f->n_sent < SENT_MAX);
	f->sent[f->n_sent].text = malloc(n + 1);
	memcpy(f->sent[f->n_sent].text, text, n);
	f->sent[f->n_sent].text[n] = '\0';
	f->sent[f->n_sent].n = n;
	f->sent[f->n_sent].to = *d;
	f->sent[f->n_sent++].cookie = cookie;
	first = str_cut(&s, ' ');
	if (str_eq(first, STR("SIP/2.0"))) {
		first = str_cut(&s, ' ');
		str_cut(&cseq, ' ');
		fake_log(f, "> %.*s %.*s", STR_FMT(first), STR_FMT(cseq));
	} else {
		fake_log(f, "> %.*s", STR_FMT(first));
	}
	return 0;
}

static inline void fake_timer(void *arg, struct wheel_timer *t, uint64_t delay_ms)
{
	wheel_arm(&((struct fake *)arg)->wheel, t, delay_ms);
}

static inline void fake_timer_stop(void *arg, struct wheel_timer *t)
{
	wheel_cancel(&((struct fake *)arg)->wheel, t);
}

static inline void fake_later(void *arg, struct loop_deferred *d)
{
	struct fake *f = arg;

	if (!list_linked(&d->node))
		list_append(&f->deferred, &d->node);
}

static inline bool fake_outgoing(void *arg, void *guard, const struct destination *d, struct str text)
{
	struct fake *f = arg;

	if (f->blocked && str_contains(text, str_z(f->blocked))) {
		fake_log(f, "blocked");
		return false;
	}
	return true;
}

/* The end of a turn. */
static inline void fake_turn(struct fake *f)
{
	while (!list_empty(&f->deferred)) {
		struct loop_deferred *d = list_first(&f->deferred, struct loop_deferred, node);

		list_remove(&d->node);
		d->fn(d);
	}
}

/* ---- users ---- */

static inline void fake_cancelled(void *arg, struct server_txn *t, const struct message *cancel)
{
	struct fake *f = arg;

	fake_log(f, "cancelled");
	if (f->on_cancelled)
		f->on_cancelled(f, t);
}

static inline void fake_server_failed(void *arg, struct server_txn *t, int error)
{
	struct fake *f = arg;

	fake_log(f, "server failed %s", error == -ETIMEDOUT ? "timeout" : strerror(-error));
	if (f->on_server_failed)
		f->on_server_failed(f, t);
}

static inline void fake_server_terminated(void *arg, struct server_txn *t)
{
	struct fake *f = arg;

	fake_log(f, "server terminated");
	if (f->server == t)
		f->server = NULL;
	if (f->on_terminated)
		f->on_terminated(f);
}

static const struct server_ops fake_server_ops = {fake_cancelled, fake_server_failed, fake_server_terminated};

static inline void fake_response(void *arg, struct client_txn *t, const struct message *m)
{
	struct fake *f = arg;

	f->responses++;
	fake_log(f, "response %d", m->status);
	if (f->on_response)
		f->on_response(f, t, m);
}

static inline void fake_failed(void *arg, struct client_txn *t, enum reject_reason why)
{
	struct fake *f = arg;

	fake_log(f, "failed %s", reject_key(why));
	if (f->on_failed)
		f->on_failed(f, t);
}

static inline void fake_terminated(void *arg, struct client_txn *t)
{
	struct fake *f = arg;

	fake_log(f, "client terminated");
	if (f->client == t)
		f->client = NULL;
	if (f->on_terminated)
		f->on_terminated(f);
}

static const struct client_ops fake_client_ops = {fake_response, fake_failed, fake_terminated};

static inline void fake_request(void *arg, struct server_txn *t, const struct message *m)
{
	struct fake *f = arg;

	f->requests++;
	fake_log(f, "request %.*s", STR_FMT(m->method_text));
	if (f->on_request) {
		f->on_request(f, t, m);
		return;
	}
	f->server = t;
	server_txn_own(t, &fake_server_ops, f);
}

static inline void fake_ack(void *arg, const struct message *m)
{
	struct fake *f = arg;

	f->acks++;
	fake_log(f, "ack");
}

static inline void fake_stray(void *arg, const struct message *m)
{
	fake_log(arg, "stray %d", m->status);
}

static inline void fake_refused(void *arg, const struct message *m, enum reject_reason why)
{
	fake_log(arg, "refused %s", reject_key(why));
}

static inline enum reject_reason fake_judge(void *arg, const struct message *m)
{
	return ((struct fake *)arg)->judged;
}

static inline struct fake *fake_open(void)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct txn_io io = {fake_send, fake_timer, fake_timer_stop, fake_later, fake_outgoing, f};
	struct txn_user user = {.judge = fake_judge,
				.request = fake_request,
				.ack = fake_ack,
				.stray_response = fake_stray,
				.refused = fake_refused,
				.arg = f};

	f->start_ms = 1000;
	wheel_init(&f->wheel, f->start_ms);
	list_init(&f->deferred);
	f->log = writer_init(f->log_text, sizeof(f->log_text));
	f->config = (struct config){
		.networks = fake_networks,
		.n_networks = 2,
		.timers = {.t1 = 500, .t2 = 4000, .t4 = 5000},
		.limits = {.transactions = 100},
		.server_name = "Limen",
	};
	f->key = ident_key_init(STR("a test"), 1, 1);
	assert_int_equal(txn_layer_create(&io, &user, &f->key, &f->layer), 0);
	txn_layer_configure(f->layer, &f->config);
	return f;
}

static inline void fake_forget_sent(struct fake *f)
{
	while (f->n_sent)
		free(f->sent[--f->n_sent].text);
}

static inline void fake_close(struct fake *f)
{
	for (size_t i = 0; i < sizeof(fake_ran) / sizeof(uint32_t); i++)
		(&fake_ran[0][0][0])[i] += (&f->layer->ran[0][0][0])[i];
	txn_layer_destroy(f->layer);
	assert_int_equal(f->wheel.armed, 0);
	assert_true(list_empty(&f->deferred));
	fake_forget_sent(f);
	free(f);
}

/* Compares what happened since the last call. */
static inline void fake_expect(struct fake *f, const char *want)
{
	fake_turn(f);
	f->log_text[f->log.n] = '\0';
	assert_string_equal(f->log_text, want);
	f->log.n = 0;
}

/* To this instant since the start, in steps, as a loop would. */
static inline void fake_until(struct fake *f, uint64_t ms)
{
	ms += f->start_ms;
	while (f->wheel.now_ms < ms) {
		uint64_t next = wheel_next_ms(&f->wheel);

		next = next < ms - f->wheel.now_ms ? f->wheel.now_ms + next : ms;
		wheel_advance(&f->wheel, next > f->wheel.now_ms ? next : f->wheel.now_ms + 1);
		fake_turn(f);
	}
}

/* All lingering ones gone: nothing may be left. */
static inline void fake_finish(struct fake *f)
{
	struct txn_gauges g;

	fake_until(f, f->wheel.now_ms - f->start_ms + 200000);
	f->log.n = 0;
	txn_gauges(f->layer, &g);
	assert_int_equal(g.server_invite + g.server_other + g.client_invite + g.client_other, 0);
	assert_int_equal(f->layer->by_id.n + f->layer->merged.n, 0);
	fake_close(f);
}

/* ---- messages in ---- */

struct in {
	const char *method;  /* INVITE */
	const char *branch;  /* z9hG4bKone; "-": no branch at all */
	const char *to_tag;  /* none */
	const char *call_id; /* call-1 */
	const char *from_tag;
	const char *headers;
	unsigned cseq; /* 1 */
	unsigned network, transport;
	const char *via_host;
};

static inline struct message *fake_parse(const char *text, const struct in *in)
{
	struct flow_addr from = {
		.network = in->network, .transport = in->transport, .connection = in->transport == TCP};
	struct message *m = NULL;

	assert_true(addr_parse(STR("192.0.2.9"), 5060, &from.remote));
	assert_int_equal(message_parse((const uint8_t *)text, strlen(text), &from, &m), REJECT_NONE);
	return m;
}

static inline struct message *fake_request_message(const struct in *in)
{
	char text[4096], branch[128] = "";
	const char *method = in->method ? in->method : "INVITE";
	const char *b = in->branch ? in->branch : "z9hG4bKone";

	if (strcmp(b, "-") != 0)
		snprintf(branch, sizeof(branch), ";branch=%s", b);
	snprintf(text, sizeof(text),
		 "%s sip:bob@192.0.2.1 SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP %s;rport%s\r\n"
		 "Max-Forwards: 70\r\n"
		 "From: \"Alice\" <sip:alice@a.example>;tag=%s\r\n"
		 "To: <sip:bob@b.example>%s%s\r\n"
		 "Call-ID: %s\r\n"
		 "CSeq: %u %s\r\n"
		 "%s"
		 "Content-Length: 0\r\n\r\n",
		 method, in->via_host ? in->via_host : "192.0.2.9:5060", branch, in->from_tag ? in->from_tag : "alice",
		 in->to_tag ? ";tag=" : "", in->to_tag ? in->to_tag : "", in->call_id ? in->call_id : "call-1",
		 in->cseq ? in->cseq : 1, method, in->headers ? in->headers : "");
	return fake_parse(text, in);
}

static inline void fake_receive(struct fake *f, struct message *m)
{
	txn_layer_receive(f->layer, m);
	message_free(m);
	fake_turn(f);
}

#define RX(f, ...) fake_receive(f, fake_request_message(&(struct in){__VA_ARGS__}))

/* The last request sent with this method. */
static inline struct str fake_last(struct fake *f, const char *method)
{
	for (unsigned i = f->n_sent; i-- > 0;) {
		struct str s = {f->sent[i].text, f->sent[i].n};

		if (str_starts(s, str_z(method)))
			return s;
	}
	fail_msg("no %s was sent", method);
	return STR_NONE;
}

static inline struct message *fake_response_message(struct fake *f, const char *method, int status, const char *to_tag,
						    const struct in *in)
{
	char text[4096];
	struct str req = fake_last(f, method);

	snprintf(text, sizeof(text),
		 "SIP/2.0 %d Whatever\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %.*s%s%s\r\nCall-ID: %.*s\r\nCSeq: %.*s\r\n"
		 "Content-Length: 0\r\n\r\n",
		 status, STR_FMT(fake_header(req, "Via")), STR_FMT(fake_header(req, "From")),
		 STR_FMT(fake_header(req, "To")), to_tag ? ";tag=" : "", to_tag ? to_tag : "",
		 STR_FMT(fake_header(req, "Call-ID")), STR_FMT(fake_header(req, "CSeq")));
	return fake_parse(text, in);
}

/* A response to the last request of this method. */
static inline void TX(struct fake *f, const char *method, int status)
{
	struct in in = {.network = 1};

	fake_receive(f, fake_response_message(f, method, status, status > 100 ? "bob" : NULL, &in));
}

/* ---- what the users do ---- */

static inline int fake_reply(struct fake *f, int status)
{
	struct reply r = {.status = status};

	return server_txn_reply(f->server, &r);
}

static struct client_request fake_client_request(struct fake *f, enum method method, enum config_transport transport)
{
	static char headers[512];
	struct client_request r = {
		.method = method,
		.ruri = STR("sip:bob@198.51.100.7"),
		.to = {.network = 1, .transport = transport},
		.via_host = STR("203.0.113.1:5060"),
		.ops = &fake_client_ops,
		.arg = f,
	};

	snprintf(headers, sizeof(headers),
		 "Max-Forwards: 69\r\nFrom: <sip:us@203.0.113.1>;tag=us\r\nTo: <sip:bob@198.51.100.7>\r\n"
		 "Call-ID: ours-1\r\nCSeq: 7 %s\r\nRoute: <sip:r1;lr>\r\nRoute: <sip:r2;lr>\r\n"
		 "Contact: <sip:us@203.0.113.1>\r\n",
		 method_text(method));
	r.headers = str_z(headers);
	assert_true(addr_parse(STR("198.51.100.7"), 5060, &r.to.remote));
	return r;
}

static inline void fake_start(struct fake *f, enum method method, enum config_transport transport)
{
	struct client_request r = fake_client_request(f, method, transport);
	int err = 0;

	f->client = client_txn_start(f->layer, &r, &err);
	assert_non_null(f->client);
}

/* The text of what was sent last. */
static inline const char *fake_sent(const struct fake *f)
{
	assert_true(f->n_sent > 0);
	return f->sent[f->n_sent - 1].text;
}

#endif
