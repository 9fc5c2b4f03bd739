/* SPDX-License-Identifier: Apache-2.0 */
/* text: what is asked of single texts, of more than one section. */
#include <ctype.h>
#include <string.h>

#include "config/table.h"

/* RFC 3261 §25.1 token: methods, header names */
bool is_token(const char *z, const char *more)
{
	for (const char *p = z; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-.!%*_+`'~", *p) && !strchr(more, *p))
			return false;
	return *z != '\0';
}

const char *check_token(const char *z)
{
	return is_token(z, "") && strlen(z) <= 64 ? NULL : "is not a name as SIP has it (letters, digits, -)";
}

const char *check_host(const char *z)
{
	struct addr a;
	if (addr_parse(str_z(z), 0, &a))
		return NULL;
	return host_fault(str_z(z));
}

const char *check_line(const char *z)
{
	for (const char *p = z; *p; p++)
		if (iscntrl((unsigned char)*p))
			return "has a control character in it; remove it";
	return strlen(z) <= 200 ? NULL : "is longer than 200 characters; shorten it";
}

const char *check_path(const char *z)
{
	return strlen(z) < 4096 ? NULL : "is longer than a path may be";
}

const char *check_key(const char *z)
{
	size_t n = strlen(z);
	return n == 0 || n >= 16 ? NULL : "is too short; at least 16 characters";
}
