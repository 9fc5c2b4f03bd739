/* SPDX-License-Identifier: Apache-2.0 */
/* accounts: the users file. Read whole into one immutable table with a reference count; who reloads makes a new one and
 * drops the old. It owns all that is in it, keeps hashes and no password, and wipes them when it is freed. Looking up
 * is for any thread. */
#ifndef SBC_BORDER_ACCOUNTS_H
#define SBC_BORDER_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "sbc/sip/digest.h"

#define ACCOUNT_NAME_MAX   255         /* bytes of a user or realm */
#define ACCOUNTS_LINE_MAX  1024        /* bytes of a line */
#define ACCOUNTS_FILE_MAX  (64u << 20) /* bytes */
#define ACCOUNTS_FAULT_MAX 1000        /* lines that are told of; the rest is counted in one more fault */

struct accounts;
/* Lines are "user:realm:algorithm:HA1" (MD5 or SHA-256, HA1 = H(user:realm:password) in hex) or
 * "user:realm:plain:password", of which both HA1 are made here; a user may have a line of each algorithm. The user ends
 * at the first colon, the realm at the first ":algorithm:"; a password may hold anything but a line end. Empty lines
 * and lines that begin with # are skipped.
 *
 * 0 and *ret with one reference; -EINVAL with every fault in *ret_faults (place: path, line, no secret in any text);
 * -errno of reading the file (a fault says so, too); -ENOMEM; -EIO: OpenSSL would not hash. *ret_warnings: never fatal
 * (permissions looser than 0640, a file without accounts). Both lists are the caller's to finish with
 * config_faults_finish() whatever comes back. Reads a file: not on a worker's thread. */
int accounts_load(const char *path, struct accounts **ret, struct config_faults *ret_faults,
		  struct config_faults *ret_warnings);
struct accounts *accounts_ref(struct accounts *a);
void accounts_unref(struct accounts *a); /* NULL is allowed */

size_t accounts_count(const struct accounts *a);
/* The HA1 in hex, and a NUL, of this user (plain text, no escapes) for the hash of algorithm (-sess or not). false: no
 * such user, or none of that hash; ret untouched. */
bool accounts_ha1(const struct accounts *a, struct str user, struct str realm, enum digest_algorithm algorithm,
		  char ret[DIGEST_HEX_MAX + 1]);
/* Whether every account of this realm has a hash of this algorithm (MD5 or SHA-256): only such are offered in
 * challenges, or a user who has the other one alone could never log in. true for a realm without accounts. */
bool accounts_all_have(const struct accounts *a, struct str realm, enum digest_algorithm algorithm);

#endif
