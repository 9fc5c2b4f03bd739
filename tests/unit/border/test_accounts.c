/* SPDX-License-Identifier: Apache-2.0 */
/* The users file: what is taken, every fault with its line, permissions, a hundred thousand of them, and every
 * allocation failing once. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oom.h"
#include "sbc/border/accounts.h"
#include "tests/unit/border/border_text.h"

static char path[] = "/tmp/limen-accounts-XXXXXX";

static void file_write(const char *text, size_t n, mode_t mode)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void print(char *buf, size_t cap, const struct config_faults *f)
{
	size_t n = 0;
	buf[0] = '\0';
	for (size_t i = 0; i < f->n && n < cap; i++) {
		assert_string_equal(f->v[i].place, path);
		n += (size_t)snprintf(buf + n, cap - n, "%u: %s\n", f->v[i].line, f->v[i].text);
	}
}

static int load(const char *text, struct accounts **ret, const char *faults, const char *warnings)
{
	static char said[65536];
	struct config_faults f, w;
	file_write(text, strlen(text), 0640);
	int r = accounts_load(path, ret, &f, &w);
	print(said, sizeof(said), &f);
	assert_string_equal(said, faults);
	print(said, sizeof(said), &w);
	assert_string_equal(said, warnings);
	config_faults_finish(&f);
	config_faults_finish(&w);
	return r;
}

static void assert_ha1(const struct accounts *a, const char *user, const char *realm, enum digest_algorithm al,
		       const char *want)
{
	char got[DIGEST_HEX_MAX + 1] = "none";
	bool there = accounts_ha1(a, str_z(user), str_z(realm), al, got);
	assert_string_equal(got, want ? want : "none");
	assert_int_equal(there, want != NULL);
}

#define MUFASA_MD5    "939e7578ed9e3c518a452acee763bce9"
#define MUFASA_SHA256 "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232"

static void test_lines(void **state)
{
	struct accounts *a;
	assert_int_equal(load("# users\n\n"
			      "Mufasa:testrealm@host.com:plain:Circle Of Life\r\n"
			      "Mufasa:http-auth@example.org:PLAIN:Circle of Life\n"
			      "a:2001:db8::1:md5:0123456789ABCDEF0123456789abcdef\n"
			      "b:2001:db8::1:MD5:00000000000000000000000000000000\n"
			      "a:2001:db8::1:SHA-256:" MUFASA_SHA256 "\n"
			      "  \t\n"
			      "c:r:plain: :plain: x:",
			      &a, "", ""),
			 0);
	assert_int_equal(accounts_count(a), 5);
	assert_ha1(a, "Mufasa", "testrealm@host.com", DIGEST_MD5, MUFASA_MD5);
	assert_ha1(a, "Mufasa", "testrealm@host.com", DIGEST_MD5_SESS, MUFASA_MD5);
	assert_ha1(a, "Mufasa", "http-auth@example.org", DIGEST_SHA256, MUFASA_SHA256);
	assert_ha1(a, "a", "2001:db8::1", DIGEST_MD5, "0123456789abcdef0123456789abcdef");
	assert_ha1(a, "a", "2001:db8::1", DIGEST_SHA256_SESS, MUFASA_SHA256);
	assert_ha1(a, "b", "2001:db8::1", DIGEST_SHA256, NULL);
	assert_ha1(a, "a", "2001:db8::1", DIGEST_UNKNOWN, NULL);
	assert_ha1(a, "mufasa", "testrealm@host.com", DIGEST_MD5, NULL);
	assert_ha1(a, "a", "testrealm@host.com", DIGEST_MD5, NULL);
	assert_ha1(a, "", "", DIGEST_MD5, NULL);
	/* a password is all behind the first ":plain:", blanks and colons included */
	char want[DIGEST_HEX_MAX + 1];
	assert_int_equal(digest_ha1(DIGEST_MD5, STR("c"), STR("r"), STR(" :plain: x:"), want), 0);
	assert_ha1(a, "c", "r", DIGEST_MD5, want);
	/* offered is what each of a realm's users can answer */
	assert_true(accounts_all_have(a, STR("2001:db8::1"), DIGEST_MD5));
	assert_false(accounts_all_have(a, STR("2001:db8::1"), DIGEST_SHA256));
	assert_true(accounts_all_have(a, STR("r"), DIGEST_SHA256));
	assert_true(accounts_all_have(a, STR("nobody's"), DIGEST_SHA256));
	assert_false(accounts_all_have(a, STR("r"), DIGEST_UNKNOWN));
	assert_ptr_equal(accounts_ref(a), a);
	accounts_unref(a);
	accounts_unref(a);
	accounts_unref(NULL);
}

static void test_faults(void **state)
{
	struct accounts *const untouched = (struct accounts *)&path, *a = untouched;
	assert_int_equal(
		load("# first\n"
		     "just words\n"
		     "a:r:SHA-1:00\n"
		     ":r:plain:hush\n"
		     "a::plain:hush\n"
		     "a:r:plain:\n"
		     "a:r:MD5:0123\n"
		     "a:r:MD5:0123456789abcdef0123456789abcdeg\n"
		     "a:r:SHA-256:0123456789abcdef0123456789abcdef\n"
		     "b:r:plain:hush\n"
		     "b:r:plain:hush\n"
		     "b:r:MD5:0123456789abcdef0123456789abcdef\n"
		     "a\x01:r:plain:hush\n",
		     &a,
		     "2: not user:realm:algorithm:HA1 or user:realm:plain:password, with algorithm MD5 or SHA-256\n"
		     "3: not user:realm:algorithm:HA1 or user:realm:plain:password, with algorithm MD5 or SHA-256\n"
		     "4: user or realm is empty; write both\n"
		     "5: user or realm is empty; write both\n"
		     "6: nothing behind the last colon; write the HA1 or password\n"
		     "7: the HA1 is not 32 hex digits, as of MD5\n"
		     "8: the HA1 is not 32 hex digits, as of MD5\n"
		     "9: the HA1 is not 64 hex digits, as of SHA-256\n"
		     "11: this user of this realm a second time; keep one line for each algorithm\n"
		     "12: this user of this realm a second time; keep one line for each algorithm\n"
		     "13: user or realm is longer than 255 bytes or has a control character in it\n",
		     ""),
		-EINVAL);
	assert_int_equal(load("a:r:MD5:0123456789abcdef0123456789abcdef\nb:r:SHA-256:" MUFASA_SHA256 "\n", &a,
			      "0: realm r: some users have an MD5 line only, others SHA-256 only; give all of them "
			      "the same, or a plain line\n",
			      ""),
			 -EINVAL);
	assert_ptr_equal(a, untouched);
}

static void test_long_lines(void **state)
{
	char text[ACCOUNTS_LINE_MAX + 64];
	struct accounts *a;
	memset(text, 'a', sizeof(text));
	memcpy(text + ACCOUNT_NAME_MAX, ":r:plain:x", 11);
	assert_int_equal(load(text, &a, "", ""), 0);
	accounts_unref(a);
	memset(text, 'a', sizeof(text));
	memcpy(text + ACCOUNT_NAME_MAX + 1, ":r:plain:x", 11);
	assert_int_equal(
		load(text, &a, "1: user or realm is longer than 255 bytes or has a control character in it\n", ""),
		-EINVAL);
	memset(text, 'a', sizeof(text));
	memcpy(text, "u:r:plain:", 10);
	text[ACCOUNTS_LINE_MAX + 1] = '\0';
	assert_int_equal(load(text, &a, "1: longer than 1024 bytes; shorten it\n", ""), -EINVAL);
	text[ACCOUNTS_LINE_MAX] = '\0';
	assert_int_equal(load(text, &a, "", ""), 0);
	accounts_unref(a);
}

/* Each line is told, up to a bound, and the rest counted. */
static void test_many_faults(void **state)
{
	struct config_faults f, w;
	struct accounts *a;
	size_t lines = ACCOUNTS_FAULT_MAX + 7;
	char *text = malloc(lines * 2);
	for (size_t i = 0; i < lines; i++)
		memcpy(text + 2 * i, "x\n", 2);
	file_write(text, lines * 2, 0600);
	assert_int_equal(accounts_load(path, &a, &f, &w), -EINVAL);
	assert_int_equal(f.n, ACCOUNTS_FAULT_MAX + 1);
	assert_int_equal(f.v[ACCOUNTS_FAULT_MAX - 1].line, ACCOUNTS_FAULT_MAX);
	assert_string_equal(f.v[ACCOUNTS_FAULT_MAX].text, "and 7 lines more with faults");
	config_faults_finish(&f);
	config_faults_finish(&w);
	free(text);
}

static void test_files(void **state)
{
	struct config_faults f, w;
	struct accounts *a;
	assert_int_equal(load("# nobody\n", &a, "", "0: no account in it; nobody can log in\n"), 0);
	accounts_unref(a);
	assert_int_equal(load("", &a, "", "0: no account in it; nobody can log in\n"), 0);
	accounts_unref(a);
	assert_int_equal(accounts_load("/nonexistent/users", &a, &f, &w), -ENOENT);
	assert_int_equal(f.n, 1);
	assert_string_equal(f.v[0].text, "accounts.file, cannot be read: No such file or directory");
	config_faults_finish(&f);
	assert_int_equal(accounts_load("/tmp", &a, &f, &w), -EISDIR);
	config_faults_finish(&f);
	assert_int_equal(accounts_load("/dev/null", &a, &f, &w), -EINVAL);
	assert_string_equal(f.v[0].text, "accounts.file, cannot be read: not a plain file");
	config_faults_finish(&f);

	static const struct {
		mode_t mode;
		size_t warnings;
	} modes[] = {{0600, 0}, {0640, 0}, {0400, 0}, {0644, 1}, {0660, 1}, {0641, 1}, {0650, 1}};
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		file_write("a:r:plain:x\n", 12, modes[i].mode);
		assert_int_equal(accounts_load(path, &a, &f, &w), 0);
		assert_int_equal(w.n, modes[i].warnings);
		accounts_unref(a);
		config_faults_finish(&f);
		config_faults_finish(&w);
	}
}

#define MANY 100000

static void test_many(void **state)
{
	static char text[MANY * 64];
	struct writer w = writer_init(text, sizeof(text));
	struct config_faults f, warn;
	struct accounts *a;
	for (unsigned i = 0; i < MANY; i++)
		writer_fmt(&w, "user%u:r:MD5:%032x\n", i, i);
	assert_false(w.overflow);
	file_write(text, w.n, 0600);
	assert_int_equal(accounts_load(path, &a, &f, &warn), 0);
	assert_int_equal(accounts_count(a), MANY);
	for (unsigned i = 0; i < MANY; i += 7) {
		char user[32], want[40];
		snprintf(user, sizeof(user), "user%u", i);
		snprintf(want, sizeof(want), "%032x", i);
		assert_ha1(a, user, "r", DIGEST_MD5, want);
	}
	assert_ha1(a, "user100000", "r", DIGEST_MD5, NULL);
	accounts_unref(a);
}

static void test_memory(void **state)
{
	static const char good[] = "a:r:plain:x\nb:s:MD5:0123456789abcdef0123456789abcdef\n";
	static const char bad[] = "a\nb\n";
	for (int k = 0; k < 2; k++) {
		file_write(k ? bad : good, strlen(k ? bad : good), 0644);
		int want = k ? -EINVAL : 0, r = -ENOMEM;
		unsigned refused = 1;
		for (unsigned i = 0; refused; i++) {
			struct config_faults f, w;
			struct accounts *a = (struct accounts *)&path;
			oom_after(i);
			r = accounts_load(path, &a, &f, &w);
			refused = oom_off();
			assert_int_equal(r, refused ? -ENOMEM : want);
			if (r == 0)
				accounts_unref(a);
			else
				assert_ptr_equal(a, &path);
			config_faults_finish(&f);
			config_faults_finish(&w);
			assert_true(i < 50);
		}
	}
}

static int set_up(void **state)
{
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	return close(fd);
}

static int tear_down(void **state)
{
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),       cmocka_unit_test(test_faults), cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_many_faults), cmocka_unit_test(test_files),  cmocka_unit_test(test_many),
		cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
