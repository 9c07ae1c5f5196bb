/* SPDX-License-Identifier: BSD-3-Clause
 *
 * builder: from what a constructor says to a datatype. */
#include "lib/datatype/builder.h"
#include "lib/core/error.h"
#include "lib/core/state.h"

enum { NO_BASIC = -2 }; /* nothing seen yet */

bool builder_init(struct builder *m)
{
    *m = (struct builder){.ok = true, .t = obj_new(OBJ_DATATYPE, sizeof *m->t)};
    if (!m->t)
        return false;
    m->t->basic = NO_BASIC;
    m->t->align = 1;
    return true;
}

bool builder_keep(struct builder *m, int combiner, const struct constructor_arg *args, MPI_Count types)
{
    m->t->envelope = envelope_new(combiner, lib.wide, args, types);
    return m->t->envelope;
}

void builder_drop(struct builder *m)
{
    envelope_free(m->t->envelope);
    layout_unref(m->t->layout);
    obj_free(&m->t->obj);
}

bool builder_begin_with(struct builder *m, int combiner, struct datatype *old, const struct constructor_arg *args)
{
    if (!builder_init(m))
        return false;
    if (!builder_keep(m, combiner, args, old != NULL)) {
        builder_drop(m);
        return false;
    }
    if (old) {
        envelope_type(m->t->envelope, old);
        m->t->depth = old->depth;
    }
    return true;
}

static void widen(MPI_Count lo, MPI_Count hi, MPI_Count *lb, MPI_Count *ub, bool *any)
{
    *lb = *any && *lb < lo ? *lb : lo;
    *ub = *any && *ub > hi ? *ub : hi;
    *any = true;
}

MPI_Count builder_times(struct builder *m, MPI_Count a, MPI_Count b)
{
    MPI_Count product;
    bool large = __builtin_mul_overflow(a, b, &product);
    m->large |= large;
    return large ? 0 : product;
}

void builder_block(struct builder *m, MPI_Count disp, MPI_Count n, const struct datatype *o)
{
    if (n == 0 || (o->elements == 0 && !o->marked))
        return;
    MPI_Count reach = builder_times(m, n - 1, o->extent);
    m->large |= !builder_near(disp) || !builder_near(reach);
    MPI_Count lo = m->large ? 0 : reach < 0 ? disp + reach : disp, hi = m->large ? 0 : reach < 0 ? disp : disp + reach;
    m->large |= !builder_near(lo) || !builder_near(hi);
    if (UNLIKELY(m->large))
        return;
    MPI_Count lb = lo + o->lb, ub = hi + (o->lb + o->extent);
    MPI_Count true_lb = lo + o->true_lb, true_ub = hi + (o->true_lb + o->true_extent);
    m->large |= !builder_near(lb) || !builder_near(ub) || !builder_near(true_lb) || !builder_near(true_ub);
    if (UNLIKELY(m->large))
        return;
    widen(lb, ub, &m->t->lb, &m->ub, &m->any);
    if (o->marked)
        widen(lb, ub, &m->mark_lb, &m->mark_ub, &m->any_mark);
    if (o->size > 0)
        widen(true_lb, true_ub, &m->t->true_lb, &m->true_ub, &m->any_true);
}

void builder_count(struct builder *m, MPI_Count n, const struct datatype *o)
{
    if (n == 0 || o->elements == 0)
        return;
    MPI_Count size = builder_times(m, n, o->size), elements = builder_times(m, n, o->elements);
    m->large |= __builtin_add_overflow(m->t->size, size, &m->t->size) ||
                __builtin_add_overflow(m->t->elements, elements, &m->t->elements);
    m->t->basic = m->t->basic == NO_BASIC || m->t->basic == o->basic ? o->basic : -1;
    if (o->align > m->t->align)
        m->t->align = o->align;
}

void builder_bounds(struct builder *m, MPI_Count lb, MPI_Count extent, MPI_Count true_lb, MPI_Count true_ub)
{
    m->any_mark = true;
    m->large |= !builder_near(lb) || !builder_near(extent);
    if (m->large)
        return;
    m->mark_lb = lb;
    m->mark_ub = lb + extent;
    m->t->true_lb = true_lb;
    m->true_ub = true_ub;
}

struct placed builder_element(const struct datatype *t)
{
    return (struct placed){t->disp, t->size, t->one_run ? NULL : layout_ref(t->layout)};
}

struct placed builder_row(struct builder *m, MPI_Count disp, MPI_Count n, const struct datatype *o)
{
    if (m->large)
        return (struct placed){0, 0, NULL};
    if (o->dense)
        return (struct placed){disp + o->disp, n * o->size, NULL};
    struct placed p = placed_loop(n, o->extent, builder_element(o), &m->ok);
    p.disp += disp;
    return p;
}

static int too_large(struct builder *m, struct placed p)
{
    layout_unref(p.layout);
    builder_drop(m);
    error_detail_set(MPI_ERR_COUNT, "the datatype would have 2^62 bytes, or reach so far");
    return MPI_ERR_COUNT;
}

int builder_end(struct builder *m, struct placed p, MPI_Datatype *out)
{
    struct datatype *t = m->t;
    if (m->any_mark)
        t->lb = m->mark_lb, m->ub = m->mark_ub, t->marked = true;
    if (UNLIKELY(m->large || !builder_near(t->size) || !builder_near(t->lb) || !builder_near(m->ub) ||
                 !builder_near(t->true_lb) || !builder_near(m->true_ub)))
        return too_large(m, p);
    t->extent = m->ub - t->lb;
    t->true_extent = m->true_ub - t->true_lb;
    datatype_measure(t);
    if (t->basic == NO_BASIC)
        t->basic = -1;
    t->disp = p.disp;
    t->one_run = !p.layout;
    t->dense = p.size == 0 || (t->one_run && t->size == t->extent);
    t->layout = t->dense ? NULL : placed_layout(p, &m->ok);
    if (m->ok) {
        *out = datatype_handle(t);
        return MPI_SUCCESS;
    }
    builder_drop(m);
    return MPI_ERR_NO_MEM;
}
