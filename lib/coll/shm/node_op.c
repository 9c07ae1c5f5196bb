/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_op: the phases of a collective that nobody waits in. */
#include "lib/coll/shm/node_op.h"
#include "lib/process/finalized.h"

enum op_stage { START, BEGIN, MEET, READ, END };

static void want(struct node_op *o)
{
    if (!o->wanting)
        atomic_fetch_add_explicit(&o->a->area->wanted, 1, memory_order_seq_cst);
    o->wanting = true;
}

static void want_no_more(struct node_op *o)
{
    if (o->wanting)
        atomic_fetch_sub_explicit(&o->a->area->wanted, 1, memory_order_relaxed);
    o->wanting = false;
}

/* Is there room? If not, whoever finishes a phase tells (and one may have just done so). */
static bool can_begin(struct node_op *o, const struct node_offer *offer)
{
    size_t n = offer->any ? offer->room : 0, more = o->program->last && o->a->n > 2 ? o->whole : 0;
    if (!node_can_begin(o->a, n, more)) {
        want(o);
        if (!node_can_begin(o->a, n, more))
            return false;
    }
    want_no_more(o);
    return true;
}

static void publish(struct node_op *o, int reader)
{
    struct node *a = o->a;
    if (o->program->write)
        o->program->write(o, o->room);
    node_post(a, o->k, o->whole);
    if (reader >= 0)
        node_wake(a, reader);
    else if (!o->program->meets)
        node_wake_all(a);
    else if (a->n == 2)
        node_wake(a, !a->me);
}

/* All have been counted: of more than two, the last one lets the others go. */
static void arrive(struct node_op *o)
{
    struct node *a = o->a;
    if (a->n == 2 || !node_last(a, o->k))
        return;
    if (o->program->last)
        o->program->last(o, node_room_in(a, node_result(a, o->k), o->whole));
    if (!a->broken)
        node_result_post(a, o->k, o->whole);
    o->stage = o->program->last ? END : READ;
}

static bool begin(struct node_op *o)
{
    const struct node_program *p = o->program;
    struct node_offer offer = p->offer(o);
    if (!can_begin(o, &offer))
        return false;
    o->k = node_begin(o->a, offer.any ? offer.reader : NODE_NONE);
    o->room = offer.any ? node_room(o->a, o->k, offer.room) : NULL;
    o->next = 0;
    o->stage = p->meets ? MEET : READ;
    if (offer.any && !p->reads_first)
        publish(o, offer.reader);
    if (p->meets)
        arrive(o);
    return true;
}

static bool posted(const struct node_cell *c, uint32_t k)
{
    /* Acquire: what was written before the word was. */
    return atomic_load_explicit(&c->seq, memory_order_acquire) == k + 1;
}

/* Have all come? Then what they have offered may be read. */
static bool meet(struct node_op *o)
{
    struct node *a = o->a;
    const struct node_cell *c = a->n == 2 ? node_cell(a, o->k, !a->me) : node_result(a, o->k);
    if (!posted(c, o->k))
        return false;
    a->known = o->k; /* who has come to phase k has finished those before */
    if (o->program->last && a->n > 2) {
        if (!node_is_whole(a, c, o->whole))
            node_spoil(a, a->me, c, o->whole);
        else
            o->program->read(o, a->me, c);
        o->stage = END;
    } else {
        o->stage = READ;
    }
    return true;
}

/* Reads what there is; true: that was all. */
static bool read_offers(struct node_op *o)
{
    struct node *a = o->a;
    int source = o->program->source ? o->program->source(o) : NODE_NONE;
    if (source == NODE_NONE)
        return true;
    for (; o->next < a->n; o->next++) {
        if (o->next == a->me || (source >= 0 && o->next != source))
            continue;
        const struct node_cell *c = node_cell(a, o->k, o->next);
        if (!posted(c, o->k))
            return false;
        if (o->program->read)
            o->program->read(o, o->next, c);
        if (a->broken)
            return true;
    }
    return true;
}

static bool read_phase(struct node_op *o)
{
    if (!read_offers(o))
        return false;
    o->stage = END;
    return true;
}

static void end(struct node_op *o)
{
    const struct node_program *p = o->program;
    if (p->end)
        p->end(o);
    if (p->reads_first) {
        struct node_offer offer = p->offer(o);
        if (offer.any)
            publish(o, offer.reader);
    }
    if (UNLIKELY(o->a->broken))
        return;
    node_end(o->a, o->k);
    o->i++;
    o->stage = BEGIN;
}

/* Goes on once; false: something is to be waited for. */
static bool advance(struct node_op *o)
{
    switch ((enum op_stage)o->stage) {
    case START:
        node_enter(o->a);
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
static void look_around(struct node_op *o)
{
    struct node *a = o->a;
    if (UNLIKELY(atomic_load_explicit(&a->area->spoiled, memory_order_relaxed)))
        node_look_for_spoiled(a);
    if (UNLIKELY(finalized_seen != o->finalized)) {
        o->finalized = finalized_seen;
        node_look_for_left(a);
    }
}

static bool node_op_go(struct sched *s, void *arg)
{
    struct node_op *o = arg;
    struct node *a = o->a;
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

void node_op_add(struct sched *s, struct node *a, const struct node_program *p, const struct coll_args *args)
{
    struct node_op *o = sched_temp(s, sizeof *o);
    if (!o)
        return;
    *o = (struct node_op){.program = p, .sched = s, .a = a, .args = *args};
    if (args->op)
        o->v = (struct vector){args_operand(args), (char *)(uintptr_t)args->recv.buf, args->recv.count, args->recv.t,
                               args->op};
    sched_call(s, node_op_go, o);
}
