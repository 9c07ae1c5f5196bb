/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cvar: control variables: the knobs. One that is written holds from then on, and wins over what the environment says.
 */
#include <stdio.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/knobs.h"
#include "lib/core/state.h"
#include "lib/tool/tool.h"
#include "lib/transport/transport.h"

struct cvar_handle {
    struct obj obj;
    const struct knob *knob;
};
OBJ_ACCESSOR(cvar_handle, OBJ_CVAR_HANDLE, MPI_T_cvar_handle)

static const char prefix[] = "MUSTER_";

int mpi_t_cvar_get_num(int *num_cvar)
{
    if (!num_cvar)
        return MPI_T_ERR_INVALID;
    *num_cvar = (int)knobs_count;
    return MPI_SUCCESS;
}

static const struct knob *cvar_at(int index)
{
    return index >= 0 && (size_t)index < knobs_count ? &knobs_table[index] : NULL;
}

static void cvar_describe(const struct knob *k, char *desc, int *desc_len)
{
    static const char *const when[] = {[KNOB_LOCAL] = "at any time, in each rank as it likes",
                                       [KNOB_ALIKE] = "in all ranks alike, between collectives",
                                       [KNOB_START] = "in all ranks alike, before MPI_Init"};
    char text[512];
    snprintf(text, sizeof text, "%s; may be changed %s", k->says, when[k->when]);
    tool_text(text, desc, desc_len);
}

int mpi_t_cvar_get_info(int cvar_index, char *name, int *name_len, int *verbosity, MPI_Datatype *datatype,
                        MPI_T_enum *enumtype, char *desc, int *desc_len, int *bind, int *scope)
{
    const struct knob *k = cvar_at(cvar_index);
    char full[96];
    if (!k)
        return MPI_T_ERR_INVALID_INDEX;
    snprintf(full, sizeof full, "%s%s", prefix, k->name);
    tool_text(full, name, name_len);
    TOOL_OUT(verbosity, k->when == KNOB_LOCAL ? MPI_T_VERBOSITY_TUNER_BASIC : MPI_T_VERBOSITY_TUNER_DETAIL);
    TOOL_OUT(datatype, k->words ? MPI_INT : MPI_UNSIGNED_LONG);
    TOOL_OUT(enumtype, tool_enum_of(k));
    cvar_describe(k, desc, desc_len);
    TOOL_OUT(bind, MPI_T_BIND_NO_OBJECT);
    TOOL_OUT(scope, k->when == KNOB_LOCAL ? MPI_T_SCOPE_LOCAL : MPI_T_SCOPE_ALL_EQ);
    return MPI_SUCCESS;
}

int mpi_t_cvar_get_index(const char *name, int *cvar_index)
{
    if (!name || !cvar_index)
        return MPI_T_ERR_INVALID;
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return MPI_T_ERR_INVALID_NAME;
    for (size_t i = 0; i < knobs_count; i++)
        if (strcmp(name + sizeof prefix - 1, knobs_table[i].name) == 0) {
            *cvar_index = (int)i;
            return MPI_SUCCESS;
        }
    return MPI_T_ERR_INVALID_NAME;
}

int mpi_t_cvar_handle_alloc(int cvar_index, void *obj_handle, MPI_T_cvar_handle *handle, int *count)
{
    const struct knob *k = cvar_at(cvar_index);
    if (!k)
        return MPI_T_ERR_INVALID_INDEX;
    if (!handle || !count)
        return MPI_T_ERR_INVALID;
    struct cvar_handle *h = obj_new(OBJ_CVAR_HANDLE, sizeof *h);
    if (!h)
        return MPI_T_ERR_OUT_OF_HANDLES;
    h->knob = k;
    *handle = (MPI_T_cvar_handle)h->obj.handle;
    *count = 1;
    return MPI_SUCCESS;
}

static void handle_destroy(void *h)
{
    obj_free(h);
}

int mpi_t_cvar_handle_free(MPI_T_cvar_handle *handle)
{
    struct cvar_handle *h = handle ? cvar_handle_of(*handle) : NULL;
    if (!h)
        return MPI_T_ERR_INVALID_HANDLE;
    handle_destroy(h);
    *handle = MPI_T_CVAR_HANDLE_NULL;
    return MPI_SUCCESS;
}

int mpi_t_cvar_read(MPI_T_cvar_handle handle, void *buf)
{
    struct cvar_handle *h = cvar_handle_of(handle);
    if (!h)
        return MPI_T_ERR_INVALID_HANDLE;
    if (!buf)
        return MPI_T_ERR_INVALID;
    if (h->knob->words)
        *(int *)buf = (int)*h->knob->value;
    else
        *(unsigned long *)buf = *h->knob->value;
    return MPI_SUCCESS;
}

int mpi_t_cvar_write(MPI_T_cvar_handle handle, const void *buf)
{
    struct cvar_handle *h = cvar_handle_of(handle);
    if (!h)
        return MPI_T_ERR_INVALID_HANDLE;
    if (!buf)
        return MPI_T_ERR_INVALID;
    if (h->knob->when == KNOB_START && lib.initialized)
        return MPI_T_ERR_CVAR_SET_NOT_NOW;
    size_t value = h->knob->words ? (size_t) * (const int *)buf : *(const unsigned long *)buf;
    if (!knob_set(h->knob, value))
        return MPI_T_ERR_INVALID;
    if (lib.active)
        transport_tune();
    return MPI_SUCCESS;
}

void tool_cvar_fini(void)
{
    tool_free_all(OBJ_CVAR_HANDLE, handle_destroy);
}
