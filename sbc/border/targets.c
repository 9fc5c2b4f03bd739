/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/border/targets.h"

static bool listens(const struct targets *t, unsigned network, bool v6)
{
	return transport_listens(t->config, network, CONFIG_UDP, v6) ||
	       transport_listens(t->config, network, CONFIG_TCP, v6);
}

static void on_resolved(void *arg, const struct resolved *v, size_t n, const char *error)
{
	struct targets *t = arg;
	unsigned network = t->config->peers[t->at.peer].network;
	bool waited = t->query != NULL;

	t->query = NULL;
	t->next_addr = t->n_addr = 0;
	for (size_t i = 0; i < n && t->n_addr < RESOLVE_MAX; i++)
		if (transport_listens(t->config, network, v[i].transport, addr_is_v6(&v[i].addr)))
			t->addr[t->n_addr++] = v[i];
	border_order(t->state, t->addr, t->n_addr, loop_now_ms(t->loop));
	if (!t->n_addr)
		t->user->passed_over(t->arg, t->at.peer, REJECT_RESOLVE, "no address");
	if (waited)
		t->user->ready(t->arg);
}

static bool next_address(struct targets *t)
{
	const struct resolved *a;

	if (t->next_addr == t->n_addr) {
		t->n_addr = t->next_addr = 0;
		return false;
	}
	a = &t->addr[t->next_addr++];
	t->at.to = (struct destination){
		.network = t->config->peers[t->at.peer].network, .transport = a->transport, .remote = a->addr};
	t->tried++;
	return true;
}

/* Has the next configured target of the peer at hand resolved. False: it has no more. */
static bool next_configured(struct targets *t)
{
	const struct config_peer *p;
	const struct config_target *c;
	struct resolve_what what;

	if (!t->admitted)
		return false;
	p = &t->config->peers[t->at.peer];
	if (t->next_configured == p->n_targets)
		return false;
	c = t->at.configured = &p->targets[t->next_configured++];
	what = (struct resolve_what){
		.host = str_z(c->host),
		.port = c->port,
		.transport = c->transport,
		.transport_given = c->transport_given,
		.v4 = listens(t, p->network, false),
		.v6 = listens(t, p->network, true),
	};
	if (resolve_start(t->resolver, &what, on_resolved, t, &t->query) < 0)
		t->user->passed_over(t->arg, t->at.peer, REJECT_RESOLVE, "no address");
	return true;
}

/* The next peer of the decision that is admitted: its targets are to be resolved. False: *ret_step is what comes
 * instead: the end, or a target that needs no resolving. */
static bool next_of_decision(struct targets *t, enum targets_step *ret_step)
{
	enum reject_reason why;
	unsigned peer;

	t->admitted = false;
	*ret_step = TARGETS_END;
	while (t->next < t->decision->n_targets) {
		peer = t->decision->target[t->next++];
		if (peer == CONFIG_TARGET_ECHO) {
			*ret_step = TARGETS_ECHO;
			return false;
		}
		why = t->user->admit ? t->user->admit(t->arg, (int)peer) : REJECT_NONE;
		if (why == REJECT_NONE) {
			t->at = (struct target){.peer = (int)peer};
			t->next_configured = 0;
			t->admitted = true;
			return true;
		}
		t->user->passed_over(t->arg, (int)peer, why, reject_key(why));
	}
	return false;
}

enum targets_step targets_next(struct targets *t)
{
	enum targets_step step;

	if (t->phone) {
		t->at = (struct target){.peer = BORDER_NO_PEER, .to = *t->phone};
		return t->tried++ ? TARGETS_END : TARGETS_AT;
	}
	while (t->tried < t->config->limits.targets) {
		if (next_address(t))
			return TARGETS_AT;
		if (!next_configured(t) && !next_of_decision(t, &step))
			return step;
		if (t->query)
			return TARGETS_WAIT;
	}
	return TARGETS_END;
}

bool targets_more(const struct targets *t)
{
	return !t->phone && t->tried < t->config->limits.targets &&
	       (t->next_addr < t->n_addr ||
		(t->admitted && t->next_configured < t->config->peers[t->at.peer].n_targets) ||
		t->next < t->decision->n_targets);
}

void targets_outcome(struct targets *t, int status, enum reject_reason why)
{
	if (t->phone)
		return; /* its binding knows */
	if (status == 503 || (!status && (why == REJECT_TIMEOUT || why == REJECT_TARGETS_DOWN)))
		border_address_failed(t->state, &t->at.to.remote, loop_now_ms(t->loop));
	else if (status)
		border_address_worked(t->state, &t->at.to.remote);
}

void targets_stop(struct targets *t)
{
	resolve_cancel(t->query);
	t->query = NULL;
}
