/* SPDX-License-Identifier: Apache-2.0 */
/* words: values of headers that cross: words, numbers, a text for people. Their grammars leave room for any token, and
 * so for the name of a machine that no configuration knows. Of each element stays what its header needs. */
#include "sbc/border/internal.h"

/* ---- what a header holds ---------------------------------------------------------------------------------------- */

/* Where words are few they are told, and no others cross (IANA's registries). A shape: a is a letter, 9 a digit, x a
 * hexadecimal one, * one or more of the class before it, anything else itself. In other headers any word may stand that
 * names no host. */
static const struct {
	const char *header, *words, *shape;
} known[] = {
	{"Answer-Mode", "manual auto", NULL},
	{"Content-Disposition",
	 "session early-session recording-session render alert icon signal info-package inline attachment by-reference "
	 "recipient-list recipient-list-history aib",
	 NULL},
	{"Content-Encoding", "gzip x-gzip compress x-compress deflate identity", NULL},
	{"Date", NULL, "aaa, 9* aaa 9999 99:99:99 aaa"},
	{"Expires", NULL, "9*"},
	{"MIME-Version", NULL, "9*.9*"},
	{"P-Early-Media", "sendrecv sendonly recvonly inactive gated supported", NULL},
	{"Priority", "emergency urgent normal non-urgent psap-callback", NULL},
	{"Session-ID", NULL, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
};

/* q, level: RFC 3261 §20.1; handling: §20.11; require: RFC 5373; encoding, purpose, content: RFC 7433; remote: RFC
 * 7989; charset: RFC 2046 §4.1.2. */
static const char *const params_that_stay[] = {"q",       "level",   "handling", "require", "encoding",
					       "purpose", "content", "remote",   "charset"};

/* ---- fitting ---------------------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static bool is_letter(char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool of_class(char class, char c)
{
	switch (class) {
	case 'a':
		return is_letter(c);
	case '9':
		return is_digit(c);
	case 'x':
		return is_digit(c) || (unsigned char)((c | 0x20) - 'a') < 6;
	}
	return c == class;
}

static bool has_shape(struct str s, const char *shape)
{
	size_t i = 0;

	for (; *shape; shape++) {
		if (i == s.n || !of_class(*shape, s.p[i]))
			return false;
		i++;
		if (shape[1] != '*')
			continue;
		while (i < s.n && of_class(*shape, s.p[i]))
			i++;
		shape++;
	}
	return i == s.n;
}

static bool in_list(struct str word, const char *words)
{
	struct str rest = str_z(words);

	while (rest.n)
		if (str_eq_nocase(str_cut(&rest, ' '), word))
			return true;
	return false;
}

/* A media type of a vendor (RFC 6838 §3.2) or a package of 3GPP's has dots, and is no host for that. */
static bool in_tree(struct str word)
{
	size_t slash = str_find(word, '/');
	struct str name = slash < word.n ? (struct str){word.p + slash + 1, word.n - slash - 1} : word;

	for (size_t i = 0; i < word.n; i++)
		if (!is_digit(word.p[i]) && !is_letter(word.p[i]) && !memchr("./*+-_", word.p[i], 6))
			return false;
	return slash < word.n ? str_starts(name, STR("vnd.")) || str_starts(name, STR("prs."))
			      : str_starts(name, STR("g.3gpp."));
}

static bool names_no_host(struct str word)
{
	return !text_names_host(word) || has_shape(word, "9*.9*") || in_tree(word);
}

static bool word_stays(struct str header, struct str word)
{
	if (!word.n)
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_eq_nocase(header, str_z(known[i].header)))
			return known[i].words ? in_list(word, known[i].words) : has_shape(word, known[i].shape);
	return names_no_host(word);
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static void word_params_write(struct writer *w, struct str params)
{
	struct str name, value;

	while (param_next(&params, &name, &value))
		for (size_t i = 0; i < sizeof(params_that_stay) / sizeof(params_that_stay[0]); i++)
			if (str_eq_nocase(name, str_z(params_that_stay[i])) && names_no_host(value))
				param_write(w, name, value);
}

void words_write(struct writer *w, struct str name, struct str value)
{
	struct str item;
	bool any = false;

	if (!value_clean(value))
		return;
	if (!str_trim(value).n) { /* "Accept:" and "Recv-Info:" say: none */
		header_write(w, name, STR_NONE);
		return;
	}
	while (list_next(&value, &item)) {
		struct str params = item, word = str_trim(str_cut(&params, ';'));

		if (!word_stays(name, word))
			continue;
		if (!any)
			writer_str(w, name);
		writer_z(w, any ? ", " : ": ");
		any = true;
		writer_str(w, word);
		word_params_write(w, params);
	}
	writer_z(w, any ? "\r\n" : "");
}

void text_write(struct writer *w, struct str name, struct str value)
{
	if (word_stays(name, str_trim(value)))
		header_write(w, name, value);
}
