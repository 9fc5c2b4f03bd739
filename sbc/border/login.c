/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/border/login.h"

#include <errno.h>
#include <stdlib.h>

#include "sbc/border/internal.h"

#define REPEATED_MS 32000 /* 64*T1: how long a request may be repeated (RFC 3261 §17.1) */

struct logins {
	struct challenge_state *challenges;
	pthread_mutex_t lock; /* of the pointer below, for as long as a reference takes */
	struct accounts *accounts;
};

int logins_create(struct str secret, const struct config_limits *limits, uint64_t now_ms, struct logins **ret)
{
	struct logins *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	int r = challenge_state_create(secret, limits, now_ms, &l->challenges);
	if (r < 0) {
		free(l);
		return r;
	}
	pthread_mutex_init(&l->lock, NULL);
	*ret = l;
	return 0;
}

void logins_destroy(struct logins *l)
{
	if (!l)
		return;
	challenge_state_destroy(l->challenges);
	accounts_unref(l->accounts);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

int logins_load(const struct config *c, struct accounts **ret, struct config_faults *ret_faults,
		struct config_faults *ret_warnings)
{
	if (c->accounts.file)
		return accounts_load(c->accounts.file, ret, ret_faults, ret_warnings);
	*ret = NULL;
	return 0;
}

void logins_set_accounts(struct logins *l, struct accounts *a)
{
	struct accounts *old;
	pthread_mutex_lock(&l->lock);
	old = l->accounts;
	l->accounts = a ? accounts_ref(a) : NULL;
	pthread_mutex_unlock(&l->lock);
	accounts_unref(old);
}

static struct accounts *accounts_of(struct logins *l)
{
	struct accounts *a;
	pthread_mutex_lock(&l->lock);
	a = l->accounts ? accounts_ref(l->accounts) : NULL;
	pthread_mutex_unlock(&l->lock);
	return a;
}

void logins_counters(struct logins *l, struct challenge_counters *ret)
{
	challenge_counters(l->challenges, ret);
}

/* ---- who is asked ----------------------------------------------------------------------------------------------- */

bool login_wanted(const struct config *c, const struct message *m, bool registered)
{
	if (!m->request || m->to.tag.n || m->source.network >= c->n_networks ||
	    c->networks[m->source.network].auth != CONFIG_AUTH_LIMEN ||
	    (m->method == METHOD_OPTIONS && m->max_forwards == 0))
		return false;
	struct border_request r = border_request_of(c, m, 0);
	r.registered = registered;
	return border_asks(c, &r);
}

/* ---- what is answered ------------------------------------------------------------------------------------------- */

static bool is_proxy(const struct message *m)
{
	return m->method != METHOD_REGISTER;
}

static struct challenge_request request_of(const struct config *c, const struct message *m, uint64_t now_ms)
{
	const struct config_network *n = &c->networks[m->source.network];
	struct challenge_request r = {
		.facts = {.network = str_z(n->name),
			  .source = m->source.remote,
			  .realm = str_z(n->realm),
			  .now_ms = now_ms},
		.method = m->method_text,
		.ruri = &m->ruri,
		.body = m->body,
	};
	digest_credentials_line(m, is_proxy(m), r.facts.realm, &r.credentials);
	return r;
}

static void challenge(struct logins *l, const struct accounts *a, const struct config *c, const struct message *m,
		      const struct challenge_request *r, bool stale, struct login_answer *ret)
{
	struct writer w = writer_init(ret->headers, sizeof(ret->headers));
	if (challenge_write(l->challenges, a, &r->facts, is_proxy(m), stale, &w) < 0 || !w.n) {
		ret->reject = REJECT_LOGIN_ERROR;
		return;
	}
	if (c->server_name)
		header_write(&w, STR("Server"), str_z(c->server_name));
	if (w.overflow) {
		ret->reject = REJECT_LOGIN_ERROR;
		return;
	}
	ret->reject = REJECT_NONE;
	ret->reply = (struct reply){.status = is_proxy(m) ? 407 : 401, .headers = writer_result(&w)};
}

/* true: CHALLENGE_OK. */
static bool judge(struct logins *l, const struct accounts *a, const struct config *c, const struct message *m,
		  const struct challenge_request *r, enum challenge_verdict v, struct login_answer *ret)
{
	switch (v) {
	case CHALLENGE_OK:
		return true;
	case CHALLENGE_NEEDED:
	case CHALLENGE_STALE:
		challenge(l, a, c, m, r, v == CHALLENGE_STALE, ret);
		return false;
	case CHALLENGE_FORBIDDEN:
		ret->reject = REJECT_LOGIN;
		return false;
	case CHALLENGE_LOCKED:
		ret->reject = REJECT_LOGIN_LOCKED;
		return false;
	case CHALLENGE_ERROR:
		break;
	}
	ret->reject = REJECT_LOGIN_ERROR;
	return false;
}

bool login_glance(struct logins *l, const struct config *c, const struct message *m, uint64_t now_ms,
		  struct login_answer *ret)
{
	struct challenge_request r = request_of(c, m, now_ms);
	struct accounts *a = accounts_of(l);
	struct config_accounts settings = c->accounts;
	bool pass = false;
	/* a repetition of what was let in must not be told that its nonce has run out since */
	settings.nonce_ms += REPEATED_MS;
	if (a)
		pass = judge(l, a, c, m, &r, challenge_glance(l->challenges, &settings, a, &r), ret);
	else
		ret->reject = REJECT_LOGIN_ERROR;
	accounts_unref(a);
	return !pass;
}

/* The user part is the account's, however it is escaped. A name is a text: visual separators of a telephone number,
 * which mean nothing (RFC 3966 §3), make another account of it. */
static bool is_its_own(const struct message *m, const char *user)
{
	const struct uri *u = m->method == METHOD_REGISTER ? &m->to.uri : &m->from.uri;
	char buf[ACCOUNT_NAME_MAX + 1];
	struct str plain;
	return (u->sip || u->sips) && user_text(u->user, buf, sizeof(buf), &plain) && str_eq(plain, str_z(user));
}

bool login_check(struct logins *l, const struct config *c, const struct message *m, uint64_t now_ms,
		 struct login_answer *ret)
{
	struct challenge_request r = request_of(c, m, now_ms);
	struct accounts *a = accounts_of(l);
	char user[ACCOUNT_NAME_MAX + 1];
	bool right = false;
	if (a)
		right = judge(l, a, c, m, &r, challenge_check(l->challenges, &c->accounts, a, &r, user), ret);
	else
		ret->reject = REJECT_LOGIN_ERROR;
	accounts_unref(a);
	if (right && !is_its_own(m, user)) {
		ret->reject = REJECT_LOGIN_OTHER;
		return false;
	}
	return right;
}

bool login_amplifies(const struct message *m, const struct login_answer *a)
{
	/* "METHOD uri SIP/2.0", its lines and the blank one, against "SIP/2.0 407 Proxy Authentication Required" */
	size_t in = m->method_text.n + m->ruri.text.n + 14 + m->body.n, out = a->reply.headers.n + 64;
	const void *it = NULL;
	struct header h;
	while (message_next_header(m, &it, &h)) {
		size_t n = h.name.n + h.value.n + 4;
		in += n;
		if (str_eq_nocase(h.name, STR("Via")) || str_eq_nocase(h.name, STR("From")) ||
		    str_eq_nocase(h.name, STR("To")) || str_eq_nocase(h.name, STR("Call-ID")) ||
		    str_eq_nocase(h.name, STR("CSeq")))
			out += n;
	}
	return out + 80 > in; /* received and rport, and the To tag */
}
