/* SPDX-License-Identifier: Apache-2.0 */
#include "media/rtp.h"

/* RFC 3550 A.1 */
#define SEQ_MOD      65536u
#define MAX_DROPOUT  3000
#define MAX_MISORDER 100
#define NO_BAD_SEQ   (SEQ_MOD + 1)
#define SEEN_BITS    64

static uint16_t read_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}
static uint32_t read_u32(const uint8_t *p)
{
	return (uint32_t)read_u16(p) << 16 | read_u16(p + 2);
}

enum packet_kind packet_classify(const uint8_t *p, size_t n)
{
	if (n < 2 || p[0] < 128 || p[0] > 191)
		return PACKET_OTHER;
	return p[1] >= 192 && p[1] <= 223 ? PACKET_RTCP : PACKET_RTP;
}

bool rtp_parse(const uint8_t *p, size_t n, struct rtp_header *ret)
{
	if (n < RTP_HEADER_BYTES || p[0] >> 6 != 2)
		return false;
	size_t head = RTP_HEADER_BYTES + 4u * (p[0] & 15u), padding = 0;
	if (p[0] & 0x10) {
		if (n < head + 4)
			return false;
		head += 4 + 4u * read_u16(p + head + 2);
	}
	if (n < head)
		return false;
	if (p[0] & 0x20) {
		padding = n > head ? p[n - 1] : 0;
		if (padding == 0 || padding > n - head)
			return false;
	}
	*ret = (struct rtp_header){
		.timestamp = read_u32(p + 4),
		.ssrc = read_u32(p + 8),
		.seq = read_u16(p + 2),
		.payload_type = p[1] & 0x7f,
		.marker = p[1] & 0x80,
		.header_bytes = head,
		.payload_bytes = n - head - padding,
	};
	return true;
}

bool rtcp_check(const uint8_t *p, size_t n)
{
	if (n < RTCP_HEADER_BYTES)
		return false;
	while (n) {
		if (n < 4 || p[0] >> 6 != 2 || p[1] < 192 || p[1] > 223)
			return false;
		size_t len = 4 * ((size_t)read_u16(p + 2) + 1);
		bool padded = p[0] & 0x20;
		if (len > n || (padded && len != n))
			return false;
		if (padded && (p[n - 1] == 0 || p[n - 1] > len - 4))
			return false;
		p += len;
		n -= len;
	}
	return true;
}

static uint64_t lost_in_run(const struct rtp_source *s)
{
	/* a packet from before the first of the run can make more received than expected */
	uint64_t expected = (uint64_t)s->cycles + s->max_seq - s->base_seq + 1;
	return s->started && expected > s->received ? expected - s->received : 0;
}

uint64_t rtp_source_lost(const struct rtp_source *s)
{
	return s->lost_before + lost_in_run(s);
}

uint32_t rtp_source_jitter_us(const struct rtp_source *s, uint32_t clock_hz)
{
	return (uint32_t)((uint64_t)(s->jitter_x16 >> 4) * 1000000 / clock_hz);
}

/* received: 1, or 2 when the packet before belongs to the run too */
static void begin_run(struct rtp_source *s, const struct rtp_header *h, uint32_t received, uint64_t now_ns)
{
	s->lost_before = rtp_source_lost(s);
	s->ssrc = h->ssrc;
	s->base_seq = h->seq - (received - 1);
	s->max_seq = h->seq;
	s->cycles = s->base_seq > h->seq ? SEQ_MOD : 0; /* 65535 then 0 */
	s->base_seq &= SEQ_MOD - 1;
	s->bad_seq = NO_BAD_SEQ;
	s->received = received;
	s->seen = received == 2 ? 3 : 1;
	s->start_ns = now_ns;
	s->started = true;
	s->have_transit = false;
	s->jitter_x16 = 0;
}

void rtp_source_resume(struct rtp_source *s, uint32_t ssrc, uint16_t seq, uint32_t jitter_us, uint32_t clock_hz,
		       uint64_t now_ns)
{
	begin_run(s, &(struct rtp_header){.ssrc = ssrc, .seq = seq}, 1, now_ns);
	s->jitter_x16 = (uint32_t)((uint64_t)jitter_us * clock_hz / 1000000) << 4;
}

/* RFC 3550 A.8. Packets that share a timestamp with the one before (a video frame's rest, a telephone-event that goes
 * on) are left out: they were not sampled when they were sent, and would count as jitter. */
static void update_jitter(struct rtp_source *s, const struct rtp_header *h, uint32_t clock_hz, uint64_t now_ns)
{
	uint32_t arrival = (uint32_t)((now_ns - s->start_ns) / 1000 * clock_hz / 1000000);
	uint32_t transit = arrival - h->timestamp;
	if (s->have_transit && h->timestamp == s->timestamp)
		return;
	if (s->have_transit) {
		int32_t d = (int32_t)(transit - s->transit);
		uint32_t gap = d < 0 ? 0u - (uint32_t)d : (uint32_t)d;
		/* a timestamp that jumped (a new talker behind one SSRC) is not jitter: more than 5 s is a restart */
		if (gap < 5 * clock_hz)
			s->jitter_x16 += gap - ((s->jitter_x16 + 8) >> 4);
	}
	s->transit = transit;
	s->timestamp = h->timestamp;
	s->have_transit = true;
}

/* Behind max_seq by 1..MAX_MISORDER. */
static void late_packet(struct rtp_source *s, unsigned behind)
{
	uint64_t bit = behind < SEEN_BITS ? 1ull << behind : 0;
	if (s->seen & bit) {
		s->duplicated++;
		return;
	}
	s->seen |= bit;
	s->reordered++;
	s->received++;
}

static void next_packet(struct rtp_source *s, uint16_t seq, unsigned ahead)
{
	if (seq < s->max_seq)
		s->cycles += SEQ_MOD;
	s->max_seq = seq;
	s->seen = ahead < SEEN_BITS ? s->seen << ahead | 1 : 1;
	s->received++;
	s->bad_seq = NO_BAD_SEQ;
}

void rtp_source_packet(struct rtp_source *s, const struct rtp_header *h, uint32_t clock_hz, uint64_t now_ns)
{
	if (!s->started || s->ssrc != h->ssrc)
		begin_run(s, h, 1, now_ns);
	else {
		unsigned ahead = (uint16_t)(h->seq - s->max_seq);
		if (ahead == 0) {
			s->duplicated++;
			return;
		}
		if (ahead > SEQ_MOD - MAX_MISORDER) {
			late_packet(s, SEQ_MOD - ahead);
			return;
		}
		if (ahead < MAX_DROPOUT)
			next_packet(s, h->seq, ahead);
		else if (h->seq == s->bad_seq)
			begin_run(s, h, 2, now_ns);
		else {
			s->bad_seq = (h->seq + 1u) & (SEQ_MOD - 1);
			return;
		}
	}
	update_jitter(s, h, clock_hz, now_ns);
}
