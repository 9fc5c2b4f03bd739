/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the management port: a connection carries one request. http.c accepts and ends connections, http_request.c
 * answers them. */
#ifndef SBC_MANAGE_HTTP_INTERNAL_H
#define SBC_MANAGE_HTTP_INTERNAL_H

#include <libwebsockets.h>
#include <uv.h>

#include "sbc/manage/http.h"
#include "sbc/manage/http_answer.h"

struct manage {
	struct manage_params p;
	struct rpc *rpc;
	struct lws_context *lws;
	struct lws_protocols protocols[2];
	struct lws_vhost *vhost;
	int listener;
	uv_poll_t accept;
	bool accept_open;
	unsigned n_connections;
	lws_sorted_usec_list_t rest;
	bool lws_gone; /* its context has been freed */
};

struct connection {
	struct manage *m;
	struct lws *wsi;
	struct http_answer answer;
	/* POST /rpc */
	char *body; /* owned; body_n of body_cap bytes have come */
	size_t body_n, body_cap;
	bool may_change;
	bool taken; /* a request has come */
	bool begun; /* the headers of the answer are sent */
	struct rpc_job *job;
};

/* What libwebsockets' callbacks return: 0, or -1 to hang up. */
int http_on_request(struct connection *c, const char *path);
int http_on_body(struct connection *c, const void *p, size_t n);
int http_on_body_end(struct connection *c);
int http_on_writable(struct connection *c);
void http_connection_finish(struct connection *c); /* what it holds, not itself */

#endif
