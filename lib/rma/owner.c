/* SPDX-License-Identifier: BSD-3-Clause
 *
 * owner: questions and answers. What comes from another process is looked at as if it could be anything. */
#include "lib/rma/owner.h"
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/boot.h"
#include "lib/core/pause.h"
#include "lib/nodemem/nodemem.h"
#include "lib/process/failed.h"
#include "lib/request/progress.h"

enum { PATIENCE = 300, SPINS = 2000, MOST_SKIPPED = 127 };

struct owner {
    struct progress_hook hook;
    struct win *win;
};

static bool is_row(const struct operand *o, size_t n)
{
    return datatype_is_run(o->type, o->count) && (size_t)(o->count * o->type->size) >= n;
}

/* ---- the owner ---- */

/* As the origin would have done it, on memory of this process. */
static int combine_here(struct win *w, struct control_question *q, struct control_question *asked, char *at)
{
    const struct datatype *basic = &basic_types[asked->basic];
    struct guard guard = guard_of(w);
    MPI_Count n = asked->bytes / basic->size;
    struct combine c = {.guard = &guard,
                        .owner = guard.me,
                        .op = (enum op_which)asked->op,
                        .basic = basic,
                        .origin = {asked->data, n, basic},
                        .target = {at, n, basic},
                        .result = {q->result, n, basic}};
    return asked->verb == QUESTION_SWAP ? combine_compare_swap(&c, asked->data + QUESTION_BYTES / 2)
                                        : combine_elements(&c);
}

static bool holds(const struct win *w, uint64_t at, uint64_t n)
{
    uint64_t base = (uintptr_t)w->base, size = (uint64_t)w->size;
    return at >= base && n <= size && at - base <= size - n;
}

static bool is_sound(const struct win *w, const struct control_question *q)
{
    if (q->bytes == 0 || q->bytes > QUESTION_BYTES || !holds(w, q->at, q->bytes))
        return false;
    if (q->verb == QUESTION_PUT || q->verb == QUESTION_GET)
        return true;
    if (q->basic >= BASIC_COUNT || basic_types[q->basic].size == 0 || !basic_types[q->basic].dense ||
        q->bytes % basic_types[q->basic].size != 0)
        return false;
    if (q->verb == QUESTION_SWAP)
        return q->bytes == basic_types[q->basic].size && q->bytes <= QUESTION_BYTES / 2;
    return q->verb == QUESTION_COMBINE && (q->op == NO_OP || (q->op < OP_COUNT && op_kernels[q->basic][q->op]));
}

static void answer(struct win *w, struct control_question *q)
{
    struct control_question asked = *q; /* it may not change while it is looked at */
    char *at = (char *)(uintptr_t)asked.at;
    int error = 0;
    if (!is_sound(w, &asked))
        error = MPI_ERR_RMA_RANGE;
    else if (asked.verb == QUESTION_PUT)
        memcpy(at, asked.data, asked.bytes);
    else if (asked.verb == QUESTION_GET)
        memcpy(q->result, at, asked.bytes);
    else
        error = combine_here(w, q, &asked, at);
    q->error = error;
}

/* Questions of this rank's memory. */
static bool serve(struct win *w)
{
    int me = w->node->rank;
    _Atomic uint64_t *asked = &w->control->member[me].asked;
    if (LIKELY(atomic_load_explicit(asked, memory_order_relaxed) == 0))
        return false;
    uint64_t who = atomic_exchange_explicit(asked, 0, memory_order_acquire);
    bool did = false;
    for (int r = 0; r < w->node->size; r++) {
        struct control_question *q = control_question(w->control, me, r);
        uint32_t state = QUESTION_ASKED;
        /* Acquire: what is asked was written before. Release: the answer is read after. */
        if (!(who >> (r % 64) & 1) ||
            !atomic_compare_exchange_strong_explicit(&q->state, &state, QUESTION_TAKEN, memory_order_acquire,
                                                     memory_order_relaxed))
            continue;
        answer(w, q);
        atomic_store_explicit(&q->state, QUESTION_ANSWERED, memory_order_release);
        did = true;
    }
    return did;
}

static bool poll_hook(struct progress_hook *h)
{
    return serve(((struct owner *)h)->win);
}

int owner_begin(struct win *w)
{
    if (w->flavor != MPI_WIN_FLAVOR_CREATE || w->node->size == 1)
        return MPI_SUCCESS;
    struct owner *h = calloc(1, sizeof *h);
    if (!h)
        return MPI_ERR_NO_MEM;
    h->hook.poll = poll_hook;
    h->win = w;
    w->owner = h;
    progress_add(&h->hook);
    return MPI_SUCCESS;
}

void owner_end(struct win *w)
{
    if (w->owner)
        progress_remove(&w->owner->hook);
    free(w->owner);
    w->owner = NULL;
}

/* ---- who asks ---- */

/* Where ranks have no processor of their own each, or the owner sleeps, nobody would look. */
static struct control_question *question_begin(struct target *t)
{
    if (!t->w->owner || boot.local_size > boot.local_cpus)
        return NULL;
    if (t->skip > 0) {
        t->skip--;
        return NULL;
    }
    if (atomic_load_explicit(doorbell_sleeping(t->local), memory_order_relaxed))
        return NULL;
    return control_question(t->w->control, t->member, t->w->node->rank);
}

/* It was begun, and will be answered unless the owner dies. */
static int await_answer(struct target *t, struct control_question *q)
{
    for (int spins = 0; atomic_load_explicit(&q->state, memory_order_acquire) != QUESTION_ANSWERED; spins++) {
        if (spins < SPINS) {
            pause_cpu();
            continue;
        }
        enum rank_state s = process_state(t->local);
        if (s == RANK_DEAD || s == RANK_NEVER)
            return failed_error(t->proc);
        sched_yield();
    }
    return q->error;
}

/* Nobody looks: the next ones do not even ask. */
static void give_up(struct target *t)
{
    t->skips = t->skips * 2 + 1 < MOST_SKIPPED ? t->skips * 2 + 1 : MOST_SKIPPED;
    t->skip = t->skips;
}

static bool ask(struct target *t, struct control_question *q, int *rc)
{
    struct win *w = t->w;
    uint32_t state = QUESTION_ASKED;
    atomic_store_explicit(&q->state, QUESTION_ASKED, memory_order_relaxed);
    atomic_fetch_or_explicit(&w->control->member[t->member].asked, UINT64_C(1) << (w->node->rank % 64),
                             memory_order_release);
    for (int spins = 0; spins < PATIENCE; spins++) {
        if (atomic_load_explicit(&q->state, memory_order_acquire) != QUESTION_ASKED)
            break;
        serve(w); /* the other one may be asking here */
    }
    bool taken = !atomic_compare_exchange_strong_explicit(&q->state, &state, QUESTION_NONE, memory_order_acquire,
                                                          memory_order_acquire);
    if (!taken) {
        give_up(t);
        return false;
    }
    t->skips = 0;
    *rc = await_answer(t, q);
    atomic_store_explicit(&q->state, QUESTION_NONE, memory_order_relaxed);
    return true;
}

bool owner_copy(struct target *t, bool write, void *here, const char *there, size_t bytes, int *rc)
{
    struct control_question *q = question_begin(t);
    if (!q)
        return false;
    q->verb = write ? QUESTION_PUT : QUESTION_GET;
    q->bytes = (uint8_t)bytes;
    q->at = (uintptr_t)there;
    if (write)
        memcpy(q->data, here, bytes);
    if (!ask(t, q, rc))
        return false;
    if (!write && *rc == MPI_SUCCESS)
        memcpy(here, q->result, bytes);
    return true;
}

bool owner_combine(struct target *t, const struct combine *c, const void *compare, int *rc)
{
    size_t n = (size_t)(c->target.count * c->target.type->size);
    bool from = c->op != NO_OP;
    if (n > (compare ? QUESTION_BYTES / 2 : QUESTION_BYTES) || !c->basic->dense || !is_row(&c->target, n) ||
        (from && !is_row(&c->origin, n)) || (c->result.type && !is_row(&c->result, n)))
        return false;
    struct control_question *q = question_begin(t);
    if (!q)
        return false;
    q->verb = compare ? QUESTION_SWAP : QUESTION_COMBINE;
    q->bytes = (uint8_t)n;
    q->op = (uint8_t)c->op;
    q->basic = (uint8_t)c->basic->basic;
    q->at = (uintptr_t)c->target.at + (uintptr_t)c->target.type->true_lb;
    if (from)
        memcpy(q->data, (const char *)c->origin.at + c->origin.type->true_lb, n);
    if (compare)
        memcpy(q->data + QUESTION_BYTES / 2, compare, n);
    if (!ask(t, q, rc))
        return false;
    if (c->result.type && *rc == MPI_SUCCESS)
        memcpy((char *)(uintptr_t)c->result.at + c->result.type->true_lb, q->result, n);
    return true;
}
