/* SPDX-License-Identifier: BSD-3-Clause
 *
 * category: what belongs together, by how its name begins. All of it is known from the start, so no stamp changes. */
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/tool/cvar.h"
#include "lib/tool/event.h"
#include "lib/tool/pvar.h"

static const struct category {
    const char *name, *says;
    const char *begins[4]; /* of variables and events */
    bool whole;            /* the others are in it */
} categories[] = {
    {"muster", "all variables and events of the runtime", {NULL}, true},
    {"waiting", "how a rank waits for others", {"WAIT_", "RECV_", "wait_"}, false},
    {"messages", "messages between two ranks", {"SHM_", "TRANSPORT", "CONNECT_", "p2p_"}, false},
    {"collectives", "collectives", {"COLL_", "coll_"}, false},
    {"windows", "windows, and who reaches them how", {"RMA_"}, false},
    {"failures", "processes that fail", {"process_", "BACKTRACE", "DEADLOCK"}, false},
};
enum { CATEGORIES = sizeof categories / sizeof *categories };

enum what { CVARS, PVARS, EVENTS, CHILDREN };

static bool begins(const struct category *c, const char *name)
{
    for (size_t i = 0; i < sizeof c->begins / sizeof *c->begins && c->begins[i]; i++)
        if (strncmp(name, c->begins[i], strlen(c->begins[i])) == 0)
            return true;
    return false;
}

static int count_of(enum what what)
{
    return what == CVARS ? cvar_count() : what == PVARS ? pvar_count : what == EVENTS ? TALLY_EVENTS : CATEGORIES;
}

static bool has(const struct category *c, enum what what, int i)
{
    if (what == CHILDREN)
        return c->whole && c != &categories[i];
    char name[CVAR_NAME];
    if (what != CVARS)
        return begins(c, what == PVARS ? pvar_table[i].name : event_kinds[i].name);
    cvar_name(cvar_at(i), name);
    return begins(c, name + CVAR_PREFIX);
}

/* How many it has; the first len go to indices. */
static int list(const struct category *c, enum what what, int len, int *indices)
{
    int n = 0;
    for (int i = 0; i < count_of(what); i++)
        if (has(c, what, i)) {
            if (n < len)
                indices[n] = i;
            n++;
        }
    return n;
}

static const struct category *category_at(int index)
{
    return index >= 0 && index < CATEGORIES ? &categories[index] : NULL;
}

static int give(int cat_index, enum what what, int len, int *indices)
{
    const struct category *c = category_at(cat_index);
    if (!c)
        return MPI_T_ERR_INVALID_INDEX;
    if (len < 0 || (len > 0 && !indices))
        return MPI_T_ERR_INVALID;
    list(c, what, len, indices);
    return MPI_SUCCESS;
}

int mpi_t_category_get_num(int *num_cat)
{
    if (!num_cat)
        return MPI_T_ERR_INVALID;
    *num_cat = CATEGORIES;
    return MPI_SUCCESS;
}

int mpi_t_category_get_info(int cat_index, char *name, int *name_len, char *desc, int *desc_len, int *num_cvars,
                            int *num_pvars, int *num_categories)
{
    const struct category *c = category_at(cat_index);
    if (!c)
        return MPI_T_ERR_INVALID_INDEX;
    tool_text(c->name, name, name_len);
    tool_text(c->says, desc, desc_len);
    TOOL_OUT(num_cvars, list(c, CVARS, 0, NULL));
    TOOL_OUT(num_pvars, list(c, PVARS, 0, NULL));
    TOOL_OUT(num_categories, list(c, CHILDREN, 0, NULL));
    return MPI_SUCCESS;
}

int mpi_t_category_get_num_events(int cat_index, int *num_events)
{
    const struct category *c = category_at(cat_index);
    if (!c)
        return MPI_T_ERR_INVALID_INDEX;
    if (!num_events)
        return MPI_T_ERR_INVALID;
    *num_events = list(c, EVENTS, 0, NULL);
    return MPI_SUCCESS;
}

int mpi_t_category_get_index(const char *name, int *cat_index)
{
    if (!name || !cat_index)
        return MPI_T_ERR_INVALID;
    for (int i = 0; i < CATEGORIES; i++)
        if (strcmp(categories[i].name, name) == 0) {
            *cat_index = i;
            return MPI_SUCCESS;
        }
    return MPI_T_ERR_INVALID_NAME;
}

int mpi_t_category_get_cvars(int cat_index, int len, int indices[])
{
    return give(cat_index, CVARS, len, indices);
}

int mpi_t_category_get_pvars(int cat_index, int len, int indices[])
{
    return give(cat_index, PVARS, len, indices);
}

int mpi_t_category_get_events(int cat_index, int len, int indices[])
{
    return give(cat_index, EVENTS, len, indices);
}

int mpi_t_category_get_categories(int cat_index, int len, int indices[])
{
    return give(cat_index, CHILDREN, len, indices);
}

int mpi_t_category_changed(int *update_number)
{
    if (!update_number)
        return MPI_T_ERR_INVALID;
    *update_number = 0;
    return MPI_SUCCESS;
}
