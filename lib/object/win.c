/* SPDX-License-Identifier: BSD-3-Clause
 *
 * win: life of windows as objects, and their error handlers. */
#include "lib/object/win.h"
#include <stdio.h>
#include "lib/object/errhandler.h"
#include "lib/object/info.h"

struct win *win_new(void)
{
    struct win *w = obj_new(OBJ_WIN, sizeof *w);
    if (w)
        w->errhandler = errhandler_ref(&errhandler_fatal);
    return w;
}

void win_destroy(struct win *w)
{
    if (w->node != w->comm)
        comm_unref(w->node);
    comm_unref(w->comm);
    group_unref(w->started);
    group_unref(w->posted);
    errhandler_unref(w->errhandler);
    info_destroy(w->info);
    obj_free(&w->obj);
}

static struct errhandler **errhandler_slot(struct obj *on)
{
    return &((struct win *)on)->errhandler;
}

static void describe(const struct obj *on, char *text, size_t n)
{
    const char *name = ((const struct win *)on)->name;
    snprintf(text, n, " on %.60s", name[0] ? name : "a window");
}

static void call_errhandler(const struct errhandler *e, struct obj *on, int *code, const char *function)
{
    MPI_Win h = win_handle((struct win *)on);
    e->win(&h, code, function);
}

void win_predefine(void)
{
    static const struct errhandler_owner owner = {errhandler_slot, describe, call_errhandler};
    errhandler_register(OBJ_WIN, &owner);
}
