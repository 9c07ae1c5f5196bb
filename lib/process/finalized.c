/* SPDX-License-Identifier: BSD-3-Clause
 *
 * finalized: the stages of processes on their way out. */
#include "lib/process/finalized.h"
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/process/failed.h"
#include "lib/process/process.h"

uint32_t finalized_seen;
static uint8_t *stages; /* by local rank; NULL: all are active */

/* Of other nodes: reported and not noted so far; noted, two bits for each process as far as there is one. */
struct report {
    STAILQ_ENTRY(report) next;
    int proc;
    enum stage stage; /* FINALIZED or GONE */
};
static STAILQ_HEAD(, report) reports = STAILQ_HEAD_INITIALIZER(reports);
enum { FAR_EACH = 32 };
static struct {
    uint64_t *bits; /* the lower one: FINALIZED, the upper one: GONE */
    int words;
} far;

void finalized_tell(enum rank_parting p)
{
    atomic_store_explicit(&lib.status->parting, p, memory_order_release);
    if (boot.segment)
        atomic_fetch_add_explicit(&boot.segment->left, 1, memory_order_release);
}

static bool look_at(int local, void (*changed)(int proc, enum stage now))
{
    static const enum stage stage_of[] = {
        [RANK_STAYS] = ACTIVE, [RANK_LEAVING] = FINALIZING, [RANK_LEFT] = FINALIZED, [RANK_GONE] = GONE};
    /* Acquire: all that it sent before. */
    uint32_t p =
        atomic_load_explicit(&node_segment_status(boot.segment, (uint32_t)local)->parting, memory_order_acquire);
    enum stage now = p <= RANK_GONE ? stage_of[p] : ACTIVE;
    if (now <= stages[local] || local == boot.local_rank)
        return false;
    changed((int)node_segment_locals(boot.segment)[local], now);
    stages[local] = (uint8_t)now;
    finalized_seen++;
    return true;
}

void finalized_report(int proc, enum stage now)
{
    struct report *r = malloc(sizeof *r);
    if (!r)
        return; /* who waits for it, waits; the launcher ends a job whose ranks do not */
    r->proc = proc;
    r->stage = now;
    STAILQ_INSERT_TAIL(&reports, r, next);
}

static bool far_note(int proc, enum stage now)
{
    int words = proc / FAR_EACH + 1;
    if (words > far.words) {
        uint64_t *bits = realloc(far.bits, (size_t)words * sizeof *bits);
        if (!bits)
            return false;
        memset(bits + far.words, 0, (size_t)(words - far.words) * sizeof *bits);
        far.bits = bits;
        far.words = words;
    }
    far.bits[proc / FAR_EACH] |= (now == GONE ? UINT64_C(3) : UINT64_C(1)) << proc % FAR_EACH * 2;
    return true;
}

static enum stage far_stage(int proc)
{
    static const enum stage stage_of[] = {ACTIVE, FINALIZED, GONE, GONE};
    return proc / FAR_EACH < far.words ? stage_of[far.bits[proc / FAR_EACH] >> proc % FAR_EACH * 2 & 3] : ACTIVE;
}

static bool reports_note(void (*changed)(int proc, enum stage now))
{
    struct report *r;
    bool any = false;
    while ((r = STAILQ_FIRST(&reports)) != NULL) {
        changed(r->proc, r->stage);
        if (!far_note(r->proc, r->stage))
            return any;
        STAILQ_REMOVE_HEAD(&reports, next);
        free(r);
        finalized_seen++;
        any = true;
    }
    return any;
}

bool finalized_scan(void (*changed)(int proc, enum stage now))
{
    static uint32_t seen;
    bool news = reports_note(changed);
    uint32_t now = boot.segment ? atomic_load_explicit(&boot.segment->left, memory_order_acquire) : 0;
    if (now == seen || (!stages && !(stages = calloc((size_t)boot.local_size, 1))))
        return news;
    seen = now;
    for (int i = 0; i < boot.local_size; i++)
        news |= look_at(i, changed);
    return news;
}

static enum stage stage_for(enum stage s, uint32_t session)
{
    return s == GONE ? FINALIZED : session ? ACTIVE : s;
}

enum stage finalized_stage_local(int local, uint32_t session)
{
    return stage_for(local >= 0 && stages ? (enum stage)stages[local] : ACTIVE, session);
}

enum stage finalized_stage(int proc, uint32_t session)
{
    enum stage said = stage_for(far_stage(proc), session);
    return said != ACTIVE ? said : finalized_stage_local(boot_local_of(proc), session);
}

int finalized_error(int proc, const char *what)
{
    char who[PROCESS_TEXT];
    error_detail_set(MPI_ERR_PROC_ABORTED, "%s has finalized, so %s can never complete", process_text(proc, who), what);
    return MPI_ERR_PROC_ABORTED;
}

int finalized_error_local(int local, const char *what)
{
    return finalized_error((int)node_segment_locals(boot.segment)[local], what);
}

void finalized_forget(int first, int count)
{
    for (int proc = first; proc < first + count && proc / FAR_EACH < far.words; proc++)
        far.bits[proc / FAR_EACH] &= ~(UINT64_C(3) << proc % FAR_EACH * 2);
}

void finalized_fini(void)
{
    struct report *r;
    while ((r = STAILQ_FIRST(&reports)) != NULL) {
        STAILQ_REMOVE_HEAD(&reports, next);
        free(r);
    }
    free(far.bits);
    far.bits = NULL;
    far.words = 0;
    free(stages);
    stages = NULL;
    finalized_seen = 0;
}
