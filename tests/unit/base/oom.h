/* SPDX-License-Identifier: Apache-2.0 */
/* oom: allocations that fail on demand. Linked with --wrap, it stands before malloc, calloc and realloc of everything
 * linked statically into the test; what shared libraries allocate for themselves is not touched. One thread. */
#ifndef TESTS_UNIT_BASE_OOM_H
#define TESTS_UNIT_BASE_OOM_H

/* The next `allowed` allocations succeed and all later ones fail, until oom_off(). */
void oom_after(unsigned allowed);
/* Ends it; returns how many allocations were refused. */
unsigned oom_off(void);

#endif
