/* SPDX-License-Identifier: BSD-3-Clause
 *
 * errhandler: life of error handlers, and the running of one. */
#include "lib/object/errhandler.h"
#include <stdio.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/object/comm.h"
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

static const struct errhandler_owner *owners[OBJ_KINDS];

void errhandler_register(enum obj_kind kind, const struct errhandler_owner *owner)
{
    owners[kind] = owner;
}

_Noreturn static void die(const struct errhandler_owner *owner, const struct obj *on, int code, const char *function)
{
    char where[80] = "", line[512], why[640];
    if (on)
        owner->describe(on, where, sizeof where);
    error_line(code, line, sizeof line);
    snprintf(why, sizeof why, "%s%s failed: %s", function, where, line);
    boot_abort(error_class(code), why);
}

int errhandler_run(struct obj *on, int code, const char *function)
{
    if (on && !owners[on->kind])
        on = NULL;
    const struct errhandler_owner *owner = owners[on ? on->kind : OBJ_COMM];
    struct obj *holder = on ? on : comm_self.handled ? &comm_self.obj : &comm_world.obj;
    struct errhandler *e = *owner->slot(holder);
    if (e == &errhandler_return)
        return code;
    if (!e || e == &errhandler_fatal || e == &errhandler_abort)
        die(owner, on, code, function);
    int told = code;
    errhandler_ref(e);
    struct callback_state callback = callback_begin();
    owner->call(e, holder, &told, function);
    callback_end(callback);
    errhandler_unref(e);
    return holder->kind == OBJ_FILE ? told : code; /* programs expect of files that a handler can forgive */
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
