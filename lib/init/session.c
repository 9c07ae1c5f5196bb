/* SPDX-License-Identifier: BSD-3-Clause
 *
 * session: MPI_Session_... (MPI 5.0, section 11.3). */
#include "lib/object/session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/init/life.h"
#include "lib/init/thread_level.h"
#include "lib/object/comm.h"
#include "lib/object/errhandler.h"
#include "lib/object/info.h"
#include "lib/object/memory_kinds.h"
#include "lib/process/pset.h"

/* The one that is asked for, the highest if none is. */
static int level_of(const struct info *asked)
{
    const char *name = info_find(asked, "thread_level");
    int level = name ? thread_level_of(name) : -1;
    return level < 0 ? MPI_THREAD_MULTIPLE : level;
}

static int describe(struct info *to, const struct info *asked)
{
    char kinds[MPI_MAX_INFO_VAL];
    memory_kinds_provide(info_find(asked, MEMORY_KINDS_KEY), kinds);
    int rc = info_put(to, "thread_level", thread_level_name(level_of(asked)));
    return rc == MPI_SUCCESS ? info_put(to, MEMORY_KINDS_KEY, kinds) : rc;
}

static struct session *make(struct info *asked, struct errhandler *e)
{
    struct info *info = info_new();
    struct session *s = NULL;
    if (info && describe(info, asked) == MPI_SUCCESS)
        s = session_new(e, info, level_of(asked));
    if (!s)
        info_destroy(info);
    return s;
}

/* Whatever the program asked for before, threads may come now. */
static void threads_allow(const struct session *s)
{
    if (s->thread_level > lib.thread_level)
        lib.thread_level = s->thread_level;
    if (!lock_used())
        lock_begin();
    lock_allow_bias();
}

int mpi_session_init(struct info *info, struct errhandler *e, MPI_Session *session)
{
    if (e->owner != OBJ_NONE && e->owner != OBJ_SESSION)
        return MPI_ERR_ERRHANDLER;
    int rc = life_begin();
    bool begun = rc == MPI_SUCCESS;
    if (begun)
        rc = pset_init();
    struct session *s = rc == MPI_SUCCESS ? make(info, e) : NULL;
    if (!s) {
        if (begun)
            life_end();
        session_blame(e);
        return rc != MPI_SUCCESS ? rc : MPI_ERR_NO_MEM;
    }
    threads_allow(s);
    *session = (MPI_Session)s->obj.handle;
    return MPI_SUCCESS;
}

int mpi_session_finalize(MPI_Session *session)
{
    int rc = mpi_session_flush_buffer(session_of(*session));
    if (rc != MPI_SUCCESS)
        return rc;
    session_destroy(session_of(*session));
    *session = MPI_SESSION_NULL;
    life_end();
    return MPI_SUCCESS;
}

int mpi_session_get_info(struct session *s, MPI_Info *info_used)
{
    struct info *copy = info_copy(s->info);
    if (!copy)
        return MPI_ERR_NO_MEM;
    *info_used = (MPI_Info)copy->obj.handle;
    return MPI_SUCCESS;
}

int mpi_session_get_num_psets(struct session *s, struct info *info, int *n)
{
    *n = pset_count();
    return MPI_SUCCESS;
}

/* *pset_len: the room for the name with its end, 0 to ask for it only; afterwards what the name needs. */
int mpi_session_get_nth_pset(struct session *s, struct info *info, int n, int *pset_len, char *pset_name_out)
{
    char name[PSET_NAME_MAX];
    if (n < 0 || n >= pset_count() || *pset_len < 0 || (*pset_len > 0 && !pset_name_out))
        return MPI_ERR_ARG;
    pset_name(n, name);
    if (*pset_len > 0)
        snprintf(pset_name_out, (size_t)*pset_len, "%s", name);
    *pset_len = (int)strlen(name) + 1;
    return MPI_SUCCESS;
}

static int unknown(const char *name)
{
    error_detail_set(MPI_ERR_ARG, "there is no process set %.200s", name);
    return MPI_ERR_ARG;
}

int mpi_session_get_pset_info(struct session *s, const char *name, MPI_Info *out)
{
    char number[16];
    int set = pset_find(name);
    if (set < 0)
        return unknown(name);
    snprintf(number, sizeof number, "%d", pset_size(set));
    struct info *info = info_new();
    if (!info || info_put(info, "mpi_size", number) != MPI_SUCCESS) {
        info_destroy(info);
        return MPI_ERR_NO_MEM;
    }
    *out = (MPI_Info)info->obj.handle;
    return MPI_SUCCESS;
}

int mpi_group_from_session_pset(struct session *s, const char *name, MPI_Group *newgroup)
{
    int set = pset_find(name), n = set < 0 ? 0 : pset_size(set);
    if (set < 0)
        return unknown(name);
    int *ranks = malloc((size_t)n * sizeof *ranks);
    if (!ranks)
        return MPI_ERR_NO_MEM;
    pset_ranks(set, ranks);
    struct group *g = group_new(ranks, n);
    if (!g)
        return MPI_ERR_NO_MEM;
    if (!g->obj.predefined)
        g->session = s->id;
    *newgroup = (MPI_Group)g->obj.handle;
    return MPI_SUCCESS;
}

int mpi_session_set_errhandler(struct session *s, struct errhandler *e)
{
    return errhandler_set(&s->errhandler, OBJ_SESSION, e);
}

int mpi_session_get_errhandler(struct session *s, MPI_Errhandler *e)
{
    *e = errhandler_share(s->errhandler);
    return MPI_SUCCESS;
}

int mpi_session_call_errhandler(struct session *s, int errorcode)
{
    errhandler_run(&s->obj, errorcode, "MPI_Session_call_errhandler");
    return MPI_SUCCESS;
}
