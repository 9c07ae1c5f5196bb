/* SPDX-License-Identifier: BSD-3-Clause
 *
 * state: what the collectives keep with a communicator, made when first used. */
#include "lib/coll/state.h"
#include <stdlib.h>
#include "lib/coll/choose.h"
#include "lib/coll/shm/area.h"

static void set_free(struct coll_set *set)
{
    if (set->shm)
        area_leave(set->shm);
    levels_free(set->levels);
}

static void state_free(struct comm *c)
{
    struct coll_state *st = c->coll;
    c->coll = NULL;
    set_free(&st->now);
    set_free(&st->later);
    free(st->later.shm);
    free(st);
}

static void state_break(struct comm *c);

/* Whoever knows of the failure takes no part in stages any more, so nobody may wait for him there. */
static void levels_break(struct levels *l)
{
    struct comm *parts[] = {l ? l->local : NULL, l ? l->leaders : NULL};
    for (int i = 0; i < 2; i++) {
        if (!parts[i])
            continue;
        parts[i]->reach.broken = true;
        if (parts[i]->coll)
            state_break(parts[i]);
    }
}

static void state_break(struct comm *c)
{
    struct coll_state *st = c->coll;
    area_break(&st->now_shm, MPI_ERR_PROC_ABORTED);
    if (st->later.shm)
        area_break(st->later.shm, MPI_ERR_PROC_ABORTED);
    levels_break(st->now.levels);
    levels_break(st->later.levels);
}

static struct coll_state *state_of(struct comm *c)
{
    comm_coll_free = state_free;
    comm_coll_break = state_break;
    if (!c->coll)
        c->coll = calloc(1, sizeof(struct coll_state));
    struct coll_state *st = c->coll;
    if (st)
        st->now.shm = &st->now_shm;
    return st;
}

/* Two groups need nothing of each other. What others do not wait for has a communicator of its own, whose messages are
 * told apart by their tags (stages). */
static struct levels *levels_of_inter(const struct coll_state *st, const struct coll_set *set, struct comm *c)
{
    struct comm *local = set == &st->now ? comm_local(c) : comm_new_inner(c->group, c->local_ctx, c);
    return levels_of_group(local && set == &st->now ? comm_ref(local) : local);
}

/* Adds the steps of making it; false: there are none. */
static bool set_make(struct sched *s, struct coll_set *set, struct comm *c)
{
    if (c->inter) {
        set->levels = levels_of_inter(c->coll, set, c);
        if (c->reach.broken) /* that was known before there were parts */
            levels_break(set->levels);
        return false;
    }
    if (area_eligible(c)) {
        area_make(s, set->shm, c);
        return true;
    }
    return levels_make(s, &set->levels, c);
}

static void quick_update(const struct comm *c)
{
    struct coll_state *st = c->coll;
    if (st && st->now.made)
        st->now_shm.quick = st->now_shm.open && !choose_forced();
}

struct coll_state *state_now(struct comm *c)
{
    struct coll_state *st = c->coll;
    if (LIKELY(st && st->now.made))
        return st;
    struct sched *s = (st = state_of(c)) ? sched_new(c) : NULL;
    if (!s)
        return NULL;
    /* It is used at once by what waits for it to be made, and fails there if this does. */
    st->now.made = true;
    set_make(s, &st->now, c);
    sched_run(s);
    quick_update(c);
    return st;
}

void state_choice_changed(void)
{
    for (const struct comm *c = obj_next(OBJ_COMM, NULL); c; c = obj_next(OBJ_COMM, c))
        quick_update(c);
    quick_update(&comm_world);
    quick_update(&comm_self);
}

static bool later_made(struct sched *s, void *arg)
{
    struct coll_set *set = arg;
    set->made = true;
    set->making = false;
    return true;
}

struct coll_state *state_later(struct comm *c)
{
    struct coll_state *st = c->coll;
    if (LIKELY(st && (st->later.made || st->later.making)))
        return st;
    st = state_of(c);
    if (st && !st->later.shm)
        st->later.shm = calloc(1, sizeof *st->later.shm);
    struct sched *s = st && st->later.shm ? sched_new(c) : NULL;
    if (!s)
        return NULL;
    if (!set_make(s, &st->later, c)) {
        st->later.made = true;
        sched_free(s);
        return st;
    }
    sched_call(s, later_made, &st->later);
    sched_join(s, &st->line);
    st->later.making = true;
    return sched_start_alone(s) == MPI_SUCCESS ? st : NULL;
}
