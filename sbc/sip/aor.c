/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/sip/aor.h"

#include "base/writer.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX becomes its byte, save what would then be read otherwise: controls, '%', '@', and bytes that are no ASCII. */
static char unescape(struct str s, size_t *i)
{
	int hi, lo, c;

	if (s.p[*i] != '%' || s.n - *i < 3)
		return s.p[*i];
	hi = hex_digit(s.p[*i + 1]);
	lo = hex_digit(s.p[*i + 2]);
	c = hi < 0 || lo < 0 ? -1 : hi * 16 + lo;
	if (c <= 0x20 || c >= 0x7f || c == '%' || c == '@')
		return '%';
	*i += 2;
	return (char)c;
}

bool aor_canonical(const struct uri *u, char buf[AOR_MAX], struct str *ret)
{
	struct writer w = writer_init(buf, AOR_MAX);
	struct str host = u->host;
	char *lower;

	if (str_find(u->user, '%') == u->user.n) /* as nearly always */
		writer_str(&w, u->user);
	else
		for (size_t i = 0; i < u->user.n; i++)
			writer_char(&w, unescape(u->user, &i));
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
