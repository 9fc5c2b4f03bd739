/* SPDX-License-Identifier: Apache-2.0 */
/* offer: the offer/answer machine of a leg. A pure table: the cell says what to tell the far side. */
#include "sbc/call/call.h"

struct offer_cell {
	const char *name;
	enum offer_verdict verdict;
	enum offer_state next;
};

#define OK(next)                                                                                                       \
	{                                                                                                              \
		"ok", OFFER_OK, next                                                                                   \
	}
#define GLARE(next)                                                                                                    \
	{                                                                                                              \
		"glare", OFFER_GLARE, next                                                                             \
	}
#define PENDING(next)                                                                                                  \
	{                                                                                                              \
		"pending", OFFER_PENDING, next                                                                         \
	}

static const struct offer_cell cells[OFFER_STATE_COUNT][OFFER_EVENT_COUNT] = {
	[OFFER_NONE] =
		{
			[OFFER_SENT] = OK(OFFER_LOCAL_FIRST),
			[OFFER_GOT] = OK(OFFER_REMOTE_FIRST),
		},
	[OFFER_LOCAL_FIRST] =
		{
			[ANSWER_GOT] = OK(OFFER_AGREED),
			/* RFC 3311 §5.2: an UPDATE with an offer while ours is not answered */
			[OFFER_GOT] = GLARE(OFFER_LOCAL_FIRST),
			[OFFER_DROPPED] = OK(OFFER_NONE),
			/* a further branch of a fork, or the next target, is offered the same anew */
			[OFFER_SENT] = OK(OFFER_LOCAL_FIRST),
		},
	[OFFER_REMOTE_FIRST] =
		{
			[ANSWER_SENT] = OK(OFFER_AGREED),
			/* RFC 3311 §5.2: their own offer is not answered yet */
			[OFFER_GOT] = PENDING(OFFER_REMOTE_FIRST),
			[OFFER_DROPPED] = OK(OFFER_NONE),
		},
	[OFFER_AGREED] =
		{
			[OFFER_SENT] = OK(OFFER_LOCAL),
			[OFFER_GOT] = OK(OFFER_REMOTE),
			[OFFER_DROPPED] = OK(OFFER_AGREED),
		},
	[OFFER_LOCAL] =
		{
			[ANSWER_GOT] = OK(OFFER_AGREED),
			/* RFC 3261 §14.2: both sides at once */
			[OFFER_GOT] = GLARE(OFFER_LOCAL),
			/* RFC 3261 §14.1: a refused re-INVITE changes nothing */
			[OFFER_DROPPED] = OK(OFFER_AGREED),
		},
	[OFFER_REMOTE] =
		{
			[ANSWER_SENT] = OK(OFFER_AGREED),
			/* RFC 3261 §14.2: a second one before the first was answered */
			[OFFER_GOT] = PENDING(OFFER_REMOTE),
			[OFFER_DROPPED] = OK(OFFER_AGREED),
		},
};

enum offer_verdict leg_offer_event(struct leg *l, enum offer_event ev)
{
	const struct offer_cell *cell = &cells[l->offer][ev];

	if (!cell->name) {
		call_count(&l->call->calls->counters.unexpected_events, 1);
		return OFFER_UNEXPECTED;
	}
	machine_mark(MACHINE_OFFER, l->offer, ev);
	l->offer = cell->next;
	return cell->verdict;
}

MACHINE_DEFINE(offer_machine, MACHINE_OFFER, "offer", OFFER_STATES, OFFER_EVENTS);
