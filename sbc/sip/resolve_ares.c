/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to c-ares: equal ones under way are one, its sockets are watched by the loop, its time-outs are one timer
 * of the wheel. Its callbacks only settle look-ups: queries go on at the end of the turn, so no user's code and no new
 * question ever runs inside c-ares. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/time.h>

#include "base/hash.h"
#include "sbc/sip/resolve_internal.h"

#define CLASS_IN 1

struct socket {
	struct list node;
	struct resolver *resolver;
	struct loop_poll *poll;
	int fd;
};

/* ---- sockets --------------------------------------------------------------------------------------------------- */

static void on_socket(void *arg, int events)
{
	struct socket *s = arg;
	struct resolver *r = s->resolver;
	int fd = s->fd; /* s may be gone after the first of the two */

	ares_process_fd(r->channel, events & LOOP_READABLE ? fd : ARES_SOCKET_BAD,
			events & LOOP_WRITABLE ? fd : ARES_SOCKET_BAD);
	loop_defer(r->loop, &r->deferred);
}

/* Told by c-ares of each new socket, before it is used: a refusal here makes it try the next server. */
static int on_socket_created(int fd, int type, void *arg)
{
	struct resolver *r = arg;
	struct socket *s = calloc(1, sizeof(*s));
	if (!s)
		return -1;
	s->poll = loop_poll_open(r->loop, fd, on_socket, s);
	if (!s->poll) {
		free(s);
		return -1;
	}
	s->resolver = r;
	s->fd = fd;
	list_append(&r->sockets, &s->node);
	return 0;
}

static void on_socket_state(void *arg, int fd, int readable, int writable)
{
	struct resolver *r = arg;

	list_for_each_safe (it, &r->sockets) {
		struct socket *s = list_entry(it, struct socket, node);
		if (s->fd != fd)
			continue;
		if (readable || writable) {
			loop_poll_set(s->poll, (readable ? LOOP_READABLE : 0) | (writable ? LOOP_WRITABLE : 0));
			return;
		}
		list_remove(&s->node);
		loop_poll_close(s->poll);
		free(s);
		return;
	}
}

/* ---- time ------------------------------------------------------------------------------------------------------ */

static void on_timer(struct wheel_timer *t)
{
	struct resolver *r = container_of(t, struct resolver, timer);

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	loop_defer(r->loop, &r->deferred);
}

void resolver_rearm(struct resolver *r)
{
	struct timeval tv;

	if (!ares_timeout(r->channel, NULL, &tv)) {
		loop_timer_stop(r->loop, &r->timer);
		return;
	}
	/* one more, because a fraction of a millisecond too early is a turn for nothing */
	loop_timer(r->loop, &r->timer, (uint64_t)tv.tv_sec * 1000 + (uint64_t)tv.tv_usec / 1000 + 1);
}

/* ---- questions ------------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct resolver *r, enum question_type type, const char *name)
{
	return siphash_str(&r->hash_key, str_z(name)) + type;
}

static struct question *find(const struct resolver *r, enum question_type type, const char *name)
{
	hmap_for_each_hash (it, &r->questions, hash_of(r, type, name)) {
		struct question *x = container_of(it, struct question, node);
		if (x->type == type && strcmp(x->name, name) == 0)
			return x;
	}
	return NULL;
}

static void settle(struct lookup *l, enum answer_fault fault, struct answer *a)
{
	list_remove(&l->node);
	l->question = NULL;
	l->answer = a ? answer_ref(a) : NULL;
	l->fault = a ? a->fault : fault;
	resolve_lookup_settled(l);
}

static void settle_all(struct question *x, enum answer_fault fault, struct answer *a)
{
	list_for_each_safe (it, &x->lookups)
		settle(list_entry(it, struct lookup, node), fault, a);
}

/* The question goes on, for the cache. */
static void on_patience(struct wheel_timer *t)
{
	struct question *x = container_of(t, struct question, timer);
	struct resolver *r = x->resolver;
	uint64_t now_ms = loop_now_ms(r->loop);
	struct answer *a = resolve_cache_prolong(r->cache, x->type, x->name, now_ms);

	if (!a)
		return;
	r->silent_until_ms = now_ms + RESOLVE_REST_MS;
	settle_all(x, ANSWER_NONE, a);
	answer_unref(a);
}

static struct question *question_new(struct resolver *r, enum question_type type, const char *name)
{
	size_t n = strlen(name) + 1;
	struct question *x = calloc(1, sizeof(*x) + n);
	if (!x)
		return NULL;
	list_init(&x->lookups);
	x->timer.fn = on_patience;
	x->resolver = r;
	x->type = type;
	memcpy(x->name, name, n);
	if (hmap_insert(&r->questions, &x->node, hash_of(r, type, name)) < 0) {
		free(x);
		return NULL;
	}
	return x;
}

/* The answer to be used, with one reference: the new one, or an old one when there is none. */
static struct answer *take_answer(struct question *x, enum answer_fault fault, struct answer *fresh)
{
	struct resolver *r = x->resolver;
	uint64_t now_ms = loop_now_ms(r->loop);

	if (fresh) {
		r->silent_until_ms = 0;
		r->suspect = false;
		resolve_cache_put(r->cache, x->type, x->name, now_ms, fresh);
		return fresh;
	}
	/* c-ares says ECONNREFUSED for a SERVFAIL of every server too: that is no silence, and costs nobody time */
	if (fault == ANSWER_TIMEOUT)
		r->silent_until_ms = now_ms + RESOLVE_REST_MS;
	r->suspect |= fault == ANSWER_TIMEOUT || fault == ANSWER_UNREACHABLE;
	return resolve_cache_prolong(r->cache, x->type, x->name, now_ms);
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *p, int n)
{
	struct question *x = arg;
	struct resolver *r = x->resolver;
	struct answer *a = NULL;

	hmap_remove(&r->questions, &x->node);
	loop_timer_stop(r->loop, &x->timer);
	if (r->ending) { /* resolver_destroy() has let go of the look-ups */
		free(x);
		return;
	}
	enum answer_fault fault = answer_read(x->type, status, p, n > 0 ? (size_t)n : 0, &a);
	a = take_answer(x, fault, a);
	settle_all(x, fault, a);
	answer_unref(a);
	free(x);
}

static void send_question(struct question *x)
{
	static const int types[] = {[QUESTION_A] = 1, [QUESTION_AAAA] = 28, [QUESTION_SRV] = 33};
	struct resolver *r = x->resolver;
	struct answer *old = resolve_cache_get(r->cache, x->type, x->name, loop_now_ms(r->loop), true);

	if (old)
		loop_timer(r->loop, &x->timer, RESOLVE_PATIENCE_MS);
	answer_unref(old);
	loop_defer(r->loop, &r->deferred); /* re-arms the timer */
	ares_query(r->channel, x->name, CLASS_IN, types[x->type], on_answer, x);
}

void resolver_ask(struct resolver *r, enum question_type type, const char *name, struct lookup *l)
{
	uint64_t now_ms = loop_now_ms(r->loop);
	bool stale = now_ms < r->silent_until_ms || l->query->late;

	l->answer = resolve_cache_get(r->cache, type, name, now_ms, stale);
	if (l->answer || l->query->late) {
		l->fault = l->answer ? l->answer->fault : ANSWER_TIMEOUT;
		return;
	}
	struct question *known = find(r, type, name), *x = known;
	if (!x && r->questions.n >= RESOLVE_QUESTIONS) {
		l->fault = ANSWER_BUSY;
		return;
	}
	if (!x)
		x = question_new(r, type, name);
	if (!x) {
		l->fault = ANSWER_NO_MEMORY;
		return;
	}
	l->question = x;
	l->query->held++;
	list_append(&x->lookups, &l->node);
	if (!known)
		send_question(x); /* may answer at once: x is not to be touched any more */
}

/* ---- the channel ----------------------------------------------------------------------------------------------- */

static int library_status;

static void start_library(void)
{
	library_status = ares_library_init(ARES_LIB_INIT_ALL);
}

static int errno_of(int ares_status)
{
	switch (ares_status) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ENOMEM:
		return -ENOMEM;
	case ARES_EBADSTR:
		return -EINVAL;
	default:
		return -EIO;
	}
}

static int open_channel(struct resolver *r, const char *servers, ares_channel *ret)
{
	struct ares_options o = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = RESOLVE_TRY_MS,
		.tries = RESOLVE_TRIES,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = r,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
	ares_channel channel;

	if (r->system) {
		mask |= ARES_OPT_RESOLVCONF;
		o.resolvconf_path = r->system;
	}
	int status = ares_init_options(&channel, &o, mask);
	if (status != ARES_SUCCESS)
		return errno_of(status);
	if (servers && servers[0])
		status = ares_set_servers_ports_csv(channel, servers);
	if (status != ARES_SUCCESS) {
		ares_destroy(channel);
		return errno_of(status);
	}
	ares_set_socket_callback(channel, on_socket_created, r);
	*ret = channel;
	return 0;
}

int resolver_open_channel(struct resolver *r, const char *servers)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start_library);
	if (library_status != ARES_SUCCESS)
		return errno_of(library_status);
	r->timer.fn = on_timer;
	return open_channel(r, servers, &r->channel);
}

void resolver_read_system_again(struct resolver *r)
{
	uint64_t now_ms = loop_now_ms(r->loop);
	ares_channel channel = NULL;

	if (!r->system || !r->suspect || now_ms < r->read_again_ms || r->questions.n > 0)
		return;
	r->read_again_ms = now_ms + RESOLVE_REST_MS;
	r->suspect = false;
	if (open_channel(r, NULL, &channel) < 0)
		return;
	ares_destroy(r->channel);
	r->channel = channel;
}
