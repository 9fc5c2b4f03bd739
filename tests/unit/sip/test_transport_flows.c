/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a connection is: flows that must be kept to, connections of other workers, how many a source has. */
#include "tests/unit/sip/transport_fixture.h"

/* ---- only by a flow that exists ---- */

/* A phone behind NAT: no other connection, none opened to it, no other listener. */
static void test_flow_only(void **state)
{
	struct fix *f = begin();
	struct addr local = at("127.0.0.1:0");
	int fd = connected(f), listener, udp = client_socket(SOCK_DGRAM, &local);
	char b[2];

	client_send(fd, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	UNTIL(f->loop, f->got == 1);
	struct destination d = destination_of_flow(&f->flow);
	assert_false(d.flow_only);
	d.flow_only = true;
	assert_int_equal(transport_send(f->t, &d, "hi", 2, 1), 0);
	read_n(f, fd, b, 2);
	close(fd);
	UNTIL(f->loop, f->closed == 1);
	assert_int_equal(f->closed_id, d.connection);
	assert_int_equal(transport_send(f->t, &d, "hi", 2, 1), -ENOTCONN);

	/* somebody listens there, and there is even a connection to it: not the one that it registered on */
	listener = listen_at(&d.remote, 5);
	assert_int_equal(transport_send(f->t, &d, "hi", 2, 1), -ENOTCONN);
	struct destination other = d;
	other.flow_only = false;
	assert_int_equal(transport_send(f->t, &other, "hi", 2, 1), 0);
	UNTIL(f->loop, (fd = accept(listener, NULL, NULL)) >= 0);
	assert_int_equal(connections(f), 1);
	assert_int_equal(transport_send(f->t, &d, "hi", 2, 1), -ENOTCONN);
	close(fd);
	close(listener);
	/* nothing waited on it, and still its end is told */
	UNTIL(f->loop, f->closed == 2);
	assert_int_equal(f->lost, 0);

	/* over UDP: the listener it sent to */
	struct addr a = ours(f, false);
	assert_int_equal(sendto(udp, "hello", 5, 0, &a.sa, addr_len(&a)), 5);
	UNTIL(f->loop, f->got == 2);
	d = destination_of_flow(&f->flow);
	d.flow_only = true;
	assert_int_equal(transport_send(f->t, &d, "hi", 2, 1), 0);
	read_n(f, udp, b, 2);
	close(udp);
	end(f);
}

/* ---- another worker's connection ---- */

static void test_sibling(void **state)
{
	struct fix *f = begin();
	struct loop *loop;
	struct transport *all[2] = {f->t};
	struct fix *g = calloc(1, sizeof(*g));
	char err[256] = "", b[2];

	g->config = config_ref(f->config);
	assert_int_equal(loop_create(16, &loop), 0);
	assert_int_equal(transport_create(loop, g->config, 1, &user, g, &all[1], err, sizeof(err)), 0);
	transport_set_siblings(all[0], all, 2);
	transport_set_siblings(all[1], all, 2);

	/* the kernel chooses who gets it */
	struct addr a = ours(f, false);
	int fd = client_connect(&a);
	client_send(fd, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	UNTIL(f->loop, (turn_some(loop), f->got + g->got == 1));
	struct fix *holder = f->got ? f : g, *other = f->got ? g : f;
	struct transport *t = holder == f ? all[1] : all[0];
	struct loop *of_holder = holder == f ? f->loop : loop, *of_other = holder == f ? loop : f->loop;
	struct destination d = destination_of_flow(&holder->flow);

	d.flow_only = true;
	assert_int_equal(transport_send(t, &d, "hi", 2, 1), 0);
	UNTIL(of_holder, recv(fd, b, 2, MSG_DONTWAIT) == 2);
	/* lost in its backlog: told where it was sent from */
	uint64_t cookie = 0;
	while (connections(f) + (holder == g) && cookie < 2000 && other->lost == 0) {
		transport_send(t, &d, big, sizeof(big), ++cookie);
		turn_some(of_holder);
		turn_some(of_other);
	}
	assert_true(other->lost >= 1);
	assert_int_equal(holder->lost, 0);
	/* its end is told to both */
	UNTIL(of_other, other->closed == 1);
	assert_int_equal(holder->closed, 1);
	assert_int_equal(holder->closed_id, d.connection);
	assert_int_equal(other->closed_id, d.connection);
	/* gone */
	other->lost = 0;
	assert_int_equal(transport_send(t, &d, "hi", 2, 7), 0);
	turn_some(of_holder);
	turn_some(of_other);
	assert_int_equal(other->lost_error, -ENOTCONN);
	loop_drain(of_holder);
	loop_drain(of_other);
	close(fd);
	transport_destroy(all[1]);
	loop_destroy(loop);
	config_unref(g->config);
	free(g);
	transport_set_siblings(all[0], all, 1);
	end(f);
}

/* Whoever the kernel gives a connection to: a source has so many in all. */
static void test_sources_of_all(void **state)
{
	struct fix *f = begin_with(",\"limits\":{\"connections_source\":10}");
	struct fix *g = calloc(1, sizeof(*g));
	struct transport *all[2] = {f->t};
	struct addr a = ours(f, false);
	struct loop *loop;
	char err[256] = "";
	int fds[40];

	assert_int_equal(loop_create(16, &loop), 0);
	assert_int_equal(transport_create(loop, f->config, 1, &user, g, &all[1], err, sizeof(err)), 0);
	transport_set_siblings(all[0], all, 2);
	transport_set_siblings(all[1], all, 2);
	for (unsigned i = 0; i < 40; i++)
		fds[i] = client_connect(&a);
	UNTIL(f->loop, (turn_some(loop), f->refused[REJECT_CONNECTIONS] + g->refused[REJECT_CONNECTIONS] == 30));
	assert_int_equal(transport_connections(all[0]), 10);
	/* another source, IPv6, is another count */
	a = ours(f, true);
	int other = client_connect(&a);
	UNTIL(f->loop, (turn_some(loop), transport_connections(all[0]) == 11));
	/* places that come free can be taken by either */
	for (unsigned i = 0; i < 40; i++)
		close(fds[i]);
	UNTIL(f->loop, (turn_some(loop), transport_connections(all[0]) == 1));
	assert_int_equal(source_table_count(f->t->sources), 1);
	a = ours(f, false);
	for (unsigned i = 0; i < 10; i++)
		fds[i] = client_connect(&a);
	UNTIL(f->loop, (turn_some(loop), transport_connections(all[0]) == 11));
	for (unsigned i = 0; i < 10; i++)
		close(fds[i]);
	close(other);
	/* the first to go leaves the counts to the other */
	UNTIL(f->loop, (turn_some(loop), transport_connections(all[0]) == 0));
	transport_destroy(all[1]);
	loop_destroy(loop);
	free(g);
	end(f);
}

static void post_nothing(void *arg)
{
}

static void fill(struct loop *l)
{
	while (loop_post(l, post_nothing, NULL))
		;
}

/* The holder's queue is full for a moment: what is sent by its connections waits and arrives whole, once, in order;
 * too much of it is refused, and what still waits at the end goes with the rest. */
static void test_held(void **state)
{
	struct fix *f = begin();
	struct fix *g = calloc(1, sizeof(*g));
	struct config *elsewhere = config_with(free_port(), "u", "");
	struct transport *all[2] = {f->t};
	struct loop *loop;
	char err[256] = "", b[400], expected[sizeof(b) + 1];
	size_t have = 0;

	assert_int_equal(loop_create(16, &loop), 0);
	assert_int_equal(transport_create(loop, elsewhere, 1, &user, g, &all[1], err, sizeof(err)), 0);
	transport_set_siblings(all[0], all, 2);
	transport_set_siblings(all[1], all, 2);
	g->t = all[1];
	int fd = connected(f);
	client_send(fd, MESSAGE("0", ""), sizeof(MESSAGE("0", "")) - 1);
	UNTIL(f->loop, f->got == 1);
	struct destination d = destination_of_flow(&f->flow);
	d.flow_only = true;
	for (unsigned i = 0; i < 100; i++) {
		/* full at the first, and again in the midst of what waits */
		if (i % 40 == 0)
			fill(f->loop);
		snprintf(expected + 4 * i, 5, "%03u ", i);
		assert_int_equal(transport_send(all[1], &d, expected + 4 * i, 4, i + 1), 0);
		if (i % 40 == 20) {
			turn_some(f->loop);
			turn_some(loop);
		}
	}
	assert_in_range(GAUGE(g, held), 30, 100);
	UNTIL(f->loop, ({
		      turn_some(loop);
		      ssize_t r = recv(fd, b + have, sizeof(b) - have, MSG_DONTWAIT);
		      have += r > 0 ? (size_t)r : 0;
		      have == sizeof(b);
	      }));
	assert_memory_equal(b, expected, sizeof(b));
	assert_int_equal(g->lost, 0);
	assert_int_equal(all[1]->held_bytes, 0);
	assert_int_equal(all[1]->held_for, 0);

	/* bounded, and refused as by a slow connection */
	int e = 0;
	unsigned taken = 0;
	fill(f->loop);
	while (e == 0 && taken < 1000)
		taken += (e = transport_send(all[1], &d, big, sizeof(big), 0)) == 0;
	assert_int_equal(e, -ENOBUFS);
	assert_in_range(taken * sizeof(big), STREAM_HELD - sizeof(big), STREAM_HELD);
	/* the connection dies while they wait: told, each */
	close(fd);
	assert_int_equal(transport_send(all[1], &d, "bye ", 4, 77), 0);
	UNTIL(f->loop, (turn_some(loop), g->lost > 0));
	assert_int_equal(g->lost_error, -ENOTCONN);

	fill(f->loop);
	assert_int_equal(transport_send(all[1], &d, "late", 4, 78), 0);
	loop_drain(f->loop);
	transport_destroy(all[1]);
	loop_destroy(loop);
	config_unref(elsewhere);
	free(g);
	transport_set_siblings(all[0], all, 1);
	end(f);
}

/* The others' queue is full while twenty connections die: told later, each once; until then they count as connections.
 */
static void test_closed_late(void **state)
{
	struct fix *f = begin_with(",\"limits\":{\"connections\":30,\"connections_source\":30}");
	struct fix *g = calloc(1, sizeof(*g));
	struct config *elsewhere = config_with(free_port(), "u", "");
	struct transport *all[2] = {f->t};
	struct loop *loop;
	char err[256] = "";
	int fds[20];

	assert_int_equal(loop_create(16, &loop), 0);
	assert_int_equal(transport_create(loop, elsewhere, 1, &user, g, &all[1], err, sizeof(err)), 0);
	transport_set_siblings(all[0], all, 2);
	transport_set_siblings(all[1], all, 2);
	for (unsigned i = 0; i < 20; i++)
		fds[i] = connected(f);
	fill(loop);
	for (unsigned i = 0; i < 20; i++)
		close(fds[i]);
	UNTIL(f->loop, f->closed == 20);
	assert_int_equal(connections(f), 0);
	assert_int_equal(transport_connections(all[0]), 20);
	assert_int_equal(transport_connections(all[1]), 20);
	turn_some(f->loop);
	assert_int_equal(g->closed, 0);
	UNTIL(f->loop, (turn_some(loop), g->closed == 20));
	assert_int_equal(g->closed_id, f->closed_id);
	assert_int_equal(f->closed, 20);
	assert_int_equal(transport_connections(all[0]), 0);

	/* and the end of all with some not told yet */
	fds[0] = connected(f);
	fill(loop);
	close(fds[0]);
	UNTIL(f->loop, f->closed == 21);
	loop_drain(loop);
	transport_destroy(all[1]);
	loop_destroy(loop);
	config_unref(elsewhere);
	assert_int_equal(g->closed, 20);
	free(g);
	end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow_only),      cmocka_unit_test(test_sibling),     cmocka_unit_test(test_held),
		cmocka_unit_test(test_sources_of_all), cmocka_unit_test(test_closed_late),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
