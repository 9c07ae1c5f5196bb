/* SPDX-License-Identifier: BSD-3-Clause
 *
 * errhandler: what becomes of an error. */
#ifndef LIB_CORE_ERRHANDLER_H
#define LIB_CORE_ERRHANDLER_H

#include "lib/core/object.h"

struct errhandler {
    struct obj obj;
    enum obj_kind owner; /* what it may be set on; OBJ_NONE: anything (predefined) */
    union {
        MPI_Comm_errhandler_function *comm;
        MPI_Win_errhandler_function *win;
        MPI_File_errhandler_function *file;
        MPI_Session_errhandler_function *session;
    };
};
extern struct errhandler errhandler_fatal, errhandler_abort, errhandler_return;

void errhandler_init(void);
struct errhandler *errhandler_ref(struct errhandler *e);
void errhandler_unref(struct errhandler *e);
/* Sets *place to e, which must fit `owner`; MPI_ERR_ERRHANDLER if it does not. */
int errhandler_set(struct errhandler **place, enum obj_kind owner, struct errhandler *e);
/* A handle of *place for the user, counted. */
MPI_Errhandler errhandler_share(struct errhandler *e);

#endif
