/* SPDX-License-Identifier: Apache-2.0 */
/* origin: a leg's identity in o=, and its version (RFC 3264 §8). */
#include "base/hash.h"
#include "sdp/internal.h"

struct sdp_origin sdp_origin_init(uint64_t random)
{
	return (struct sdp_origin){.id = random >> 2};
}

/* Of everything behind the o= line. Only we choose what is compared, so the key need not be secret. */
static uint64_t digest_of(const struct sdp_origin *origin, struct str rest)
{
	struct hash_key key = {{origin->id, 0}};
	uint64_t d = hash_str(&key, rest);
	return d ? d : 1;
}

/* Puts another o= line in the place of the one at w->p[at..at + n), which is at least as long. */
static void replace_origin(struct writer *w, size_t at, size_t n, const struct sdp_out *o)
{
	char buf[128];
	struct writer line = writer_init(buf, sizeof(buf));
	sdp_write_origin(&line, o);
	memmove(w->p + at + line.n, w->p + at + n, w->n - at - n);
	memcpy(w->p + at, line.p, line.n);
	w->n -= n - line.n;
}

/* The version stands before the text that decides it, so the text is written as if it had changed, which most do, and
 * mended when it has not. */
void sdp_write_own(struct sdp_origin *origin, const struct sdp_out *o, struct writer *w)
{
	struct sdp_out own = *o;
	size_t at = w->n + sizeof("v=0\r\n") - 1;
	own.session_id = origin->id;
	own.version = origin->version + 1;
	sdp_write(&own, w);
	if (w->overflow)
		return;
	size_t n = (size_t)((char *)memchr(w->p + at, '\n', w->n - at) + 1 - (w->p + at));
	uint64_t digest = digest_of(origin, (struct str){w->p + at + n, w->n - at - n});
	if (digest == origin->digest) {
		own.version = origin->version;
		replace_origin(w, at, n, &own);
		return;
	}
	origin->version++;
	origin->digest = digest;
}
