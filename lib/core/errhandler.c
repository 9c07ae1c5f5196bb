/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/core/errhandler.h"
#include <stdio.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/comm/comm.h"
#include "lib/core/call.h"
#include "lib/core/error.h"
#include "lib/core/state.h"

struct errhandler errhandler_fatal, errhandler_abort, errhandler_return;

void errhandler_init(void)
{
    obj_predefine(&errhandler_fatal.obj, OBJ_ERRHANDLER, (uintptr_t)MPI_ERRORS_ARE_FATAL);
    obj_predefine(&errhandler_abort.obj, OBJ_ERRHANDLER, (uintptr_t)MPI_ERRORS_ABORT);
    obj_predefine(&errhandler_return.obj, OBJ_ERRHANDLER, (uintptr_t)MPI_ERRORS_RETURN);
}

struct errhandler *errhandler_ref(struct errhandler *e)
{
    e->obj.refs++;
    return e;
}

void errhandler_unref(struct errhandler *e)
{
    if (e && !e->obj.predefined && --e->obj.refs == 0)
        obj_free(&e->obj);
}

int errhandler_set(struct errhandler **place, enum obj_kind owner, struct errhandler *e)
{
    if (e->owner != OBJ_NONE && e->owner != owner)
        return MPI_ERR_ERRHANDLER;
    errhandler_ref(e);
    errhandler_unref(*place);
    *place = e;
    return MPI_SUCCESS;
}

MPI_Errhandler errhandler_share(struct errhandler *e)
{
    return (MPI_Errhandler)errhandler_ref(e)->obj.handle;
}

static void describe(const struct obj *on, char *out, size_t n)
{
    if (on && on->kind == OBJ_COMM)
        snprintf(out, n, " on %.60s",
                 ((const struct comm *)on)->name[0] ? ((const struct comm *)on)->name : "a communicator");
    else
        out[0] = 0;
}

_Noreturn static void die(struct obj *on, int code, const char *function)
{
    char where[80], why[640];
    const char *note = error_noted(code);
    describe(on, where, sizeof where);
    snprintf(why, sizeof why, "%s%s failed: %s%s%s", function, where, error_text(code), *note ? ": " : "", note);
    boot_abort(error_class(code), why);
}

static struct errhandler *handler_of(struct obj *on)
{
    if (on && on->kind == OBJ_COMM)
        return ((struct comm *)on)->errhandler;
    return comm_self.errhandler ? comm_self.errhandler : &errhandler_fatal;
}

int errhandler_run(struct obj *on, int code, const char *function)
{
    struct errhandler *e = handler_of(on);
    if (e == &errhandler_return)
        return code;
    if (e == &errhandler_fatal || e == &errhandler_abort)
        die(on, code, function);
    MPI_Comm h = comm_handle(on && on->kind == OBJ_COMM ? (struct comm *)on : &comm_self);
    int told = code;
    errhandler_ref(e);
    struct lib_left left = lib_leave();
    e->comm(&h, &told, function);
    lib_return(left);
    errhandler_unref(e);
    return code;
}

int call_failed(int id, struct obj *on, int rc)
{
    if (!on)
        on = lib.error_on;
    lib.error_on = NULL;
    rc = errhandler_run(on, rc, call_names[id]);
    error_note(MPI_SUCCESS, "told");
    return rc;
}

int call_inactive(int id)
{
    char why[160];
    snprintf(why, sizeof why, "%s called %s", call_names[id],
             lib.forked      ? "in a child of fork, for which MPI is over"
             : lib.finalized ? "after MPI_Finalize"
                             : "before MPI_Init");
    boot_abort(MPI_ERR_OTHER, why);
}

int mpi_errhandler_free(MPI_Errhandler *errhandler)
{
    errhandler_unref(errhandler_of(*errhandler));
    *errhandler = MPI_ERRHANDLER_NULL;
    return MPI_SUCCESS;
}

static int create(enum obj_kind owner, MPI_Comm_errhandler_function *fn, MPI_Errhandler *out)
{
    if (!fn)
        return MPI_ERR_ARG;
    struct errhandler *e = obj_new(OBJ_ERRHANDLER, sizeof *e);
    if (!e)
        return MPI_ERR_NO_MEM;
    e->owner = owner;
    e->comm = fn;
    *out = (MPI_Errhandler)e->obj.handle;
    return MPI_SUCCESS;
}

int mpi_comm_create_errhandler(MPI_Comm_errhandler_function *fn, MPI_Errhandler *errhandler)
{
    return create(OBJ_COMM, fn, errhandler);
}

int mpi_win_create_errhandler(MPI_Win_errhandler_function *fn, MPI_Errhandler *errhandler)
{
    return create(OBJ_WIN, (MPI_Comm_errhandler_function *)fn, errhandler);
}

int mpi_file_create_errhandler(MPI_File_errhandler_function *fn, MPI_Errhandler *errhandler)
{
    return create(OBJ_FILE, (MPI_Comm_errhandler_function *)fn, errhandler);
}

int mpi_session_create_errhandler(MPI_Session_errhandler_function *fn, MPI_Errhandler *errhandler)
{
    return create(OBJ_SESSION, (MPI_Comm_errhandler_function *)fn, errhandler);
}

int mpi_comm_set_errhandler(struct comm *comm, struct errhandler *errhandler)
{
    return errhandler_set(&comm->errhandler, OBJ_COMM, errhandler);
}

int mpi_comm_get_errhandler(struct comm *comm, MPI_Errhandler *errhandler)
{
    *errhandler = errhandler_share(comm->errhandler);
    return MPI_SUCCESS;
}

int mpi_comm_call_errhandler(struct comm *comm, int errorcode)
{
    errhandler_run(&comm->obj, errorcode, "MPI_Comm_call_errhandler");
    return MPI_SUCCESS;
}
