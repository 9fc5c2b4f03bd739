/* SPDX-License-Identifier: Apache-2.0 */
#include "sip.h"

#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

struct sockaddr_in at(const char *ip, unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	if (inet_pton(AF_INET, ip, &a.sin_addr) != 1)
		errx(1, "no address: %s", ip);
	return a;
}

int udp_open(const struct sockaddr_in *here)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), bytes = 8 << 20;
	if (fd < 0 || bind(fd, (const struct sockaddr *)here, sizeof(*here)) < 0)
		err(1, "socket for port %u", ntohs(here->sin_port));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return fd;
}

bool udp_take(int fd, char *buf, size_t *ret_n, struct sockaddr_in *ret_from)
{
	socklen_t len = sizeof(*ret_from);
	ssize_t n = recvfrom(fd, buf, SIP_MAX - 1, 0, (struct sockaddr *)ret_from, &len);
	if (n < 0)
		return false;
	buf[n] = '\0';
	*ret_n = (size_t)n;
	return true;
}

void udp_send(int fd, const struct sockaddr_in *to, const char *p, size_t n)
{
	if (sendto(fd, p, n, 0, (const struct sockaddr *)to, sizeof(*to)) < 0)
		warn("send");
}

struct text header(const char *m, const char *name, unsigned nth)
{
	size_t n = strlen(name);
	for (const char *line = strstr(m, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (line[0] == '\r' || line[0] == '\0')
			break;
		if (strncasecmp(line, name, n) == 0 && line[n] == ':' && nth-- == 0) {
			const char *p = line + n + 1;
			p += strspn(p, " ");
			return (struct text){p, strcspn(p, "\r")};
		}
	}
	return (struct text){0};
}

unsigned status_of(const char *m)
{
	return strncmp(m, "SIP/2.0 ", 8) == 0 ? (unsigned)strtoul(m + 8, NULL, 10) : 0;
}

bool is_request(const char *m, const char *method)
{
	size_t n = strlen(method);
	return strncmp(m, method, n) == 0 && m[n] == ' ';
}

unsigned number_after(struct text value, const char *key)
{
	const char *p = value.p ? memmem(value.p, value.n, key, strlen(key)) : NULL;
	return p ? (unsigned)strtoul(p + strlen(key), NULL, 10) : 0;
}

static size_t copy_all(char *out, size_t n, const char *request, const char *name)
{
	struct text v;
	for (unsigned i = 0; (v = header(request, name, i)).p; i++)
		n += (size_t)snprintf(out + n, SIP_MAX - n, "%s: %.*s\r\n", name, (int)v.n, v.p);
	return n;
}

size_t respond(char *out, const char *request, const char *status, const char *tag, const char *more, const char *body)
{
	struct text to = header(request, "To", 0);
	size_t n = (size_t)snprintf(out, SIP_MAX, "SIP/2.0 %s\r\n", status);
	n = copy_all(out, n, request, "Via");
	n = copy_all(out, n, request, "From");
	n += (size_t)snprintf(out + n, SIP_MAX - n, "To: %.*s%s%s\r\n", (int)to.n, to.p,
			      *tag && !memmem(to.p, to.n, ";tag=", 5) ? ";tag=" : "",
			      *tag && !memmem(to.p, to.n, ";tag=", 5) ? tag : "");
	n = copy_all(out, n, request, "Call-ID");
	n = copy_all(out, n, request, "CSeq");
	return n + (size_t)snprintf(out + n, SIP_MAX - n, "%sContent-Length: %zu\r\n\r\n%s", more, strlen(body), body);
}
