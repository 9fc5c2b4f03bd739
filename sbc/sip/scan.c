/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/sip/scan.h"

#include "sbc/sip/aor.h"
#include "sbc/sip/message_lines.h"
#include "sbc/sip/message_values.h"

/* ---- owner ------------------------------------------------------------------------------------------------------- */

/* What the rule looks at. Of a request: start line and To; of a response: the topmost Via. */
struct evidence {
	bool request, is_register;
	struct str branch, ruri_user, to_tag, call_id;
	const struct uri *to;
};

/* The rule itself, for scan and parser alike. */
static uint8_t owner_of(const struct ident_key *k, const struct evidence *e)
{
	struct ident id;
	struct str ours = e->to_tag, aor;
	char buf[AOR_MAX];

	if (!e->request) {
		ours = STR_NONE;
		if (str_starts(e->branch, STR(IDENT_BRANCH_COOKIE)))
			ours = (struct str){e->branch.p + 7, e->branch.n - 7};
	}
	if (ident_parse(k, ours, &id))
		return id.slot;
	/* a request to a phone's alias: where its registration is */
	if (e->request && ident_parse(k, e->ruri_user, &id))
		return id.slot;
	if (e->is_register && aor_canonical(e->to, buf, &aor))
		return ident_slot_of_aor(k, aor);
	/* a request of a leg of ours that comes back to us as a new one: a loop is seen where that leg is */
	if (e->request && e->call_id.n == IDENT_LEN && ident_parse(k, e->call_id, &id))
		return id.slot;
	return ident_slot_of_call_id(k, e->call_id);
}

uint8_t message_owner(const struct ident_key *k, const struct message *m)
{
	return owner_of(k, &(struct evidence){.request = m->request,
					      .is_register = m->request && str_eq(m->method_text, STR("REGISTER")),
					      .branch = m->via.branch,
					      .ruri_user = m->ruri.user,
					      .to_tag = m->to.tag,
					      .to = &m->to.uri,
					      .call_id = m->call_id});
}

/* The first field of each kind that the rule needs; p == NULL: not seen. A folded one is left to the parser. */
struct wanted {
	struct str via, to, call_id;
	bool folded;
};

static struct str *slot_of(struct wanted *w, enum header_id id)
{
	switch (id) {
	case HEADER_VIA:
		return &w->via;
	case HEADER_TO:
		return &w->to;
	case HEADER_CALL_ID:
		return &w->call_id;
	default:
		return NULL;
	}
}

/* Could this line be Via, v, To, t, Call-ID or i? Most lines end here. */
static bool worth_a_look(struct str line)
{
	switch (line.p[0] | 0x20) {
	case 'v':
	case 't':
	case 'i':
		return true;
	case 'c':
		return line.n > 2 && (line.p[1] | 0x20) == 'a';
	default:
		return false;
	}
}

static void look_at(struct wanted *w, struct str line, bool folded)
{
	struct str name, full, value;
	if (!field_split(line, &name, &value))
		return;
	struct str *slot = slot_of(w, field_id(name, &full));
	if (!slot || slot->p)
		return;
	*slot = value;
	w->folded |= folded;
}

/* Walks the lines after the start line; false: the head does not end. */
static bool walk(const char *p, size_t n, size_t at, struct wanted *w)
{
	for (;;) {
		const char *lf = memchr(p + at, '\n', n - at);
		if (!lf)
			return false;
		size_t end = (size_t)(lf - p);
		struct str line = {p + at, end > at && p[end - 1] == '\r' ? end - 1 - at : end - at};
		at = end + 1;
		if (!line.n)
			return true;
		if (worth_a_look(line))
			look_at(w, line, at < n && is_blank(p[at]));
	}
}

static enum scan_result decide(const struct ident_key *k, const struct start_line *start, const struct wanted *w,
			       uint8_t *ret_slot)
{
	struct name_addr to = {.tag = STR_NONE};
	struct via via = {.branch = STR_NONE};
	struct uri ruri = {.user = STR_NONE};
	struct str version;
	if (w->folded || !w->call_id.n)
		return SCAN_UNSURE;
	if (start->request ? !name_addr_parse(w->to, &to) : !via_parse_first(w->via, &via, &version))
		return SCAN_UNSURE;
	if (start->request && !uri_parse(start->uri, &ruri))
		ruri.user = STR_NONE;
	*ret_slot =
		owner_of(k, &(struct evidence){.request = start->request,
					       .is_register = start->request && str_eq(start->method, STR("REGISTER")),
					       .branch = via.branch,
					       .ruri_user = ruri.user,
					       .to_tag = to.tag,
					       .to = &to.uri,
					       .call_id = w->call_id});
	return SCAN_OWNER;
}

enum scan_result scan_owner(const struct ident_key *k, const uint8_t *p, size_t n, uint8_t *ret_slot)
{
	const char *text = (const char *)p;
	size_t skip = n ? head_leading_crlf(text, n) : 0;
	struct wanted w = {.folded = false};
	struct start_line start;
	if (skip == n)
		return SCAN_KEEPALIVE;
	text += skip;
	n -= skip;
	const char *lf = memchr(text, '\n', n);
	struct str first = {text, lf ? (size_t)(lf - text) : n};
	if (lf && first.n && first.p[first.n - 1] == '\r')
		first.n--;
	if (!start_line_split(first, &start))
		return SCAN_NOT_SIP;
	if (!lf || !walk(text, n, (size_t)(lf - text) + 1, &w))
		return SCAN_NO_END;
	return decide(k, &start, &w, ret_slot);
}

#define BRANCH_LEN (sizeof(IDENT_BRANCH_COOKIE) - 1 + IDENT_LEN)

/* ---- quoted ------------------------------------------------------------------------------------------------------ */

/* Our requests have one Via, right behind the start line. The quotation may end anywhere: what is not whole is not
 * ours. */
bool scan_quoted(const struct ident_key *k, const uint8_t *p, size_t n, struct scan_quoted *ret)
{
	struct str rest = {(const char *)p, n}, start = str_cut(&rest, '\n'), via = str_cut(&rest, '\r'), method,
		   branch;
	struct ident id;

	method = str_cut(&start, ' ');
	if (!method.n || !str_starts(via, STR("Via: SIP/2.0/UDP ")))
		return false;
	str_cut(&via, ';');
	if (!str_starts(via, STR("branch=" IDENT_BRANCH_COOKIE)) || via.n < 7 + BRANCH_LEN)
		return false;
	branch = (struct str){via.p + 7, BRANCH_LEN};
	if (!ident_parse(k, (struct str){branch.p + BRANCH_LEN - IDENT_LEN, IDENT_LEN}, &id))
		return false;
	*ret = (struct scan_quoted){.method = method, .branch = branch, .slot = id.slot};
	return true;
}

/* ---- framing ----------------------------------------------------------------------------------------------------- */

static bool is_space(char c)
{
	return is_blank(c) || c == '\r' || c == '\n';
}

/* Trims folds too: a value that has not been unfolded. */
static struct str trim_folds(struct str s)
{
	while (s.n && is_space(s.p[0]))
		s = (struct str){s.p + 1, s.n - 1};
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* End of the logical line at `at`, continuation lines and CR LF included. */
static size_t logical_end(const char *p, size_t head, size_t at)
{
	do {
		const char *lf = memchr(p + at, '\n', head - at);
		if (!lf)
			return head;
		at = (size_t)(lf - p) + 1;
	} while (at < head && is_blank(p[at]));
	return at;
}

/* Content-Length of a head: false without one, with a bad one, or with two that differ. */
static bool head_content_length(const char *p, size_t head, size_t *ret)
{
	struct str name, full, value;
	bool seen = false;
	size_t length = 0, one;
	for (size_t at = logical_end(p, head, 0), end; at < head; at = end) {
		end = logical_end(p, head, at);
		if ((p[at] | 0x20) != 'c' && (p[at] | 0x20) != 'l')
			continue;
		if (!field_split((struct str){p + at, end - at}, &name, &value) ||
		    field_id(name, &full) != HEADER_CONTENT_LENGTH)
			continue;
		if (!content_length_parse(trim_folds(value), &one) || (seen && one != length))
			return false;
		seen = true;
		length = one;
	}
	if (seen)
		*ret = length;
	return seen;
}

/* Between messages: CR LF CR LF is a ping, CR LF a pong (RFC 5626 §4.4.1). A ping that comes in two pieces is told as
 * two pongs: waiting for the second half would keep a message "begun" that never comes. */
static enum scan_frame_result frame_keepalive(struct scan_frame *f, const char *p, size_t n)
{
	if (n == 1)
		return FRAME_MORE;
	if (p[1] != '\n')
		return FRAME_BROKEN;
	if (n == 3 && p[2] == '\r')
		return FRAME_MORE;
	f->total = n >= 4 && p[2] == '\r' && p[3] == '\n' ? 4 : 2;
	return FRAME_KEEPALIVE;
}

static enum scan_frame_result frame_head_done(struct scan_frame *f, const char *p, size_t n, size_t max_bytes)
{
	size_t length;
	if (f->head > max_bytes || !head_content_length(p, f->head, &length) || length > max_bytes - f->head)
		return FRAME_BROKEN;
	f->total = f->head + length;
	return n >= f->total ? FRAME_MESSAGE : FRAME_MORE;
}

enum scan_frame_result scan_frame(struct scan_frame *f, const uint8_t *bytes, size_t n, size_t max_bytes)
{
	const char *p = (const char *)bytes;
	if (f->total)
		return n >= f->total ? FRAME_MESSAGE : FRAME_MORE;
	if (n <= f->looked)
		return FRAME_MORE;
	if (p[0] == '\r')
		return frame_keepalive(f, p, n);
	if (!(char_class[bytes[0]] & CHAR_TOKEN))
		return FRAME_BROKEN;
	size_t from = f->looked > 3 ? f->looked - 3 : 0;
	const char *end = memmem(p + from, n - from, "\r\n\r\n", 4);
	size_t head = end ? (size_t)(end - p) + 4 : n;
	if (head > f->looked && memchr(p + f->looked, '\0', head - f->looked))
		return FRAME_BROKEN;
	f->looked = head;
	if (end) {
		f->head = head;
		return frame_head_done(f, p, n, max_bytes);
	}
	return n >= max_bytes ? FRAME_BROKEN : FRAME_MORE;
}
