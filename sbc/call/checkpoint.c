/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint: when the record of a call is written, and when it goes. */
#include "sbc/call/checkpoint.h"

#include <stdlib.h>

#include "sbc/call/timers.h"

/* It rings: another process would end it on both sides. */
static bool rings(const struct call *c)
{
	return c->state == CALL_TRYING && c->ring_ns && c->b && c->b->kept_ringing && c->b->state == LEG_CALLING;
}

/* A call that another process could do something about. */
static bool worth_keeping(const struct call *c)
{
	return !c->end_ns && (c->state == CALL_TALKING || c->state == CALL_ANSWERED || rings(c));
}

const char *checkpoint_state(const struct call *c)
{
	if (!c->calls->store || !worth_keeping(c))
		return NULL;
	if (!c->keep.stored)
		return "no";
	if (c->keep.unwritten && !c->keep.settling)
		return "partly";
	return store_waits(c->calls->store, STORE_CALLS, str_z(c->id)) ? "waits" : "yes";
}

static void set_unwritten(struct call *c, bool on)
{
	if (c->keep.unwritten == on)
		return;
	c->keep.unwritten = on;
	call_count(&c->calls->counters.calls_unwritten, on ? 1 : -1);
}

static bool put_record(struct call *c, const struct media_stats *stats)
{
	struct bytes_writer w;
	struct str record;
	bool ok;

	bytes_writer_grow(&w, STORE_BYTES_MAX, CHECKPOINT_VERSION, checkpoint_oldest(c));
	checkpoint_write(c, stats, &w);
	ok = bytes_seal(&w, &record) == 0 && store_put(c->calls->store, STORE_CALLS, str_z(c->id), record);
	bytes_writer_finish(&w);
	c->keep.stored |= ok;
	return ok;
}

/* Those of early media are of no use to who ends it. */
static bool has_latches(const struct call *c)
{
	return c->session && c->state != CALL_TRYING;
}

/* What found no room is tried again as soon as what is to settle. */
static void write_record(struct call *c, const struct media_stats *stats)
{
	bool ok = put_record(c, stats), done = ok && (c->keep.settling || !has_latches(c));

	if (ok && c->a)
		c->a->kept_cseq = c->a->dialog.local_cseq;
	if (ok && c->b)
		c->b->kept_cseq = c->b->dialog.local_cseq;
	c->keep.settling = ok;
	if (done)
		set_unwritten(c, false);
	call_timers_checkpoint(c, done ? CHECKPOINT_REFRESH : CHECKPOINT_SETTLED);
}

void checkpoint_write_now(struct call *c)
{
	c->keep.soon = false;
	if (!worth_keeping(c))
		return;
	/* just answered: nothing has been seen yet that would be worth the asking */
	if (!has_latches(c) || !c->keep.stored) {
		write_record(c, NULL);
		return;
	}
	c->keep.asked = true;
	media_query(c->calls->port, c->session);
}

/* False: there is nothing to be kept. */
static bool changed(struct call *c)
{
	if (!c->calls->store || !worth_keeping(c))
		return false;
	c->keep.soon = true;
	c->keep.settling = false;
	set_unwritten(c, true);
	return true;
}

void checkpoint_changed(struct call *c)
{
	if (!c->keep.soon && changed(c))
		call_timers_checkpoint(c, CHECKPOINT_SOON);
}

void checkpoint_answered(struct call *c)
{
	if (changed(c))
		call_timers_checkpoint(c, CHECKPOINT_ANSWERED);
}

bool checkpoint_stats(struct call *c, const struct media_stats *stats)
{
	if (!c->keep.asked)
		return false;
	c->keep.asked = false;
	/* what has changed since it was asked is written by its own time */
	if (worth_keeping(c) && !c->keep.soon)
		write_record(c, stats);
	return true;
}

void checkpoint_over(struct call *c)
{
	call_timers_checkpoint(c, CHECKPOINT_NEVER);
	if (c->keep.stored)
		store_del(c->calls->store, STORE_CALLS, str_z(c->id));
	c->keep.stored = false;
	set_unwritten(c, false);
}

void checkpoint_forget(struct call *c)
{
	call_timers_checkpoint(c, CHECKPOINT_NEVER);
	set_unwritten(c, false);
	free(c->keep.texts);
	c->keep.texts = NULL;
}
