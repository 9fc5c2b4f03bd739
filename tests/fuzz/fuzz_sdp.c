/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_sdp: what parses prints as something that parses to the same; what is written from it parses, keeps its m-lines
 * in place, and does not name the far side. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sdp/sdp.h"
#include "tests/fuzz/check.h"

#define OUT_BYTES (2 * SDP_MAX_BYTES)

static size_t count_lines(const struct sdp *s)
{
	size_t n = s->n_lines + s->n_media;
	for (size_t i = 0; i < s->n_media; i++)
		n += s->media[i].n_lines;
	return n;
}

static void same_lines(const struct sdp_line *a, const struct sdp_line *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		CHECK(a[i].type == b[i].type && a[i].attr == b[i].attr && str_eq(a[i].value, b[i].value));
}

static void same_media(const struct sdp_media *a, const struct sdp_media *b)
{
	CHECK(a->kind == b->kind && a->port == b->port && a->rtp == b->rtp && a->dir == b->dir);
	CHECK(a->n_codecs == b->n_codecs && a->n_lines == b->n_lines && a->ptime_ms == b->ptime_ms);
	CHECK(addr_equal(&a->remote, &b->remote) && addr_equal(&a->rtcp, &b->rtcp) && str_eq(a->c_host, b->c_host));
	for (size_t i = 0; i < a->n_codecs; i++) {
		const struct sdp_codec *x = &a->codecs[i], *y = &b->codecs[i];
		CHECK(x->pt == y->pt && x->pt < 128 && str_eq(x->name, y->name) && x->clock_hz == y->clock_hz);
		CHECK(x->channels == y->channels && str_eq(x->fmtp, y->fmtp));
	}
	same_lines(a->lines, b->lines, a->n_lines);
}

static void same(const struct sdp *a, const struct sdp *b)
{
	CHECK(a->n_lines == b->n_lines && a->n_media == b->n_media);
	CHECK(str_eq(a->o_user, b->o_user) && str_eq(a->o_id, b->o_id) && str_eq(a->o_version, b->o_version));
	CHECK(str_eq(a->o_host, b->o_host));
	same_lines(a->lines, b->lines, a->n_lines);
	for (size_t i = 0; i < a->n_media; i++)
		same_media(&a->media[i], &b->media[i]);
	CHECK(sdp_check_answer(a, b) == 0);
}

/* Every slice points into the copy. */
static void within(const struct sdp *s, struct str slice)
{
	CHECK(!slice.n || (slice.p >= s->text.p && slice.p + slice.n <= s->text.p + s->text.n));
}

static void all_within(const struct sdp *s)
{
	within(s, s->o_user);
	within(s, s->o_host);
	for (size_t i = 0; i < s->n_media; i++) {
		const struct sdp_media *m = &s->media[i];
		within(s, m->formats);
		within(s, m->proto);
		within(s, m->c_host);
		for (size_t k = 0; k < m->n_codecs; k++)
			within(s, m->codecs[k].fmtp);
		for (size_t k = 0; k < m->n_lines; k++)
			within(s, m->lines[k].value);
	}
}

static void print_again(const struct sdp *s, char *buf)
{
	struct writer w = writer_init(buf, OUT_BYTES);
	struct sdp *again = NULL;
	sdp_print(s, &w);
	CHECK(!w.overflow);
	if (w.n > SDP_MAX_BYTES) /* LF became CRLF */
		return;
	CHECK(sdp_parse(w.p, w.n, &again) == SDP_OK);
	same(s, again);
	sdp_free(again);
}

/* No line but m= holds the far side's dotted o= host, unless that is also ours. */
static void names_nobody(const struct sdp *far, const struct sdp *own)
{
	const struct str host = far->o_host;
	if (host.n < 8 || str_find(host, '.') == host.n || str_contains(STR("198.51.100.10"), host))
		return;
	for (size_t i = 0; i < own->n_media; i++)
		for (size_t k = 0; k < own->media[i].n_lines; k++)
			CHECK(!str_eq(own->media[i].lines[k].value, host));
	for (size_t k = 0; k < own->n_lines; k++)
		CHECK(!str_eq(own->lines[k].value, host));
}

static void compare_written(const struct sdp *s, const struct sdp_out *o, const struct sdp *own)
{
	CHECK(own->n_media == s->n_media);
	for (size_t i = 0; i < s->n_media; i++) {
		const struct sdp_media *m = &own->media[i];
		CHECK(str_eq(m->kind_text, s->media[i].kind_text) && str_eq(m->proto, s->media[i].proto));
		if (!m->port)
			continue;
		CHECK(addr_equal(&m->remote, &o->media[i].local) && m->dir == o->media[i].dir);
		CHECK(!m->rtp || m->n_codecs == o->media[i].n_codecs);
	}
	names_nobody(s, own);
}

static void write_own(const struct sdp *s, unsigned variant, char *buf)
{
	static const char *const order[] = {"telephone-event", "PCMA", "opus/48000/2", NULL};
	static struct sdp_out_media media[SDP_MAX_MEDIA];
	static uint8_t codecs[SDP_MAX_MEDIA][SDP_MAX_CODECS];
	const struct sdp_codec_policy policy = {.single = variant & 1, .order = variant & 2 ? order : NULL};
	struct sdp_origin origin = sdp_origin_init(variant);
	struct sdp_out o = {.in = s, .media = media, .n_media = s->n_media};
	o.unknown = variant & 4 ? SDP_UNKNOWN_DROP : SDP_UNKNOWN_PASS;
	o.keep_session_name = variant & 8;
	CHECK(addr_parse(variant & 16 ? STR("2001:db8::10") : STR("198.51.100.10"), 0, &o.origin));
	for (size_t i = 0; i < s->n_media; i++) {
		media[i] = (struct sdp_out_media){.in = &s->media[i], .local = o.origin, .codecs = codecs[i]};
		addr_set_port(&media[i].local, (uint16_t)(20000 + 2 * i));
		media[i].rejected = s->media[i].port == 0;
		media[i].dir = sdp_dir_reverse(s->media[i].dir);
		media[i].n_codecs = sdp_codecs_apply(&s->media[i], &policy, codecs[i]);
		CHECK(media[i].n_codecs <= s->media[i].n_codecs);
	}

	struct writer w = writer_init(buf, OUT_BYTES), again = writer_init(buf + OUT_BYTES, OUT_BYTES);
	sdp_write_own(&origin, &o, &w);
	CHECK(!w.overflow && origin.version == 1);
	sdp_write_own(&origin, &o, &again);
	CHECK(origin.version == 1 && str_eq(writer_result(&w), writer_result(&again)));

	struct sdp *own = NULL;
	/* c=, t=, a direction and a=rtcp are lines that were perhaps not there before */
	if (w.n > SDP_MAX_BYTES || count_lines(s) + 3 * s->n_media + 5 > SDP_MAX_LINES)
		return;
	CHECK(sdp_parse(w.p, w.n, &own) == SDP_OK);
	compare_written(s, &o, own);
	sdp_free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char buf[2 * OUT_BYTES];
	struct sdp *s = NULL;
	if (sdp_parse((const char *)p, n, &s) != SDP_OK)
		return 0;
	all_within(s);
	print_again(s, buf);
	for (unsigned variant = 0; variant < 32; variant += 1 + n % 5)
		write_own(s, variant, buf);
	sdp_free(s);
	return 0;
}
