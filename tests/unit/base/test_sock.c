/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "oom.h"
#include "unit.h"

static const char *const loopbacks[] = {"127.0.0.1", "::1"};

static struct addr make(const char *host, uint16_t port)
{
	struct addr a;
	assert_true(addr_parse(str_z(host), port, &a));
	return a;
}

static struct addr local_of(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	return addr_from_sockaddr((struct sockaddr *)&sa);
}

static int get_int(int fd, int level, int option)
{
	int v = -1;
	socklen_t len = sizeof(v);
	assert_int_equal(getsockopt(fd, level, option, &v, &len), 0);
	return v;
}

static void assert_flags(int fd)
{
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

/* every test leaves no descriptor behind: neither in the table nor in the process */
static int lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(fd);
	return fd;
}

static int setup(void **state)
{
	static int before;
	before = lowest_free();
	*state = &before;
	return 0;
}

static int teardown(void **state)
{
	for (unsigned kind = 0; kind < SOCK_KIND_COUNT; kind++) {
		if (sock_count((enum sock_kind)kind) != 0)
			return -1;
	}
	return lowest_free() == *(int *)*state ? 0 : -1;
}

static void test_udp(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct addr any_port = make(loopbacks[i], 0);
		int a = sock_udp(SOCK_KIND_MEDIA, &any_port, NULL);
		int b = sock_udp(SOCK_KIND_SIGNALLING, &any_port, &(struct sock_options){0});
		assert_true(a >= 0 && b >= 0);
		assert_flags(a);
		if (i)
			assert_int_equal(get_int(a, IPPROTO_IPV6, IPV6_V6ONLY), 1);
		struct addr to = local_of(b);
		char buf[8];
		assert_int_equal(sendto(a, "hi", 2, 0, &to.sa, addr_len(&to)), 2);
		assert_int_equal(recv(b, buf, sizeof(buf), 0), 2);
		assert_int_equal(recv(b, buf, sizeof(buf), 0), -1);
		assert_int_equal(errno, EAGAIN);
		assert_int_equal(sock_count(SOCK_KIND_MEDIA), 1);
		assert_int_equal(sock_count(SOCK_KIND_SIGNALLING), 1);
		sock_close(SOCK_KIND_MEDIA, a);
		sock_close(SOCK_KIND_SIGNALLING, b);
	}
	sock_close(SOCK_KIND_MEDIA, -1);
}

static void test_udp_options(void **state)
{
	static const struct sock_options o = {.rcvbuf_bytes = 32768,
					      .sndbuf_bytes = 16384,
					      .dscp = 46,
					      .reuseport = true,
					      .packet_info = true,
					      .errors = true};
	for (unsigned i = 0; i < 2; i++) {
		struct addr local = make(loopbacks[i], 0);
		int a = sock_udp(SOCK_KIND_SIGNALLING, &local, &o);
		assert_true(a >= 0);
		local = local_of(a);
		int b = sock_udp(SOCK_KIND_SIGNALLING, &local, &o);
		assert_true(b >= 0);
		assert_int_equal(get_int(a, SOL_SOCKET, SO_RCVBUF), 2 * 32768); /* the kernel doubles it */
		assert_int_equal(get_int(a, SOL_SOCKET, SO_SNDBUF), 2 * 16384);
		assert_int_equal(i ? get_int(a, IPPROTO_IPV6, IPV6_TCLASS) : get_int(a, IPPROTO_IP, IP_TOS), 46 << 2);
		assert_int_equal(i ? get_int(a, IPPROTO_IPV6, IPV6_RECVPKTINFO) : get_int(a, IPPROTO_IP, IP_PKTINFO),
				 1);
		assert_int_equal(i ? get_int(a, IPPROTO_IPV6, IPV6_RECVERR) : get_int(a, IPPROTO_IP, IP_RECVERR), 1);
		sock_close(SOCK_KIND_SIGNALLING, a);
		sock_close(SOCK_KIND_SIGNALLING, b);
	}
}

static void test_errors(void **state)
{
	struct addr none = {0}, foreign = make("192.0.2.1", 0), local = make("127.0.0.1", 0), local6 = make("::1", 0);
	assert_int_equal(sock_udp(SOCK_KIND_MEDIA, &none, NULL), -EAFNOSUPPORT);
	assert_int_equal(sock_listen(&none, 5, NULL), -EAFNOSUPPORT);
	assert_int_equal(sock_connect(&none, &none, NULL), -EAFNOSUPPORT);
	assert_int_equal(sock_connect(&local, &local6, NULL), -EAFNOSUPPORT);
	assert_int_equal(sock_udp(SOCK_KIND_MEDIA, &foreign, NULL), -EADDRNOTAVAIL);
	assert_int_equal(sock_udp(SOCK_KIND_MEDIA, &local, &(struct sock_options){.dscp = 64}), -EINVAL);
	int r = sock_udp(SOCK_KIND_MEDIA, &local, &(struct sock_options){.device = "no-such-device"});
	assert_true(r == -ENODEV || r == -EPERM);

	int a = sock_udp(SOCK_KIND_MEDIA, &local, NULL);
	struct addr taken = local_of(a);
	assert_int_equal(sock_udp(SOCK_KIND_MEDIA, &taken, NULL), -EADDRINUSE);
	sock_close(SOCK_KIND_MEDIA, a);
	/* an IPv6 wildcard leaves the IPv4 one free */
	struct addr any4 = make("0.0.0.0", 0), any6 = make("::", 0);
	a = sock_udp(SOCK_KIND_MEDIA, &any6, NULL);
	taken = local_of(a);
	addr_set_port(&any4, addr_port(&taken));
	int b = sock_udp(SOCK_KIND_MEDIA, &any4, NULL);
	assert_true(a >= 0 && b >= 0);
	sock_close(SOCK_KIND_MEDIA, a);
	sock_close(SOCK_KIND_MEDIA, b);
}

struct names {
	unsigned n;
	char text[8][SOCK_NAMELEN];
	int fds[8];
};

static void note_name(void *arg, const char *name, int fd)
{
	struct names *names = arg;
	assert_true(names->n < 8);
	strcpy(names->text[names->n], name);
	names->fds[names->n++] = fd;
}

static void assert_name(const char *name, const char *prefix, int fd, const char *between, int peer)
{
	char want[SOCK_NAMELEN], a[ADDR_STRLEN], b[ADDR_STRLEN] = "";
	struct addr local = local_of(fd), remote;
	addr_text(&local, a);
	if (peer >= 0) {
		remote = local_of(peer);
		addr_text(&remote, b);
	}
	struct writer w = writer_init(want, sizeof(want));
	writer_fmt(&w, "%s%s%s%s", prefix, a, between, b);
	writer_char(&w, '\0');
	assert_string_equal(name, want);
}

static void wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	assert_int_equal(poll(&p, 1, 5000), 1);
}

static void test_tcp(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct addr any_port = make(loopbacks[i], 0), from;
		struct names names = {0};
		int l = sock_listen(&any_port, 16, NULL);
		assert_true(l >= 0);
		assert_flags(l);
		assert_int_equal(sock_accept(l, &from), -EAGAIN);
		struct addr to = local_of(l);
		int c = sock_connect(&any_port, &to, NULL);
		assert_true(c >= 0);
		assert_flags(c);
		wait_for(l, POLLIN);
		int s = sock_accept(l, &from);
		assert_true(s >= 0);
		assert_flags(s);
		struct addr client = local_of(c);
		assert_true(addr_equal(&from, &client));
		assert_int_equal(get_int(c, IPPROTO_TCP, TCP_NODELAY), 1);
		assert_int_equal(get_int(s, IPPROTO_TCP, TCP_NODELAY), 1);
		wait_for(c, POLLOUT);
		assert_int_equal(get_int(c, SOL_SOCKET, SO_ERROR), 0);

		sock_for_each(note_name, &names);
		assert_int_equal(names.n, 3);
		assert_int_equal(names.fds[0], l);
		assert_name(names.text[0], "signalling/tcp:", l, "", -1);
		assert_name(names.text[1], "stream/tcp:", c, ">", s);
		assert_name(names.text[2], "stream/tcp:", s, ">", c);
		assert_int_equal(sock_count(SOCK_KIND_STREAM), 2);
		sock_close(SOCK_KIND_SIGNALLING, l);
		sock_close(SOCK_KIND_STREAM, c);
		sock_close(SOCK_KIND_STREAM, s);
	}
}

static void test_connect_refused(void **state)
{
	struct addr local = make("127.0.0.1", 0);
	int l = sock_listen(&local, 1, NULL);
	struct addr gone = local_of(l);
	sock_close(SOCK_KIND_SIGNALLING, l);
	int c = sock_connect(&local, &gone, NULL);
	if (c < 0) { /* told at once */
		assert_int_equal(c, -ECONNREFUSED);
		return;
	}
	wait_for(c, POLLOUT);
	assert_int_equal(get_int(c, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	sock_close(SOCK_KIND_STREAM, c);
}

/* from one fixed local port to two remotes */
static void test_connect_from_port(void **state)
{
	struct addr any_port = make("127.0.0.1", 0);
	int l1 = sock_listen(&any_port, 4, NULL), l2 = sock_listen(&any_port, 4, NULL);
	struct addr to1 = local_of(l1), to2 = local_of(l2);
	int u = sock_listen(&any_port, 1, NULL);
	struct addr from = local_of(u);
	sock_close(SOCK_KIND_SIGNALLING, u);
	int c1 = sock_connect(&from, &to1, NULL), c2 = sock_connect(&from, &to2, NULL);
	assert_true(c1 >= 0 && c2 >= 0);
	struct addr got = local_of(c2);
	assert_true(addr_equal(&got, &from));
	sock_close(SOCK_KIND_STREAM, c1);
	sock_close(SOCK_KIND_STREAM, c2);
	sock_close(SOCK_KIND_SIGNALLING, l1);
	sock_close(SOCK_KIND_SIGNALLING, l2);
}

static void test_names(void **state)
{
	struct addr local = make("::1", 0);
	struct names names = {0};
	int pair[2];
	int a = sock_udp(SOCK_KIND_MEDIA, &local, NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(sock_adopt(SOCK_KIND_STREAM, pair[0]), 0);
	sock_for_each(note_name, &names);
	assert_int_equal(names.n, 2);
	assert_name(names.text[0], "media/udp:", a, "", -1);
	assert_string_equal(names.text[1], "stream/tcp:-");
	sock_close(SOCK_KIND_STREAM, pair[0]);
	sock_close(SOCK_KIND_MEDIA, a);
	close(pair[1]);
	sock_for_each(note_name, &names);
	assert_int_equal(names.n, 2);
}

/* runs first: the table has no memory yet */
static void test_no_memory(void **state)
{
	struct addr local = make("127.0.0.1", 0);
	oom_after(0);
	assert_int_equal(sock_udp(SOCK_KIND_MEDIA, &local, NULL), -ENOMEM);
	assert_int_equal(sock_listen(&local, 1, NULL), -ENOMEM);
	assert_int_equal(oom_off(), 2);
	int fd = sock_udp(SOCK_KIND_MEDIA, &local, NULL);
	assert_true(fd >= 0);
	sock_close(SOCK_KIND_MEDIA, fd);
}

static void test_accept_without_descriptors(void **state)
{
	struct addr any_port = make("127.0.0.1", 0), from = {0};
	struct rlimit old, none;
	int l = sock_listen(&any_port, 4, NULL);
	struct addr to = local_of(l);
	int c = sock_connect(&any_port, &to, NULL);
	wait_for(l, POLLIN);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = (rlim_t)c + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	int r = sock_accept(l, &from), u = sock_udp(SOCK_KIND_MEDIA, &any_port, NULL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(r, -EMFILE);
	assert_int_equal(u, -EMFILE);
	assert_false(addr_is_set(&from));
	sock_close(SOCK_KIND_STREAM, c);
	sock_close(SOCK_KIND_SIGNALLING, l);
}

static void test_many(void **state)
{
	struct addr local = make("127.0.0.1", 0);
	int fds[700]; /* over the table's first size */
	for (unsigned i = 0; i < LENGTH(fds); i++) {
		fds[i] = sock_udp(SOCK_KIND_MEDIA, &local, NULL);
		assert_true(fds[i] >= 0);
	}
	assert_int_equal(sock_count(SOCK_KIND_MEDIA), LENGTH(fds));
	for (unsigned i = 0; i < LENGTH(fds); i++)
		sock_close(SOCK_KIND_MEDIA, fds[i]);
}

static void *open_and_close(void *arg)
{
	struct addr local = make("127.0.0.1", 0);
	for (unsigned i = 0; i < 2000; i++) {
		int fd = sock_udp(SOCK_KIND_MEDIA, &local, NULL);
		assert_true(fd >= 0);
		sock_close(SOCK_KIND_MEDIA, fd);
	}
	return NULL;
}

static void count_one(void *arg, const char *name, int fd)
{
	++*(unsigned *)arg;
}

static void test_threads(void **state)
{
	pthread_t threads[3];
	for (unsigned i = 0; i < LENGTH(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, NULL), 0);
	for (unsigned i = 0; i < 200; i++) {
		unsigned n = 0;
		sock_for_each(count_one, &n);
		assert_true(n <= LENGTH(threads));
	}
	for (unsigned i = 0; i < LENGTH(threads); i++)
		pthread_join(threads[i], NULL);
}

#define SOCK_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SOCK_TEST(test_no_memory),
		SOCK_TEST(test_udp),
		SOCK_TEST(test_udp_options),
		SOCK_TEST(test_errors),
		SOCK_TEST(test_tcp),
		SOCK_TEST(test_connect_refused),
		SOCK_TEST(test_connect_from_port),
		SOCK_TEST(test_names),
		SOCK_TEST(test_many),
		SOCK_TEST(test_accept_without_descriptors),
		SOCK_TEST(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
