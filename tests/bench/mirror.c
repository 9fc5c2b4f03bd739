/* SPDX-License-Identifier: Apache-2.0 */
/* mirror: the least that answering SIP over UDP can cost. It takes a datagram, puts "SIP/2.0 200 OK" where its first
 * line was, and sends it back: two system calls and a copy, nothing read, nothing kept. What a server takes beyond this
 * is its own; what this takes is the kernel's.
 *
 *   mirror IP PORT */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LINE "SIP/2.0 200 OK"

int main(int argc, char **argv)
{
	static char buf[sizeof(LINE) + 65536];
	struct sockaddr_in a = {.sin_family = AF_INET};
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (argc != 3 || inet_pton(AF_INET, argv[1], &a.sin_addr) != 1) {
		fprintf(stderr, "usage: mirror IP PORT\n");
		return 2;
	}
	a.sin_port = htons((uint16_t)atoi(argv[2]));
	if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof(a)) < 0) {
		perror("mirror");
		return 1;
	}
	for (;;) {
		/* behind room for a line that is longer than the one that came */
		char *in = buf + sizeof(LINE), *rest;
		socklen_t len = sizeof(a);
		ssize_t n = recvfrom(s, in, 65536, 0, (struct sockaddr *)&a, &len);

		if (n <= 0 || !(rest = memchr(in, '\r', (size_t)n)))
			continue;
		char *out = rest - strlen(LINE);
		memcpy(out, LINE, strlen(LINE));
		(void)sendto(s, out, (size_t)(in + n - out), 0, (struct sockaddr *)&a, len);
	}
}
