/* SPDX-License-Identifier: Apache-2.0 */
/* rtp: reading RTP and RTCP headers, and what one synchronisation source's packets say about loss, order and jitter.
 * Pure: bytes, numbers and a time in, numbers out. Any thread, one owner per struct. */
#ifndef MEDIA_RTP_H
#define MEDIA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

/* RFC 7983 §7: what a datagram on a media port is, by its first byte; RTP and RTCP by the second (RFC 5761 §4). */
enum packet_kind {
	PACKET_OTHER, /* STUN, DTLS, ZRTP, TURN channels, noise: nothing that is relayed today */
	PACKET_RTP,
	PACKET_RTCP,
	PACKET_DATAGRAM, /* a stream that is not RTP: never looked into */
};
enum packet_kind packet_classify(const uint8_t *p, size_t n);

struct rtp_header {
	uint32_t timestamp, ssrc;
	uint16_t seq;
	uint8_t payload_type;
	bool marker;
	size_t header_bytes;  /* with CSRCs and extension */
	size_t payload_bytes; /* without padding */
};
#define RTP_HEADER_BYTES  12
#define RTCP_HEADER_BYTES 8

/* RFC 3550 §5.1 and A.1: version, CSRCs, extension and padding all inside the packet. */
bool rtp_parse(const uint8_t *p, size_t n, struct rtp_header *ret);
/* RFC 3550 A.2, but the first packet may be of any kind (RFC 5506 reduced size): every packet is version 2 and the
 * lengths add up exactly; padding only in the last. */
bool rtcp_check(const uint8_t *p, size_t n);
/* Of a packet that passed rtcp_check(): takes out, in place, what may name who sends, and sets *n to what is left, 0
 * included. Reports, feedback and XR cross; a CNAME (user@host by RFC 3550 §6.5.1) as letters made from it and the key;
 * other SDES items, the reason of a BYE (§6.6), APP packets (§6.7) and unknown types do not. false: an SDES or BYE
 * whose parts do not fit into it; some of it may be changed by then. */
bool rtcp_hide(const struct hash_key *key, uint8_t *p, size_t *n);

/* Reception state of one sender (RFC 3550 A.1, A.3, A.8). Zeroed: nothing received. A change of SSRC, or a jump that
 * two consecutive packets confirm, begins a new run; the runs before are summed. */
struct rtp_source {
	uint32_t ssrc;
	uint32_t cycles;   /* sequence wraps, shifted left by 16 */
	uint32_t base_seq; /* first of this run */
	uint32_t bad_seq;  /* the next one after a jump; > 65535: none */
	uint16_t max_seq;
	bool started, have_transit;
	uint32_t received; /* in this run, without duplicates */
	uint32_t transit, timestamp;
	uint32_t jitter_x16; /* in timestamp units, times 16 */
	uint64_t seen;       /* bit i: max_seq - i came */
	uint64_t start_ns;
	uint64_t lost_before; /* in earlier runs */
	uint64_t reordered, duplicated;
};

/* clock_hz > 0 */
void rtp_source_packet(struct rtp_source *s, const struct rtp_header *h, uint32_t clock_hz, uint64_t now_ns);
/* A sender that was followed elsewhere: its run goes on after this packet, so that what is lost meanwhile counts. Of a
 * zeroed source; sums of the runs before are the caller's to set. */
void rtp_source_resume(struct rtp_source *s, uint32_t ssrc, uint16_t seq, uint32_t jitter_us, uint32_t clock_hz,
		       uint64_t now_ns);
uint64_t rtp_source_lost(const struct rtp_source *s);
uint32_t rtp_source_jitter_us(const struct rtp_source *s, uint32_t clock_hz);

#endif
