/* SPDX-License-Identifier: Apache-2.0 */
/* answer: direction arithmetic, and whether an answer can be one (RFC 3264 §6). */
#include "sdp/internal.h"

/* enum sdp_dir read as bits: what has been taken away. */
#define NO_RECEIVING SDP_SENDONLY
#define NO_SENDING   SDP_RECVONLY
_Static_assert(SDP_SENDRECV == 0 && (NO_RECEIVING | NO_SENDING) == SDP_INACTIVE, "directions are two bits");

const char *sdp_dir_text(enum sdp_dir d)
{
	static const char *const text[] = {
		[SDP_SENDRECV] = "sendrecv",
		[SDP_SENDONLY] = "sendonly",
		[SDP_RECVONLY] = "recvonly",
		[SDP_INACTIVE] = "inactive",
	};
	return text[d & SDP_INACTIVE];
}

enum sdp_dir sdp_dir_reverse(enum sdp_dir d)
{
	return (enum sdp_dir)((d & NO_RECEIVING ? NO_SENDING : 0) | (d & NO_SENDING ? NO_RECEIVING : 0));
}

enum sdp_dir sdp_dir_intersect(enum sdp_dir a, enum sdp_dir b)
{
	return (enum sdp_dir)(a | b);
}

static bool same_kind(const struct sdp_media *a, const struct sdp_media *b)
{
	return a->kind == b->kind && (a->kind != SDP_OTHER || str_eq_nocase(a->kind_text, b->kind_text));
}

unsigned sdp_check_answer(const struct sdp *offer, const struct sdp *answer)
{
	size_t n = offer->n_media < answer->n_media ? offer->n_media : answer->n_media;
	for (size_t i = 0; i < n; i++) {
		const struct sdp_media *o = &offer->media[i], *a = &answer->media[i];
		if (!same_kind(o, a) || (a->port && !o->port))
			return (unsigned)i + 1;
	}
	return offer->n_media == answer->n_media ? 0 : (unsigned)n + 1;
}
