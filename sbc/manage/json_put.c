/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/manage/json_put.h"

#include "base/clock.h"

void put_key(struct writer *w, const char *key)
{
	const size_t n = strlen(key);
	char last = w->n ? w->p[w->n - 1] : '{';
	bool comma = last != '{' && last != '[';
	char *at = writer_take(w, comma + 1 + n + 2);
	if (!at)
		return;
	if (comma)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, key, n);
	memcpy(at + n, "\":", 2);
}

void put_u64(struct writer *w, const char *key, uint64_t v)
{
	put_key(w, key);
	writer_u64(w, v);
}

void put_str(struct writer *w, const char *key, struct str v)
{
	put_key(w, key);
	if (v.n)
		writer_json(w, v);
	else
		writer_lit(w, "null");
}

void put_z(struct writer *w, const char *key, const char *v)
{
	put_str(w, key, str_z(v));
}

void put_addr(struct writer *w, const char *key, const struct addr *a)
{
	char text[ADDR_STRLEN];
	put_z(w, key, addr_is_set(a) ? addr_text(a, text) : NULL);
}

void put_bool(struct writer *w, const char *key, bool v)
{
	put_key(w, key);
	writer_z(w, v ? "true" : "false");
}

void put_time(struct writer *w, const char *key, uint64_t wall_us)
{
	char text[CLOCK_TEXTLEN];
	put_z(w, key, wall_us ? clock_wall_text(wall_us, text) : NULL);
}

void open_object(struct writer *w, const char *key)
{
	put_key(w, key);
	writer_char(w, '{');
}

void open_item(struct writer *w)
{
	if (w->n && w->p[w->n - 1] == '}')
		writer_char(w, ',');
	writer_char(w, '{');
}

void close_object(struct writer *w)
{
	writer_char(w, '}');
}

void open_list(struct writer *w, const char *key)
{
	put_key(w, key);
	writer_char(w, '[');
}

void close_list(struct writer *w)
{
	writer_char(w, ']');
}
