/* SPDX-License-Identifier: Apache-2.0 */
/* uring: many sendto() in one system call, by way of io_uring. It saves the entry to the kernel for each packet and,
 * more, being put off the CPU after each by a receiver that it woke. Where io_uring is not to be had (old kernel,
 * container, kernel.io_uring_disabled) there is none, and the caller sends one by one. One thread. */
#ifndef MEDIA_URING_H
#define MEDIA_URING_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct uring;

/* result: 0 or -errno; tag: as given with the datagram */
typedef void (*uring_sent_fn)(void *arg, void *tag, int result);

/* Room for `depth` datagrams (a power of two) between two flushes. 0, or -errno: do without. */
int uring_create(unsigned depth, struct uring **ret);
void uring_destroy(struct uring *u);
/* Puts a datagram in line; p must stay as it is until the flush, *to is copied. There must be room. */
void uring_send(struct uring *u, int fd, const struct addr *to, const uint8_t *p, size_t n, void *tag);
unsigned uring_waiting(const struct uring *u);
/* Sends what is in line and tells what became of each. */
void uring_flush(struct uring *u, uring_sent_fn fn, void *arg);

#endif
