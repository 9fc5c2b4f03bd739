/* SPDX-License-Identifier: Apache-2.0 */
/* thread: what every thread of ours is started with, and how one waits for a while. Any thread. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Starts run(arg) with every signal blocked: signals are the main thread's, and SIGPIPE becomes EPIPE. name is what
 * `top -H` shows, its first 15 bytes; stack_bytes 0: the system's. 0 or -errno (-EAGAIN, -ENOMEM); join *ret. */
int thread_start(const char *name, size_t stack_bytes, void *(*run)(void *), void *arg, pthread_t *ret);

/* A condition for pthread_cond_timedwait() until thread_until(ms), an instant of thread_now_ms(). That is the kernel's
 * monotonic clock, whatever source a test has put behind clock.h: what is waited for is the machine. */
void thread_cond_init(pthread_cond_t *c);
uint64_t thread_now_ms(void);
struct timespec thread_until(uint64_t ms);

#endif
