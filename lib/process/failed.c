/* SPDX-License-Identifier: BSD-3-Clause
 *
 * failed: who has failed, as far as it is known here. */
#include "lib/process/failed.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/nodemem/nodemem.h"
#include "lib/process/process.h"

static const _Atomic uint32_t none;
static uint32_t far_seen; /* dead ranks of other nodes that have been looked at */
const _Atomic uint32_t *failed_counter = &none;
uint32_t failed_seen;
bool failed_or_far;

static struct {
    int *proc;
    uint32_t count;
} failed;

/* Reported by transports, and not noted so far. */
struct report {
    STAILQ_ENTRY(report) next;
    int proc;
};
static STAILQ_HEAD(, report) reports = STAILQ_HEAD_INITIALIZER(reports);

static struct {
    int proc;
    char why[224];
} lost; /* the last report's */

enum rank_state process_state(int local)
{
    const struct rank_status *s = node_segment_status(boot.segment, (uint32_t)local);
    /* Acquire: all that it sent before. */
    return (enum rank_state)atomic_load_explicit(&s->state, memory_order_acquire);
}

/* What the proxy has told of a process of another node; NULL: nothing. */
static const uint32_t *far_entry(int proc)
{
    for (uint32_t i = 0; i < far_seen; i++) {
        const uint32_t *e = &node_segment_dead(boot.segment)[i];
        if ((*e & ~NODE_SEGMENT_DEAD_NEVER) == (uint32_t)proc)
            return e;
    }
    return NULL;
}

/* Has its proxy said that it is dead? Then how it ended is told in *never. */
static bool is_told(int proc, bool *never)
{
    int local = boot_local_of(proc);
    if (local < 0) {
        const uint32_t *e = far_entry(proc);
        *never = e && *e & NODE_SEGMENT_DEAD_NEVER;
        return e != NULL;
    }
    enum rank_state s = process_state(local);
    *never = s == RANK_NEVER;
    return s == RANK_DEAD || s == RANK_NEVER;
}

int failed_error(int proc)
{
    bool never;
    char who[PROCESS_TEXT];
    if (proc < 0) {
        error_detail_set(MPI_ERR_PROC_ABORTED, "a process has failed, of a job that is no longer known");
        return MPI_ERR_PROC_ABORTED;
    }
    process_text(proc, who);
    if (!is_told(proc, &never)) {
        error_detail_set(MPI_ERR_PROC_ABORTED, "%s can no longer be reached%s%s", who,
                         lost.why[0] && lost.proc == proc ? ": " : "", lost.proc == proc ? lost.why : "");
        return MPI_ERR_PROC_ABORTED;
    }
    error_detail_set(MPI_ERR_PROC_ABORTED, "%s has ended %s", who,
                     never ? "without calling MPI_Init" : "without MPI_Finalize");
    return MPI_ERR_PROC_ABORTED;
}

int failed_error_far(void)
{
    error_detail_set(MPI_ERR_UNSUPPORTED_OPERATION, "ranks on other nodes cannot be reached yet");
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

static bool note(int proc, bool (*accept)(int proc))
{
    if (proc < 0 || proc == process_self || known(proc))
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

/* Those of other nodes, as the proxy tells of them. */
static bool note_far(bool (*accept)(int proc))
{
    bool any = false;
    /* Acquire: the entries below it. */
    uint32_t n = atomic_load_explicit(&boot.segment->dead_count, memory_order_acquire);
    for (; far_seen < n && far_seen < boot.segment->dead_room; far_seen++) {
        uint32_t rank = node_segment_dead(boot.segment)[far_seen] & ~NODE_SEGMENT_DEAD_NEVER;
        if (rank < (uint32_t)boot.size)
            any |= note((int)rank, accept);
    }
    return any;
}

static bool note_local(int local, bool (*accept)(int proc))
{
    enum rank_state s = process_state(local);
    return (s == RANK_DEAD || s == RANK_NEVER) && note((int)node_segment_locals(boot.segment)[local], accept);
}

/* Without memory to note it nothing is done: the next one who needs the process reports it again. */
void failed_report(int proc, const char *why)
{
    struct report *r = malloc(sizeof *r);
    if (!r)
        return;
    r->proc = proc;
    STAILQ_INSERT_TAIL(&reports, r, next);
    lost.proc = proc;
    snprintf(lost.why, sizeof lost.why, "%s", why);
    /* Whatever the counter is, it differs. */
    failed_seen = atomic_load_explicit(failed_counter, memory_order_relaxed) - 1;
}

static bool note_reports(bool (*accept)(int proc))
{
    struct report *r;
    bool any = false;
    while ((r = STAILQ_FIRST(&reports)) != NULL) {
        STAILQ_REMOVE_HEAD(&reports, next);
        any |= note(r->proc, accept);
        free(r);
    }
    return any;
}

bool failed_scan(bool (*accept)(int proc))
{
    failed_seen = atomic_load_explicit(failed_counter, memory_order_acquire);
    bool any = note_reports(accept);
    for (int i = 0; boot.segment && i < boot.local_size; i++)
        any |= note_local(i, accept);
    if (boot.segment)
        any |= note_far(accept);
    failed_or_far |= any;
    return any;
}

/* Whoever finds it first counts it. A rank that has just finalized may have ended since its state was read; one that
 * has closed all files has lost its lock. */
static void watch(int local)
{
    struct rank_status *s = node_segment_status(boot.segment, (uint32_t)local);
    uint32_t was = process_state(local);
    if (was == RANK_INITIALIZED && !boot_alive(local) && !cma_alive(local) &&
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

/* Places in the list stay, since others count them; a report that was not noted is one of nobody. */
void failed_forget(int first, int count)
{
    struct report *r;
    STAILQ_FOREACH(r, &reports, next)
    if (r->proc >= first && r->proc < first + count)
        r->proc = -1;
    if (lost.proc >= first && lost.proc < first + count)
        lost.why[0] = '\0';
    for (uint32_t i = 0; i < failed.count; i++)
        if (failed.proc[i] >= first && failed.proc[i] < first + count)
            failed.proc[i] = -1;
}

void failed_init(void)
{
    failed_or_far = boot.local_size < boot.size;
    if (boot.segment)
        failed_counter = &boot.segment->gone;
}

void failed_fini(void)
{
    struct report *r;
    while ((r = STAILQ_FIRST(&reports)) != NULL) {
        STAILQ_REMOVE_HEAD(&reports, next);
        free(r);
    }
    free(failed.proc);
    failed.proc = NULL;
    failed.count = 0;
    failed_counter = &none;
    failed_seen = far_seen = 0;
}
