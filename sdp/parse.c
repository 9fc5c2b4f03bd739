/* SPDX-License-Identifier: Apache-2.0 */
/* parse: a description into one block of memory: the struct, then m-lines, codecs, lines, and the copy of the text. */
#include "sdp/internal.h"

#include <stdlib.h>

static void classify(struct sdp_line *l)
{
	const size_t n = sdp_find(l->value, ':');
	uint32_t pt;
	l->attr = (uint8_t)sdp_attr_of((struct str){l->value.p, n});
	l->arg = (uint16_t)(n < l->value.n ? n + 1 : n);
	if (l->attr != SDP_ATTR_RTPMAP && l->attr != SDP_ATTR_FMTP && l->attr != SDP_ATTR_FORMAT &&
	    l->attr != SDP_ATTR_RTCP_FB)
		return;
	struct str arg = sdp_line_arg(l);
	if (sdp_u32(sdp_token(&arg), 127, &pt))
		l->pt = (uint8_t)pt;
}

/* Hands out the lines, m-lines included, in order: first those of the session, then those of each m-line. */
static void fill_lines(struct sdp *s, struct sdp_line *lines, const struct scan *sc)
{
	size_t *n_lines = &s->n_lines;
	s->lines = lines;
	for (size_t i = 0; i < sc->n_lines; i++, lines++) {
		const char *p = s->text.p + sc->line[i].at;
		lines->type = *p;
		lines->attr = SDP_ATTR_UNKNOWN;
		lines->pt = SDP_NO_PT;
		lines->arg = 0;
		lines->value = (struct str){p + 2, sc->line[i].n - 2u};
		if (lines->type == 'm') {
			struct sdp_media *m = &s->media[s->n_media++];
			m->lines = lines + 1;
			n_lines = &m->n_lines;
			continue;
		}
		if (lines->type == 'a')
			classify(lines);
		++*n_lines;
	}
}

static struct sdp *allocate(const char *text, size_t n, const struct scan *sc, struct sdp_codec **ret_codecs)
{
	size_t media_bytes = sc->n_media * sizeof(struct sdp_media);
	size_t codec_bytes = sc->n_formats * sizeof(struct sdp_codec);
	size_t line_bytes = sc->n_lines * sizeof(struct sdp_line);
	char *block = malloc(sizeof(struct sdp) + media_bytes + codec_bytes + line_bytes + n + SDP_PAD);
	if (!block)
		return NULL;
	struct sdp *s = (struct sdp *)block;
	memset(block, 0, sizeof(*s) + media_bytes);
	s->media = (struct sdp_media *)(block + sizeof(*s));
	*ret_codecs = (struct sdp_codec *)(block + sizeof(*s) + media_bytes);
	struct sdp_line *lines = (struct sdp_line *)((char *)*ret_codecs + codec_bytes);
	char *copy = (char *)lines + line_bytes;
	memcpy(copy, text, n);
	memset(copy + n, 0, SDP_PAD);
	s->text = (struct str){copy, n};
	fill_lines(s, lines, sc);
	return s;
}

/* RFC 8866 §5.2. Id and version are only ever compared, so what stands there is not judged; the user may be empty, as
 * some phones leave it. */
static enum sdp_error parse_origin(struct sdp *s, struct str value)
{
	struct str user = sdp_cut(&value, ' ');
	struct str id = sdp_token(&value);
	struct str version = sdp_token(&value);
	struct str net = sdp_token(&value);
	struct str type = sdp_token(&value);
	struct str host = sdp_token(&value);
	if (user.n > SDP_MAX_NAME || id.n > SDP_MAX_NAME || host.n > SDP_MAX_NAME)
		return SDP_ERR_ORIGIN;
	if (!host.n || sdp_token(&value).n || !str_eq_nocase(net, STR("IN")) ||
	    (!str_eq_nocase(type, STR("IP4")) && !str_eq_nocase(type, STR("IP6"))))
		return SDP_ERR_ORIGIN;
	s->o_user = user;
	s->o_id = id;
	s->o_version = version;
	s->o_host = host;
	return SDP_OK;
}

static bool host_is_name(struct str host)
{
	bool letter = false;
	for (size_t i = 0; i < host.n; i++) {
		if (host.p[i] == ':')
			return false;
		letter |= host.p[i] != '.' && (unsigned char)(host.p[i] - '0') > 9;
	}
	return letter && host.n <= SDP_MAX_NAME;
}

/* RFC 8866 §5.7. TTL and count of a multicast address are not kept: nothing is ever sent there. */
enum sdp_error sdp_parse_conn(struct str value, struct sdp_conn *ret)
{
	struct str net = sdp_token(&value);
	struct str type = sdp_token(&value);
	struct str host = sdp_token(&value);
	struct sdp_conn c;
	c.set = true;
	c.v6 = str_eq_nocase(type, STR("IP6"));
	c.addr = (struct addr){0};
	if (sdp_token(&value).n || !str_eq_nocase(net, STR("IN")) || (!c.v6 && !str_eq_nocase(type, STR("IP4"))))
		return SDP_ERR_CONNECTION;
	c.host = sdp_cut(&host, '/');
	if (addr_parse(c.host, 0, &c.addr)) {
		/* an IPv4-mapped address is IPv4 to addr_parse(), but its text is IPv6 */
		if (c.v6 != (memchr(c.host.p, ':', c.host.n) != NULL))
			return SDP_ERR_CONNECTION;
	} else if (!host_is_name(c.host)) {
		return SDP_ERR_CONNECTION;
	}
	*ret = c;
	return SDP_OK;
}

/* RFC 8866 §6.4 allows a fraction; nothing here needs it. */
bool sdp_parse_ptime(struct str value, unsigned *ret_ms)
{
	uint32_t ms, fraction;
	struct str rest = str_trim(value);
	struct str whole = sdp_cut(&rest, '.');
	if (!sdp_u32(whole, 100000, &ms) || (rest.n && !sdp_u32(rest, UINT32_MAX, &fraction)))
		return false;
	*ret_ms = ms;
	return true;
}

static enum sdp_error parse_session_attr(struct sdp_parser *p, const struct sdp_line *l, bool *dir_given)
{
	if (l->attr >= SDP_ATTR_SENDRECV && !*dir_given) {
		p->dir = (enum sdp_dir)(l->attr - SDP_ATTR_SENDRECV);
		*dir_given = true;
	} else if (l->attr == SDP_ATTR_PTIME && !sdp_parse_ptime(sdp_line_arg(l), &p->ptime_ms)) {
		return SDP_ERR_ATTRIBUTE;
	} else if (l->attr == SDP_ATTR_ICE_UFRAG) {
		p->ice = true;
	}
	return SDP_OK;
}

static enum sdp_error parse_session(struct sdp_parser *p, struct sdp *s)
{
	bool dir_given = false;
	enum sdp_error err = SDP_OK;
	if (!str_eq(str_trim(s->lines[0].value), STR("0")))
		return SDP_ERR_VERSION;
	for (size_t i = 1; i < s->n_lines && !err; i++) {
		const struct sdp_line *l = &s->lines[i];
		if (l->type == 'o' && !s->o_host.n)
			err = parse_origin(s, l->value);
		else if (l->type == 'c' && !p->conn.set)
			err = sdp_parse_conn(l->value, &p->conn);
		else if (l->type == 'a')
			err = parse_session_attr(p, l, &dir_given);
	}
	if (!err && !s->o_host.n)
		err = SDP_ERR_ORIGIN;
	return err;
}

enum sdp_error sdp_parse(const char *text, size_t n, struct sdp **ret)
{
	struct scan sc;
	enum sdp_error err = sdp_scan(text, n, &sc);
	if (err)
		return err;
	struct sdp_parser p = {.dir = SDP_SENDRECV};
	struct sdp *s = allocate(text, n, &sc, &p.free_codecs);
	if (!s)
		return SDP_ERR_NO_MEMORY;
	err = parse_session(&p, s);
	for (size_t i = 0; i < s->n_media && !err; i++)
		err = sdp_parse_media(&p, &s->media[i]);
	if (err) {
		sdp_free(s);
		return err;
	}
	*ret = s;
	return SDP_OK;
}

void sdp_free(struct sdp *s)
{
	free(s);
}
