/* SPDX-License-Identifier: Apache-2.0 */
/* A call from its record: as it stood when it was written, under the configuration of now. Nothing is sent here: a call
 * whose network or peer is no more is ended when its worker runs. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sbc/call/call_log.h"
#include "sbc/call/checkpoint.h"
#include "sbc/call/phone.h"
#include "sbc/call/timers.h"

#define NOT_FOUND (-1)

/* ---- names of this configuration ---- */

static int find_network(const struct config *c, struct str name)
{
	for (size_t i = 0; i < c->n_networks; i++)
		if (c->networks[i].n_listen && str_eq(str_z(c->networks[i].name), name))
			return (int)i;
	return NOT_FOUND;
}

static int find_peer(const struct config *c, struct str name)
{
	for (size_t i = 0; name.p && i < c->n_peers; i++)
		if (str_eq(str_z(c->peers[i].name), name))
			return (int)i;
	return BORDER_NO_PEER;
}

static int find_route(const struct config *c, struct str name)
{
	for (size_t i = 0; name.p && i < c->n_routes; i++)
		if (c->routes[i].name && str_eq(str_z(c->routes[i].name), name))
			return (int)i;
	return -1;
}

/* A wall-clock time in this process's clock. It may lie before the clock's beginning: differences and the way back to
 * wall-clock time come out right all the same, since both are counted modulo 2^64. */
static uint64_t mono_ns(uint64_t wall_us)
{
	uint64_t now_ns = clock_ns(), now_us = clock_wall_us(now_ns), ns;

	if (!wall_us)
		return 0;
	ns = now_ns - (wall_us < now_us ? (now_us - wall_us) * 1000 : 0);
	return ns ? ns : 1;
}

/* ---- texts ---- */

/* Causes are static texts in a call's life, and names are the configuration's; here the call keeps copies. */
static int make_texts(struct call *c, const struct call_record *r)
{
	size_t n = r->route.n + 1;

	for (unsigned i = 0; i < r->n_attempts; i++)
		n += r->attempt[i].cause.n + 1 + r->attempt[i].peer.n + 1;
	for (unsigned i = 0; i < 2; i++)
		n += r->leg[i].peer.n + 1;
	c->keep.texts = c->keep.texts_end = calloc(1, n);
	return c->keep.texts ? 0 : -ENOMEM;
}

/* NULL: there was none. */
static const char *keep_text(struct call *c, struct str s)
{
	char *at = c->keep.texts_end;

	if (!s.p)
		return NULL;
	memcpy(at, s.p, s.n);
	c->keep.texts_end += s.n + 1;
	return at;
}

static int restore_attempts(struct call *c, const struct call_record *r)
{
	if (!r->n_attempts)
		return 0;
	c->attempts = calloc(r->n_attempts, sizeof(*c->attempts));
	if (!c->attempts)
		return -ENOMEM;
	for (unsigned i = 0; i < r->n_attempts; i++)
		c->attempts[i] = (struct cdr_attempt_own){.peer = find_peer(c->config, r->attempt[i].peer),
							  .was = keep_text(c, r->attempt[i].peer),
							  .remote = r->attempt[i].remote,
							  .status = (int)r->attempt[i].status,
							  .cause = keep_text(c, r->attempt[i].cause)};
	c->n_attempts = r->n_attempts;
	return 0;
}

/* ---- legs ---- */

static int restore_agreed(struct leg *l, const struct leg_record *r)
{
	if (!r->n_agreed)
		return 0;
	l->agreed = malloc(r->n_agreed * sizeof(*l->agreed));
	if (!l->agreed)
		return -ENOMEM;
	memcpy(l->agreed, r->agreed, r->n_agreed * sizeof(*l->agreed));
	l->n_agreed = r->n_agreed;
	return 0;
}

static int fill_leg(struct leg *l, const struct leg_record *r)
{
	l->max_forwards = r->max_forwards;
	l->invite_cseq = r->invite_cseq;
	l->far_update = r->far_update;
	l->origin.id = r->origin_id;
	l->origin.version = r->origin_version;
	l->origin.digest = r->origin_digest;
	l->sdp_got_digest = r->sdp_got_digest;
	l->fork = r->fork;
	/* where its flow is now, the registration says as soon as something is to be sent */
	if (r->aor.n && phone_attach(l, r->alias, r->aor, &l->dialog.flow) < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < r->n_needles; i++)
		leg_forbid_restore(l, r->needle[i].s, r->needle[i].allowed);
	if (r->sdp_sent.n) {
		l->sdp_sent = str_dup(r->sdp_sent);
		if (!l->sdp_sent)
			return -ENOMEM;
		l->sdp_sent_n = r->sdp_sent.n;
	}
	return restore_agreed(l, r);
}

/* Without its network a leg cannot be; *ret stays NULL then, and the other one is told. */
static int restore_leg(struct call *c, bool uas, const struct leg_record *r, struct leg **ret)
{
	int network = find_network(c->config, r->network), peer = find_peer(c->config, r->peer), err;

	if (!r->present || network == NOT_FOUND)
		return 0;
	err = leg_restore(c, uas, (unsigned)network, peer, &r->dialog, ret);
	if (err < 0)
		return err;
	(*ret)->was = keep_text(c, r->peer);
	/* a tag that is not ours: no message could find its way here */
	if (!ident_parse(c->calls->worker->key, str_z((*ret)->dialog.local_tag), &(struct ident){0}))
		return -EBADMSG;
	return fill_leg(*ret, r);
}

/* ---- media ---- */

/* Streams with and without an RTCP port of their own are asked for apart (media.h). */
static void prepare(struct call *c, enum media_side side, bool rtcp)
{
	const struct side *s = &c->side[side];
	struct media_prepare p = {.network = (uint16_t)s->network, .v6 = s->v6, .n_streams = s->n_local, .rtcp = rtcp};

	for (unsigned i = 0; i < s->n_local; i++) {
		uint16_t port = addr_port(&s->local[i].rtp);

		if (!(s->used & 1u << i) || (s->local[i].rtcp_port != port) != rtcp)
			continue;
		p.used |= 1u << i;
		p.port[i] = port;
	}
	if (!p.used)
		return;
	c->keep.prepares++;
	media_prepare(c->calls->port, c->session, side, &p);
}

static bool take_side(struct call *c, enum media_side side, const struct side_record *r)
{
	struct side *s = &c->side[side];
	int network = find_network(c->config, r->network);

	if (!r->present || !r->used || network == NOT_FOUND)
		return false;
	s->network = (unsigned)network;
	s->v6 = r->v6;
	s->used = r->used;
	s->n_local = r->n_local;
	memcpy(s->local, r->local, sizeof(s->local));
	return true;
}

/* What was seen is older by the time since it was written. */
static void grow_older(struct media_past *p, uint64_t by_ms)
{
	uint64_t *const age[] = {&p->first_age_ms, &p->last_age_ms, &p->committed_age_ms};

	for (unsigned i = 0; i < sizeof(age) / sizeof(age[0]); i++)
		if (*age[i] != MEDIA_NEVER)
			*age[i] += by_ms;
	p->window_ms = p->window_ms > by_ms ? p->window_ms - (uint32_t)by_ms : 0;
}

static void commit(struct call *c, const struct leg *l, const struct call_record *r, uint64_t age_ms)
{
	struct media_remote remote[MEDIA_MAX_STREAMS] = {0};
	struct media_past past[MEDIA_MAX_STREAMS];
	enum media_side side = leg_side(l);

	for (unsigned i = 0; i < l->n_agreed; i++) {
		remote[i] = l->agreed[i];
		remote[i].used = remote[i].used && (c->side[side].used & 1u << i);
		if (l->peer >= 0) {
			remote[i].acl = c->config->peers[l->peer].media_acl;
			remote[i].n_acl = c->config->peers[l->peer].n_media_acl;
		}
		if (!(r->has_past[side] & 1u << i))
			continue;
		past[i] = r->past[side][i];
		grow_older(&past[i], age_ms);
		remote[i].past = &past[i];
	}
	media_commit(c->calls->port, c->session, side, l->uas ? 0 : l->fork, remote, l->n_agreed);
}

/* The side's machine goes the way that it has gone before. */
static void side_goes_on(struct call *c, const struct leg *l, const struct call_record *r, uint64_t age_ms)
{
	enum media_side side = leg_side(l);

	side_event(c, side, LEG_MEDIA_PREPARE);
	side_event(c, side, LEG_MEDIA_PREPARED);
	if (!l->n_agreed)
		return;
	commit(c, l, r, age_ms);
	side_event(c, side, LEG_MEDIA_COMMIT);
}

static int restore_media(struct call *c, const struct call_record *r)
{
	uint64_t now_us = clock_wall_us(clock_ns());
	uint64_t age_ms = r->written_us < now_us ? (now_us - r->written_us) / 1000 : 0;
	struct leg *const leg[2] = {c->a, c->b};
	bool has[2];

	for (unsigned i = 0; i < 2; i++)
		has[i] = leg[i] && take_side(c, (enum media_side)i, &r->side[i]);
	if (!has[MEDIA_A] && !has[MEDIA_B])
		return 0;
	c->session = media_session(c->calls->port, (uint64_t)(uintptr_t)c);
	if (!c->session)
		return -ENOMEM;
	for (unsigned i = 0; i < 2; i++)
		if (has[i]) {
			prepare(c, (enum media_side)i, true);
			prepare(c, (enum media_side)i, false);
		}
	if (c->echo)
		media_set_echo(c->calls->port, c->session, MEDIA_A, true);
	else if (has[MEDIA_B])
		media_select(c->calls->port, c->session, MEDIA_B, c->b->fork);
	for (unsigned i = 0; i < 2; i++)
		if (has[i])
			side_goes_on(c, leg[i], r, age_ms);
	return 0;
}

/* ---- the call ---- */

static void on_lost(struct wheel_timer *t)
{
	struct call *c = container_of(t, struct call, bound);

	call_post(c, CALL_EV_BROKEN, &(struct call_arg){.cause = "removed from the configuration"});
	call_run(c);
}

/* Its network or its peer is no more, or it was removed while the process was away. */
static bool lost(const struct call *c, const struct call_record *r)
{
	if (!c->a || (!c->b && !c->echo))
		return true;
	return (r->leg[0].peer.p && c->a->peer < 0) || (c->b && r->leg[1].peer.p && c->b->peer < 0);
}

static void count(struct call *c, const struct call_record *r)
{
	struct border_state *border = c->calls->border;

	c->peer_in_counted = r->counted_in;
	c->peer_out_counted = r->counted_out;
	if (c->peer_in_counted)
		border_call_restore(border, c->config, c->peer_in, false);
	if (c->peer_out_counted)
		border_call_restore(border, c->config, c->peer_out, true);
}

static struct call *call_new(struct calls *cs, const struct call_record *r, uint8_t slot)
{
	struct call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->calls = cs;
	c->config = config_ref(cs->config);
	c->facts = cs->facts;
	c->slot = slot;
	memcpy(c->id, r->id.p, IDENT_LEN);
	c->state = CALL_TALKING;
	c->echo = r->echo;
	c->to_phone = r->to_phone;
	c->status = (int)r->status;
	c->start_ns = mono_ns(r->start_us);
	c->ring_ns = mono_ns(r->ring_us);
	c->answer_ns = mono_ns(r->answer_us);
	c->route = find_route(c->config, r->route);
	c->peer_in = find_peer(c->config, r->peer_in);
	c->peer_out = find_peer(c->config, r->peer_out);
	list_init(&c->old_legs);
	list_append(&cs->all, &c->node);
	list_append(&cs->by_age, &c->age);
	call_count(&cs->counters.calls, 1);
	return c;
}

bool calls_slot(const struct ident_key *k, struct str key, uint8_t *ret_slot)
{
	struct ident id;

	if (!ident_parse(k, key, &id))
		return false;
	*ret_slot = id.slot;
	return true;
}

/* 0 and the call, counted and in its registry; or -ENOMEM, -EBADMSG, and nothing is left. */
static int restore(struct calls *cs, const struct call_record *r, struct call **ret)
{
	uint8_t slot;
	struct call *c;
	int err;

	if (!calls_slot(cs->worker->key, r->id, &slot))
		return -EBADMSG;
	c = call_new(cs, r, slot);
	if (!c)
		return -ENOMEM;
	count(c, r);
	err = make_texts(c, r);
	if (err == 0)
		err = restore_attempts(c, r);
	if (err == 0)
		c->route_was = keep_text(c, r->route);
	if (err == 0)
		err = restore_leg(c, true, &r->leg[MEDIA_A], &c->a);
	if (err == 0)
		err = restore_leg(c, false, &r->leg[MEDIA_B], &c->b);
	if (err == 0)
		err = checkpoint_resume(c, r);
	/* the last that may fail: from here on the relay knows the call */
	if (err == 0 && r->stage != STAGE_RINGING)
		err = restore_media(c, r);
	if (err < 0) {
		call_destroy(c);
		return err;
	}
	if (c->state == CALL_TRYING) {
		; /* ended on both sides, whatever else */
	} else if (lost(c, r)) {
		/* a call in which nothing is asked across any more */
		c->state = CALL_ANSWERED;
		call_timers_soon(c, &c->bound, on_lost);
	} else {
		call_timers_restored(c);
	}
	*ret = c;
	return 0;
}

/* ---- what the store holds ---- */

static void tell_lost(struct calls *cs, struct str key, int err)
{
	struct log_line l;

	call_count(&cs->counters.calls_not_restored, 1);
	if (!log_begin(&l, LOG_ERROR, "call not restored"))
		return;
	log_str(&l, "call", key);
	log_z(&l, "why",
	      err == -EPROTO   ? "written by another version"
	      : err == -ENOMEM ? "out of memory"
			       : "its record is damaged");
	log_end(&l);
}

int calls_restore(struct calls *cs, struct str key, struct str bytes)
{
	struct call_record *r = malloc(sizeof(*r));
	struct call *c = NULL;
	int err = r ? checkpoint_read(bytes, r) : -ENOMEM;

	if (err == 0 && !str_eq(r->id, key))
		err = -EBADMSG;
	if (err == 0)
		err = restore(cs, r, &c);
	free(r);
	if (err < 0) {
		tell_lost(cs, key, err);
		return err;
	}
	c->keep.stored = true;
	call_count(&cs->counters.calls_restored, 1);
	call_log(c, LOG_INFO, "call restored", NULL, STR_NONE);
	checkpoint_changed(c);
	return 0;
}
