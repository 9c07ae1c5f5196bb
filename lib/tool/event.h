/* SPDX-License-Identifier: BSD-3-Clause
 *
 * event: events of MPI_T, and who wants to be told of them.
 *
 * What happens is put down, with its time, where it happens, which may be in the middle of anything; the next progress,
 * mostly the one that it happened in, tells the tools, one event after the other. So a callback finds the library in
 * order and unlocked, and may call what any function may: its safety level is MPI_T_CB_REQUIRE_NONE, for which a
 * callback of any level will do. Where more happens than can be put down, the rest is dropped, and counted. */
#ifndef LIB_TOOL_EVENT_H
#define LIB_TOOL_EVENT_H

#include "lib/core/tally.h"
#include "lib/tool/tool.h"

struct event_kind {
    const char *name, *says;
    int elements;
};
extern const struct event_kind event_kinds[];

/* An event as a tool reads it. */
struct event_image {
    int peer, tag;
    unsigned comm;
    MPI_Count bytes;
};
enum { EVENT_ELEMENTS = 4 };
struct event_element {
    MPI_Datatype type;
    size_t at, bytes; /* in struct event_image */
};
extern const struct event_element event_elements[EVENT_ELEMENTS];

/* By safety level, the lowest first. */
enum { EVENT_LEVELS = 4 };
struct event_callback {
    MPI_T_event_cb_function *fn; /* NULL: there is none */
    void *data;
};

struct event_registration {
    struct obj obj;
    enum tally_event_kind kind;
    struct event_callback callbacks[EVENT_LEVELS];
    MPI_T_event_dropped_cb_function *dropped_fn;
    MPI_Count dropped; /* that it has not been told of */
    uint64_t since;    /* the number of the first event that it is told */
    int busy;          /* callbacks of it under way */
    bool freed;        /* while they are */
    MPI_T_event_free_cb_function *free_fn;
    void *free_data;
};
OBJ_ACCESSOR(event_registration, OBJ_EVENT_REGISTRATION, MPI_T_event_registration)

/* While it is told of an event. */
struct event_instance {
    struct obj obj;
    enum tally_event_kind kind;
    uint64_t when; /* clock_ns() */
    struct event_image image;
};
OBJ_ACCESSOR(event_instance, OBJ_EVENT_INSTANCE, MPI_T_event_instance)

/* event_queue.c: who has callbacks has changed. */
void event_update(void);
/* The callback that it is told by; NULL: it has none. */
struct event_callback *event_callback_of(struct event_registration *g);
uint64_t event_next(void); /* the number of the next event */
/* Tells of everything that has been put down, if nobody does already. */
void event_tell(void);
/* The registration goes, now or after its callbacks. */
void event_release(struct event_registration *g);

#endif
