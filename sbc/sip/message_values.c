/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/sip/message_values.h"

#include "sbc/sip/message_cut.h"

size_t quoted_length(struct str s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return 0;
}

/* ---- lists and parameters ---------------------------------------------------------------------------------------- */

bool list_next(struct str *list, struct str *ret_item)
{
	if (list->n && !memchr(list->p, ',', list->n)) { /* as nearly always: one element */
		struct str item = str_trim(*list);
		*list = skip(*list, list->n);
		if (item.n)
			*ret_item = item;
		return item.n > 0;
	}
	while (list->n) {
		bool angle = false;
		size_t i = 0;
		for (; i < list->n; i++) {
			char c = list->p[i];
			if (!(char_class[(uint8_t)c] & CHAR_LIST))
				continue;
			if (c == '"') {
				size_t q = quoted_length(skip(*list, i));
				i = q ? i + q - 1 : list->n - 1; /* an open quote takes the rest */
			} else if (c == '<') {
				angle = true;
			} else if (c == '>') {
				angle = false;
			} else if (c == ',' && !angle) {
				break;
			}
		}
		struct str item = str_trim(take(*list, i));
		*list = skip(*list, i < list->n ? i + 1 : i);
		if (item.n) { /* ", ," has no element between its commas (RFC 3261 §7.3.1 has none to lose) */
			*ret_item = item;
			return true;
		}
	}
	return false;
}

/* The end of a parameter: the next ';' outside quotes. */
static size_t param_end(struct str s)
{
	size_t end = str_find(s, ';');
	if (str_find(take(s, end), '"') == end) /* as nearly always */
		return end;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ';')
			return i;
		if (s.p[i] == '"') {
			size_t q = quoted_length(skip(s, i));
			if (!q)
				return s.n;
			i += q - 1;
		}
	}
	return s.n;
}

bool params_next(struct str *params, struct param *ret)
{
	if (!params->n)
		return false;
	size_t end = param_end(*params);
	struct str one = take(*params, end);
	*params = skip(*params, end < params->n ? end + 1 : end);
	struct str name = str_trim(str_cut(&one, '='));
	*ret = (struct param){name, str_trim(one)};
	return true;
}

bool params_get(struct str params, struct str name, struct str *ret_value)
{
	struct param p;
	while (params_next(&params, &p))
		if (str_eq_nocase(p.name, name)) {
			*ret_value = p.value;
			return true;
		}
	return false;
}

/* ---- Via and CSeq ------------------------------------------------------------------------------------------------ */

/* At most one branch: two would be two transactions. */
static bool via_param_take(void *arg, const struct header_param *p)
{
	struct via *v = arg;
	if (str_eq_nocase(p->name, STR("rport")))
		v->rport = true;
	if (!str_eq_nocase(p->name, STR("branch")))
		return true;
	if (v->branch.n || !p->value.n || !p->token)
		return false;
	v->branch = p->value;
	return true;
}

/* "SIP / 2.0 / " off *s. */
static bool sent_protocol_take(struct str *s, struct str *ret_version)
{
	if (str_starts(*s, STR("SIP/2.0/"))) { /* as nearly always: blanks are allowed on both sides of a '/' */
		*ret_version = (struct str){s->p + 4, 3};
		*s = skip_blanks(skip(*s, 8));
		return true;
	}
	struct str name = take_class(s, CHAR_TOKEN);
	if (!str_eq_nocase(name, STR("SIP")) || !take_char(s, '/'))
		return false;
	*ret_version = take_class(s, CHAR_TOKEN);
	return ret_version->n && take_char(s, '/');
}

bool via_parse(struct str text, struct via *ret, struct str *ret_version)
{
	struct via v = {.text = str_trim(text)};
	struct str s = v.text, version, params;
	if (!sent_protocol_take(&s, &version))
		return false;
	v.transport = take_class(&s, CHAR_TOKEN);
	struct str host = skip_blanks(s);
	if (!v.transport.n || host.n == s.n || !hostport_take(&host, true, &v.host, &v.port))
		return false;
	if (!header_params_parse(host, via_param_take, &v, &params))
		return false;
	*ret = v;
	*ret_version = version;
	return true;
}

bool via_parse_first(struct str line, struct via *ret, struct str *ret_version)
{
	struct str item;
	return list_next(&line, &item) && via_parse(item, ret, ret_version);
}

bool cseq_parse(struct str value, uint32_t *ret_number, struct str *ret_method, bool *ret_in_range)
{
	struct str digits = take_class(&value, CHAR_DIGIT);
	struct str method = skip_blanks(value);
	if (!digits.n || !method.n || method.n == value.n || !str_all(method, CHAR_TOKEN))
		return false;
	uint64_t number = 0;
	*ret_in_range = str_to_u64(digits, UINT32_MAX, &number);
	*ret_number = (uint32_t)number;
	*ret_method = method;
	return true;
}
