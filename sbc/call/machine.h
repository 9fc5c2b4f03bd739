/* SPDX-License-Identifier: Apache-2.0 */
/* machine: what the state machines of this room share: how a table is read, printed and traced.
 *
 * A machine is a const array [state][event] of cells. A cell without a name is empty: the event is unexpected there; it
 * is counted, and when it was a request, it is answered all the same. Each cell that runs is marked, so that a test can
 * list those that no scenario reached. Marks are process-wide and relaxed: they are for tests. */
#ifndef SBC_CALL_MACHINE_H
#define SBC_CALL_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/writer.h"

enum machine_id { MACHINE_LEG, MACHINE_OFFER, MACHINE_MEDIA, MACHINE_CALL, MACHINE_EXCHANGE, MACHINE_COUNT };

#define MACHINE_MAX_STATES 12
#define MACHINE_MAX_EVENTS 24

struct machine {
	enum machine_id id;
	const char *name;
	unsigned n_states, n_events;
	const char *const *state_names, *const *event_names;
	/* What is in the cell: the action's name and the next state, or NULL for an empty cell. */
	const char *(*describe)(unsigned state, unsigned event, unsigned *ret_next);
};
extern const struct machine leg_machine, offer_machine, leg_media_machine, call_machine, exchange_machine;
extern const struct machine *const machines[MACHINE_COUNT]; /* all of them */

/* ---- what a machine's file writes ----
 *
 * STATES and EVENTS are X-macros; `cells` is its table [state][event] of rows that begin with name and end with next.
 */
#define MACHINE_ENUM(name) name,
#define MACHINE_NAME(name) #name,
/* A cell: the action act_NAME() and the next state. */
#define MACHINE_DO(act, next)                                                                                          \
	{                                                                                                              \
#act, act_##act, next                                                                                  \
	}
/* struct machine VAR of the file's table, and state_names[] beside it. */
#define MACHINE_DEFINE(var, machine_id_, text, STATES, EVENTS)                                                         \
	static const char *const state_names[] = {STATES(MACHINE_NAME)};                                               \
	static const char *const event_names[] = {EVENTS(MACHINE_NAME)};                                               \
	static const char *describe_cell(unsigned state, unsigned event, unsigned *ret_next)                           \
	{                                                                                                              \
		*ret_next = cells[state][event].next;                                                                  \
		return cells[state][event].name;                                                                       \
	}                                                                                                              \
	const struct machine var = {                                                                                   \
		.id = machine_id_,                                                                                     \
		.name = text,                                                                                          \
		.n_states = sizeof(state_names) / sizeof(state_names[0]),                                              \
		.n_events = sizeof(event_names) / sizeof(event_names[0]),                                              \
		.state_names = state_names,                                                                            \
		.event_names = event_names,                                                                            \
		.describe = describe_cell,                                                                             \
	}

void machine_mark(enum machine_id id, unsigned state, unsigned event);
bool machine_marked(enum machine_id id, unsigned state, unsigned event);
/* The table as text: one line a cell, "STATE + EVENT -> action, NEXT"; golden files hold it. */
void machine_print(const struct machine *m, struct writer *w);
/* One line for each cell that is not empty and was never marked. */
void machine_print_unreached(const struct machine *m, struct writer *w);
/* At exit, when the environment variable LIMEN_CELLS names a file: appends "machine STATE EVENT" of all marked cells.
 */
void machine_dump_marks(void);

#endif
