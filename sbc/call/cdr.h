/* SPDX-License-Identifier: Apache-2.0 */
/* cdr: the record of one call, as facts; sbc/manage writes it as a JSON line. Built by the call when its last leg has
 * ended, on its worker's thread; slices live during the callback only. */
#ifndef SBC_CALL_CDR_H
#define SBC_CALL_CDR_H

#include "base/addr.h"
#include "base/str.h"
#include "config/config.h"
#include "media/media.h"

#define CDR_MAX_ATTEMPTS 16

struct cdr_leg {
	struct str network, peer; /* names; peer empty: none */
	struct str aor;           /* "user@host" of the registered phone that this leg's far side is; empty: none */
	struct str call_id, local_tag, remote_tag;
	struct str from, to, ruri; /* URIs as on this leg; ruri as it came or went */
	struct addr remote;
	enum config_transport transport;
};

/* One target that was tried. status 0: no answer; cause says why the next one was. */
struct cdr_attempt {
	struct str peer;
	struct addr remote; /* unset: never got so far */
	int status;
	const char *cause; /* static text */
};

enum cdr_side { CDR_SIDE_A, CDR_SIDE_B, CDR_SIDE_US };

struct cdr {
	char id[32];                                   /* our call id, as in the log */
	uint64_t start_us, ring_us, answer_us, end_us; /* wall clock; 0: did not happen */
	struct cdr_leg a, b;                           /* b: the last attempt, or the one that answered */
	struct str route;
	const struct cdr_attempt *attempts;
	size_t n_attempts;
	int status; /* final status towards A; 200 when answered */
	enum cdr_side ended_by;
	const char *cause; /* static text: "bye", "cancel", "rejected", "timeout", "media silent", "ack lost",
			      "drained", ... */
	struct str reason; /* Reason header of the BYE or CANCEL, or the far phrase */
	const struct media_stats *media; /* NULL: none */
	const char *verdict[2]; /* per direction (from A, from B): why no audio, in plain words; NULL: healthy */
};

typedef void (*cdr_fn)(void *arg, const struct cdr *r);

#endif
