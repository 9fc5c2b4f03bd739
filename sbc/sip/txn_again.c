/* SPDX-License-Identifier: Apache-2.0 */
/* txn_again: a request once more after its final response: RFC 3261 §22.2, §8.1.3.5. */
#include <errno.h>

#include "sbc/sip/message_lines.h"
#include "sbc/sip/txn_internal.h"

#define AGAIN_HEADERS_BYTES 20480

struct str client_txn_sent(const struct client_txn *t)
{
	return t->sent;
}

unsigned client_txn_times(const struct client_txn *t)
{
	return t->times;
}

bool sent_line_next(struct str *rest, struct str *ret_line)
{
	size_t n = str_find(*rest, '\n'), skip = n < rest->n ? n + 1 : n;

	*ret_line = (struct str){rest->p, n && rest->p[n - 1] == '\r' ? n - 1 : n};
	rest->p += skip;
	rest->n -= skip;
	return ret_line->n > 0;
}

static bool is(struct str name, const char *what)
{
	return str_eq_nocase(name, str_z(what));
}

static bool is_credentials(struct str name)
{
	return is(name, "Authorization") || is(name, "Proxy-Authorization");
}

static void write_line(struct str line, struct writer *w)
{
	writer_str(w, line);
	writer_lit(w, "\r\n");
}

void sent_credentials_write(struct str sent, struct writer *w)
{
	struct str line, name, value;

	while (sent_line_next(&sent, &line)) {
		char first = (char)(line.p[0] | 0x20);

		if ((first == 'a' || first == 'p') && field_split(line, &name, &value) && is_credentials(name))
			write_line(line, w);
	}
}

/* "SIP/2.0/UDP host:port;branch=..." */
static struct str via_host_of(struct str value)
{
	str_cut(&value, ' ');
	return str_cut(&value, ';');
}

/* Everything that the layer does not write by itself. */
static void write_lines(struct str rest, uint32_t cseq, struct client_request *r, struct writer *w)
{
	struct str line, name, value;

	while (sent_line_next(&rest, &line)) {
		if (!field_split(line, &name, &value))
			continue;
		if (is(name, "Via")) {
			r->via_host = via_host_of(value);
		} else if (is(name, "Content-Type")) {
			r->content_type = value;
		} else if (is(name, "CSeq")) {
			str_cut(&value, ' ');
			writer_lit(w, "CSeq: ");
			writer_u64(w, cseq);
			writer_char(w, ' ');
			writer_str(w, value);
			writer_lit(w, "\r\n");
		} else if (!is(name, "Content-Length") && !is_credentials(name)) {
			write_line(line, w);
		}
	}
	r->body = rest;
}

struct client_txn *client_txn_again(struct client_txn *t, uint32_t cseq, struct str headers, int *ret_error)
{
	char buf[AGAIN_HEADERS_BYTES];
	struct writer w = writer_init(buf, sizeof(buf));
	struct str rest = t->sent, line;
	struct start_line s;
	struct ident id;
	struct client_request r = {
		.method = (enum method)t->t.method,
		.to = t->to,
		.try_ms = t->try_ms,
		.guard = t->guard,
		.ops = t->ops,
		.arg = t->arg,
	};
	struct client_txn *again;

	*ret_error = -ECANCELED;
	if (t->withdrawn || !t->ops || !sent_line_next(&rest, &line) || !start_line_split(line, &s))
		return NULL;
	r.method_text = s.method;
	r.ruri = s.uri;
	write_lines(rest, cseq, &r, &w);
	writer_str(&w, headers);
	*ret_error = -EMSGSIZE;
	if (w.overflow)
		return NULL;
	r.headers = writer_result(&w);
	if (ident_parse(t->t.layer->key, (struct str){t->branch + sizeof(IDENT_BRANCH_COOKIE) - 1, IDENT_LEN}, &id))
		r.slot = id.slot;
	again = client_txn_start(t->t.layer, &r, ret_error);
	if (again)
		again->times = t->times + 1;
	return again;
}
