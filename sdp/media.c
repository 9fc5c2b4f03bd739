/* SPDX-License-Identifier: Apache-2.0 */
/* media: one m-line and the attributes below it (RFC 8866 §5.14, RFC 3264 §5). */
#include "sdp/internal.h"

#define NO_CODEC 0xff

/* What is gathered from the lines of one section before it is put together. */
struct section {
	struct sdp_parser *p;
	struct sdp_media *m;
	uint8_t codec_of[128]; /* payload type -> index into m->codecs, or NO_CODEC */
	uint64_t mapped[2];    /* payload types that had their rtpmap */
	struct sdp_conn conn;
	bool dir_given;
	bool ptime_given;
	bool rtcp_given;
	struct addr rtcp; /* as given; host may be unset */
	uint16_t rtcp_port;
	bool rtcp_host_given;
};

static enum sdp_kind kind_of(struct str s)
{
	static const struct {
		const char *name;
		enum sdp_kind kind;
	} kinds[] = {
		{"audio", SDP_AUDIO}, {"video", SDP_VIDEO},     {"image", SDP_IMAGE}, {"application", SDP_APPLICATION},
		{"text", SDP_TEXT},   {"message", SDP_MESSAGE},
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_eq_nocase(s, str_z(kinds[i].name)))
			return kinds[i].kind;
	return SDP_OTHER;
}

/* "[UDP/TLS/|TCP/|...]RTP/" followed by AVP, AVPF, SAVP or SAVPF. */
static void parse_proto(struct sdp_media *m)
{
	struct str p = m->proto;
	m->stream = p.n >= 3 && str_eq_nocase((struct str){p.p, 3}, STR("TCP")) && (p.n == 3 || p.p[3] == '/');
	size_t slash = p.n;
	while (slash && p.p[slash - 1] != '/')
		slash--;
	struct str profile = {p.p + slash, p.n - slash};
	if (slash < 4 || !str_eq_nocase((struct str){p.p + slash - 4, 3}, STR("RTP")) ||
	    (slash > 4 && p.p[slash - 5] != '/'))
		return;
	m->secure = str_eq_nocase(profile, STR("SAVP")) || str_eq_nocase(profile, STR("SAVPF"));
	m->rtp = m->secure || str_eq_nocase(profile, STR("AVP")) || str_eq_nocase(profile, STR("AVPF"));
}

/* Codecs from the formats. A format named twice is one codec. */
static enum sdp_error parse_formats(struct section *sec)
{
	struct sdp_media *m = sec->m;
	struct str rest = m->formats;
	memset(sec->codec_of, NO_CODEC, sizeof(sec->codec_of));
	m->codecs = sec->p->free_codecs;
	for (struct str f; (f = sdp_token(&rest)).n;) {
		uint32_t pt;
		if (!sdp_u32(f, 127, &pt)) {
			if (m->port)
				return SDP_ERR_MEDIA;
			continue;
		}
		if (sec->codec_of[pt] != NO_CODEC)
			continue;
		struct sdp_codec *c = &m->codecs[m->n_codecs];
		*c = (struct sdp_codec){.pt = (uint8_t)pt, .channels = 1};
		sdp_static_codec((uint8_t)pt, c);
		sec->codec_of[pt] = (uint8_t)m->n_codecs++;
	}
	sec->p->free_codecs += m->n_codecs;
	return SDP_OK;
}

static enum sdp_error parse_media_line(struct section *sec, struct str value)
{
	struct sdp_media *m = sec->m;
	uint32_t port, count;
	m->kind_text = sdp_token(&value);
	struct str ports = sdp_token(&value);
	m->proto = sdp_token(&value);
	m->formats = str_trim(value);
	struct str port_text = sdp_cut(&ports, '/');
	if (!m->proto.n || !sdp_u32(port_text, 65535, &port) || (ports.n && !sdp_u32(ports, 65535, &count)))
		return SDP_ERR_MEDIA;
	m->port = (uint16_t)port;
	if (!m->formats.n && port)
		return SDP_ERR_MEDIA;
	m->kind = kind_of(m->kind_text);
	parse_proto(m);
	return m->rtp ? parse_formats(sec) : SDP_OK;
}

/* The codec that "<payload type> ..." speaks of, and what follows. NULL: none on this m-line. */
static struct sdp_codec *format_of(struct section *sec, const struct sdp_line *l, struct str *ret_rest)
{
	if (l->pt == SDP_NO_PT || !sec->m->rtp || sec->codec_of[l->pt] == NO_CODEC)
		return NULL;
	*ret_rest = sdp_line_arg(l);
	sdp_token(ret_rest);
	return &sec->m->codecs[sec->codec_of[l->pt]];
}

/* RFC 8866 §6.6: "<payload type> <name>/<clock>[/<channels>]". The parameter of what is not audio is not a count. */
static bool parse_rtpmap(struct section *sec, const struct sdp_line *l)
{
	struct str rest;
	struct sdp_codec *c = format_of(sec, l, &rest);
	if (l->pt == SDP_NO_PT)
		return !sec->m->rtp;
	if (!c || (sec->mapped[c->pt >> 6] >> (c->pt & 63) & 1))
		return true;
	rest = str_trim(rest);
	struct str name = sdp_cut(&rest, '/');
	struct str clock = sdp_cut(&rest, '/');
	uint32_t clock_hz, channels = 1;
	if (!name.n || !sdp_u32(clock, UINT32_MAX, &clock_hz) || !clock_hz)
		return false;
	if (rest.n && sec->m->kind == SDP_AUDIO && (!sdp_u32(rest, 255, &channels) || !channels))
		return false;
	c->name = name;
	c->role = (uint8_t)sdp_role_of(name);
	c->clock_hz = clock_hz;
	c->channels = (uint8_t)channels;
	sec->mapped[c->pt >> 6] |= UINT64_C(1) << (c->pt & 63);
	return true;
}

static bool parse_fmtp(struct section *sec, const struct sdp_line *l)
{
	struct str rest;
	struct sdp_codec *c = format_of(sec, l, &rest);
	if (c && !c->fmtp.n)
		c->fmtp = str_trim(rest);
	return true;
}

/* RFC 3605 §2.1: "<port> [IN IP4|IP6 <address>]". */
static bool parse_rtcp(struct section *sec, struct str value)
{
	uint32_t port;
	if (sec->rtcp_given)
		return true;
	if (!sdp_u32(sdp_token(&value), 65535, &port))
		return false;
	value = str_trim(value);
	struct sdp_conn c = {.set = false};
	if (value.n && sdp_parse_conn(value, &c))
		return false;
	sec->rtcp_given = true;
	sec->rtcp_port = (uint16_t)port;
	sec->rtcp_host_given = c.set;
	sec->rtcp = c.addr;
	return true;
}

static bool parse_attr(struct section *sec, const struct sdp_line *l)
{
	struct sdp_media *m = sec->m;
	switch ((enum sdp_attr)l->attr) {
	case SDP_ATTR_RTPMAP:
		return parse_rtpmap(sec, l);
	case SDP_ATTR_FMTP:
		return parse_fmtp(sec, l);
	case SDP_ATTR_RTCP:
		return !m->rtp || parse_rtcp(sec, sdp_line_arg(l));
	case SDP_ATTR_RTCP_MUX:
		m->rtcp_mux = m->rtp;
		return true;
	case SDP_ATTR_ICE_UFRAG:
		m->ice = true;
		return true;
	case SDP_ATTR_PTIME:
		if (sec->ptime_given)
			return true;
		sec->ptime_given = true;
		return sdp_parse_ptime(sdp_line_arg(l), &m->ptime_ms);
	case SDP_ATTR_SENDRECV:
	case SDP_ATTR_SENDONLY:
	case SDP_ATTR_RECVONLY:
	case SDP_ATTR_INACTIVE:
		if (!sec->dir_given)
			m->dir = (enum sdp_dir)(l->attr - SDP_ATTR_SENDRECV);
		sec->dir_given = true;
		return true;
	case SDP_ATTR_UNKNOWN:
	case SDP_ATTR_CROSS:
	case SDP_ATTR_NUMBERS:
	case SDP_ATTR_HIDE:
	case SDP_ATTR_FORMAT:
	case SDP_ATTR_RTCP_FB:
	case SDP_ATTR_RTCP_RSIZE:
		return true;
	}
	return true;
}

/* A stranger's 0.0.0.0 is no place for RTCP, and neither is port 0; a host name may become one, but not here. */
static void settle_rtcp(struct section *sec)
{
	struct sdp_media *m = sec->m;
	uint32_t port = sec->rtcp_given ? sec->rtcp_port : m->port + 1u;
	struct addr a = sec->rtcp_host_given ? sec->rtcp : m->remote;
	if (!m->rtp || !m->port || !port || port > 65535 || !addr_is_set(&a) || addr_is_any(&a))
		return;
	addr_set_port(&a, (uint16_t)port);
	m->rtcp = a;
}

static enum sdp_error settle(struct section *sec)
{
	struct sdp_media *m = sec->m;
	const struct sdp_conn *c = sec->conn.set ? &sec->conn : &sec->p->conn;
	if (!c->set)
		return m->port ? SDP_ERR_CONNECTION : SDP_OK;
	m->c_host = c->host;
	m->remote = c->addr;
	if (addr_is_set(&m->remote)) {
		addr_set_port(&m->remote, m->port);
		/* RFC 8829 §5.2.1: ICE without a candidate yet says 0.0.0.0 and the discard port */
		m->held_by_c = addr_is_any(&m->remote) && !(m->ice && m->port == 9);
	}
	if (m->held_by_c)
		m->dir = sdp_dir_intersect(m->dir, SDP_SENDONLY);
	settle_rtcp(sec);
	return SDP_OK;
}

enum sdp_error sdp_parse_media(struct sdp_parser *p, struct sdp_media *m)
{
	struct section sec = {.p = p, .m = m};
	m->dir = p->dir;
	m->ptime_ms = p->ptime_ms;
	m->ice = p->ice;
	enum sdp_error err = parse_media_line(&sec, m->lines[-1].value);
	for (size_t i = 0; i < m->n_lines && !err; i++) {
		const struct sdp_line *l = &m->lines[i];
		if (l->type == 'a' && !parse_attr(&sec, l))
			err = SDP_ERR_ATTRIBUTE;
		else if (l->type == 'c' && !sec.conn.set)
			err = sdp_parse_conn(l->value, &sec.conn);
		if (!m->port)
			err = SDP_OK;
	}
	return err ? err : settle(&sec);
}
