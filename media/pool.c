/* SPDX-License-Identifier: Apache-2.0 */
#include "media/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/hash.h"
#include "base/sock.h"

#define CLOSE_AT_ONCE 64 /* so that a signalling thread is not held up */

/* Every pair is in exactly one place: rested (any order), open (the same, with sockets), resting (a ring, oldest first,
 * with or without), or out. */
struct pool {
	pthread_mutex_t lock;
	atomic_uint refs;
	struct addr address;
	char device[32];
	uint16_t port_min, port_max; /* as configured */
	uint16_t first;              /* lowest even port */
	size_t total, n_rested, n_open, n_resting, oldest;
	size_t n_left;      /* pairs with sockets, resting or open */
	size_t max_sockets; /* of all media: with more of them none is left open */
	uint64_t skipped;
	uint16_t *rested, *open, *resting; /* pair numbers: port = first + 2 * pair */
	uint64_t *resting_since_ns;        /* alongside resting */
	struct left {
		struct pool_sockets sockets;
		bool open;
	} * left; /* by pair */
};

static int allocate(struct pool *p)
{
	p->rested = malloc(p->total * sizeof(*p->rested));
	p->open = malloc(p->total * sizeof(*p->open));
	p->resting = malloc(p->total * sizeof(*p->resting));
	p->resting_since_ns = malloc(p->total * sizeof(*p->resting_since_ns));
	p->left = calloc(p->total, sizeof(*p->left));
	return p->rested && p->open && p->resting && p->resting_since_ns && p->left ? 0 : -ENOMEM;
}

static void close_sockets(const struct pool_sockets *s)
{
	for (unsigned c = 0; c < 2; c++)
		sock_close(SOCK_KIND_MEDIA, s->fd[c]);
}

static void release(struct pool *p)
{
	for (size_t i = 0; p->left && i < p->total; i++)
		if (p->left[i].open)
			close_sockets(&p->left[i].sockets);
	free(p->left);
	free(p->open);
	free(p->resting_since_ns);
	free(p->resting);
	free(p->rested);
	free(p);
}

static size_t half_the_descriptors(void)
{
	struct rlimit r;
	return getrlimit(RLIMIT_NOFILE, &r) < 0 ? 0 : (size_t)(r.rlim_cur / 2);
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
	p->max_sockets = half_the_descriptors();
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
		uint16_t pair = p->resting[p->oldest];
		if (p->left[pair].open)
			p->open[p->n_open++] = pair;
		else
			p->rested[p->n_rested++] = pair;
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

static const struct pool_sockets no_sockets = {.fd = {-1, -1}};

static struct pool_sockets hand_over(struct pool *p, uint16_t pair)
{
	if (!p->left[pair].open)
		return no_sockets;
	p->left[pair].open = false;
	p->n_left--;
	return p->left[pair].sockets;
}

/* A random one of a set. */
static uint16_t draw(uint16_t *set, size_t *n)
{
	size_t i = random_below((uint32_t)*n);
	uint16_t pair = set[i];
	set[i] = set[--*n];
	return pair;
}

/* The busy hour is over: fewer ports rest than are open. One more is closed with each that is taken. */
static struct pool_sockets surplus(struct pool *p)
{
	if (p->n_open <= 2 * POOL_CHOICE + p->n_resting)
		return no_sockets;
	uint16_t pair = p->open[--p->n_open];
	p->rested[p->n_rested++] = pair;
	return hand_over(p, pair);
}

uint16_t pool_take(struct pool *p, uint64_t cooldown_ns, uint64_t now_ns, struct pool_sockets *ret)
{
	struct pool_sockets taken = no_sockets, extra;
	uint16_t port = 0;

	pthread_mutex_lock(&p->lock);
	wake_rested(p, cooldown_ns, now_ns);
	extra = surplus(p);
	if (p->n_rested || p->n_open) {
		bool open = p->n_open >= POOL_CHOICE || !p->n_rested;
		uint16_t pair = open ? draw(p->open, &p->n_open) : draw(p->rested, &p->n_rested);
		port = (uint16_t)(p->first + 2 * pair);
		taken = hand_over(p, pair);
	}
	pthread_mutex_unlock(&p->lock);
	close_sockets(&extra);
	*ret = taken;
	return port;
}

static bool take_from(uint16_t *set, size_t *n, uint16_t pair)
{
	for (size_t i = 0; i < *n; i++)
		if (set[i] == pair) {
			set[i] = set[--*n];
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

int pool_take_port(struct pool *p, uint16_t port, struct pool_sockets *ret)
{
	if (port < p->first || (port - p->first) % 2 || (port - p->first) / 2u >= p->total)
		return -ERANGE;
	uint16_t pair = (uint16_t)((port - p->first) / 2);
	pthread_mutex_lock(&p->lock);
	bool found = take_from(p->rested, &p->n_rested, pair) || take_from(p->open, &p->n_open, pair) ||
		     take_resting(p, pair);
	if (found)
		*ret = hand_over(p, pair);
	pthread_mutex_unlock(&p->lock);
	return found ? 0 : -EADDRINUSE;
}

bool pool_keeps(struct pool *p)
{
	size_t sockets = sock_count(SOCK_KIND_MEDIA);

	pthread_mutex_lock(&p->lock);
	bool keeps = p->n_resting >= POOL_BUSY && sockets < p->max_sockets;
	pthread_mutex_unlock(&p->lock);
	return keeps;
}

void pool_leave(struct pool *p, uint16_t port, const struct pool_sockets *s, uint64_t now_ns)
{
	pthread_mutex_lock(&p->lock);
	p->left[(port - p->first) / 2] = (struct left){*s, true};
	p->n_left++;
	rest(p, port, now_ns);
	pthread_mutex_unlock(&p->lock);
}

size_t pool_close_some(struct pool *p)
{
	struct pool_sockets some[CLOSE_AT_ONCE];
	size_t n = 0;

	pthread_mutex_lock(&p->lock);
	while (p->n_open && n < CLOSE_AT_ONCE) {
		uint16_t pair = p->open[--p->n_open];
		p->rested[p->n_rested++] = pair;
		some[n++] = hand_over(p, pair);
	}
	for (size_t i = 0; p->n_left && i < p->total && n < CLOSE_AT_ONCE; i++)
		if (p->left[i].open)
			some[n++] = hand_over(p, (uint16_t)i);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < n; i++)
		close_sockets(&some[i]);
	return n;
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
	struct pool_gauge g = {
		.used = p->total - p->n_rested - p->n_open - p->n_resting,
		.total = p->total,
		.open = p->n_left,
		.skipped = p->skipped,
	};
	pthread_mutex_unlock(&p->lock);
	return g;
}
