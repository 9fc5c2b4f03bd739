/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a received message's header fields, and the lines of a reply that repeat them. */
#include "base/word.h"
#include "sbc/sip/message_internal.h"
#include "sbc/sip/message_values.h"

/* ---- walking ----------------------------------------------------------------------------------------------------- */

bool message_next_header(const struct message *m, const void **it, struct header *ret)
{
	const struct message_block *b = block_of(m);
	const struct field *f = *it ? (const struct field *)*it + 1 : b->fields;
	if (f >= b->fields + b->n_fields)
		return false;
	*it = f;
	*ret = (struct header){f->name, f->value};
	return true;
}

bool message_next_other(const struct message *m, const void **it, struct header *ret)
{
	const struct message_block *b = block_of(m);
	const struct field *f = *it ? (const struct field *)*it + 1 : b->fields;
	const struct field *end = b->fields + b->n_fields;
	while (f < end && f->id != HEADER_OTHER)
		f++;
	if (f == end)
		return false;
	*it = f;
	*ret = (struct header){f->name, f->value};
	return true;
}

bool message_header(const struct message *m, struct str name, unsigned nth, struct str *ret_value)
{
	const struct message_block *b = block_of(m);
	for (unsigned i = 0; i < b->n_fields; i++) {
		const struct field *f = &b->fields[i];
		if (f->name.n == name.n && str_eq_nocase(f->name, name) && nth-- == 0) {
			*ret_value = f->value;
			return true;
		}
	}
	return false;
}

static bool ends_token(char c)
{
	return is_blank(c) || c == ',' || c == ';';
}

/* Neither tokens nor what may follow them (parameters, not looked at) hold commas of their own. */
bool list_has(struct str list, struct str token)
{
	while (list.n >= token.n && list.n) {
		size_t at = 0;
		while (at < list.n && is_blank(list.p[at]))
			at++;
		struct str first = {list.p + at, token.n};
		if (list.n - at >= token.n && str_eq_nocase(first, token) &&
		    (list.n - at == token.n || ends_token(first.p[token.n])))
			return true;
		at = str_find(list, ',') + 1;
		if (at > list.n)
			break;
		list.p += at;
		list.n -= at;
	}
	return false;
}

bool message_lists(const struct message *m, struct str name, struct str token)
{
	struct str value;
	for (unsigned nth = 0; message_header(m, name, nth, &value); nth++)
		if (list_has(value, token))
			return true;
	return false;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static bool ends_line(char c)
{
	return c == '\r' || c == '\n' || c == '\0';
}

static bool line_safe(struct str s)
{
	size_t i = 0;
	/* what ends a line lies below 0x10 (and so does the tab, which the bytewise look lets through) */
	for (; s.n - i >= 8; i += 8)
		for (size_t k = i; word_below(word_load(s.p + i), 0x10) && k < i + 8; k++)
			if (ends_line(s.p[k]))
				return false;
	for (; i < s.n; i++)
		if (ends_line(s.p[i]))
			return false;
	return true;
}

void header_write(struct writer *w, struct str name, struct str value)
{
	if (!name.n || !line_safe(name) || !line_safe(value))
		return;
	writer_str(w, name);
	writer_lit(w, ": ");
	writer_str(w, value);
	writer_lit(w, "\r\n");
}

/* No look at what might end the line: head_measure() had one. */
static void write_field(struct writer *w, const struct field *f)
{
	writer_str(w, f->name);
	writer_lit(w, ": ");
	writer_str(w, f->value);
	writer_lit(w, "\r\n");
}

/* Must `received` be there? RFC 3261 §18.2.1: when sent-by is not where it came from; RFC 3581 §4: always with rport.
 */
static bool received_needed(const struct message *m)
{
	struct addr said;
	return m->via.rport || !addr_parse(m->via.host, 0, &said) || !addr_equal_host(&said, &m->source.remote);
}

/* The topmost Via with received and rport as we saw them; what the sender put there itself is not believed. */
static void write_top_via(struct writer *w, const struct message *m)
{
	size_t semi = str_find(m->via.text, ';');
	struct str params = {m->via.text.p + semi, m->via.text.n - semi};
	struct param p;
	writer_str(w, str_trim((struct str){m->via.text.p, semi}));
	str_cut(&params, ';');
	while (params_next(&params, &p)) {
		if (str_eq_nocase(p.name, STR("received")) || str_eq_nocase(p.name, STR("rport")))
			continue;
		writer_char(w, ';');
		writer_str(w, p.name);
		if (p.value.n) {
			writer_char(w, '=');
			writer_str(w, p.value);
		}
	}
	if (received_needed(m) && addr_is_set(&m->source.remote)) {
		writer_lit(w, ";received=");
		addr_write_host(w, &m->source.remote, false);
	}
	if (m->via.rport) {
		writer_lit(w, ";rport=");
		writer_u64(w, addr_port(&m->source.remote));
	}
}

/* The elements behind the first of a Via line. */
static void write_vias_below(struct writer *w, struct str line)
{
	struct str item;

	list_next(&line, &item);
	while (list_next(&line, &item)) {
		writer_lit(w, ", ");
		writer_str(w, item);
	}
}

static void write_vias(struct writer *w, const struct message *m)
{
	const struct message_block *b = block_of(m);
	const struct field *top = &b->fields[b->first[HEADER_VIA]];

	writer_lit(w, "Via: ");
	write_top_via(w, m);
	if (m->n_via > b->count[HEADER_VIA])
		write_vias_below(w, top->value);
	writer_lit(w, "\r\n");
	if (b->count[HEADER_VIA] > 1)
		for (const struct field *f = top + 1; f < b->fields + b->n_fields; f++)
			if (f->id == HEADER_VIA)
				write_field(w, f);
}

void message_write_response_head(struct writer *w, const struct message *request)
{
	static const enum header_id repeated[] = {HEADER_FROM, HEADER_CALL_ID, HEADER_CSEQ};
	const struct message_block *b = block_of(request);
	write_vias(w, request);
	for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++)
		if (b->count[repeated[i]])
			write_field(w, &b->fields[b->first[repeated[i]]]);
}

void message_write_to(struct writer *w, const struct message *request, struct str to_tag)
{
	struct str text = request->to.text;
	while (text.n && (text.p[text.n - 1] == ';' || text.p[text.n - 1] == ' '))
		text.n--; /* an empty last parameter was let through */
	writer_lit(w, "To: ");
	writer_str(w, text);
	if (!request->to.tag.n && to_tag.n) {
		writer_lit(w, ";tag=");
		writer_str(w, to_tag);
	}
	writer_lit(w, "\r\n");
}
