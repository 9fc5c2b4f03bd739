/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/call/negotiate.h"

#include <stdlib.h>

#include "sbc/call/call.h"

/* RFC 3261 §20.12: the body is not what it says it is before it is decoded, and we write another one plain. */
static bool is_encoded(const struct message *m)
{
	struct str how;

	return message_header(m, STR("Content-Encoding"), 0, &how) && !str_eq_nocase(str_trim(how), STR("identity"));
}

struct sdp *negotiate_parse(const struct message *m, enum reject_reason *ret_reject)
{
	struct sdp *s = NULL;
	enum sdp_error err;

	*ret_reject = REJECT_NONE;
	if (!m->body.n)
		return NULL;
	if (!str_eq_nocase(m->content_type, STR("application/sdp")) || is_encoded(m)) {
		*ret_reject = REJECT_MEDIA_TYPE;
		return NULL;
	}
	err = sdp_parse(m->body.p, m->body.n, &s);
	if (err == SDP_OK)
		return s;
	*ret_reject = err == SDP_ERR_NO_MEMORY ? REJECT_NO_MEMORY : REJECT_SDP;
	return NULL;
}

/* Datagrams that we can carry: RTP in the clear, and T.38 over UDPTL. TCP media and keyed profiles are refused in their
 * place. */
static bool relayable(const struct sdp_media *m)
{
	return m->port && (str_eq_nocase(m->proto, STR("RTP/AVP")) || str_eq_nocase(m->proto, STR("RTP/AVPF")) ||
			   str_eq_nocase(m->proto, STR("udptl")) || str_eq_nocase(m->proto, STR("udp")) ||
			   str_eq_nocase(m->proto, STR("UDP/BFCP")));
}

bool negotiate_v6(const struct call *c, unsigned network, bool wanted)
{
	const struct config_network *n = &c->config->networks[network];

	for (size_t i = 0; i < n->media.n_addresses; i++)
		if (addr_is_v6(&n->media.address[i]) == wanted)
			return wanted;
	return !wanted;
}

bool negotiate_prepare(struct call *c, enum media_side side, unsigned network, bool v6, const struct sdp *desc)
{
	struct side *s = &c->side[side];
	struct media_prepare p = {.network = (uint16_t)network, .v6 = v6};

	p.n_streams = desc->n_media < MEDIA_MAX_STREAMS ? desc->n_media : MEDIA_MAX_STREAMS;
	for (size_t i = 0; i < p.n_streams; i++) {
		if (!relayable(&desc->media[i]))
			continue;
		p.used |= 1u << i;
		p.rtcp |= desc->media[i].rtp;
	}
	s->network = network;
	s->v6 = v6;
	/* nothing to carry (no m-line, or none that we relay): no session, no ports */
	if (!p.used)
		return true;
	if (!c->session)
		c->session = media_session(c->calls->port, (uint64_t)(uintptr_t)c);
	if (!c->session || !side_event(c, side, LEG_MEDIA_PREPARE))
		return false;
	s->used |= p.used;
	c->media_pending++;
	media_prepare(c->calls->port, c->session, side, &p);
	return true;
}

static struct sdp_codec_policy policy_of(const struct call *c, int peer)
{
	static const struct config_codecs none;
	const struct config_codecs *k = peer >= 0 ? &c->config->peers[peer].codecs : &none;

	return (struct sdp_codec_policy){
		.allow = k->allow.v, .deny = k->deny.v, .order = k->order.v, .single = k->single};
}

static uint64_t set_of(const uint8_t *index, size_t n)
{
	uint64_t set = 0;

	for (size_t i = 0; i < n; i++)
		set |= UINT64_C(1) << index[i];
	return set;
}
_Static_assert(SDP_MAX_CODECS <= 64, "a set of them is one word");

/* The codecs of m that may be named towards leg `to`: what both peers' policies keep and, in an answer, what was
 * offered; in the order of the receiving peer's policy. */
static size_t pick_codecs(struct call *c, const struct leg *to, const struct leg *from, const struct sdp_media *m,
			  const struct sdp_media *offered, uint8_t ret_index[SDP_MAX_CODECS])
{
	struct sdp_codec_policy far = policy_of(c, from ? from->peer : c->peer_in), near = policy_of(c, to->peer);
	uint8_t some[SDP_MAX_CODECS], kept[SDP_MAX_CODECS];
	uint64_t may = UINT64_MAX;
	size_t n_kept = sdp_codecs_apply(m, &near, kept), n = 0;

	far.single = false; /* one codec is a matter of what is sent to a peer */
	if (far.allow || far.deny)
		may &= set_of(some, sdp_codecs_apply(m, &far, some));
	if (offered)
		may &= set_of(some, sdp_codecs_common(offered, m, some));
	for (size_t i = 0; i < n_kept; i++)
		if (may >> kept[i] & 1)
			ret_index[n++] = kept[i];
	return n;
}

static const struct leg *other_leg(const struct call *c, const struct leg *l)
{
	return l == c->a ? c->b : c->a;
}

bool negotiate_write(struct call *c, struct leg *to, const struct sdp *desc, const struct sdp *answered,
		     struct writer *w)
{
	const struct side *side = &c->side[leg_side(to)];
	struct sdp_out_media media[SDP_MAX_MEDIA];
	uint8_t codecs[SDP_MAX_MEDIA][SDP_MAX_CODECS];
	struct sdp_out out = {.in = desc, .media = media, .n_media = desc->n_media};
	size_t wanted = 0, kept = 0;
	bool echo = desc == answered;
	char *copy;

	for (size_t i = 0; i < desc->n_media; i++) {
		const struct sdp_media *m = &desc->media[i];
		struct sdp_out_media *o = &media[i];
		const struct sdp_media *offered = answered ? &answered->media[i] : NULL;

		*o = (struct sdp_out_media){
			.in = m, .dir = echo ? sdp_dir_reverse(m->dir) : m->dir, .codecs = codecs[i]};
		wanted += m->port != 0;
		if (m->rtp)
			o->n_codecs = pick_codecs(c, to, other_leg(c, to), m, offered, codecs[i]);
		o->rejected = !relayable(m) || i >= side->n_local || !(side->used & 1u << i) ||
			      (offered && !offered->port) || (m->rtp && !o->n_codecs);
		if (o->rejected)
			continue;
		kept++;
		o->local = side->local[i].rtp;
		o->rtcp_port = side->local[i].rtcp_port;
		if (!addr_is_set(&out.origin))
			out.origin = o->local;
	}
	if (wanted && !kept)
		return false;
	if (!addr_is_set(&out.origin))
		out.origin = side->n_local && addr_is_set(&side->local[0].rtp)
				     ? side->local[0].rtp
				     : transport_local(c->config, to->network, to->transport,
						       addr_is_v6(&to->dialog.peer.remote), NULL);
	if (to->peer >= 0 && c->config->peers[to->peer].sdp_unknown_drop)
		out.unknown = SDP_UNKNOWN_DROP;
	sdp_write_own(&to->origin, &out, w);
	if (w->overflow)
		return false;
	copy = str_dup(writer_result(w));
	if (!copy)
		return false;
	free(to->sdp_sent);
	to->sdp_sent = copy;
	to->sdp_sent_n = w->n;
	return true;
}

static enum media_latch latch_of(const struct call *c, const struct leg *l)
{
	enum config_latch v =
		l->peer >= 0 ? c->config->peers[l->peer].latch : c->config->networks[l->network].media.latch;

	return v == CONFIG_LATCH_STRICT ? MEDIA_LATCH_STRICT
	       : v == CONFIG_LATCH_OPEN ? MEDIA_LATCH_OPEN
					: MEDIA_LATCH_RESTRICTED;
}

static bool sends(enum sdp_dir d)
{
	return d == SDP_SENDRECV || d == SDP_SENDONLY;
}

static bool receives(enum sdp_dir d)
{
	return d == SDP_SENDRECV || d == SDP_RECVONLY;
}

/* A copy for the checkpoint; without memory for it, the record lacks it and the call cannot go on elsewhere. */
static void keep_agreed(struct leg *l, const struct media_remote *r, size_t n)
{
	struct media_remote *copy;

	if (!l->call->calls->store)
		return;
	copy = n ? malloc(n * sizeof(*copy)) : NULL;
	if (copy)
		memcpy(copy, r, n * sizeof(*copy));
	free(l->agreed);
	l->agreed = copy;
	l->n_agreed = copy ? (unsigned)n : 0;
}

/* What the relay is told of leg l's end, whose description is `own`; `other` is the far side's. */
void negotiate_commit_leg(struct call *c, struct leg *l, const struct sdp *own, const struct sdp *other, unsigned fork)
{
	struct media_remote r[MEDIA_MAX_STREAMS];
	size_t n = own->n_media < other->n_media ? own->n_media : other->n_media;
	const struct side *side = &c->side[leg_side(l)];
	const struct config_peer *peer = facts_peer(c, l->peer);
	const struct config_timers *t = &c->config->timers;

	if (n > MEDIA_MAX_STREAMS)
		n = MEDIA_MAX_STREAMS;
	for (size_t i = 0; i < n; i++) {
		const struct sdp_media *m = &own->media[i], *o = &other->media[i];
		bool held = m->dir != SDP_SENDRECV || o->dir != SDP_SENDRECV;

		r[i] = (struct media_remote){0};
		r[i].used = relayable(m) && relayable(o) && (side->used & 1u << i);
		if (!r[i].used)
			continue;
		r[i].rtp = m->rtp;
		if (!addr_is_unsendable(&m->remote)) {
			r[i].rtp_addr = m->remote;
			if (!addr_is_unsendable(&m->rtcp))
				r[i].rtcp_addr = m->rtcp;
		}
		r[i].latch = latch_of(c, l);
		r[i].signalling = l->dialog.peer.remote;
		if (peer) {
			r[i].acl = peer->media_acl;
			r[i].n_acl = peer->n_media_acl;
		}
		r[i].receive = sends(m->dir) && receives(o->dir);
		r[i].send = receives(m->dir) && sends(o->dir);
		r[i].clock_hz = m->n_codecs ? m->codecs[0].clock_hz : 0;
		r[i].silence_ms = held ? t->hold_silence : t->media_silence;
	}
	l->sdp_got_digest = calls_digest(c->calls, own->text);
	keep_agreed(l, r, n);
	if (c->session && side->used && side_event(c, leg_side(l), LEG_MEDIA_COMMIT))
		media_commit(c->calls->port, c->session, leg_side(l), l->uas ? 0 : fork, r, n);
}

void negotiate_commit(struct call *c, struct leg *offerer, const struct sdp *offer, struct leg *other,
		      const struct sdp *answer, unsigned fork)
{
	negotiate_commit_leg(c, offerer, offer, answer, fork);
	negotiate_commit_leg(c, other, answer, offer, fork);
}

bool negotiate_write_answer(struct call *c, const struct message *m, struct leg *to, const struct sdp *offer,
			    struct writer *w, struct sdp **ret_answer)
{
	enum reject_reason why;
	struct sdp *answer = negotiate_parse(m, &why);

	leg_forbid_message(to, m, answer);
	if (!answer)
		return false;
	if (sdp_check_answer(offer, answer) || !negotiate_write(c, to, answer, offer, w)) {
		sdp_free(answer);
		return false;
	}
	*ret_answer = answer;
	return true;
}

bool negotiate_answer(struct call *c, const struct message *m, struct leg *from, struct leg *to,
		      const struct sdp *offer, unsigned fork, struct writer *w)
{
	struct sdp *answer;

	if (!negotiate_write_answer(c, m, to, offer, w, &answer))
		return false;
	negotiate_commit(c, to, offer, from, answer, fork);
	sdp_free(answer);
	return true;
}

void negotiate_select(struct call *c, unsigned fork)
{
	c->b->fork = fork;
	if (c->session)
		media_select(c->calls->port, c->session, MEDIA_B, fork);
}

void negotiate_commit_echo(struct call *c, struct leg *l, const struct sdp *offer)
{
	negotiate_commit_leg(c, l, offer, offer, 0);
	if (c->session)
		media_set_echo(c->calls->port, c->session, leg_side(l), true);
}
