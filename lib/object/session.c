/* SPDX-License-Identifier: BSD-3-Clause
 *
 * session: life of sessions. */
#include "lib/object/session.h"
#include <stdio.h>
#include <stdlib.h>
#include "lib/core/state.h"
#include "lib/object/errhandler.h"
#include "lib/object/info.h"

static uint32_t last_id;
static struct session blamed;

struct session *session_new(struct errhandler *e, struct info *info, int thread_level)
{
    struct session *s = obj_new(OBJ_SESSION, sizeof *s);
    if (!s)
        return NULL;
    if (++last_id == UINT32_MAX) /* of what belongs to all of them */
        last_id = 1;
    s->id = last_id;
    s->errhandler = errhandler_ref(e);
    s->info = info;
    s->thread_level = thread_level;
    return s;
}

void session_destroy(struct session *s)
{
    errhandler_unref(s->errhandler);
    info_destroy(s->info);
    free(s->buffer);
    obj_free(&s->obj);
}

struct session *session_find(uint32_t id)
{
    struct session *s = id ? obj_next(OBJ_SESSION, NULL) : NULL;
    while (s && s->id != id)
        s = obj_next(OBJ_SESSION, s);
    return s;
}

void session_blame(struct errhandler *e)
{
    blamed = (struct session){
        .obj = {.refs = 1, .kind = OBJ_SESSION, .handle = (uintptr_t)MPI_SESSION_NULL, .predefined = true},
        .errhandler = e};
    lib.error_on = &blamed.obj;
}

static struct errhandler **errhandler_slot(struct obj *on)
{
    return &((struct session *)on)->errhandler;
}

static void describe(const struct obj *on, char *text, size_t n)
{
    snprintf(text, n, "%s", on == &blamed.obj ? "" : " on a session");
}

static void call_errhandler(const struct errhandler *e, struct obj *on, int *code, const char *function)
{
    MPI_Session h = (MPI_Session)on->handle;
    e->session(&h, code, function);
}

void session_predefine(void)
{
    static const struct errhandler_owner owner = {errhandler_slot, describe, call_errhandler};
    errhandler_register(OBJ_SESSION, &owner);
}
