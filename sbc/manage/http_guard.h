/* SPDX-License-Identifier: Apache-2.0 */
/* http_guard: whether a request to /rpc may come in: pure functions over its headers. A browser that shows a foreign
 * site's page reaches loopback and inside addresses as well, in its user's name; none of what it can send gets past. */
#ifndef SBC_MANAGE_HTTP_GUARD_H
#define SBC_MANAGE_HTTP_GUARD_H

#include "base/str.h"
#include "config/config.h"

/* What the request said; empty: not given. */
struct http_headers {
	struct str host, origin, content_type, authorization;
};

struct http_verdict {
	int status; /* 0: come in */
	const char *text;
	bool may_change;
};
/* Host: an address, localhost, or a configured name (a name of another's that leads here is DNS rebinding). Origin:
 * none, or this very host. Content-Type: application/json, which no form can send and a script only after asking by
 * OPTIONS. A token that is shown must be right; may_change: it was, or none is configured. */
struct http_verdict http_guard(const struct config *c, const struct http_headers *h);

#endif
