/* SPDX-License-Identifier: BSD-3-Clause
 *
 * event_table: what events there are, and where they come from: all of this process, in their order. */
#include <assert.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/clock.h"
#include "lib/tool/event.h"

const struct event_kind event_kinds[] = {
#define EVENT(name, elements, are, says) {#name, says "; its elements: " are, elements},
#include "lib/core/tally.def"
};
static_assert(sizeof event_kinds / sizeof *event_kinds == TALLY_EVENTS, "all of the list");

#define ELEMENT(type, field)                                                                                           \
    {                                                                                                                  \
        type, offsetof(struct event_image, field), sizeof((struct event_image *)0)->field                              \
    }
const struct event_element event_elements[EVENT_ELEMENTS] = {ELEMENT(MPI_INT, peer), ELEMENT(MPI_INT, tag),
                                                             ELEMENT(MPI_UNSIGNED, comm), ELEMENT(MPI_COUNT, bytes)};

int mpi_t_event_get_num(int *num_events)
{
    if (!num_events)
        return MPI_T_ERR_INVALID;
    *num_events = TALLY_EVENTS;
    return MPI_SUCCESS;
}

int mpi_t_event_get_index(const char *name, int *event_index)
{
    if (!name || !event_index)
        return MPI_T_ERR_INVALID;
    for (int i = 0; i < TALLY_EVENTS; i++)
        if (strcmp(event_kinds[i].name, name) == 0) {
            *event_index = i;
            return MPI_SUCCESS;
        }
    return MPI_T_ERR_INVALID_NAME;
}

int mpi_t_event_get_info(int event_index, char *name, int *name_len, int *verbosity, MPI_Datatype array_of_datatypes[],
                         MPI_Aint array_of_displacements[], int *num_elements, MPI_T_enum *enumtype, MPI_Info *info,
                         char *desc, int *desc_len, int *bind)
{
    if (event_index < 0 || event_index >= TALLY_EVENTS)
        return MPI_T_ERR_INVALID_INDEX;
    const struct event_kind *k = &event_kinds[event_index];
    int rc = tool_info_give(info);
    if (rc != MPI_SUCCESS)
        return rc;
    tool_text(k->name, name, name_len);
    TOOL_OUT(verbosity, MPI_T_VERBOSITY_USER_BASIC);
    for (int i = 0; num_elements && i < k->elements && i < *num_elements; i++) {
        if (array_of_datatypes)
            array_of_datatypes[i] = event_elements[i].type;
        if (array_of_displacements)
            array_of_displacements[i] = (MPI_Aint)event_elements[i].at;
    }
    TOOL_OUT(num_elements, k->elements);
    TOOL_OUT(enumtype, MPI_T_ENUM_NULL);
    tool_text(k->says, desc, desc_len);
    TOOL_OUT(bind, MPI_T_BIND_NO_OBJECT);
    return MPI_SUCCESS;
}

int mpi_t_source_get_num(int *num_sources)
{
    if (!num_sources)
        return MPI_T_ERR_INVALID;
    *num_sources = 1;
    return MPI_SUCCESS;
}

int mpi_t_source_get_info(int source_index, char *name, int *name_len, char *desc, int *desc_len,
                          MPI_T_source_order *ordering, MPI_Count *ticks_per_second, MPI_Count *max_ticks,
                          MPI_Info *info)
{
    if (source_index != 0)
        return MPI_T_ERR_INVALID_INDEX;
    int rc = tool_info_give(info);
    if (rc != MPI_SUCCESS)
        return rc;
    tool_text("process", name, name_len);
    tool_text("this process, by the clock of MPI_Wtime", desc, desc_len);
    TOOL_OUT(ordering, MPI_T_SOURCE_ORDERED);
    TOOL_OUT(ticks_per_second, INT64_C(1000000000));
    TOOL_OUT(max_ticks, INT64_MAX);
    return MPI_SUCCESS;
}

int mpi_t_source_get_timestamp(int source_index, MPI_Count *timestamp)
{
    if (source_index != 0)
        return MPI_T_ERR_INVALID_INDEX;
    if (!timestamp)
        return MPI_T_ERR_INVALID;
    *timestamp = clock_ns();
    return MPI_SUCCESS;
}
