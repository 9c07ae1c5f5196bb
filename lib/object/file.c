/* SPDX-License-Identifier: BSD-3-Clause
 *
 * file: life of files as objects, and their error handlers. */
#include "lib/object/file.h"
#include <stdio.h>
#include <stdlib.h>
#include "lib/object/errhandler.h"

struct file file_null = {.obj = {.kind = OBJ_FILE, .predefined = true}, .fd = -1};

struct file *file_new(void)
{
    struct file *f = obj_new(OBJ_FILE, sizeof *f);
    if (f) {
        f->fd = -1;
        pthread_mutex_init(&f->lock_turn, NULL);
        TAILQ_INIT(&f->transfers);
        f->errhandler = errhandler_ref(file_null.errhandler);
    }
    return f;
}

void file_destroy(struct file *f)
{
    comm_unref(f->comm);
    errhandler_unref(f->errhandler);
    free(f->name);
    pthread_mutex_destroy(&f->lock_turn);
    obj_free(&f->obj);
}

static struct errhandler **errhandler_slot(struct obj *on)
{
    return &((struct file *)on)->errhandler;
}

static void describe(const struct obj *on, char *text, size_t n)
{
    const char *name = ((const struct file *)on)->name;
    snprintf(text, n, " on %s%.200s", name ? "file " : "MPI_FILE_NULL", name ? name : "");
}

static void call_errhandler(const struct errhandler *e, struct obj *on, int *code, const char *function)
{
    MPI_File h = on == &file_null.obj ? MPI_FILE_NULL : file_handle((struct file *)on);
    e->file(&h, code, function);
}

/* Errors of files are returned, if nothing else is said (MPI 5.0, section 14.7). */
void file_predefine(void)
{
    static const struct errhandler_owner owner = {errhandler_slot, describe, call_errhandler};
    file_null.errhandler = errhandler_ref(&errhandler_return);
    errhandler_register(OBJ_FILE, &owner);
}
