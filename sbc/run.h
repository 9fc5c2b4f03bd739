/* SPDX-License-Identifier: Apache-2.0 */
/* run: the process of `limen run`: puts the rooms together, serves, reloads, drains. Main thread. */
#ifndef SBC_RUN_H
#define SBC_RUN_H

struct run_options {
	const char *config;      /* path */
	const char *dns_servers; /* NULL: the system's */
	unsigned workers;        /* 0: as configured */
	int random_delivery;     /* test hook: see worker.h */
};

/* Serves until it is told to stop. The process's exit status: 0 after a drain, 1 when it could not start, 2 for a bad
 * configuration. */
int run(const struct run_options *o);

#endif
