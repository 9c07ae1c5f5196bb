/* SPDX-License-Identifier: BSD-3-Clause
 *
 * lock_word: the words of locks in the memory that the ranks of a node share: how they are taken, for this process or
 * for one of another node, and who is woken when they are given back. */
#ifndef LIB_RMA_LOCK_WORD_H
#define LIB_RMA_LOCK_WORD_H

#include "lib/rma/control.h"

struct lock_want {
    struct win *w;
    int member; /* whose memory, among w->node; -1: of all of them, shared */
    int holder; /* who is to have it: a rank of the window */
    bool exclusive;
};

/* Would it be got now? */
bool lock_looks_free(const struct lock_want *x);
bool lock_try(const struct lock_want *x);
/* Gives it back, and wakes whoever waits for it. */
void lock_release(const struct lock_want *x);
/* It is waited for (more: 1), which those are to see who give it back, or no longer (-1). */
void lock_awaited(const struct lock_want *x, int more);
/* It was got after a wait: others that want it shared, too, come after. */
void lock_got(const struct lock_want *x);
/* Is it sure that nobody who may have it has ended? MPI_SUCCESS, or MPI_ERR_PROC_ABORTED with a note. */
int lock_holder_alive(const struct lock_want *x);

#endif
