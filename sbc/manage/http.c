/* SPDX-License-Identifier: Apache-2.0 */
/* We listen and accept ourselves, so that the number of connections and their time are ours to bound; libwebsockets
 * adopts what we accepted and owns it from then on. */
#include "sbc/manage/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/sock.h"
#include "sbc/manage/http_internal.h"

#define BACKLOG      64
#define REST_US      (1000 * LWS_US_PER_MS) /* when accept() has no descriptor or memory for us */
#define CLOSE_TURNS  1000
#define THREAD_FILES 64 /* descriptors that libwebsockets keeps room for: ours and its own few */

/* ---- libwebsockets' side ---- */

static void set_accepting(struct manage *m, bool on);

static void on_destroyed(struct connection *c)
{
	struct manage *m = c->m;

	http_connection_finish(c);
	free(c);
	if (m->n_connections-- == MANAGE_MAX_CONNECTIONS)
		set_accepting(m, true);
}

/* Connections that are not (yet) ours have no connection struct: nothing is answered there. */
static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t n)
{
	struct connection *c = wsi ? lws_get_opaque_user_data(wsi) : NULL;

	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return c ? http_on_request(c, in) : -1;
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return c ? http_on_writable(c) : -1;
	case LWS_CALLBACK_HTTP_BODY:
		return c ? http_on_body(c, in, n) : -1;
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return c ? http_on_body_end(c) : -1;
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: /* no WebSocket and no HTTP/2 here */
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
	case LWS_CALLBACK_TIMER: /* out of time */
		return -1;
	case LWS_CALLBACK_WSI_DESTROY:
		if (c) {
			lws_set_opaque_user_data(wsi, NULL);
			on_destroyed(c);
		}
		return 0;
	default:
		return 0;
	}
}

static int on_protocol(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t n)
{
	if (reason == LWS_CALLBACK_PROTOCOL_DESTROY) {
		const struct lws_protocols *p = lws_get_protocol(wsi);
		struct manage *m = p ? p->user : NULL;
		if (m)
			m->lws_gone = true;
		return 0;
	}
	return on_event(wsi, reason, user, in, n);
}

/* What libwebsockets has to say is at most a warning: calls go on without it. */
static void on_lws_log(int level, const char *line)
{
	struct log_line l;
	if (!log_begin(&l, level == LLL_ERR ? LOG_WARN : LOG_DEBUG, "libwebsockets"))
		return;
	log_str(&l, "text", (struct str){line, strcspn(line, "\r\n")});
	log_end(&l);
}

/* ---- accepting ---- */

static void adopt(struct manage *m, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct lws *wsi;

	if (!c) {
		close(fd);
		return;
	}
	c->m = m;
	wsi = lws_adopt_socket_vhost(m->vhost, fd);
	if (!wsi) { /* and has closed fd */
		free(c);
		return;
	}
	c->wsi = wsi;
	m->n_connections++;
	lws_set_opaque_user_data(wsi, c);
	lws_set_timer_usecs(wsi, (lws_usec_t)m->p.request_ms * LWS_US_PER_MS);
}

static void on_rested(lws_sorted_usec_list_t *sul)
{
	struct manage *m = lws_container_of(sul, struct manage, rest);
	set_accepting(m, m->n_connections < MANAGE_MAX_CONNECTIONS);
}

/* Not sock_accept(): libwebsockets closes with close(), and our table of descriptors would not hear of it. */
static void on_acceptable(uv_poll_t *poll, int status, int events)
{
	struct manage *m = poll->data;

	while (m->n_connections < MANAGE_MAX_CONNECTIONS) {
		int fd = accept4(m->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			adopt(m, fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			set_accepting(m, false);
			lws_sul_schedule(m->lws, 0, &m->rest, on_rested, REST_US);
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
	set_accepting(m, false);
}

static void set_accepting(struct manage *m, bool on)
{
	if (!m->accept_open)
		return;
	if (on)
		uv_poll_start(&m->accept, UV_READABLE, on_acceptable);
	else
		uv_poll_stop(&m->accept);
}

/* ---- life ---- */

static int fail(char *err, size_t err_n, const struct addr *a, const char *what, int code)
{
	char text[ADDR_STRLEN];
	snprintf(err, err_n, "management port %s: %s%s", addr_text(a, text), what ? what : strerror(-code),
		 what ? "" : sock_mend(code));
	return code;
}

static int start_lws(struct manage *m)
{
	void *loops[] = {loop_uv(m->p.loop)};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = m->protocols,
		.foreign_loops = loops,
		.options = LWS_SERVER_OPTION_LIBUV,
		.server_string = "Limen",
		.fd_limit_per_thread = THREAD_FILES,
		.max_http_header_data = MANAGE_MAX_HEADER,
		.max_http_header_pool = MANAGE_MAX_CONNECTIONS,
		.timeout_secs = 30, /* ours come first */
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
	};

	m->protocols[0] = (struct lws_protocols){.name = "http", .callback = on_protocol, .user = m};
	lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
	m->lws = lws_create_context(&info);
	if (!m->lws)
		return -ENOTSUP;
	m->vhost = lws_get_vhost_by_name(m->lws, "default");
	return m->vhost ? 0 : -ENOTSUP;
}

int manage_create(const struct manage_params *p, char *err, size_t err_n, struct manage **ret)
{
	struct manage *m = calloc(1, sizeof(*m));

	if (!m)
		return fail(err, err_n, &p->listen, NULL, -ENOMEM);
	m->p = *p;
	m->p.request_ms = p->request_ms ? p->request_ms : 5000;
	m->p.answer_ms = p->answer_ms ? p->answer_ms : 20000;
	if (p->rpc && rpc_create(p->rpc, &m->rpc) < 0) {
		free(m);
		return fail(err, err_n, &p->listen, NULL, -ENOMEM);
	}
	m->listener = sock_listen(&p->listen, BACKLOG, NULL);
	if (m->listener < 0) {
		int code = fail(err, err_n, &p->listen, NULL, m->listener);
		rpc_destroy(m->rpc);
		free(m);
		return code;
	}
	if (start_lws(m) < 0) {
		fail(err, err_n, &p->listen, "libwebsockets did not start (package libwebsockets-evlib-uv?)", -ENOTSUP);
		manage_destroy(m);
		return -ENOTSUP;
	}
	uv_poll_init(loop_uv(p->loop), &m->accept, m->listener);
	m->accept.data = m;
	m->accept_open = true;
	set_accepting(m, true);
	*ret = m;
	return 0;
}

static void on_accept_closed(uv_handle_t *h)
{
	struct manage *m = h->data;
	m->accept_open = false;
}

static void look_closing(uv_handle_t *h, void *arg)
{
	bool *closing = arg;
	if (uv_is_closing(h))
		*closing = true;
}

static void finish_closing(uv_loop_t *loop)
{
	bool closing = true;
	for (unsigned i = 0; i < CLOSE_TURNS && closing; i++) {
		closing = false;
		uv_run(loop, UV_RUN_NOWAIT);
		uv_walk(loop, look_closing, &closing);
	}
}

/* On a loop of another's, lws_context_destroy() only begins; it is to be called again once the handles are closed. Was
 * the context freed meanwhile, its protocol has heard of it. */
static void stop_lws(struct manage *m)
{
	lws_sul_schedule(m->lws, 0, &m->rest, NULL, LWS_SET_TIMER_USEC_CANCEL);
	lws_context_destroy(m->lws);
	finish_closing(loop_uv(m->p.loop));
	if (!m->lws_gone)
		lws_context_destroy(m->lws);
}

void manage_destroy(struct manage *m)
{
	if (!m)
		return;
	if (m->accept_open)
		uv_close((uv_handle_t *)&m->accept, on_accept_closed);
	if (m->lws)
		stop_lws(m);
	else
		finish_closing(loop_uv(m->p.loop));
	sock_close(SOCK_KIND_SIGNALLING, m->listener);
	rpc_destroy(m->rpc);
	if (!m->accept_open)
		free(m);
}
