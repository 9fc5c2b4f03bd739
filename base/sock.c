/* SPDX-License-Identifier: Apache-2.0 */
/* The table is one byte for each descriptor: its kind. Everything else in a name the kernel knows, and is asked only
 * when names are wanted, so that opening and closing a media port touches one byte. */
#include "base/sock.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define SOCK_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

static struct {
	pthread_mutex_t lock;
	uint8_t *kinds; /* by descriptor: 0 not ours, else kind + 1 */
	size_t n;       /* descriptors that kinds has room for */
	size_t count[SOCK_KIND_COUNT];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int table_grow(size_t fd)
{
	size_t n = table.n ? table.n : 256;
	while (n <= fd)
		n *= 2;
	uint8_t *kinds = realloc(table.kinds, n);
	if (!kinds)
		return -ENOMEM;
	memset(kinds + table.n, 0, n - table.n);
	table.kinds = kinds;
	table.n = n;
	return 0;
}

int sock_adopt(enum sock_kind kind, int fd)
{
	int r = 0;
	pthread_mutex_lock(&table.lock);
	if ((size_t)fd >= table.n)
		r = table_grow((size_t)fd);
	if (r == 0) {
		assert(table.kinds[fd] == 0);
		table.kinds[fd] = (uint8_t)(kind + 1);
		table.count[kind]++;
	}
	pthread_mutex_unlock(&table.lock);
	return r;
}

/* Before close(): afterwards another thread may already own the number. */
static void forget(enum sock_kind kind, int fd)
{
	pthread_mutex_lock(&table.lock);
	assert((size_t)fd < table.n && table.kinds[fd] == kind + 1);
	table.kinds[fd] = 0;
	table.count[kind]--;
	pthread_mutex_unlock(&table.lock);
}

void sock_close(enum sock_kind kind, int fd)
{
	if (fd < 0)
		return;
	forget(kind, fd);
	close(fd);
}

size_t sock_count(enum sock_kind kind)
{
	pthread_mutex_lock(&table.lock);
	size_t n = table.count[kind];
	pthread_mutex_unlock(&table.lock);
	return n;
}

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* Every option costs a system call for every media port: what is not asked for is not set. */
static int set_options(int fd, bool v6, const struct sock_options *o)
{
	static const struct sock_options defaults;
	int r = 0;

	if (!o)
		o = &defaults;
	if (o->dscp > 63)
		return -EINVAL;
	if (v6)
		r = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (r == 0 && o->dscp)
		r = v6 ? set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, o->dscp << 2)
		       : set_int(fd, IPPROTO_IP, IP_TOS, o->dscp << 2);
	if (r == 0 && o->rcvbuf_bytes > 0)
		r = set_int(fd, SOL_SOCKET, SO_RCVBUF, o->rcvbuf_bytes);
	if (r == 0 && o->sndbuf_bytes > 0)
		r = set_int(fd, SOL_SOCKET, SO_SNDBUF, o->sndbuf_bytes);
	if (r == 0 && o->reuseport)
		r = set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (r == 0 && o->packet_info)
		r = v6 ? set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) : set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (r == 0 && o->errors)
		r = v6 ? set_int(fd, IPPROTO_IPV6, IPV6_RECVERR, 1) : set_int(fd, IPPROTO_IP, IP_RECVERR, 1);
	if (r == 0 && o->device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, o->device, strlen(o->device)) < 0)
		r = -errno;
	return r;
}

static int open_socket(const struct addr *local, int type, const struct sock_options *o)
{
	if (!addr_is_set(local))
		return -EAFNOSUPPORT;
	int fd = socket(local->sa.sa_family, type | SOCK_FLAGS, 0);
	if (fd < 0)
		return -errno;
	int r = set_options(fd, addr_is_v6(local), o);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* Takes fd over: into the table when r is 0, else closed. */
static int settle(enum sock_kind kind, int fd, int r)
{
	if (r == 0)
		r = sock_adopt(kind, fd);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static int bind_to(int fd, const struct addr *local)
{
	return bind(fd, &local->sa, addr_len(local)) < 0 ? -errno : 0;
}

int sock_udp(enum sock_kind kind, const struct addr *local, const struct sock_options *o)
{
	int fd = open_socket(local, SOCK_DGRAM, o);
	return fd < 0 ? fd : settle(kind, fd, bind_to(fd, local));
}

int sock_listen(const struct addr *local, int backlog, const struct sock_options *o)
{
	int fd = open_socket(local, SOCK_STREAM, o);
	if (fd < 0)
		return fd;
	int r = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r == 0)
		r = set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* accepted ones inherit it: a call less for each */
	if (r == 0)
		r = bind_to(fd, local);
	if (r == 0 && listen(fd, backlog) < 0)
		r = -errno;
	return settle(SOCK_KIND_SIGNALLING, fd, r);
}

static int connect_to(int fd, const struct addr *remote)
{
	/* interrupted, it goes on by itself, like one in progress */
	if (connect(fd, &remote->sa, addr_len(remote)) < 0 && errno != EINPROGRESS && errno != EINTR)
		return -errno;
	return 0;
}

int sock_connect(const struct addr *local, const struct addr *remote, const struct sock_options *o)
{
	if (local->sa.sa_family != remote->sa.sa_family)
		return -EAFNOSUPPORT;
	int fd = open_socket(local, SOCK_STREAM, o);
	if (fd < 0)
		return fd;
	int r = set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	/* leaves the choice of the port to connect(), which needs it unique only towards this remote */
	if (r == 0 && addr_port(local) == 0)
		r = set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	else if (r == 0)
		r = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r == 0)
		r = bind_to(fd, local);
	if (r == 0)
		r = connect_to(fd, remote);
	return settle(SOCK_KIND_STREAM, fd, r);
}

/* accept(2): errors that belong to the one connection which died in the queue. */
static bool is_lost_connection(int e)
{
	static const int lost[] = {EINTR,     ECONNABORTED, EPROTO,       ENETDOWN,   ENOPROTOOPT,
				   EHOSTDOWN, ENONET,       EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH};
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		if (lost[i] == e)
			return true;
	}
	return false;
}

int sock_accept(int listener, struct addr *ret_remote)
{
	struct sockaddr_storage from;
	socklen_t len;
	int fd;

	for (unsigned tries = 0; tries < 16; tries++) {
		len = sizeof(from);
		fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_FLAGS);
		if (fd >= 0 || !is_lost_connection(errno))
			break;
	}
	if (fd < 0)
		return is_lost_connection(errno) ? -EAGAIN : -errno;
	fd = settle(SOCK_KIND_STREAM, fd, 0);
	if (fd >= 0)
		*ret_remote = addr_from_sockaddr((struct sockaddr *)&from);
	return fd;
}

static const char *const kind_names[SOCK_KIND_COUNT] = {
	[SOCK_KIND_SIGNALLING] = "signalling",
	[SOCK_KIND_STREAM] = "stream",
	[SOCK_KIND_MEDIA] = "media",
};

static struct addr local_of(int fd)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);
	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return (struct addr){0};
	return addr_from_sockaddr((struct sockaddr *)&sa);
}

static struct addr remote_of(int fd)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);
	if (getpeername(fd, (struct sockaddr *)&sa, &len) < 0)
		return (struct addr){0};
	return addr_from_sockaddr((struct sockaddr *)&sa);
}

static void write_name(struct writer *w, enum sock_kind kind, int fd)
{
	struct addr local = local_of(fd), remote = remote_of(fd);
	char device[IFNAMSIZ] = "";
	socklen_t len = sizeof(device);
	int type = SOCK_DGRAM;
	socklen_t type_len = sizeof(type);

	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len);
	writer_z(w, kind_names[kind]);
	writer_z(w, type == SOCK_STREAM ? "/tcp:" : "/udp:");
	addr_write(w, &local);
	if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, &len) == 0 && device[0]) {
		writer_char(w, '%');
		writer_put(w, device, strnlen(device, sizeof(device)));
	}
	if (addr_is_set(&remote)) {
		writer_char(w, '>');
		addr_write(w, &remote);
	}
	writer_char(w, '\0');
}

void sock_for_each(void (*fn)(void *arg, const char *name, int fd), void *arg)
{
	char name[SOCK_NAMELEN];

	pthread_mutex_lock(&table.lock);
	for (size_t fd = 0; fd < table.n; fd++) {
		if (table.kinds[fd] == 0)
			continue;
		struct writer w = writer_init(name, sizeof(name));
		write_name(&w, (enum sock_kind)(table.kinds[fd] - 1), (int)fd);
		fn(arg, name, (int)fd);
	}
	pthread_mutex_unlock(&table.lock);
}

const char *sock_mend(int err)
{
	switch (err) {
	case -EADDRINUSE:
		return "; another program has this port, maybe a Limen that runs: ss -lnup and ss -lntp name it";
	case -EADDRNOTAVAIL:
		return "; no interface of this machine has this address";
	case -EACCES:
		return "; ports below 1024 want root or CAP_NET_BIND_SERVICE";
	case -EMFILE:
		return "; raise LimitNOFILE (ulimit -n)";
	}
	return "";
}
