/* SPDX-License-Identifier: Apache-2.0 */
/* attr: the attributes that matter to a border, and what becomes of each. An attribute that is not listed is unknown
 * and crosses by policy; list it here when it carries an address, a name, a key, or something that only the next hop
 * may rely on. */
#include "sdp/internal.h"

struct row {
	const char *name; /* lower case */
	uint8_t n;
	uint8_t attr;
	bool prefix; /* any attribute that begins so */
};

struct bucket {
	const struct row *rows;
	size_t n;
};

#define IS(name, attr)                                                                                                 \
	{                                                                                                              \
		name, sizeof(name) - 1, SDP_ATTR_##attr, false                                                         \
	}
#define PREFIX(p, attr)                                                                                                \
	{                                                                                                              \
		p, sizeof(p) - 1, SDP_ATTR_##attr, true                                                                \
	}
#define LETTER(letter, ...)                                                                                            \
	[letter - 'a'] = {(const struct row[]){__VA_ARGS__},                                                           \
			  sizeof((const struct row[]){__VA_ARGS__}) / sizeof(struct row)}

/* clang-format off */
static const struct bucket buckets[26] = {
	LETTER('a',
		IS("accept-types", CROSS), IS("accept-wrapped-types", CROSS),
		IS("acap", HIDE), IS("acfg", HIDE), /* RFC 5939: may hold any other attribute */
		IS("alt", HIDE), IS("altc", HIDE)), /* other addresses: early ICE drafts, RFC 6947 */
	LETTER('b',
		IS("bundle-only", HIDE), IS("bcap", HIDE)),
	LETTER('c',
		IS("candidate", HIDE), IS("cname", HIDE), IS("connection", HIDE), IS("control", HIDE),
		IS("crypto", HIDE), IS("cryptoscale", HIDE), IS("cs-correlation", HIDE),
		IS("ccap", HIDE), IS("creq", HIDE), IS("csup", HIDE), /* RFC 7006, RFC 5939 */
		IS("cliprect", FORMAT),
		IS("charset", CROSS), IS("conf", CROSS), IS("confid", NUMBERS), IS("content", CROSS), IS("curr", CROSS)),
	LETTER('d',
		IS("direction", HIDE), IS("dtls-id", HIDE),
		IS("des", CROSS), IS("dcmap", CROSS), IS("dcsa", CROSS)),
	LETTER('e',
		IS("end-of-candidates", HIDE), IS("extmap", HIDE), IS("extmap-allow-mixed", HIDE),
		IS("ecn-capable-rtp", HIDE)), /* RFC 6679: the relay does not carry ECN marks */
	LETTER('f',
		IS("fmtp", FMTP), IS("framesize", FORMAT),
		IS("fingerprint", HIDE),
		IS("floorctrl", CROSS), IS("floorid", NUMBERS), IS("framerate", CROSS)),
	LETTER('g',
		IS("group", HIDE),
		IS("gpmd", FORMAT)),
	LETTER('i',
		IS("inactive", INACTIVE),
		IS("identity", HIDE), IS("icap", HIDE), IS("ice-ufrag", ICE_UFRAG), PREFIX("ice-", HIDE),
		IS("imageattr", FORMAT)),
	LETTER('k',
		IS("key-mgmt", HIDE)),
	LETTER('l',
		IS("lcfg", HIDE),
		IS("label", NUMBERS), IS("lang", CROSS)),
	LETTER('m',
		IS("maxptime", CROSS), IS("max-message-size", CROSS), IS("maxprate", CROSS),
		IS("mid", HIDE), IS("msid", HIDE), IS("msid-semantic", HIDE), IS("mcap", HIDE), IS("mfcap", HIDE),
		IS("mscap", HIDE), IS("mediaclk", HIDE)),
	LETTER('n',
		IS("nated", HIDE), IS("nortpproxy", HIDE)),
	LETTER('o',
		IS("omcap", HIDE), PREFIX("omr-", HIDE), /* TS 29.079 */
		PREFIX("oldmedia", HIDE), IS("oldcip", HIDE)), /* left behind by media proxies */
	LETTER('p',
		IS("ptime", PTIME),
		IS("path", HIDE), IS("pcfg", HIDE)),
	LETTER('q',
		IS("quality", CROSS)),
	LETTER('r',
		IS("rtpmap", RTPMAP), IS("recvonly", RECVONLY), IS("rtcp", RTCP), IS("rtcp-fb", RTCP_FB),
		IS("rtcp-mux", RTCP_MUX), IS("rtcp-rsize", RTCP_RSIZE), IS("rtcp-xr", CROSS),
		IS("rtcp-mux-only", HIDE), IS("remote-candidates", HIDE), IS("relay", HIDE),
		IS("rid", HIDE), /* RFC 8851: of no use without its extmap */
		IS("rmcap", HIDE), IS("rtpengine", HIDE), IS("rtcp-unicast", HIDE)),
	LETTER('s',
		IS("sendrecv", SENDRECV), IS("sendonly", SENDONLY),
		IS("ssrc", HIDE), IS("ssrc-group", HIDE), IS("setup", HIDE), IS("source-filter", HIDE),
		IS("simulcast", HIDE), IS("secondary-realm", HIDE), IS("sescap", HIDE), IS("sdpmangled", HIDE),
		IS("sctp-port", CROSS), IS("sctpmap", CROSS), IS("sdplang", CROSS), IS("silencesupp", CROSS)),
	LETTER('t',
		PREFIX("t38", CROSS),
		IS("tool", HIDE), IS("tls-id", HIDE), IS("tcap", HIDE), IS("ts-refclk", HIDE)),
	LETTER('u',
		IS("userid", NUMBERS)), /* RFC 8856: number of a BFCP user */
	LETTER('v',
		IS("visited-realm", HIDE)),
	LETTER('x',
		IS("x-nat", HIDE), PREFIX("x-candidate", HIDE), PREFIX("x-ssrc", HIDE), PREFIX("x-source", HIDE)),
};
/* clang-format on */

static bool row_is(const struct row *r, struct str name)
{
	if (r->prefix ? name.n < r->n : name.n != r->n)
		return false;
	return str_eq_nocase((struct str){name.p, r->n}, (struct str){r->name, r->n});
}

#define USUAL(text, attr)                                                                                              \
	if (memcmp(name.p, text, sizeof(text) - 1) == 0)                                                               \
	return SDP_ATTR_##attr

/* What nearly every line of a call says, in the case that nearly all write. */
static enum sdp_attr usual(struct str name)
{
	switch (name.n) {
	case 4:
		USUAL("fmtp", FMTP);
		break;
	case 5:
		USUAL("ptime", PTIME);
		break;
	case 6:
		USUAL("rtpmap", RTPMAP);
		break;
	case 8:
		USUAL("sendrecv", SENDRECV);
		USUAL("sendonly", SENDONLY);
		USUAL("recvonly", RECVONLY);
		USUAL("inactive", INACTIVE);
		break;
	}
	return SDP_ATTR_UNKNOWN;
}

enum sdp_attr sdp_attr_of(struct str name)
{
	enum sdp_attr attr = usual(name);
	if (attr != SDP_ATTR_UNKNOWN)
		return attr;
	unsigned letter = name.n ? (unsigned)((*name.p | 0x20) - 'a') : 26;
	if (letter >= 26)
		return SDP_ATTR_UNKNOWN;
	const struct bucket *b = &buckets[letter];
	for (size_t i = 0; i < b->n; i++)
		if (row_is(&b->rows[i], name))
			return (enum sdp_attr)b->rows[i].attr;
	return SDP_ATTR_UNKNOWN;
}
