/* SPDX-License-Identifier: Apache-2.0 */
/* rpc_call: dlg.*: live calls. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sbc/call/snapshot.h"
#include "sbc/manage/json_put.h"
#include "sbc/manage/records.h"
#include "sbc/manage/rpc_internal.h"
#include "sdp/sdp.h"

#define LIMIT_DEFAULT 100

/* ---- the question on its way ---- */

struct call_question {
	struct calls_ask ask;
	const struct rpc_sources *s;
};

static void on_done(struct calls_ask *a)
{
	gather_answered(container_of(a, struct call_question, ask));
}

static void put_question(void *arg, unsigned i, void *q)
{
	struct call_question *cq = q;

	cq->ask.done = on_done;
	calls_ask(cq->s->calls(arg, i), &cq->ask);
}

static void finish_answer(void *q)
{
	calls_ask_finish(&((struct call_question *)q)->ask);
}

static const struct gather_kind call_kind = {
	.bytes = sizeof(struct call_question), .ask = put_question, .finish = finish_answer};

static const struct calls_ask *answer_of(const struct gather *g, unsigned i)
{
	const struct call_question *q = gather_answer(g, i);

	return q ? &q->ask : NULL;
}

/* ---- a call as JSON ---- */

/* "CALL_TALKING" is "talking". */
static void put_state(struct writer *w, const char *key, const char *state)
{
	char text[32];
	const char *from = state ? strchr(state, '_') : NULL;
	size_t n = 0;

	for (from = from ? from + 1 : ""; *from && n < sizeof(text) - 1; from++)
		text[n++] = (char)tolower((unsigned char)*from);
	put_str(w, key, (struct str){text, n});
}

static void put_since(struct writer *w, const char *key, uint64_t from_us, uint64_t until_us)
{
	put_key(w, key);
	if (from_us && until_us >= from_us)
		writer_u64(w, (until_us - from_us) / 1000);
	else
		writer_lit(w, "null");
}

/* Without the end of the object. */
static void open_call(struct writer *w, const struct call_snapshot *c)
{
	const struct cdr *r = &c->record;
	uint64_t until_us = r->end_us ? r->end_us : clock_wall_us(clock_ns());

	open_item(w);
	put_z(w, "id", r->id);
	put_state(w, "state", c->state);
	put_time(w, "start", r->start_us);
	put_time(w, "ring", r->ring_us);
	put_time(w, "answer", r->answer_us);
	put_since(w, "age_ms", r->start_us, until_us);
	put_since(w, "talk_ms", r->answer_us, until_us);
	put_str(w, "route", r->route);
	put_state(w, "a_state", c->leg_state[0]);
	put_state(w, "b_state", c->leg_state[1]);
	cdr_put_leg(w, "a", &r->a);
	cdr_put_leg(w, "b", &r->b);
	put_z(w, "cause", c->ending ? r->cause : NULL);
	put_z(w, "kept", c->kept);
}

static void put_media_line(struct writer *w, const struct sdp_media *m)
{
	open_item(w);
	put_str(w, "kind", m->kind_text);
	put_u64(w, "port", m->port);
	put_str(w, "profile", m->proto);
	put_z(w, "direction", sdp_dir_text(m->dir));
	open_list(w, "codecs");
	for (size_t i = 0; i < m->n_codecs; i++) {
		char text[96];
		struct writer t = writer_init(text, sizeof(text) - 1);

		writer_str(&t, m->codecs[i].name);
		writer_fmt(&t, "/%u", m->codecs[i].clock_hz);
		if (i)
			writer_char(w, ',');
		writer_json(w, t.overflow ? STR("?") : writer_result(&t));
	}
	close_list(w);
	close_object(w);
}

/* What a leg was told last. */
static void put_described(struct writer *w, const char *key, struct str text)
{
	struct sdp *s = NULL;

	open_list(w, key);
	if (text.n && sdp_parse(text.p, text.n, &s) == SDP_OK)
		for (size_t i = 0; i < s->n_media; i++)
			put_media_line(w, &s->media[i]);
	sdp_free(s);
	close_list(w);
}

static void put_ports(struct writer *w, const char *key, const struct media_local *local, unsigned n)
{
	bool first = true;

	open_list(w, key);
	for (unsigned i = 0; i < n; i++) {
		char text[ADDR_STRLEN];

		if (!addr_is_set(&local[i].rtp))
			continue;
		if (!first)
			writer_char(w, ',');
		first = false;
		writer_json(w, str_z(addr_text(&local[i].rtp, text)));
	}
	close_list(w);
}

static void write_whole(struct writer *w, const void *arg)
{
	const struct call_snapshot *c = arg;

	open_call(w, c);
	cdr_put_attempts(w, &c->record);
	put_described(w, "described_a", c->described[0]);
	put_described(w, "described_b", c->described[1]);
	put_ports(w, "ports_a", c->local[0], c->n_local[0]);
	put_ports(w, "ports_b", c->local[1], c->n_local[1]);
	put_bool(w, "media_known", c->record.media != NULL);
	cdr_put_media(w, c->record.media);
	cdr_put_verdict(w, &c->record);
	close_object(w);
}

static void write_brief(struct writer *w, const void *arg)
{
	open_call(w, arg);
	close_object(w);
}

/* ---- lists ---- */

struct page {
	const struct gather *g;
	const struct rpc_sources *s;
	unsigned limit;
};

struct merge {
	const struct call_snapshot *head[WORKER_MAX];
	unsigned n_workers;
	const struct gather *g;
};

static void merge_begin(struct merge *m, const struct gather *g)
{
	*m = (struct merge){.n_workers = gather_workers(g), .g = g};
	for (unsigned i = 0; i < m->n_workers; i++) {
		const struct calls_ask *a = answer_of(g, i);

		m->head[i] = a ? a->first : NULL;
	}
}

/* The oldest of those left. NULL: none, or one worker may have an older one that it did not send. */
static const struct call_snapshot *merge_next(struct merge *m)
{
	const struct call_snapshot *best = NULL;
	unsigned at = 0;

	for (unsigned i = 0; i < m->n_workers; i++) {
		const struct calls_ask *a = answer_of(m->g, i);

		if (a && !m->head[i] && a->more)
			return NULL;
		if (m->head[i] && (!best || m->head[i]->start_ns < best->start_ns)) {
			best = m->head[i];
			at = i;
		}
	}
	if (best)
		m->head[at] = best->next;
	return best;
}

static bool merge_more(const struct merge *m)
{
	for (unsigned i = 0; i < m->n_workers; i++) {
		const struct calls_ask *a = answer_of(m->g, i);

		if (a && (m->head[i] || a->more))
			return true;
	}
	return false;
}

static uint64_t count_calls(const struct rpc_sources *s)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < s->door.n_workers; i++) {
		struct call_counters c;

		calls_counters(s->calls(s->door.arg, i), &c);
		n += c.calls;
	}
	return n;
}

/* A call that began in the same nanosecond as the last of a full page is put on it, for the next begins after it. */
static void write_page(struct writer *w, const void *arg)
{
	const struct page *p = arg;
	const struct call_snapshot *c;
	uint64_t last_ns = 0;
	struct merge m;
	unsigned n = 0;

	merge_begin(&m, p->g);
	open_item(w);
	open_list(w, "calls");
	for (; !w->overflow; n++) {
		struct merge before = m;

		c = merge_next(&m);
		if (c && n >= p->limit && c->start_ns != last_ns) {
			m = before;
			break;
		}
		if (!c)
			break;
		write_brief(w, c);
		last_ns = c->start_ns;
	}
	close_list(w);
	put_u64(w, "total", count_calls(p->s));
	put_key(w, "next");
	if (n && merge_more(&m))
		writer_fmt(w, "\"%llu\"", (unsigned long long)last_ns);
	else
		writer_lit(w, "null");
	put_u64(w, "workers_missing", gather_missing(p->g));
	close_object(w);
}

static void on_listed(void *arg, struct gather *g)
{
	struct rpc_entry *e = arg;
	struct page p = {.g = g, .s = e->job->rpc->s, .limit = e->limit};

	for (unsigned i = 0; i < gather_workers(g); i++) {
		const struct calls_ask *a = answer_of(g, i);

		if (a && a->error < 0) {
			rpc_fail(e, a->error == -EBUSY ? RPC_BUSY : RPC_INTERNAL, "%s", strerror(-a->error));
			return;
		}
	}
	rpc_result(e, write_page, &p);
}

static void dlg_list(struct rpc_entry *e, json_t *params)
{
	struct call_question q = {.ask = {.kind = CALLS_LIST}, .s = e->job->rpc->s};
	uint64_t limit = LIMIT_DEFAULT;
	const char *after = NULL;

	if (!rpc_param_u64(e, params, "limit", 0, CALLS_LIST_MAX, &limit) ||
	    !rpc_param_text(e, params, "after", 1, &after))
		return;
	if (after && !str_to_u64(str_z(after), UINT64_MAX, &q.ask.after_ns)) {
		rpc_fail(e, RPC_PARAMS, "after is to be what \"next\" of the page before said");
		return;
	}
	q.ask.limit = e->limit = limit ? (unsigned)limit : 1;
	rpc_gather(e, &call_kind, &q, GATHER_ALL, on_listed);
}

/* ---- one call ---- */

static const struct calls_ask *only_answer(const struct gather *g)
{
	for (unsigned i = 0; i < gather_workers(g); i++)
		if (answer_of(g, i))
			return answer_of(g, i);
	return NULL;
}

static void on_one(void *arg, struct gather *g)
{
	struct rpc_entry *e = arg;
	const struct calls_ask *a = only_answer(g);

	if (!a)
		rpc_fail(e, RPC_NO_ANSWER, "%s", "");
	else if (a->error == -ENOENT)
		rpc_fail(e, RPC_NOT_FOUND, "there is no call of this id");
	else if (a->error == -EALREADY)
		rpc_fail(e, RPC_NOT_NOW, "the call is ending already");
	else if (a->error == -EBUSY)
		rpc_fail(e, RPC_BUSY, "%s", "");
	else if (a->error < 0 || !a->first)
		rpc_fail(e, RPC_INTERNAL, "%s", strerror(-a->error));
	else
		rpc_result(e, a->kind == CALLS_SHOW ? write_whole : write_brief, a->first);
}

/* An id names its worker. */
static void ask_one(struct rpc_entry *e, json_t *params, enum calls_ask_kind kind)
{
	const struct rpc_sources *s = e->job->rpc->s;
	struct call_question q = {.ask = {.kind = kind}, .s = s};
	const char *id = NULL;
	struct ident parsed;

	if (!rpc_param_text(e, params, "id", 0, &id))
		return;
	if (!id) {
		rpc_fail(e, RPC_PARAMS, "the id of a call is missing");
		return;
	}
	if (strlen(id) != IDENT_LEN || !ident_parse(s->key, str_z(id), &parsed)) {
		rpc_fail(e, RPC_NOT_FOUND, "this is no id of a call here");
		return;
	}
	memcpy(q.ask.id, id, IDENT_LEN + 1);
	rpc_gather(e, &call_kind, &q, (int)worker_of_slot(s->door.n_workers, parsed.slot), on_one);
}

static void dlg_show(struct rpc_entry *e, json_t *params)
{
	ask_one(e, params, CALLS_SHOW);
}

static void dlg_end(struct rpc_entry *e, json_t *params)
{
	ask_one(e, params, CALLS_END);
}

const struct rpc_method rpc_call_methods[] = {
	{"dlg.list", "[limit, after]", "live calls, oldest first; \"next\" is the \"after\" of the next page", false,
	 dlg_list},
	{"dlg.show", "id", "one live call: both legs, attempts, media counters and the verdict so far", false,
	 dlg_show},
	{"dlg.end_dlg", "id", "ends a call: BYE on both sides, or CANCEL and a refusal while it rings", true, dlg_end},
	{0},
};
