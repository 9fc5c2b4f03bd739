/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/manage/json_put.h"

#include "base/clock.h"

/* A member up to its colon, and room for n bytes of its value, which is returned; NULL: it does not fit. */
static char *member(struct writer *w, struct str key, size_t n)
{
	char last = w->n ? w->p[w->n - 1] : '{';
	bool comma = last != '{' && last != '[';
	char *at = writer_take(w, comma + 1 + key.n + 2 + n);
	if (!at)
		return NULL;
	if (comma)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, key.p, key.n);
	memcpy(at + key.n, "\":", 2);
	return at + key.n + 2;
}

void member_key(struct writer *w, struct str key)
{
	member(w, key, 0);
}

void member_u64(struct writer *w, struct str key, uint64_t v)
{
	member(w, key, 0);
	writer_u64(w, v);
}

/* v needs no escape. */
static void put_plain(struct writer *w, struct str key, struct str v)
{
	char *at = member(w, key, v.n + 2);
	if (!at)
		return;
	at[0] = at[v.n + 1] = '"';
	memcpy(at + 1, v.p, v.n);
}

static void put_null(struct writer *w, struct str key)
{
	char *at = member(w, key, 4);
	if (at)
		memcpy(at, "null", 4);
}

void member_str(struct writer *w, struct str key, struct str v)
{
	if (!v.n) {
		put_null(w, key);
	} else if (writer_json_plain(v)) {
		put_plain(w, key, v);
	} else {
		member(w, key, 0);
		writer_json(w, v);
	}
}

void member_addr(struct writer *w, struct str key, const struct addr *a)
{
	char text[ADDR_STRLEN];
	struct writer t = writer_init(text, sizeof(text));

	addr_write(&t, a);
	if (addr_is_set(a))
		put_plain(w, key, writer_result(&t));
	else
		put_null(w, key);
}

void member_time(struct writer *w, struct str key, uint64_t wall_us)
{
	char text[CLOCK_TEXTLEN];

	if (wall_us)
		put_plain(w, key, (struct str){clock_wall_text(wall_us, text), CLOCK_TEXTLEN - 1});
	else
		put_null(w, key);
}

void put_bool(struct writer *w, const char *key, bool v)
{
	put_key(w, key);
	writer_z(w, v ? "true" : "false");
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
