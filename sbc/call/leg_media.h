/* SPDX-License-Identifier: Apache-2.0 */
/* leg_media: our ports on a side of a call, and the machine that says where they stand. Worker's thread. */
#ifndef SBC_CALL_LEG_MEDIA_H
#define SBC_CALL_LEG_MEDIA_H

#include "media/media.h"
#include "sbc/call/machine.h"

struct call;
struct leg;

#define LEG_MEDIA_STATES(X)                                                                                            \
	X(LEG_MEDIA_NONE)                                                                                              \
	X(LEG_MEDIA_PREPARING) /* ports asked for */                                                                   \
	X(LEG_MEDIA_READY)                                                                                             \
	X(LEG_MEDIA_FLOWING) /* a remote was committed */                                                              \
	X(LEG_MEDIA_GROWING) /* flowing, and more ports asked for */

#define LEG_MEDIA_EVENTS(X)                                                                                            \
	X(LEG_MEDIA_PREPARE)                                                                                           \
	X(LEG_MEDIA_PREPARED)                                                                                          \
	X(LEG_MEDIA_FAILED)                                                                                            \
	X(LEG_MEDIA_COMMIT)

enum leg_media_state { LEG_MEDIA_STATES(MACHINE_ENUM) LEG_MEDIA_STATE_COUNT };
enum leg_media_event { LEG_MEDIA_EVENTS(MACHINE_ENUM) LEG_MEDIA_EVENT_COUNT };

/* Our ports on one side of the call: they outlive a leg B that failed. */
struct side {
	enum leg_media_state state;
	unsigned network;
	bool v6;
	uint32_t used; /* bit per stream that has ports */
	unsigned n_local;
	struct media_local local[MEDIA_MAX_STREAMS];
};

/* The media side of a leg: A or B. */
enum media_side leg_side(const struct leg *l);
/* False: empty cell. */
bool side_event(struct call *c, enum media_side side, enum leg_media_event ev);

#endif
