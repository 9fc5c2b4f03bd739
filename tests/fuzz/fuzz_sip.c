/* SPDX-License-Identifier: Apache-2.0 */
/* One datagram, or the start of a stream. Whatever it is: scan and parser name the same owner or the message is
 * refused; every slice of a parsed message lies in what was parsed; every reader and writer stays in bounds; a dialog
 * can be made of it; what is written as a reply's head parses again. */
#include <stdlib.h>
#include <string.h>

#include "sbc/sip/dialog.h"
#include "sbc/sip/message_values.h"
#include "sbc/sip/scan.h"
#include "sbc/sip/stun.h"
#include "tests/fuzz/check.h"

static struct ident_key key;
static struct flow_addr source;
static uint64_t sink; /* what is read is used, so that no read is left out */

static void touch(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		sink += (uint8_t)s.p[i];
}

static void touch_uri(const struct uri *u)
{
	struct str v;
	touch(u->text);
	touch(u->scheme);
	touch(u->user);
	touch(u->host);
	touch(u->params);
	if (params_get(u->params, STR("transport"), &v))
		touch(v);
	if (u->text.n) {
		struct uri again;
		CHECK(uri_parse(u->text, &again));
		CHECK(str_eq(again.host, u->host) && str_eq(again.user, u->user) && again.port == u->port);
	}
}

static void touch_name_addr(const struct name_addr *a)
{
	struct name_addr again;
	touch(a->text);
	touch(a->display);
	touch_uri(&a->uri);
	touch(a->params);
	touch(a->tag);
	if (a->text.n) {
		CHECK(name_addr_parse(a->text, &again));
		CHECK(str_eq(again.tag, a->tag) && str_eq(again.uri.text, a->uri.text));
	}
}

static void touch_fields(const struct message *m)
{
	const void *it = NULL;
	struct header h;
	unsigned n = 0;
	while (message_next_header(m, &it, &h)) {
		struct str list = h.value, item, v;
		struct name_addr a;
		touch(h.name);
		touch(h.value);
		CHECK(!memchr(h.value.p, '\r', h.value.n) && !memchr(h.value.p, '\n', h.value.n));
		CHECK(message_header(m, h.name, 0, &v));
		while (list_next(&list, &item)) {
			CHECK(item.n);
			touch(item);
			if (name_addr_parse(item, &a))
				touch_name_addr(&a);
			if (params_get(item, STR("expires"), &v))
				touch(v);
		}
		n++;
	}
	CHECK(n <= 256);
	message_lists(m, STR("Supported"), STR("100rel"));
}

static void touch_message(const struct message *m)
{
	touch(m->method_text);
	touch_uri(&m->ruri);
	touch(m->phrase);
	touch(m->via.text);
	touch(m->via.transport);
	touch(m->via.host);
	touch(m->via.branch);
	touch_name_addr(&m->from);
	touch_name_addr(&m->to);
	touch_name_addr(&m->contact);
	touch(m->call_id);
	touch(m->content_type);
	touch(m->body);
	touch_fields(m);
}

/* Writes with every buffer that is too small for it too. */
static void write_reply(const struct message *m, char *buf, size_t cap)
{
	struct message *again;
	struct writer w = writer_init(buf, cap);
	writer_lit(&w, "SIP/2.0 400 Bad Request\r\n");
	message_write_response_head(&w, m);
	message_write_to(&w, m, STR("mytag"));
	writer_lit(&w, "\r\n");
	if (w.overflow)
		return;
	enum reject_reason why = message_parse((const uint8_t *)buf, w.n, &source, &again);
	/* the head of a malformed request may hold what is refused again: a second To, a CSeq out of range */
	CHECK(why == REJECT_NONE || again == NULL);
	if (again) {
		CHECK(str_eq(again->call_id, m->call_id) && str_eq(again->from.tag, m->from.tag));
		CHECK(str_eq(again->via.branch, m->via.branch) && again->n_via == m->n_via);
		CHECK(m->to.tag.n ? str_eq(again->to.tag, m->to.tag) : str_eq(again->to.tag, STR("mytag")));
	}
	message_free(again);
}

static void write_dialog(struct dialog *d, size_t n)
{
	size_t cap = 4 * n + 1024; /* a route set repeats its message's bytes once, with a name for each element */
	char *buf = malloc(cap);
	CHECK(buf);
	struct writer w = writer_init(buf, cap);
	dialog_write_head(d, &w, "BYE", 2, 70);
	CHECK(!w.overflow);
	touch(dialog_ruri(d));
	free(buf);
}

static void try_dialog(const struct message *m, size_t n)
{
	struct dialog d, fork;
	struct dialog_uac uac = {STR("c"), STR("<sip:a@b>"), STR("<sip:c@d>"), STR("sip:e@f"), "t", {.network = 0}};
	if (m->request)
		CHECK(dialog_init_uas(&d, m, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa") == 0);
	else
		CHECK(dialog_init_uac(&d, &uac) == 0 && dialog_on_response(&d, m) == 0);
	write_dialog(&d, n);
	dialog_follow(&d, m->request ? m : NULL);
	CHECK(dialog_refresh_target(&d, m) == 0);
	dialog_accept_cseq(&d, m);
	write_dialog(&d, n);
	if (!m->request && dialog_fork(&fork, &d, m) == 0) {
		write_dialog(&fork, n);
		dialog_finish(&fork);
	}
	dialog_finish(&d);
}

static void as_datagram(const uint8_t *p, size_t n)
{
	uint8_t slot = 0;
	struct message *m;
	enum scan_result scan = scan_owner(&key, p, n, &slot);
	enum reject_reason why = message_parse(p, n, &source, &m);
	if (why == REJECT_NONE) {
		CHECK(scan == SCAN_UNSURE || (scan == SCAN_OWNER && slot == message_owner(&key, m)));
		try_dialog(m, n);
	} else {
		CHECK(!m || reject_status(why));
	}
	if (m) {
		touch_message(m);
		size_t cap = n + 300;
		char *buf = malloc(cap);
		CHECK(buf);
		write_reply(m, buf, cap);
		write_reply(m, buf, n / 2);
		free(buf);
	}
	message_free(m);
}

/* Two ways of cutting the same stream give the same frame. */
static void as_stream(const uint8_t *p, size_t n)
{
	struct scan_frame whole = {.looked = 0}, parts = {.looked = 0};
	enum scan_frame_result want = scan_frame(&whole, p, n, 4096), got = FRAME_MORE;
	size_t step = n / 7 + 1;
	for (size_t at = 0; got == FRAME_MORE && at < n;) {
		at = at + step > n ? n : at + step;
		got = scan_frame(&parts, p, at, 4096);
	}
	if (n && p[0] != '\r' && n <= 4096) {
		CHECK(got == want);
		CHECK(want != FRAME_MESSAGE || (whole.total == parts.total && whole.total <= n));
	}
	if (want == FRAME_MESSAGE)
		as_datagram(p, whole.total);
}

static void single_values(const uint8_t *p, size_t n)
{
	struct str s = {(const char *)p, n}, version, v;
	struct uri u;
	struct name_addr a;
	struct via via;
	if (uri_parse(s, &u))
		touch_uri(&u);
	if (name_addr_parse(s, &a))
		touch_name_addr(&a);
	if (via_parse(s, &via, &version))
		touch(via.branch);
	if (params_get(s, STR("tag"), &v))
		touch(v);
}

/* What ICMP may quote; a keep-alive, over both families. */
static void not_a_message(const uint8_t *p, size_t n)
{
	struct scan_quoted q;
	struct addr v6;
	uint8_t answer[STUN_ANSWER_MAX];
	if (scan_quoted(&key, p, n, &q)) {
		touch(q.method);
		touch(q.branch);
	}
	if (!stun_is_binding_request(p, n))
		return;
	CHECK(addr_parse_hostport(STR("[2001:db8::1]:5060"), &v6));
	CHECK(stun_answer(p, n, &source.remote, answer) <= sizeof(answer));
	CHECK(stun_answer(p, n, &v6, answer) <= sizeof(answer));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static bool ready;
	if (!ready) {
		key = ident_key_init(STR("fuzz"), 1, 1);
		addr_parse_hostport(STR("203.0.113.9:5064"), &source.remote);
		ready = true;
	}
	as_datagram(p, n);
	as_stream(p, n);
	single_values(p, n);
	not_a_message(p, n);
	return 0;
}
