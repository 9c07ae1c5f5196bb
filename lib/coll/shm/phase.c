/* SPDX-License-Identifier: BSD-3-Clause
 *
 * phase: phases, and the waiting in them. */
#include "lib/coll/shm/phase.h"
#include <stdio.h>
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/process/finalized.h"
#include "lib/nodemem/nodemem.h"

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

static uint32_t at_of(const struct shm_coll *a, int r)
{
    /* Acquire: what the member has read before it finished those phases. */
    return atomic_load_explicit(&a->members[r].at, memory_order_acquire);
}

/* A member that has left was in all phases that it was to be in: is there one that was not in this one? */
void phase_look_for_left(struct shm_coll *a)
{
    for (int r = 0; r < a->n && !a->broken; r++)
        if (finalized_stage_local(a->locals[r], a->comm->session) == FINALIZED && (int32_t)(at_of(a, r) - a->seq) < 0) {
            a->broken = finalized_error_local(a->locals[r], "this operation of all members");
            a->open = a->quick = false;
        }
}

static void wait_until(struct shm_coll *a, bool (*ready)(const void *), const struct want *w)
{
    struct waiter wait = {.ready = ready, .arg = w, .comm = a->comm};
    while (!ready(w) && !a->broken) {
        progress_wait(&wait, NULL);
        if (UNLIKELY(atomic_load_explicit(&a->area->spoiled, memory_order_relaxed)))
            phase_look_for_spoiled(a);
        if (UNLIKELY(finalized_seen) && wait.slept && !ready(w))
            phase_look_for_left(a);
    }
    if (UNLIKELY(a->broken))
        progress_give_up(&wait);
}

static void spoiled_note(struct shm_coll *a, int rc)
{
    a->broken = rc;
    a->open = a->quick = false;
    a->spoiled = true;
}

void phase_look_for_spoiled(struct shm_coll *a)
{
    if (a->broken || !atomic_load_explicit(&a->area->spoiled, memory_order_relaxed))
        return;
    spoiled_note(a, MPI_ERR_OTHER);
    phase_spoiled(a);
}

int phase_spoiled(struct shm_coll *a)
{
    error_detail_set(
        MPI_ERR_OTHER,
        "in an earlier collective of this communicator its %d members did not agree on the call, its root, its "
        "operation or the lengths",
        a->n);
    return MPI_ERR_OTHER;
}

/* "MPI_Reduce with MPI_MAX" */
static void call_text(unsigned call, char *text, size_t n)
{
    static const char *const moves[] = {"Barrier",  "Bcast",   "Gather",   "Scatter",   "Allgather",
                                        "Alltoall", "Gatherv", "Scatterv", "Alltoallv", "..."};
    static const char *const reductions[] = {"Reduce", "Allreduce", "Scan", "Exscan", "Reduce_scatter"};
    static const char *const ops[] = {"an operation of its own",
                                      "MPI_SUM",
                                      "MPI_MIN",
                                      "MPI_MAX",
                                      "MPI_PROD",
                                      "MPI_BAND",
                                      "MPI_BOR",
                                      "MPI_BXOR",
                                      "MPI_LAND",
                                      "MPI_LOR",
                                      "MPI_LXOR",
                                      "MPI_MINLOC",
                                      "MPI_MAXLOC"};
    unsigned kind = call / 16 - 1, op = call % 16;
    if (call < sizeof moves / sizeof *moves)
        snprintf(text, n, "MPI_%s", moves[call]);
    else if (call >= 16 && kind < sizeof reductions / sizeof *reductions && op < sizeof ops / sizeof *ops)
        snprintf(text, n, "MPI_%s with %s", reductions[kind], ops[op]);
    else
        snprintf(text, n, "an unknown call");
}

static unsigned mark_call(uint64_t mark)
{
    return mark >> PHASE_CALL_AT & 127;
}

static unsigned mark_root(uint64_t mark)
{
    return mark >> PHASE_ROOT_AT & 1023;
}

/* r is in another collective. Its class, of two that are the same but for that: that of the operation, or the root. */
static int marks_differ(uint64_t theirs, uint64_t mine)
{
    unsigned x = mark_call(theirs), y = mark_call(mine);
    if (x == y && mark_root(theirs) != mark_root(mine))
        return MPI_ERR_ROOT;
    return x != y && x >= 16 && x / 16 == y / 16 ? MPI_ERR_OP : MPI_ERR_OTHER;
}

static void marks_note(const struct shm_coll *a, int r, uint64_t theirs)
{
    char their[64], own[64];
    call_text(mark_call(theirs), their, sizeof their);
    call_text(mark_call(a->mark), own, sizeof own);
    if (mark_call(theirs) == mark_call(a->mark) && mark_root(theirs) == mark_root(a->mark))
        error_detail_set(
            a->broken,
            "rank %d is in a different %s from rank %d, or an earlier collective was, or it had a different "
            "root there",
            r, their, a->me);
    else
        error_detail_set(a->broken, "rank %d calls %s, root %u; rank %d calls %s, root %u", r, their, mark_root(theirs),
                         a->me, own, mark_root(a->mark));
}

int phase_spoil(struct shm_coll *a, int r, const struct phase_cell *c, uint64_t whole)
{
    if (a->broken)
        return a->broken;
    bool ours = phase_is_ours(a, c);
    int other = ours ? MPI_ERR_OTHER : marks_differ(c->whole, a->mark);
    spoiled_note(a, ours && phase_whole(c) > whole ? MPI_ERR_TRUNCATE : other);
    if (ours)
        error_detail_set(a->broken, "rank %d says %llu bytes, rank %d %llu", r, (unsigned long long)phase_whole(c),
                         a->me, (unsigned long long)whole);
    else
        marks_note(a, r, c->whole);
    atomic_store_explicit(&a->area->spoiled, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&a->area->wanted, 1, memory_order_seq_cst);
    phase_wake_all(a);
    return a->broken;
}

void phase_end_wanted(struct shm_coll *a)
{
    phase_wake_all(a);
    phase_look_for_spoiled(a);
}

void phase_await_slow(struct shm_coll *a, const _Atomic uint32_t *word, uint32_t value)
{
    wait_until(a, equal, &(struct want){word, value});
}

/* Waits until member r has finished the phases below k. */
static void member_await(struct shm_coll *a, int r, uint32_t k)
{
    struct want w = {&a->members[r].at, k};
    for (int i = (int)knobs.COLL_SPINS; i > 0; i--)
        if (reached(&w))
            return;
    atomic_fetch_add_explicit(&a->area->wanted, 1, memory_order_seq_cst);
    wait_until(a, reached, &w);
    atomic_fetch_sub_explicit(&a->area->wanted, 1, memory_order_relaxed);
}

/* The phases below which all other members have finished. */
static uint32_t least_of(const struct shm_coll *a)
{
    uint32_t least = a->seq;
    for (int r = 0; r < a->n; r++)
        if (r != a->me && (int32_t)(at_of(a, r) - least) < 0)
            least = at_of(a, r);
    return least;
}

/* Waits for the readers of my phases below k, then goes on as far as `end` without waiting. */
static void catch_up(struct shm_coll *a, uint32_t k, uint32_t end)
{
    uint32_t all = a->known; /* finished by all, as far as looked at */
    for (; a->known != end && !a->broken; a->known++) {
        int reader = a->phases[a->known % PHASE_DEPTH].reader;
        bool wait = (int32_t)(a->known - k) < 0;
        if (reader == PHASE_ALL && (int32_t)(all - a->known) <= 0) {
            for (int r = 0; wait && r < a->n; r++)
                if (r != a->me)
                    member_await(a, r, a->known + 1);
            all = least_of(a);
        } else if (reader >= 0 && wait) {
            member_await(a, reader, a->known + 1);
        }
        if ((reader == PHASE_ALL && (int32_t)(all - a->known) <= 0) ||
            (reader >= 0 && (int32_t)(at_of(a, reader) - a->known) <= 0))
            break;
    }
}

/* Who shares a processor with readers waits for many phases at once: each wait is a change of ranks. */
enum { OVERSUBSCRIBED_DEPTH = PHASE_DEPTH / 2 };

void phase_begin_slow(struct shm_coll *a)
{
    catch_up(a, a->seq + 1 - (a->oversubscribed ? OVERSUBSCRIBED_DEPTH : PHASE_DEPTH), a->seq);
}

bool phase_has_room(struct shm_coll *a, size_t n)
{
    catch_up(a, a->known, a->seq);
    return a->known == a->seq || a->head + n - a->phases[a->known % PHASE_DEPTH].start <= a->ring;
}

void phase_await_readers(struct shm_coll *a)
{
    catch_up(a, a->seq, a->seq);
}

void phase_skip(struct shm_coll *a, uint32_t phases)
{
    for (; phases > 0; phases--) {
        if (a->seq - a->known >= PHASE_DEPTH)
            catch_up(a, a->seq - PHASE_DEPTH + 1, a->seq);
        a->phases[a->seq++ % PHASE_DEPTH] = (struct phase_own){a->head, PHASE_NONE};
    }
}

/* Where in the ring n bytes would begin after `head`, and where the next ones. */
static uint64_t ring_place(const struct shm_coll *a, uint64_t head, size_t n, uint64_t *next)
{
    uint64_t off = head % a->ring, at = off + n > a->ring ? head + a->ring - off : head;
    *next = (at + n + 63) / 64 * 64;
    return at;
}

static bool is_free(const struct shm_coll *a, uint64_t end)
{
    return a->seq - a->known < PHASE_DEPTH &&
           (a->known == a->seq || end - a->phases[a->known % PHASE_DEPTH].start <= a->ring);
}

bool phase_can_begin(struct shm_coll *a, size_t n, size_t more)
{
    uint64_t end = a->head;
    if (n > PHASE_INLINE)
        ring_place(a, end, n, &end);
    if (more > PHASE_INLINE)
        ring_place(a, end, more, &end);
    if (is_free(a, end))
        return true;
    catch_up(a, a->known, a->seq);
    return is_free(a, end);
}

/* The first phase from k on, at most `last`, from whose begin to `end` there are no more than `room` bytes of the ring.
 */
static uint32_t phase_within(const struct shm_coll *a, uint32_t k, uint32_t last, uint64_t end, size_t room)
{
    while (k != last && end - a->phases[k % PHASE_DEPTH].start > room)
        k++;
    return k;
}

/* The ring is free but for what was written since the phase `known`; who wants more waits for readers of later ones. */
char *phase_reserve_slow(struct shm_coll *a, struct phase_cell *c, size_t n)
{
    uint64_t next, at = ring_place(a, a->head, n, &next);
    uint32_t k = phase_within(a, a->known, a->seq - 1, at + n, a->ring), mine = at_of(a, a->me);
    /* See OVERSUBSCRIBED_DEPTH. Not for phases that others may not finish before I do. */
    if (a->oversubscribed && k != a->known && (int32_t)(mine - k) > 0)
        k = phase_within(a, k, mine, at + n, n < a->ring / 2 ? a->ring / 2 : n);
    catch_up(a, k, k);
    if (UNLIKELY(a->broken))
        return NULL;
    a->head = next;
    c->where = (uint32_t)((size_t)a->me * a->ring + at % a->ring);
    return a->rings + c->where;
}

/* Where the readers' processors share a cache with ours, that is the fastest way, four times as fast as one copy by the
 * kernel. Where they do not, lines that they have read come back slowly, and go slowly again: half as fast as that
 * copy, while the way through memory is twice as fast. Which it is our own writing tells; processes move, so it is
 * tried anew now and then. */
void phase_write_long(struct shm_coll *a, char *to, const void *from, size_t n)
{
    enum { TRY = 32, NEAR = 12 }; /* bytes in a nanosecond; seen are 20 to 45, or 7 */
    if (a->writes++ % TRY == 0 && !a->oversubscribed) {
        int64_t begin = clock_ns();
        bytes_copy_long(to, from, n);
        a->nontemporal = (clock_ns() - begin) * NEAR > (int64_t)n;
    } else if (a->nontemporal) {
        bytes_copy_nontemporal(to, from, n);
    } else {
        bytes_copy_long(to, from, n);
    }
}

void phase_wake_slow(struct shm_coll *a, int r)
{
    doorbell_wake_rank(a->locals[r]);
}

bool phase_last(struct shm_coll *a, uint32_t k)
{
    _Atomic uint32_t *arrived = &a->area->counts[k % PHASE_DEPTH].arrived;
    /* Acquire and release: the last one sees what all the others wrote before they came. */
    if (atomic_fetch_add_explicit(arrived, 1, memory_order_acq_rel) + 1 != (uint32_t)a->n)
        return false;
    atomic_store_explicit(arrived, 0, memory_order_relaxed); /* seen by the next users through the result's seq */
    a->known = k;
    return true;
}

void phase_result_publish(struct shm_coll *a, uint32_t k, uint64_t whole)
{
    phase_publish_in(a, phase_result(a, k), k, whole);
    phase_wake_all(a);
}

void phase_result_await(struct shm_coll *a, uint32_t k)
{
    phase_await_cell(a, phase_result(a, k), k);
    a->known = k; /* who has come to phase k has finished those before */
}

void phase_sync(struct shm_coll *a, uint32_t k)
{
    if (a->n == 2) {
        phase_wake(a, !a->me);
        phase_await(a, k, !a->me);
    } else if (phase_last(a, k)) {
        phase_result_publish(a, k, 0);
    } else {
        phase_result_await(a, k);
    }
}
