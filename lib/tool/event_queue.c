/* SPDX-License-Identifier: BSD-3-Clause
 *
 * event_queue: from what happens to the callbacks, and what these may ask of an event. */
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/clock.h"
#include "lib/core/state.h"
#include "lib/object/context.h"
#include "lib/request/counter.h"
#include "lib/tool/event.h"

struct entry {
    enum tally_event_kind kind;
    uint64_t when;
    struct event_image image;
};
enum { ROOM = 1024 }; /* events between one progress and the next */
static struct {
    struct entry entries[ROOM];
    uint64_t first, next; /* their numbers; in the ring lie those between */
    bool telling, called; /* somebody tells; progress has been asked to */
} queue;

static const MPI_T_cb_safety safety = MPI_T_CB_REQUIRE_NONE;

struct event_callback *event_callback_of(struct event_registration *g)
{
    for (int i = 0; i < EVENT_LEVELS; i++)
        if (g->callbacks[i].fn)
            return &g->callbacks[i];
    return NULL;
}

uint64_t event_next(void)
{
    return queue.next;
}

/* Those that are told of events of a kind, one after the other; the next one of any that is not NULL. */
static struct event_registration *next_of(enum tally_event_kind kind, struct event_registration *g)
{
    while ((g = obj_next(OBJ_EVENT_REGISTRATION, g)) != NULL)
        if (!g->freed && g->kind == kind && event_callback_of(g))
            break;
    return g;
}

static void put_down(enum tally_event_kind kind, const struct tally_event *e);

void event_update(void)
{
    tally_upcalls.event = put_down;
    for (int kind = 0; kind < TALLY_EVENTS; kind++) {
        uint32_t bit = (uint32_t)TALLY_EVENT_FIRST << kind;
        bool wanted = next_of((enum tally_event_kind)kind, NULL) != NULL;
        tally_on = wanted ? tally_on | bit : tally_on & ~bit;
    }
}

static void called(struct counter *c)
{
    queue.called = false;
    event_tell();
}

static struct counter call = {.completed = called};

static void drop(enum tally_event_kind kind)
{
    for (struct event_registration *g = NULL; (g = next_of(kind, g)) != NULL;)
        g->dropped++;
}

static void put_down(enum tally_event_kind kind, const struct tally_event *e)
{
    if (queue.next - queue.first == ROOM) {
        drop(kind);
        return;
    }
    struct entry *at = &queue.entries[queue.next++ % ROOM];
    at->kind = kind;
    at->when = (uint64_t)clock_ns();
    at->image = (struct event_image){e->peer, e->tag, e->ctx ? context_number(e->ctx) : 0, e->bytes};
    if (queue.called)
        return;
    queue.called = true;
    counter_begin(&call);
    counter_down(&call);
}

void event_release(struct event_registration *g)
{
    g->freed = true;
    event_update();
    if (g->busy > 0)
        return;
    if (g->free_fn) {
        struct callback_state s = callback_begin();
        g->free_fn((MPI_T_event_registration)g->obj.handle, safety, g->free_data);
        callback_end(s);
    }
    obj_free(&g->obj);
}

static void dropped_tell(struct event_registration *g, void *data)
{
    MPI_Count n = g->dropped;
    g->dropped = 0;
    if (n == 0 || !g->dropped_fn)
        return;
    struct callback_state s = callback_begin();
    g->dropped_fn(n, (MPI_T_event_registration)g->obj.handle, 0, safety, data);
    callback_end(s);
}

/* Without memory it is dropped. */
static void tell_one(struct event_registration *g, const struct entry *e)
{
    struct event_callback c = *event_callback_of(g);
    struct event_instance *i = obj_new(OBJ_EVENT_INSTANCE, sizeof *i);
    g->busy++;
    if (i) {
        i->kind = e->kind;
        i->when = e->when;
        i->image = e->image;
        struct callback_state s = callback_begin();
        c.fn((MPI_T_event_instance)i->obj.handle, (MPI_T_event_registration)g->obj.handle, safety, c.data);
        callback_end(s);
        obj_free(&i->obj);
    } else {
        g->dropped++;
    }
    dropped_tell(g, c.data);
    g->busy--;
    if (g->freed)
        event_release(g);
}

void event_tell(void)
{
    if (queue.telling)
        return;
    queue.telling = true;
    while (queue.first < queue.next) {
        struct entry e = queue.entries[queue.first % ROOM];
        uint64_t number = queue.first++;
        for (struct event_registration *g = NULL; (g = next_of(e.kind, g)) != NULL;)
            if (g->since <= number)
                tell_one(g, &e);
    }
    queue.telling = false;
}

int mpi_t_event_read(MPI_T_event_instance event_instance, int element_index, void *buffer)
{
    const struct event_instance *i = event_instance_of(event_instance);
    if (!i)
        return MPI_T_ERR_INVALID_HANDLE;
    if (element_index < 0 || element_index >= event_kinds[i->kind].elements)
        return MPI_T_ERR_INVALID_INDEX;
    if (!buffer)
        return MPI_T_ERR_INVALID;
    const struct event_element *e = &event_elements[element_index];
    memcpy(buffer, (const char *)&i->image + e->at, e->bytes);
    return MPI_SUCCESS;
}

int mpi_t_event_copy(MPI_T_event_instance event_instance, void *buffer)
{
    const struct event_instance *i = event_instance_of(event_instance);
    if (!i)
        return MPI_T_ERR_INVALID_HANDLE;
    if (!buffer)
        return MPI_T_ERR_INVALID;
    const struct event_element *last = &event_elements[event_kinds[i->kind].elements - 1];
    memcpy(buffer, &i->image, last->at + last->bytes);
    return MPI_SUCCESS;
}

int mpi_t_event_get_timestamp(MPI_T_event_instance event_instance, MPI_Count *event_timestamp)
{
    const struct event_instance *i = event_instance_of(event_instance);
    if (!i)
        return MPI_T_ERR_INVALID_HANDLE;
    if (!event_timestamp)
        return MPI_T_ERR_INVALID;
    *event_timestamp = (MPI_Count)i->when;
    return MPI_SUCCESS;
}

int mpi_t_event_get_source(MPI_T_event_instance event_instance, int *source_index)
{
    if (!event_instance_of(event_instance))
        return MPI_T_ERR_INVALID_HANDLE;
    if (!source_index)
        return MPI_T_ERR_INVALID;
    *source_index = 0;
    return MPI_SUCCESS;
}
