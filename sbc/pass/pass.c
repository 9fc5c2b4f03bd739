/* SPDX-License-Identifier: Apache-2.0 */
/* pass: the door of the room: which file a request is for. */
#include "sbc/pass/pass.h"

#include <errno.h>
#include <stdlib.h>

#include "sbc/pass/internal.h"

bool pass_request(void *arg, struct server_txn *t, const struct message *m)
{
	struct pass *p = arg;

	if (m->method != METHOD_REGISTER)
		return pass_options(p, t, m);
	registrar_request(p->registrar, t, m);
	return false;
}

bool pass_glance(void *arg, const struct message *m)
{
	struct pass *p = arg;

	return registrar_glance(p->registrar, m);
}

int pass_create(struct worker *w, struct border_state *border, struct location *location, struct keyring *keyring,
		struct pass **ret)
{
	struct pass *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->worker = w;
	p->border = border;
	p->location = location;
	p->keyring = keyring;
	list_init(&p->requests);
	if (registrar_create(w, border, location, keyring, &p->registrar) < 0) {
		free(p);
		return -ENOMEM;
	}
	p->config = config_ref(w->config);
	*ret = p;
	return 0;
}

void pass_destroy(struct pass *p)
{
	if (!p)
		return;
	pass_options_end(p);
	registrar_destroy(p->registrar);
	config_unref(p->config);
	free(p);
}

int pass_set_config(struct pass *p, struct config *c)
{
	config_unref(p->config);
	p->config = config_ref(c);
	registrar_set_config(p->registrar, c);
	return 0;
}
