/* SPDX-License-Identifier: Apache-2.0 */
/* hide: whether a line that might cross tells who the far side is. Lines that are always dropped are not judged here
 * (attr.c); this is for what is left, where a wrong "yes" loses a line that media can do without, and a wrong "no"
 * shows the inside of a network. */
#include "sdp/internal.h"

#define MIN_NAME 3 /* a shorter host or user name stands in too many innocent values */
#define MIN_ID   6

/* So that no description of 65 kB costs more than two milliseconds. What is beyond goes unread, and does not cross. */
#define MAX_HOSTS 8    /* different hosts of the far side */
#define MAX_VALUE 2048 /* bytes of one line */

static bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static bool is_alnum(char c)
{
	return is_digit(c) || (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool is_hex(char c)
{
	return is_digit(c) || (unsigned char)((c | 0x20) - 'a') < 6;
}

static char lower(char c)
{
	return (unsigned char)(c - 'A') < 26 ? (char)(c | 0x20) : c;
}

/* ret[i]: how much of the beginning of s is also the end of s[0..i], without being all of it. */
static void borders(struct str s, uint8_t ret[256])
{
	size_t k = 0;
	ret[0] = 0;
	for (size_t i = 1; i < s.n; i++) {
		while (k && lower(s.p[i]) != lower(s.p[k]))
			k = ret[k - 1];
		if (lower(s.p[i]) == lower(s.p[k]))
			k++;
		ret[i] = (uint8_t)k;
	}
}

/* needle in s with no letter or digit right before or after it, case ignored. In linear time, since a stranger chooses
 * both. What o= and c= may hold is at most 255 bytes. */
static bool has_token(struct str s, struct str needle)
{
	uint8_t border[256];
	size_t k = 0; /* bytes of needle that the last bytes read are equal to */
	if (!needle.n || needle.n > s.n || needle.n > sizeof(border))
		return false;
	borders(needle, border);
	for (size_t i = 0; i < s.n; i++) {
		while (k && (k == needle.n || lower(s.p[i]) != lower(needle.p[k])))
			k = border[k - 1];
		if (lower(s.p[i]) == lower(needle.p[k]))
			k++;
		if (k == needle.n && (i + 1 == k || !is_alnum(s.p[i - k])) && (i + 1 == s.n || !is_alnum(s.p[i + 1])))
			return true;
	}
	return false;
}

/* Four numbers with dots between, at p[0..n). A fifth number does not make it harmless. */
static bool is_dotted_quad(const char *p, size_t n)
{
	size_t i = 0;
	for (int part = 0; part < 4; part++) {
		size_t digits = 0;
		if (part && (i == n || p[i++] != '.'))
			return false;
		while (i < n && is_digit(p[i]) && digits < 4) {
			i++;
			digits++;
		}
		if (digits == 0 || digits == 4)
			return false;
	}
	return true;
}

/* "::" or five colons in one run of hexadecimal digits and colons: an IPv6 or MAC address, in any spelling. A time of
 * day has two. */
static bool has_colon_address(struct str s)
{
	size_t colons = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ':') {
			if (++colons == 5 || (i && s.p[i - 1] == ':'))
				return true;
		} else if (!is_hex(s.p[i])) {
			colons = 0;
		}
	}
	return false;
}

static bool has_address(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_digit(s.p[i]) && (!i || !is_digit(s.p[i - 1])) && is_dotted_quad(s.p + i, s.n - i))
			return true;
	return has_colon_address(s);
}

static bool is_dotted(struct str s)
{
	return s.n && (memchr(s.p, '.', s.n) || memchr(s.p, ':', s.n));
}

static bool names_host(struct str s, struct str host, bool dotted_only)
{
	if (dotted_only ? !is_dotted(host) : host.n < MIN_NAME)
		return false;
	return has_token(s, host);
}

/* The host of o= and those of all c=, each once. false: more than MAX_HOSTS. */
static bool hosts_of(const struct sdp *far, struct str ret[MAX_HOSTS], size_t *ret_n)
{
	size_t n = 1;
	ret[0] = far->o_host;
	for (size_t i = 0; i < far->n_media; i++) {
		struct str host = far->media[i].c_host;
		size_t k = 0;
		while (k < n && !str_eq(host, ret[k]))
			k++;
		if (k == MAX_HOSTS)
			return false;
		if (k == n)
			ret[n++] = host;
	}
	*ret_n = n;
	return true;
}

static bool names_any_host(const struct sdp *far, struct str s, bool dotted_only)
{
	struct str hosts[MAX_HOSTS];
	size_t n;
	if (!hosts_of(far, hosts, &n))
		return true;
	for (size_t i = 0; i < n; i++)
		if (names_host(s, hosts[i], dotted_only))
			return true;
	return false;
}

/* Here only dotted names and addresses count: a host called "audio" must not cost a call its codecs. */
bool sdp_line_names(const struct sdp *far, const struct sdp_line *l)
{
	size_t name_n = l->type == 'a' ? l->arg : sdp_find(l->value, ':') + 1; /* with its ':' */
	struct str v = l->value;
	if (name_n < v.n)
		v = (struct str){v.p + name_n, v.n - name_n};
	return is_dotted(v) && (v.n > MAX_VALUE || names_any_host(far, v, true));
}

static bool is_dotted_name(struct str word)
{
	for (size_t i = 1; i + 1 < word.n; i++)
		if (word.p[i] == '.' && is_alnum(word.p[i - 1]) && is_alnum(word.p[i + 1]) && !is_digit(word.p[i + 1]))
			return true;
	return false;
}

/* A dot within a word and a letter behind it; but a media type's vendor has them too (RFC 6838 §3.2). */
bool sdp_dotted_name(struct str value)
{
	if (!value.n || !memchr(value.p, '.', value.n))
		return false;
	for (struct str word; (word = sdp_token(&value)).n;)
		if (is_dotted_name(str_contains(word, STR("://")) ? word : str_cut(&word, '/')))
			return true;
	return false;
}

bool sdp_only_numbers(const struct sdp_line *l)
{
	struct str rest = sdp_line_arg(l), word;

	while ((word = sdp_token(&rest)).n) {
		uint32_t number;
		if (str_starts(word, STR("mstrm:")) || str_starts(word, STR("m-stream:")))
			str_cut(&word, ':');
		if (word.n && !sdp_u32(word, UINT32_MAX, &number))
			return false;
	}
	return true;
}

bool sdp_unknown_line_names(const struct sdp *far, struct str value)
{
	return value.n > MAX_VALUE || sdp_dotted_name(value) || (value.n && memchr(value.p, '@', value.n)) ||
	       str_contains(value, STR("://")) || has_address(value) || names_any_host(far, value, false) ||
	       (far->o_user.n >= MIN_NAME && has_token(value, far->o_user)) ||
	       (far->o_id.n >= MIN_ID && has_token(value, far->o_id));
}
