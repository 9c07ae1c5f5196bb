/* SPDX-License-Identifier: BSD-3-Clause
 *
 * file: the file that the ranks of a node map for a window: made by the first of them, opened by all, and without a
 * name once they have it. */
#ifndef LIB_RMA_FILE_H
#define LIB_RMA_FILE_H

#include "lib/object/comm.h"

enum { FILE_NAME = 64, FILE_UNSEEN = 1 << 16 };

struct window_file {
    bool named; /* asked for: with a name in /dev/shm for a moment, as those need it who may not see one another's /proc
                 */
    int fd;     /* -1: none */
    int error;  /* 0, or an errno value; FILE_UNSEEN is added where the maker had it, and this rank does not find it */
    char name[FILE_NAME];
};

/* Collective over node: its first rank makes a file of so many bytes, zeros, and all open it, or have an f->error; a
 * rank that is alone needs none. An error class of MPI if they cannot even talk. file_close follows, once all are known
 * to have come so far. */
int file_open(struct window_file *f, const struct comm *node, size_t bytes);
void file_close(struct window_file *f);
/* Another process's descriptor of that file, opened here: -1 with errno, ESTALE if what it leads to here is another. */
int file_open_other(int pid, int fd, uint64_t dev, uint64_t ino);
/* Does the kernel promise no more memory than it has, so that a page of a file that was not taken may be missing? */
bool file_is_counted(void);
/* Takes memory for a part of it from the node of NUMA where this rank runs, if using it might otherwise kill with
 * SIGBUS for want of memory. 0, or an errno value. */
int file_reserve(const struct window_file *f, size_t at, size_t n);

#endif
