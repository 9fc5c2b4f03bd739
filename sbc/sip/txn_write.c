/* SPDX-License-Identifier: Apache-2.0 */
/* txn_write: the texts that the layer sends. All are written into the layer's scratch buffer, looked at by the user,
 * and then copied into one block of the exact size where they must be kept. */
#include <stdlib.h>

#include "sbc/sip/txn_internal.h"

/* From the Request-URI on to the host of Via. */
#define TO_VIA_HOST(transport) STR(" SIP/2.0\r\nVia: SIP/2.0/" transport " ")
static struct str to_via_host(enum config_transport t)
{
	return t == CONFIG_TCP ? TO_VIA_HOST("TCP") : TO_VIA_HOST("UDP");
}

static struct str done(const struct writer *w)
{
	return w->overflow ? STR_NONE : writer_result(w);
}

static struct writer begin(struct txn_layer *l)
{
	return writer_init(l->scratch, sizeof(l->scratch));
}

static void write_status_line(struct writer *w, const struct reply *r)
{
	const char *phrase = r->phrase;

	/* A phrase may have been the other side's. */
	if (!phrase || strpbrk(phrase, "\r\n"))
		phrase = status_phrase(r->status);
	writer_lit(w, "SIP/2.0 ");
	writer_u64(w, (uint64_t)r->status);
	writer_char(w, ' ');
	writer_z(w, phrase);
	writer_lit(w, "\r\n");
}

/* From Content-Type on, with the blank line. */
static void write_body(struct writer *w, struct str content_type, struct str body)
{
	if (content_type.n)
		header_write(w, STR("Content-Type"), content_type);
	writer_lit(w, "Content-Length: ");
	writer_u64(w, body.n);
	writer_lit(w, "\r\n\r\n");
	writer_str(w, body);
}

struct str txn_write_reply(struct txn_layer *l, const struct reply_head *head, const struct reply *r, struct str tag)
{
	struct writer w = begin(l);

	write_status_line(&w, r);
	writer_put(&w, head->text, head->n_head + head->n_to);
	if (!head->to_tagged && tag.n) {
		writer_lit(&w, ";tag=");
		writer_str(&w, tag);
	}
	writer_lit(&w, "\r\n");
	writer_str(&w, r->headers);
	write_body(&w, r->content_type, r->body);
	return done(&w);
}

struct str txn_write_stateless(struct txn_layer *l, const struct message *m, const struct reply *r, struct str tag)
{
	struct writer w = begin(l);

	write_status_line(&w, r);
	message_write_response_head(&w, m);
	message_write_to(&w, m, tag);
	writer_str(&w, r->headers);
	write_body(&w, r->content_type, r->body);
	return done(&w);
}

struct reply_head *txn_make_head(struct txn_layer *l, const struct message *m)
{
	struct writer w = begin(l);
	struct reply_head *h;
	size_t n_head;

	message_write_response_head(&w, m);
	n_head = w.n;
	message_write_to(&w, m, STR_NONE);
	if (w.overflow || w.n < n_head + 2)
		return NULL;
	w.n -= 2; /* its line end comes after the tag */
	h = malloc(sizeof(*h) + w.n);
	if (!h)
		return NULL;
	h->n_head = (uint32_t)n_head;
	h->n_to = (uint32_t)(w.n - n_head);
	h->to_tagged = m->to.tag.n > 0;
	memcpy(h->text, w.p, w.n);
	return h;
}

struct str txn_write_request(struct txn_layer *l, const struct client_request *r, const char *branch)
{
	struct writer w = begin(l);

	writer_str(&w, r->method == METHOD_UNKNOWN ? r->method_text : str_z(method_text(r->method)));
	writer_char(&w, ' ');
	writer_str(&w, r->ruri);
	writer_str(&w, to_via_host(r->to.transport));
	writer_str(&w, r->via_host);
	writer_lit(&w, ";branch=");
	writer_z(&w, branch);
	writer_lit(&w, ";rport\r\n");
	writer_str(&w, r->headers);
	write_body(&w, r->content_type, r->body);
	return done(&w);
}

/* ---- CANCEL and ACK from the INVITE as it was sent ---- */

/* Cuts the next line off *rest, without its line end; false at the blank line. */
static bool next_line(struct str *rest, struct str *ret_line)
{
	struct str line = str_cut(rest, '\n');

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	*ret_line = line;
	return line.n > 0;
}

static bool is_header(struct str line, struct str name)
{
	return line.n > name.n && line.p[name.n] == ':' && str_starts_nocase(line, name);
}

/* of_invite: its CANCEL has no use for credentials (RFC 3261 §22.1); the ACK of its 2xx has them (§13.2.2.4). */
static bool is_copied(struct str line, bool with_to, bool of_invite)
{
	switch (line.p[0] | 0x20) {
	case 'a':
		return of_invite && is_header(line, STR("Authorization"));
	case 'p':
		return of_invite && is_header(line, STR("Proxy-Authorization"));
	case 'v':
		return is_header(line, STR("Via"));
	case 'm':
		return is_header(line, STR("Max-Forwards"));
	case 'f':
		return is_header(line, STR("From"));
	case 't':
		return with_to && is_header(line, STR("To"));
	case 'c':
		return is_header(line, STR("Call-ID"));
	case 'r':
		return is_header(line, STR("Route"));
	}
	return false;
}

/* "CSeq: 7 INVITE" with another method. */
static void write_cseq(struct writer *w, struct str line, struct str method)
{
	struct str value = str_trim((struct str){line.p + 5, line.n - 5});

	writer_lit(w, "CSeq: ");
	writer_str(w, str_cut(&value, ' '));
	writer_char(w, ' ');
	writer_str(w, method);
	writer_lit(w, "\r\n");
}

struct str txn_write_derived(struct txn_layer *l, struct str invite, struct str method, struct str to)
{
	struct writer w = begin(l);
	struct str rest = invite, line;
	bool of_invite = str_eq(method, STR("INVITE"));

	next_line(&rest, &line);
	str_cut(&line, ' ');
	writer_str(&w, method);
	writer_char(&w, ' ');
	writer_str(&w, line);
	writer_lit(&w, "\r\n");
	while (next_line(&rest, &line)) {
		if (is_header(line, STR("CSeq"))) {
			write_cseq(&w, line, method);
		} else if (is_copied(line, !to.n, of_invite)) {
			writer_str(&w, line);
			writer_lit(&w, "\r\n");
		}
	}
	if (to.n)
		header_write(&w, STR("To"), to);
	write_body(&w, STR_NONE, STR_NONE);
	return done(&w);
}

/* RFC 3261 §9.1 */
struct str txn_write_cancel(struct txn_layer *l, struct str invite)
{
	return txn_write_derived(l, invite, STR("CANCEL"), STR_NONE);
}

/* RFC 3261 §17.1.1.3 */
struct str txn_write_ack(struct txn_layer *l, struct str invite, struct str to)
{
	return txn_write_derived(l, invite, STR("ACK"), to);
}

char *txn_copy(struct str s)
{
	char *p = malloc(s.n ? s.n : 1);

	if (p)
		memcpy(p, s.p, s.n);
	return p;
}
