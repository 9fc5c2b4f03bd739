/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/manage/json_put.h"
#include "sbc/manage/line_writer.h"
#include "sbc/manage/records.h"

/* ---- the parts of a record ---- */

/* Milliseconds between two instants of which the later may be missing or, by an error, earlier: null. */
static void put_span(struct writer *w, const char *key, uint64_t from_us, uint64_t to_us)
{
	put_key(w, key);
	if (from_us && to_us >= from_us)
		writer_u64(w, (to_us - from_us) / 1000);
	else
		writer_lit(w, "null");
}

static uint64_t first_of(uint64_t a, uint64_t b, uint64_t c)
{
	return a ? a : b ? b : c;
}

/* The three spans follow each other without a gap: asking, ringing, talking. */
void cdr_put_times(struct writer *w, const struct cdr *r)
{
	bool rang = r->ring_us && (!r->answer_us || r->ring_us <= r->answer_us);
	uint64_t ring_us = rang ? r->ring_us : 0;

	put_time(w, "start", r->start_us);
	put_time(w, "ring", r->ring_us);
	put_time(w, "answer", r->answer_us);
	put_time(w, "end", r->end_us);
	put_span(w, "setup_ms", r->start_us, first_of(ring_us, r->answer_us, r->end_us));
	put_span(w, "ring_ms", ring_us, first_of(r->answer_us, r->end_us, 0));
	put_span(w, "talk_ms", r->answer_us, r->end_us);
}

void cdr_put_leg(struct writer *w, const char *key, const struct cdr_leg *l)
{
	if (!l->network.n && !l->peer.n) {
		put_z(w, key, NULL);
		return;
	}
	open_object(w, key);
	put_str(w, "network", l->network);
	put_str(w, "peer", l->peer);
	put_str(w, "aor", l->aor);
	put_str(w, "call_id", l->call_id);
	put_str(w, "local_tag", l->local_tag);
	put_str(w, "remote_tag", l->remote_tag);
	put_str(w, "from", l->from);
	put_str(w, "to", l->to);
	put_str(w, "ruri", l->ruri);
	put_addr(w, "remote", &l->remote);
	put_z(w, "transport", addr_is_set(&l->remote) ? config_transport_text(l->transport) : NULL);
	close_object(w);
}

void cdr_put_attempts(struct writer *w, const struct cdr *r)
{
	open_list(w, "attempts");
	for (size_t i = 0; i < r->n_attempts; i++) {
		const struct cdr_attempt *a = &r->attempts[i];
		open_item(w);
		put_str(w, "peer", a->peer);
		put_addr(w, "remote", &a->remote);
		put_u64(w, "status", a->status > 0 ? (uint64_t)a->status : 0);
		put_z(w, "cause", a->cause);
		close_object(w);
	}
	close_list(w);
}

/* ---- media ---- */

static void put_drops(struct writer *w, const struct media_direction *d)
{
	static const char *const keys[] = {
#define X(name, key, text) [name] = key,
		MEDIA_DROPS(X)
#undef X
	};
	open_object(w, "drops");
	for (size_t i = 0; i < MEDIA_DROP_COUNT; i++)
		if (d->drops[i])
			put_u64(w, keys[i], d->drops[i]);
	close_object(w);
}

static const char *rank_text(enum media_rank r)
{
	switch (r) {
	case MEDIA_RANK_SDP:
		return "sdp";
	case MEDIA_RANK_SDP_HOST:
		return "sdp_host";
	case MEDIA_RANK_SIGNALLING:
		return "signalling";
	case MEDIA_RANK_ACL:
		return "media_acl";
	case MEDIA_RANK_ANY:
		return "any";
	case MEDIA_RANK_NONE:
		break;
	}
	return NULL;
}

static void put_direction(struct writer *w, const char *key, const struct media_direction *d)
{
	open_object(w, key);
	put_u64(w, "packets", d->packets);
	put_u64(w, "bytes", d->bytes);
	put_u64(w, "relayed", d->relayed);
	put_u64(w, "rtcp", d->rtcp_packets);
	put_u64(w, "lost", d->lost);
	put_u64(w, "reordered", d->reordered);
	put_u64(w, "duplicated", d->duplicated);
	put_u64(w, "jitter_us", d->jitter_us);
	put_addr(w, "expected", &d->expected);
	put_addr(w, "latched", &d->latched);
	put_z(w, "latch", addr_is_set(&d->latched) ? rank_text(d->rank) : NULL);
	put_u64(w, "source_changes", d->source_changes);
	put_addr(w, "refused", &d->refused);
	put_drops(w, d);
	close_object(w);
}

void cdr_put_media(struct writer *w, const struct media_stats *m)
{
	open_list(w, "media");
	for (size_t i = 0; m && i < m->n_streams && i < MEDIA_MAX_STREAMS; i++) {
		if (!m->streams[i].used)
			continue;
		open_item(w);
		put_u64(w, "stream", i);
		put_direction(w, "from_a", &m->streams[i].from[MEDIA_A]);
		put_direction(w, "from_b", &m->streams[i].from[MEDIA_B]);
		close_object(w);
	}
	close_list(w);
}

/* ---- whole records ---- */

static const char *side_text(enum cdr_side s)
{
	static const char *const text[] = {[CDR_SIDE_A] = "A", [CDR_SIDE_B] = "B", [CDR_SIDE_US] = "limen"};
	return text[s];
}

static struct str id_of(const struct cdr *r)
{
	return (struct str){r->id, strnlen(r->id, sizeof(r->id))};
}

static void put_outcome(struct writer *w, const struct cdr *r)
{
	put_u64(w, "status", r->status > 0 ? (uint64_t)r->status : 0);
	put_z(w, "ended_by", side_text(r->ended_by));
	put_z(w, "cause", r->cause);
}

void cdr_put_verdict(struct writer *w, const struct cdr *r)
{
	open_object(w, "verdict");
	put_z(w, "from_a", r->verdict[MEDIA_A]);
	put_z(w, "from_b", r->verdict[MEDIA_B]);
	close_object(w);
}

void cdr_write_json(struct writer *w, const struct cdr *r)
{
	writer_char(w, '{');
	put_str(w, "id", id_of(r));
	cdr_put_times(w, r);
	cdr_put_leg(w, "a", &r->a);
	cdr_put_leg(w, "b", &r->b);
	put_str(w, "route", r->route);
	cdr_put_attempts(w, r);
	put_outcome(w, r);
	put_str(w, "reason", r->reason);
	cdr_put_media(w, r->media);
	cdr_put_verdict(w, r);
	close_object(w);
}

void cdr_write_json_short(struct writer *w, const struct cdr *r)
{
	writer_char(w, '{');
	put_str(w, "id", id_of(r));
	cdr_put_times(w, r);
	put_outcome(w, r);
	put_bool(w, "truncated", true);
	close_object(w);
}

void cdr_to_writer(void *arg, const struct cdr *r)
{
	char text[CDR_LINE_MAX]; /* of which a typical record touches 3 kB */
	struct writer w = writer_init(text, sizeof(text));

	cdr_write_json(&w, r);
	if (w.overflow) {
		w = writer_init(text, sizeof(text));
		cdr_write_json_short(&w, r);
	}
	if (!w.overflow)
		line_writer_put(arg, text, w.n);
}
