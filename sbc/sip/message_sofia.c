/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where a message meets sofia-sip.
 *
 * sofia works in place on a copy of its own, which is handed over with msg_buf_set(), so it
 * copies nothing. It is given the start line and the fields that message_parse() reads, and no others: its parsers of
 * some lists take time with the square of their length (64 kB of Call-Info is 0.2 s), and what nobody needs is not
 * built. It never sees a body, so that its multipart and SDP parsers are out of reach. */
#include <errno.h>
#include <stdlib.h>

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

/* Of its copy; longer ones are allocated. */
#define SCRATCH_BYTES 4096

/* The names it finds without a search (RFC 3261 §7.3.3): "v" and "Via" are one header to it. */
static const char compact[HEADER_IDS] = {
	[HEADER_VIA] = 'v',
	[HEADER_FROM] = 'f',
	[HEADER_TO] = 't',
	[HEADER_CALL_ID] = 'i',
	[HEADER_CONTACT] = 'm',
	[HEADER_CONTENT_TYPE] = 'c',
	[HEADER_CONTENT_LENGTH] = 'l',
};

/* No longer than the head was: a field grows by nothing. */
static void write_field(struct writer *w, const struct field *f)
{
	if (compact[f->id])
		writer_char(w, compact[f->id]);
	else
		writer_str(w, f->name);
	writer_char(w, ':');
	writer_str(w, f->value);
	writer_lit(w, "\r\n");
}

static void write_scratch(const struct message_block *b, struct writer *w)
{
	writer_str(w, b->start_line);
	writer_lit(w, "\r\n");
	for (unsigned i = 0; i < b->n_fields; i++)
		if (b->fields[i].id != HEADER_OTHER)
			write_field(w, &b->fields[i]);
	writer_lit(w, "\r\n");
}

/* text: cut up in place; it has two bytes to spare behind its end. */
static enum reject_reason judge(struct writer *text)
{
	/* sofia tells no memory and bad syntax apart by nothing but errno; a failed allocation inside a header that it
	 * deems uncritical would even pass for success with that header missing. */
	errno = 0;
	msg_t *msg = msg_create(sip_default_mclass(), 0);
	if (!msg)
		return REJECT_NO_MEMORY;
	su_home_preload(msg_home(msg), 1, PRELOAD_BYTES);
	msg_buf_set(msg, text->p, text->n + 2);
	msg_buf_commit(msg, text->n, 1);
	int r = text->overflow ? -1 : msg_extract(msg); /* it has room for what any field can grow by */
	enum reject_reason why = errno == ENOMEM ? REJECT_NO_MEMORY : r < 0 ? REJECT_MALFORMED : REJECT_NONE;
	msg_destroy(msg); /* it was asked for its judgement alone: what it cut lies in our own slices already */
	return why;
}

enum reject_reason message_sofia_parse(const struct message_block *b)
{
	char on_stack[SCRATCH_BYTES], *text = on_stack;
	size_t cap = b->head;

	if (cap + 2 > sizeof(on_stack)) {
		text = malloc(cap + 2);
		if (!text)
			return REJECT_NO_MEMORY;
	}
	struct writer w = writer_init(text, cap);
	write_scratch(b, &w);
	enum reject_reason why = judge(&w);
	if (text != on_stack)
		free(text);
	return why;
}
