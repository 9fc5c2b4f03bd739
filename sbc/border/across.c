/* SPDX-License-Identifier: Apache-2.0 */
#include "sbc/border/across.h"

#include "sbc/border/internal.h"

int status_across(int status)
{
	if (status >= 300 && status < 400)
		return 480;
	if (status == 401 || status == 407)
		return 403;
	return status;
}

const char *phrase_across(const struct message *m, int status, char buf[PHRASE_MAX])
{
	if (m->status != status || !m->phrase.n || m->phrase.n >= PHRASE_MAX || text_names_host(m->phrase))
		return NULL;
	memcpy(buf, m->phrase.p, m->phrase.n);
	buf[m->phrase.n] = '\0';
	return buf;
}
