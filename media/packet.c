/* SPDX-License-Identifier: Apache-2.0 */
/* packet: the way of one datagram, as a flat list of stages. A stage looks at what earlier ones found, adds its own
 * verdict, and lets the packet go on or names why not. Nothing here allocates, locks, logs or waits. */
#include "base/clock.h"
#include "media/internal.h"

struct packet {
	/* inputs */
	struct worker *worker;
	struct stream *in;
	enum latch_component component; /* it came in on */
	const struct addr *from;
	uint8_t *p;
	size_t n;
	uint64_t now_ns;
	/* verdicts */
	enum packet_kind kind;
	struct rtp_header rtp; /* when kind is RTP */
	struct remote *fork;   /* who sent it */
	unsigned fork_index;
	/* output */
	struct stream *out;
	struct remote *to;
	enum latch_component out_component;
};

/* Otherwise an enum media_drop. */
enum { PACKET_GO = -1, PACKET_CONSUMED = -2 };

/* ---- classify: RFC 7983, and whether the headers hold together ------------------------------------------------ */

static int classify_rtp(struct packet *k)
{
	k->kind = packet_classify(k->p, k->n);
	switch (k->kind) {
	case PACKET_RTP:
		if (k->n < RTP_HEADER_BYTES)
			return MEDIA_DROP_SHORT;
		if (k->component != LATCH_RTP)
			return MEDIA_DROP_KIND;
		return rtp_parse(k->p, k->n, &k->rtp) ? PACKET_GO : MEDIA_DROP_RTP;
	case PACKET_RTCP:
		if (k->n < RTCP_HEADER_BYTES)
			return MEDIA_DROP_SHORT;
		return rtcp_check(k->p, k->n) ? PACKET_GO : MEDIA_DROP_RTCP;
	case PACKET_OTHER:
	case PACKET_DATAGRAM:
		break;
	}
	return k->n < 2 ? MEDIA_DROP_SHORT : MEDIA_DROP_KIND;
}

static int classify_datagram(struct packet *k)
{
	k->kind = PACKET_DATAGRAM;
	if (k->component != LATCH_RTP)
		return MEDIA_DROP_KIND;
	return k->n ? PACKET_GO : MEDIA_DROP_SHORT;
}

/* ---- source: whose packet it is, and whether that one may send ------------------------------------------------- */

static struct latch_packet latch_input(const struct packet *k, const struct remote *r)
{
	return (struct latch_packet){
		.from = k->from,
		.lead = k->component == LATCH_RTCP ? &r->latch[LATCH_RTP].source : NULL,
		.rtp = k->kind == PACKET_RTP,
		.ssrc = k->rtp.ssrc,
		.seq = k->rtp.seq,
		.now_ns = k->now_ns,
	};
}

/* Which fork a source fits best: by rank, and among equals the one that is latched to it, then the one that is heard,
 * then one without a source. With the address and port of the SDP there is nothing better to tell forks of the same far
 * host apart, so the one that is heard comes first. Smaller is better; UINT_MAX: not at all. */
static unsigned fit(const struct packet *k, const struct remote *r, bool selected)
{
	const struct latch *l = &r->latch[k->component];
	const struct latch_packet in = latch_input(k, r);
	bool holds = latch_holds(l, k->from);
	enum media_rank rank = holds ? l->rank : latch_allows(l, &r->rules, &in);
	unsigned order = holds ? 0 : selected ? 1 : addr_is_set(&l->source) ? 3 : 2;

	if (rank == MEDIA_RANK_NONE)
		return UINT32_MAX;
	if (rank == MEDIA_RANK_SDP)
		order = selected ? 0 : 1;
	return rank * 4u + order;
}

/* The fork that is blamed for a packet that fits none: the one that is heard, or else any. */
static void blame(struct packet *k)
{
	const struct stream *st = k->in;
	k->fork_index = st->selected;
	for (unsigned f = 0; !st->remotes[k->fork_index] && f < MEDIA_MAX_FORKS; f++)
		k->fork_index = f;
	k->fork = st->remotes[k->fork_index];
}

static void find_fork(struct packet *k)
{
	const struct stream *st = k->in;
	unsigned best = UINT32_MAX;

	blame(k);
	if (st->n_forks <= 1)
		return;
	for (unsigned f = 0; f < MEDIA_MAX_FORKS; f++) {
		struct remote *r = st->remotes[f];
		unsigned fits = r && r->used ? fit(k, r, f == st->selected) : UINT32_MAX;
		if (fits < best) {
			best = fits;
			k->fork = r;
			k->fork_index = f;
		}
	}
}

static void source_changed(struct packet *k, const struct addr *before, enum media_evidence evidence)
{
	struct source_notice *n = &k->in->source;

	counter_add(&k->worker->counters.source_changes[evidence], 1);
	if (n->due)
		counter_add(&k->worker->counters.queue_full, 1); /* told together with the one that waits */
	else
		n->due_from = *before;
	n->due_fork = k->fork_index;
	n->due_evidence = evidence;
	n->due = true;
}

static void count_latch(struct packet *k, const struct latch *l, uint32_t races_before)
{
	if (k->component == LATCH_RTP)
		counter_add(&k->worker->counters.latches[l->rank], 1);
	if (l->races != races_before)
		counter_add(&k->worker->counters.races, l->races - races_before);
}

static int check_source(struct packet *k)
{
	find_fork(k);
	struct remote *r = k->fork;
	if (!r || !r->used)
		return MEDIA_DROP_SOURCE;
	/* RTCP on the RTP port is for those who agreed to it (RFC 5761 §5.1.1) */
	if (k->kind == PACKET_RTCP && k->component == LATCH_RTP && !r->rtcp_mux)
		return MEDIA_DROP_KIND;

	struct latch *l = &r->latch[k->component];
	struct addr before = l->source;
	uint32_t races = l->races;
	const struct latch_packet in = latch_input(k, r);
	enum media_evidence evidence = MEDIA_EVIDENCE_RTP_CONTINUED;

	switch (latch_packet(l, &r->rules, &in, &evidence)) {
	case LATCH_SAME:
		return PACKET_GO;
	case LATCH_REFUSED:
		counter_add(&k->worker->counters.races, l->races - races);
		return MEDIA_DROP_SOURCE;
	case LATCH_CHANGED:
		if (k->component == LATCH_RTP)
			source_changed(k, &before, evidence);
		break;
	case LATCH_TAKEN:
	case LATCH_REPLACED:
		count_latch(k, l, races);
		break;
	case LATCH_FOLLOWED:
		break;
	}
	remote_aim(r, k->in->side);
	return PACKET_GO;
}

/* ---- account --------------------------------------------------------------------------------------------------- */

static int account(struct packet *k)
{
	struct remote *r = k->fork;

	counter_add(&k->worker->counters.packets, 1);
	counter_add(&k->worker->counters.bytes, k->n);
	r->alive_ns = k->now_ns;
	r->silent = false;
	if (k->kind == PACKET_RTCP) {
		r->rtcp_packets++;
		return PACKET_GO;
	}
	r->packets++;
	r->bytes += k->n;
	r->last_ns = k->now_ns;
	if (!r->first_ns)
		r->first_ns = k->now_ns;
	if (k->kind == PACKET_RTP)
		rtp_source_packet(&r->source, &k->rtp, r->clock_hz, k->now_ns);
	return PACKET_GO;
}

/* ---- heard: only the selected fork, only in the agreed direction ----------------------------------------------- */

static int check_heard(struct packet *k)
{
	if (k->fork_index != k->in->selected)
		return MEDIA_DROP_UNSELECTED;
	/* RFC 3264 §5.1: RTCP is sent whatever the direction */
	return k->kind == PACKET_RTCP || k->fork->receive ? PACKET_GO : MEDIA_DROP_DIRECTION;
}

/* ---- target ---------------------------------------------------------------------------------------------------- */

static int find_target(struct packet *k)
{
	const struct stream *out = k->out;
	struct remote *to = out ? out->heard : NULL;

	if (!to || !to->used)
		return MEDIA_DROP_NO_TARGET;
	/* reports about a sender are no use to itself, and its own SSRC in them would look like a loop */
	if (out == k->in && k->kind == PACKET_RTCP)
		return PACKET_CONSUMED;
	if (k->kind != PACKET_RTCP && !to->send)
		return MEDIA_DROP_DIRECTION;
	k->to = to;
	k->out_component = k->kind == PACKET_RTCP && !to->rtcp_mux ? LATCH_RTCP : LATCH_RTP;
	if (out->component[k->out_component].sock.fd < 0 || !addr_is_set(&to->target[k->out_component]))
		return MEDIA_DROP_NO_TARGET;
	return PACKET_GO;
}

/* One side speaks RTP and the other does not (a switch to T.38 under way): nothing of one makes sense to the other. */
static int refuse_mixture(struct packet *k)
{
	return MEDIA_DROP_NO_TARGET;
}

/* ---- hide: RTCP names its sender, as user@host ----------------------------------------------------------------- */

static int hide_names(struct packet *k)
{
	if (k->kind != PACKET_RTCP)
		return PACKET_GO;
	if (!rtcp_hide(&k->worker->media->rtcp_key, k->p, &k->n))
		return MEDIA_DROP_RTCP;
	return k->n ? PACKET_GO : (int)MEDIA_DROP_HIDDEN;
}

/* ---- send ------------------------------------------------------------------------------------------------------ */

static int send_out(struct packet *k)
{
	const struct component *c = &k->out->component[k->out_component];

	if (k->kind == PACKET_RTCP)
		return io_send(k->worker->io, &c->sock, &k->to->target[k->out_component], k->p, k->n, NULL) < 0
			       ? (int)MEDIA_DROP_SEND
			       : PACKET_GO;
	if (io_send(k->worker->io, &c->sock, &k->to->target[k->out_component], k->p, k->n, k->fork) < 0)
		return MEDIA_DROP_SEND;
	k->fork->relayed++;
	return PACKET_GO;
}

void packets_discarded(void *arg, struct io_socket *s, unsigned n)
{
	const struct component *c = container_of(s, struct component, sock);
	struct packet k = {.worker = arg, .in = c->stream};

	blame(&k);
	counter_add(&k.worker->counters.drops[MEDIA_DROP_STALE], n);
	if (k.fork)
		k.fork->drops[MEDIA_DROP_STALE] += n;
}

/* A send that was put in line did not go out after all. Of RTCP only the engine's sum is kept. */
void packet_not_sent(void *arg, void *tag)
{
	struct worker *w = arg;
	struct remote *r = tag;

	counter_add(&w->counters.drops[MEDIA_DROP_SEND], 1);
	if (!r)
		return;
	r->drops[MEDIA_DROP_SEND]++;
	r->relayed--;
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

typedef int (*stage_fn)(struct packet *k);

#define MAX_STAGES 8

/* [what comes in][what goes out]. A new profile (SRTP) adds its stages here: unprotecting after check_source, changing
 * the packet (payload types, transcoding) and protecting between find_target and send_out. */
static const stage_fn stages[PROFILE_COUNT][PROFILE_COUNT][MAX_STAGES] = {
	[PROFILE_RTP] =
		{
			[PROFILE_RTP] = {classify_rtp, check_source, account, check_heard, find_target, hide_names,
					 send_out},
			[PROFILE_DATAGRAM] = {classify_rtp, check_source, account, check_heard, refuse_mixture},
		},
	[PROFILE_DATAGRAM] =
		{
			[PROFILE_RTP] = {classify_datagram, check_source, account, check_heard, refuse_mixture},
			[PROFILE_DATAGRAM] = {classify_datagram, check_source, account, check_heard, find_target,
					      send_out},
		},
};

static void count_drop(struct packet *k, enum media_drop why)
{
	if (!k->fork)
		blame(k);
	counter_add(&k->worker->counters.drops[why], 1);
	if (k->fork)
		k->fork->drops[why]++;
}

#define LINE_BYTES 64

static void ask_for(const void *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += LINE_BYTES)
		__builtin_prefetch((const char *)p + i, 1);
}

/* Only asks for memory: what it has from there may be read in the next step. */
void packet_expected(void *arg, struct io_socket *s, unsigned step)
{
	const struct component *c = container_of(s, struct component, sock);

	if (step == 0) {
		ask_for(c, offsetof(struct stream, remotes));
		return;
	}
	const struct stream *st = c->stream;
	if (!s->ready)
		return;
	if (step == 1) {
		if (st->heard)
			ask_for(st->heard, offsetof(struct remote, latch[LATCH_RTP].window_until_ns));
		if (st->out)
			ask_for(st->out, offsetof(struct stream, remotes));
	} else if (st->out && st->out->heard) {
		ask_for(st->out->heard, offsetof(struct remote, packets));
	}
}

void packet_arrived(void *arg, struct io_socket *s, const struct addr *from, uint8_t *p, size_t n, size_t size)
{
	const struct component *c = container_of(s, struct component, sock);
	struct packet k = {
		.worker = arg,
		.in = c->stream,
		.component = c->which,
		.from = from,
		.p = p,
		.n = n,
		.now_ns = clock_ns(),
		.out = c->stream->out,
	};

	if (size > n) {
		count_drop(&k, MEDIA_DROP_SIZE);
		return;
	}
	const stage_fn *stage = stages[k.in->profile][k.out ? k.out->profile : k.in->profile];
	int verdict = PACKET_GO;
	for (; verdict == PACKET_GO && *stage; stage++)
		verdict = (*stage)(&k);
	if (verdict >= 0)
		count_drop(&k, (enum media_drop)verdict);
	if (k.in->source.due)
		worker_tell_source(k.worker, k.in);
}
