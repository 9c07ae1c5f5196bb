/* SPDX-License-Identifier: BSD-3-Clause
 *
 * failed: who has failed, as far as it is known here. */
#include "lib/process/failed.h"
#include <stdlib.h>
#include <time.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/nodemem/nodemem.h"
#include "lib/process/process.h"

static const _Atomic uint32_t none;
const _Atomic uint32_t *failed_counter = &none;
uint32_t failed_seen;
bool failed_or_far;

static struct {
    int *proc;
    uint32_t count;
} failed;

enum rank_state process_state(int local)
{
    const struct rank_status *s = node_segment_status(boot.segment, (uint32_t)local);
    /* Acquire: all that it sent before. */
    return (enum rank_state)atomic_load_explicit(&s->state, memory_order_acquire);
}

int failed_error(int proc)
{
    bool never = process_state(boot_local_of(proc)) == RANK_NEVER;
    error_note(MPI_ERR_PROC_ABORTED, "rank %d of MPI_COMM_WORLD has ended %s", proc,
               never ? "without calling MPI_Init" : "without MPI_Finalize");
    return MPI_ERR_PROC_ABORTED;
}

int failed_error_far(void)
{
    error_note(MPI_ERR_UNSUPPORTED_OPERATION, "ranks on other nodes cannot be reached yet");
    return MPI_ERR_UNSUPPORTED_OPERATION;
}

uint32_t failed_count(void)
{
    return failed.count;
}

int failed_proc(uint32_t i)
{
    return failed.proc[i];
}

static bool known(int proc)
{
    for (uint32_t i = 0; i < failed.count; i++)
        if (failed.proc[i] == proc)
            return true;
    return false;
}

static bool note(int local, bool (*accept)(int proc))
{
    enum rank_state s = process_state(local);
    int proc = (int)node_segment_locals(boot.segment)[local];
    if ((s != RANK_DEAD && s != RANK_NEVER) || proc == process_self || known(proc))
        return false;
    int *p = realloc(failed.proc, (failed.count + 1) * sizeof *p);
    if (!p)
        return false;
    failed.proc = p;
    if (!accept(proc))
        return false;
    p[failed.count++] = proc;
    return true;
}

bool failed_scan(bool (*accept)(int proc))
{
    bool any = false;
    failed_seen = atomic_load_explicit(failed_counter, memory_order_acquire);
    for (int i = 0; i < boot.local_size; i++)
        any |= note(i, accept);
    failed_or_far |= any;
    return any;
}

/* Whoever finds it first counts it. A rank that has just finalized may have ended since its state was read; one that
 * has closed all files has lost its lock. */
static void watch(int local)
{
    struct rank_status *s = node_segment_status(boot.segment, (uint32_t)local);
    uint32_t was = process_state(local);
    if ((was == RANK_INITIALIZED || was == RANK_LEAVING) && !boot_alive(local) && !cma_alive(local) &&
        atomic_compare_exchange_strong(&s->state, &was, RANK_DEAD))
        atomic_fetch_add_explicit(&boot.segment->gone, 1, memory_order_release);
}

void failed_watch(void)
{
    static time_t last;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (now.tv_sec == last)
        return;
    last = now.tv_sec;
    for (int i = 0; i < boot.local_size; i++)
        if (i != boot.local_rank)
            watch(i);
}

void failed_init(void)
{
    failed_or_far = boot.local_size < boot.size;
    if (boot.segment)
        failed_counter = &boot.segment->gone;
}

void failed_fini(void)
{
    free(failed.proc);
    failed.proc = NULL;
    failed.count = 0;
    failed_counter = &none;
    failed_seen = 0;
}
