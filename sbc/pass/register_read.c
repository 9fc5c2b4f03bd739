/* SPDX-License-Identifier: Apache-2.0 */
/* register_read: what a phone's REGISTER asks for (RFC 3261 §10.3 steps 5 and 6). */
#include "sbc/pass/register_internal.h"
#include "sbc/sip/message_values.h"

unsigned expires_read(struct str value)
{
	uint64_t v;

	value = str_trim(value);
	if (!value.n)
		return WISH_EXPIRES;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < '0' || value.p[i] > '9')
			return WISH_EXPIRES;
	return str_to_u64(value, WISH_EXPIRES_MAX, &v) ? (unsigned)v : WISH_EXPIRES_MAX;
}

static unsigned reg_id_read(struct str value)
{
	uint64_t v;

	return str_to_u64(value, INT32_MAX, &v) ? (unsigned)v : 0;
}

/* Parameters of the contact, sorted into those that we know, and a copy of the others for the answer. */
static bool read_params(struct wish *w, struct wished *c, struct str params)
{
	struct writer out = writer_init(w->text + w->n_text, sizeof(w->text) - w->n_text);
	struct param p;

	while (params_next(&params, &p)) {
		if (str_eq_nocase(p.name, STR("expires"))) {
			c->expires_s = expires_read(p.value);
		} else if (str_eq_nocase(p.name, STR("q"))) {
			c->q = p.value;
		} else if (str_eq_nocase(p.name, STR("+sip.instance"))) {
			c->contact.instance = p.value;
		} else if (str_eq_nocase(p.name, STR("reg-id"))) {
			c->contact.reg_id = reg_id_read(p.value);
		} else if (p.name.n) {
			writer_char(&out, ';');
			writer_str(&out, p.name);
			if (p.value.n) {
				writer_char(&out, '=');
				writer_str(&out, p.value);
			}
		}
	}
	c->contact.params = writer_result(&out);
	w->n_text += out.n;
	return !out.overflow;
}

static bool fits(const struct location_contact *c)
{
	return c->uri.n <= LOCATION_URI_MAX && c->params.n <= LOCATION_PARAMS_MAX &&
	       c->instance.n <= LOCATION_INSTANCE_MAX;
}

static bool same_contact(const struct location_contact *a, const struct location_contact *b)
{
	if (a->instance.n && a->reg_id)
		return a->reg_id == b->reg_id && str_eq(a->instance, b->instance);
	return !b->reg_id && location_same_uri(a->uri, b->uri);
}

/* The same contact twice: the later one counts. */
static void add(struct wish *w, const struct wished *c)
{
	for (unsigned i = 0; i < w->n; i++)
		if (same_contact(&w->v[i].contact, &c->contact)) {
			w->v[i] = *c;
			return;
		}
	w->v[w->n++] = *c;
}

static bool read_contact(struct wish *w, const struct name_addr *a, unsigned expires_s)
{
	struct wished c = {.expires_s = expires_s};

	if (w->n == WISH_CONTACTS_MAX || !(a->uri.sip || a->uri.sips) || !a->uri.host.n)
		return false;
	c.contact.uri = a->uri.text;
	if (!read_params(w, &c, a->params) || !fits(&c.contact))
		return false;
	if (!c.contact.instance.n)
		c.contact.reg_id = 0; /* RFC 5626 §6: alone it says nothing */
	add(w, &c);
	return true;
}

static bool read_contacts(struct wish *w, const struct message *m, unsigned expires_s)
{
	struct str line, item;
	struct name_addr a;

	if (m->n_contact == 1) /* nearly always; the parser has read it */
		return read_contact(w, &m->contact, expires_s);
	for (unsigned nth = 0; message_header(m, STR("Contact"), nth, &line); nth++)
		while (list_next(&line, &item))
			if (!name_addr_parse(item, &a) || !read_contact(w, &a, expires_s))
				return false;
	return true;
}

/* A header field of a REGISTER, apart from its contacts. Of what should be there once the first counts. */
static void read_header(struct wish *w, const struct header *h, struct str *expires)
{
	if (str_eq_nocase(h->name, STR("Expires"))) {
		if (!expires->p)
			*expires = h->value;
	} else if (str_eq_nocase(h->name, STR("User-Agent"))) {
		if (!w->agent.p)
			w->agent = h->value;
	} else if (str_eq_nocase(h->name, STR("Supported"))) {
		w->outbound |= list_has(h->value, STR("outbound"));
	} else if (str_eq_nocase(h->name, STR("Authorization")) || str_eq_nocase(h->name, STR("Proxy-Authorization"))) {
		w->credentials = true;
	}
}

enum reject_reason wish_read(const struct location *l, const struct message *m, struct wish *w)
{
	struct str expires = STR_NONE;
	const void *it = NULL;
	struct header h;

	w->network = m->source.network;
	w->star = m->contact_star;
	w->outbound = w->credentials = false;
	w->agent = STR_NONE;
	w->call_id = location_call_id(l, m->call_id);
	w->cseq = m->cseq;
	w->n = 0;
	w->n_text = 0;
	while (message_next_header(m, &it, &h))
		read_header(w, &h, &expires);
	if (!m->to.uri.sip && !m->to.uri.sips)
		return REJECT_SCHEME;
	if (!m->to.uri.user.n || !aor_canonical(&m->to.uri, w->aor_buf, &w->aor))
		return REJECT_NO_ROUTE;
	/* RFC 3261 §10.3 step 6: "*" alone, and with Expires 0 only; the parser has seen to "alone" */
	if (w->star)
		return expires_read(expires) == 0 ? REJECT_NONE : REJECT_MALFORMED;
	return read_contacts(w, m, expires_read(expires)) ? REJECT_NONE : REJECT_MALFORMED;
}
