/* SPDX-License-Identifier: BSD-3-Clause
 *
 * enum: enumerations of MPI_T: the words of a control variable, each with its number. The handle is the address of what
 * the variable stands for. */
#include "lib/bindings/impl.h"
#include "lib/tool/cvar.h"
#include "lib/tool/tool.h"

MPI_T_enum cvar_enum(struct cvar v)
{
    const void *what = v.knob ? (const void *)v.knob : (const void *)v.coll;
    return cvar_words(v) > 0 ? (MPI_T_enum)(uintptr_t)what : MPI_T_ENUM_NULL;
}

/* False: it is none. */
static bool enum_find(MPI_T_enum e, struct cvar *v)
{
    for (int i = 0; e != MPI_T_ENUM_NULL && i < cvar_count(); i++)
        if (cvar_enum(*v = cvar_at(i)) == e)
            return true;
    return false;
}

int mpi_t_enum_get_info(MPI_T_enum enumtype, int *num, char *name, int *name_len)
{
    struct cvar v;
    char text[CVAR_NAME];
    if (!enum_find(enumtype, &v))
        return MPI_T_ERR_INVALID_HANDLE;
    TOOL_OUT(num, cvar_words(v));
    cvar_name(v, text);
    tool_text(text, name, name_len);
    return MPI_SUCCESS;
}

int mpi_t_enum_get_item(MPI_T_enum enumtype, int indx, int *value, char *name, int *name_len)
{
    struct cvar v;
    char text[CVAR_NAME];
    if (!enum_find(enumtype, &v))
        return MPI_T_ERR_INVALID_HANDLE;
    if (indx < 0 || indx >= cvar_words(v))
        return MPI_T_ERR_INVALID_INDEX;
    TOOL_OUT(value, indx);
    cvar_word(v, indx, text);
    tool_text(text, name, name_len);
    return MPI_SUCCESS;
}
