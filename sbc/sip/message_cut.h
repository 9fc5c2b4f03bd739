/* SPDX-License-Identifier: Apache-2.0 */
/* message_cut: small cutters of slices for message_values.c and message_uri.c. */
#ifndef SBC_SIP_MESSAGE_CUT_H
#define SBC_SIP_MESSAGE_CUT_H

#include "sbc/sip/message_lines.h"
#include "sbc/sip/message_values.h"

/* Length of the quoted string at the start of s, quotes included (RFC 3261 §25.1); 0: it does not end. */
size_t quoted_length(struct str s);
/* ";a;b=c" or nothing: what remains of a value after "uri>" or "host:port". Each parameter is given to fn, which may
 * refuse it. At most 64. One empty parameter at the very end (";tag=x;") is common enough in service to be let through.
 */
bool header_params_parse(struct str s, bool (*fn)(void *arg, const struct param *p), void *arg, struct str *ret_params);
/* "host", "host:port", "[v6]", "[v6]:port" at the start of *s; blanks around ':' are taken only when told. */
bool hostport_parse(struct str *s, bool blanks, struct str *ret_host, uint16_t *ret_port);

static inline struct str skip(struct str s, size_t n)
{
	return n ? (struct str){s.p + n, s.n - n} : s; /* no sum with a NULL */
}

static inline struct str take(struct str s, size_t n)
{
	return (struct str){s.p, n};
}

static inline struct str skip_blanks(struct str s)
{
	size_t i = 0;
	while (i < s.n && is_blank(s.p[i]))
		i++;
	return skip(s, i);
}

static inline struct str take_class(struct str *s, uint8_t cls)
{
	size_t i = 0;
	while (i < s->n && char_class[(uint8_t)s->p[i]] & cls)
		i++;
	struct str out = take(*s, i);
	*s = skip(*s, i);
	return out;
}

static inline bool take_char(struct str *s, char c)
{
	struct str t = skip_blanks(*s);
	if (!t.n || t.p[0] != c)
		return false;
	*s = skip_blanks(skip(t, 1));
	return true;
}

#endif
