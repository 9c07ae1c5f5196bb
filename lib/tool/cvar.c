/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cvar: control variables. One that is written holds from then on, and wins over what the environment says. */
#include "lib/tool/cvar.h"
#include <stdio.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/coll/choose.h"
#include "lib/core/knobs.h"
#include "lib/core/state.h"
#include "lib/tool/tool.h"
#include "lib/transport/transport.h"

struct cvar_handle {
    struct obj obj;
    struct cvar var;
};
OBJ_ACCESSOR(cvar_handle, OBJ_CVAR_HANDLE, MPI_T_cvar_handle)

int mpi_t_cvar_get_num(int *num_cvar)
{
    if (!num_cvar)
        return MPI_T_ERR_INVALID;
    *num_cvar = cvar_count();
    return MPI_SUCCESS;
}

static bool is_index(int index)
{
    return index >= 0 && index < cvar_count();
}

static enum knob_when when_of(struct cvar v)
{
    return v.knob ? v.knob->when : KNOB_ALIKE;
}

static void cvar_describe(struct cvar v, char *desc, int *desc_len)
{
    static const char *const when[] = {
        [KNOB_LOCAL] = "at any time, in each rank as it likes",
        [KNOB_ALIKE] = "in all ranks alike, while no collective is under way",
        [KNOB_START] = "in all ranks alike, before MPI_Init",
    };
    char text[512], algorithm[128];
    if (!v.knob)
        snprintf(algorithm, sizeof algorithm, "algorithm of %s wherever that fits; auto: the first that fits",
                 v.coll->name);
    snprintf(text, sizeof text, "%s; may be changed %s", v.knob ? v.knob->says : algorithm, when[when_of(v)]);
    tool_text(text, desc, desc_len);
}

int mpi_t_cvar_get_info(int cvar_index, char *name, int *name_len, int *verbosity, MPI_Datatype *datatype,
                        MPI_T_enum *enumtype, char *desc, int *desc_len, int *bind, int *scope)
{
    char full[CVAR_NAME];
    if (!is_index(cvar_index))
        return MPI_T_ERR_INVALID_INDEX;
    struct cvar v = cvar_at(cvar_index);
    bool local = when_of(v) == KNOB_LOCAL;
    cvar_name(v, full);
    tool_text(full, name, name_len);
    TOOL_OUT(verbosity, local ? MPI_T_VERBOSITY_TUNER_BASIC : MPI_T_VERBOSITY_TUNER_DETAIL);
    TOOL_OUT(datatype, cvar_words(v) ? MPI_INT : MPI_UNSIGNED_LONG);
    TOOL_OUT(enumtype, cvar_enum(v));
    cvar_describe(v, desc, desc_len);
    TOOL_OUT(bind, MPI_T_BIND_NO_OBJECT);
    TOOL_OUT(scope, local ? MPI_T_SCOPE_LOCAL : MPI_T_SCOPE_ALL_EQ);
    return MPI_SUCCESS;
}

int mpi_t_cvar_get_index(const char *name, int *cvar_index)
{
    char full[CVAR_NAME];
    if (!name || !cvar_index)
        return MPI_T_ERR_INVALID;
    for (int i = 0; i < cvar_count(); i++) {
        cvar_name(cvar_at(i), full);
        if (strcmp(name, full) == 0) {
            *cvar_index = i;
            return MPI_SUCCESS;
        }
    }
    return MPI_T_ERR_INVALID_NAME;
}

int mpi_t_cvar_handle_alloc(int cvar_index, void *obj_handle, MPI_T_cvar_handle *handle, int *count)
{
    if (!is_index(cvar_index))
        return MPI_T_ERR_INVALID_INDEX;
    if (!handle || !count)
        return MPI_T_ERR_INVALID;
    struct cvar_handle *h = obj_new(OBJ_CVAR_HANDLE, sizeof *h);
    if (!h)
        return MPI_T_ERR_OUT_OF_HANDLES;
    h->var = cvar_at(cvar_index);
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
    const struct cvar_handle *h = cvar_handle_of(handle);
    if (!h)
        return MPI_T_ERR_INVALID_HANDLE;
    if (!buf)
        return MPI_T_ERR_INVALID;
    struct cvar v = h->var;
    if (cvar_words(v))
        *(int *)buf = v.knob ? (int)*v.knob->value : choose_get(v.place);
    else
        *(unsigned long *)buf = *v.knob->value;
    return MPI_SUCCESS;
}

static bool cvar_set(struct cvar v, const void *value)
{
    if (!v.knob)
        return choose_set(v.place, *(const int *)value);
    if (!knob_set(v.knob, v.knob->words ? (size_t) * (const int *)value : *(const unsigned long *)value))
        return false;
    if (lib.active)
        transport_tune();
    return true;
}

int mpi_t_cvar_write(MPI_T_cvar_handle handle, const void *buf)
{
    const struct cvar_handle *h = cvar_handle_of(handle);
    if (!h)
        return MPI_T_ERR_INVALID_HANDLE;
    if (!buf)
        return MPI_T_ERR_INVALID;
    if (when_of(h->var) == KNOB_START && lib.booted)
        return MPI_T_ERR_CVAR_SET_NOT_NOW;
    return cvar_set(h->var, buf) ? MPI_SUCCESS : MPI_T_ERR_INVALID;
}

void tool_cvar_fini(void)
{
    tool_free_all(OBJ_CVAR_HANDLE, handle_destroy);
}
