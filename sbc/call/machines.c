/* SPDX-License-Identifier: Apache-2.0 */
/* machines: all of the room's, and what a run has reached of them. */
#include <stdio.h>
#include <stdlib.h>

#include "sbc/call/machine.h"

const struct machine *const machines[MACHINE_COUNT] = {
	[MACHINE_LEG] = &leg_machine,   [MACHINE_OFFER] = &offer_machine,       [MACHINE_MEDIA] = &leg_media_machine,
	[MACHINE_CALL] = &call_machine, [MACHINE_EXCHANGE] = &exchange_machine,
};

void machine_dump_marks(void)
{
	const char *path = getenv("LIMEN_CELLS");
	FILE *f = path ? fopen(path, "a") : NULL;

	if (!f)
		return;
	for (unsigned i = 0; i < MACHINE_COUNT; i++) {
		const struct machine *m = machines[i];

		for (unsigned s = 0; s < m->n_states; s++)
			for (unsigned e = 0; e < m->n_events; e++)
				if (machine_marked(m->id, s, e))
					fprintf(f, "%s %s %s\n", m->name, m->state_names[s], m->event_names[e]);
	}
	fclose(f);
}
