/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The library calls once for all ranks of this node that take part. Each of them arrives at a barrier of the engine;
 * the first one brings the node's data and takes what all have brought.
 */
#include "proxy/pmix/fence.h"

#include "common/xalloc.h"
#include "pmi-server/barrier.h"
#include "proxy/pmix/meeting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fence {
    struct handover_task task;
    pmix_proc_t *procs;
    size_t nprocs;
    char *data;
    size_t ndata;
    pmix_modex_cbfunc_t done;
    void *arg;
    bool answered;
};

static void finish(struct fence *f, pmix_status_t status, const char *data, size_t n)
{
    char *copy = NULL;
    if (n) {
        copy = xmalloc(n);
        memcpy(copy, data, n);
    }
    f->answered = true;
    f->done(status, copy, n, f->arg, free, copy);
}

static void answer(const struct pmi_request *q, const struct pmi_result *r)
{
    struct fence *f = q->opaque;
    if (f)
        finish(f, r->rc ? PMIX_ERROR : PMIX_SUCCESS, r->value.data, r->rc ? 0 : r->value.len);
}

static void release(void *opaque)
{
    struct fence *f = opaque;
    if (!f)
        return;
    if (!f->answered)
        finish(f, PMIX_ERR_LOST_CONNECTION, NULL, 0);
    free(f->data);
    free(f->procs);
    free(f);
}

static const struct pmi_front front = {.name = "PMIx", .answer = answer, .release = release, .mapping_max = SIZE_MAX};

/* NULL: the ranks are not all of one job. */
static struct job *job_of(const struct fence *f)
{
    for (size_t i = 1; i < f->nprocs; i++)
        if (strcmp(f->procs[i].nspace, f->procs[0].nspace) != 0)
            return NULL;
    return f->nprocs ? pmix_job_of(f->procs[0].nspace) : NULL;
}

/* As the engine names it (group.h). */
static char *group_name(const struct fence *f, const struct job *j)
{
    char *text = NULL;
    size_t n;
    bool world = f->nprocs == j->spec.map.nranks;
    for (size_t i = 0; i < f->nprocs && !world; i++)
        world = f->procs[i].rank == PMIX_RANK_WILDCARD;
    FILE *out = world ? NULL : open_memstream(&text, &n);
    if (!out)
        return xstrdup("WORLD");
    for (size_t i = 0; i < f->nprocs; i++)
        fprintf(out, "%s%u", i ? "," : "", f->procs[i].rank);
    fclose(out);
    return text;
}

static bool takes_part(const struct fence *f, const struct rank *r, bool world)
{
    for (size_t i = 0; i < f->nprocs && !world; i++)
        if (f->procs[i].rank == r->rank)
            return true;
    return world;
}

static void fence_now(struct handover_task *t)
{
    struct fence *f = (struct fence *)t;
    struct job *j = job_of(f);
    if (!j) {
        f->answered = true;
        meeting_fence(f->procs, f->nprocs, (struct bytes){f->data, f->ndata}, f->done, f->arg);
        release(f);
        return;
    }
    char *group = group_name(f, j);
    bool world = strcmp(group, "WORLD") == 0;
    struct pmi_client **here = xcalloc(j->nranks, sizeof *here);
    uint32_t n = 0;
    for (uint32_t i = 0; i < j->nranks; i++)
        if (j->ranks[i].pmi && takes_part(f, &j->ranks[i], world))
            here[n++] = j->ranks[i].pmi;
    if (n == 0) {
        finish(f, PMIX_ERR_BAD_PARAM, NULL, 0);
        release(f);
    }
    /* f is gone when the last one has arrived. */
    struct bytes data = {f->data, f->ndata};
    for (uint32_t i = 0; i < n; i++) {
        struct pmi_request *q = pmi_request_new(here[i], &front, PMI_VERB_BARRIER, false, i == 0 ? f : NULL);
        pmi_barrier(q, group, i == 0 ? data : (struct bytes){NULL, 0});
    }
    free(here);
    free(group);
}

pmix_status_t fence_begin(const pmix_proc_t procs[], size_t nprocs, char *data, size_t ndata, pmix_modex_cbfunc_t done,
                          void *arg)
{
    struct fence *f = xcalloc(1, sizeof *f);
    *f = (struct fence){.task.run = fence_now,
                        .procs = xcalloc(nprocs ? nprocs : 1, sizeof *procs),
                        .nprocs = nprocs,
                        .data = data,
                        .ndata = ndata,
                        .done = done,
                        .arg = arg};
    memcpy(f->procs, procs, nprocs * sizeof *procs);
    handover_post(&f->task);
    return PMIX_SUCCESS;
}
