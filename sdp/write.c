/* SPDX-License-Identifier: Apache-2.0 */
/* write: a leg's own description made from the far side's (RFC 3264). What names the far side stays behind. */
#include "sdp/internal.h"

/* One m-line while it is written. */
struct section {
	const struct sdp_out *o;
	const struct sdp_out_media *m;
	uint64_t kept[2];   /* payload types that are written */
	uint64_t mapped[2]; /* of them, those that had their rtpmap */
	bool feedback;      /* rtcp-fb and rtcp-rsize lines have a meaning in the profile written */
	bool own_written;   /* the attributes that are ours */
};

static bool bit(const uint64_t set[2], uint32_t pt)
{
	return set[pt >> 6] >> (pt & 63) & 1;
}

static void bit_set(uint64_t set[2], uint32_t pt)
{
	set[pt >> 6] |= UINT64_C(1) << (pt & 63);
}

static void write_net(struct writer *w, const struct addr *a)
{
	if (addr_is_v6(a))
		writer_lit(w, "IN IP6 ");
	else
		writer_lit(w, "IN IP4 ");
	addr_write_host(w, a, false);
	writer_lit(w, "\r\n");
}

void sdp_write_origin(struct writer *w, const struct sdp_out *o)
{
	writer_lit(w, "o=- ");
	writer_u64(w, o->session_id);
	writer_char(w, ' ');
	writer_u64(w, o->version);
	writer_char(w, ' ');
	write_net(w, &o->origin);
}

static bool is_live(const struct sdp_out_media *m)
{
	return !m->rejected && addr_is_set(&m->local) && addr_port(&m->local) && (!m->in->rtp || m->n_codecs);
}

/* What c= says at session level: the address of the first m-line that is not rejected. */
static const struct addr *session_host(const struct sdp_out *o)
{
	for (size_t i = 0; i < o->n_media; i++)
		if (is_live(&o->media[i]))
			return &o->media[i].local;
	return &o->origin;
}

static bool unknown_crosses(const struct sdp_out *o, const struct sdp_line *l)
{
	return o->unknown == SDP_UNKNOWN_PASS && l->value.n && !sdp_unknown_line_names(o->in, l->value);
}

static bool known_crosses(const struct sdp_out *o, const struct sdp_line *l)
{
	return !sdp_line_names(o->in, l);
}

static bool words_cross(const struct sdp_out *o, const struct sdp_line *l)
{
	return !sdp_dotted_name(l->value) && known_crosses(o, l);
}

/* ---- session level --------------------------------------------------------------------------------------------- */

static void write_session_name(const struct sdp_out *o, struct writer *w)
{
	for (size_t i = 0; o->keep_session_name && i < o->in->n_lines; i++) {
		const struct sdp_line *l = &o->in->lines[i];
		if (l->type != 's')
			continue;
		if (!l->value.n || sdp_unknown_line_names(o->in, l->value))
			break;
		sdp_write_line(w, l);
		return;
	}
	writer_lit(w, "s=-\r\n");
}

static void write_bandwidth(const struct sdp_out *o, struct writer *w)
{
	for (size_t i = 0; i < o->in->n_lines; i++) {
		const struct sdp_line *l = &o->in->lines[i];
		if (l->type == 'b' && known_crosses(o, l))
			sdp_write_line(w, l);
	}
}

static bool write_times(const struct sdp_out *o, struct writer *w)
{
	bool any = false;
	for (size_t i = 0; i < o->in->n_lines; i++) {
		const struct sdp_line *l = &o->in->lines[i];
		if ((l->type != 't' && ((l->type != 'r' && l->type != 'z') || !any)) || !known_crosses(o, l))
			continue;
		sdp_write_line(w, l);
		any = true;
	}
	return any;
}

static bool session_attr_crosses(const struct sdp_out *o, const struct sdp_line *l)
{
	switch ((enum sdp_attr)l->attr) {
	case SDP_ATTR_UNKNOWN:
		return unknown_crosses(o, l);
	case SDP_ATTR_CROSS:
	case SDP_ATTR_PTIME:
		return words_cross(o, l);
	case SDP_ATTR_NUMBERS:
		return sdp_only_numbers(l);
	/* These mean nothing here, or are said again for each m-line. */
	case SDP_ATTR_FORMAT:
	case SDP_ATTR_RTCP_FB:
	case SDP_ATTR_RTCP_RSIZE:
	case SDP_ATTR_FMTP:
	case SDP_ATTR_RTPMAP:
	case SDP_ATTR_HIDE:
	case SDP_ATTR_RTCP:
	case SDP_ATTR_RTCP_MUX:
	case SDP_ATTR_ICE_UFRAG:
	case SDP_ATTR_SENDRECV:
	case SDP_ATTR_SENDONLY:
	case SDP_ATTR_RECVONLY:
	case SDP_ATTR_INACTIVE:
		return false;
	}
	return false;
}

static void write_session_rest(const struct sdp_out *o, struct writer *w)
{
	for (size_t i = 0; i < o->in->n_lines; i++) {
		const struct sdp_line *l = &o->in->lines[i];
		bool crosses;
		if (l->type == 'a')
			crosses = session_attr_crosses(o, l);
		else
			crosses = !strchr("vosiuepcbtrzk", l->type) && unknown_crosses(o, l);
		if (crosses)
			sdp_write_line(w, l);
	}
}

static void write_session(const struct sdp_out *o, struct writer *w, const struct addr *host)
{
	writer_lit(w, "v=0\r\n");
	sdp_write_origin(w, o);
	write_session_name(o, w);
	writer_lit(w, "c=");
	write_net(w, host);
	write_bandwidth(o, w);
	if (!write_times(o, w))
		writer_lit(w, "t=0 0\r\n");
	write_session_rest(o, w);
}

/* ---- m-lines --------------------------------------------------------------------------------------------------- */

static void write_formats(struct section *sec, struct writer *w, bool live)
{
	const struct sdp_out_media *m = sec->m;
	if (!live || !m->in->rtp) {
		writer_char(w, ' ');
		writer_str(w, m->in->formats.n ? m->in->formats : STR("0"));
		return;
	}
	for (size_t i = 0; i < m->n_codecs; i++) {
		uint8_t pt = m->in->codecs[m->codecs[i]].pt;
		writer_char(w, ' ');
		writer_u64(w, pt);
		bit_set(sec->kept, pt);
	}
}

static void write_media_line(struct section *sec, struct writer *w, bool live)
{
	const struct sdp_out_media *m = sec->m;
	writer_lit(w, "m=");
	writer_str(w, m->in->kind_text);
	writer_char(w, ' ');
	writer_u64(w, live ? addr_port(&m->local) : 0);
	writer_char(w, ' ');
	writer_str(w, m->proto.n ? m->proto : m->in->proto);
	write_formats(sec, w, live);
	writer_lit(w, "\r\n");
}

/* Ours: where RTCP goes when that is not the next port (RFC 3605), and the direction. */
static void write_own_attrs(struct section *sec, struct writer *w)
{
	const struct sdp_out_media *m = sec->m;
	if (sec->own_written)
		return;
	sec->own_written = true;
	if (m->in->rtp && m->rtcp_port && m->rtcp_port != addr_port(&m->local) + 1) {
		writer_lit(w, "a=rtcp:");
		writer_u64(w, m->rtcp_port);
		writer_lit(w, "\r\n");
	}
	/* Not all that speak T.38 or BFCP expect a direction; sendrecv need not be said (RFC 3264 §5.1). */
	if (m->in->rtp || m->dir != SDP_SENDRECV) {
		writer_lit(w, "a=");
		writer_z(w, sdp_dir_text(m->dir));
		writer_lit(w, "\r\n");
	}
}

/* "a=<name>:<payload type or *> ..." where that format is written, or where formats are not payload types. */
static bool format_kept(const struct section *sec, const struct sdp_line *l)
{
	if (!sec->m->in->rtp)
		return true;
	if (l->pt != SDP_NO_PT)
		return bit(sec->kept, l->pt);
	struct str arg = sdp_line_arg(l);
	return str_eq(sdp_token(&arg), STR("*"));
}

/* The rtpmap that was read is the first; a second one could tell the reader of another codec than was let through. */
static bool rtpmap_crosses(struct section *sec, const struct sdp_line *l)
{
	if (!format_kept(sec, l))
		return false;
	if (!sec->m->in->rtp)
		return true;
	if (l->pt == SDP_NO_PT || bit(sec->mapped, l->pt))
		return false;
	bit_set(sec->mapped, l->pt);
	return true;
}

static bool media_attr_crosses(struct section *sec, const struct sdp_line *l)
{
	switch ((enum sdp_attr)l->attr) {
	case SDP_ATTR_UNKNOWN:
		return unknown_crosses(sec->o, l);
	case SDP_ATTR_CROSS:
	case SDP_ATTR_PTIME:
		return words_cross(sec->o, l);
	case SDP_ATTR_NUMBERS:
		return sdp_only_numbers(l);
	case SDP_ATTR_FORMAT:
	case SDP_ATTR_FMTP:
		return format_kept(sec, l) && known_crosses(sec->o, l);
	case SDP_ATTR_RTCP_FB:
		return sec->feedback && format_kept(sec, l) && known_crosses(sec->o, l);
	case SDP_ATTR_RTCP_RSIZE:
		return sec->feedback;
	case SDP_ATTR_RTPMAP:
		return rtpmap_crosses(sec, l) && known_crosses(sec->o, l);
	case SDP_ATTR_HIDE:
	case SDP_ATTR_RTCP:
	case SDP_ATTR_RTCP_MUX:
	case SDP_ATTR_ICE_UFRAG:
	case SDP_ATTR_SENDRECV:
	case SDP_ATTR_SENDONLY:
	case SDP_ATTR_RECVONLY:
	case SDP_ATTR_INACTIVE:
		return false;
	}
	return false;
}

/* Order as received; our own attributes come before the first line of a letter that we do not know, since those who
 * use such letters (GB28181) put them last. */
static void write_media_rest(struct section *sec, struct writer *w)
{
	const struct sdp_media *in = sec->m->in;
	for (size_t i = 0; i < in->n_lines; i++) {
		const struct sdp_line *l = &in->lines[i];
		bool crosses;
		if (l->type == 'a') {
			crosses = media_attr_crosses(sec, l);
		} else if (l->type == 'b') {
			crosses = known_crosses(sec->o, l);
		} else {
			crosses = !strchr("vosiuepck", l->type) && unknown_crosses(sec->o, l);
			if (crosses)
				write_own_attrs(sec, w);
		}
		if (crosses)
			sdp_write_line(w, l);
	}
	write_own_attrs(sec, w);
}

static void write_media(const struct sdp_out *o, const struct sdp_out_media *m, const struct addr *host,
			struct writer *w)
{
	struct section sec = {.o = o, .m = m};
	bool live = is_live(m);
	/* RFC 4585 §4.2, RFC 5506 §5: feedback is of the F profiles. Phones that offer it with AVP are left as they
	 * are. */
	sec.feedback = !m->proto.n || (m->proto.p[m->proto.n - 1] | 0x20) == 'f';
	write_media_line(&sec, w, live);
	if (!live)
		return;
	if (!addr_equal_host(&m->local, host)) {
		writer_lit(w, "c=");
		write_net(w, &m->local);
	}
	write_media_rest(&sec, w);
}

void sdp_write(const struct sdp_out *o, struct writer *w)
{
	const struct addr *host = session_host(o);
	write_session(o, w, host);
	for (size_t i = 0; i < o->n_media; i++)
		write_media(o, &o->media[i], host, w);
}
