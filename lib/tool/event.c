/* SPDX-License-Identifier: BSD-3-Clause
 *
 * event: registrations: who is told of which events, and how. No hints are known. */
#include "lib/tool/event.h"
#include "lib/bindings/impl.h"

static struct event_registration *registration(MPI_T_event_registration handle)
{
    struct event_registration *g = event_registration_of(handle);
    return g && !g->freed ? g : NULL;
}

int mpi_t_event_handle_alloc(int event_index, void *obj_handle, MPI_Info info,
                             MPI_T_event_registration *event_registration)
{
    if (event_index < 0 || event_index >= TALLY_EVENTS)
        return MPI_T_ERR_INVALID_INDEX;
    if (!event_registration || !tool_info_ok(info))
        return MPI_T_ERR_INVALID;
    struct event_registration *g = obj_new(OBJ_EVENT_REGISTRATION, sizeof *g);
    if (!g)
        return MPI_T_ERR_OUT_OF_HANDLES;
    g->kind = (enum tally_event_kind)event_index;
    *event_registration = (MPI_T_event_registration)g->obj.handle;
    return MPI_SUCCESS;
}

int mpi_t_event_handle_free(MPI_T_event_registration event_registration, void *user_data,
                            MPI_T_event_free_cb_function free_cb_function)
{
    event_tell(); /* of what has happened so far */
    struct event_registration *g = registration(event_registration);
    if (!g)
        return MPI_T_ERR_INVALID_HANDLE;
    g->free_fn = free_cb_function;
    g->free_data = user_data;
    event_release(g);
    return MPI_SUCCESS;
}

static int handle_info_set(MPI_T_event_registration event_registration, MPI_Info info)
{
    if (!registration(event_registration))
        return MPI_T_ERR_INVALID_HANDLE;
    return tool_info_ok(info) ? MPI_SUCCESS : MPI_T_ERR_INVALID;
}

static int handle_info_get(MPI_T_event_registration event_registration, MPI_Info *info_used)
{
    if (!registration(event_registration))
        return MPI_T_ERR_INVALID_HANDLE;
    return info_used ? tool_info_give(info_used) : MPI_T_ERR_INVALID;
}

int mpi_t_event_handle_set_info(MPI_T_event_registration event_registration, MPI_Info info)
{
    return handle_info_set(event_registration, info);
}

int mpi_t_event_handle_get_info(MPI_T_event_registration event_registration, MPI_Info *info_used)
{
    return handle_info_get(event_registration, info_used);
}

/* Of a safety level its place, or -1. */
static int level_of(MPI_T_cb_safety cb_safety)
{
    static const MPI_T_cb_safety levels[EVENT_LEVELS] = {MPI_T_CB_REQUIRE_NONE, MPI_T_CB_REQUIRE_MPI_RESTRICTED,
                                                         MPI_T_CB_REQUIRE_THREAD_SAFE,
                                                         MPI_T_CB_REQUIRE_ASYNC_SIGNAL_SAFE};
    for (int i = 0; i < EVENT_LEVELS; i++)
        if (levels[i] == cb_safety)
            return i;
    return -1;
}

int mpi_t_event_register_callback(MPI_T_event_registration event_registration, MPI_T_cb_safety cb_safety, MPI_Info info,
                                  void *user_data, MPI_T_event_cb_function event_cb_function)
{
    struct event_registration *g = registration(event_registration);
    int level = level_of(cb_safety);
    if (!g)
        return MPI_T_ERR_INVALID_HANDLE;
    if (level < 0 || !tool_info_ok(info))
        return MPI_T_ERR_INVALID;
    bool had = event_callback_of(g) != NULL;
    g->callbacks[level] = (struct event_callback){event_cb_function, user_data};
    if (!had)
        g->since = event_next();
    event_update();
    return MPI_SUCCESS;
}

/* Is there a callback of that level? */
static int callback_check(MPI_T_event_registration event_registration, MPI_T_cb_safety cb_safety)
{
    const struct event_registration *g = registration(event_registration);
    int level = level_of(cb_safety);
    if (!g)
        return MPI_T_ERR_INVALID_HANDLE;
    return level >= 0 && g->callbacks[level].fn ? MPI_SUCCESS : MPI_T_ERR_INVALID;
}

int mpi_t_event_callback_set_info(MPI_T_event_registration event_registration, MPI_T_cb_safety cb_safety, MPI_Info info)
{
    int rc = callback_check(event_registration, cb_safety);
    return rc == MPI_SUCCESS ? handle_info_set(event_registration, info) : rc;
}

int mpi_t_event_callback_get_info(MPI_T_event_registration event_registration, MPI_T_cb_safety cb_safety,
                                  MPI_Info *info_used)
{
    int rc = callback_check(event_registration, cb_safety);
    return rc == MPI_SUCCESS ? handle_info_get(event_registration, info_used) : rc;
}

int mpi_t_event_set_dropped_handler(MPI_T_event_registration event_registration,
                                    MPI_T_event_dropped_cb_function dropped_cb_function)
{
    struct event_registration *g = registration(event_registration);
    if (!g)
        return MPI_T_ERR_INVALID_HANDLE;
    g->dropped_fn = dropped_cb_function;
    return MPI_SUCCESS;
}

static void destroy(void *g)
{
    if (!((struct event_registration *)g)->freed)
        event_release(g);
}

void tool_event_fini(void)
{
    tool_free_all(OBJ_EVENT_REGISTRATION, destroy);
}
