/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where a message meets sofia-sip.
 *
 * sofia works in place on a copy of its own, which lies in our block and is handed over with msg_buf_set(), so it
 * copies nothing. It is given the start line and the fields that message_parse() reads, and no others: its parsers of
 * some lists take time with the square of their length (64 kB of Call-Info is 0.2 s), and what nobody needs is not
 * built. It never sees a body, so that its multipart and SDP parsers are out of reach. */
#include <errno.h>

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_buffer.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/su_alloc.h>

#include "sbc/sip/message_internal.h"

/* Enough for the headers of a typical message: one allocation instead of some fifteen. What goes beyond is allocated.
 */
#define PRELOAD_BYTES 4096

static void write_scratch(struct message_block *b, struct str start_line)
{
	struct writer *w = &b->scratch;
	writer_str(w, start_line);
	writer_lit(w, "\r\n");
	for (unsigned i = 0; i < b->n_fields; i++)
		if (b->fields[i].id != HEADER_OTHER)
			header_write(w, b->fields[i].name, b->fields[i].value);
	writer_lit(w, "\r\n");
}

enum reject_reason message_sofia_parse(struct message_block *b, struct str start_line)
{
	write_scratch(b, start_line);
	/* sofia tells no memory and bad syntax apart by nothing but errno; a failed allocation inside a header that it
	 * deems uncritical would even pass for success with that header missing. */
	errno = 0;
	msg_t *msg = msg_create(sip_default_mclass(), 0);
	if (!msg)
		return REJECT_NO_MEMORY;
	su_home_preload(msg_home(msg), 1, PRELOAD_BYTES);
	msg_buf_set(msg, b->scratch.p, b->scratch.n + 2);
	msg_buf_commit(msg, b->scratch.n, 1);
	int r = b->scratch.overflow ? -1 : msg_extract(msg); /* it has room for what any field can grow by */
	enum reject_reason why = errno == ENOMEM ? REJECT_NO_MEMORY : r < 0 ? REJECT_MALFORMED : REJECT_NONE;
	if (why != REJECT_NONE)
		msg_destroy(msg);
	else
		b->m.sofia = msg;
	return why;
}

void message_sofia_free(void *sofia)
{
	msg_destroy(sofia);
}
