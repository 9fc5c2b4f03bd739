/* SPDX-License-Identifier: Apache-2.0 */
#include "media/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* Every pair is in exactly one place: rested (any order), resting (a ring, oldest first), or out. */
struct pool {
	pthread_mutex_t lock;
	atomic_uint refs;
	struct addr address;
	char device[32];
	uint16_t port_min, port_max; /* as configured */
	uint16_t first;              /* lowest even port */
	size_t total, n_rested, n_resting, oldest;
	uint64_t skipped;
	uint16_t *rested, *resting; /* pair numbers: port = first + 2 * pair */
	uint64_t *resting_since_ns; /* alongside resting */
};

static int allocate(struct pool *p)
{
	p->rested = malloc(p->total * sizeof(*p->rested));
	p->resting = malloc(p->total * sizeof(*p->resting));
	p->resting_since_ns = malloc(p->total * sizeof(*p->resting_since_ns));
	return p->rested && p->resting && p->resting_since_ns ? 0 : -ENOMEM;
}

static void release(struct pool *p)
{
	free(p->resting_since_ns);
	free(p->resting);
	free(p->rested);
	free(p);
}

int pool_create(const struct addr *address, const char *device, uint16_t port_min, uint16_t port_max, struct pool **ret)
{
	size_t first = ((size_t)port_min + 1) & ~1u;
	if (!addr_is_set(address) || port_min == 0 || first + 1 > port_max || (device && strlen(device) > 31))
		return -EINVAL;
	struct pool *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->address = *address;
	addr_set_port(&p->address, 0);
	if (device)
		memcpy(p->device, device, strlen(device) + 1);
	p->port_min = port_min;
	p->port_max = port_max;
	p->first = (uint16_t)first;
	p->total = p->n_rested = (port_max - first + 1) / 2;
	if (allocate(p) < 0) {
		release(p);
		return -ENOMEM;
	}
	for (size_t i = 0; i < p->total; i++)
		p->rested[i] = (uint16_t)i;
	pthread_mutex_init(&p->lock, NULL);
	atomic_init(&p->refs, 1);
	*ret = p;
	return 0;
}

struct pool *pool_ref(struct pool *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

void pool_unref(struct pool *p)
{
	if (!p || atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&p->lock);
	release(p);
}

bool pool_is(const struct pool *p, const struct addr *address, const char *device, uint16_t port_min, uint16_t port_max)
{
	return addr_equal_host(&p->address, address) && strcmp(p->device, device ? device : "") == 0 &&
	       p->port_min == port_min && p->port_max == port_max;
}

const struct addr *pool_address(const struct pool *p)
{
	return &p->address;
}

static void wake_rested(struct pool *p, uint64_t cooldown_ns, uint64_t now_ns)
{
	while (p->n_resting && now_ns >= p->resting_since_ns[p->oldest] + cooldown_ns) {
		p->rested[p->n_rested++] = p->resting[p->oldest];
		p->oldest = (p->oldest + 1) % p->total;
		p->n_resting--;
	}
}

static void rest(struct pool *p, uint16_t port, uint64_t now_ns)
{
	size_t at = (p->oldest + p->n_resting) % p->total;
	p->resting[at] = (uint16_t)((port - p->first) / 2);
	p->resting_since_ns[at] = now_ns;
	p->n_resting++;
}

uint16_t pool_take(struct pool *p, uint64_t cooldown_ns, uint64_t now_ns)
{
	uint16_t port = 0;
	pthread_mutex_lock(&p->lock);
	wake_rested(p, cooldown_ns, now_ns);
	if (p->n_rested) {
		size_t i = random_below((uint32_t)p->n_rested);
		port = (uint16_t)(p->first + 2 * p->rested[i]);
		p->rested[i] = p->rested[--p->n_rested];
	}
	pthread_mutex_unlock(&p->lock);
	return port;
}

static bool take_rested(struct pool *p, uint16_t pair)
{
	for (size_t i = 0; i < p->n_rested; i++)
		if (p->rested[i] == pair) {
			p->rested[i] = p->rested[--p->n_rested];
			return true;
		}
	return false;
}

/* Those behind it move up. */
static bool take_resting(struct pool *p, uint16_t pair)
{
	bool found = false;
	for (size_t i = 0; i < p->n_resting; i++) {
		size_t at = (p->oldest + i) % p->total, before = (at + p->total - 1) % p->total;
		if (found) {
			p->resting[before] = p->resting[at];
			p->resting_since_ns[before] = p->resting_since_ns[at];
		}
		found = found || p->resting[at] == pair;
	}
	p->n_resting -= found;
	return found;
}

int pool_take_port(struct pool *p, uint16_t port)
{
	if (port < p->first || (port - p->first) % 2 || (port - p->first) / 2u >= p->total)
		return -ERANGE;
	uint16_t pair = (uint16_t)((port - p->first) / 2);
	pthread_mutex_lock(&p->lock);
	bool found = take_rested(p, pair) || take_resting(p, pair);
	pthread_mutex_unlock(&p->lock);
	return found ? 0 : -EADDRINUSE;
}

void pool_give(struct pool *p, const uint16_t *ports, size_t n, uint64_t now_ns)
{
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < n; i++)
		rest(p, ports[i], now_ns);
	pthread_mutex_unlock(&p->lock);
}

void pool_skip(struct pool *p, uint16_t port, uint64_t now_ns)
{
	pthread_mutex_lock(&p->lock);
	rest(p, port, now_ns);
	p->skipped++;
	pthread_mutex_unlock(&p->lock);
}

struct pool_gauge pool_gauge(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	struct pool_gauge g = {p->total - p->n_rested - p->n_resting, p->total, p->skipped};
	pthread_mutex_unlock(&p->lock);
	return g;
}
