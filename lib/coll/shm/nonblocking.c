/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nonblocking: the phases of a collective that nobody waits in. */
#include "lib/coll/shm/nonblocking.h"
#include "lib/process/finalized.h"

enum op_stage { START, BEGIN, MEET, READ, END };

static void want(struct shm_op *o)
{
    if (!o->wanting)
        atomic_fetch_add_explicit(&o->a->area->wanted, 1, memory_order_seq_cst);
    o->wanting = true;
}

static void want_no_more(struct shm_op *o)
{
    if (o->wanting)
        atomic_fetch_sub_explicit(&o->a->area->wanted, 1, memory_order_relaxed);
    o->wanting = false;
}

/* Is there room? If not, whoever finishes a phase tells (and one may have just done so). */
static bool can_begin(struct shm_op *o, const struct shm_offer *offer)
{
    size_t n = offer->any ? offer->room : 0, more = o->program->last && o->a->n > 2 ? o->whole : 0;
    if (!phase_can_begin(o->a, n, more)) {
        want(o);
        if (!phase_can_begin(o->a, n, more))
            return false;
    }
    want_no_more(o);
    return true;
}

static void publish(struct shm_op *o, int reader)
{
    struct shm_coll *a = o->a;
    if (o->program->write)
        o->program->write(o, o->room);
    phase_publish(a, o->k, o->whole);
    if (reader >= 0)
        phase_wake(a, reader);
    else if (!o->program->meets)
        phase_wake_all(a);
    else if (a->n == 2)
        phase_wake(a, !a->me);
}

/* All have been counted: of more than two, the last one lets the others go. */
static void arrive(struct shm_op *o)
{
    struct shm_coll *a = o->a;
    if (a->n == 2 || !phase_last(a, o->k))
        return;
    if (o->program->last)
        o->program->last(o, phase_reserve_in(a, phase_result(a, o->k), o->whole));
    if (!a->broken)
        phase_result_publish(a, o->k, o->whole);
    o->stage = o->program->last ? END : READ;
}

static bool begin(struct shm_op *o)
{
    const struct shm_program *p = o->program;
    struct shm_offer offer = p->offer(o);
    if (!can_begin(o, &offer))
        return false;
    o->k = phase_begin(o->a, offer.any ? offer.reader : PHASE_NONE);
    o->room = offer.any ? phase_reserve(o->a, o->k, offer.room) : NULL;
    o->next = 0;
    o->stage = p->meets ? MEET : READ;
    if (offer.any && !p->reads_first)
        publish(o, offer.reader);
    if (p->meets)
        arrive(o);
    return true;
}

static bool posted(const struct phase_cell *c, uint32_t k)
{
    /* Acquire: what was written before the word was. */
    return atomic_load_explicit(&c->seq, memory_order_acquire) == k + 1;
}

/* Have all come? Then what they have offered may be read. */
static bool meet(struct shm_op *o)
{
    struct shm_coll *a = o->a;
    const struct phase_cell *c = a->n == 2 ? phase_cell(a, o->k, !a->me) : phase_result(a, o->k);
    if (!posted(c, o->k))
        return false;
    a->known = o->k; /* who has come to phase k has finished those before */
    if (o->program->last && a->n > 2) {
        if (!phase_is_whole(a, c, o->whole))
            phase_spoil(a, a->me, c, o->whole);
        else
            o->program->read(o, a->me, c);
        o->stage = END;
    } else {
        o->stage = READ;
    }
    return true;
}

/* Reads what there is; true: that was all. */
static bool read_offers(struct shm_op *o)
{
    struct shm_coll *a = o->a;
    int source = o->program->source ? o->program->source(o) : PHASE_NONE;
    if (source == PHASE_NONE)
        return true;
    for (; o->next < a->n; o->next++) {
        if (o->next == a->me || (source >= 0 && o->next != source))
            continue;
        const struct phase_cell *c = phase_cell(a, o->k, o->next);
        if (!posted(c, o->k))
            return false;
        if (o->program->read)
            o->program->read(o, o->next, c);
        if (a->broken)
            return true;
    }
    return true;
}

static bool read_phase(struct shm_op *o)
{
    if (!read_offers(o))
        return false;
    o->stage = END;
    return true;
}

static void end(struct shm_op *o)
{
    const struct shm_program *p = o->program;
    if (p->end)
        p->end(o);
    if (p->reads_first) {
        struct shm_offer offer = p->offer(o);
        if (offer.any)
            publish(o, offer.reader);
    }
    if (UNLIKELY(o->a->broken))
        return;
    phase_end(o->a, o->k);
    o->i++;
    o->stage = BEGIN;
}

/* Goes on once; false: something is to be waited for. */
static bool advance(struct shm_op *o)
{
    switch ((enum op_stage)o->stage) {
    case START:
        phase_enter(o->a, PHASE_LATER, 0);
        o->i = 0;
        o->program->begin(o);
        o->stage = BEGIN;
        return true;
    case BEGIN:
        return begin(o);
    case MEET:
        return meet(o);
    case READ:
        return read_phase(o);
    case END:
        end(o);
        return true;
    }
    return true;
}

/* Waits there somebody who has left, or is there one whose phases are not ours? */
static void look_around(struct shm_op *o)
{
    struct shm_coll *a = o->a;
    if (UNLIKELY(atomic_load_explicit(&a->area->spoiled, memory_order_relaxed)))
        phase_look_for_spoiled(a);
    if (UNLIKELY(finalized_seen != o->finalized)) {
        o->finalized = finalized_seen;
        phase_look_for_left(a);
    }
}

static bool shm_op_go(struct sched *s, void *arg)
{
    struct shm_op *o = arg;
    struct shm_coll *a = o->a;
    while (!a->broken && !(o->stage == BEGIN && o->i == o->phases)) {
        if (advance(o))
            continue;
        look_around(o);
        if (!a->broken)
            return false;
    }
    if (a->area)
        want_no_more(o);
    o->stage = START;
    if (a->broken)
        sched_fail(s, a->broken);
    return true;
}

void shm_op_add(struct sched *s, struct shm_coll *a, const struct shm_program *p, const struct coll_args *args)
{
    struct shm_op *o = sched_temp(s, sizeof *o);
    if (!o)
        return;
    *o = (struct shm_op){.program = p, .sched = s, .a = a, .args = *args};
    if (args->op)
        o->v = (struct vector){args_operand(args), (char *)(uintptr_t)args->recv.buf, args->recv.count, args->recv.t,
                               args->op};
    sched_call(s, shm_op_go, o);
}
