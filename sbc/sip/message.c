/* SPDX-License-Identifier: Apache-2.0 */
/* message_parse(): measure the head, take one block, unfold and list the header fields, read those that every message
 * has, judge, and let sofia-sip read the head again. */
#include "sbc/sip/message.h"

#include <stdlib.h>

#include "base/word.h"
#include "sbc/sip/ident.h"
#include "sbc/sip/message_internal.h"
#include "sbc/sip/message_lines.h"
#include "sbc/sip/message_values.h"

static const struct str methods[METHOD_COUNT] = {[METHOD_UNKNOWN] = {"", 0},
#define X(name) [METHOD_##name] = {#name, sizeof(#name) - 1},
						 METHODS(X)
#undef X
};

const char *method_text(enum method m)
{
	return (unsigned)m < METHOD_COUNT ? methods[m].p : "";
}

enum method method_find(struct str text)
{
	for (unsigned m = METHOD_UNKNOWN + 1; m < METHOD_COUNT; m++)
		if (str_eq(methods[m], text)) /* methods are case-sensitive, RFC 3261 §7.1 */
			return (enum method)m;
	return METHOD_UNKNOWN;
}

/* What reading found. Each `bad` refuses the message; `have` says which of the values that a reply repeats could be
 * read, so that a 400 can be sent. */
struct reading {
	struct message_block *b;
	bool have[HEADER_IDS];
	bool bad;
	bool version_other; /* start line is not SIP/2.0 */
	bool via_empty;     /* a Via line without a Via: which is the topmost? Not answered */
	struct str cseq_method;
	struct str via_version;
	unsigned n_routes; /* elements of Route and Record-Route */
	size_t content_length;
	bool content_length_set;
};

static void bad_unless(struct reading *r, bool ok)
{
	r->bad |= !ok;
}

/* ---- fields ------------------------------------------------------------------------------------------------------ */

static void read_via(struct reading *r, struct str value)
{
	struct message *m = &r->b->m;
	struct str item;
	unsigned before = m->n_via;
	while (list_next(&value, &item)) {
		if (m->n_via++ == 0) {
			r->have[HEADER_VIA] = via_parse(item, &m->via, &r->via_version);
			bad_unless(r, r->have[HEADER_VIA]);
		}
	}
	if (m->n_via == before) {
		r->via_empty = true;
		r->bad = true;
	}
}

/* The cookie and nothing after it names no transaction (RFC 4475, badbranch): requests of different callers
 * would meet in one. */
static bool branch_ok(struct str branch)
{
	return !str_eq_nocase(branch, STR(IDENT_BRANCH_COOKIE));
}

static void read_name_addr(struct reading *r, enum header_id id, struct name_addr *ret, struct str value)
{
	if (r->b->count[id] > 1) /* the first one is answered to */
		return;
	r->have[id] = name_addr_parse(value, ret);
	bad_unless(r, r->have[id]);
}

static bool call_id_ok(struct str s)
{
	size_t i = 0;
	for (; s.n - i >= 8; i += 8)
		if (word_below(word_load(s.p + i), '!') || word_has(word_load(s.p + i), 0x7f))
			return false;
	for (; i < s.n; i++)
		if ((uint8_t)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

static void read_call_id(struct reading *r, struct str value)
{
	if (r->b->count[HEADER_CALL_ID] > 1)
		return;
	r->have[HEADER_CALL_ID] = call_id_ok(value);
	bad_unless(r, r->have[HEADER_CALL_ID]);
	r->b->m.call_id = value;
}

static void read_cseq(struct reading *r, struct str value)
{
	bool in_range = true;
	if (r->b->count[HEADER_CSEQ] > 1)
		return;
	r->have[HEADER_CSEQ] = cseq_parse(value, &r->b->m.cseq, &r->cseq_method, &in_range);
	bad_unless(r, r->have[HEADER_CSEQ] && in_range);
}

static void read_contact(struct reading *r, struct str value)
{
	struct message *m = &r->b->m;
	struct name_addr one;
	struct str item;
	while (list_next(&value, &item)) {
		if (str_eq(item, STR("*"))) {
			m->contact_star = true;
			continue;
		}
		bool ok = name_addr_parse(item, &one);
		if (ok && m->n_contact == 0)
			m->contact = one;
		bad_unless(r, ok);
		m->n_contact++;
	}
	bad_unless(r, (!m->contact_star || m->n_contact == 0) && m->n_contact <= MESSAGE_MAX_LIST);
}

/* Route and Record-Route: each element readable, so that dialogs may rely on it. */
static void read_routes(struct reading *r, struct str value)
{
	struct name_addr one;
	struct str item;
	unsigned before = r->n_routes;
	for (; list_next(&value, &item); r->n_routes++)
		bad_unless(r, name_addr_parse(item, &one));
	bad_unless(r, r->n_routes > before && r->n_routes <= MESSAGE_MAX_LIST);
}

static void read_max_forwards(struct reading *r, struct str value)
{
	uint64_t v = 0;
	bad_unless(r, str_to_u64(value, 255, &v));
	r->b->m.max_forwards = (int)v;
}

static void read_content_type(struct reading *r, struct str value)
{
	r->b->m.content_type = str_trim(str_cut(&value, ';'));
}

static void read_content_length(struct reading *r, struct str value)
{
	r->content_length_set = content_length_parse(value, &r->content_length);
	bad_unless(r, r->content_length_set);
}

static void read_field(struct reading *r, const struct field *f)
{
	struct message *m = &r->b->m;
	switch (f->id) {
	case HEADER_VIA:
		return read_via(r, f->value);
	case HEADER_FROM:
		return read_name_addr(r, f->id, &m->from, f->value);
	case HEADER_TO:
		return read_name_addr(r, f->id, &m->to, f->value);
	case HEADER_CALL_ID:
		return read_call_id(r, f->value);
	case HEADER_CSEQ:
		return read_cseq(r, f->value);
	case HEADER_CONTACT:
		return read_contact(r, f->value);
	case HEADER_ROUTE:
	case HEADER_RECORD_ROUTE:
		return read_routes(r, f->value);
	case HEADER_MAX_FORWARDS:
		return read_max_forwards(r, f->value);
	case HEADER_CONTENT_TYPE:
		return read_content_type(r, f->value);
	case HEADER_CONTENT_LENGTH:
		return read_content_length(r, f->value);
	case HEADER_OTHER:
	case HEADER_IDS:
		return;
	}
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

/* Blanks the folds in place, so that the text's length stays (RFC 3261 §7.3.1: a fold is one space). */
static void unfold(char *p, const char *end)
{
	for (; (p = memchr(p, '\r', (size_t)(end - p))); p += 2)
		p[0] = p[1] = ' ';
}

/* A logical line, without its line end. */
static inline struct str take_line(const struct head *h, char *text, unsigned i)
{
	char *p = text + h->line[i].at, *end = text + h->line[i + 1].at - 2;
	if (h->folded)
		unfold(p, end);
	return (struct str){p, (size_t)(end - p)};
}

static void read_fields(struct reading *r, const struct head *h, char *text)
{
	struct message_block *b = r->b;
	for (unsigned i = 1; i <= h->n_fields; i++) {
		struct field *f = &b->fields[b->n_fields];
		const struct str line = take_line(h, text, i);
		if (!field_value(line, h->line[i].name, &f->value)) {
			r->bad = true;
			continue;
		}
		f->id = field_id((struct str){line.p, h->line[i].name}, &f->name);
		if (b->count[f->id]++ == 0)
			b->first[f->id] = (uint8_t)b->n_fields;
		b->n_fields++;
		read_field(r, f);
	}
}

/* ---- judgement --------------------------------------------------------------------------------------------------- */

static bool status_parse(struct str s, int *ret)
{
	uint64_t v;
	if (s.n != 3 || !str_to_u64(s, 699, &v) || v < 100)
		return false;
	*ret = (int)v;
	return true;
}

static void read_start(struct reading *r, const struct start_line *start)
{
	struct message *m = &r->b->m;
	m->request = start->request;
	r->version_other = !str_eq_nocase(start->version, STR("SIP/2.0"));
	if (m->request) {
		m->method_text = start->method;
		/* RFC 3261 §19.1.1: a Request-URI has no headers (RFC 4475, escruri: they would smuggle a Route in). */
		bad_unless(r, uri_parse(start->uri, &m->ruri) && !uri_has_headers(&m->ruri));
	} else {
		m->phrase = start->phrase;
		bad_unless(r, status_parse(start->status, &m->status));
	}
}

static const enum header_id single[] = {HEADER_FROM,         HEADER_TO,           HEADER_CALL_ID,       HEADER_CSEQ,
					HEADER_MAX_FORWARDS, HEADER_CONTENT_TYPE, HEADER_CONTENT_LENGTH};
static const enum header_id needed[] = {HEADER_VIA, HEADER_FROM, HEADER_TO, HEADER_CALL_ID, HEADER_CSEQ};

static bool have_all(const struct reading *r)
{
	bool all = true;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		all &= r->have[needed[i]];
	return all;
}

static void judge_fields(struct reading *r)
{
	struct message *m = &r->b->m;
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		bad_unless(r, r->b->count[single[i]] <= 1);
	if (!m->request)
		m->method_text = r->cseq_method;
	bad_unless(r, have_all(r) && str_eq(m->method_text, r->cseq_method));
	bad_unless(r, str_eq(r->via_version, STR("2.0")) && branch_ok(m->via.branch));
	bad_unless(r, m->n_via <= MESSAGE_MAX_VIAS);
	m->method = method_find(m->method_text);
}

/* RFC 3261 §18.3: without Content-Length the body reaches to the end of the datagram; a body that was cut short is an
 * error; what follows it is dropped. */
static void cut_body(struct reading *r, struct str rest)
{
	if (r->content_length_set && r->content_length <= rest.n)
		rest.n = r->content_length;
	else
		bad_unless(r, !r->content_length_set);
	r->b->m.body = rest;
}

/* May this be answered? An ACK and a response never are, and a reply needs the values it repeats. */
static bool answerable(const struct reading *r)
{
	const struct message *m = &r->b->m;
	return m->request && m->method != METHOD_ACK && have_all(r) && !r->via_empty && m->n_via <= MESSAGE_MAX_VIAS;
}

/* A request outside of any dialog may come from anybody and may start something that lasts, so its grammar is read
 * twice, by two authors. What belongs to a dialog or a transaction of ours has to name it, which no accident does; it
 * is read once: the second reading is more than half the work of a parse. */
static bool opens_something(const struct message *m)
{
	return m->request && !m->to.tag.n;
}

/* Most REGISTERs say again what is known and change nothing but a time: message_judge() is for the others. */
static bool judged_later(const struct message *m)
{
	return m->method == METHOD_REGISTER;
}

static enum reject_reason verdict(struct reading *r)
{
	struct message *m = &r->b->m;

	if (r->version_other)
		return m->request ? REJECT_VERSION : REJECT_MALFORMED;
	if (r->bad)
		return REJECT_MALFORMED;
	return opens_something(m) && !judged_later(m) ? message_sofia_parse(r->b) : REJECT_NONE;
}

enum reject_reason message_judge(const struct message *m)
{
	return opens_something(m) && judged_later(m) ? message_sofia_parse(block_of(m)) : REJECT_NONE;
}

/* ---- the block --------------------------------------------------------------------------------------------------- */

static struct message_block *block_create(const char *p, size_t n, const struct head *head, char **ret_text)
{
	size_t table = head->n_fields * sizeof(struct field);
	struct message_block *b = malloc(sizeof(*b) + table + n);
	if (!b)
		return NULL;
	memset(b, 0, sizeof(*b) + table);
	char *text = (char *)b->fields + table;
	memcpy(text, p, n);
	b->head = head->n;
	*ret_text = text;
	return b;
}

/* Reads the block's text; afterwards every slice that could be read is set. */
static enum reject_reason read_block(struct message_block *b, const struct head *head, char *text, size_t n,
				     struct reading *ret_reading)
{
	struct reading *r = ret_reading;
	struct start_line start;
	*r = (struct reading){.b = b};
	b->m.max_forwards = -1;
	b->start_line = take_line(head, text, 0);
	if (!start_line_split(b->start_line, &start))
		return REJECT_MALFORMED_DROP;
	read_start(r, &start);
	read_fields(r, head, text);
	judge_fields(r);
	cut_body(r, (struct str){text + b->head, n - b->head});
	return verdict(r);
}

enum reject_reason message_parse(const uint8_t *p, size_t n, const struct flow_addr *source, struct message **ret)
{
	struct reading r;
	struct head head;
	char *text;

	*ret = NULL;
	if (n > MESSAGE_MAX_BYTES)
		return REJECT_SIZE;
	if (!n)
		return REJECT_MALFORMED_DROP;
	size_t skip = head_leading_crlf((const char *)p, n);
	p += skip;
	n -= skip;
	if (head_measure((const char *)p, n, &head) != HEAD_OK)
		return REJECT_MALFORMED_DROP;
	struct message_block *b = block_create((const char *)p, n, &head, &text);
	if (!b)
		return REJECT_NO_MEMORY;
	b->m.source = *source;
	enum reject_reason why = read_block(b, &head, text, n, &r);
	if (why == REJECT_NONE) {
		*ret = &b->m;
		return REJECT_NONE;
	}
	if ((why == REJECT_MALFORMED || why == REJECT_VERSION) && answerable(&r)) {
		*ret = &b->m;
		return why;
	}
	message_free(&b->m);
	return why == REJECT_NO_MEMORY ? why : REJECT_MALFORMED_DROP;
}

void message_free(struct message *m)
{
	if (!m)
		return;
	if (m->refs) {
		m->refs--;
		return;
	}
	free(m);
}

struct message *message_ref(const struct message *m)
{
	/* messages are only read, but counting who reads them is no change of theirs */
	struct message *counted = (struct message *)(uintptr_t)m;

	counted->refs++;
	return counted;
}
