/* SPDX-License-Identifier: Apache-2.0 */
/* hand_record: the record of a call, field by field, as another process might have left it. */
#ifndef TESTS_UNIT_CALL_HAND_RECORD_H
#define TESTS_UNIT_CALL_HAND_RECORD_H

#include "sbc/call/checkpoint.h"
#include "tests/unit/call/rig.h"

/* A hundred media ports that are this process's: others may run the same test. */
static inline unsigned hand_port(void)
{
	return 10000 + (unsigned)getpid() % 200 * 100;
}

static char hand_id[IDENT_LEN + 1], hand_tag[2][IDENT_LEN + 1]; /* of the rig's key */

/* What is not finished in it. */
enum exchanging { NOTHING, LATE, ASKED, ASKED_FOR_AN_OFFER, NOT_ASKED_YET };
static const struct open {
	enum call_stage stage;
	bool late, reinvited, ack;
	enum exchanging exchange;
} open_cases[] = {
	{STAGE_TALKING, false, false, false, NOTHING},       {STAGE_TALKING, false, true, true, NOTHING},
	{STAGE_UNACKED, false, false, false, NOTHING},       {STAGE_UNACKED, true, false, false, NOTHING},
	{STAGE_RINGING, false, false, false, NOTHING},       {STAGE_TALKING, false, false, true, LATE},
	{STAGE_TALKING, false, false, false, ASKED},         {STAGE_TALKING, false, false, false, ASKED_FOR_AN_OFFER},
	{STAGE_TALKING, false, false, false, NOT_ASKED_YET},
};
#define N_OPEN_CASES (sizeof(open_cases) / sizeof(open_cases[0]))

#define SDP_TEXT                                                                                                       \
	"v=0\r\no=- 4711 3 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"

static void hand_where(struct bytes_writer *w, const char *text)
{
	struct addr local = at("127.0.0.1:5060"), remote = at("127.0.0.2:9");

	bytes_z(w, INVITE_TAG_TEXT, text);
	bytes_u64(w, INVITE_TAG_TRANSPORT, CONFIG_UDP);
	bytes_addr(w, INVITE_TAG_LOCAL, &local);
	bytes_addr(w, INVITE_TAG_REMOTE, &remote);
}

/* Their INVITE that has this answer. */
static void hand_in(struct bytes_writer *w, int status)
{
	size_t begun = bytes_begin(w, LEG_TAG_INVITE_IN);
	char text[600];

	snprintf(text, sizeof(text),
		 "SIP/2.0 %d %s\r\nVia: SIP/2.0/UDP 127.0.0.2:9;branch=z9hG4bKtheirs;received=127.0.0.2;rport=9\r\n"
		 "From: <sip:them@127.0.0.2>;tag=remote-tag\r\nCall-ID: theirs@192.0.2.1\r\nCSeq: 101 INVITE\r\n"
		 "To: <sip:us@127.0.0.1>;tag=%s\r\nContent-Length: 0\r\n\r\n",
		 status, status_phrase(status), hand_tag[0]);
	hand_where(w, text);
	bytes_u64(w, INVITE_TAG_CSEQ, 101);
	if (status == 200)
		bytes_u64(w, INVITE_TAG_SINCE_US, clock_wall_us(clock_ns()) - 2000000);
	bytes_end(w, begun);
}

static void hand_out(struct bytes_writer *w)
{
	size_t begun = bytes_begin(w, LEG_TAG_INVITE_OUT);
	char text[600], branch[IDENT_LEN + 1];

	ident_mint(&e.key, 17, branch);
	snprintf(text, sizeof(text),
		 "INVITE sip:them@127.0.0.2:9 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK%s;rport\r\n"
		 "Max-Forwards: 69\r\nFrom: <sip:us@127.0.0.1>;tag=%s\r\nTo: <sip:them@127.0.0.2>\r\nCall-ID: %s\r\n"
		 "CSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n",
		 branch, hand_tag[1], hand_tag[1]);
	hand_where(w, text);
	bytes_u64(w, INVITE_TAG_FLOW_ONLY, 0);
	bytes_u64(w, INVITE_TAG_PROVISIONAL, 1);
	bytes_end(w, begun);
}

static void hand_open_leg(struct bytes_writer *w, bool a, const struct open *o)
{
	if (a && (o->stage == STAGE_UNACKED || o->reinvited || o->exchange == LATE))
		hand_in(w, 200);
	else if (a && (o->stage == STAGE_RINGING || o->exchange))
		hand_in(w, 180);
	if (!a && (o->stage == STAGE_RINGING || o->exchange == ASKED || o->exchange == ASKED_FOR_AN_OFFER))
		hand_out(w);
	if (a || !o->ack)
		return;
	bytes_z(w, LEG_TAG_ACK, "ACK sip:them@127.0.0.2 SIP/2.0\r\n\r\n" SDP_TEXT);
	bytes_u64(w, LEG_TAG_ACK_CSEQ, 101);
	bytes_z(w, LEG_TAG_CREDENTIALS, "Authorization: Digest username=\"us\"\r\n");
}

static void hand_open_call(struct bytes_writer *w, const struct open *o)
{
	size_t begun;

	bytes_u64(w, CALL_TAG_STAGE, o->stage);
	if (o->late)
		bytes_z(w, CALL_TAG_LATE_OFFER, SDP_TEXT);
	if (!o->exchange)
		return;
	begun = bytes_begin(w, CALL_TAG_EXCHANGE);
	bytes_u64(w, EXCHANGE_TAG_FROM, MEDIA_A);
	bytes_u64(w, EXCHANGE_TAG_LATE, o->exchange == LATE);
	if (o->exchange != ASKED_FOR_AN_OFFER)
		bytes_z(w, EXCHANGE_TAG_SDP, SDP_TEXT);
	bytes_end(w, begun);
}

static void hand_leg(struct bytes_writer *w, bool a, unsigned port, const struct open *o)
{
	struct dialog d;
	struct dialog_uac p = {.call_id = str_z(a ? "theirs@192.0.2.1" : hand_tag[1]),
			       .local = STR("\"Us\" <sip:us@127.0.0.1>"),
			       .remote = STR("<sip:them@127.0.0.2>"),
			       .target = STR("sip:them@127.0.0.2:9"),
			       .local_tag = hand_tag[!a],
			       .peer = {.transport = CONFIG_UDP, .remote = at("127.0.0.2:9")}};
	struct addr media = at("127.0.0.2:4000"), rtcp = at("127.0.0.2:4001");
	size_t leg, agreed;

	assert_int_equal(dialog_init_uac(&d, &p), 0);
	assert_int_equal(
		dialog_set_texts(&d, &(struct dialog_texts){p.call_id, p.local, p.remote, STR("remote-tag"), p.target,
							    STR("Route: <sip:proxy;lr>\r\nRoute: <sip:p2>\r\n")}),
		0);
	d.local_cseq = 7;
	d.remote_cseq = 101;
	d.remote_cseq_set = true;
	dialog_follow(&d, NULL);
	leg = bytes_begin(w, a ? CALL_TAG_A : CALL_TAG_B);
	bytes_z(w, LEG_TAG_NETWORK, "n");
	bytes_z(w, LEG_TAG_PEER, a ? "a" : "b");
	dialog_write(&d, w, LEG_TAG_DIALOG);
	dialog_finish(&d);
	bytes_u64(w, LEG_TAG_MAX_FORWARDS, 69);
	bytes_u64(w, LEG_TAG_INVITE_CSEQ, 101);
	bytes_u64(w, LEG_TAG_FAR_UPDATE, 1);
	bytes_u64(w, LEG_TAG_ORIGIN_ID, 4711);
	bytes_u64(w, LEG_TAG_ORIGIN_VERSION, 3);
	bytes_u64(w, LEG_TAG_ORIGIN_DIGEST, 0x1234567890abcdef);
	bytes_z(w, LEG_TAG_SDP_SENT, "v=0\r\no=- 4711 3 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
	bytes_u64(w, LEG_TAG_SDP_GOT_DIGEST, 99);
	bytes_u64(w, LEG_TAG_FORK, a ? 0 : 2);
	bytes_z(w, LEG_TAG_FORBIDDEN, "secret.example.org");
	bytes_z(w, LEG_TAG_ALLOWED, "allowed.example.org");
	agreed = bytes_begin(w, LEG_TAG_AGREED);
	bytes_u64(w, AGREED_TAG_STREAM, 1);
	bytes_u64(w, AGREED_TAG_RTP, 1);
	bytes_addr(w, AGREED_TAG_RTP_ADDR, &media);
	bytes_addr(w, AGREED_TAG_RTCP_ADDR, &rtcp);
	bytes_u64(w, AGREED_TAG_RTCP_MUX, 0);
	bytes_u64(w, AGREED_TAG_LATCH, MEDIA_LATCH_RESTRICTED);
	bytes_addr(w, AGREED_TAG_SIGNALLING, &media);
	bytes_u64(w, AGREED_TAG_SEND, 1);
	bytes_u64(w, AGREED_TAG_RECEIVE, 1);
	bytes_u64(w, AGREED_TAG_CLOCK_HZ, 8000);
	bytes_u64(w, AGREED_TAG_SILENCE_MS, 30000);
	bytes_end(w, agreed);
	hand_open_leg(w, a, o);
	bytes_end(w, leg);
	/* its side: stream 0 was refused */
	leg = bytes_begin(w, a ? CALL_TAG_SIDE_A : CALL_TAG_SIDE_B);
	bytes_z(w, SIDE_TAG_NETWORK, "n");
	bytes_u64(w, SIDE_TAG_V6, 0);
	agreed = bytes_begin(w, SIDE_TAG_STREAM);
	media = at("127.0.0.1:0");
	addr_set_port(&media, (uint16_t)port);
	bytes_u64(w, STREAM_TAG_INDEX, 1);
	bytes_addr(w, STREAM_TAG_RTP, &media);
	bytes_u64(w, STREAM_TAG_RTCP_PORT, port + 1);
	bytes_end(w, agreed);
	bytes_end(w, leg);
}

static void hand_call(struct bytes_writer *w, const struct open *o)
{
	uint64_t now_us = clock_wall_us(clock_ns());
	struct addr to = at("127.0.0.2:9");
	size_t attempt;

	bytes_z(w, CALL_TAG_ID, hand_id);
	bytes_u64(w, CALL_TAG_WRITTEN_US, now_us - 1000000);
	bytes_u64(w, CALL_TAG_START_US, now_us - 9000000);
	bytes_u64(w, CALL_TAG_RING_US, now_us - 8000000);
	bytes_u64(w, CALL_TAG_ANSWER_US, now_us - 7000000);
	bytes_u64(w, CALL_TAG_STATUS, 200);
	bytes_u64(w, CALL_TAG_ECHO, 0);
	bytes_z(w, CALL_TAG_ROUTE, "out");
	bytes_z(w, CALL_TAG_PEER_IN, "a");
	bytes_z(w, CALL_TAG_PEER_OUT, "b");
	bytes_u64(w, CALL_TAG_COUNTED_IN, 1);
	bytes_u64(w, CALL_TAG_COUNTED_OUT, 1);
	for (unsigned i = 0; i < 2; i++) {
		attempt = bytes_begin(w, CALL_TAG_ATTEMPT);
		bytes_z(w, ATTEMPT_TAG_PEER, "b");
		bytes_addr(w, ATTEMPT_TAG_REMOTE, &to);
		bytes_u64(w, ATTEMPT_TAG_STATUS, i ? 200 : 503);
		if (!i)
			bytes_z(w, ATTEMPT_TAG_CAUSE, "status");
		bytes_end(w, attempt);
	}
	hand_open_call(w, o);
	hand_leg(w, true, hand_port(), o);
	hand_leg(w, false, hand_port() + 10, o);
}

static struct str hand_open_record(struct bytes_writer *w, uint8_t version, uint8_t oldest, const struct open *o)
{
	struct str record;

	bytes_writer_grow(w, 1 << 16, version, oldest);
	hand_call(w, o);
	assert_int_equal(bytes_seal(w, &record), 0);
	return record;
}

static struct str hand_record(struct bytes_writer *w, uint8_t version, uint8_t oldest)
{
	return hand_open_record(w, version, oldest, &open_cases[0]);
}

#endif
