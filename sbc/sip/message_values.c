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

/* Up to the ',' that ends it, outside quotes and <>. */
static size_t element_length(struct str s)
{
	bool angle = false;
	size_t i = str_find(s, ',');
	if (i == s.n) /* as nearly always: one element */
		return i;
	for (i = 0; (i += class_length(skip(s, i), CHAR_PLAIN)) < s.n; i++) {
		if (s.p[i] == '"') {
			size_t q = quoted_length(skip(s, i));
			if (!q) /* an open quote takes the rest */
				return s.n;
			i += q - 1;
		} else if (s.p[i] != ',') {
			angle = s.p[i] == '<';
		} else if (!angle) {
			return i;
		}
	}
	return s.n;
}

bool list_next(struct str *list, struct str *ret_item)
{
	while (list->n) {
		size_t n = element_length(*list);
		struct str item = str_trim(skip_blanks(take(*list, n)));
		*list = skip(*list, n < list->n ? n + 1 : n);
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
	size_t i = 0;
	for (; i < s.n && s.p[i] != ';'; i++) {
		if (s.p[i] == '"') {
			size_t q = quoted_length(skip(s, i));
			if (!q)
				return s.n;
			i += q - 1;
		}
	}
	return i;
}

bool params_next(struct str *params, struct param *ret)
{
	if (!params->n)
		return false;
	/* "name" or "name=value" without quotes and blanks, as nearly always */
	const size_t name = class_length(*params, CHAR_TOKEN);
	size_t end = name;
	if (end < params->n && params->p[end] == '=')
		end += 1 + class_length(skip(*params, end + 1), CHAR_VALUE);
	const bool plain = end == params->n || params->p[end] == ';';
	if (!plain)
		end = param_end(*params);
	struct str one = take(*params, end);
	*params = skip(*params, end < params->n ? end + 1 : end);
	if (plain)
		*ret = (struct param){take(one, name), skip(one, name < end ? name + 1 : name)};
	else
		*ret = (struct param){str_trim(str_cut(&one, '=')), str_trim(one)};
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
