/* SPDX-License-Identifier: Apache-2.0 */
/* codec: static payload types, a peer's policy, and what two m-lines have in common. */
#include "sdp/internal.h"

/* RFC 3551 §6, tables 4 and 5. */
static const struct {
	const char *name;
	uint32_t clock_hz;
	uint8_t channels;
} statics[35] = {
	[0] = {"PCMU", 8000, 1},   [3] = {"GSM", 8000, 1},    [4] = {"G723", 8000, 1},   [5] = {"DVI4", 8000, 1},
	[6] = {"DVI4", 16000, 1},  [7] = {"LPC", 8000, 1},    [8] = {"PCMA", 8000, 1},   [9] = {"G722", 8000, 1},
	[10] = {"L16", 44100, 2},  [11] = {"L16", 44100, 1},  [12] = {"QCELP", 8000, 1}, [13] = {"CN", 8000, 1},
	[14] = {"MPA", 90000, 1},  [15] = {"G728", 8000, 1},  [16] = {"DVI4", 11025, 1}, [17] = {"DVI4", 22050, 1},
	[18] = {"G729", 8000, 1},  [25] = {"CelB", 90000, 1}, [26] = {"JPEG", 90000, 1}, [28] = {"nv", 90000, 1},
	[31] = {"H261", 90000, 1}, [32] = {"MPV", 90000, 1},  [33] = {"MP2T", 90000, 1}, [34] = {"H263", 90000, 1},
};

bool sdp_static_codec(uint8_t pt, struct sdp_codec *c)
{
	if (pt >= sizeof(statics) / sizeof(*statics) || !statics[pt].name)
		return false;
	c->name = str_z(statics[pt].name);
	c->clock_hz = statics[pt].clock_hz;
	c->channels = statics[pt].channels;
	c->role = pt == 13 ? SDP_COMPANION : SDP_PRIMARY;
	return true;
}

bool sdp_codec_named(const struct sdp_codec *c, const char *policy_name)
{
	struct str rest = str_z(policy_name);
	struct str name = str_cut(&rest, '/');
	struct str clock = str_cut(&rest, '/');
	uint32_t v;
	if (!name.n || !str_eq_nocase(name, c->name))
		return false;
	if (clock.n && (!sdp_u32(clock, UINT32_MAX, &v) || v != c->clock_hz))
		return false;
	return !rest.n || (sdp_u32(rest, 255, &v) && v == c->channels);
}

enum sdp_role sdp_role_of(struct str name)
{
	static const struct {
		struct str name;
		enum sdp_role role;
	} roles[] = {
		{{"telephone-event", 15}, SDP_COMPANION},
		{{"CN", 2}, SDP_COMPANION},
		{{"rtx", 3}, SDP_RTX},
		{{"red", 3}, SDP_RED},
		{{"ulpfec", 6}, SDP_REPAIR},
		{{"flexfec", 7}, SDP_REPAIR},
		{{"flexfec-03", 10}, SDP_REPAIR},
		{{"parityfec", 9}, SDP_REPAIR},
	};
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		if (str_eq_nocase(name, roles[i].name))
			return roles[i].role;
	return SDP_PRIMARY;
}

static bool in_list(const struct sdp_codec *c, const char *const *list)
{
	for (; list && *list; list++)
		if (sdp_codec_named(c, *list))
			return true;
	return false;
}

/* A choice under way: indices in order. */
struct choice {
	const struct sdp_media *m;
	uint8_t index[SDP_MAX_CODECS];
	size_t n;
};

/* Drops what fn says no to; fn sees the choice as it was before. */
static void choice_filter(struct choice *c, bool (*keep)(const struct choice *, const struct sdp_codec *))
{
	struct choice out = {.m = c->m};
	for (size_t i = 0; i < c->n; i++)
		if (keep(c, &c->m->codecs[c->index[i]]))
			out.index[out.n++] = c->index[i];
	*c = out;
}

static void choice_allowed(struct choice *c, const struct sdp_codec_policy *p)
{
	for (size_t i = 0; i < c->m->n_codecs; i++) {
		const struct sdp_codec *codec = &c->m->codecs[i];
		if ((!p->allow || in_list(codec, p->allow)) && !in_list(codec, p->deny))
			c->index[c->n++] = (uint8_t)i;
	}
}

/* Stable: codecs of the same rank stay as offered. */
static void choice_order(struct choice *c, const char *const *order)
{
	struct choice out = {.m = c->m};
	uint64_t taken = 0;
	for (; *order; order++) {
		for (size_t i = 0; i < c->n; i++) {
			if ((taken >> i & 1) || !sdp_codec_named(&c->m->codecs[c->index[i]], *order))
				continue;
			taken |= UINT64_C(1) << i;
			out.index[out.n++] = c->index[i];
		}
	}
	for (size_t i = 0; i < c->n; i++)
		if (!(taken >> i & 1))
			out.index[out.n++] = c->index[i];
	*c = out;
}

static const struct sdp_codec *first_primary(const struct choice *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->m->codecs[c->index[i]].role == SDP_PRIMARY)
			return &c->m->codecs[c->index[i]];
	return NULL;
}

static bool holds(const struct choice *c, uint32_t pt)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->m->codecs[c->index[i]].pt == pt)
			return true;
	return false;
}

/* RFC 4588 §8.6: apt names the payload type that an rtx repeats. One that says nothing is kept. */
static bool rtx_kept(const struct choice *c, struct str params)
{
	while (params.n) {
		struct str param = str_trim(str_cut(&params, ';'));
		uint32_t apt;
		if (str_starts_nocase(param, STR("apt=")) && sdp_u32((struct str){param.p + 4, param.n - 4}, 127, &apt))
			return holds(c, apt);
	}
	return true;
}

/* RFC 2198 §5: "<payload type>/<payload type>/..." are those that a red holds. */
static bool red_kept(const struct choice *c, struct str params)
{
	while (params.n) {
		uint32_t pt;
		if (sdp_u32(str_trim(str_cut(&params, '/')), 127, &pt) && !holds(c, pt))
			return false;
	}
	return true;
}

static bool keep_unless_orphan(const struct choice *c, const struct sdp_codec *codec)
{
	if (codec->role == SDP_RTX)
		return rtx_kept(c, codec->fmtp);
	return codec->role != SDP_RED || red_kept(c, codec->fmtp);
}

static bool keep_single(const struct choice *c, const struct sdp_codec *codec)
{
	const struct sdp_codec *one = first_primary(c);
	return !one || codec == one || (codec->role == SDP_COMPANION && codec->clock_hz == one->clock_hz);
}

static bool has_role(const struct sdp_media *m, enum sdp_role role)
{
	for (size_t i = 0; i < m->n_codecs; i++)
		if (m->codecs[i].role == role)
			return true;
	return false;
}

size_t sdp_codecs_apply(const struct sdp_media *m, const struct sdp_codec_policy *p, uint8_t ret_index[SDP_MAX_CODECS])
{
	struct choice c = {.m = m};
	choice_allowed(&c, p);
	if (!first_primary(&c) && has_role(m, SDP_PRIMARY))
		return 0;
	if (p->order)
		choice_order(&c, p->order);
	if (has_role(m, SDP_RTX) || has_role(m, SDP_RED)) {
		choice_filter(&c, keep_unless_orphan);
		choice_filter(&c, keep_unless_orphan); /* an rtx may repeat a red */
	}
	if (p->single)
		choice_filter(&c, keep_single);
	memcpy(ret_index, c.index, c.n);
	return c.n;
}

/* Formats without a name are known by their number alone. */
static bool same_codec(const struct sdp_codec *a, const struct sdp_codec *b)
{
	return str_eq_nocase(a->name, b->name) && a->clock_hz == b->clock_hz && a->channels == b->channels &&
	       (a->name.n || a->pt == b->pt);
}

size_t sdp_codecs_common(const struct sdp_media *offer, const struct sdp_media *answer,
			 uint8_t ret_index[SDP_MAX_CODECS])
{
	size_t n = 0;
	for (size_t i = 0; i < answer->n_codecs; i++) {
		for (size_t k = 0; k < offer->n_codecs; k++) {
			if (same_codec(&answer->codecs[i], &offer->codecs[k])) {
				ret_index[n++] = (uint8_t)i;
				break;
			}
		}
	}
	return n;
}
