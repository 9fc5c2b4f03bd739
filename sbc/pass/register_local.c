/* SPDX-License-Identifier: Apache-2.0 */
/* register_local: what a REGISTER may change, and what is answered without the core. */
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "sbc/pass/register_internal.h"

bool same_flow(const struct destination *a, const struct destination *b)
{
	return a->network == b->network && a->transport == b->transport && a->connection == b->connection &&
	       addr_equal(&a->remote, &b->remote);
}

/* Where nobody is challenged, an address is all that says who a phone is. One that cannot be reached any more has
 * nothing to lose. */
bool may_touch(const struct location_binding *b, const struct wish *w)
{
	return b->state != LOCATION_LIVE || addr_equal_host(&b->flow.remote, &w->flow.remote);
}

/* ---- may it? ---- */

/* RFC 3261 §10.3 step 7: of one Call-ID, only what is later than what was. */
static bool in_order(const struct location_binding *b, const struct wish *w)
{
	return b->phone_call_id != w->call_id || w->cseq > b->phone_cseq;
}

enum reject_reason wish_check(struct registrar *r, const struct wish *w, bool challenged)
{
	struct location_aor *a = location_aor(r->location, w->network, w->aor);

	for (unsigned i = 0; i < w->n; i++) {
		const struct location_binding *b = location_match(a, &w->v[i].contact);

		if (!b)
			continue;
		if (!in_order(b, w))
			return REJECT_CSEQ;
		if (!challenged && !may_touch(b, w))
			return REJECT_FOREIGN_CONTACT;
	}
	return wish_room(r, w);
}

/* ---- refreshes ---- */

static unsigned phone_seconds(const struct registrar *r, const struct wish *w, const struct wished *c)
{
	const struct config *cfg = r->config;

	if (cfg->networks[w->network].nat && c->expires_s > cfg->registrations.expires_phone)
		return cfg->registrations.expires_phone;
	return c->expires_s;
}

/* later: said again; else the very same request once more, which its sender may not have heard the answer of. Of
 * another Call-ID is what a phone says that was started anew. */
static bool in_turn(const struct location_binding *b, const struct wish *w, bool later, enum absorb why)
{
	if (b->phone_call_id != w->call_id)
		return later && why == ABSORB_CORE_FAILED;
	return later ? w->cseq > b->phone_cseq : w->cseq == b->phone_cseq;
}

static bool absorbable(const struct location_binding *b, const struct wish *w, const struct wished *c)
{
	return b && c->expires_s && b->state == LOCATION_LIVE && same_flow(&b->flow, &w->flow) &&
	       str_eq(location_uri(b), c->contact.uri);
}

/* Seconds for the phone, never longer than the core's: whole ones. 0: that is over, or the core should be asked. */
static unsigned lasts_s(const struct registrar *r, const struct location_binding *b, const struct wish *w,
			const struct wished *c, enum absorb why)
{
	uint64_t now = location_now_ms(r->location);
	unsigned s = phone_seconds(r, w, c), left_s;

	if (why != ABSORB_CORE_FAILED && now < b->core_half_ms)
		return s;
	if (why == ABSORB_REFRESH || now >= b->core_until_ms)
		return 0;
	left_s = (unsigned)((b->core_until_ms - now) / 1000);
	if (why == ABSORB_CORE_FAILED && s > OUTAGE_S)
		s = OUTAGE_S;
	return s < left_s ? s : left_s;
}

static bool all_absorbable(const struct registrar *r, const struct location_aor *a, const struct wish *w, bool later,
			   enum absorb why)
{
	for (unsigned i = 0; i < w->n; i++) {
		const struct location_binding *b = location_match(a, &w->v[i].contact);

		if (!absorbable(b, w, &w->v[i]) || !in_turn(b, w, later, why) || !lasts_s(r, b, w, &w->v[i], why))
			return false;
	}
	return true;
}

/* ---- answers ---- */

/* RFC 3261 §20.17 */
static void write_date(struct registrar *r, struct writer *w)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = (time_t)(clock_wall_us(clock_ns()) / 1000000);
	struct writer d = writer_init(r->date, sizeof(r->date) - 1);
	struct tm t;

	if ((uint64_t)now != r->date_s && gmtime_r(&now, &t)) {
		r->date_s = (uint64_t)now;
		writer_fmt(&d, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[t.tm_wday], t.tm_mday,
			   months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
		r->date[d.n] = '\0';
	}
	writer_z(w, r->date);
}

static void write_contact(struct writer *w, const struct location *l, const struct location_binding *b)
{
	struct str instance = location_instance(b);

	writer_lit(w, "Contact: <");
	writer_str(w, location_uri(b));
	writer_char(w, '>');
	writer_str(w, location_params(b));
	if (instance.n) {
		writer_lit(w, ";+sip.instance=");
		writer_str(w, instance);
	}
	if (b->reg_id) {
		writer_lit(w, ";reg-id=");
		writer_u64(w, b->reg_id);
	}
	writer_lit(w, ";expires=");
	writer_u64(w, location_left_s(l, b->phone_until_ms));
	writer_lit(w, "\r\n");
}

/* What one phone is told is what came by its own flow: the others' addresses are nobody's business. */
static void write_bindings(struct writer *h, const struct registrar *r, const struct location_aor *a,
			   const struct wish *w, bool *ret_outbound)
{
	for (const struct location_binding *b = location_first(a); b; b = location_next(a, b)) {
		if (b->state != LOCATION_LIVE || !same_flow(&b->flow, &w->flow))
			continue;
		*ret_outbound |= b->reg_id != 0;
		write_contact(h, r->location, b);
	}
}

static void write_answer(struct registrar *r, const struct location_aor *a, const struct wish *w, struct writer *h)
{
	bool outbound = false;

	write_bindings(h, r, a, w, &outbound);
	write_date(r, h);
	/* RFC 5626 §6, and §5.4: how long a connection may be silent before we close it */
	if (w->outbound && outbound) {
		writer_lit(h, "Require: outbound\r\n");
		if (w->flow.connection) {
			writer_lit(h, "Flow-Timer: ");
			writer_u64(h, r->config->timers.tcp_idle / 1000);
			writer_lit(h, "\r\n");
		}
	}
	writer_lit(h, "Supported: path, outbound\r\n");
	if (r->config->server_name)
		header_write(h, STR("Server"), str_z(r->config->server_name));
}

void wish_write_answer(struct registrar *r, const struct wish *w, struct writer *h)
{
	write_answer(r, location_aor(r->location, w->network, w->aor), w, h);
}

bool wish_absorb(struct registrar *r, const struct wish *w, enum absorb why, struct writer *h)
{
	struct location_aor *a = location_aor(r->location, w->network, w->aor);
	struct location_binding *b;
	bool later;

	if (!a || !w->n || w->star)
		return false;
	later = all_absorbable(r, a, w, true, why);
	if (!later && !all_absorbable(r, a, w, false, why))
		return false;
	for (unsigned i = 0; later && i < w->n; i++) {
		b = location_match(a, &w->v[i].contact);
		location_seen(b, w->call_id, w->cseq, lasts_s(r, b, w, &w->v[i], why));
	}
	location_count(r->location, received, later && why == ABSORB_REFRESH); /* else it has been counted */
	location_count(r->location, absorbed, later);
	write_answer(r, a, w, h);
	return true;
}

/* ---- refusals ---- */

/* Phones that are turned away at once must not come back at once: 5 to 64 s, by chance. */
static void write_retry_after(struct writer *w)
{
	writer_lit(w, "Retry-After: ");
	writer_u64(w, 5 + random_below(60));
	writer_lit(w, "\r\n");
}

static size_t counter_of(enum reject_reason why)
{
	switch ((int)why) {
	case REJECT_CSEQ:
		return offsetof(struct location_counters, out_of_order);
	case REJECT_FOREIGN_CONTACT:
		return offsetof(struct location_counters, foreign);
	case REJECT_CONTACTS:
		return offsetof(struct location_counters, contacts_limited);
	case REJECT_REGISTRATIONS:
		return offsetof(struct location_counters, limited);
	case REJECT_REGISTRATIONS_SOURCE:
		return offsetof(struct location_counters, source_limited);
	case REJECT_NEW_CONTACTS:
		return offsetof(struct location_counters, new_limited);
	case REJECT_REGISTER_RATE:
		return offsetof(struct location_counters, core_limited);
	case REJECT_REGISTER_PENDING:
		return offsetof(struct location_counters, pending_limited);
	case REJECT_BRIEF:
		return offsetof(struct location_counters, brief);
	case REJECT_REGISTRAR_SILENT:
		return offsetof(struct location_counters, core_silent);
	}
	return 0;
}

void registrar_tell_refused(const struct registrar *r, const struct message *m, enum reject_reason why, int status)
{
	struct log_line l;

	if (!log_begin(&l, LOG_INFO, "registration refused"))
		return;
	log_z(&l, "network", r->config->networks[m->source.network].name);
	log_addr(&l, "source", &m->source.remote);
	log_user(&l, "user", m->to.uri.user);
	log_u64(&l, "status", (uint64_t)status);
	log_z(&l, "why", reject_key(why));
	log_str(&l, "call_id", m->call_id);
	log_end(&l);
}

void registrar_refuse(struct registrar *r, struct server_txn *t, const struct message *m, enum reject_reason why)
{
	char buf[256];
	struct writer h = writer_init(buf, sizeof(buf));
	size_t counter = counter_of(why);

	if (counter)
		location_count_at(r->location, counter, 1);
	r->worker->user->refused(r->worker->arg, &m->source, why);
	registrar_tell_refused(r, m, why, reject_status(why));
	if (reject_status(why) == 503) {
		write_retry_after(&h);
		if (r->config->server_name)
			header_write(&h, STR("Server"), str_z(r->config->server_name));
		server_txn_reply(t, &(struct reply){.status = 503, .headers = writer_result(&h)});
		return;
	}
	if (why == REJECT_BRIEF)
		writer_fmt(&h, "Min-Expires: %u\r\n", r->config->registrations.expires_min);
	server_txn_reject_with(t, why, writer_result(&h));
}
