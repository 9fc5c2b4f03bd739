/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/machine.h"

#include <stdatomic.h>

static atomic_bool marks[MACHINE_COUNT][MACHINE_MAX_STATES][MACHINE_MAX_EVENTS];

void machine_mark(enum machine_id id, unsigned state, unsigned event)
{
	/* a plain load first: the line stays shared once the cell has been seen */
	if (!atomic_load_explicit(&marks[id][state][event], memory_order_relaxed))
		atomic_store_explicit(&marks[id][state][event], true, memory_order_relaxed);
}

bool machine_marked(enum machine_id id, unsigned state, unsigned event)
{
	return atomic_load_explicit(&marks[id][state][event], memory_order_relaxed);
}

void machine_print(const struct machine *m, struct writer *w)
{
	for (unsigned s = 0; s < m->n_states; s++) {
		for (unsigned e = 0; e < m->n_events; e++) {
			unsigned next;
			const char *action = m->describe(s, e, &next);

			if (action)
				writer_fmt(w, "%s + %s -> %s, %s\n", m->state_names[s], m->event_names[e], action,
					   m->state_names[next]);
		}
	}
}

void machine_print_unreached(const struct machine *m, struct writer *w)
{
	for (unsigned s = 0; s < m->n_states; s++) {
		for (unsigned e = 0; e < m->n_events; e++) {
			unsigned next;

			if (m->describe(s, e, &next) && !machine_marked(m->id, s, e))
				writer_fmt(w, "%s %s %s\n", m->name, m->state_names[s], m->event_names[e]);
		}
	}
}
