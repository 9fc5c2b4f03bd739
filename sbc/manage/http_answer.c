/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/manage/http_answer.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 1024

char *http_answer_room(struct http_answer *a, size_t cap)
{
	free(a->room);
	a->n = 0;
	a->room = malloc(LWS_PRE + cap);
	return a->room ? a->room + LWS_PRE : NULL;
}

int http_answer_text(struct http_answer *a, const char *text, int status)
{
	size_t n = strlen(text);
	char *body = http_answer_room(a, n);
	if (!body)
		return 503;
	memcpy(body, text, n);
	a->n = n;
	return status;
}

void http_answer_finish(struct http_answer *a)
{
	free(a->room);
	*a = (struct http_answer){0};
}

static int add(struct lws *wsi, enum lws_token_indexes token, const char *value, unsigned char **p, unsigned char *end)
{
	return lws_add_http_header_by_token(wsi, token, (const unsigned char *)value, (int)strlen(value), p, end);
}

int http_answer_headers(struct lws *wsi, struct http_answer *a)
{
	unsigned char text[LWS_PRE + HEADER_BYTES];
	unsigned char *start = text + LWS_PRE, *p = start, *end = text + sizeof(text);

	if (lws_add_http_header_status(wsi, (unsigned)a->status, &p, end) ||
	    add(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, a->type, &p, end) ||
	    add(wsi, WSI_TOKEN_CONNECTION, "close", &p, end) ||
	    add(wsi, WSI_TOKEN_HTTP_CACHE_CONTROL, "no-store", &p, end) ||
	    (a->allow && add(wsi, WSI_TOKEN_HTTP_ALLOW, a->allow, &p, end)) ||
	    lws_add_http_header_content_length(wsi, a->n, &p, end) ||
	    lws_finalize_write_http_header(wsi, start, &p, end))
		return -1;
	return 0;
}

/* libwebsockets writes its framing before what it is given: into the room before the body, and later into the part
 * that is already sent. It keeps what the kernel does not take. */
int http_answer_part(struct lws *wsi, struct http_answer *a)
{
	size_t left = a->n - a->sent;
	size_t n = left > HTTP_ANSWER_PART ? HTTP_ANSWER_PART : left;
	enum lws_write_protocol how = n == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP;

	if (a->headers_only || left == 0)
		return 0;
	if (lws_write(wsi, (unsigned char *)a->room + LWS_PRE + a->sent, n, how) < 0)
		return -1;
	a->sent += n;
	return n < left;
}
