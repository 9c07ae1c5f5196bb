/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/core/call.h"
#include <string.h>
#include <time.h>
#include "lib/core/error.h"
#include "lib/datatype/datatype.h"

uint64_t call_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t present(void)
{
    return atomic_load_explicit(&lib.status->call, memory_order_relaxed);
}

static void tell(struct rank_wait *at, enum rank_wait_kind kind, const struct call_wait *w, uint64_t call)
{
    unsigned turn = atomic_load_explicit(&at->turns, memory_order_relaxed);
    atomic_store_explicit(&at->turns, (uint16_t)(turn | 1), memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* who sees any of these sees that */
    at->kind = (uint8_t)kind;
    at->since_ns = w->since_ns;
    at->comm = w->comm;
    at->peer = w->peer;
    at->tag = w->tag;
    at->sends = w->sends;
    strncpy(at->function, call_names[w->id], sizeof at->function - 1);
    atomic_store_explicit(&at->call, call, memory_order_relaxed);
    atomic_store_explicit(&at->turns, (uint16_t)((turn | 1) + 1), memory_order_release);
}

void call_waits(const struct call_wait *w)
{
    tell(&lib.status->waits[0], RANK_WAITS, w, present());
}

int call_thread_waits(const struct call_wait *w)
{
    struct rank_wait *v = lib.status->waits;
    for (int i = 0; i < RANK_WAIT_THREADS; i++)
        if (atomic_load_explicit(&v[i].call, memory_order_relaxed) == 0) {
            tell(&v[i], RANK_WAITS_THREAD, w, present() | 1);
            return i;
        }
    return -1;
}

void call_thread_goes_on(int place)
{
    if (place >= 0)
        atomic_store_explicit(&lib.status->waits[place].call, 0, memory_order_relaxed);
}

void call_tests(const struct call_wait *w)
{
    tell(&lib.status->waits[RANK_WAIT_THREADS], RANK_TESTS, w, present());
}

void call_tests_end(void)
{
    atomic_store_explicit(&lib.status->waits[RANK_WAIT_THREADS].call, 0, memory_order_relaxed);
}

int call_wrong(int cls, const char *name)
{
    error_note(cls, "argument %s", name);
    return cls;
}

int call_wrong_value(int cls, const char *name, long long value)
{
    error_note(cls, "%s is %lld", name, value);
    return cls;
}

int call_wrong_rank(int cls, const char *name, int rank, int size)
{
    error_note(cls, "%s is %d, and there are %d ranks", name, rank, size);
    return cls;
}

int call_wrong_count(const char *name, MPI_Count count, const struct datatype *t)
{
    if (count < 0)
        return call_wrong_value(MPI_ERR_COUNT, name, count);
    error_note(MPI_ERR_COUNT, "%s is %lld: more elements, of %lld bytes and %lld apart, than any memory holds", name,
               (long long)count, (long long)t->size, (long long)t->extent);
    return MPI_ERR_COUNT;
}

bool call_no_buffer(const void *buf, MPI_Count count, const struct datatype *t)
{
    return count > 0 && t->size > 0 && (buf == MPI_IN_PLACE || t->true_lb == 0);
}
