/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of message_parse() and of the dialog functions fails once, sofia-sip's own included: malloc(3) and
 * its kin are ours here and count. A sanitizer has its own malloc(3); such a build skips this. */
#include "sbc/sip/dialog.h"
#include "tests/unit/base/heap.h"
#include "tests/unit/sip/sip_text.h"

#if !HEAP_IS_OURS
int main(void)
{
	return 77; /* skipped */
}
#else

/* Runs fn with allocation k failing (alone, then with all after it) for every k that there is. fn returns true when it
 * succeeded. */
static void for_every_failure(bool (*fn)(void *arg), void *arg)
{
	for (int on = 0; on < 2; on++)
		for (unsigned k = 1;; k++) {
			long before = heap_held();
			heap_arm(k, on);
			bool ok = fn(arg);
			heap_armed = false;
			if (heap_held() != before)
				fail_msg("%ld blocks held after allocation %u failed", heap_held() - before, k);
			if (heap_asked < k) {
				assert_true(ok);
				print_message("%u allocations\n", heap_asked);
				break;
			}
			if (ok)
				fail_msg("success although allocation %u failed", k);
		}
}

static bool parse_once(void *arg)
{
	struct flow_addr source = {.network = 0};
	struct message *m;
	const char *text = arg;
	enum reject_reason why = message_parse((const uint8_t *)text, strlen(text), &source, &m);
	heap_armed = false;
	if (why != REJECT_NONE)
		assert_int_equal(why, REJECT_NO_MEMORY), assert_null(m);
	else
		assert_non_null(m);
	heap_armed = true;
	message_free(m);
	return why == REJECT_NONE;
}

#define TYPICAL                                                                                                        \
	INVITE FIVE                                                                                                    \
		"Max-Forwards: 70\r\nContact: <sip:alice@198.51.100.7:5062>\r\nAllow: INVITE, ACK, BYE, CANCEL\r\n"    \
		"Supported: timer, 100rel\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"

static void test_typical(void **state)
{
	char text[] = TYPICAL;
	for_every_failure(parse_once, text);
}

static bool judge_once(void *arg)
{
	heap_armed = false;
	struct message *m = must_parse(arg);
	heap_armed = true;
	enum reject_reason why = message_judge(m);
	heap_armed = false;
	if (why != REJECT_NONE)
		assert_int_equal(why, REJECT_NO_MEMORY);
	message_free(m);
	heap_armed = true;
	return why == REJECT_NONE;
}

/* The second reading of a REGISTER, on the stack and, being long, beside it. */
static void test_judge(void **state)
{
	static char text[8000];
	struct writer w = writer_init(text, sizeof(text) - 1);
	writer_lit(&w, "REGISTER sip:example.net SIP/2.0\r\n" VIA_LINE FROM_LINE TO_LINE CALL_LINE
		       "CSeq: 7 REGISTER\r\nContact: <sip:a@b>;expires=60\r\n");
	size_t n = w.n;
	writer_lit(&w, "\r\n");
	for_every_failure(judge_once, text);
	w.n = n;
	for (int i = 0; i < 60; i++)
		writer_fmt(&w, "Route: <sip:proxy-%d.a-name-that-takes-some-room.example.net;lr>\r\n", i);
	writer_lit(&w, "\r\n");
	text[w.n] = '\0';
	for_every_failure(judge_once, text);
}

/* Lists and parameters, in what sofia-sip is given and in what it is not. */
static void test_many_headers(void **state)
{
	char text[] = INVITE FIVE
		"Via: SIP/2.0/TCP a.example;branch=z9hG4bK1;a;b;c;d;e;f;g;h;i;j;k, SIP/2.0/TLS b.example;branch=z9\r\n"
		"Record-Route: <sip:p1.example.net;lr>, <sip:p2.example.net;lr;a=b>;x=y\r\nRoute: <sip:us.example;lr>\r\n"
		"Record-Route: <sip:p3.example.net;lr>\r\nPath: <sip:edge.example;lr>\r\nService-Route: <sip:s.example>\r\n"
		"Contact: \"A\" <sip:a@192.0.2.9;transport=tcp>;q=0.5;expires=60;+sip.instance=\"<urn:uuid:x>\", "
		"<sip:b@192.0.2.8>;q=0.2\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REFER\r\n"
		"Supported: timer, 100rel, replaces, path, gruu, outbound\r\nSupported: norefersub\r\nRequire: 100rel\r\n"
		"Proxy-Require: foo, bar\r\nUnsupported: baz\r\nAccept: application/sdp;level=1, text/plain;q=0.2\r\n"
		"Accept-Encoding: gzip;q=1.0, identity\r\nAccept-Language: en;q=0.8, de\r\nDate: Sat, 13 Nov 2010 23:29:00 "
		"GMT\r\nExpires: 3600\r\nMin-Expires: 60\r\nSession-Expires: 1800;refresher=uac\r\nMin-SE: 90\r\n"
		"User-Agent: phone/1.0 (beta) x/2\r\nServer: s/1\r\nSubject: hello\r\nPriority: urgent\r\nOrganization: o\r\n"
		"Refer-To: <sip:c@example.org?Replaces=x%3Bto-tag%3D1>\r\nReferred-By: <sip:d@example.org>;cid=\"x\"\r\n"
		"Replaces: abc@x;to-tag=1;from-tag=2;early-only\r\nReason: Q.850;cause=16;text=\"Normal\"\r\n"
		"Event: dialog;id=7\r\nAllow-Events: presence, refer\r\nSubscription-State: active;expires=60\r\n"
		"RSeq: 7\r\nRAck: 7 1 INVITE\r\nWarning: 370 x.example \"bandwidth\"\r\nRetry-After: 18000;duration=3600\r\n"
		"Authorization: Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"sip:x\", response=\"d\", qop=auth\r\n"
		"Proxy-Authorization: Digest username=\"a\", realm=\"b\", nonce=\"c\"\r\nCall-Info: <http://x/>;purpose=icon\r\n"
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n"
		"Authentication-Info: nextnonce=\"x\"\r\nError-Info: <http://y/>\r\nAlert-Info: <http://z/>\r\n"
		"In-Reply-To: a@b, c@d\r\nReply-To: <sip:r@example.org>\r\nTimestamp: 54.2 0.1\r\nMIME-Version: 1.0\r\n"
		"Content-Disposition: session;handling=optional\r\nContent-Language: en\r\nContent-Encoding: gzip\r\n"
		"P-Asserted-Identity: \"A\" <sip:a@example.org>, tel:+1\r\nPrivacy: id;critical\r\nSIP-If-Match: x\r\n"
		"Accept-Contact: *;audio;require\r\nReject-Contact: *;video\r\nRequest-Disposition: proxy, parallel\r\n"
		"Security-Client: digest\r\nHistory-Info: <sip:x@y>;index=1\r\nX-Unknown: what, ever; it=\"is\"\r\n"
		"Max-Forwards: 70\r\nContent-Type: multipart/mixed;boundary=x;a=b\r\nContent-Length: 0\r\n\r\n";
	for_every_failure(parse_once, text);
}

/* Enough header fields and parameters for sofia's tables to grow again and again. */
static void test_large(void **state)
{
	static char text[60000];
	struct writer w = writer_init(text, sizeof(text) - 1);
	writer_lit(&w, INVITE FIVE);
	for (unsigned i = 0; i < 60; i++) {
		writer_lit(&w, "Via: SIP/2.0/UDP a.example;a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p;q;branch=z9hG4bK");
		writer_u64(&w, i);
		writer_lit(
			&w,
			"\r\nRecord-Route: <sip:a@b;lr>;a=b;c=d\r\nX-Some: thing\r\nContact: <sip:x@y>;a;b;c;d;e;f\r\n");
	}
	writer_lit(&w, "Content-Length: 0\r\n\r\n");
	assert_false(w.overflow);
	for_every_failure(parse_once, text);
}

/* A dialog through its life: each step may run out of memory, and then leaves the dialog as it was. */
struct steps {
	struct message *invite, *ringing, *refresh;
};

static bool dialog_once(void *arg)
{
	const struct steps *s = arg;
	struct dialog d, fork = {.block = NULL};
	struct dialog_uac p = {STR("c"), STR("<sip:a@b>"), STR("<sip:c@d>"), STR("sip:e@f"), "t", {.network = 0}};
	bool ok = true;
	if (dialog_init_uac(&d, &p) < 0)
		return false;
	ok &= dialog_on_response(&d, s->ringing) == 0;
	bool early = d.remote_tag != NULL;
	ok &= dialog_fork(&fork, &d, s->ringing) == 0;
	ok &= dialog_refresh_target(&d, s->refresh) == 0;
	heap_armed = false;
	assert_int_equal(early, d.route_set != NULL);
	assert_non_null(d.remote_target);
	heap_armed = true;
	dialog_finish(&fork);
	dialog_finish(&d);
	if (dialog_init_uas(&d, s->invite, "t") < 0)
		return false;
	dialog_finish(&d);
	return ok;
}

static void test_dialog(void **state)
{
	struct steps s = {
		must_parse(INVITE FIVE "Record-Route: <sip:x;lr>\r\nContact: <sip:a@192.0.2.9>\r\n\r\n"),
		must_parse("SIP/2.0 180 R\r\n" VIA_LINE FROM_LINE "To: <sip:b>;tag=b\r\n" CALL_LINE CSEQ_LINE
			   "Record-Route: <sip:x;lr>\r\nContact: <sip:a@192.0.2.9>\r\n\r\n"),
		must_parse(INVITE FIVE "Contact: <sip:a@192.0.2.10>\r\n\r\n"),
	};
	for_every_failure(dialog_once, &s);
	message_free(s.invite);
	message_free(s.ringing);
	message_free(s.refresh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialog),       cmocka_unit_test(test_judge), cmocka_unit_test(test_typical),
		cmocka_unit_test(test_many_headers), cmocka_unit_test(test_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
