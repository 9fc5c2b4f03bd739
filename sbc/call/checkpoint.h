/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint: an answered call as bytes, for a process that comes after this one. Private to this room.
 *
 *   checkpoint.c           when a record is written and when it goes
 *   checkpoint_write.c     struct call -> bytes
 *   checkpoint_read.c      bytes -> struct call_record: slices of the bytes, every value looked at; allocates nothing
 *   checkpoint_restore.c   struct call_record -> struct call
 *
 * Names stand for networks, peers and routes, so that another configuration can take them up. Times are wall-clock
 * times. Transactions are not kept: an exchange under way counts as rolled back, an ACK that is awaited as received. */
#ifndef SBC_CALL_CHECKPOINT_H
#define SBC_CALL_CHECKPOINT_H

#include "base/bytes.h"
#include "sbc/call/call.h"

/* One higher with each change that a reader of the one before would misread; new tags alone are no such change. */
#define CHECKPOINT_VERSION 1
#define CHECKPOINT_OLDEST  1

/* Numbers are kept for good: a new one at the end, none used again. */
enum call_tag {
	CALL_TAG_ID = 1,
	CALL_TAG_WRITTEN_US,
	CALL_TAG_START_US,
	CALL_TAG_RING_US,
	CALL_TAG_ANSWER_US,
	CALL_TAG_STATUS,
	CALL_TAG_ECHO,
	CALL_TAG_ROUTE,
	CALL_TAG_PEER_IN,
	CALL_TAG_PEER_OUT,
	CALL_TAG_COUNTED_IN,
	CALL_TAG_COUNTED_OUT,
	CALL_TAG_ATTEMPT, /* repeated */
	CALL_TAG_A,
	CALL_TAG_B,
	CALL_TAG_SIDE_A,
	CALL_TAG_SIDE_B,
	CALL_TAG_PAST, /* repeated */
	CALL_TAG_TO_PHONE,
};
enum attempt_tag { ATTEMPT_TAG_PEER = 1, ATTEMPT_TAG_REMOTE, ATTEMPT_TAG_STATUS, ATTEMPT_TAG_CAUSE };
enum leg_field_tag {
	LEG_TAG_NETWORK = 1,
	LEG_TAG_PEER,
	LEG_TAG_DIALOG,
	LEG_TAG_MAX_FORWARDS,
	LEG_TAG_INVITE_CSEQ,
	LEG_TAG_FAR_UPDATE,
	LEG_TAG_ORIGIN_ID,
	LEG_TAG_ORIGIN_VERSION,
	LEG_TAG_ORIGIN_DIGEST,
	LEG_TAG_SDP_SENT,
	LEG_TAG_SDP_GOT_DIGEST,
	LEG_TAG_FORK,
	LEG_TAG_FORBIDDEN, /* repeated */
	LEG_TAG_ALLOWED,   /* repeated */
	LEG_TAG_AGREED,    /* repeated */
	LEG_TAG_AOR,
	LEG_TAG_ALIAS,
};
enum agreed_tag {
	AGREED_TAG_STREAM = 1,
	AGREED_TAG_RTP,
	AGREED_TAG_RTP_ADDR,
	AGREED_TAG_RTCP_ADDR,
	AGREED_TAG_RTCP_MUX,
	AGREED_TAG_LATCH,
	AGREED_TAG_SIGNALLING,
	AGREED_TAG_SEND,
	AGREED_TAG_RECEIVE,
	AGREED_TAG_CLOCK_HZ,
	AGREED_TAG_SILENCE_MS,
};
enum side_tag { SIDE_TAG_NETWORK = 1, SIDE_TAG_V6, SIDE_TAG_STREAM /* repeated */ };
enum stream_tag { STREAM_TAG_INDEX = 1, STREAM_TAG_RTP, STREAM_TAG_RTCP_PORT };
enum past_tag {
	PAST_TAG_SIDE = 1,
	PAST_TAG_STREAM,
	PAST_TAG_PACKETS,
	PAST_TAG_BYTES,
	PAST_TAG_RELAYED,
	PAST_TAG_RTCP_PACKETS,
	PAST_TAG_LOST,
	PAST_TAG_REORDERED,
	PAST_TAG_DUPLICATED,
	PAST_TAG_DROP, /* repeated: key and number */
	PAST_TAG_FIRST_AGE_MS,
	PAST_TAG_LAST_AGE_MS,
	PAST_TAG_COMMITTED_AGE_MS,
	PAST_TAG_JITTER_US,
	PAST_TAG_SOURCE_CHANGES,
	PAST_TAG_WINDOW_MS,
	PAST_TAG_LATCHED_RTP,
	PAST_TAG_LATCHED_RTCP,
	PAST_TAG_RANK_RTP,
	PAST_TAG_RANK_RTCP,
	PAST_TAG_REFUSED,
	PAST_TAG_SSRC,
	PAST_TAG_SEQ,
};
enum drop_tag { DROP_TAG_KEY = 1, DROP_TAG_COUNT };

struct leg_record {
	bool present;
	struct str network, peer; /* peer without p: none */
	struct str aor, alias;    /* of a registered phone; without p: none */
	struct bytes_field dialog;
	uint32_t max_forwards, invite_cseq, fork;
	bool far_update;
	uint64_t origin_id, origin_version, origin_digest, sdp_got_digest;
	struct str sdp_sent;
	struct {
		struct str s;
		bool allowed;
	} needle[LEAK_SET_MAX];
	unsigned n_needles;
	struct media_remote agreed[MEDIA_MAX_STREAMS]; /* used: there was one */
	unsigned n_agreed;
};

struct side_record {
	bool present;
	struct str network;
	bool v6;
	uint32_t used;
	unsigned n_local;
	struct media_local local[MEDIA_MAX_STREAMS];
};

struct call_record {
	struct str id;
	uint64_t written_us, start_us, ring_us, answer_us; /* wall clock; 0: did not happen */
	uint32_t status;
	bool echo, to_phone, counted_in, counted_out;
	struct str route, peer_in, peer_out; /* without p: none */
	struct {
		struct str peer, cause;
		struct addr remote;
		uint32_t status;
	} attempt[CDR_MAX_ATTEMPTS];
	unsigned n_attempts;
	struct leg_record leg[2];
	struct side_record side[2];
	struct media_past past[2][MEDIA_MAX_STREAMS]; /* as of written_us */
	uint32_t has_past[2];                         /* bit a stream */
};

/* stats: NULL without media, or when there are none. The caller seals and finishes w. */
void checkpoint_write(const struct call *c, const struct media_stats *stats, struct bytes_writer *w);
/* 0; -EBADMSG or -EPROTO with *ret in disorder. Slices live as long as the bytes. */
int checkpoint_read(struct str bytes, struct call_record *ret);
/* 0 and the call, counted and in its registry; or -ENOMEM, -EBADMSG, and nothing is left. */
int checkpoint_restore(struct calls *cs, const struct call_record *r, struct call **ret);

#endif
