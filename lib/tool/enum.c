/* SPDX-License-Identifier: BSD-3-Clause
 *
 * enum: enumerations of MPI_T: the words of a knob, each with its number. The handle is the knob's address. */
#include <stdio.h>
#include "lib/bindings/impl.h"
#include "lib/core/knobs.h"
#include "lib/tool/tool.h"

MPI_T_enum tool_enum_of(const struct knob *k)
{
    return k->words ? (MPI_T_enum)(uintptr_t)k : MPI_T_ENUM_NULL;
}

/* NULL: it is none. */
static const struct knob *enum_knob(MPI_T_enum e)
{
    for (size_t i = 0; i < knobs_count; i++)
        if (knobs_table[i].words && e == tool_enum_of(&knobs_table[i]))
            return &knobs_table[i];
    return NULL;
}

int mpi_t_enum_get_info(MPI_T_enum enumtype, int *num, char *name, int *name_len)
{
    const struct knob *k = enum_knob(enumtype);
    if (!k)
        return MPI_T_ERR_INVALID_HANDLE;
    TOOL_OUT(num, (int)knob_words(k));
    tool_text(k->name, name, name_len);
    return MPI_SUCCESS;
}

int mpi_t_enum_get_item(MPI_T_enum enumtype, int indx, int *value, char *name, int *name_len)
{
    const struct knob *k = enum_knob(enumtype);
    char text[64];
    size_t n;
    if (!k)
        return MPI_T_ERR_INVALID_HANDLE;
    if (indx < 0 || (size_t)indx >= knob_words(k))
        return MPI_T_ERR_INVALID_INDEX;
    const char *word = knob_word(k, (size_t)indx, &n);
    TOOL_OUT(value, indx);
    snprintf(text, sizeof text, "%.*s", (int)n, word);
    tool_text(text, name, name_len);
    return MPI_SUCCESS;
}
