/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node: phases, and the waiting in them. */
#include "lib/coll/node.h"
#include "lib/transport/shm/shm.h"

struct want {
    const _Atomic uint32_t *word;
    uint32_t value;
};

static bool equal(const void *p)
{
    const struct want *w = p;
    /* Acquire: what was written before the word was. */
    return atomic_load_explicit(w->word, memory_order_acquire) == w->value;
}

static bool reached(const void *p)
{
    const struct want *w = p;
    return (int32_t)(atomic_load_explicit(w->word, memory_order_acquire) - w->value) >= 0;
}

static void wait_until(struct node *a, bool (*ready)(const void *), const struct want *w)
{
    struct waiter wait = {.ready = ready, .arg = w, .comm = a->comm};
    while (!ready(w) && !a->broken)
        progress_wait(&wait, NULL);
}

void node_await_slow(struct node *a, const _Atomic uint32_t *word, uint32_t value)
{
    wait_until(a, equal, &(struct want){word, value});
}

/* Waits until all members have finished the phases below k, which I have begun or am about to. */
static void catch_up(struct node *a, uint32_t k)
{
    uint32_t least = a->seq;
    bool told = false;
    for (int r = 0; r < a->n; r++) {
        if (r == a->me)
            continue;
        struct want w = {&a->members[r].at, k};
        for (int i = a->spins; i > 0 && !reached(&w); i--)
            ;
        if (!reached(&w)) {
            if (!told)
                atomic_fetch_add_explicit(&a->area->wanted, 1, memory_order_seq_cst);
            told = true;
            wait_until(a, reached, &w);
        }
        uint32_t at = atomic_load_explicit(w.word, memory_order_acquire);
        if ((int32_t)(at - least) < 0)
            least = at;
    }
    if (told)
        atomic_fetch_sub_explicit(&a->area->wanted, 1, memory_order_relaxed);
    a->known = least;
}

uint32_t node_begin_slow(struct node *a)
{
    catch_up(a, a->seq - NODE_DEPTH + 1);
    return a->seq++;
}

/* The ring is free but for what was written since the phase `known`; who wants more waits until later phases are
 * finished too. */
char *node_room_slow(struct node *a, struct node_cell *c, size_t n)
{
    uint64_t at = a->head, off = at % a->ring;
    if (off + n > a->ring)
        at += a->ring - off;
    uint32_t now = a->seq - 1, k = (int32_t)(now - a->known) < 0 ? now : a->known;
    while (k != now && at + n - a->starts[k % NODE_DEPTH] > a->ring)
        k++;
    if ((int32_t)(k - a->known) > 0) {
        catch_up(a, k);
        if (UNLIKELY(a->broken))
            return NULL;
        if ((int32_t)(a->known - now) > 0)
            a->known = now;
    }
    a->head = (at + n + 63) / 64 * 64;
    c->where = (uint32_t)((size_t)a->me * a->ring + at % a->ring);
    return a->rings + c->where;
}

void node_wake_slow(struct node *a, int r)
{
    shm_wake(a->locals[r]);
}

bool node_last(struct node *a, uint32_t k)
{
    _Atomic uint32_t *arrived = &a->area->counts[k % NODE_DEPTH].arrived;
    /* Acquire and release: the last one sees what all the others wrote before they came. */
    if (atomic_fetch_add_explicit(arrived, 1, memory_order_acq_rel) + 1 != (uint32_t)a->n)
        return false;
    atomic_store_explicit(arrived, 0, memory_order_relaxed); /* seen by the next users through the result's seq */
    a->known = k;
    return true;
}

void node_result_post(struct node *a, uint32_t k, uint64_t whole)
{
    node_post_in(node_result(a, k), k, whole);
    node_wake_all(a);
}

void node_result_await(struct node *a, uint32_t k)
{
    node_await_cell(a, node_result(a, k), k);
    a->known = k; /* who has come to phase k has finished those before */
}

void node_meet(struct node *a, uint32_t k)
{
    if (a->n == 2) {
        node_wake(a, !a->me);
        node_await(a, k, !a->me);
    } else if (node_last(a, k)) {
        node_result_post(a, k, 0);
    } else {
        node_result_await(a, k);
    }
}
