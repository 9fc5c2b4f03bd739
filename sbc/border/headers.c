/* SPDX-License-Identifier: Apache-2.0 */
/* headers: carrying out what the table says. */
#include "sbc/border/internal.h"

static const struct config_peer *receiver(const struct crossing *x)
{
	return x->to_peer >= 0 ? &x->config->peers[x->to_peer] : NULL;
}

static bool names(const struct config_strings *list, struct str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq_nocase(str_z(list->v[i]), name))
			return true;
	return false;
}

/* RFC 3325 §5 to §7: an identity is told to who is trusted with it, as the receiving peer's setting says, and believed
 * from who is trusted to assert it: any peer, but no stranger whom a network accepts. */
static bool identity_passes(const struct crossing *x)
{
	const struct config_peer *to = receiver(x);
	return to && to->identity == CONFIG_IDENTITY_PASS && x->from_peer >= 0;
}

/* A wish for privacy is nothing that has to be believed; it goes where identities may go. */
static bool privacy_passes(const struct crossing *x)
{
	return receiver(x) && receiver(x)->identity == CONFIG_IDENTITY_PASS;
}

static void (*const word_writers[])(struct writer *w, struct str name, struct str value) = {
	[HEADER_WORDS] = words_write,
	[HEADER_TEXT] = text_write,
	[HEADER_SECONDS] = seconds_write,
};

static void header_cross(const struct header_rule *r, const struct header *h, const struct message *m, bool passed,
			 const struct crossing *x, struct writer *w)
{
	const unsigned direction = m->request ? HEADER_REQ : HEADER_RSP;
	switch (r->kind) {
	case HEADER_WORDS:
	case HEADER_TEXT:
	case HEADER_SECONDS:
		if (passed)
			header_write(w, h->name, h->value);
		else if (r->directions & direction)
			word_writers[r->kind](w, h->name, h->value);
		break;
	case HEADER_REASON:
		reason_write(w, h->value);
		break;
	case HEADER_WARNING:
		if (r->directions & direction)
			warning_write(w, h->value, x);
		break;
	case HEADER_IDENTITY:
		if (passed || identity_passes(x))
			identity_write(w, str_z(r->name), h->value, x);
		break;
	case HEADER_PRIVACY:
		if (passed || privacy_passes(x))
			header_write(w, h->name, h->value);
		break;
	case HEADER_AUTH:
		if ((r->directions & direction) && headers_relay_auth(m, x))
			auth_write(w, h->name, h->value);
		break;
	case HEADER_URI:
		if (passed)
			header_write(w, h->name, h->value);
		break;
	case HEADER_LEG:
		break;
	}
}

static bool broken(const struct header_rule *r)
{
	return headers_policy_broken(r ? r->policy : POLICY_UNLISTED);
}

void headers_cross(const struct message *m, const struct crossing *x, struct writer *w)
{
	const struct config_peer *to = receiver(x);
	/* those that the parser reads, most of any message, are all of them a leg's own */
	bool (*next)(const struct message *m, const void **it, struct header *ret) =
		headers_any_policy_broken() ? message_next_header : message_next_other;
	const void *it = NULL;
	struct header h;
	while (next(m, &it, &h)) {
		const struct header_rule *r = header_rule_of(h.name);
		if (broken(r)) {
			header_write(w, h.name, h.value);
			continue;
		}
		if (to && to->drop.n && names(&to->drop, h.name))
			continue;
		bool passed = to && to->pass.n && names(&to->pass, h.name);
		if (r)
			header_cross(r, &h, m, passed, x, w);
		else if (passed)
			header_write(w, h.name, h.value);
	}
}
