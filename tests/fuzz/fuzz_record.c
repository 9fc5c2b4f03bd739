/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a call, of any bytes and under a good checksum: whatever is taken lies in it and is within its bounds.
 * A dialog of it has a Request-URI and can be written into a request; its own bytes are read as the same dialog. */
#include <stdlib.h>
#include <string.h>

#include "sbc/call/checkpoint.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/sealed.h"

static struct str record;

static void within(struct str s)
{
	CHECK(!s.p || (s.p >= record.p && s.p + s.n <= record.p + record.n));
}

static void same(const char *a, const char *b)
{
	CHECK(str_eq(str_z(a), str_z(b)));
}

static void use_dialog(const struct dialog *d)
{
	const size_t cap = record.n + 1024;
	struct writer w = writer_init(malloc(cap), cap);

	CHECK(w.p);
	dialog_write_head(d, &w, "BYE", d->local_cseq, 70);
	dialog_write_record_routes(d, &w);
	CHECK(dialog_ruri(d).p);
	free(w.p);
}

static void same_dialog(const struct dialog *d)
{
	struct bytes_writer w;
	struct bytes_reader in;
	struct bytes_field f;
	struct dialog again;
	struct str bytes;

	bytes_writer_grow(&w, 1 << 20, CHECKPOINT_VERSION, CHECKPOINT_OLDEST);
	dialog_write(d, &w, 1);
	CHECK(bytes_seal(&w, &bytes) == 0 && bytes_open(&in, bytes, CHECKPOINT_VERSION) == 0 && bytes_next(&in, &f));
	CHECK(dialog_read(&again, &f, 1, 0) == 0);
	same(again.call_id, d->call_id);
	same(again.local, d->local);
	same(again.remote, d->remote);
	same(again.remote_tag, d->remote_tag);
	same(again.remote_target, d->remote_target);
	same(again.route_set, d->route_set);
	CHECK(again.local_cseq == d->local_cseq && again.remote_cseq == d->remote_cseq);
	CHECK(addr_equal(&again.flow.remote, &d->flow.remote) && addr_equal(&again.peer.remote, &d->peer.remote));
	dialog_finish(&again);
	bytes_writer_finish(&w);
}

static void use_leg(const struct leg_record *l)
{
	struct dialog d;

	if (!l->present)
		return;
	within(l->network);
	within(l->peer);
	within(l->aor);
	within(l->alias);
	within(l->sdp_sent);
	within(l->in.text);
	within(l->out.text);
	within(l->ack);
	within(l->credentials);
	CHECK(l->n_needles <= LEAK_SET_MAX && l->n_agreed <= MEDIA_MAX_STREAMS);
	for (unsigned i = 0; i < l->n_needles; i++)
		within(l->needle[i].s);
	if (dialog_read(&d, &l->dialog, 1, 0) < 0)
		return;
	use_dialog(&d);
	same_dialog(&d);
	dialog_finish(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct call_record r;
	uint8_t *copy;

	if (n < 3)
		return 0;
	copy = sealed_copy(p, n);
	record = (struct str){(const char *)copy, n + SEAL};
	if (copy && checkpoint_read(record, &r) == 0) {
		within(r.id);
		within(r.route);
		within(r.peer_in);
		within(r.peer_out);
		within(r.late_offer);
		within(r.exchange.sdp);
		CHECK(r.n_attempts <= CDR_MAX_ATTEMPTS);
		for (unsigned i = 0; i < 2; i++) {
			use_leg(&r.leg[i]);
			CHECK(r.side[i].n_local <= MEDIA_MAX_STREAMS);
		}
	}
	free(copy);
	return 0;
}
