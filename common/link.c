/* SPDX-License-Identifier: BSD-3-Clause
 *
 * link: one link, as a table of states and events.
 *
 * A frame's callback may drop the link that it came from, or any other: after each callback only l->state is trusted,
 * and links are freed by links_fini alone.
 */
#include "common/link_inner.h"

#include "common/log.h"
#include "wire/control.h"

#include <stdio.h>

#define NOISE "does a login script there write something?"

const char *link_name(const struct link *l)
{
    return l->set->names[l->first - l->set->first];
}

/* --- the end of a link */

static void check_settled(struct links *set)
{
    if (set->pending == 0)
        set->ops->settled(set->arg);
}

static void tell_lost(struct link *l)
{
    struct links *set = l->set;
    bool was_pending = !l->told;
    set->left--;
    set->pending -= was_pending;
    l->told = true;
    char text[512];
    start_failure_text(&l->failure, link_name(l), text, sizeof text);
    log_debug("%s", text);
    set->ops->lost(set->arg, l);
    if (was_pending)
        check_settled(set);
}

/* Of a link that was not READY nobody needs to hear how its process ends. */
static void lose(struct link *l)
{
    if (l->failure.step != START_STARTED)
        start_cancel(&l->start);
    link_close(l);
    tell_lost(l);
}

/* How far it had come: `was` is the state before. */
static enum start_step step_of(enum link_state was)
{
    return was == LINK_READY ? START_STARTED : was == LINK_GREETED ? START_READY : START_HELLO;
}

/* --- actions. l->state is the new one already */

/* How many levels of the tree are below it: each may take its time. */
static unsigned levels_below(const struct link *l)
{
    unsigned levels = 0;
    for (uint32_t n = l->count - 1; n > 0; n = (n - 1) / l->set->radix)
        levels++;
    return levels;
}

static void act_greet(struct link *l, enum link_state was, const struct link_input *in)
{
    link_wait(l, levels_below(l) + 1);
}

static void act_ready(struct link *l, enum link_state was, const struct link_input *in)
{
    struct links *set = l->set;
    link_wait_end(l);
    if (!set->hold)
        link_queue_send(l);
    l->told = true;
    set->pending--;
    if (set->ops->ready)
        set->ops->ready(set->arg, l);
    check_settled(set);
}

static void act_frame(struct link *l, enum link_state was, const struct link_input *in)
{
    char why[128];
    if (l->set->ops->frame(l->set->arg, l, in->h, in->payload) || l->state == LINK_LOST)
        return;
    snprintf(why, sizeof why, "it sent a %s message that no proxy of this version sends", control_name(in->h->type));
    link_event(l, LINK_EV_MALFORMED, &(struct link_input){.why = why});
}

static void act_version(struct link *l, enum link_state was, const struct link_input *in)
{
    start_failure_set(&l->failure, START_VERSION, "", "%s", in->text);
    lose(l);
}

static void act_refused(struct link *l, enum link_state was, const struct link_input *in)
{
    l->failure = *in->failure;
    lose(l);
}

static void act_noise(struct link *l, enum link_state was, const struct link_input *in)
{
    start_failure_set(&l->failure, START_HELLO, NOISE, "its first words are not those of a proxy");
    lose(l);
}

static void act_unexpected(struct link *l, enum link_state was, const struct link_input *in)
{
    start_failure_set(&l->failure, step_of(was), "", "it sent a %s message out of turn", control_name(in->h->type));
    lose(l);
}

static void act_drop(struct link *l, enum link_state was, const struct link_input *in)
{
    start_failure_set(&l->failure, step_of(was), "", "%s", in->why);
    lose(l);
}

static void act_late(struct link *l, enum link_state was, const struct link_input *in)
{
    start_failure_set(&l->failure, step_of(was), "", "no answer within %g s", l->start.starter->patience_ms / 1000.0);
    lose(l);
}

static void act_closed(struct link *l, enum link_state was, const struct link_input *in)
{
    char why[128];
    snprintf(why, sizeof why, "%s", in->why); /* the peer's, which goes now */
    l->failure.step = step_of(was);
    link_close(l);
    if (l->set->ending)
        link_ended(l, why);
    else
        start_end(&l->start, why); /* which leads to link_ended */
}

void link_ended(struct link *l, const char *how)
{
    enum start_step step = l->failure.step;
    start_failure_set(&l->failure, step, "", "%s", how);
    tell_lost(l);
}

static void act_nothing(struct link *l, enum link_state was, const struct link_input *in)
{
}

struct cell {
    enum link_state next;
    void (*act)(struct link *l, enum link_state was, const struct link_input *in);
};

/* clang-format off */
static const struct cell table[LINK_STATES][LINK_EVENTS] = {
    [LINK_STARTING] = {
        [LINK_EV_HELLO]     = {LINK_GREETED,  act_greet},
        [LINK_EV_VERSION]   = {LINK_LOST,     act_version},
        [LINK_EV_READY]     = {LINK_LOST,     act_noise},
        [LINK_EV_REFUSED]   = {LINK_LOST,     act_noise},
        [LINK_EV_FRAME]     = {LINK_LOST,     act_noise},
        [LINK_EV_MALFORMED] = {LINK_LOST,     act_noise},
        [LINK_EV_FAILED]    = {LINK_LOST,     act_refused},
        [LINK_EV_CLOSED]    = {LINK_LOST,     act_closed},
        [LINK_EV_LATE]      = {LINK_LOST,     act_late},
        [LINK_EV_DROP]      = {LINK_LOST,     act_drop},
    },
    [LINK_GREETED] = {
        [LINK_EV_HELLO]     = {LINK_LOST,     act_unexpected},
        [LINK_EV_VERSION]   = {LINK_LOST,     act_unexpected},
        [LINK_EV_READY]     = {LINK_READY,    act_ready},
        [LINK_EV_REFUSED]   = {LINK_LOST,     act_refused},
        [LINK_EV_FRAME]     = {LINK_GREETED,  act_frame},
        [LINK_EV_MALFORMED] = {LINK_LOST,     act_drop},
        [LINK_EV_FAILED]    = {LINK_LOST,     act_refused},
        [LINK_EV_CLOSED]    = {LINK_LOST,     act_closed},
        [LINK_EV_LATE]      = {LINK_LOST,     act_late},
        [LINK_EV_DROP]      = {LINK_LOST,     act_drop},
    },
    [LINK_READY] = {
        [LINK_EV_HELLO]     = {LINK_LOST,     act_unexpected},
        [LINK_EV_VERSION]   = {LINK_LOST,     act_unexpected},
        [LINK_EV_READY]     = {LINK_LOST,     act_unexpected},
        [LINK_EV_REFUSED]   = {LINK_LOST,     act_refused}, /* one below was lost before ranks ran there */
        [LINK_EV_FRAME]     = {LINK_READY,    act_frame},
        [LINK_EV_MALFORMED] = {LINK_LOST,     act_drop},
        [LINK_EV_FAILED]    = {LINK_LOST,     act_refused},
        [LINK_EV_CLOSED]    = {LINK_LOST,     act_closed},
        [LINK_EV_LATE]      = {LINK_READY,    act_nothing},
        [LINK_EV_DROP]      = {LINK_LOST,     act_drop},
    },
    [LINK_LOST] = {
        [LINK_EV_HELLO]     = {LINK_LOST,     act_nothing},
        [LINK_EV_VERSION]   = {LINK_LOST,     act_nothing},
        [LINK_EV_READY]     = {LINK_LOST,     act_nothing},
        [LINK_EV_REFUSED]   = {LINK_LOST,     act_nothing},
        [LINK_EV_FRAME]     = {LINK_LOST,     act_nothing},
        [LINK_EV_MALFORMED] = {LINK_LOST,     act_nothing},
        [LINK_EV_FAILED]    = {LINK_LOST,     act_nothing},
        [LINK_EV_CLOSED]    = {LINK_LOST,     act_nothing},
        [LINK_EV_LATE]      = {LINK_LOST,     act_nothing},
        [LINK_EV_DROP]      = {LINK_LOST,     act_nothing},
    },
};
/* clang-format on */

static const char *const state_names[LINK_STATES] = {"STARTING", "GREETED", "READY", "LOST"};
static const char *const event_names[LINK_EVENTS] = {"hello", "other version", "ready",       "refused",
                                                     "frame", "malformed",     "not started", "stream ended",
                                                     "late",  "dropped"};

const char *link_state_name(enum link_state s)
{
    return state_names[s];
}

enum link_state link_next(enum link_state s, enum link_event e)
{
    return table[s][e].next;
}

void link_event(struct link *l, enum link_event e, const struct link_input *in)
{
    enum link_state was = l->state;
    const struct cell *c = &table[was][e];
    if (c->next != was)
        log_debug("link to %s: %s: %s -> %s", link_name(l), event_names[e], state_names[was], state_names[c->next]);
    l->state = c->next;
    c->act(l, was, in);
}
