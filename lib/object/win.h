/* SPDX-License-Identifier: BSD-3-Clause
 *
 * win: windows as objects: what they are called, whose errors they take, and in what epoch this process is. How their
 * memory is reached is the business of lib/rma. */
#ifndef LIB_OBJECT_WIN_H
#define LIB_OBJECT_WIN_H

#include "lib/object/attr.h"
#include "lib/object/comm.h"

struct control; /* rma/control.h */
struct target;  /* rma/target.h */
struct message; /* rma/message.h */
struct owner;   /* rma/owner.h */

/* What this process may access. A fence opens an epoch only if it is used; until then others may begin. */
enum win_access { ACCESS_NONE, ACCESS_FENCE, ACCESS_START, ACCESS_LOCK, ACCESS_LOCK_ALL };

struct win {
    struct obj obj;
    struct target **targets; /* by rank & target_mask, the next place if taken: those that were spoken to; owned */
    uint32_t target_mask, target_count;
    uint8_t access;          /* enum win_access */
    bool whole;              /* the epoch covers all ranks, not only targets that are entered */
    bool used;               /* something was accessed in this epoch of a fence */
    bool unchecked;          /* lock_all was told that nobody conflicts, and takes nothing */
    bool no_locks;           /* the user says that he locks nothing */
    int locks;               /* targets that are locked, */
    int null_locks;          /* and of these, MPI_PROC_NULL */
    int lock_waits;          /* threads that wait for a lock */
    struct comm *comm;       /* the library's own, over the window's group */
    struct comm *node;       /* its ranks on this node; the same where these are all */
    struct message *message; /* of ranks that are reached by messages; NULL: there are none */
    struct owner *owner;     /* what looks for questions of others; NULL: there are none to be asked */
    struct control *control;
    size_t control_bytes;           /* all that is mapped */
    struct group *started, *posted; /* of the epochs under way, or NULL; references */
    int flavor, model, unit;        /* for attributes, as the next */
    void *base;
    MPI_Aint size, disp_unit;
    struct errhandler *errhandler;
    struct attrs attrs;
    struct info *info; /* hints, those of the user and what they are by default */
    char name[MPI_MAX_OBJECT_NAME];
};

static inline MPI_Win win_handle(const struct win *w)
{
    return (MPI_Win)w->obj.handle;
}

/* All else is the caller's to fill. NULL without memory. */
struct win *win_new(void);
/* What is filled by now goes, but for what lib/rma keeps. */
void win_destroy(struct win *w);
void win_predefine(void); /* before all else */

#endif
