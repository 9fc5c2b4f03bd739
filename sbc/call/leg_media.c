/* SPDX-License-Identifier: Apache-2.0 */
/* A pure table. */
#include "sbc/call/leg_media.h"

#include "sbc/call/call.h"

enum media_side leg_side(const struct leg *l)
{
	return l->uas ? MEDIA_A : MEDIA_B;
}

struct media_cell {
	const char *name;
	enum leg_media_state next;
};

#define GO(next)                                                                                                       \
	{                                                                                                              \
		"go", next                                                                                             \
	}

static const struct media_cell cells[LEG_MEDIA_STATE_COUNT][LEG_MEDIA_EVENT_COUNT] = {
	[LEG_MEDIA_NONE] =
		{
			[LEG_MEDIA_PREPARE] = GO(LEG_MEDIA_PREPARING),
		},
	[LEG_MEDIA_PREPARING] =
		{
			[LEG_MEDIA_PREPARED] = GO(LEG_MEDIA_READY),
			[LEG_MEDIA_FAILED] = GO(LEG_MEDIA_NONE),
		},
	[LEG_MEDIA_READY] =
		{
			[LEG_MEDIA_COMMIT] = GO(LEG_MEDIA_FLOWING),
			/* the next target, on another network or family */
			[LEG_MEDIA_PREPARE] = GO(LEG_MEDIA_PREPARING),
		},
	[LEG_MEDIA_FLOWING] =
		{
			[LEG_MEDIA_COMMIT] = GO(LEG_MEDIA_FLOWING),
			[LEG_MEDIA_PREPARE] = GO(LEG_MEDIA_GROWING),
		},
	[LEG_MEDIA_GROWING] =
		{
			[LEG_MEDIA_PREPARED] = GO(LEG_MEDIA_FLOWING),
			/* the ports that are there go on */
			[LEG_MEDIA_FAILED] = GO(LEG_MEDIA_FLOWING),
		},
};

bool side_event(struct call *c, enum media_side side, enum leg_media_event ev)
{
	enum leg_media_state *state = &c->side[side].state;
	const struct media_cell *cell = &cells[*state][ev];

	if (!cell->name) {
		call_count(&c->calls->counters.unexpected_events, 1);
		return false;
	}
	machine_mark(MACHINE_MEDIA, *state, ev);
	*state = cell->next;
	return true;
}

MACHINE_DEFINE(leg_media_machine, MACHINE_MEDIA, "media", LEG_MEDIA_STATES, LEG_MEDIA_EVENTS);
