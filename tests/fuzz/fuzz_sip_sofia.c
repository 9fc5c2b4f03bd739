/* SPDX-License-Identifier: Apache-2.0 */
/* Two readers of one head. Requests within dialogs and responses are judged by our own reader alone, which costs a
 * quarter of both; that is sound as long as it takes nothing that sofia-sip refuses, and reads the same values. So
 * whatever message_parse() takes is given to sofia here, in the fields that we read: it must take it, too, and agree on
 * every value. A field of which sofia makes no more than a note (an empty parameter, a display name that should have
 * been quoted, a media type without a slash) is no refusal: it lets the message through without that field, whatever it
 * opens. One difference is known: a '%' in the Request-URI that begins no escape, or stands beside bytes beyond ASCII,
 * some of which sofia then refuses, is what it alone refuses, and so is taken within dialogs, where the Request-URI
 * says no more than our own Contact did (test_judge).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_buffer.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/su_alloc.h>

#include "sbc/sip/message.h"
#include "sbc/sip/message_lines.h"
#include "tests/fuzz/check.h"

static const uint8_t *input;
static size_t input_n;

static void differ(const char *what, struct str ours, const char *theirs)
{
	fprintf(stderr, "%s: ours \"%.*s\", sofia's \"%s\"\n%.*s\n", what, STR_FMT(ours), theirs ? theirs : "(none)",
		(int)input_n, (const char *)input);
	abort();
}

static void same(const char *what, struct str ours, const char *theirs)
{
	if (!str_eq(ours, str_z(theirs ? theirs : "")))
		differ(what, ours, theirs);
}

static void same_number(const char *what, long ours, long theirs)
{
	char a[32], b[32];

	if (ours == theirs)
		return;
	snprintf(a, sizeof(a), "%ld", ours);
	snprintf(b, sizeof(b), "%ld", theirs);
	differ(what, str_z(a), b);
}

/* Hosts compare without case, brackets, and blanks before the '>', which sofia leaves on. */
static void same_host(const char *what, struct str ours, const char *theirs)
{
	struct str t = str_trim(str_z(theirs ? theirs : ""));

	if (t.n > 2 && t.p[0] == '[')
		t = (struct str){t.p + 1, t.n - 2};
	if (ours.n > 2 && ours.p[0] == '[')
		ours = (struct str){ours.p + 1, ours.n - 2};
	if (!str_eq_nocase(ours, t))
		differ(what, ours, theirs);
}

static long number_of(const char *port)
{
	return port && *port ? atol(port) : 0;
}

static void same_uri(const char *what, const struct uri *ours, const url_t *theirs)
{
	/* of other schemes nothing but the text is used; sofia has none behind a display name it does not like */
	if ((!ours->sip && !ours->sips) || theirs->url_type == url_invalid)
		return;
	same_number(what, ours->sips ? url_sips : url_sip, theirs->url_type);
	same_host(what, ours->host, theirs->url_host);
	same_number(what, ours->port, number_of(theirs->url_port));
	/* sofia undoes needless escapes in place */
	if (!memchr(ours->user.p ? ours->user.p : "", '%', ours->user.n) && !theirs->url_password)
		same(what, ours->user, theirs->url_user);
}

/* A display name that should have been quoted, as phones send it, is text for us; sofia may take all of it for a URI.
 */
static void same_name_addr(const char *what, const struct name_addr *ours, const url_t *theirs)
{
	struct str d = ours->display;

	if (!d.n || d.p[0] != '"')
		for (size_t i = 0; i < d.n; i++)
			if (!is_blank(d.p[i]) && !(char_class[(uint8_t)d.p[i]] & CHAR_TOKEN))
				return;
	same_uri(what, &ours->uri, theirs);
}

static void compare_counts(const struct message *m, const sip_t *s)
{
	unsigned vias = 0, contacts = 0;

	for (const sip_via_t *v = s->sip_via; v; v = v->v_next)
		vias++;
	for (const sip_contact_t *c = s->sip_contact; c; c = c->m_next)
		contacts++;
	same_number("Vias", m->n_via, vias);
	same_number("Contacts", m->n_contact + m->contact_star, contacts);
}

static void compare(const struct message *m, const sip_t *s)
{
	if (m->request) {
		same("method", m->method_text, s->sip_request->rq_method_name);
		same_uri("Request-URI", &m->ruri, s->sip_request->rq_url);
	} else {
		same_number("status", m->status, s->sip_status->st_status);
	}
	if (!s->sip_error)
		compare_counts(m, s);
	if (s->sip_via && !s->sip_error) {
		same("Via branch", m->via.branch, s->sip_via->v_branch);
		same_host("Via host", m->via.host, s->sip_via->v_host);
		same_number("Via port", m->via.port, number_of(s->sip_via->v_port));
	}
	if (s->sip_from) {
		same("From tag", m->from.tag, s->sip_from->a_tag);
		same_name_addr("From", &m->from, s->sip_from->a_url);
	}
	if (s->sip_to) {
		same("To tag", m->to.tag, s->sip_to->a_tag);
		same_name_addr("To", &m->to, s->sip_to->a_url);
	}
	if (s->sip_call_id)
		same("Call-ID", m->call_id, s->sip_call_id->i_id);
	if (s->sip_cseq) {
		same_number("CSeq", m->cseq, s->sip_cseq->cs_seq);
		same("CSeq method", m->method_text, s->sip_cseq->cs_method_name);
	}
	if (s->sip_max_forwards)
		same_number("Max-Forwards", m->max_forwards, (long)s->sip_max_forwards->mf_count);
	if (s->sip_content_type)
		same("Content-Type", m->content_type, s->sip_content_type->c_type);
	if (m->n_contact && s->sip_contact && !s->sip_error)
		same_name_addr("Contact", &m->contact, s->sip_contact->m_url);
}

static bool is_read(struct str name)
{
	static const struct str names[] = {
#define X(id, text) {text, sizeof(text) - 1},
		HEADERS_READ(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(names[i], name))
			return true;
	return false;
}

static void write_head(const struct message *m, struct writer *w)
{
	struct str rest = {(const char *)input, input_n};
	const void *it = NULL;
	struct header h;

	while (rest.n && (rest.p[0] == '\r' || rest.p[0] == '\n'))
		rest = (struct str){rest.p + 1, rest.n - 1};
	writer_str(w, str_cut(&rest, '\r'));
	writer_lit(w, "\r\n");
	while (message_next_header(m, &it, &h))
		if (is_read(h.name))
			header_write(w, h.name, h.value);
	writer_lit(w, "\r\n");
}

static bool escapes_valid(struct str s)
{
	bool any = false, ascii = true;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && str_escape_at(s, i) < 0)
			return false;
		any |= s.p[i] == '%';
		ascii &= (unsigned char)s.p[i] < 0x80;
	}
	return ascii || !any;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct flow_addr source = {.network = 0};
	struct message *m;

	input = p;
	input_n = n;
	if (message_parse(p, n, &source, &m) != REJECT_NONE) {
		message_free(m);
		return 0;
	}
	size_t cap = 2 * n + 16 * 256;
	struct writer w = writer_init(malloc(cap), cap - 2);
	msg_t *msg = msg_create(sip_default_mclass(), 0);
	if (!w.p || !msg)
		abort();
	write_head(m, &w);
	msg_buf_set(msg, w.p, w.n + 2);
	msg_buf_commit(msg, w.n, 1);
	bool taken = !w.overflow && msg_extract(msg) >= 0;
	if (taken)
		compare(m, sip_object(msg));
	else if (w.overflow || !m->request || escapes_valid(m->ruri.text))
		differ("the whole", STR("taken"), "refused");
	msg_destroy(msg);
	free(w.p);
	message_free(m);
	return 0;
}
