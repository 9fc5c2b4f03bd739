/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>

#include "sbc/sip/dialog.h"
#include "tests/unit/sip/sip_text.h"

#define END     "\r\n"
#define CONTACT "Contact: <sip:alice@203.0.113.20:5066>\r\n"
#define TAG     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void assert_head(const struct dialog *d, const char *method, uint32_t cseq, const char *want)
{
	char buf[4096];
	struct writer w = writer_init(buf, sizeof(buf));
	dialog_write_head(d, &w, method, cseq, 70);
	assert_false(w.overflow);
	assert_str(writer_result(&w), want);
}

static struct dialog uas(const char *text)
{
	struct message *m = must_parse(text);
	struct dialog d;
	assert_int_equal(dialog_init_uas(&d, m, TAG), 0);
	message_free(m); /* nothing of it may be held */
	return d;
}

static struct dialog uac(void)
{
	struct dialog d;
	struct dialog_uac p = {
		.call_id = STR("our-call"),
		.local = STR("\"A\" <sip:a@us.example>"),
		.remote = STR("<sip:b@them.example>"),
		.target = STR("sip:b@192.0.2.50"),
		.local_tag = TAG,
		.peer = {.network = 2, .transport = CONFIG_UDP},
	};
	assert_true(addr_parse_hostport(STR("192.0.2.50:5060"), &p.peer.remote));
	assert_int_equal(dialog_init_uac(&d, &p), 0);
	return d;
}

static struct message *response_parse(const char *line, const char *tag, const char *more)
{
	char text[2048];
	snprintf(text, sizeof(text),
		 "%s\r\n" VIA_LINE FROM_LINE "To: <sip:b@them.example>%s\r\n" CALL_LINE CSEQ_LINE "%s\r\n", line, tag,
		 more);
	return must_parse(text);
}

static int response(struct dialog *d, const char *line, const char *tag, const char *more)
{
	struct message *m = response_parse(line, tag, more);
	int r = dialog_on_response(d, m);
	message_free(m);
	return r;
}

static int fork_by(struct dialog *d, const struct dialog *from, const char *line, const char *tag, const char *more)
{
	struct message *m = response_parse(line, tag, more);
	int r = dialog_fork(d, from, m);
	message_free(m);
	return r;
}

static void refresh(struct dialog *d, const char *more)
{
	char text[2048];
	snprintf(text, sizeof(text), INVITE FIVE "%s\r\n", more);
	struct message *m = must_parse(text);
	assert_int_equal(dialog_refresh_target(d, m), 0);
	message_free(m);
}

static void assert_peer(const struct dialog *d, const char *want)
{
	char buf[ADDR_STRLEN];
	assert_string_equal(addr_text(&d->peer.remote, buf), want);
}

/* ---- UAS --------------------------------------------------------------------------------------------------------- */

static void test_uas(void **state)
{
	struct dialog d =
		uas(INVITE FIVE CONTACT "Record-Route: <sip:p1.example;lr>, \"x\" <sip:p2.example;lr;a=b>;c\r\n"
					"Record-Route: <sip:p3.example;lr>\r\n" END);
	assert_string_equal(d.call_id, "a84b4c76e66710@pc33.example.com");
	assert_string_equal(d.local, "<sip:bob@example.net>");
	assert_string_equal(d.remote, "\"Alice\" <sip:alice@example.com>");
	assert_string_equal(d.local_tag, TAG);
	assert_string_equal(d.remote_tag, "1928301774");
	assert_string_equal(d.remote_target, "sip:alice@203.0.113.20:5066");
	assert_int_equal(d.remote_cseq, 314159);
	assert_str(dialog_ruri(&d), "sip:alice@203.0.113.20:5066");
	/* §12.1.1: in the order of the request */
	assert_head(
		&d, "BYE", 7,
		"Max-Forwards: 70\r\nFrom: <sip:bob@example.net>;tag=" TAG
		"\r\nTo: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n"
		"Call-ID: a84b4c76e66710@pc33.example.com\r\nCSeq: 7 BYE\r\n"
		"Route: <sip:p1.example;lr>\r\nRoute: \"x\" <sip:p2.example;lr;a=b>;c\r\nRoute: <sip:p3.example;lr>\r\n");
	assert_peer(&d, "203.0.113.9:5064"); /* the flow it came in on */
	assert_int_equal(d.peer.network, 1);
	assert_int_equal(d.peer.transport, CONFIG_UDP);
	dialog_finish(&d);
	dialog_finish(&d); /* twice is harmless */
}

static void test_uas_of_old_and_odd_senders(void **state)
{
	struct dialog d = uas(INVITE VIA_LINE "From: sip:a@old.example\r\n" TO_LINE CALL_LINE CSEQ_LINE END);
	assert_null(d.remote_tag); /* RFC 2543 */
	assert_string_equal(d.remote_target, "sip:a@old.example");
	assert_head(&d, "BYE", 1,
		    "Max-Forwards: 70\r\nFrom: <sip:bob@example.net>;tag=" TAG "\r\nTo: <sip:a@old.example>\r\n"
		    "Call-ID: a84b4c76e66710@pc33.example.com\r\nCSeq: 1 BYE\r\n");
	dialog_finish(&d);
	d = uas(INVITE FIVE "Contact: <tel:+1>\r\n" END); /* nothing can be sent there */
	assert_string_equal(d.remote_target, "sip:alice@example.com");
	dialog_finish(&d);
}

static void test_strict_route(void **state)
{
	struct dialog d = uas(INVITE FIVE CONTACT
			      "Record-Route: <sip:p1.example;transport=udp?x=y>, <sip:p2.example;lr>\r\n" END);
	assert_str(dialog_ruri(&d), "sip:p1.example;transport=udp");
	assert_head(&d, "BYE", 1,
		    "Max-Forwards: 70\r\nFrom: <sip:bob@example.net>;tag=" TAG
		    "\r\nTo: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n"
		    "Call-ID: a84b4c76e66710@pc33.example.com\r\nCSeq: 1 BYE\r\n"
		    "Route: <sip:p2.example;lr>\r\nRoute: <sip:alice@203.0.113.20:5066>\r\n");
	dialog_finish(&d);
}

static void test_cseq(void **state)
{
	static const struct {
		const char *cseq;
		bool in_order;
	} cases[] = {{"314160 BYE", true}, {"314159 BYE", false}, {"314160 BYE", true},    {"0 BYE", false},
		     {"400000 BYE", true}, {"399999 BYE", false}, {"4294967295 BYE", true}};
	struct dialog d = uas(INVITE FIVE CONTACT END);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[1024];
		snprintf(text, sizeof(text),
			 "BYE sip:x SIP/2.0\r\n" VIA_LINE FROM_LINE TO_LINE CALL_LINE "CSeq: %s\r\n\r\n",
			 cases[i].cseq);
		struct message *m = must_parse(text);
		uint32_t before = d.remote_cseq;
		assert_int_equal(dialog_accept_cseq(&d, m), cases[i].in_order);
		assert_int_equal(d.remote_cseq, cases[i].in_order ? m->cseq : before);
		message_free(m);
	}
	dialog_finish(&d);
}

/* ---- UAC --------------------------------------------------------------------------------------------------------- */

static void test_uac(void **state)
{
	struct dialog d = uac();
	assert_head(&d, "INVITE", 1,
		    "Max-Forwards: 70\r\nFrom: \"A\" <sip:a@us.example>;tag=" TAG
		    "\r\nTo: <sip:b@them.example>\r\nCall-ID: our-call\r\nCSeq: 1 INVITE\r\n");
	assert_int_equal(response(&d, "SIP/2.0 100 T", ";tag=b1", CONTACT), 0);
	assert_int_equal(response(&d, "SIP/2.0 180 R", "", CONTACT), 0);
	assert_int_equal(response(&d, "SIP/2.0 486 B", ";tag=b1", CONTACT), 0);
	assert_null(d.remote_tag);
	assert_str(dialog_ruri(&d), "sip:b@192.0.2.50");
	assert_int_equal(
		response(
			&d, "SIP/2.0 180 R", ";tag=b1",
			"Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\nRecord-Route: <sip:p3.example;lr>\r\n"
			"Contact: <sip:b@10.1.1.1>\r\n"),
		0);
	assert_str(dialog_ruri(&d), "sip:b@10.1.1.1");
	/* §12.1.2: reversed */
	assert_head(&d, "PRACK", 2,
		    "Max-Forwards: 70\r\nFrom: \"A\" <sip:a@us.example>;tag=" TAG
		    "\r\nTo: <sip:b@them.example>;tag=b1\r\nCall-ID: our-call\r\nCSeq: 2 PRACK\r\n"
		    "Route: <sip:p3.example;lr>\r\nRoute: <sip:p2.example;lr>\r\nRoute: <sip:p1.example;lr>\r\n");
	assert_int_equal(response(&d, "SIP/2.0 200 OK", ";tag=b2", CONTACT), -EINVAL);
	/* §13.2.2.4: a 2xx gives the route set anew */
	assert_int_equal(response(&d, "SIP/2.0 200 OK", ";tag=b1", "Record-Route: <sip:p9.example;lr>\r\n"), 0);
	assert_string_equal(d.route_set, "Route: <sip:p9.example;lr>\r\n");
	assert_string_equal(d.remote_target, "sip:b@10.1.1.1");
	assert_int_equal(response(&d, "SIP/2.0 200 OK", ";tag=b1", ""), 0);
	assert_null(d.route_set);
	assert_peer(&d, "192.0.2.50:5060");
	dialog_finish(&d);
}

static void test_fork(void **state)
{
	struct dialog d = uac(), other;
	dialog_follow(&d, NULL);
	d.local_cseq = 5;
	assert_int_equal(response(&d, "SIP/2.0 180 R", ";tag=b1", "Record-Route: <sip:198.51.100.77;lr>\r\n" CONTACT),
			 0);
	assert_peer(&d, "198.51.100.77:5060");
	assert_int_equal(fork_by(&other, &d, "SIP/2.0 100 T", "", ""), -EINVAL);
	assert_int_equal(fork_by(&other, &d, "SIP/2.0 486 B", ";tag=b2", CONTACT), -EINVAL);
	assert_int_equal(fork_by(&other, &d, "SIP/2.0 180 R", ";tag=b2", ""), 0);
	assert_string_equal(other.remote_tag, "b2");
	assert_null(other.route_set);
	assert_peer(&other, "192.0.2.50:5060"); /* where the INVITE went */
	dialog_finish(&other);
	assert_int_equal(fork_by(&other, &d, "SIP/2.0 180 R", ";tag=b3", CONTACT), 0);
	dialog_finish(&d);
	assert_int_equal(other.local_cseq, 5);
	assert_string_equal(other.local_tag, TAG);
	assert_string_equal(other.remote_tag, "b3");
	assert_peer(&other, "203.0.113.20:5066");
	dialog_finish(&other);
}

/* ---- next hop ---------------------------------------------------------------------------------------------------- */

/* flow, what the far side names -> where requests go; "-": stays, with its connection. */
static void test_next_hop(void **state)
{
	static const struct {
		const char *flow;
		enum config_transport transport;
		const char *hop, *want;
		enum config_transport want_transport;
		bool keeps_connection;
	} cases[] = {
		/* a literal address is taken */
		{"203.0.113.9:5064", CONFIG_UDP, "sip:a@203.0.113.20:5066", "203.0.113.20:5066", CONFIG_UDP, false},
		{"203.0.113.9:5064", CONFIG_UDP, "sip:203.0.113.20", "203.0.113.20:5060", CONFIG_UDP, false},
		{"203.0.113.9:5064", CONFIG_UDP, "sip:203.0.113.20;lr;transport=UDP", "203.0.113.20:5060", CONFIG_UDP,
		 false},
		{"[2001:db8::1]:5060", CONFIG_UDP, "sip:a@[2001:db8::2]:5070", "[2001:db8::2]:5070", CONFIG_UDP, false},
		{"10.0.0.9:5060", CONFIG_UDP, "sip:a@10.0.0.20", "10.0.0.20:5060", CONFIG_UDP, false},
		{"10.0.0.9:5060", CONFIG_UDP, "sip:a@203.0.113.20", "203.0.113.20:5060", CONFIG_UDP, false},
		{"203.0.113.9:5064", CONFIG_UDP, "sip:a@[::ffff:203.0.113.20]", "203.0.113.20:5060", CONFIG_UDP, false},
		/* another transport: a new connection, any listener */
		{"203.0.113.9:5064", CONFIG_UDP, "sip:203.0.113.9;transport=tcp", "203.0.113.9:5060", CONFIG_TCP,
		 false},
		{"203.0.113.9:40000", CONFIG_TCP, "sip:203.0.113.9;transport=udp", "203.0.113.9:5060", CONFIG_UDP,
		 false},
		/* same host on a stream: its connection, and the named port for later */
		{"203.0.113.9:40000", CONFIG_TCP, "sip:203.0.113.9:5060;transport=tcp", "203.0.113.9:5060", CONFIG_TCP,
		 true},
		{"203.0.113.9:40000", CONFIG_TCP, "sip:203.0.113.9", "203.0.113.9:5060", CONFIG_TCP, true},
		{"203.0.113.9:40000", CONFIG_TCP, "sip:203.0.113.20", "203.0.113.20:5060", CONFIG_TCP, false},
		/* names are not looked up */
		{"203.0.113.9:5064", CONFIG_UDP, "sip:a@proxy.example", "-", CONFIG_UDP, true},
		/* not what we can or may send to */
		{"203.0.113.9:5064", CONFIG_UDP, "sips:a@203.0.113.20", "-", CONFIG_UDP, true},
		{"203.0.113.9:5064", CONFIG_UDP, "tel:+1", "-", CONFIG_UDP, true},
		{"203.0.113.9:5064", CONFIG_UDP, "sip:203.0.113.20;transport=tls", "-", CONFIG_UDP, true},
		{"203.0.113.9:5064", CONFIG_UDP, "sip:203.0.113.20;transport=ws", "-", CONFIG_UDP, true},
		{"203.0.113.9:5064", CONFIG_UDP, "sip:203.0.113.20;maddr=10.0.0.1", "-", CONFIG_UDP, true},
		{"203.0.113.9:5064", CONFIG_UDP, "sip:a@[2001:db8::2]", "-", CONFIG_UDP, true},
		{"[2001:db8::1]:5060", CONFIG_UDP, "sip:a@203.0.113.20", "-", CONFIG_UDP, true},
		{"203.0.113.9:5064", CONFIG_UDP, "sip:a@0.0.0.0", "-", CONFIG_UDP, true},
		{"203.0.113.9:5064", CONFIG_UDP, "sip:a@224.0.1.75", "-", CONFIG_UDP, true},
		{"203.0.113.9:5064", CONFIG_UDP, "sip:a@255.255.255.255", "-", CONFIG_UDP, true},
		{"203.0.113.9:5064", CONFIG_UDP, "sip:a@10.0.0.20", "-", CONFIG_UDP, true},
		{"203.0.113.9:5064", CONFIG_UDP, "sip:a@127.0.0.1", "-", CONFIG_UDP, true},
		{"10.0.0.9:5060", CONFIG_UDP, "sip:a@127.0.0.1", "-", CONFIG_UDP, true},
		{"127.0.0.1:5064", CONFIG_UDP, "sip:a@127.0.0.1:5070", "127.0.0.1:5070", CONFIG_UDP, true},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct destination flow = {.network = 3, .transport = cases[i].transport, .connection = 77};
		flow.local.in4.sin_family = AF_INET;
		char buf[ADDR_STRLEN];
		struct uri hop;
		assert_true(addr_parse_hostport(str_z(cases[i].flow), &flow.remote));
		assert_true(uri_parse(str_z(cases[i].hop), &hop));
		struct destination d = dialog_next_hop(&flow, &hop);
		bool stays = cases[i].want[0] == '-';
		if (strcmp(addr_text(&d.remote, buf), stays ? cases[i].flow : cases[i].want) ||
		    d.transport != cases[i].want_transport)
			fail_msg("%s, %s: %s", cases[i].flow, cases[i].hop, buf);
		assert_int_equal(d.network, 3);
		assert_int_equal(d.connection, cases[i].keeps_connection ? 77 : 0);
		assert_int_equal(addr_is_set(&d.local), d.transport == flow.transport);
		assert_false(d.flow_only);
		/* who is reached by its flow alone still is, unless it is to be somewhere else */
		flow.flow_only = true;
		d = dialog_next_hop(&flow, &hop);
		assert_int_equal(d.flow_only, stays || strcmp(cases[i].flow, cases[i].want) == 0);
	}
}

/* What a dialog makes of it: nat (not asked to follow) and not. */
static void test_peer(void **state)
{
	struct dialog d = uas(INVITE FIVE CONTACT END);
	refresh(&d, "Contact: <sip:a@203.0.113.30>\r\n");
	assert_string_equal(d.remote_target, "sip:a@203.0.113.30");
	assert_peer(&d, "203.0.113.9:5064"); /* NAT: stays */
	dialog_follow(&d, NULL);
	assert_peer(&d, "203.0.113.30:5060");
	refresh(&d, "Contact: <sip:a@203.0.113.40:5080>\r\n");
	assert_peer(&d, "203.0.113.40:5080");
	refresh(&d, "Contact: <sip:a@gone.example>\r\n"); /* a name: back to where it was seen */
	assert_string_equal(d.remote_target, "sip:a@gone.example");
	assert_peer(&d, "203.0.113.9:5064");
	refresh(&d, ""); /* no Contact, no change */
	assert_string_equal(d.remote_target, "sip:a@gone.example");
	struct destination moved = d.flow;
	assert_true(addr_parse_hostport(STR("203.0.113.99:1234"), &moved.remote));
	dialog_set_flow(&d, &moved);
	assert_peer(&d, "203.0.113.99:1234");
	dialog_finish(&d);

	/* a route set decides, and a new target does not move it */
	d = uas(INVITE FIVE CONTACT "Record-Route: <sip:203.0.113.50:5090;lr>\r\n" END);
	dialog_follow(&d, NULL);
	assert_peer(&d, "203.0.113.50:5090");
	refresh(&d, "Contact: <sip:a@203.0.113.60>\r\nRecord-Route: <sip:203.0.113.61;lr>\r\n");
	assert_peer(&d, "203.0.113.50:5090");
	assert_string_equal(d.remote_target, "sip:a@203.0.113.60");
	assert_string_equal(d.route_set, "Route: <sip:203.0.113.50:5090;lr>\r\n");
	dialog_finish(&d);

	/* the same at once, from the INVITE itself */
	struct message *m = must_parse(INVITE FIVE CONTACT END);
	assert_int_equal(dialog_init_uas(&d, m, TAG), 0);
	dialog_follow(&d, m);
	message_free(m);
	assert_peer(&d, "203.0.113.20:5066");
	dialog_finish(&d);

	/* UAC: the Request-URI is ours, not the far side's word */
	d = uac();
	assert_true(addr_parse_hostport(STR("192.0.2.51:5071"), &d.flow.remote));
	dialog_follow(&d, NULL);
	assert_peer(&d, "192.0.2.51:5071");
	dialog_finish(&d);
}

static void test_memory_of_two_legs(void **state)
{
	struct dialog a = uas(INVITE FIVE CONTACT "Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\n" END);
	struct dialog b = uac();
	assert_int_equal(response(&b, "SIP/2.0 200 OK", ";tag=b1", "Record-Route: <sip:p1.example;lr>\r\n" CONTACT), 0);
	size_t bytes = sizeof(a) + sizeof(b) + malloc_usable_size(a.block) + malloc_usable_size(b.block);
	print_message("two dialogs: %zu bytes\n", bytes);
	assert_in_range(bytes, 1, 2048);
	dialog_finish(&a);
	dialog_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uas),
		cmocka_unit_test(test_uas_of_old_and_odd_senders),
		cmocka_unit_test(test_strict_route),
		cmocka_unit_test(test_cseq),
		cmocka_unit_test(test_uac),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_next_hop),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_memory_of_two_legs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
