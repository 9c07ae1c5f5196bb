/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shared: the pointer that all who have opened a file move together (MPI 5.0, section 14.4.4). It is a word of memory
 * of the first rank, which the others map when they first use it: so a file whose pointer nobody uses costs next to
 * nothing, and who uses it waits for nobody. Where they cannot map it, it is in a window (shared_far.h). */
#ifndef LIB_IO_SHARED_H
#define LIB_IO_SHARED_H

#include "lib/object/file.h"

/* Where the others find it: a descriptor of the first rank. */
struct shared_place {
    int32_t pid, fd;
    uint32_t far; /* there is none, or they cannot all have it: it is to be in a window */
    uint32_t unused;
    uint64_t device, inode;
};

/* The first rank makes it; what it has filled in goes to the others. */
int shared_make(struct file *f, struct shared_place *place);
int shared_find(struct file *f, const struct shared_place *place);
/* Must it be in a window, as far as this rank can tell? If one says so, all make it, collectively: without success it
 * is their pointer that fails, when they use it. */
bool shared_is_far(const struct file *f);
void shared_move_far(struct file *f);
void shared_free(struct file *f);

/* In etypes: where it is; where it was before it was moved on by so many, which no other call gets in between. */
int shared_get(struct file *f, MPI_Offset *offset);
int shared_take(struct file *f, MPI_Offset etypes, MPI_Offset *offset);
/* Collective: each rank's part of what all of them take, in the order of ranks. rc: what it came to here before; if
 * that is an error on some rank, nothing is taken, and all fail. */
int shared_ordered_place(struct file *f, int rc, MPI_Offset etypes, MPI_Offset *offset);

/* Sets it for all of them, between two collectives: by the first rank before the first one, which all enter when they
 * have done with the old pointer, and then by all. So nobody meets a mixture. */
void shared_next_set(struct file *f, MPI_Offset offset);
void shared_next(struct file *f);

#endif
