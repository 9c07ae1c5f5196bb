/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shared_far: the shared pointer where not all ranks can map its words: they lie in the first rank's part of a window
 * (lib/rma), for which a thread of its process answers while the program is elsewhere. */
#ifndef LIB_IO_SHARED_FAR_H
#define LIB_IO_SHARED_FAR_H

#include "lib/object/file.h"

struct win;

/* Are the ranks such that it is wanted: not all on this node, or more than may reach one another's windows directly? */
bool shared_far_wanted(const struct comm *c);
/* Collective. n words, zeros; *words is where they lie at the first rank, which may use them by atomic operations, and
 * void elsewhere. An error class, with a note: *w is NULL, on all ranks. */
int shared_far_make(const struct file *f, int n, void *words, struct win **w);
/* Collective; NULL is fine. */
void shared_far_free(struct win *w);
/* Adds to a word; *before: what it was. Waits for the first rank's process alone. */
int shared_far_add(struct win *w, unsigned word, int64_t add, int64_t *before);

#endif
