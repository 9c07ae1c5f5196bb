/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/core/state.h"
#include <sched.h>

static struct rank_status nowhere; /* until the rank has a place in a segment */
struct lib lib = {.status = &nowhere};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(pthread_t) owner;
static int depth; /* belongs to the owner */

void lib_lock_slow(void)
{
    pthread_t me = pthread_self();
    if (atomic_load_explicit(&owner, memory_order_relaxed) == me) {
        depth++;
        return;
    }
    pthread_mutex_lock(&mutex);
    atomic_store_explicit(&owner, me, memory_order_relaxed);
    depth = 1;
}

void lib_unlock_slow(void)
{
    if (--depth > 0)
        return;
    atomic_store_explicit(&owner, (pthread_t)0, memory_order_relaxed);
    pthread_mutex_unlock(&mutex);
}

int lib_suspend(void)
{
    if (!lib.threaded)
        return 0;
    int d = depth;
    depth = 0;
    atomic_store_explicit(&owner, (pthread_t)0, memory_order_relaxed);
    pthread_mutex_unlock(&mutex);
    return d;
}

void lib_resume(int d)
{
    if (d == 0)
        return;
    pthread_mutex_lock(&mutex);
    atomic_store_explicit(&owner, pthread_self(), memory_order_relaxed);
    depth = d;
}

void lib_yield(void)
{
    if (LIKELY(!lib.threaded))
        return;
    int d = lib_suspend();
    sched_yield();
    lib_resume(d);
}
