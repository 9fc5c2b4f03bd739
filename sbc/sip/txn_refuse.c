/* SPDX-License-Identifier: Apache-2.0 */
/* txn_refuse: what this build carries (methods, option tags, bodies), and the header lines with which a refusal says
 * so. */
#include "sbc/sip/txn_internal.h"

#define ALLOWED_METHODS(X)                                                                                             \
	X(INVITE)                                                                                                      \
	X(ACK)                                                                                                         \
	X(BYE)                                                                                                         \
	X(CANCEL)                                                                                                      \
	X(OPTIONS)                                                                                                     \
	X(REGISTER)                                                                                                    \
	X(UPDATE)                                                                                                      \
	X(INFO)

/* Option tags understood in Require: none yet. A line each: STR("timer"). */
static const struct str supported_options[] = {{NULL, 0}};

bool txn_method_allowed(enum method m)
{
	switch ((int)m) {
#define X(name) case METHOD_##name:
		ALLOWED_METHODS(X)
#undef X
		return true;
	}
	return false;
}

void txn_write_allow(struct writer *w)
{
#define X(name) ", " #name
	static const char list[] = ALLOWED_METHODS(X);
#undef X

	writer_lit(w, "Allow: ");
	writer_put(w, list + 2, sizeof(list) - 3);
	writer_lit(w, "\r\n");
}

bool txn_option_supported(struct str tag)
{
	for (const struct str *o = supported_options; o->n; o++) {
		if (str_eq_nocase(*o, tag))
			return true;
	}
	return false;
}

/* RFC 3261 §8.2.2.3: the tags of Require that we do not know. */
static void write_unsupported(struct writer *w, const struct message *m)
{
	struct str value, tag;
	bool any = false;

	for (unsigned i = 0; message_header(m, STR("Require"), i, &value); i++) {
		while (list_next(&value, &tag)) {
			if (!tag.n || txn_option_supported(tag))
				continue;
			writer_z(w, any ? ", " : "Unsupported: ");
			writer_str(w, tag);
			any = true;
		}
	}
	if (any)
		writer_lit(w, "\r\n");
}

static void write_retry_after(struct writer *w, unsigned seconds)
{
	writer_lit(w, "Retry-After: ");
	writer_u64(w, seconds);
	writer_lit(w, "\r\n");
}

void txn_write_refusal_headers(const struct txn_layer *l, enum reject_reason why, const struct message *m,
			       struct writer *w)
{
	switch (reject_status(why)) {
	case 405:
	case 501:
		txn_write_allow(w);
		break;
	case 415:
		/* RFC 3261 §8.2.3: what would be understood, for the one reason and the other */
		writer_lit(w, "Accept: application/sdp\r\nAccept-Encoding: identity\r\n");
		break;
	case 420:
		if (m)
			write_unsupported(w, m);
		break;
	case 500:
		/* RFC 3261 §14.2 */
		if (why == REJECT_GLARE_RETRY)
			write_retry_after(w, random_below(11));
		break;
	case 503:
		write_retry_after(w, 3 + random_below(8));
		break;
	}
	if (l->config->server_name) {
		writer_lit(w, "Server: ");
		writer_z(w, l->config->server_name);
		writer_lit(w, "\r\n");
	}
}
