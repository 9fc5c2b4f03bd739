/* SPDX-License-Identifier: Apache-2.0 */
/* pattern: matching and rewriting of user parts. Runs for every call: prefix, exact and glob never reach pcre2, and a
 * regex runs in match data that its thread keeps. Subjects come from the network, so steps, depth and memory of a match
 * are bounded. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>
#include <errno.h>
#include <pcre2.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "config/internal.h"

struct pattern {
	pcre2_code *code;
	pcre2_match_context *limits; /* only read once it is set */
	uint32_t groups;
};

/* ---- compiling: everything lies in the config's arena and goes with it ---- */

static void *memory_take(size_t n, void *arena)
{
	return arena_alloc(arena, n);
}

static void memory_leave(void *p, void *arena)
{
}

static int compile_error(int error, size_t at, char message[128], size_t *ret_offset)
{
	if (error == PCRE2_ERROR_HEAP_FAILED || error == PCRE2_ERROR_NOMEMORY)
		return -ENOMEM;
	pcre2_get_error_message(error, (PCRE2_UCHAR *)message, 128);
	*ret_offset = at;
	return -EINVAL;
}

/* PCRE2's own number for "failed to allocate heap memory"; the header gives compile errors no such names in 10.42. */
#define COMPILE_HEAP_FAILED 121

int pattern_compile(struct arena *a, const char *text, size_t n, struct pattern **ret, char message[128],
		    size_t *ret_offset)
{
	int error;
	size_t at;
	struct pattern *p = arena_alloc(a, sizeof(*p));
	pcre2_general_context *memory = p ? pcre2_general_context_create(memory_take, memory_leave, a) : NULL;
	pcre2_compile_context *how = memory ? pcre2_compile_context_create(memory) : NULL;
	p = how ? p : NULL;
	if (!p || !(p->limits = pcre2_match_context_create(memory)))
		return -ENOMEM;
	/* user parts are bytes: never UTF, whatever the pattern asks for */
	p->code = pcre2_compile((PCRE2_SPTR)text, n,
				PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY,
				&error, &at, how);
	if (!p->code)
		return error == COMPILE_HEAP_FAILED ? -ENOMEM : compile_error(error, at, message, ret_offset);
	pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &p->groups);
	if (p->groups > PATTERN_GROUPS_MAX) {
		snprintf(message, 128, "more than %d groups; use (?:...) where the group is not needed",
			 PATTERN_GROUPS_MAX);
		*ret_offset = 0;
		return -EINVAL;
	}
	pcre2_set_match_limit(p->limits, PATTERN_MATCH_LIMIT);
	pcre2_set_depth_limit(p->limits, PATTERN_DEPTH_LIMIT);
	pcre2_set_heap_limit(p->limits, PATTERN_HEAP_KIB);
	*ret = p;
	return 0;
}

static int group_of_name(const struct pattern *p, const char *s, size_t n)
{
	char name[33];
	if (n == 0 || n >= sizeof(name))
		return -1;
	memcpy(name, s, n);
	name[n] = '\0';
	if (isdigit((unsigned char)name[0])) {
		uint64_t v;
		return str_to_u64((struct str){name, n}, 99, &v) ? (int)v : -1;
	}
	return pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)name);
}

/* RFC 3261 §25.1: user = 1*( unreserved / escaped / user-unreserved ); a % must be the operator's own escape. */
static bool user_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-_.!~*'()&=+$,;?/%#", c));
}

const char *pattern_check_replacement(const struct pattern *p, const char *z)
{
	for (const char *c = z; *c; c++) {
		if (*c != '$' && !user_char(*c))
			return "the replacement has a character that a user part cannot have";
		if (*c != '$')
			continue;
		if (c[1] == '$') {
			c++;
			continue;
		}
		bool braces = c[1] == '{';
		const char *name = c + 1 + braces;
		size_t n = isdigit((unsigned char)*name) && !braces ? strspn(name, "0123456789") : 0;
		if (!n)
			while (isalnum((unsigned char)name[n]) || name[n] == '_')
				n++;
		int group = group_of_name(p, name, n);
		if (group < 0 || group > (int)p->groups)
			return "the replacement names a group that the pattern does not have; $$ is a dollar sign";
		if (braces && name[n] != '}')
			return "the replacement has a ${ without its }";
		c = name + n - !braces;
	}
	return NULL;
}

/* ---- match data of a thread ---- */

static pthread_key_t thread_key;
static bool thread_key_made;
static _Thread_local pcre2_match_data *thread_data;

static void thread_data_free(void *p)
{
	pcre2_match_data_free(p);
}

static void thread_key_make(void)
{
	thread_key_made = pthread_key_create(&thread_key, thread_data_free) == 0;
}

static pcre2_match_data *thread_match_data(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	if (thread_data)
		return thread_data;
	pthread_once(&once, thread_key_make);
	pcre2_match_data *d = thread_key_made ? pcre2_match_data_create(PATTERN_GROUPS_MAX + 1, NULL) : NULL;
	if (d && pthread_setspecific(thread_key, d) != 0) {
		pcre2_match_data_free(d);
		d = NULL;
	}
	return thread_data = d;
}

/* ---- matching ---- */

/* user, then "@host" when there is a host, as one text without copying. */
struct subject {
	struct str user, host;
};

static size_t subject_bytes(const struct subject *s)
{
	return s->user.n + (s->host.n ? s->host.n + 1 : 0);
}

static bool subject_is(const struct subject *s, size_t i, char c)
{
	if (i < s->user.n)
		return s->user.p[i] == c;
	if (i == s->user.n)
		return c == '@';
	return tolower((unsigned char)s->host.p[i - s->user.n - 1]) == tolower((unsigned char)c);
}

/* Back to the last star only: at most pattern times subject steps. */
static bool glob_match(const char *p, size_t n, const struct subject *s)
{
	size_t end = subject_bytes(s), i = 0, at = 0, star = SIZE_MAX, star_at = 0;
	while (i < end) {
		if (at < n && p[at] == '*') {
			star = at++;
			star_at = i;
		} else if (at < n && (p[at] == '?' || subject_is(s, i, p[at]))) {
			at++;
			i++;
		} else if (star != SIZE_MAX) {
			at = star + 1;
			i = ++star_at;
		} else {
			return false;
		}
	}
	while (at < n && p[at] == '*')
		at++;
	return at == n;
}

static bool regex_match(const struct pattern *p, const struct subject *s, bool *limit)
{
	char joined[PATTERN_SUBJECT_MAX];
	struct str text = s->user;
	pcre2_match_data *data = thread_match_data();
	if (s->host.n) {
		struct writer w = writer_init(joined, sizeof(joined));
		writer_str(&w, s->user);
		writer_char(&w, '@');
		writer_str(&w, s->host);
		text = writer_result(&w);
		*limit |= w.overflow;
	}
	*limit |= !data;
	if (*limit)
		return false;
	int r = pcre2_match(p->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, 0, 0, data, p->limits);
	*limit |= r < 0 && r != PCRE2_ERROR_NOMATCH;
	return r >= 0;
}

bool config_match(const struct config_match *m, struct str user, struct str host, bool *ret_limit)
{
	const struct subject s = {user, host};
	bool limit = false, yes = false;
	switch (m->kind) {
	case CONFIG_MATCH_PREFIX:
		return user.n >= m->text_bytes && memcmp(user.p, m->text, m->text_bytes) == 0;
	case CONFIG_MATCH_EXACT:
		return user.n == m->text_bytes && memcmp(user.p, m->text, m->text_bytes) == 0;
	case CONFIG_MATCH_GLOB:
		return glob_match(m->text, m->text_bytes, &s);
	case CONFIG_MATCH_REGEX:
		yes = regex_match(m->pattern, &s, &limit);
		break;
	}
	if (limit && ret_limit)
		*ret_limit = true;
	return yes;
}

bool config_rewrite(const struct config_rewrite *r, struct str user, char *buf, size_t cap, struct str *ret)
{
	const struct pattern *p = r->pattern;
	pcre2_match_data *data = p ? thread_match_data() : NULL;
	PCRE2_SIZE n = cap;
	if (!data)
		return false;
	int done = pcre2_substitute(p->code, (PCRE2_SPTR)(user.p ? user.p : ""), user.n, 0,
				    PCRE2_SUBSTITUTE_UNSET_EMPTY, data, p->limits, (PCRE2_SPTR)r->replacement,
				    PCRE2_ZERO_TERMINATED, (PCRE2_UCHAR *)buf, &n);
	if (done <= 0)
		return false;
	*ret = (struct str){buf, n};
	return true;
}
