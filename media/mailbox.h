/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox: letters from several threads to one. Letters are members of the senders' objects, so sending never
 * allocates and never fails; a letter is in at most one box and belongs to the receiver until that hands it back. One
 * sender's letters arrive in the order sent.
 *
 * Waking: the receiver says that it sleeps, looks once more, then sleeps; a sender that finds the mark takes it away
 * and wakes. Both sides use sequentially consistent operations, so one of them sees the other. */
#ifndef MEDIA_MAILBOX_H
#define MEDIA_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct letter {
	struct letter *next;
};

struct mailbox {
	_Atomic(struct letter *) newest;
	atomic_bool sleeping;
};

static inline void mailbox_put(struct mailbox *b, struct letter *l)
{
	l->next = atomic_load_explicit(&b->newest, memory_order_relaxed);
	while (!atomic_compare_exchange_weak(&b->newest, &l->next, l))
		;
}

static inline bool mailbox_empty(struct mailbox *b)
{
	return atomic_load(&b->newest) == NULL;
}

/* Everything in the box, oldest first. */
static inline struct letter *mailbox_take(struct mailbox *b)
{
	struct letter *l = mailbox_empty(b) ? NULL : atomic_exchange(&b->newest, NULL), *oldest = NULL;
	while (l) {
		struct letter *next = l->next;
		l->next = oldest;
		oldest = l;
		l = next;
	}
	return oldest;
}

/* Receiver: about to sleep. False when there is mail after all. */
static inline bool mailbox_sleep(struct mailbox *b)
{
	atomic_store(&b->sleeping, true);
	return mailbox_empty(b);
}
static inline void mailbox_awake(struct mailbox *b)
{
	if (atomic_load_explicit(&b->sleeping, memory_order_relaxed))
		atomic_store_explicit(&b->sleeping, false, memory_order_relaxed);
}
/* Sender, after mailbox_put(): true when it is this sender who must wake the receiver. */
static inline bool mailbox_must_wake(struct mailbox *b)
{
	return atomic_load(&b->sleeping) && atomic_exchange(&b->sleeping, false);
}

#endif
