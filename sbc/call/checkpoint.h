/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint: a call as bytes, for a process that comes after this one: an answered one to be gone on with, a ringing
 * one to be ended on both sides. Private to this room.
 *
 *   checkpoint.c           when a record is written and when it goes
 *   checkpoint_write.c     struct call -> bytes
 *   checkpoint_read.c      bytes -> struct call_record: slices of the bytes, every value looked at; allocates nothing
 *   checkpoint_restore.c   struct call_record -> struct call
 *   checkpoint_open.c      both ways for what is not finished: INVITEs in flight, a late offer, an exchange
 *   checkpoint_resume.c    what is not finished goes on, or is ended
 *
 * Names stand for networks, peers and routes, so that another configuration can take them up. Times are wall-clock
 * times. Of transactions only those of INVITEs are kept. */
#ifndef SBC_CALL_CHECKPOINT_H
#define SBC_CALL_CHECKPOINT_H

#include "base/bytes.h"
#include "sbc/call/call.h"

/* One higher with each change that a reader of the one before would misread; new tags alone are no such change. */
#define CHECKPOINT_VERSION 2
/* 1 took every record for a call in which both sides talk. */
#define CHECKPOINT_OLDEST  1
#define CHECKPOINT_PENDING 2 /* the oldest for a call that is not there yet */

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
	CALL_TAG_STAGE,
	CALL_TAG_LATE_OFFER,
	CALL_TAG_EXCHANGE,
};
/* Numbers are kept for good, too. */
enum call_stage { STAGE_TALKING, STAGE_UNACKED, STAGE_RINGING, STAGE_COUNT };
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
	LEG_TAG_INVITE_IN,
	LEG_TAG_INVITE_OUT,
	LEG_TAG_ACK,
	LEG_TAG_ACK_CSEQ,
};
enum invite_tag {
	INVITE_TAG_TEXT = 1,
	INVITE_TAG_TRANSPORT,
	INVITE_TAG_LOCAL,
	INVITE_TAG_REMOTE,
	INVITE_TAG_FLOW_ONLY,
	INVITE_TAG_CSEQ,
	INVITE_TAG_SINCE_US,
	INVITE_TAG_PROVISIONAL,
};
enum exchange_tag { EXCHANGE_TAG_FROM = 1, EXCHANGE_TAG_LATE, EXCHANGE_TAG_SDP };
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

/* One that is not finished; theirs (in) or ours (out). */
struct invite_record {
	bool present;
	struct str text; /* as server_txn_keep(), client_txn_keep() */
	enum config_transport transport;
	struct addr local, remote;
	bool flow_only, provisional; /* out */
	uint32_t cseq;               /* in */
	uint64_t since_us;           /* in: its 2xx was sent first; 0: it has no final answer */
};

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
	struct invite_record in, out;
	struct str ack; /* our last one, as it was sent: it brought an answer; without p: none */
	uint32_t ack_cseq;
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
	uint32_t stage;
	struct str late_offer; /* leg B's, which the caller's ACK is to answer; without p: none */
	struct {
		bool present;
		uint32_t from; /* MEDIA_A or MEDIA_B: who asked */
		bool late;     /* it was answered by an offer, `sdp`; else sdp is what the other side was told before */
		struct str sdp; /* without p: it was asked for an offer */
	} exchange;
	struct leg_record leg[2];
	struct side_record side[2];
	struct media_past past[2][MEDIA_MAX_STREAMS]; /* as of written_us */
	uint32_t has_past[2];                         /* bit a stream */
};

/* stats: NULL without media, or when there are none. The caller seals and finishes w. */
void checkpoint_write(const struct call *c, const struct media_stats *stats, struct bytes_writer *w);
/* The oldest version whose reader can make sense of it. */
uint8_t checkpoint_oldest(const struct call *c);
/* 0; -EBADMSG or -EPROTO with *ret in disorder. Slices live as long as the bytes. */
int checkpoint_read(struct str bytes, struct call_record *ret);
/* The legs are there, as of a call that talks: back to how far it was. What follows is done when the worker runs. 0,
 * -ENOMEM, -EBADMSG. */
int checkpoint_resume(struct call *c, const struct call_record *r);

/* ---- checkpoint_open.c ---- */

enum call_stage open_stage(const struct call *c);
/* Fields of the call, and of a leg. */
void open_write_call(const struct call *c, struct bytes_writer *w);
void open_write_leg(const struct call *c, const struct leg *l, struct bytes_writer *w);
/* False: not what it can be. A field that is not of these is passed over. */
bool open_call_field(struct call_record *r, const struct bytes_field *f);
bool open_leg_field(struct leg_record *r, const struct bytes_field *f);
/* All is there that its stage needs. */
bool open_complete(const struct call_record *r);

#endif
