/* SPDX-License-Identifier: BSD-3-Clause
 *
 * errhandler: what becomes of an error. */
#ifndef LIB_OBJECT_ERRHANDLER_H
#define LIB_OBJECT_ERRHANDLER_H

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

/* What errors on a kind of object need to know of it. Floors above register theirs (windows, files, sessions). */
struct errhandler_owner {
    struct errhandler **(*slot)(struct obj *on);                  /* where it keeps its handler */
    void (*describe)(const struct obj *on, char *text, size_t n); /* " on NAME", for the line of a fatal error */
    /* Calls the user's handler with the object's handle. */
    void (*call)(const struct errhandler *e, struct obj *on, int *code, const char *function);
};
void errhandler_register(enum obj_kind kind, const struct errhandler_owner *owner);

/* Runs the error handler of an object for a code: the meaning of MPI_Comm_call_errhandler and its kin. Objects of other
 * kinds, and NULL, have the handler of MPI_COMM_SELF (MPI 5.0, section 9.3); where the program has not set one, that of
 * MPI_COMM_WORLD, as MPI 3 had it and many programs expect. Returns code, if it returns. */
int errhandler_run(struct obj *on, int code, const char *function);

#endif
