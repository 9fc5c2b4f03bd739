/* SPDX-License-Identifier: Apache-2.0 */
/* cli_client: one JSON-RPC call over HTTP/1.1 (RFC 9112), a connection each. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "sbc/cli.h"
#include "sbc/faults.h"

#define CONNECT_S   5
#define ANSWER_S    25          /* the port gives up after 20 */
#define ANSWER_MAX  (20u << 20) /* bytes */
#define PAGE        500
#define TOKEN_ENV   "LIMEN_TOKEN"
#define NEEDS_TOKEN (-32003) /* sbc/manage/rpc.h */

bool cli_options(int argc, char **argv, struct cli_options *ret)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
						{"connect", required_argument, NULL, 'a'},
						{"json", no_argument, NULL, 'j'},
						{"limit", required_argument, NULL, 'n'},
						{0}};
	char *end = NULL;
	int o;

	*ret = (struct cli_options){.config = DEFAULT_CONFIG};
	opterr = 0; /* its words would come under the name of the verb */
	while ((o = getopt_long(argc, argv, "c:j", options, NULL)) != -1) {
		if (o == 'c')
			ret->config = optarg;
		else if (o == 'a')
			ret->connect = optarg;
		else if (o == 'j')
			ret->json = true;
		else if (o == 'n')
			ret->limit = strtoul(optarg, &end, 10);
		else {
			fprintf(stderr, "limen: no such option, or no value with it: %s\n", argv[optind - 1]);
			return false;
		}
		if (o == 'n' && (*end || end == optarg || !ret->limit)) {
			fprintf(stderr, "limen: --limit wants a number\n");
			return false;
		}
	}
	ret->first = optind;
	return true;
}

/* ---- where ---- */

struct place {
	struct addr addr;
	char token[512]; /* empty: none */
};

static int place_of_config(const struct cli_options *o, struct place *ret)
{
	struct config_faults faults = {0};
	struct config *c = NULL;
	int status = CLI_USAGE;

	if (config_load(o->config, &c, &faults) < 0) {
		faults_print(stderr, o->config, &faults);
		fprintf(stderr, "limen: or give --connect ADDRESS:PORT, and the token as " TOKEN_ENV "\n");
	} else if (!addr_is_set(&c->manage.listen)) {
		fprintf(stderr, "limen: %s has no manage.listen, so nothing can be asked of a Limen that runs on it\n",
			o->config);
	} else {
		ret->addr = c->manage.listen;
		if (c->manage.token && strlen(c->manage.token) < sizeof(ret->token))
			strcpy(ret->token, c->manage.token);
		status = CLI_GOOD;
	}
	config_faults_finish(&faults);
	config_unref(c);
	return status;
}

static int place_of(const struct cli_options *o, struct place *ret)
{
	const char *token = getenv(TOKEN_ENV);
	char buf[ADDR_STRLEN + 16];
	const char *at = o->connect;

	if (!at)
		return place_of_config(o, ret);
	if (!strncmp(at, "localhost:", 10)) {
		snprintf(buf, sizeof(buf), "127.0.0.1:%.40s", at + 10);
		at = buf;
	}
	if (!addr_parse_hostport(str_z(at), &ret->addr) || !addr_port(&ret->addr)) {
		fprintf(stderr, "limen: --connect wants address:port; IPv6 goes in brackets: [::1]:8080\n");
		return CLI_USAGE;
	}
	if (token && strlen(token) < sizeof(ret->token) && !strpbrk(token, "\r\n"))
		strcpy(ret->token, token);
	return CLI_GOOD;
}

/* Who listens everywhere is reached here. */
static void mend_any(struct addr *a)
{
	uint16_t port = addr_port(a);

	if (addr_is_any(a))
		addr_parse(addr_is_v6(a) ? STR("::1") : STR("127.0.0.1"), port, a);
}

/* ---- the exchange ---- */

static int unreachable(const struct addr *a, int err)
{
	char text[ADDR_STRLEN];

	fprintf(stderr, "limen: no answer from %s: %s; is Limen running, and is this its manage.listen?\n",
		addr_text(a, text), err == EAGAIN || err == EINPROGRESS ? "timed out" : strerror(err));
	return CLI_UNREACHABLE;
}

static void set_timeout(int fd, int which, unsigned seconds)
{
	struct timeval t = {.tv_sec = seconds};

	setsockopt(fd, SOL_SOCKET, which, &t, sizeof(t));
}

static bool send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t r = send(fd, p, n, MSG_NOSIGNAL);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return false;
		p += r;
		n -= (size_t)r;
	}
	return true;
}

/* Everything until the other side closes, with a NUL behind it; NULL with errno. */
static char *receive_all(int fd, size_t *ret_n)
{
	size_t n = 0, cap = 65536;
	uint64_t until_ms = clock_ms() + ANSWER_S * 1000;
	char *text = malloc(cap + 1);

	while (text) {
		ssize_t r = recv(fd, text + n, cap - n, 0);

		if (r == 0) {
			text[n] = '\0';
			*ret_n = n;
			return text;
		}
		if (r < 0 && errno == EINTR)
			continue;
		n += r > 0 ? (size_t)r : 0;
		if (r < 0 || n > ANSWER_MAX || clock_ms() > until_ms) {
			int err = r < 0 ? errno : n > ANSWER_MAX ? EMSGSIZE : EAGAIN;

			free(text);
			errno = err;
			return NULL;
		}
		if (n == cap) {
			char *grown = realloc(text, cap * 2 + 1);

			if (!grown)
				free(text);
			text = grown;
			cap *= 2;
		}
	}
	errno = ENOMEM;
	return NULL;
}

static char *exchange(const struct place *at, const char *body, size_t *ret_n)
{
	char head[1024], host[ADDR_STRLEN];
	char *answer = NULL;
	int fd = socket(at->addr.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), err;
	int n = snprintf(head, sizeof(head),
			 "POST /rpc HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
			 "%s%s%sConnection: close\r\n\r\n",
			 addr_text(&at->addr, host), strlen(body), at->token[0] ? "Authorization: Bearer " : "",
			 at->token, at->token[0] ? "\r\n" : "");

	if (fd < 0)
		return NULL;
	/* Linux bounds connect(2) by the time for sending */
	set_timeout(fd, SO_SNDTIMEO, CONNECT_S);
	set_timeout(fd, SO_RCVTIMEO, ANSWER_S);
	if (connect(fd, &at->addr.sa, addr_len(&at->addr)) == 0 && send_all(fd, head, (size_t)n) &&
	    send_all(fd, body, strlen(body)))
		answer = receive_all(fd, ret_n);
	err = errno;
	close(fd);
	explicit_bzero(head, sizeof(head));
	errno = err;
	return answer;
}

/* ---- what came ---- */

static int say_not_ours(const char *answer)
{
	fputs("limen: this is not an answer of Limen's management port: ", stderr);
	cli_print_text(stderr, answer, 120);
	fputc('\n', stderr);
	return CLI_UNREACHABLE;
}

static int say_error(const json_t *error, bool with_token)
{
	const char *message = cli_text(error, "message"), *data = cli_text(error, "data");

	fputs("limen: ", stderr);
	cli_print_text(stderr, *data ? data : message, 0);
	if (!with_token && json_integer_value(json_object_get(error, "code")) == NEEDS_TOKEN)
		fputs(": set " TOKEN_ENV ", or give --config FILE, which has it", stderr);
	fputc('\n', stderr);
	return CLI_REFUSED;
}

/* "HTTP/1.1 401 ..." and what is said with it. */
static int say_status(int status, const char *body)
{
	if (status == 401 || status == 403)
		fputs("limen: refused: ", stderr);
	else
		fprintf(stderr, "limen: the management port answers %d: ", status);
	cli_print_text(stderr, str_z(body).n ? body : "nothing", 200);
	fputc('\n', stderr);
	return CLI_REFUSED;
}

static int take(char *answer, size_t n, bool with_token, json_t **ret)
{
	char *body = strstr(answer, "\r\n\r\n"), *end;
	long status = !strncmp(answer, "HTTP/1.", 7) && n > 9 ? strtol(answer + 9, NULL, 10) : 0;
	json_t *root, *error, *result;
	int r = CLI_GOOD;

	if (!body || status < 100 || status > 599)
		return say_not_ours(answer);
	body += 4;
	end = answer + n;
	if (status != 200) {
		body[strcspn(body, "\r\n")] = '\0';
		return say_status((int)status, body);
	}
	root = json_loadb(body, (size_t)(end - body), 0, NULL);
	error = json_object_get(root, "error");
	result = json_object_get(root, "result");
	if (error)
		r = say_error(error, with_token);
	else if (!result)
		r = say_not_ours("no result");
	else
		*ret = json_incref(result);
	json_decref(root);
	return r;
}

int cli_ask(const struct cli_options *o, const char *method, json_t *params, json_t **ret)
{
	json_t *request =
		json_pack("{s:s, s:i, s:s, s:o*}", "jsonrpc", "2.0", "id", 1, "method", method, "params", params);
	char *body = request ? json_dumps(request, JSON_COMPACT) : NULL, *answer;
	struct place at = {0};
	size_t n = 0;
	int status;

	json_decref(request);
	if (!body) {
		fputs("limen: out of memory\n", stderr);
		return CLI_REFUSED;
	}
	status = place_of(o, &at);
	if (status == CLI_GOOD) {
		mend_any(&at.addr);
		answer = exchange(&at, body, &n);
		status = answer ? take(answer, n, at.token[0] != '\0', ret) : unreachable(&at.addr, errno);
		free(answer);
	}
	explicit_bzero(&at, sizeof(at));
	free(body);
	return status;
}

int cli_ask_all(const struct cli_options *o, const char *method, const char *key, json_t **ret)
{
	json_t *all = json_array(), *page = NULL;
	json_int_t missing = 0;
	char *after = NULL;
	int status;

	do {
		size_t left = o->limit ? o->limit - json_array_size(all) : PAGE;

		json_decref(page);
		page = NULL;
		status = cli_ask(
			o, method,
			json_pack("{s:I, s:s?}", "limit", (json_int_t)(left < PAGE ? left : PAGE), "after", after),
			&page);
		free(after);
		after = NULL;
		if (status != CLI_GOOD)
			break;
		json_array_extend(all, json_object_get(page, key));
		if (json_integer_value(json_object_get(page, "workers_missing")) > missing)
			missing = json_integer_value(json_object_get(page, "workers_missing"));
		if (json_is_string(json_object_get(page, "next")))
			after = strdup(cli_text(page, "next"));
	} while (after && (!o->limit || json_array_size(all) < o->limit));
	free(after);
	if (status != CLI_GOOD) {
		json_decref(all);
		return status;
	}
	json_object_set_new(page, key, all);
	json_object_set_new(page, "workers_missing", json_integer(missing));
	*ret = page;
	return CLI_GOOD;
}
