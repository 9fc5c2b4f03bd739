/* SPDX-License-Identifier: Apache-2.0 */
/* http_answer: one answer, made whole and then sent in parts as the connection takes them. */
#ifndef SBC_MANAGE_HTTP_ANSWER_H
#define SBC_MANAGE_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

struct lws;

#define HTTP_ANSWER_PART 16384 /* bytes of one write */

struct http_answer {
	int status;
	const char *type;  /* static text */
	const char *allow; /* tells which methods there are; NULL: not told */
	bool headers_only;
	char *room; /* owned; what libwebsockets needs before the body, and the body */
	size_t n;   /* bytes of body */
	size_t sent;
};

/* Room for a body of cap bytes, in place of the one before; NULL when out of memory. */
char *http_answer_room(struct http_answer *a, size_t cap);
/* A short body; returns status, or 503 without a body when out of memory. */
int http_answer_text(struct http_answer *a, const char *text, int status);
void http_answer_finish(struct http_answer *a);

int http_answer_headers(struct lws *wsi, struct http_answer *a);
/* 1: more is left, 0: that was all, -1: the connection is gone. */
int http_answer_part(struct lws *wsi, struct http_answer *a);

#endif
