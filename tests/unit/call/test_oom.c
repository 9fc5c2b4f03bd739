/* SPDX-License-Identifier: Apache-2.0 */
/* Out of memory in the middle of a call. A real worker, real calls, a real relay and UDP on loopback; the test plays
 * both legs, turns the loop and moves the time. Each allocation of the worker's thread fails once, alone and with all
 * after it, those of libraries included: malloc(3) and its kin are ours here. Afterwards nothing may be left: no call,
 * transaction, port or block; and the next call must work. A sanitizer has its own malloc(3); such a build skips this.
 */
#include <openssl/err.h>

#include "base/log.h"
#include "sbc/call/calls.h"
#include "sbc/location/reach.h"
#include "sbc/media_networks.h"
#include "sbc/sip/digest.h"
#include "tests/unit/base/heap.h"
#include "tests/unit/sip/net.h"

#if !HEAP_IS_OURS
int main(void)
{
	return 77; /* skipped */
}
#else

/* ---- what is under test ---- */

static struct {
	struct config *config;
	struct ident_key key;
	struct media *media;
	struct border_state *border;
	struct worker_group *group;
	struct worker *worker;
	struct keyring *keyring;
	struct calls *calls;
	struct location *location;
	uint16_t port;
	bool failing; /* allocations count while the loop turns */
} e;

static char config_buf[2000];
static const char *config_path;

static bool on_pass(void *arg, struct server_txn *t, const struct message *m)
{
	server_txn_reject(t, REJECT_METHOD);
	return true;
}

/* ---- the two far sides ---- */

struct party {
	int fd;
	struct addr addr;
	unsigned cseq;
	char request[2000]; /* not answered yet */
	size_t request_n;
	char answer[2000]; /* a 2xx not acknowledged yet */
	size_t answer_n;
	unsigned answer_cseq;
	char remote_tag[64], contact[200];
	int final; /* of the last request */
	bool talking, ended;
	bool answered, acked; /* b: its 2xx of the first INVITE */
	uint16_t media;       /* the relay's port, as it was told last */
};
static struct party a, b;
static unsigned call_number;
static char alias[IDENT_LEN + 1]; /* b is a registered phone, called by it; empty: a peer */
static bool asks;                 /* b wants to know who asks, and has a new nonce each time */
static bool late;                 /* the offer comes in the 2xx, the answer in the ACK */

#define SDP                                                                                                            \
	"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\n"    \
	"a=rtpmap:101 telephone-event/8000\r\n"

static void send_text(struct party *p, const char *text, size_t n)
{
	struct addr to = at("127.0.0.1:1");

	addr_set_port(&to, e.port);
	(void)!sendto(p->fd, text, n, 0, &to.sa, addr_len(&to));
}

static size_t make_request(char *buf, size_t cap, const char *method, unsigned cseq, const char *branch,
			   const char *body)
{
	char tag[80] = "", callee[80];

	snprintf(callee, sizeof(callee), "sip:%s@127.0.0.1", alias[0] ? alias : "100");
	if (a.remote_tag[0])
		snprintf(tag, sizeof(tag), ";tag=%s", a.remote_tag);
	return (size_t)snprintf(
		buf, cap,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s%u-%u\r\n"
		"From: <sip:alice@example.com>;tag=fa%u\r\nTo: <sip:100@example.net>%s\r\nCall-ID: oom-%u\r\n"
		"CSeq: %u %s\r\nMax-Forwards: 70\r\nContact: <sip:alice@127.0.0.1:%u>\r\n%sContent-Length: %zu\r\n\r\n%s",
		method, a.contact[0] ? a.contact : callee, addr_port(&a.addr), branch, call_number, cseq, call_number,
		tag, call_number, cseq, method, addr_port(&a.addr), body[0] ? "Content-Type: application/sdp\r\n" : "",
		strlen(body), body);
}

static void a_request(const char *method, const char *body)
{
	a.final = 0;
	a.cseq++;
	a.request_n = make_request(a.request, sizeof(a.request), method, a.cseq, method, body);
	send_text(&a, a.request, a.request_n);
}

static unsigned nonces;

static void reply(struct party *p, const struct message *m, int status, const char *body)
{
	char buf[2000];
	struct writer w = writer_init(buf, sizeof(buf));
	const void *it = NULL;
	struct header h;

	writer_fmt(&w, "SIP/2.0 %d X\r\n", status);
	while (message_next_header(m, &it, &h))
		if (str_eq(h.name, str_z("Via")) || str_eq(h.name, str_z("From")) || str_eq(h.name, str_z("To")) ||
		    str_eq(h.name, str_z("Call-ID")) || str_eq(h.name, str_z("CSeq")))
			writer_fmt(&w, "%.*s: %.*s%s\r\n", STR_FMT(h.name), STR_FMT(h.value),
				   str_eq(h.name, str_z("To")) && !m->to.tag.n ? ";tag=tb" : "");
	if (status == 407)
		writer_fmt(&w, "Proxy-Authenticate: Digest realm=\"b\", nonce=\"%u\", qop=\"auth\"\r\n", ++nonces);
	writer_fmt(&w, "Contact: <sip:bob@127.0.0.2:%u>\r\n%sContent-Length: %zu\r\n\r\n%s", addr_port(&p->addr),
		   body[0] ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
	send_text(p, buf, w.n);
	if (m->method == METHOD_INVITE && status >= 200 && status < 300) {
		memcpy(p->answer, buf, w.n);
		p->answer_n = w.n;
		p->answer_cseq = m->cseq;
	}
}

/* a request of ours to b, whose tag is "tb" */
static void in_dialog(const struct party *p, const struct message *m)
{
	if (p == &b && !str_eq(m->to.tag, str_z("tb")))
		fail_msg("allocation %u: %.*s with To tag \"%.*s\"", heap_fail_at, STR_FMT(m->method_text),
			 STR_FMT(m->to.tag));
}

/* One that carries the nonce given last. */
static bool knows_nonce(const struct message *m)
{
	struct digest_credentials c;
	struct str value;
	uint64_t n;

	return message_header(m, STR("Proxy-Authorization"), 0, &value) && digest_credentials_parse(value, &c) == 0 &&
	       str_to_u64(c.nonce, UINT32_MAX, &n) && n == nonces;
}

static void take_request(struct party *p, const struct message *m)
{
	if (asks && p == &b && m->method != METHOD_ACK && m->method != METHOD_CANCEL && !knows_nonce(m)) {
		reply(p, m, 407, "");
		return;
	}
	switch (m->method) {
	case METHOD_INVITE:
		if (p->answer_n && p->answer_cseq == m->cseq)
			break; /* repeated */
		if (!m->to.tag.n)
			reply(p, m, 180, "");
		reply(p, m, 200, SDP);
		p->answered = true;
		p->acked = false;
		break;
	case METHOD_ACK:
		in_dialog(p, m);
		p->acked = true;
		p->answer_n = 0;
		break;
	case METHOD_BYE:
		in_dialog(p, m);
		p->answer_n = 0;
		p->ended = true;
		reply(p, m, 200, "");
		break;
	default:
		reply(p, m, 200, "");
	}
}

static void take_response(struct party *p, const struct message *m)
{
	char buf[2000];

	if (m->status < 200)
		return;
	if (m->method == METHOD_INVITE) {
		bool ok = m->status < 300;

		if (ok) {
			snprintf(p->remote_tag, sizeof(p->remote_tag), "%.*s", STR_FMT(m->to.tag));
			snprintf(p->contact, sizeof(p->contact), "%.*s", STR_FMT(m->contact.uri.text));
			p->talking = true;
		}
		char was[64];
		snprintf(was, sizeof(was), "%s", p->remote_tag);
		if (!ok)
			snprintf(p->remote_tag, sizeof(p->remote_tag), "%.*s", STR_FMT(m->to.tag));
		size_t n = make_request(buf, sizeof(buf), "ACK", m->cseq, ok ? "ack" : "INVITE", ok && late ? SDP : "");
		send_text(p, buf, n);
		snprintf(p->remote_tag, sizeof(p->remote_tag), "%s", was);
	} else if (m->method == METHOD_BYE) {
		p->ended = true;
	}
	if (m->cseq == p->cseq && p->request_n) {
		p->request_n = 0;
		p->final = m->status;
	}
}

/* The relay's thread looks for orders by itself every 20 ms, which is most of the time that this test takes: a datagram
 * has it look now. */
static void wake_relay(const struct party *p)
{
	struct addr to = at("127.0.0.1:1");

	addr_set_port(&to, p->media);
	if (p->media)
		(void)!sendto(p->fd, "", 1, 0, &to.sa, addr_len(&to));
}

static bool party_take(struct party *p)
{
	uint8_t buf[4001] = "";
	struct flow_addr from = {.remote = at("127.0.0.1:1")};
	bool any = false;
	ssize_t n;

	while ((n = recv(p->fd, buf, sizeof(buf) - 1, MSG_DONTWAIT)) > 0) {
		const char *media = memmem(buf, (size_t)n, "m=audio ", 8);
		struct message *m = NULL;

		any = true;
		if (media)
			p->media = (uint16_t)strtoul(media + 8, NULL, 10);
		if (message_parse(buf, (size_t)n, &from, &m) != REJECT_NONE)
			fail_msg("unreadable: %.*s", (int)n, (char *)buf);
		if (m->request)
			take_request(p, m);
		else
			take_response(p, m);
		message_free(m);
	}
	return any;
}

/* ---- turning ---- */

static void on_post(void *arg)
{
}

/* wait: for a millisecond at most, else not at all. */
static void turn(bool wait)
{
	struct wheel_timer t = {.fn = tick};

	if (wait)
		loop_timer(e.worker->loop, &t, 1);
	else
		loop_post(e.worker->loop, on_post, NULL);
	heap_armed = e.failing;
	loop_turn(e.worker->loop);
	heap_armed = false;
	loop_timer_stop(e.worker->loop, &t);
}

static void settle(void)
{
	for (unsigned quiet = 0; quiet < 3; quiet++) {
		turn(quiet == 2);
		if (party_take(&a) + party_take(&b) > 0)
			quiet = 0;
	}
}

/* 100 ms pass; whoever waits says it again. */
static void step(void)
{
	virtual_ns += 100 * UINT64_C(1000000);
	if (a.request_n)
		send_text(&a, a.request, a.request_n);
	if (a.answer_n)
		send_text(&a, a.answer, a.answer_n);
	if (b.answer_n)
		send_text(&b, b.answer, b.answer_n);
	settle();
}

/* Until a's request is answered, or for 64*T1 of 100 ms. */
static void until_answered(void)
{
	settle();
	for (unsigned i = 0; i < 64 && a.request_n; i++)
		step();
	a.request_n = 0;
}

static uint64_t calls_alive(void)
{
	struct call_counters c;

	calls_counters(e.calls, &c);
	return c.calls + c.legs;
}

static uint64_t transactions_alive(void)
{
	struct txn_gauges g;

	txn_gauges(e.worker->txn, &g);
	return g.server_invite + g.server_other + g.client_invite + g.client_other;
}

/* Everything over, lingering transactions too. */
static void until_over(const char *what)
{
	for (unsigned i = 0; i < 400 && (calls_alive() || transactions_alive() || sock_count(SOCK_KIND_MEDIA)); i++) {
		/* an answer that came after a had given up */
		if (a.talking && !a.ended && !a.request_n)
			a_request("BYE", "");
		if (!calls_alive()) {
			virtual_ns += 6500 * UINT64_C(1000000);
		} else if (i > 70) {
			a.answer_n = b.answer_n = 0;
			virtual_ns += 900 * UINT64_C(1000000);
		}
		wake_relay(&a);
		wake_relay(&b);
		step();
	}
	if (calls_alive() || transactions_alive() || sock_count(SOCK_KIND_MEDIA))
		fail_msg("%s, allocation %u%s: %lu calls and legs, %lu transactions, %zu ports left", what,
			 heap_fail_at, heap_fail_on ? " and later" : "", (unsigned long)calls_alive(),
			 (unsigned long)transactions_alive(), sock_count(SOCK_KIND_MEDIA));
}

/* ---- a call ---- */

static void new_call(void)
{
	int fa = a.fd, fb = b.fd;
	struct addr aa = a.addr, ab = b.addr;

	a = (struct party){.fd = fa, .addr = aa};
	b = (struct party){.fd = fb, .addr = ab};
	call_number++;
}

static void invite(void)
{
	new_call();
	a_request("INVITE", late ? "" : SDP);
	until_answered();
}

static void hang_up(void)
{
	if (a.talking && !a.ended) {
		a_request("BYE", "");
		until_answered();
	}
}

static void register_b(void);

static void good_call(const char *what)
{
	/* a phone that was taken for silent registers again */
	if (alias[0])
		register_b();
	invite();
	if (a.final != 200)
		fail_msg("after %s with allocation %u%s failing, a call is answered %d", what, heap_fail_at,
			 heap_fail_on ? " and later ones" : "", a.final);
	hang_up();
	assert_true(b.ended);
	until_over("a good call");
}

/* ---- life of it all ---- */

static void open_party(struct party *p, const char *host)
{
	struct addr local = at(host);

	p->fd = client_socket(SOCK_DGRAM, &local);
	p->addr = client_addr(p->fd);
}

static void register_b(void)
{
	static const struct str aor = {"bob@127.0.0.1", 13};
	struct addr local = at("127.0.0.1:1");
	char uri[80];
	struct location_contact c = {.params = STR("")};
	struct location_binding *binding;

	snprintf(uri, sizeof(uri), "sip:bob@127.0.0.2:%u", addr_port(&b.addr));
	c.uri = str_z(uri);
	addr_set_port(&local, e.port);
	location_alias(e.location, location_slot(e.location, aor), 0, aor, &c, alias);
	assert_int_equal(
		location_put(
			e.location,
			&(struct location_update){
				.aor = aor,
				.contact = &c,
				.alias = alias,
				.core_call_id = alias,
				.flow = {.transport = CONFIG_UDP, .local = local, .remote = b.addr, .flow_only = true},
				.phone_s = 100000,
				.core_s = 100000},
			&binding),
		0);
}

static void begin(void)
{
	char err[256] = "";

	e.config = config_text(config_buf);
	e.key = ident_key_init(str_z("a key for this test"), 1, 1);
	assert_int_equal(media_networks_create(e.config, &e.media), 0);
	assert_int_equal(border_state_create(e.config, &e.border), 0);
	if (worker_group_create(&(struct worker_group_params){.config = e.config,
							      .n = 1,
							      .key = &e.key,
							      .dns_servers = "127.0.0.1:9",
							      .user = &calls_worker_user},
				err, sizeof(err), &e.group) < 0)
		fail_msg("%s", err);
	e.worker = worker_get(e.group, 0);
	assert_int_equal(
		location_create(&(struct location_params){.loop = e.worker->loop, .key = &e.key, .config = e.config},
				&e.location),
		0);
	e.keyring = keyring_create();
	assert_non_null(e.keyring);
	assert_int_equal(calls_create(&(struct calls_params){.worker = e.worker,
							     .media = e.media,
							     .border = e.border,
							     .keyring = e.keyring,
							     .pass = on_pass,
							     .location = e.location},
				      &e.calls),
			 0);
	if (alias[0])
		register_b();
	worker_set_arg(e.group, 0, e.calls);
}

static void end(void)
{
	worker_group_stop(e.group);
	calls_destroy(e.calls);
	location_destroy(e.location);
	keyring_destroy(e.keyring);
	worker_group_destroy(e.group);
	media_destroy(e.media);
	border_state_destroy(e.border);
	config_unref(e.config);
	for (int k = 0; k < SOCK_KIND_COUNT; k++)
		assert_int_equal(sock_count((enum sock_kind)k), 0);
}

static void arm(unsigned k, bool on)
{
	heap_plan(k, on);
	e.failing = true;
}

static uint64_t refusals(void)
{
	struct call_counters c;
	uint64_t n = 0;

	calls_counters(e.calls, &c);
	for (unsigned i = 0; i < REJECT_COUNT; i++)
		n += c.rejects[i];
	return n + c.calls_failed + c.calls_challenged;
}

/* ---- what fails ---- */

static unsigned outcomes[700];

/* The whole call. */
static void fail_call(void)
{
	uint64_t refused = refusals();
	int first;

	e.failing = true;
	invite();
	first = a.final;
	hang_up();
	e.failing = false;
	outcomes[first]++;
	/* what we could not answer for lack of memory is left to the caller */
	if (first != 200 && first != 500 && first != 503 && first != 488 && first != 0 && !(asks && first == 407))
		fail_msg("allocation %u: answered %d", heap_fail_at, first);
	if (first != 200 && refusals() == refused)
		fail_msg("allocation %u: answered %d, uncounted", heap_fail_at, first);
	hang_up();
}

/* A call that stands is put on hold and taken back. */
static void fail_reinvite(void)
{
	e.failing = false;
	invite();
	assert_int_equal(a.final, 200);
	settle();
	e.failing = true;
	a_request("INVITE", SDP "a=sendonly\r\n");
	until_answered();
	e.failing = false;
	outcomes[a.final]++;
	/* the call may have ended; if it did not, it still stands */
	settle();
	hang_up();
	until_over("a re-INVITE");
}

static void told(void *arg, enum config_change what, const char *place)
{
}

/* As the program does it upon SIGHUP. */
static int reload(void)
{
	struct config_faults faults = {0};
	struct config *c = NULL;
	int err = config_reload(e.config, config_path, &c, &faults, told, NULL);

	config_faults_finish(&faults);
	if (err < 0)
		return err;
	err = border_state_set_config(e.border, c);
	if (err == 0)
		err = media_networks_apply(e.media, c);
	if (err == 0)
		err = calls_set_config(e.calls, c);
	if (err == 0)
		err = worker_set_config(e.worker, c);
	if (err < 0) {
		config_unref(c);
		return err;
	}
	config_unref(e.config);
	e.config = c;
	return 0;
}

static void for_every_failure(const char *what, void (*fn)(void))
{
	unsigned most = 0;

	memset(outcomes, 0, sizeof(outcomes));
	for (int on = 0; on < 2; on++)
		for (unsigned k = 0;; k++) {
			long before = heap_held();

			begin();
			arm(k, on);
			fn();
			e.failing = false;
			unsigned used = heap_asked;
			until_over(what);
			/* RFC 3261 §13.2.2.4, whatever became of the call (with nothing at all to be had b gives up) */
			if (!on && b.answered && !b.acked)
				fail_msg("%s, allocation %u: b's 2xx had no ACK", what, k);
			/* a BYE that could not be made is made later; one for a leg that was lost bears no credentials
			 */
			if (b.answered && b.acked && !b.ended && !(asks && on))
				fail_msg("%s, allocation %u%s: b was never told of the end", what, k,
					 on ? " and later" : "");
			heap_fail_at = k;
			good_call(what);
			end();
			/* the first is a rehearsal: what libraries keep for ever they have now */
			if (k && heap_held() != before)
				fail_msg("%s: %ld blocks held after allocation %u%s failed", what, heap_held() - before,
					 k, on ? " and later" : "");
			most = used > most ? used : most;
			if (k && used < k)
				break;
		}
	print_message("%s: up to %u allocations; answered", what, most);
	for (unsigned i = 0; i < 700; i++)
		if (outcomes[i])
			print_message(" %u: %u", i, outcomes[i]);
	print_message("\n");
}

static void test_call(void **state)
{
	for_every_failure("a call", fail_call);
}

static void test_late_offer(void **state)
{
	late = true;
	for_every_failure("a late offer", fail_call);
	late = false;
}

static void test_phone(void **state)
{
	alias[0] = 'x';
	for_every_failure("a call to a registered phone", fail_call);
	alias[0] = '\0';
}

static void test_reinvite(void **state)
{
	for_every_failure("a re-INVITE", fail_reinvite);
}

static void test_challenged(void **state)
{
	asks = true;
	for_every_failure("a call that b challenges", fail_call);
	for_every_failure("a re-INVITE that b challenges", fail_reinvite);
	asks = false;
}

/* While a call stands. */
static void test_reload(void **state)
{
	long before;
	int err;

	begin();
	invite();
	assert_int_equal(a.final, 200);
	assert_int_equal(reload(), 0);
	for (int on = 0; on < 2; on++)
		for (unsigned k = 1;; k++) {
			before = heap_held();
			arm(k, on);
			heap_armed = true;
			err = reload();
			heap_armed = false;
			if (err == 0 && heap_asked < k)
				break;
			if (err != 0 && err != -ENOMEM)
				fail_msg("allocation %u: a reload says %d", k, err);
			/* some may be done without: then the new one is in place of the old, of the same size */
			/* fewer: the relay's thread is not done yet with what the call needed */
			if (heap_held() > before)
				fail_msg("%ld blocks held after allocation %u%s failed", heap_held() - before, k,
					 on ? " and later" : "");
		}
	print_message("a reload: %u allocations\n", heap_asked);
	e.failing = false;
	hang_up();
	assert_true(b.ended);
	until_over("a reload");
	good_call("a reload");
	end();
}

static int set_up(void **state)
{
	static char path[] = "/tmp/limen-test-oom-XXXXXX";
	int fd = mkstemp(path);

	ERR_clear_error(); /* what OpenSSL keeps for each thread */
	open_party(&a, "127.0.0.1:0");
	open_party(&b, "127.0.0.2:0");
	e.port = free_port();
	snprintf(
		config_buf, sizeof(config_buf),
		"{\"networks\":{\"n\":{\"listen\":[\"udp:127.0.0.1:%u\"],"
		"\"media\":{\"address\":\"127.0.0.1\",\"ports\":\"23000-23399\"}}},"
		"\"peers\":{\"a\":{\"network\":\"n\",\"auth\":\"relay\",\"targets\":[\"udp:127.0.0.1:%u\"]},"
		"\"b\":{\"network\":\"n\",\"auth\":\"relay\",\"targets\":[\"udp:127.0.0.2:%u\"],"
		"\"credentials\":{\"user\":\"u\",\"password\":\"p\"}}},"
		"\"routes\":[{\"match\":{\"peer\":\"a\"},\"target\":\"b\"},{\"match\":{\"peer\":\"b\"},\"target\":\"a\"}],"
		"\"timers\":{\"t1\":100,\"t2\":400,\"t4\":500,\"media_silence\":0},"
		"\"media\":{\"workers\":1,\"port_cooldown_ms\":0}}",
		e.port, addr_port(&a.addr), addr_port(&b.addr));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, config_buf, strlen(config_buf)), strlen(config_buf));
	close(fd);
	config_path = path;
	log_set_level(LOG_ERROR);
	time_stands();
	return 0;
}

static int tear_down(void **state)
{
	time_runs();
	unlink(config_path);
	close(a.fd);
	close(b.fd);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call),     cmocka_unit_test(test_late_offer), cmocka_unit_test(test_phone),
		cmocka_unit_test(test_reinvite), cmocka_unit_test(test_challenged), cmocka_unit_test(test_reload),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("oom", tests, set_up, tear_down);
}
#endif
