/* SPDX-License-Identifier: Apache-2.0 */
/* A quick "surely no peer's" for the screen: a stranger's datagram must not cost a walk over thousands of peers. One
 * bit per (network, prefix length, prefix), and the set of prefix lengths in use, so that a source is asked once for
 * each length that there is. Bits are only ever added, by border_state_set_config() on the main thread, before any
 * worker has that configuration: readers need no lock, and a removed peer's bit costs its source a walk, no more. */
#include "sbc/border/internal.h"

static size_t address_bytes(const struct addr *a, uint8_t buf[16])
{
	if (addr_is_v6(a)) {
		memcpy(buf, &a->in6.sin6_addr, 16);
		return 16;
	}
	memcpy(buf, &a->in4.sin_addr, 4);
	return 4;
}

/* The first `bits` bits of a, in this network. */
static uint64_t prefix_hash(const struct known *k, unsigned network, const struct addr *a, unsigned bits)
{
	struct {
		uint32_t network, bits;
		uint8_t address[16];
	} key = {.network = network, .bits = bits};
	size_t n = address_bytes(a, key.address);
	for (size_t i = bits / 8; i < n; i++)
		key.address[i] &= i == bits / 8 ? (uint8_t) ~(0xff >> bits % 8) : 0;
	return hash_bytes(&k->key, &key, 8 + n);
}

static _Atomic uint64_t *lengths_of(struct known *k, const struct addr *a)
{
	return addr_is_v6(a) ? k->lengths_v6 : k->lengths_v4;
}

void known_add(struct known *k, unsigned network, const struct cidr *c)
{
	uint64_t h = prefix_hash(k, network, &c->net, c->bits) % KNOWN_BITS;
	atomic_fetch_or_explicit(&k->bits[h / 64], (uint64_t)1 << h % 64, memory_order_relaxed);
	atomic_fetch_or_explicit(&lengths_of(k, &c->net)[c->bits / 64], (uint64_t)1 << c->bits % 64,
				 memory_order_release);
}

bool known_may_hold(struct known *k, unsigned network, const struct addr *a)
{
	for (unsigned w = 0; w < (addr_is_v6(a) ? 3 : 1); w++) {
		uint64_t lengths = atomic_load_explicit(&lengths_of(k, a)[w], memory_order_acquire);
		for (; lengths; lengths &= lengths - 1) {
			unsigned bits = w * 64 + (unsigned)__builtin_ctzll(lengths);
			uint64_t h = prefix_hash(k, network, a, bits) % KNOWN_BITS;
			if (atomic_load_explicit(&k->bits[h / 64], memory_order_relaxed) >> h % 64 & 1)
				return true;
		}
	}
	return false;
}
