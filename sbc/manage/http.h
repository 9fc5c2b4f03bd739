/* SPDX-License-Identifier: Apache-2.0 */
/* http: the management port, over libwebsockets on the main thread's libuv loop (its plug-in evlib_uv, which Debian
 * packages apart, is loaded at run time).
 *
 * GET and HEAD of /metrics, /healthz (200 while the process lives) and /readyz; POST to /rpc (rpc.h), asked with care
 * (http_guard.h); 404 for other paths, 405 for other methods. One request a connection. At most 32 connections, more
 * wait in the kernel's queue; a connection whose request is not whole in time, or whose answer is not read in time, is
 * closed. */
#ifndef SBC_MANAGE_HTTP_H
#define SBC_MANAGE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/writer.h"
#include "sbc/manage/rpc.h"
#include "sbc/sip/loop.h"

#define MANAGE_MAX_CONNECTIONS 32
#define MANAGE_MAX_HEADER      4096        /* bytes of a request */
#define MANAGE_MAX_BODY        (16u << 20) /* bytes of an answer */

struct manage;
struct manage_params {
	struct addr listen;
	struct loop *loop; /* the main thread's */
	/* Writes the Prometheus text; called on the main thread, again with more room when it overflows. */
	void (*metrics)(void *arg, struct writer *w);
	/* true: ready for calls (not draining, all listeners up). */
	bool (*ready)(void *arg);
	/* true: the workers turn; NULL: not asked. */
	bool (*healthy)(void *arg);
	void *arg;
	/* What /rpc looks at; outlives the port. NULL: there is no /rpc. */
	struct rpc_sources *rpc;
	unsigned request_ms; /* connected to request read; 0: 5000 */
	unsigned answer_ms;  /* request read to answer taken; 0: 20000 */
};

/* 0; -ENOMEM; -errno of listening; -ENOTSUP: libwebsockets did not start. err gets a text for the operator. Routes what
 * libwebsockets logs, for the whole process, to our log. Main thread, before the loop runs. */
int manage_create(const struct manage_params *p, char *err, size_t err_n, struct manage **ret);
/* Closes everything; turns the loop until its handles are closed, so not from within it. NULL is allowed. */
void manage_destroy(struct manage *m);

#endif
