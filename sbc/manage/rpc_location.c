/* SPDX-License-Identifier: Apache-2.0 */
/* rpc_location: ul.*: registrations. */
#include <errno.h>
#include <stdlib.h>

#include "sbc/manage/json_put.h"
#include "sbc/manage/regs.h"
#include "sbc/manage/rpc_internal.h"
#include "sbc/sip/aor.h"

#define LIMIT_DEFAULT 100

/* ---- the question on its way ---- */

struct reg_question {
	struct regs_ask ask;
	const struct rpc_sources *s;
};

void regs_ask_finish(struct regs_ask *a)
{
	while (a->first) {
		struct reg_snapshot *r = a->first;

		a->first = r->next;
		free(r);
	}
}

static void on_done(struct regs_ask *a)
{
	gather_answered(container_of(a, struct reg_question, ask));
}

static void put_question(void *arg, unsigned i, void *q)
{
	struct reg_question *rq = q;

	rq->ask.done = on_done;
	rq->s->regs(arg, i, &rq->ask);
}

static void finish_answer(void *q)
{
	regs_ask_finish(&((struct reg_question *)q)->ask);
}

static const struct gather_kind reg_kind = {
	.bytes = sizeof(struct reg_question), .ask = put_question, .finish = finish_answer};

static const struct regs_ask *answer_of(const struct gather *g, unsigned i)
{
	const struct reg_question *q = gather_answer(g, i);

	return q ? &q->ask : NULL;
}

/* ---- answers ---- */

static void put_reg(struct writer *w, const struct reg_snapshot *r)
{
	open_item(w);
	put_str(w, "aor", r->aor);
	put_str(w, "network", r->network);
	put_z(w, "state", r->state);
	put_str(w, "contact", r->contact);
	put_z(w, "alias", r->alias);
	put_addr(w, "remote", &r->remote);
	put_z(w, "transport", r->transport);
	put_u64(w, "age_ms", r->age_ms);
	put_u64(w, "expires_ms", r->expires_ms);
	put_u64(w, "core_expires_ms", r->core_expires_ms);
	put_str(w, "instance", r->instance);
	put_str(w, "agent", r->agent);
	close_object(w);
}

struct merge {
	const struct reg_snapshot *head[WORKER_MAX];
	const struct gather *g;
};

static bool is_before(const struct reg_snapshot *x, const struct reg_snapshot *y)
{
	return x->place != y->place ? x->place < y->place : strcmp(x->alias, y->alias) < 0;
}

/* The first of those left. NULL: none, or a worker may have an earlier one that it did not send. */
static const struct reg_snapshot *merge_next(struct merge *m)
{
	const struct reg_snapshot *best = NULL;
	unsigned at = 0;

	for (unsigned i = 0; i < gather_workers(m->g); i++) {
		const struct regs_ask *a = answer_of(m->g, i);

		if (a && !m->head[i] && a->more)
			return NULL;
		if (m->head[i] && (!best || is_before(m->head[i], best))) {
			best = m->head[i];
			at = i;
		}
	}
	if (best)
		m->head[at] = best->next;
	return best;
}

struct page {
	const struct gather *g;
	unsigned limit; /* 0: all that came */
};

static void write_page(struct writer *w, const void *arg)
{
	const struct page *p = arg;
	const struct reg_snapshot *r, *last = NULL;
	struct merge m = {.g = p->g};
	uint64_t total = 0;
	bool more = false;
	unsigned n = 0;

	for (unsigned i = 0; i < gather_workers(p->g); i++) {
		const struct regs_ask *a = answer_of(p->g, i);

		m.head[i] = a ? a->first : NULL;
		total += a ? a->total : 0;
	}
	open_item(w);
	open_list(w, "bindings");
	for (; !w->overflow && (!p->limit || n < p->limit) && (r = merge_next(&m)); n++) {
		put_reg(w, r);
		last = r;
	}
	close_list(w);
	for (unsigned i = 0; i < gather_workers(p->g); i++)
		more |= m.head[i] || (answer_of(p->g, i) && answer_of(p->g, i)->more);
	if (p->limit) {
		put_u64(w, "total", total);
		put_z(w, "next", more && last ? last->alias : NULL);
	}
	put_u64(w, "workers_missing", gather_missing(p->g));
	close_object(w);
}

static void fail_after(struct rpc_entry *e)
{
	rpc_fail(e, RPC_PARAMS, "after is to be what \"next\" of the page before said");
}

/* False: the entry has been failed. */
static bool no_errors(struct rpc_entry *e, const struct gather *g)
{
	for (unsigned i = 0; i < gather_workers(g); i++) {
		const struct regs_ask *a = answer_of(g, i);

		if (!a || !a->error)
			continue;
		if (a->error == -EINVAL)
			fail_after(e);
		else
			rpc_fail(e, a->error == -EBUSY ? RPC_BUSY : RPC_INTERNAL, "%s", strerror(-a->error));
		return false;
	}
	return true;
}

static void on_listed(void *arg, struct gather *g)
{
	struct rpc_entry *e = arg;

	if (no_errors(e, g))
		rpc_result(e, write_page, &(struct page){.g = g, .limit = e->limit});
}

static bool found_any(const struct gather *g, unsigned *ret_removed)
{
	bool any = false;

	*ret_removed = 0;
	for (unsigned i = 0; i < gather_workers(g); i++) {
		const struct regs_ask *a = answer_of(g, i);

		any |= a && (a->first || a->removed);
		*ret_removed += a ? a->removed : 0;
	}
	return any;
}

static void fail_nobody(struct rpc_entry *e, const struct gather *g)
{
	if (gather_missing(g))
		rpc_fail(e, RPC_NO_ANSWER, "%s", "");
	else
		rpc_fail(e, RPC_NOT_FOUND, "nobody of this name is registered");
}

static void on_looked_up(void *arg, struct gather *g)
{
	struct rpc_entry *e = arg;
	unsigned removed;

	if (!no_errors(e, g))
		return;
	if (found_any(g, &removed))
		rpc_result(e, write_page, &(struct page){.g = g});
	else
		fail_nobody(e, g);
}

struct removal {
	unsigned n, missing;
};

static void write_removal(struct writer *w, const void *arg)
{
	const struct removal *r = arg;

	open_item(w);
	put_u64(w, "removed", r->n);
	put_u64(w, "workers_missing", r->missing);
	close_object(w);
}

static void on_removed(void *arg, struct gather *g)
{
	struct rpc_entry *e = arg;
	struct removal r = {.missing = gather_missing(g)};

	if (!no_errors(e, g))
		return;
	if (found_any(g, &r.n))
		rpc_result(e, write_removal, &r);
	else
		fail_nobody(e, g);
}

/* ---- methods ---- */

static bool is_supported(struct rpc_entry *e)
{
	if (!e->job->rpc->s->regs)
		rpc_fail(e, RPC_NOT_SUPPORTED, "this build keeps no registrations");
	return e->job->rpc->s->regs;
}

static void ul_dump(struct rpc_entry *e, json_t *params)
{
	struct reg_question q = {.ask = {.kind = REGS_LIST}, .s = e->job->rpc->s};
	uint64_t limit = LIMIT_DEFAULT;
	const char *after = "";

	if (!is_supported(e) || !rpc_param_u64(e, params, "limit", 0, REGS_LIST_MAX, &limit) ||
	    !rpc_param_text(e, params, "after", 1, &after))
		return;
	if (strlen(after) > IDENT_LEN) {
		fail_after(e);
		return;
	}
	strcpy(q.ask.after, after);
	q.ask.limit = e->limit = limit ? (unsigned)limit : 1;
	rpc_gather(e, &reg_kind, &q, GATHER_ALL, on_listed);
}

/* However somebody types it. false: it is none. */
static bool take_aor(const char *aor, char ret[REGS_AOR_MAX + 1])
{
	const char *at = strrchr(aor, '@');
	char buf[AOR_MAX];
	struct str text;

	if (!at || !aor_canonical(&(struct uri){.user = {aor, (size_t)(at - aor)}, .host = str_z(at + 1)}, buf, &text))
		return false;
	memcpy(ret, text.p, text.n);
	ret[text.n] = '\0';
	return true;
}

static void ask_aor(struct rpc_entry *e, json_t *params, enum regs_ask_kind kind,
		    void (*done)(void *arg, struct gather *g))
{
	struct reg_question q = {.ask = {.kind = kind}, .s = e->job->rpc->s};
	const char *aor = NULL;

	if (!is_supported(e) || !rpc_param_text(e, params, "aor", 0, &aor))
		return;
	if (aor && !strncmp(aor, "sip:", 4))
		aor += 4;
	if (!aor || !take_aor(aor, q.ask.aor)) {
		rpc_fail(e, RPC_PARAMS, "aor is to be user@host");
		return;
	}
	rpc_gather(e, &reg_kind, &q, GATHER_ALL, done);
}

static void ul_lookup(struct rpc_entry *e, json_t *params)
{
	ask_aor(e, params, REGS_LOOKUP, on_looked_up);
}

static void ul_rm(struct rpc_entry *e, json_t *params)
{
	ask_aor(e, params, REGS_REMOVE, on_removed);
}

const struct rpc_method rpc_location_methods[] = {
	{"ul.dump", "[limit, after]", "registered contacts; \"next\" is the \"after\" of the next page", false,
	 ul_dump},
	{"ul.lookup", "aor", "the contacts of one address of record (user@host)", false, ul_lookup},
	{"ul.rm", "aor", "removes all contacts of an address of record; the phone comes back with its next REGISTER",
	 true, ul_rm},
	{0},
};
