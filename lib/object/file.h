/* SPDX-License-Identifier: BSD-3-Clause
 *
 * file: files as objects: what they are called, and whose errors they take. How their bytes are moved is the business
 * of lib/io. */
#ifndef LIB_OBJECT_FILE_H
#define LIB_OBJECT_FILE_H

#include <pthread.h>
#include <sys/queue.h>
#include "lib/object/comm.h"

struct fs;       /* io/fs.h */
struct hints;    /* io/hints.h */
struct shared;   /* io/shared.c */
struct view;     /* io/view.h */
struct transfer; /* io/transfers.h */

/* Collective accesses of short pieces, by the power of two of a piece's bytes: what they took before (io/plan.c). */
enum { FILE_PIECE_KINDS = 12 };
struct file_cost {
    int64_t alone, together; /* a 1024th ns a byte; 0: not known */
};

struct file {
    struct obj obj;
    struct comm *comm;         /* the library's own, over those who have opened it */
    const struct fs *fs;       /* how its bytes are reached */
    int fd;                    /* -1: not open */
    int amode;                 /* as MPI_File_open was told */
    bool reads;                /* the descriptor may be read, whatever amode says: what is written in part can be */
    bool atomic;               /* what others have written is seen at once, and wholly (MPI 5.0, section 14.6.1) */
    pthread_mutex_t lock_turn; /* of the threads of this process that lock parts of it */
    struct view *view;         /* owned */
    MPI_Offset position;       /* the individual pointer, in etypes of the view */
    struct shared *shared;     /* the shared one; owned */
    TAILQ_HEAD(, transfer) transfers;           /* behind requests that have not been freed */
    int under_way;                              /* of them are */
    struct transfer *split;                     /* the split collective that has begun; or NULL */
    struct file_cost cost[2][FILE_PIECE_KINDS]; /* of reads, of writes */
    _Atomic int exchanging;                     /* collective writes in two phases that this process takes part in */
    unsigned choices;                           /* collective accesses that could go either way */
    struct errhandler *errhandler;
    struct hints *hints; /* in use; owned */
    char *name;          /* owned */
};

static inline MPI_File file_handle(const struct file *f)
{
    return (MPI_File)f->obj.handle;
}

/* MPI_FILE_NULL: its handler is that of files to come, and takes the errors of what is called without a file. */
extern struct file file_null;

/* With the handler of MPI_FILE_NULL; all else is the caller's to fill. NULL without memory. */
struct file *file_new(void);
/* What is filled by now goes, but for what lib/io keeps. */
void file_destroy(struct file *f);
void file_predefine(void); /* before all else */

#endif
