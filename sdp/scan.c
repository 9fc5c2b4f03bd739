/* SPDX-License-Identifier: Apache-2.0 */
/* scan: a text into lines, with every bound checked before anything is allocated for it. */
#include "sdp/internal.h"

/* First control character in [p, end), or end: this is the only pass over every byte of the text. */
static const char *find_control(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t v = le64toh(word_load(p));
		uint64_t bits = word_below_bits(v, ' ') | word_below_bits(v ^ WORD_EACH(0x7f), 1);
		if (bits) /* a bit too many can only lie above the lowest */
			return p + __builtin_ctzll(bits) / 8;
	}
	while (p < end && (unsigned char)*p >= 0x20 && *p != 0x7f)
		p++;
	return p;
}

/* The end of the line that begins at p; *ret_next is where the next one begins. NULL: a control character that is
 * neither HTAB nor part of a line end. A CR alone is refused, since readers disagree on whether it ends a line. */
static const char *line_end(const char *p, const char *end, const char **ret_next)
{
	for (;; p++) {
		p = find_control(p, end);
		if (p < end && *p == '\t')
			continue;
		break;
	}
	if (p == end)
		*ret_next = end;
	else if (*p == '\n')
		*ret_next = p + 1;
	else if (*p == '\r' && p + 1 < end && p[1] == '\n')
		*ret_next = p + 2;
	else
		return NULL;
	return p;
}

static bool only_blank_lines(const char *p, const char *end)
{
	while (p < end) {
		const char *next;
		if (line_end(p, end, &next) != p)
			return false;
		p = next;
	}
	return true;
}

/* Runs of anything but SP: what sdp_token() would cut. */
static size_t count_tokens(struct str s)
{
	size_t n = 0;
	char before = ' ';
	for (size_t i = 0; i < s.n; i++) {
		n += before == ' ' && s.p[i] != ' ';
		before = s.p[i];
	}
	return n;
}

static enum sdp_error scan_media_line(struct str value, struct scan *sc)
{
	size_t n = count_tokens(value);
	if (++sc->n_media > SDP_MAX_MEDIA || n > 3 + SDP_MAX_CODECS)
		return SDP_ERR_TOO_MUCH;
	sc->n_formats += n > 3 ? n - 3 : 0;
	return SDP_OK;
}

static bool is_letter(char c)
{
	return (unsigned)((c | 0x20) - 'a') < 26;
}

static enum sdp_error scan_line(const char *text, const char *p, size_t n, struct scan *sc)
{
	if (n < 2 || p[1] != '=' || !is_letter(p[0]))
		return SDP_ERR_LINE;
	if (sc->n_lines == SDP_MAX_LINES)
		return SDP_ERR_TOO_MUCH;
	sc->line[sc->n_lines].at = (uint16_t)(p - text);
	sc->line[sc->n_lines++].n = (uint16_t)n;
	return *p == 'm' ? scan_media_line((struct str){p + 2, n - 2}, sc) : SDP_OK;
}

enum sdp_error sdp_scan(const char *text, size_t n, struct scan *sc)
{
	if (n > SDP_MAX_BYTES)
		return SDP_ERR_TOO_MUCH;
	if (n < 2 || text[0] != 'v' || text[1] != '=')
		return SDP_ERR_EMPTY;

	sc->n_lines = sc->n_media = sc->n_formats = 0;
	const char *end = text + n;
	for (const char *p = text, *next; p < end; p = next) {
		const char *e = line_end(p, end, &next);
		if (!e)
			return SDP_ERR_LINE;
		if (e == p)
			return only_blank_lines(next, end) ? SDP_OK : SDP_ERR_LINE;
		enum sdp_error err = scan_line(text, p, (size_t)(e - p), sc);
		if (err)
			return err;
	}
	return SDP_OK;
}
