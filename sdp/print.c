/* SPDX-License-Identifier: Apache-2.0 */
/* print: a description as it came, and the names of errors. */
#include "sdp/internal.h"

const char *sdp_error_text(enum sdp_error e)
{
	static const char *const text[] = {
		[SDP_OK] = "no error",
#define X(name, words) [name] = words,
		SDP_ERRORS(X)
#undef X
	};
	return (size_t)e < sizeof(text) / sizeof(*text) ? text[e] : "unknown error";
}

void sdp_write_line(struct writer *w, const struct sdp_line *l)
{
	writer_put(w, l->value.p - 2, l->value.n + 2); /* "<type>=" stands before the value */
	writer_lit(w, "\r\n");
}

void sdp_print(const struct sdp *s, struct writer *w)
{
	for (size_t i = 0; i < s->n_lines; i++)
		sdp_write_line(w, &s->lines[i]);
	for (size_t i = 0; i < s->n_media; i++) {
		const struct sdp_media *m = &s->media[i];
		sdp_write_line(w, &m->lines[-1]);
		for (size_t k = 0; k < m->n_lines; k++)
			sdp_write_line(w, &m->lines[k]);
	}
}

static bool find_attr(const struct sdp_line *lines, size_t n, struct str name, struct str *ret_value)
{
	for (size_t i = 0; i < n; i++) {
		struct str rest = lines[i].value;
		if (lines[i].type != 'a' || rest.n < name.n || (rest.n > name.n && rest.p[name.n] != ':'))
			continue;
		if (!str_eq_nocase((struct str){rest.p, name.n}, name))
			continue;
		*ret_value = sdp_line_arg(&lines[i]);
		return true;
	}
	return false;
}

bool sdp_attr(const struct sdp *s, const struct sdp_media *m, struct str name, struct str *ret_value)
{
	return (m && find_attr(m->lines, m->n_lines, name, ret_value)) ||
	       (s && find_attr(s->lines, s->n_lines, name, ret_value));
}
