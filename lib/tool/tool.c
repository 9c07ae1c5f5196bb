/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tool: MPI_T begins and ends, as often as tools like, before, beside and after MPI. */
#include "lib/tool/tool.h"
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/coll/choose.h"
#include "lib/core/knobs.h"
#include "lib/core/state.h"
#include "lib/object/info.h"

void tool_text(const char *from, char *to, int *len)
{
    if (!len)
        return;
    int whole = (int)strlen(from) + 1;
    if (!to || *len <= 0) {
        *len = whole;
        return;
    }
    if (*len > whole)
        *len = whole;
    memcpy(to, from, (size_t)*len - 1);
    to[*len - 1] = 0;
}

int tool_info_give(MPI_Info *out)
{
    if (!out)
        return MPI_SUCCESS;
    struct info *i = info_new();
    if (!i)
        return MPI_T_ERR_MEMORY;
    *out = (MPI_Info)i->obj.handle;
    return MPI_SUCCESS;
}

bool tool_info_ok(MPI_Info info)
{
    return info == MPI_INFO_NULL || info_of(info);
}

void tool_free_all(enum obj_kind kind, void (*destroy)(void *object))
{
    for (void *o = obj_next(kind, NULL); o; o = obj_next(kind, o))
        destroy(o);
}

/* Where MPI runs for a program of one thread there is no lock, and no other thread may come. */
static int level_of(int required)
{
    if (!lock_used() || required < MPI_THREAD_SINGLE)
        return MPI_THREAD_SINGLE;
    return required > MPI_THREAD_MULTIPLE ? MPI_THREAD_MULTIPLE : required;
}

int mpi_t_init_thread(int required, int *provided)
{
    if (!provided)
        return MPI_T_ERR_INVALID;
    /* What variables say, for who reads them now; MPI_Init says what is wrong with them. */
    if (lib.tools == 0 && !lib.booted) {
        (void)knobs_init(false);
        (void)choose_init(getenv("MUSTER_COLL"));
    }
    lib.tools++;
    *provided = level_of(required);
    if (*provided > lib.tools_level)
        lib.tools_level = *provided;
    return MPI_SUCCESS;
}

int mpi_t_finalize(void)
{
    if (--lib.tools > 0)
        return MPI_SUCCESS;
    tool_event_fini();
    tool_pvar_fini();
    tool_cvar_fini();
    lib.tools_level = MPI_THREAD_SINGLE;
    return MPI_SUCCESS;
}
