/* SPDX-License-Identifier: Apache-2.0 */
/* User parts of URIs: RFC 3261 §25.1 "user" is unreserved, %XX, and a few more marks. */
#include "sbc/border/internal.h"

static bool user_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (c && strchr("-_.!~*'()&=+$,;?/", c));
}

/* No escape, and no separator: as nearly all are. */
static bool is_plain(struct str user)
{
	for (size_t i = 0; i < user.n; i++)
		if (user.p[i] == '%' || user.p[i] == '-' || user.p[i] == '.' || user.p[i] == '(' || user.p[i] == ')')
			return false;
	return true;
}

bool user_plain(struct str user, bool phone, char *buf, size_t cap, struct str *ret)
{
	size_t n = 0;
	if (user.n <= cap && is_plain(user)) {
		*ret = user;
		return true;
	}
	for (size_t i = 0; i < user.n; i++) {
		int v = str_escape_at(user, i);
		bool undo = v > 0 && v != '%';
		char c = undo ? (char)v : user.p[i];
		if (undo)
			i += 2;
		if (phone && c && strchr("-.()", c))
			continue;
		if (n == cap)
			return false;
		buf[n++] = c;
	}
	*ret = (struct str){buf, n};
	return true;
}

bool user_text(struct str user, char *buf, size_t cap, struct str *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < user.n; i++) {
		int v = str_escape_at(user, i);
		if (n == cap)
			return false;
		buf[n++] = v < 0 ? user.p[i] : (char)v;
		if (v >= 0)
			i += 2;
	}
	*ret = (struct str){buf, n};
	return true;
}

void user_write(struct writer *w, struct str user)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < user.n; i++) {
		uint8_t c = (uint8_t)user.p[i];
		if (user_char((char)c) || str_escape_at(user, i) >= 0) {
			writer_char(w, (char)c);
		} else {
			const char e[3] = {'%', digits[c >> 4], digits[c & 15]};
			writer_put(w, e, 3);
		}
	}
}

bool user_escape(struct str plain, char *buf, size_t cap, struct str *ret)
{
	struct writer w = writer_init(buf, cap);
	user_write(&w, plain);
	if (w.overflow)
		return false;
	*ret = writer_result(&w);
	return true;
}

bool uri_is_phone(const struct uri *u)
{
	struct str v;
	return u->tel || (params_get(u->params, STR("user"), &v) && str_eq_nocase(v, STR("phone")));
}
