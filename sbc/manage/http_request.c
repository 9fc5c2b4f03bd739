/* SPDX-License-Identifier: Apache-2.0 */
/* http_request: which resource, which method, what is answered. */
#include <stdlib.h>
#include <string.h>

#include "sbc/manage/http_guard.h"
#include "sbc/manage/http_internal.h"

#define HEADER_MAX 512 /* of a single one that matters to us */
#define PLAIN      "text/plain; charset=utf-8"

/* ---- what can be got ---- */

static int get_metrics(struct manage *m, struct http_answer *a)
{
	for (size_t cap = 256u << 10; cap <= MANAGE_MAX_BODY; cap *= 4) {
		struct writer w;
		char *body = http_answer_room(a, cap);
		if (!body)
			return 503;
		w = writer_init(body, cap);
		m->p.metrics(m->p.arg, &w);
		if (!w.overflow) {
			a->n = w.n;
			return 200;
		}
	}
	return 503;
}

static int get_healthz(struct manage *m, struct http_answer *a)
{
	bool good = !m->p.healthy || m->p.healthy(m->p.arg);
	return http_answer_text(a, good ? "ok\n" : "a worker is stuck\n", good ? 200 : 503);
}

static int get_readyz(struct manage *m, struct http_answer *a)
{
	bool good = m->p.ready(m->p.arg);
	return http_answer_text(a, good ? "ready\n" : "not ready\n", good ? 200 : 503);
}

static const struct resource {
	const char *path, *type, *allow;
	int (*get)(struct manage *m, struct http_answer *a); /* NULL: POST alone */
} resources[] = {
	{"/metrics", "text/plain; version=0.0.4; charset=utf-8", "GET, HEAD", get_metrics},
	{"/healthz", PLAIN, "GET, HEAD", get_healthz},
	{"/readyz", PLAIN, "GET, HEAD", get_readyz},
	{"/rpc", "application/json", "POST", NULL},
};

static const struct resource *find_resource(const struct manage *m, const char *path)
{
	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
		if (strcmp(path, resources[i].path) == 0 && (resources[i].get || m->rpc))
			return &resources[i];
	return NULL;
}

/* ---- sending ---- */

/* Headers, and the whole body if it is small: a request body that we shall not read must not keep us from answering. */
static int begin_answer(struct connection *c, bool whole)
{
	if (http_answer_headers(c->wsi, &c->answer) < 0)
		return -1;
	c->begun = true;
	if (whole || c->answer.n <= HTTP_ANSWER_PART) {
		http_answer_part(c->wsi, &c->answer);
		return -1;
	}
	lws_set_timer_usecs(c->wsi, (lws_usec_t)c->m->p.answer_ms * LWS_US_PER_MS);
	lws_callback_on_writable(c->wsi);
	return 0;
}

static int refuse(struct connection *c, int status, const char *text, const char *allow)
{
	c->answer.type = PLAIN;
	c->answer.allow = allow;
	c->answer.status = http_answer_text(&c->answer, text, status);
	return begin_answer(c, true);
}

int http_on_writable(struct connection *c)
{
	if (!c->begun)
		return c->answer.status ? begin_answer(c, false) : 0;
	if (http_answer_part(c->wsi, &c->answer) <= 0)
		return -1;
	lws_callback_on_writable(c->wsi);
	return 0;
}

/* ---- POST /rpc ---- */

static struct str header(struct lws *wsi, enum lws_token_indexes token, char buf[HEADER_MAX])
{
	int n = lws_hdr_copy(wsi, buf, HEADER_MAX, token);

	return (struct str){buf, n > 0 ? (size_t)n : 0};
}

/* A header that does not fit is one that we would refuse. */
static struct http_verdict judge(struct connection *c)
{
	static const enum lws_token_indexes tokens[] = {WSI_TOKEN_HOST, WSI_TOKEN_ORIGIN, WSI_TOKEN_HTTP_CONTENT_TYPE,
							WSI_TOKEN_HTTP_AUTHORIZATION};
	char text[4][HEADER_MAX];
	struct str v[4];

	for (unsigned i = 0; i < 4; i++) {
		v[i] = header(c->wsi, tokens[i], text[i]);
		if (lws_hdr_total_length(c->wsi, tokens[i]) > 0 && !v[i].n)
			return (struct http_verdict){400, "a header is too long\n", false};
	}
	return http_guard(
		c->m->p.rpc->config(c->m->p.rpc->door.arg),
		&(struct http_headers){.host = v[0], .origin = v[1], .content_type = v[2], .authorization = v[3]});
}

static int begin_rpc(struct connection *c)
{
	struct http_verdict v = judge(c);
	char text[HEADER_MAX];
	struct str length = str_trim(header(c->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, text));
	uint64_t n = 0;

	if (v.status)
		return refuse(c, v.status, v.text, NULL);
	if (!length.n || !str_to_u64(length, UINT64_MAX, &n))
		return refuse(c, 411, "Content-Length is needed\n", NULL);
	if (n == 0)
		return refuse(c, 400, "there is no request\n", NULL);
	if (n > RPC_MAX_BODY)
		return refuse(c, 413, "the request is too long\n", NULL);
	c->body = malloc(n);
	if (!c->body)
		return refuse(c, 503, "out of memory\n", NULL);
	c->body_cap = n;
	c->may_change = v.may_change;
	return 0;
}

int http_on_body(struct connection *c, const void *p, size_t n)
{
	if (!c->body)
		return 0; /* of a request behind the first */
	if (n > c->body_cap - c->body_n)
		return -1;
	memcpy(c->body + c->body_n, p, n);
	c->body_n += n;
	return 0;
}

static void on_rpc_done(void *arg, char *body, size_t n)
{
	struct connection *c = arg;
	char *room = body ? http_answer_room(&c->answer, n) : NULL;

	c->job = NULL;
	c->answer.type = "application/json";
	if (room) {
		memcpy(room, body, n);
		c->answer.n = n;
		c->answer.status = 200;
	} else {
		c->answer.status = body || n ? 503 : 204;
	}
	free(body);
	lws_callback_on_writable(c->wsi);
}

int http_on_body_end(struct connection *c)
{
	if (!c->body)
		return 0;
	/* the workers' deadline is part of the answer's time */
	lws_set_timer_usecs(c->wsi, (lws_usec_t)c->m->p.answer_ms * LWS_US_PER_MS);
	rpc_submit(c->m->rpc, (struct str){c->body, c->body_n}, c->may_change, on_rpc_done, c, &c->job);
	free(c->body);
	c->body = NULL;
	return 0;
}

/* ---- requests ---- */

int http_on_request(struct connection *c, const char *path)
{
	bool head = lws_hdr_total_length(c->wsi, WSI_TOKEN_HEAD_URI) > 0;
	bool get = lws_hdr_total_length(c->wsi, WSI_TOKEN_GET_URI) > 0;
	bool post = lws_hdr_total_length(c->wsi, WSI_TOKEN_POST_URI) > 0;
	const struct resource *r = find_resource(c->m, path);

	/* libwebsockets goes on to a second request while we still work on the first, which is the one that is answered
	 * (RFC 9112 §9.3.2 lets us close behind it) */
	if (c->taken)
		return 0;
	c->taken = true;
	if (!r && (get || head))
		return refuse(c, 404, "not found\n", NULL);
	if (r && !r->get)
		return post ? begin_rpc(c) : refuse(c, 405, "only POST\n", r->allow);
	if (!get && !head)
		return refuse(c, 405, "only GET and HEAD\n", "GET, HEAD");
	c->answer.type = r->type;
	c->answer.status = r->get(c->m, &c->answer);
	c->answer.headers_only = head;
	return begin_answer(c, head);
}

void http_connection_finish(struct connection *c)
{
	if (c->job)
		rpc_abandon(c->job);
	http_answer_finish(&c->answer);
	free(c->body);
}
