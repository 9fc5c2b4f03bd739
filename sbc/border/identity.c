/* SPDX-License-Identifier: Apache-2.0 */
/* Header values that cross with their hosts replaced: identities (RFC 3325, RFC 5806, RFC 7044, Remote-Party-ID) and
 * the agent of a Warning (RFC 3261 §20.43); and texts for people, which cross unless they name a host. An element that
 * cannot be read does not cross. */
#include "sbc/border/internal.h"

/* ---- texts ---------------------------------------------------------------------------------------------------- */

/* Of a word; letters beyond ASCII are some, too, and what is quoted by a backslash. */
static bool of_word(char c)
{
	return (unsigned char)(c - '0') < 10 || (unsigned char)((c | 0x20) - 'a') < 26 || (unsigned char)c >= 0x80 ||
	       c == '\\';
}

bool text_names_host(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		const char c = text.p[i];
		if (c == '@' || c == '[')
			return true;
		/* "::1" and "a::b", too: a colon with another one beside it */
		if (c == ':' && i + 1 < text.n && text.p[i + 1] == ':')
			return true;
		if ((c == '.' || c == ':') && i > 0 && i + 1 < text.n && of_word(text.p[i - 1]) &&
		    of_word(text.p[i + 1]))
			return true;
	}
	return false;
}

/* ---- Retry-After ---------------------------------------------------------------------------------------------- */

/* `5 (at pbx.example);duration=3` */
void seconds_write(struct writer *w, struct str name, struct str value)
{
	size_t digits = 0;

	while (digits < value.n && (unsigned char)(value.p[digits] - '0') < 10)
		digits++;
	if (text_names_host(value))
		value.n = digits;
	if (value.n)
		header_write(w, name, value);
}

/* ---- Warning -------------------------------------------------------------------------------------------------- */

/* `307 isi.edu "text"`: the code stays, and the text unless it names a host. */
static bool warning_split(struct str item, struct str *ret_code, struct str *ret_text)
{
	struct str rest = str_trim(item);
	struct str code = str_cut(&rest, ' ');
	uint64_t v;
	if (code.n != 3 || !str_to_u64(code, 999, &v))
		return false;
	rest = str_trim(rest);
	str_cut(&rest, ' ');
	rest = str_trim(rest);
	if (rest.n < 2 || rest.p[0] != '"' || rest.p[rest.n - 1] != '"')
		return false;
	*ret_code = code;
	*ret_text = rest;
	return true;
}

void warning_write(struct writer *w, struct str value, const struct crossing *x)
{
	struct str item, code, text;
	bool any = false;
	if (!value_clean(value))
		return;
	while (list_next(&value, &item)) {
		if (!warning_split(item, &code, &text))
			continue;
		writer_z(w, any ? ", " : "Warning: ");
		any = true;
		writer_str(w, code);
		writer_char(w, ' ');
		addr_write_host(w, &x->local, true);
		writer_char(w, ' ');
		writer_str(w, text_names_host(text) ? STR("\"\"") : text);
	}
	writer_z(w, any ? "\r\n" : "");
}

/* ---- Reason --------------------------------------------------------------------------------------------------- */

/* `Q.850;cause=16;text="bye"`: a parameter, the text above all, stays unless it names a host. */
static void reason_item_write(struct writer *w, struct str item)
{
	struct str params = item, protocol = str_cut(&params, ';'), name, value;
	writer_str(w, str_trim(protocol));
	while (param_next(&params, &name, &value)) {
		if (!text_names_host(name) && !text_names_host(value))
			param_write(w, name, value);
	}
}

/* RFC 3326 §2: the protocol is "SIP", "Q.850" or another token; one with a dot is known or does not cross. */
static bool reason_protocol_stays(struct str item)
{
	struct str protocol = str_trim(str_cut(&item, ';'));
	return protocol.n && (str_eq_nocase(protocol, STR("Q.850")) || !text_names_host(protocol));
}

void reason_write(struct writer *w, struct str value)
{
	struct str item;
	bool any = false;
	if (!value_clean(value))
		return;
	while (list_next(&value, &item)) {
		if (!reason_protocol_stays(item))
			continue;
		writer_z(w, any ? ", " : "Reason: ");
		any = true;
		reason_item_write(w, item);
	}
	writer_z(w, any ? "\r\n" : "");
}

/* ---- identities ----------------------------------------------------------------------------------------------- */

/* Diversion: reason, counter, limit, privacy, screen (RFC 5806). Remote-Party-ID: party, id-type, screen, privacy.
 * History-Info: index, rc, mp, np (RFC 7044). None of them holds a host. */
static const char *const identity_params[] = {"reason",  "counter", "limit", "privacy", "screen", "party",
					      "id-type", "index",   "rc",    "mp",      "np"};

static bool identity_param_stays(struct str name)
{
	for (size_t i = 0; i < sizeof(identity_params) / sizeof(identity_params[0]); i++)
		if (str_eq_nocase(name, str_z(identity_params[i])))
			return true;
	return false;
}

static void identity_params_write(struct writer *w, struct str params)
{
	struct str name, value;
	while (param_next(&params, &name, &value)) {
		if (identity_param_stays(name))
			param_write(w, name, value);
	}
}

/* A number's global context ("phone-context=+49") stays; a domain as context would name the other side. */
static void tel_write(struct writer *w, const struct uri *u)
{
	struct str context;
	writer_lit(w, "tel:");
	user_write(w, u->user);
	if (params_get(u->params, STR("phone-context"), &context) && context.n && context.p[0] == '+') {
		writer_lit(w, ";phone-context=");
		user_write(w, context);
	}
}

/* The headers of a URI in History-Info tell why a call was turned (RFC 7044 §5): Reason and Privacy stay, escaped as
 * they came. Looked for after the last '@', since a user part may hold '?'. */
static void history_reason_write(struct writer *w, struct str uri)
{
	for (size_t at; (at = str_find(uri, '@')) < uri.n; uri.p += at + 1, uri.n -= at + 1)
		;
	str_cut(&uri, '?');
	char plain[1024];
	struct str text;
	bool any = false;
	while (uri.n) {
		struct str item = str_cut(&uri, '&'), value = item, name = str_cut(&value, '=');
		if (!str_eq_nocase(name, STR("Reason")) && !str_eq_nocase(name, STR("Privacy")))
			continue;
		/* whoever reads it undoes its escapes: "%5B2001%3Adb8%3A%3A1%5D" */
		if (!user_text(value, plain, sizeof(plain), &text) || text_names_host(text))
			continue;
		writer_char(w, any ? '&' : '?');
		any = true;
		writer_str(w, name);
		writer_char(w, '=');
		user_write(w, value);
	}
}

static void sip_identity_write(struct writer *w, const struct uri *u, bool history, const struct crossing *x)
{
	writer_lit(w, "sip:");
	user_write(w, u->user);
	writer_char(w, '@');
	if (uri_is_anonymous(u))
		writer_lit(w, "anonymous.invalid");
	else
		our_host_write(w, x);
	uri_params_write(w, u);
	if (history)
		history_reason_write(w, u->text);
}

static bool identity_item(struct str item, struct name_addr *ret)
{
	if (!name_addr_parse(item, ret) || !ret->uri.user.n)
		return false;
	return ret->uri.sip || ret->uri.sips || ret->uri.tel;
}

void identity_write(struct writer *w, struct str name, struct str value, const struct crossing *x)
{
	const bool history = str_eq_nocase(name, STR("History-Info"));
	struct str item;
	struct name_addr na;
	bool any = false;
	if (!value_clean(value))
		return;
	while (list_next(&value, &item)) {
		if (!identity_item(item, &na))
			continue;
		if (any)
			writer_lit(w, ", ");
		else {
			writer_str(w, name);
			writer_lit(w, ": ");
		}
		any = true;
		display_write(w, na.display);
		writer_char(w, '<');
		if (na.uri.tel)
			tel_write(w, &na.uri);
		else
			sip_identity_write(w, &na.uri, history, x);
		writer_char(w, '>');
		identity_params_write(w, na.params);
	}
	writer_z(w, any ? "\r\n" : "");
}
