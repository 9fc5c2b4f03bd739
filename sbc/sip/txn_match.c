/* SPDX-License-Identifier: Apache-2.0 */
/* txn_match: which transaction a message belongs to (RFC 3261 §17.1.3, §17.2.3, §8.2.2.2, §9.2). The network is part of
 * every key: what comes in on another network never matches. */
#include "sbc/sip/txn_internal.h"

#define ID_CLIENT (UINT64_C(1) << 63)
#define ID_SERVER (UINT64_C(1) << 62) /* one of the two is always set: an id, and so a cookie, is never 0 */
#define ID_CANCEL (UINT64_C(1) << 61) /* a CANCEL has its request's branch, and is another transaction */

static void put_lower(struct writer *w, struct str s)
{
	char *at = writer_take(w, s.n);

	if (at)
		str_lower(at, s);
	writer_char(w, '\0');
}

static void put(struct writer *w, struct str s)
{
	writer_str(w, s);
	writer_char(w, '\0');
}

static void put_u32(struct writer *w, uint32_t v)
{
	writer_put(w, &v, sizeof(v));
}

/* RFC 3261 §17.2.3 with the cookie: branch and sent-by; the method is compared apart. */
static void put_branch(struct writer *w, const struct message *m)
{
	writer_char(w, 'b');
	put(w, m->via.branch);
	put_lower(w, m->via.host);
	put_u32(w, m->via.port ? m->via.port : 5060);
}

/* Without it (RFC 2543 peers): Request-URI, From tag, Call-ID, CSeq number and the whole topmost Via. The To tag is
 * left out so that one key finds the INVITE for its retransmission and for its ACK, whose tag is ours: two requests
 * that differ in nothing else do not exist. */
static void put_2543(struct writer *w, const struct message *m)
{
	writer_char(w, 'o');
	put(w, m->ruri.text);
	put(w, m->from.tag);
	put(w, m->call_id);
	put_u32(w, m->cseq);
	put(w, m->via.text);
}

static struct txn_id mark(struct txn_id id, uint64_t side, bool cancel)
{
	id.hash = (id.hash & ~(ID_CLIENT | ID_SERVER | ID_CANCEL)) | side | (cancel ? ID_CANCEL : 0);
	return id;
}

struct txn_id txn_id_of_request(struct txn_layer *l, const struct message *m)
{
	struct writer w = writer_init(l->scratch, sizeof(l->scratch));
	struct hash_128 h;

	put_u32(&w, m->source.network);
	if (str_starts(m->via.branch, STR(IDENT_BRANCH_COOKIE)))
		put_branch(&w, m);
	else
		put_2543(&w, m);
	/* CANCELs are answered without a transaction, so their own id is never needed. */
	h = siphash_128(&l->id_key, w.p, w.n);
	return mark((struct txn_id){h.half[0], h.half[1]}, ID_SERVER, false);
}

struct txn_id txn_id_of_client(const struct txn_layer *l, unsigned network, struct str branch, enum method method)
{
	char buf[TXN_BRANCH_LEN + sizeof(uint32_t)];
	struct writer w = writer_init(buf, sizeof(buf));

	put_u32(&w, network);
	writer_str(&w, branch); /* a longer one is not ours; cut, it matches nothing */
	return mark((struct txn_id){hash_bytes(&l->client_key, w.p, w.n), 0}, ID_CLIENT, method == METHOD_CANCEL);
}

static struct txn *find(const struct txn_layer *l, struct txn_id id, int method)
{
	hmap_for_each_hash (n, &l->by_id, id.hash) {
		struct txn *t = container_of(n, struct txn, node);

		if (t->check == id.check && (method < 0 || t->method == method))
			return t;
	}
	return NULL;
}

struct server_txn *txn_find_server(const struct txn_layer *l, struct txn_id id, enum method method)
{
	struct txn *t = find(l, id, (int)method);

	return t ? server_of(t) : NULL;
}

struct server_txn *txn_find_cancelled(const struct txn_layer *l, struct txn_id id)
{
	struct txn *t = find(l, id, -1);

	return t ? server_of(t) : NULL;
}

struct client_txn *txn_find_client(const struct txn_layer *l, unsigned network, struct str branch, enum method method)
{
	struct txn_id id = txn_id_of_client(l, network, branch, method);

	hmap_for_each_hash (n, &l->by_id, id.hash) {
		struct client_txn *c = client_of(container_of(n, struct txn, node));

		if (c->t.method == method && c->to.network == network && str_eq(client_txn_branch(c), branch))
			return c;
	}
	return NULL;
}

struct txn *txn_find_cookie(const struct txn_layer *l, uint64_t cookie)
{
	struct hmap_node *n = cookie ? hmap_first(&l->by_id, cookie) : NULL;

	return n ? container_of(n, struct txn, node) : NULL;
}

uint64_t txn_merge_hash(struct txn_layer *l, const struct message *m)
{
	struct writer w = writer_init(l->scratch, sizeof(l->scratch));

	put_u32(&w, m->source.network);
	put(&w, m->from.tag);
	put(&w, m->call_id);
	put_u32(&w, m->cseq);
	put(&w, m->method_text);
	return siphash(&l->merge_key, w.p, w.n);
}

bool txn_is_merged(const struct txn_layer *l, uint64_t hash)
{
	return hmap_first(&l->merged, hash) != NULL;
}

int txn_insert(struct txn *t, struct txn_id id)
{
	int err = hmap_insert(&t->layer->by_id, &t->node, id.hash);

	if (err < 0) {
		t->node.hash = 0;
		return err;
	}
	t->check = id.check;
	return 0;
}

int txn_insert_mergeable(struct server_txn *s, uint64_t hash)
{
	int err = hmap_insert(&s->t.layer->merged, &s->merge, hash);

	if (err < 0)
		return err;
	s->mergeable = true;
	return 0;
}

void txn_stateless_tag(struct txn_layer *l, const struct message *m, char buf[17])
{
	struct writer key = writer_init(l->scratch, sizeof(l->scratch));
	struct writer w = writer_init(buf, 16);
	uint64_t h;

	put_u32(&key, m->source.network);
	put(&key, m->via.branch);
	put(&key, m->from.tag);
	put(&key, m->call_id);
	put_u32(&key, m->cseq);
	h = siphash(&l->tag_key, key.p, key.n);
	writer_hex(&w, (const uint8_t *)&h, sizeof(h));
	buf[16] = '\0';
}
