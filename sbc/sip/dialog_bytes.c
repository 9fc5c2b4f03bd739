/* SPDX-License-Identifier: Apache-2.0 */
/* dialog_bytes: a dialog written down for another process. What is read goes into messages of ours, so it is looked at
 * as if a peer had sent it. */
#include <errno.h>

#include "sbc/sip/dialog.h"

/* Numbers are kept for good: a new one at the end, none used again. */
enum tag {
	TAG_CALL_ID = 1,
	TAG_LOCAL,
	TAG_REMOTE,
	TAG_LOCAL_TAG,
	TAG_REMOTE_TAG,
	TAG_REMOTE_TARGET,
	TAG_ROUTE_SET,
	TAG_LOCAL_CSEQ,
	TAG_REMOTE_CSEQ,
	TAG_FOLLOW,
	TAG_NAMED,
	TAG_TRANSPORT,
	TAG_FLOW_LOCAL,
	TAG_FLOW_REMOTE,
	TAG_FLOW_ONLY,
};

void dialog_write(const struct dialog *d, struct bytes_writer *w, unsigned tag)
{
	size_t begun = bytes_begin(w, tag);

	bytes_z(w, TAG_CALL_ID, d->call_id);
	bytes_z(w, TAG_LOCAL, d->local);
	bytes_z(w, TAG_REMOTE, d->remote);
	bytes_z(w, TAG_LOCAL_TAG, d->local_tag);
	bytes_z(w, TAG_REMOTE_TAG, d->remote_tag);
	bytes_z(w, TAG_REMOTE_TARGET, d->remote_target);
	bytes_z(w, TAG_ROUTE_SET, d->route_set);
	bytes_u64(w, TAG_LOCAL_CSEQ, d->local_cseq);
	if (d->remote_cseq_set)
		bytes_u64(w, TAG_REMOTE_CSEQ, d->remote_cseq);
	bytes_u64(w, TAG_FOLLOW, d->follow);
	bytes_u64(w, TAG_NAMED, d->named);
	bytes_u64(w, TAG_TRANSPORT, d->flow.transport);
	bytes_addr(w, TAG_FLOW_LOCAL, &d->flow.local);
	bytes_addr(w, TAG_FLOW_REMOTE, &d->flow.remote);
	bytes_u64(w, TAG_FLOW_ONLY, d->flow.flow_only);
	bytes_end(w, begun);
}

/* ---- reading ---- */

struct reading {
	struct dialog d;
	struct dialog_texts t;
	struct str local_tag;
};

/* One line of text, and not an empty one. */
static bool text(const struct bytes_field *f, struct str *ret)
{
	for (size_t i = 0; i < f->value.n; i++)
		if ((uint8_t)f->value.p[i] < ' ' && f->value.p[i] != '\t')
			return false;
	*ret = f->value;
	return f->value.n > 0;
}

/* Lines "Route: <...>", as dialog.c takes them apart. */
static bool route_set(const struct bytes_field *f, struct str *ret)
{
	struct str rest = f->value;

	while (rest.n) {
		struct bytes_field line = {.value = str_cut(&rest, '\n')};
		struct str unused;

		if (!str_starts(line.value, STR("Route: ")) || line.value.p[line.value.n - 1] != '\r')
			return false;
		line.value.n--;
		if (!text(&line, &unused))
			return false;
	}
	*ret = f->value;
	return f->value.n && f->value.p[f->value.n - 1] == '\n';
}

static bool transport(const struct bytes_field *f, enum config_transport *ret)
{
	uint64_t v;

	if (!bytes_get_u64(f, UINT32_MAX, &v) || (v != CONFIG_UDP && v != CONFIG_TCP))
		return false;
	*ret = (enum config_transport)v;
	return true;
}

static bool read_field(void *arg, const struct bytes_field *f)
{
	struct reading *r = arg;

	switch (f->tag) {
	case TAG_CALL_ID:
		return text(f, &r->t.call_id);
	case TAG_LOCAL:
		return text(f, &r->t.local);
	case TAG_REMOTE:
		return text(f, &r->t.remote);
	case TAG_LOCAL_TAG:
		return text(f, &r->local_tag);
	case TAG_REMOTE_TAG:
		return text(f, &r->t.remote_tag);
	case TAG_REMOTE_TARGET:
		return text(f, &r->t.remote_target);
	case TAG_ROUTE_SET:
		return route_set(f, &r->t.route_set);
	case TAG_LOCAL_CSEQ:
		return bytes_get_u32(f, &r->d.local_cseq);
	case TAG_REMOTE_CSEQ:
		r->d.remote_cseq_set = true;
		return bytes_get_u32(f, &r->d.remote_cseq);
	case TAG_FOLLOW:
		return bytes_get_bool(f, &r->d.follow);
	case TAG_NAMED:
		return bytes_get_bool(f, &r->d.named);
	case TAG_TRANSPORT:
		return transport(f, &r->d.flow.transport);
	case TAG_FLOW_LOCAL:
		return bytes_get_addr(f, &r->d.flow.local);
	case TAG_FLOW_REMOTE:
		return bytes_get_addr(f, &r->d.flow.remote) && !addr_is_unsendable(&r->d.flow.remote);
	case TAG_FLOW_ONLY:
		return bytes_get_bool(f, &r->d.flow.flow_only);
	}
	return true;
}

static bool complete(const struct reading *r)
{
	return r->t.call_id.n && r->t.local.n && r->t.remote.n && r->t.remote_target.n && r->local_tag.n == IDENT_LEN &&
	       addr_is_set(&r->d.flow.remote);
}

int dialog_read(struct dialog *d, const struct bytes_field *f, unsigned network, uint32_t skip)
{
	struct reading r = {0};
	struct destination flow;
	int err;

	if (!bytes_each(bytes_inside(f), read_field, &r) || !complete(&r))
		return -EBADMSG;
	r.d.flow.network = network;
	memcpy(r.d.local_tag, r.local_tag.p, IDENT_LEN);
	r.d.local_cseq = r.d.local_cseq < UINT32_MAX - skip ? r.d.local_cseq + skip : UINT32_MAX;
	err = dialog_set_texts(&r.d, &r.t);
	if (err < 0)
		return err;
	flow = r.d.flow;
	dialog_set_flow(&r.d, &flow);
	*d = r.d;
	return 0;
}
