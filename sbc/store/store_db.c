/* SPDX-License-Identifier: Apache-2.0 */
/* store_db: the SQLite file: a table of key and bytes for each of ours, and one that holds the version of that layout.
 * Write-ahead log, synchronous=NORMAL: a killed process loses nothing that was committed; a machine that loses power
 * may lose the last transactions, and never the file. The lock is taken for the life of the process, so that two of
 * them never write one file; the kernel gives it back when the process is gone, however it went. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sbc/store/internal.h"

#define LAYOUT         1          /* version of the tables */
#define APPLICATION_ID 0x4c696d65 /* "Lime": a file that is another program's is not ours to write */
#define BUSY_MS        1000       /* the process before us may be just ending */

struct db {
	sqlite3 *sql;
	sqlite3_stmt *put[STORE_TABLE_COUNT], *del[STORE_TABLE_COUNT];
};

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

static int run(struct db *d, const char *text)
{
	return errno_of(sqlite3_exec(d->sql, text, NULL, NULL, NULL));
}

/* The one number that a query gives. */
static int ask(struct db *d, const char *text, int *ret)
{
	sqlite3_stmt *s;
	int code = sqlite3_prepare_v2(d->sql, text, -1, &s, NULL);

	if (code != SQLITE_OK)
		return errno_of(code);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*ret = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return code == SQLITE_ROW ? 0 : code == SQLITE_DONE ? -ENOENT : errno_of(code);
}

static int check_pages(struct db *d)
{
	sqlite3_stmt *s;
	int code = sqlite3_prepare_v2(d->sql, "PRAGMA quick_check(1)", -1, &s, NULL);
	const unsigned char *text;
	int err;

	if (code != SQLITE_OK)
		return errno_of(code);
	code = sqlite3_step(s);
	text = code == SQLITE_ROW ? sqlite3_column_text(s, 0) : NULL;
	err = code != SQLITE_ROW ? errno_of(code) : text && strcmp((const char *)text, "ok") == 0 ? 0 : -EBADMSG;
	sqlite3_finalize(s);
	return err;
}

/* ---- opening ---- */

/* Made here and not by the library, so that the mode is right from the first moment and errors have a number. */
static int make_file(const char *file)
{
	struct stat st;
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	else if ((st.st_mode & 077) && fchmod(fd, 0600) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* What the file is, before anything is written to it. 0 and *ret_new; -EPROTO with the version that it has. */
static int look(struct db *d, bool *ret_new, int *ret_version)
{
	int n = 0, id = 0, err = ask(d, "SELECT count(*) FROM sqlite_master", &n);

	if (err == 0)
		err = ask(d, "PRAGMA application_id", &id);
	if (err < 0)
		return err;
	*ret_new = n == 0 && id == 0;
	if (*ret_new)
		return 0;
	if (id != APPLICATION_ID)
		return -EEXIST;
	err = check_pages(d);
	if (err == 0)
		err = ask(d, "SELECT version FROM layout", ret_version);
	if (err < 0)
		return err == -ENOENT ? -EBADMSG : err;
	return *ret_version > LAYOUT ? -EPROTO : 0;
}

static int make_tables(struct db *d, bool new_)
{
	char text[256];
	int err;

	/* Large pages: a batch's records share them, and each page is two writes to the log. Half the CPU of 4 kB. */
	err = run(d, "PRAGMA page_size=16384");
	if (err == 0)
		err = run(d, "PRAGMA journal_mode=WAL");
	if (err == 0)
		err = run(d, "PRAGMA synchronous=NORMAL");
	if (err == 0)
		err = run(d, "BEGIN IMMEDIATE");
	if (err < 0)
		return err;
	for (unsigned t = 0; err == 0 && t < STORE_TABLE_COUNT; t++) {
		snprintf(text, sizeof(text),
			 "CREATE TABLE IF NOT EXISTS %s (key BLOB PRIMARY KEY NOT NULL, bytes BLOB NOT NULL)",
			 store_table_name(t));
		err = run(d, text);
	}
	if (err == 0 && new_) {
		snprintf(text, sizeof(text),
			 "PRAGMA application_id=%d; CREATE TABLE layout (version INTEGER NOT NULL); "
			 "INSERT INTO layout VALUES (%d)",
			 APPLICATION_ID, LAYOUT);
		err = run(d, text);
	}
	if (err == 0)
		err = run(d, "COMMIT");
	if (err < 0)
		run(d, "ROLLBACK");
	return err;
}

static int prepare(struct db *d)
{
	char text[128];
	int err = 0;

	for (unsigned t = 0; err == 0 && t < STORE_TABLE_COUNT; t++) {
		snprintf(text, sizeof(text),
			 "INSERT INTO %s VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET bytes = excluded.bytes",
			 store_table_name(t));
		err = errno_of(sqlite3_prepare_v3(d->sql, text, -1, SQLITE_PREPARE_PERSISTENT, &d->put[t], NULL));
		if (err < 0)
			break;
		snprintf(text, sizeof(text), "DELETE FROM %s WHERE key = ?", store_table_name(t));
		err = errno_of(sqlite3_prepare_v3(d->sql, text, -1, SQLITE_PREPARE_PERSISTENT, &d->del[t], NULL));
	}
	return err;
}

static void tell(char *err, size_t err_n, const char *file, int code, int version)
{
	const char *what = strerror(-code);
	char newer[160];

	switch (code) {
	case -EBUSY:
		what = "another process uses it: end that one, or name another file";
		break;
	case -EBADMSG:
		what = "damaged, or not a database: move it away (calls and registrations in it are lost) or restore a "
		       "copy";
		break;
	case -EEXIST:
		what = "a database of another program: name another file";
		break;
	case -EINVAL:
		what = "not a file: name a path where one can be made";
		break;
	case -EACCES:
	case -EROFS:
		what = "cannot be written: give the user of this process the right to write it and its directory";
		break;
	case -ENOENT:
	case -ENOTDIR:
		what = "there is no such directory: make it, or name another file";
		break;
	case -EPROTO:
		snprintf(
			newer, sizeof(newer),
			"written by a newer version (layout %d, this program knows %d): run that one, or name another file",
			version, LAYOUT);
		what = newer;
		break;
	}
	snprintf(err, err_n, "store %s: %s", file, what);
}

int db_open(const char *file, char *err_text, size_t err_n, struct db **ret)
{
	struct db *d = calloc(1, sizeof(*d));
	bool new_ = false;
	int version = 0, err = d ? make_file(file) : -ENOMEM;

	if (err < 0)
		goto fail;
	err = errno_of(sqlite3_open_v2(file, &d->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (err < 0)
		goto fail;
	sqlite3_busy_timeout(d->sql, BUSY_MS);
	err = run(d, "PRAGMA locking_mode=EXCLUSIVE");
	if (err == 0)
		err = look(d, &new_, &version);
	if (err == 0)
		err = make_tables(d, new_);
	if (err == 0)
		err = prepare(d);
	if (err < 0)
		goto fail;
	*ret = d;
	return 0;

fail:
	tell(err_text, err_n, file, err, version);
	db_close(d);
	return err;
}

void db_close(struct db *d)
{
	if (!d)
		return;
	for (unsigned t = 0; t < STORE_TABLE_COUNT; t++) {
		sqlite3_finalize(d->put[t]);
		sqlite3_finalize(d->del[t]);
	}
	sqlite3_close(d->sql);
	free(d);
}

/* ---- reading and writing ---- */

static int apply(struct db *d, const struct change *c)
{
	sqlite3_stmt *s = c->del ? d->del[c->table] : d->put[c->table];
	struct str key = change_key(c), bytes = change_bytes(c);
	int code;

	sqlite3_bind_blob(s, 1, key.p, (int)key.n, SQLITE_STATIC);
	if (!c->del)
		sqlite3_bind_blob(s, 2, bytes.p, (int)bytes.n, SQLITE_STATIC);
	code = sqlite3_step(s);
	sqlite3_reset(s);
	return errno_of(code);
}

int db_write(struct db *d, struct list *changes, const char **ret_text)
{
	int err = run(d, "BEGIN IMMEDIATE");

	list_for_each (n, changes) {
		if (err < 0)
			break;
		err = apply(d, list_entry(n, struct change, order));
	}
	if (err == 0)
		err = run(d, "COMMIT");
	if (err < 0) {
		*ret_text = sqlite3_errmsg(d->sql);
		/* some errors have rolled back by themselves, and left their text to be told */
		if (!sqlite3_get_autocommit(d->sql)) {
			static _Thread_local char text[128];

			snprintf(text, sizeof(text), "%s", *ret_text);
			*ret_text = text;
			run(d, "ROLLBACK");
		}
	}
	return err;
}

int db_load(struct db *d, enum store_table t, store_load_fn fn, void *arg)
{
	sqlite3_stmt *s;
	char text[128];
	int code;

	snprintf(text, sizeof(text), "SELECT key, bytes FROM %s", store_table_name(t));
	code = sqlite3_prepare_v2(d->sql, text, -1, &s, NULL);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(s);
		if (code != SQLITE_ROW)
			break;
		fn(arg, (struct str){sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0)},
		   (struct str){sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1)});
	}
	sqlite3_finalize(s);
	return errno_of(code);
}
