/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over a message: leap to the tokens that may be (part of) something forbidden, ask of each, by its length and
 * a hash of a few of its bytes, whether it is, and only then compare. IPv6 addresses have many spellings: where a run
 * of hex digits and colons may be one, it is read and its 16 bytes are looked up. Nearly always nothing is found, and
 * it does not matter then where headers end and what the parts of a body are: that is asked when something is. */
#include "sbc/border/leak_internal.h"

#define MULTIPART_DEPTH 3

struct check {
	const struct leak_net *net; /* NULL: unknown network, nothing known of it */
	const struct leak_set *set; /* NULL: none */
	struct str text;
	uint64_t lengths;
	size_t window;       /* no token of fewer bytes is asked for; 0: none at all is */
	const uint8_t *leap; /* by leak_gram(): how far from there the next token may begin; 0: it may be in one */
	bool v6;
	size_t v6_done; /* no attempt to read an address before this offset */
	struct leak_finding *ret;
};

/* ---- what was found ------------------------------------------------------------------------------------------- */

static struct str line_of(struct str text, size_t i)
{
	size_t a = i, z = i;
	while (a > 0 && text.p[a - 1] != '\n')
		a--;
	while (z < text.n && text.p[z] != '\n' && text.p[z] != '\r')
		z++;
	return (struct str){text.p + a, z - a};
}

static bool set_allows(const struct leak_set *set, const struct leak_needle *n)
{
	for (unsigned i = 0; set && i < set->n; i++)
		if (set->v[i].allowed && leak_needle_equal(&set->v[i], n))
			return true;
	return false;
}

static bool found(struct check *k, const struct leak_needle *n, size_t i)
{
	if (set_allows(k->set, n) || (k->net && leak_net_allows(k->net, n)))
		return false;
	k->ret->needle = n->s;
	k->ret->line = line_of(k->text, i);
	return true;
}

/* ---- looking up ----------------------------------------------------------------------------------------------- */

/* What the token text[start..end) is asked, or the address v6 when that is not NULL. */
struct asked {
	size_t start, end;
	uint32_t hash;
	const struct addr *v6;
};

static bool stands(const struct check *k, const struct leak_needle *n, const struct asked *q)
{
	if (n->hash != q->hash || n->allowed)
		return false;
	if (!q->v6)
		return n->len && leak_needle_at(n, k->text, q->start, q->end);
	struct addr a = leak_needle_addr(n);
	return n->len == 0 && addr_equal_host(&a, q->v6);
}

static bool in_net(struct check *k, const struct asked *q)
{
	const struct leak_net *net = k->net;
	for (uint32_t i = q->hash & net->mask; net->slots[i]; i = (i + 1) & net->mask)
		if (net->hashes[i] == q->hash) {
			const struct leak_needle *n = &net->needles[net->slots[i] - 1];
			if (stands(k, n, q) && found(k, n, q->start))
				return true;
		}
	return false;
}

static bool in_set(struct check *k, const struct asked *q)
{
	for (unsigned i = 0; i < k->set->n; i++)
		if (stands(k, &k->set->v[i], q) && found(k, &k->set->v[i], q->start))
			return true;
	return false;
}

static bool look_up(struct check *k, const struct asked *q)
{
	return (k->set && in_set(k, q)) || (k->net && in_net(k, q));
}

static bool token(struct check *k, size_t start, size_t end)
{
	const char *p = k->text.p;
	while (end > start && (leak_class[(uint8_t)p[end - 1]] & LEAK_EDGE))
		end--;
	while (start < end && (leak_class[(uint8_t)p[start]] & LEAK_EDGE))
		start++;
	if (!(k->lengths & leak_length_bit(end - start)))
		return false;
	return look_up(k, &(struct asked){.start = start, .end = end, .hash = leak_token_hash(p + start, end - start)});
}

/* ---- IPv6 ----------------------------------------------------------------------------------------------------- */

static bool v6_byte(char c)
{
	return (leak_class[(uint8_t)c] & LEAK_HEX) || c == ':' || c == '.';
}

static bool v6_look_up(struct check *k, const struct addr *a, size_t start)
{
	if (addr_is_v6(a))
		return look_up(k, &(struct asked){.start = start, .hash = leak_addr_hash(a), .v6 = a});
	/* ::ffff:a00:5 is 10.0.0.5: asked for as that text. */
	char buf[ADDR_STRLEN];
	struct check mapped = *k;
	mapped.text = str_z(addr_text_host(a, buf));
	bool hit = token(&mapped, 0, mapped.text.n);
	if (hit)
		k->ret->line = line_of(k->text, start);
	return hit;
}

static bool v6_read(struct str text, size_t start, size_t end, struct addr *ret)
{
	return start < end && addr_parse((struct str){text.p + start, end - start}, 0, ret);
}

/* A run of hex digits, colons and full stops. One that is an address as a whole is that address and no other; else
 * there may be one in it, behind a name or before a port: "be::2001:db8::1", "2001:db8::1:50600". */
static bool v6_in_run(struct check *k, size_t start, size_t end)
{
	const char *p = k->text.p, *colon;
	const size_t last = (size_t)((const char *)memrchr(p + start, ':', end - start) - p);
	struct addr a;
	for (size_t i = start; (colon = memchr(p + i, ':', end - i)); i = (size_t)(colon - p) + 1) {
		bool to_end = v6_read(k->text, i, end, &a);
		if ((to_end || v6_read(k->text, i, last, &a)) && v6_look_up(k, &a, i))
			return true;
		if (to_end && i == start)
			return false;
	}
	return false;
}

/* Without "::" an address has seven colons, or six before an IPv4 one. */
static bool v6_like(struct str run)
{
	size_t colons = 0;
	for (size_t i = 0; i < run.n; i++)
		if (run.p[i] == ':' && (++colons == 6 || (i && run.p[i - 1] == ':')))
			return true;
	return false;
}

/* Where a colon or full stop of the sentence around it is no part of the run any more. */
static size_t v6_end(const char *p, size_t start, size_t end)
{
	while (end > start + 2 && (p[end - 1] == '.' || (p[end - 1] == ':' && p[end - 2] != ':')))
		end--;
	return end;
}

/* text[start..colon) is empty or up to four hex digits before a colon, less EDGE bytes: may an address begin here? */
static bool v6_here(struct check *k, size_t start, size_t colon, size_t end)
{
	const char *p = k->text.p;
	while (start < colon && (leak_class[(uint8_t)p[start]] & LEAK_EDGE))
		start++;
	if (colon - start > 4 || colon + 1 >= end || start < k->v6_done || !v6_byte(p[colon + 1]))
		return false;
	for (size_t i = start; i < colon; i++)
		if (!(leak_class[(uint8_t)p[i]] & LEAK_HEX))
			return false;
	size_t z = colon, behind;
	while (z < end && v6_byte(p[z]))
		z++;
	k->v6_done = z; /* each run is read once, however many colons it has */
	for (behind = z; behind < end && (leak_class[(uint8_t)p[behind]] & LEAK_EDGE); behind++)
		;
	if (behind < end && (leak_class[(uint8_t)p[behind]] & LEAK_WORD))
		return false;
	z = v6_end(p, start, z);
	return v6_like((struct str){p + start, z - start}) && v6_in_run(k, start, z);
}

/* ---- the pass ------------------------------------------------------------------------------------------------- */

/* Where the token that holds text[i], or ends there, begins, but not before `from`; an escape that ends inside the run
 * is none of it. */
static size_t token_start(struct str text, size_t from, size_t i)
{
	size_t start = i;
	while (start > from && (leak_class[(uint8_t)text.p[start - 1]] & LEAK_WORD))
		start--;
	if (start > from && text.p[start - 1] == '%' && leak_escape(text.p + start - 1, text.n - (start - 1)))
		start += 2;
	return start;
}

static size_t token_end(struct str text, size_t i, size_t end)
{
	while (i < end && (leak_class[(uint8_t)text.p[i]] & LEAK_WORD))
		i++;
	return i;
}

/* Every colon that an IPv6 address may begin at. */
static bool scan_v6(struct check *k, size_t i, size_t end)
{
	const char *p = k->text.p, *colon;
	for (; i < end && (colon = memchr(p + i, ':', end - i)); i = (size_t)(colon - p) + 1) {
		size_t at = (size_t)(colon - p);
		if (v6_here(k, token_start(k->text, i, at), at, end))
			return true;
	}
	return false;
}

/* Every token: where one of fewer bytes than leaping takes is asked for. */
static bool scan_all(struct check *k, size_t i, size_t end)
{
	const char *p = k->text.p;
	while (i < end) {
		size_t start = i;
		i = token_end(k->text, i, end);
		if (i > start && token(k, start, i))
			return true;
		size_t escape = leak_escape(p + i, end - i);
		i += escape ? escape : 1;
	}
	return false;
}

/* May a token, less the EDGE bytes before it, begin at text[i]? */
static bool may_begin(struct str text, size_t from, size_t i)
{
	const uint8_t here = leak_class[(uint8_t)text.p[i]];
	const uint8_t before = i > from ? leak_class[(uint8_t)text.p[i - 1]] : 0;
	return (here & LEAK_WORD) && !(here & LEAK_EDGE) &&
	       (!(before & LEAK_WORD) || (before & LEAK_EDGE) || (i - from >= 3 && text.p[i - 3] == '%'));
}

/* The last bytes of a window say how far it can be moved on: to where they are that far from a token's beginning. */
static bool scan_leaps(struct check *k, size_t i, size_t end)
{
	const struct str text = k->text;
	const uint8_t *leap = k->leap;
	const size_t from = i, window = k->window;
	if (end < from + window)
		return false;
	const char *last = text.p + window - LEAK_GRAM;
	while (i <= end - window) {
		size_t n = leap[leak_gram(last + i)];
		if (n || !may_begin(text, from, i)) {
			i += n ? n : 1;
			continue;
		}
		size_t start = token_start(text, from, i);
		i = token_end(text, i, end);
		if (i >= start + window && token(k, start, i))
			return true;
	}
	return false;
}

static bool scan(struct check *k, size_t from, size_t end)
{
	bool hit = k->window >= LEAK_GRAM ? scan_leaps(k, from, end) : k->window && scan_all(k, from, end);
	return hit || (k->v6 && scan_v6(k, from, end));
}

/* Offset behind the blank line that ends the headers which begin at i; end when there is none. */
static size_t head_end(struct str text, size_t i, size_t end)
{
	for (const char *nl; i < end && (nl = memchr(text.p + i, '\n', end - i));) {
		i = (size_t)(nl - text.p) + 1;
		if (i < end && text.p[i] == '\n')
			return i + 1;
		if (i + 1 < end && text.p[i] == '\r' && text.p[i + 1] == '\n')
			return i + 2;
	}
	return end;
}

/* Value of Content-Type among the lines from i to end; empty when there is none. */
static struct str content_type(struct str text, size_t i, size_t end)
{
	while (i < end) {
		const char *nl = memchr(text.p + i, '\n', end - i);
		size_t next = nl ? (size_t)(nl - text.p) + 1 : end;
		if ((text.p[i] | 0x20) == 'c') {
			struct str line = {text.p + i, next - i};
			struct str name = str_trim(str_cut(&line, ':'));
			if (str_eq_nocase(name, STR("Content-Type")) || str_eq_nocase(name, STR("c")))
				return str_trim((struct str){line.p, line.n - (line.n && nl)});
		}
		i = next;
	}
	return STR_NONE;
}

static bool ends_nocase(struct str s, struct str tail)
{
	return s.n >= tail.n && str_eq_nocase((struct str){s.p + s.n - tail.n, tail.n}, tail);
}

static bool looked_at(struct str type)
{
	return str_eq_nocase(type, STR("application/sdp")) || str_eq_nocase(type, STR("message/sipfrag")) ||
	       str_eq_nocase(type, STR("application/xml")) ||
	       (str_starts_nocase(type, STR("application/")) && ends_nocase(type, STR("+xml")));
}

static bool boundary_of(struct str params, struct str *ret)
{
	while (params.n) {
		struct str item = str_cut(&params, ';');
		struct str name = str_trim(str_cut(&item, '='));
		struct str value = str_trim(item);
		if (value.n && value.p[value.n - 1] == '\r')
			value.n--;
		if (!str_eq_nocase(name, STR("boundary")))
			continue;
		if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
			value = (struct str){value.p + 1, value.n - 2};
		*ret = value;
		return value.n > 0;
	}
	return false;
}

static bool body(struct check *k, struct str type, size_t i, size_t end, unsigned depth);

/* Offset of the next line that begins with "--boundary", from i (a line's beginning); end when there is none. */
static size_t next_boundary(struct str text, size_t i, size_t end, struct str boundary)
{
	while (i < end) {
		if (end - i >= boundary.n + 2 && text.p[i] == '-' && text.p[i + 1] == '-' &&
		    memcmp(text.p + i + 2, boundary.p, boundary.n) == 0)
			return i;
		const char *nl = memchr(text.p + i, '\n', end - i);
		if (!nl)
			break;
		i = (size_t)(nl - text.p) + 1;
	}
	return end;
}

static bool multipart(struct check *k, struct str boundary, size_t i, size_t end, unsigned depth)
{
	for (i = next_boundary(k->text, i, end, boundary); i < end;) {
		const char *nl = memchr(k->text.p + i, '\n', end - i);
		const size_t behind = i + 2 + boundary.n;
		if (!nl || str_starts((struct str){k->text.p + behind, end - behind}, STR("--")))
			return false; /* the last delimiter; what follows is an epilogue */
		size_t head = (size_t)(nl - k->text.p) + 1;
		size_t part_end = next_boundary(k->text, head, end, boundary);
		/* A part may begin with its blank line: the line before counts as the end of a header. */
		size_t start = head_end(k->text, head - 1, part_end);
		if (scan(k, head, start))
			return true;
		if (body(k, content_type(k->text, head, start), start, part_end, depth + 1))
			return true;
		i = part_end;
	}
	return false;
}

static bool body(struct check *k, struct str type, size_t i, size_t end, unsigned depth)
{
	struct str params = type, boundary;
	struct str name = str_trim(str_cut(&params, ';'));
	if (name.n && name.p[name.n - 1] == '\r')
		name.n--;
	if (i >= end)
		return false;
	if (looked_at(name))
		return scan(k, i, end);
	if (depth < MULTIPART_DEPTH && str_starts_nocase(name, STR("multipart/")) && boundary_of(params, &boundary))
		return multipart(k, boundary, i, end, depth);
	return false;
}

static bool scan_head(struct check *k, size_t head, bool auth_relay)
{
	size_t at = 0, start, end;
	struct leak_auth it;
	if (auth_relay)
		for (it = leak_auth_init((struct str){k->text.p, head}); leak_auth_next(&it, &start, &end); at = end)
			if (scan(k, at, start))
				return true;
	return scan(k, at, head);
}

/* Where what is forbidden may not be: in the head, and in bodies that are looked at. */
static bool scan_parts(struct check *k, bool auth_relay)
{
	const struct str text = k->text;
	size_t head = head_end(text, 0, text.n);
	k->v6_done = 0;
	return scan_head(k, head, auth_relay) ||
	       (head < text.n && body(k, content_type(text, 0, head), head, text.n, 0));
}

/* From what the network's table and the leg's set say of each group of four bytes. */
static void leaps(const uint8_t *restrict net, const uint8_t *restrict set, size_t window, uint8_t *restrict ret_leap)
{
	const uint8_t all = (uint8_t)(window - LEAK_GRAM + 1);
	for (size_t i = 0; i < LEAK_GRAMS; i++) {
		uint8_t latest = net[i] > set[i] ? net[i] : set[i];
		ret_leap[i] = (uint8_t)((latest > all ? latest : all) - latest);
	}
}

bool leak_check(const struct leak_table *t, unsigned network, const struct leak_set *set, struct str message,
		struct leak_finding *ret)
{
	static const uint8_t nothing[LEAK_GRAMS];
	uint8_t leap[LEAK_GRAMS];
	struct leak_finding finding;
	struct check k = {.text = message, .ret = &finding, .leap = leap};
	if (t && network < t->n_networks)
		k.net = &t->nets[network];
	if (set && set->n)
		k.set = set;
	k.lengths = (k.net ? k.net->lengths : 0) | (k.set ? k.set->lengths : 0);
	k.window = k.lengths ? (size_t)__builtin_ctzll(k.lengths) : 0;
	if (k.window > LEAK_WINDOW)
		k.window = LEAK_WINDOW;
	k.v6 = (k.net && k.net->v6) || (k.set && k.set->v6);
	if (k.window >= LEAK_GRAM)
		leaps(k.net ? k.net->latest : nothing, k.set ? k.set->latest : nothing, k.window, leap);
	/* Digest that is relayed is often found at once, where it is excepted. */
	bool auth_relay = set && set->auth_relay;
	if ((!auth_relay && !scan(&k, 0, message.n)) || !scan_parts(&k, auth_relay))
		return false;
	*ret = finding;
	return true;
}
