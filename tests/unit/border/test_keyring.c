/* SPDX-License-Identifier: Apache-2.0 */
/* Limen as the one who is challenged: a peer in a few lines asks, over the transaction layer with a fake transport. */
#include "sbc/border/keyring.h"
#include "sbc/sip/digest.h"
#include "tests/unit/sip/test_txn_fake.h"

static struct keyring *k;
static struct config_peer peer = {.name = "carrier", .credentials = {.user = "u", .password = "p"}};
static enum keyring_verdict verdict;
static uint32_t cseq;

static void on_response(struct fake *f, struct client_txn *t, const struct message *m)
{
	if (m->status < 200)
		return;
	verdict = keyring_challenged(k, &peer, &f->client, m, ++cseq);
}

static struct fake *open_fake(void)
{
	struct fake *f = fake_open();

	f->on_response = on_response;
	cseq = 1;
	return f;
}

/* The request sent last, answered by this status and challenge; a 2xx by this line. */
static void answer(struct fake *f, int status, const char *challenge)
{
	struct str sent = {f->sent[f->n_sent - 1].text, f->sent[f->n_sent - 1].n}, method = sent, v;
	struct flow_addr from = {.network = f->sent[f->n_sent - 1].to.network, .transport = CONFIG_UDP};
	char buf[6000];
	struct writer w = writer_init(buf, sizeof(buf));
	struct message *m;

	method = str_cut(&method, ' ');
	if (str_eq(method, STR("ACK"))) { /* of a refusal: the one before it is meant */
		f->n_sent--;
		free(f->sent[f->n_sent].text);
		answer(f, status, challenge);
		return;
	}
	writer_fmt(&w, "SIP/2.0 %d X\r\n", status);
	for (unsigned i = 0; i < 5; i++) {
		static const char *const names[] = {"Via", "From", "To", "Call-ID", "CSeq"};

		v = fake_header(sent, names[i]);
		writer_fmt(&w, "%s: %.*s%s\r\n", names[i], STR_FMT(v), i == 2 ? ";tag=far" : "");
	}
	writer_fmt(&w, "%s%s\r\nContent-Length: 0\r\n\r\n",
		   status < 300    ? ""
		   : status == 407 ? "Proxy-Authenticate: Digest "
				   : "WWW-Authenticate: Digest ",
		   challenge);
	assert_int_equal(message_parse((const uint8_t *)buf, w.n, &from, &m), REJECT_NONE);
	txn_layer_receive(f->layer, m);
	message_free(m);
}

/* The last request's credentials. */
static struct digest_credentials sent_credentials(struct fake *f, const char *header)
{
	struct str sent = {f->sent[f->n_sent - 1].text, f->sent[f->n_sent - 1].n};
	struct digest_credentials c;

	assert_int_equal(digest_credentials_parse(fake_header(sent, header), &c), 0);
	return c;
}

static void begin(void)
{
	k = keyring_create();
	assert_non_null(k);
	peer.credentials.realm = NULL;
}

static void answered(void **state)
{
	struct fake *f = open_fake();
	struct digest_credentials c;
	struct str cseq_sent;
	char buf[1000];
	struct writer w = writer_init(buf, sizeof(buf));

	begin();
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	answer(f, 407, "realm=\"r\", nonce=\"one\", qop=\"auth,auth-int\", algorithm=SHA-256");
	assert_int_equal(verdict, KEYRING_AGAIN);
	c = sent_credentials(f, "Proxy-Authorization");
	assert_true(str_eq(c.nonce, STR("one")) && c.nc == 1 && c.qop == DIGEST_QOP_AUTH);
	assert_int_equal(c.algorithm, DIGEST_SHA256);
	cseq_sent = fake_header((struct str){f->sent[f->n_sent - 1].text, f->sent[f->n_sent - 1].n}, "CSeq");
	assert_true(str_eq(cseq_sent, STR("2 INVITE")));
	/* the next request knows already */
	keyring_write(k, &peer, STR("INVITE"), STR("sip:x@y"), STR_NONE, &w);
	assert_true(str_starts(writer_result(&w), STR("Proxy-Authorization: Digest ")));
	buf[w.n] = '\0';
	assert_non_null(strstr(buf, "nc=00000002"));
	fake_finish(f);
	keyring_destroy(k);
}

static void refused(void **state)
{
	char buf[1000];
	struct writer w = writer_init(buf, sizeof(buf));
	struct fake *f = open_fake();

	begin();
	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	answer(f, 401, "realm=\"r\", nonce=\"one\"");
	assert_int_equal(verdict, KEYRING_AGAIN);
	answer(f, 401, "realm=\"r\", nonce=\"one\"");
	assert_int_equal(verdict, KEYRING_REFUSED);
	/* and forgotten */
	keyring_write(k, &peer, STR("OPTIONS"), STR("sip:x@y"), STR_NONE, &w);
	assert_int_equal(w.n, 0);

	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	answer(f, 401, "realm=\"r\", nonce=\"two\"");
	answer(f, 401, "realm=\"r\", nonce=\"three\", stale=true");
	assert_int_equal(verdict, KEYRING_AGAIN);
	answer(f, 401, "realm=\"r\", nonce=\"four\", stale=true");
	assert_int_equal(verdict, KEYRING_REFUSED);
	fake_finish(f);
	keyring_destroy(k);
}

/* Most askers give a wrong password a new nonce each time; what they do not call stale was the password's fault. */
static void wrong_password(void **state)
{
	char buf[1000];
	struct writer w = writer_init(buf, sizeof(buf));
	struct fake *f = open_fake();

	begin();
	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	answer(f, 401, "realm=\"r\", nonce=\"one\"");
	assert_int_equal(verdict, KEYRING_AGAIN);
	answer(f, 401, "realm=\"r\", nonce=\"two\"");
	assert_int_equal(verdict, KEYRING_REFUSED);
	keyring_write(k, &peer, STR("OPTIONS"), STR("sip:x@y"), STR_NONE, &w);
	assert_int_equal(w.n, 0);
	fake_finish(f);
	keyring_destroy(k);
}

/* A proxy and the server behind it: one line for each, and each nonce's own count. */
static void two_askers(void **state)
{
	struct fake *f = open_fake();
	struct digest_credentials c;
	char buf[2000];
	struct writer w = writer_init(buf, sizeof(buf));

	begin();
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	answer(f, 407, "realm=\"r\", nonce=\"one\", qop=\"auth\"");
	assert_int_equal(verdict, KEYRING_AGAIN);
	answer(f, 401, "realm=\"r\", nonce=\"two\", qop=\"auth\"");
	assert_int_equal(verdict, KEYRING_AGAIN);
	c = sent_credentials(f, "Authorization");
	assert_true(str_eq(c.nonce, STR("two")) && c.nc == 1);
	c = sent_credentials(f, "Proxy-Authorization");
	assert_true(str_eq(c.nonce, STR("one")) && c.nc == 2);
	keyring_write(k, &peer, STR("INVITE"), STR("sip:x@y"), STR_NONE, &w);
	buf[w.n] = '\0';
	assert_non_null(strstr(buf, "nc=00000003"));
	assert_non_null(strstr(buf, "\r\nAuthorization: "));
	assert_non_null(strstr(buf, "nc=00000002"));
	fake_finish(f);
	keyring_destroy(k);
}

static void not_ours(void **state)
{
	struct fake *f = open_fake();

	begin();
	peer.credentials.realm = "ours";
	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	answer(f, 407, "realm=\"theirs\", nonce=\"one\"");
	assert_int_equal(verdict, KEYRING_NOT_OURS);
	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	answer(f, 407, "realm=\"ours\", nonce=\"one\", algorithm=SHA-1024");
	assert_int_equal(verdict, KEYRING_NOT_OURS);
	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	answer(f, 200, "WWW-Authenticate: Digest realm=\"ours\", nonce=\"one\"");
	assert_int_equal(verdict, KEYRING_NOT_OURS);
	/* cancelled meanwhile: it is not to ring again */
	fake_start(f, METHOD_INVITE, CONFIG_UDP);
	client_txn_cancel(f->client);
	answer(f, 407, "realm=\"ours\", nonce=\"one\"");
	assert_int_equal(verdict, KEYRING_NOT_OURS);
	fake_finish(f);
	keyring_destroy(k);
}

/* More peers than are remembered: the one that was not used for longest goes. */
static void bounded(void **state)
{
	char name[16], buf[1000];
	struct fake *f = open_fake();
	struct writer w;

	begin();
	f->config.limits.transactions = 4 * KEYRING_CHALLENGES;
	for (unsigned i = 0; i <= KEYRING_CHALLENGES; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		peer.name = name;
		fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
		answer(f, 401, "realm=\"r\", nonce=\"n\"");
		fake_forget_sent(f);
		f->log.n = 0;
	}
	for (unsigned i = 0; i <= KEYRING_CHALLENGES; i += KEYRING_CHALLENGES) {
		snprintf(name, sizeof(name), "p%u", i);
		w = writer_init(buf, sizeof(buf));
		keyring_write(k, &peer, STR("OPTIONS"), STR("sip:x@y"), STR_NONE, &w);
		assert_int_equal(w.n > 0, i > 0);
	}
	peer.name = "carrier";
	f->quiet = true; /* the last requests are never answered */
	fake_finish(f);
	keyring_destroy(k);
}

/* What the next request to the peer carries by itself; "" nothing. */
static const char *known(void)
{
	static char buf[2000];
	struct writer w = writer_init(buf, sizeof(buf) - 1);

	keyring_write(k, &peer, STR("OPTIONS"), STR("sip:x@y"), STR_NONE, &w);
	assert_false(w.overflow);
	buf[w.n] = '\0';
	return buf;
}

static bool carries(const char *nonce, unsigned nc)
{
	char want[2][100];
	const char *line = known();

	snprintf(want[0], sizeof(want[0]), "nonce=\"%s\"", nonce);
	snprintf(want[1], sizeof(want[1]), "nc=%08x", nc);
	return strstr(line, want[0]) && strstr(line, want[1]) && strstr(line, "opaque=\"o, p\"");
}

/* RFC 7616 §3.5: the nonce of the next request, counted from 1; one that is had already goes on. */
static void next_nonce(void **state)
{
	struct fake *f = open_fake();
	char longer[DIGEST_VALUE_MAX + 100] = "Authentication-Info: nextnonce=\"";
	static const char *const odd[] = {
		"Authentication-Info: qop=auth",
		"Authentication-Info: nextnonce=\"\"",
		"Authentication-Info: nextnonce=\"a\", nextnonce=\"b\"",
		"Authentication-Info: nextnonce=\"a\", x=\"",
		"Authentication-Info: Digest nextnonce",
		"Proxy-Authentication-Info: nextnonce=\"of a proxy, which has not asked\"",
	};
	unsigned nc = 0;

	begin();
	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	answer(f, 401, "realm=\"r\", nonce=\"one\", stale=false, qop=\"auth\", opaque=\"o, p\"");
	answer(f, 200, "Authentication-Info: qop=auth, nextnonce=\"tw\\\"o\", nc=00000001");
	assert_true(carries("tw\\\"o", ++nc));
	assert_true(carries("tw\\\"o", ++nc));
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
		answer(f, 401, "realm=\"r\", nonce=\"one\", qop=\"auth\", opaque=\"o, p\"");
		answer(f, 200, odd[i]);
		if (!carries("one", 2))
			fail_msg("%s: %s", odd[i], known());
	}
	memset(longer + strlen(longer), 'x', DIGEST_VALUE_MAX - 30);
	strcat(longer, "\"");
	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	answer(f, 401, "realm=\"r\", nonce=\"one\", qop=\"auth\", opaque=\"o, p\"");
	answer(f, 200, longer);
	assert_true(carries("one", 2));
	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	answer(f, 401, "realm=\"r\", nonce=\"one\", qop=\"auth\", opaque=\"o, p\"");
	answer(f, 200, "Authentication-Info: nextnonce=\"one\"");
	assert_true(carries("one", 2));
	/* to a request that showed nothing */
	fake_start(f, METHOD_OPTIONS, CONFIG_UDP);
	answer(f, 200, "Authentication-Info: nextnonce=\"two\"");
	assert_true(carries("one", 3));
	fake_finish(f);
	keyring_destroy(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answered),   cmocka_unit_test(refused),  cmocka_unit_test(wrong_password),
		cmocka_unit_test(two_askers), cmocka_unit_test(not_ours), cmocka_unit_test(bounded),
		cmocka_unit_test(next_nonce),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
