/* SPDX-License-Identifier: Apache-2.0 */
/* keep: a binding as bytes in a store, for a process that comes after this one.
 *
 *   keep.c        struct location_binding -> bytes
 *   keep_read.c   bytes -> struct location_binding, every value looked at as if a peer had written it
 *
 * The key is the alias, so that any number of workers finds whose it is. Names stand for networks. Times are wall-clock
 * milliseconds; none gives more than was left when the record was written, whatever the system's clock has done since.
 * A flow over UDP is there again with its listener; one by a connection went with the process: such a phone is FAILED
 * until it returns. */
#ifndef SBC_LOCATION_KEEP_H
#define SBC_LOCATION_KEEP_H

#include "base/bytes.h"
#include "sbc/location/location.h"
#include "sbc/store/store.h"

/* One higher with each change that a reader of the one before would misread; new tags alone are no such change. */
#define KEEP_VERSION 1
#define KEEP_OLDEST  1

/* Numbers are kept for good: a new one at the end, none used again. */
enum keep_tag {
	KEEP_TAG_ALIAS = 1,
	KEEP_TAG_NETWORK,
	KEEP_TAG_AOR,
	KEEP_TAG_URI,
	KEEP_TAG_PARAMS,
	KEEP_TAG_INSTANCE,
	KEEP_TAG_REG_ID,
	KEEP_TAG_AGENT,
	KEEP_TAG_TRANSPORT,
	KEEP_TAG_LOCAL,
	KEEP_TAG_REMOTE,
	KEEP_TAG_FAILED,
	KEEP_TAG_WRITTEN_MS,
	KEEP_TAG_SINCE_MS,
	KEEP_TAG_SEEN_MS,
	KEEP_TAG_PHONE_UNTIL_MS,
	KEEP_TAG_CORE_UNTIL_MS,
	KEEP_TAG_CORE_HALF_MS,
	KEEP_TAG_PHONE_CALL_ID, /* keyed hash */
	KEEP_TAG_PHONE_CSEQ,
	KEEP_TAG_CORE_CALL_ID,
	KEEP_TAG_CORE_CSEQ,
};

/* Its texts, and what frames them and the rest; without allocation. */
#define KEEP_BYTES_MAX                                                                                                 \
	(AOR_MAX + LOCATION_URI_MAX + LOCATION_PARAMS_MAX + LOCATION_INSTANCE_MAX + LOCATION_AGENT_MAX + 1024)

/* ret lies in buf. 0, or -EMSGSIZE: the name of its network is beyond all measure. */
int keep_write(const struct location_binding *b, uint8_t buf[KEEP_BYTES_MAX], struct str *ret);
/* Into the store, unless nothing changed that outlives the process: that a time has passed is in the record, and that
 * a connection went needs none. Worker's thread. */
void keep_binding(struct store *s, const struct location_binding *b);

/* The slot of the worker that a record is for. False: its key is none of ours. */
bool keep_slot(const struct ident_key *k, struct str key, uint8_t *ret_slot);
/* A record into the location of its slot's worker, before that runs. Counted. 0; -ETIME: the core's expiry is over;
 * -ENOENT: its network is not configured; -ENOSPC, -EMFILE: above a limit; -EBADMSG: damaged; -EPROTO: of a version
 * that cannot be read; -ENOMEM. */
int keep_restore(struct location *l, struct str key, struct str bytes);
/* Is this a record, of whatever key, that is over? */
bool keep_over(struct str bytes);

#endif
