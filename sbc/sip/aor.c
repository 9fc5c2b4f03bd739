/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/sip/aor.h"

#include "base/writer.h"

/* The byte that s[*i] stands for, an escape undone; *i: its last. */
static uint8_t next_byte(struct str s, size_t *i)
{
	int escaped = str_escape_at(s, *i);

	if (escaped < 0)
		return (uint8_t)s.p[*i];
	*i += 2;
	return (uint8_t)escaped;
}

/* What would be read otherwise by itself is %XX, however it came: controls, '%', '@', and bytes that are no ASCII. */
static bool plain(uint8_t c)
{
	return c > 0x20 && c < 0x7f && c != '%' && c != '@';
}

static void write_user(struct writer *w, struct str user)
{
	size_t at = 0;

	while (at < user.n && plain((uint8_t)user.p[at]))
		at++;
	writer_put(w, user.p, at); /* all of it, as nearly always */
	for (; at < user.n; at++) {
		uint8_t c = next_byte(user, &at);

		if (plain(c))
			writer_char(w, (char)c);
		else
			writer_fmt(w, "%%%02X", c);
	}
}

bool aor_canonical(const struct uri *u, char buf[AOR_MAX], struct str *ret)
{
	struct writer w = writer_init(buf, AOR_MAX);
	struct str host = u->host;
	char *lower;

	write_user(&w, u->user);
	writer_char(&w, '@');
	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	lower = writer_take(&w, host.n);
	if (!lower)
		return false;
	str_lower(lower, host);
	*ret = writer_result(&w);
	return true;
}
