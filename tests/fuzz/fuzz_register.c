/* SPDX-License-Identifier: Apache-2.0 */
/* A message of any bytes as a phone's REGISTER. Whatever it asks for: what is read lies in it, is within its bounds and
 * names no contact twice; read again, from a message that is judged, it is the same. What of it finds room is found
 * again, and the answer tells it contact by contact, each line as it can be read back. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sbc/pass/register_internal.h"
#include "sbc/sip/message_values.h"
#include "tests/fuzz/check.h"

#define FOREVER_S 1000000 /* more than any phone may ask for */

static struct loop *loop;
static struct config *config;
static struct ident_key key;
static struct registrar registrar;

static void prepare(void)
{
	static const char text[] = "{\"networks\":{\"n\":{\"listen\":[\"udp:127.0.0.1:5060\"]}},"
				   "\"registrations\":{\"max_contacts\":64}}";
	struct config_faults faults = {0};

	if (loop)
		return;
	log_set_level(LOG_ERROR);
	key = ident_key_init(STR("a secret of sixteen"), 1, 7);
	CHECK(loop_create(16, &loop) == 0);
	CHECK(config_load_text(text, sizeof(text) - 1, "fuzz", &config, &faults) == 0);
	CHECK(location_create(&(struct location_params){.loop = loop, .key = &key, .config = config},
			      &registrar.location) == 0);
	registrar.config = config;
}

static bool within(struct str all, struct str s)
{
	return !s.n || (s.p >= all.p && s.p + s.n <= all.p + all.n);
}

static bool one_line(struct str s)
{
	return !s.n || (!memchr(s.p, '\r', s.n) && !memchr(s.p, '\n', s.n));
}

static void look(const struct wish *w)
{
	CHECK(w->n <= WISH_CONTACTS_MAX && (!w->star || !w->n));
	CHECK(w->aor.n && w->aor.n <= AOR_MAX && within((struct str){w->aor_buf, sizeof(w->aor_buf)}, w->aor));
	CHECK(one_line(w->agent));
	for (unsigned i = 0; i < w->n; i++) {
		const struct location_contact *c = &w->v[i].contact;

		CHECK(w->v[i].expires_s <= WISH_EXPIRES_MAX);
		CHECK(c->uri.n && c->uri.n <= LOCATION_URI_MAX && one_line(c->uri));
		CHECK(!memchr(c->uri.p, '>', c->uri.n));
		CHECK(c->params.n <= LOCATION_PARAMS_MAX && one_line(c->params));
		CHECK(within((struct str){w->text, w->n_text}, c->params));
		CHECK(c->instance.n <= LOCATION_INSTANCE_MAX && one_line(c->instance));
		CHECK(location_same_uri(c->uri, c->uri));
	}
}

static void same(const struct wish *a, const struct wish *b)
{
	CHECK(a->n == b->n && a->star == b->star && a->cseq == b->cseq && a->call_id == b->call_id);
	CHECK(str_eq(a->aor, b->aor) && a->outbound == b->outbound && a->credentials == b->credentials);
	for (unsigned i = 0; i < a->n; i++) {
		CHECK(str_eq(a->v[i].contact.uri, b->v[i].contact.uri));
		CHECK(str_eq(a->v[i].contact.params, b->v[i].contact.params));
		CHECK(a->v[i].expires_s == b->v[i].expires_s);
	}
}

/* How many of them are kept. */
static unsigned keep(const struct wish *w)
{
	struct location *l = registrar.location;
	uint8_t slot = location_slot(l, w->aor);
	unsigned kept = 0;

	for (unsigned i = 0; i < w->n; i++) {
		char alias[IDENT_LEN + 1];
		struct location_update u = {.network = w->network,
					    .aor = w->aor,
					    .contact = &w->v[i].contact,
					    .alias = alias,
					    .core_call_id = alias,
					    .flow = w->flow,
					    .agent = w->agent,
					    .phone_call_id = w->call_id,
					    .phone_cseq = w->cseq,
					    .phone_s = w->v[i].expires_s,
					    .core_s = FOREVER_S};
		struct location_binding *b;

		if (!w->v[i].expires_s)
			continue;
		location_alias(l, slot, w->network, w->aor, u.contact, alias);
		CHECK(location_like_alias(str_z(alias)));
		CHECK(!location_match(location_aor(l, w->network, w->aor), u.contact)); /* none is named twice */
		CHECK(location_put(l, &u, &b) == 0);
		CHECK(location_match(location_aor(l, w->network, w->aor), u.contact) == b);
		CHECK(str_eq(location_uri(b), u.contact->uri));
		kept++;
	}
	return kept;
}

/* The lines "Contact:" of an answer, in the order of the bindings. */
static void read_back(const struct wish *w, struct str answer, unsigned kept)
{
	const struct location_aor *a = location_aor(registrar.location, w->network, w->aor);
	const struct location_binding *b = location_first(a);
	unsigned told = 0;

	while (answer.n) {
		struct str line = str_cut(&answer, '\n'), name, v;
		struct name_addr c;

		CHECK(line.n && line.p[line.n - 1] == '\r');
		line.n--;
		CHECK(one_line(line));
		name = str_cut(&line, ':');
		if (!str_eq(name, STR("Contact")))
			continue;
		CHECK(b && name_addr_parse(str_trim(line), &c));
		CHECK(str_eq(c.uri.text, location_uri(b)));
		CHECK(params_get(c.params, STR("expires"), &v) && expires_read(v) > 0);
		told++;
		b = location_next(a, b);
	}
	CHECK(told == kept);
}

static void register_it(const struct wish *w)
{
	static char headers[WISH_CONTACTS_MAX * (LOCATION_URI_MAX + LOCATION_PARAMS_MAX + LOCATION_INSTANCE_MAX + 100) +
			    1000];
	struct writer h = writer_init(headers, sizeof(headers));
	unsigned kept = keep(w);

	wish_write_answer(&registrar, w, &h);
	CHECK(!h.overflow);
	read_back(w, writer_result(&h), kept);
	if (kept) {
		/* the very same once more is the repetition that it looks like, as long as all of it is there */
		h = writer_init(headers, sizeof(headers));
		CHECK(wish_absorb(&registrar, w, ABSORB_REFRESH, &h) == (kept == w->n));
		location_remove_aor(registrar.location, w->network, w->aor);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct wish w, again;
	struct flow_addr source = {.transport = CONFIG_UDP};
	struct message *m = NULL;
	enum reject_reason why;

	prepare();
	CHECK(addr_parse(STR("192.0.2.1"), 5060, &source.remote));
	if (message_parse(p, n, &source, &m) != REJECT_NONE || !m->request)
		goto done;
	w.flow = again.flow = destination_of_flow(&m->source);
	why = wish_read(registrar.location, m, &w);
	CHECK(message_judge(m) != REJECT_NO_MEMORY);
	CHECK(wish_read(registrar.location, m, &again) == why);
	if (why != REJECT_NONE)
		goto done;
	look(&w);
	same(&w, &again);
	register_it(&w);
done:
	message_free(m);
	return 0;
}
