/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The library calls once for all ranks of this node that take part. All proxies give a meeting the same name: what it
 * is, and who takes part, in an order of its own.
 */
#include "proxy/pmix/meeting.h"

#include "common/xalloc.h"
#include "pmi-server/modex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct meeting {
    struct handover_task task;
    char what[32 + PMIX_MAX_KEYLEN]; /* "connect", "group NAME" */
    pmix_proc_t *procs;
    size_t nprocs;
    struct bytes data; /* owned */
    long timeout;
    struct event *timer;
    struct pmi_request *request;
    /* One of these is set. */
    pmix_op_cbfunc_t done;
    pmix_info_cbfunc_t group_done;
    pmix_modex_cbfunc_t fence_done;
    void *arg;
    enum pmi_meeting_kin kin;
    bool numbered; /* a group that wants a number */
    bool answered;
};

static void meeting_free(void *p)
{
    struct meeting *m = p;
    if (m->timer)
        event_free(m->timer);
    free((void *)m->data.data);
    free(m->procs);
    free(m);
}

/* A group's members are the library's to keep; a number is ours, and what all have brought comes back. */
static void fill_group(struct infos *l, const struct meeting *m, struct bytes value)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number |= (uint64_t)(unsigned char)value.data[i] << 8 * i;
    if (m->numbered)
        infos_size(l, PMIX_GROUP_CONTEXT_ID, number);
    if (value.len > 8)
        infos_bytes(l, PMIX_GROUP_ENDPT_DATA, value.data + 8, value.len - 8);
}

static void infos_free(void *p)
{
    infos_fini(p);
    free(p);
}

static void finish(struct meeting *m, pmix_status_t status, struct bytes value)
{
    bool ok = status == PMIX_SUCCESS && value.len >= 8;
    if (m->answered)
        return;
    m->answered = true;
    if (m->done)
        m->done(status, m->arg);
    if (m->group_done) {
        struct infos *l = xcalloc(1, sizeof *l);
        if (ok)
            fill_group(l, m, value);
        m->group_done(status, l->v, l->n, m->arg, infos_free, l);
    }
    if (m->fence_done) {
        char *copy = ok ? xmalloc(value.len) : NULL;
        if (copy)
            memcpy(copy, value.data + 8, value.len - 8);
        m->fence_done(status, copy, copy ? value.len - 8 : 0, m->arg, free, copy);
    }
}

static void answer(const struct pmi_request *q, const struct pmi_result *r)
{
    if (q->opaque)
        finish(q->opaque, r->rc ? PMIX_ERR_LOST_CONNECTION : PMIX_SUCCESS, r->value);
}

static void release(void *opaque)
{
    if (!opaque)
        return;
    finish(opaque, PMIX_ERR_LOST_CONNECTION, (struct bytes){NULL, 0});
    meeting_free(opaque);
}

static const struct pmi_front front = {.name = "PMIx", .answer = answer, .release = release, .mapping_max = SIZE_MAX};

static int by_proc(const void *a, const void *b)
{
    const pmix_proc_t *x = a, *y = b;
    int c = strcmp(x->nspace, y->nspace);
    return c ? c : x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* The name, who is needed, and how many there are. NULL: of a job that is not known. */
static char *describe(const struct meeting *m, struct pmi_meeting *to, uint32_t *jobs)
{
    char *name = NULL;
    size_t n;
    FILE *out = open_memstream(&name, &n);
    const char *last = "";
    if (!out)
        return NULL;
    fputs(m->what, out);
    for (size_t i = 0; i < m->nprocs; i++) {
        const pmix_proc_t *p = &m->procs[i];
        struct job *j = pmix_job_of(p->nspace);
        if (!j) {
            fclose(out);
            free(name);
            return NULL;
        }
        bool all = p->rank == PMIX_RANK_WILDCARD, other = strcmp(last, p->nspace) != 0;
        if (other) {
            jobs[to->njobs++] = j->spec.job;
            pmix_job_know(j);
        }
        fprintf(out, other ? " %s " : ",", p->nspace);
        fprintf(out, all ? "*" : "%u", p->rank);
        to->expected += all ? j->spec.map.nranks : 1;
        last = p->nspace;
    }
    fclose(out);
    return name;
}

/* Ranks of this node among them. */
static uint32_t count_here(const struct meeting *m, struct pmi_client **any)
{
    uint32_t n = 0;
    for (size_t i = 0; i < m->nprocs; i++) {
        const pmix_proc_t *p = &m->procs[i];
        struct job *j = pmix_job_of(p->nspace);
        for (uint32_t k = 0; k < j->nranks; k++)
            if ((p->rank == PMIX_RANK_WILDCARD || p->rank == j->ranks[k].rank) && j->ranks[k].pmi) {
                *any = j->ranks[k].pmi;
                n++;
            }
    }
    return n;
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct meeting *m = arg;
    finish(m, PMIX_ERR_TIMEOUT, (struct bytes){NULL, 0});
    pmi_request_free(m->request);
}

static void begin(struct handover_task *t)
{
    struct meeting *m = (struct meeting *)t;
    struct pmi_meeting pm = {.kin = m->kin, .data = m->data};
    struct pmi_client *c = NULL;
    uint32_t *jobs = xcalloc(m->nprocs ? m->nprocs : 1, sizeof *jobs);
    qsort(m->procs, m->nprocs, sizeof *m->procs, by_proc);
    char *name = m->nprocs ? describe(m, &pm, jobs) : NULL;
    pm.name = name;
    pm.jobs = jobs;
    pm.arrived = name ? count_here(m, &c) : 0;
    if (!c) {
        finish(m, PMIX_ERR_NOT_FOUND, (struct bytes){NULL, 0});
        meeting_free(m);
    } else {
        struct timeval late = {m->timeout, 0};
        m->timer = m->timeout > 0 ? evtimer_new(pmix_server()->proxy->base, on_timeout, m) : NULL;
        if (m->timer)
            evtimer_add(m->timer, &late);
        m->request = pmi_request_new(c, &front, PMI_VERB_PLAIN, false, m);
        pmi_meet(m->request, &pm);
    }
    free(name);
    free(jobs);
}

static struct meeting *meeting_new(const pmix_proc_t procs[], size_t nprocs, const pmix_info_t info[], size_t ninfo,
                                   void *arg)
{
    struct meeting *m = xcalloc(1, sizeof *m);
    *m = (struct meeting){.task.run = begin, .nprocs = nprocs, .arg = arg};
    m->procs = xcalloc(nprocs ? nprocs : 1, sizeof *procs);
    memcpy(m->procs, procs, nprocs * sizeof *procs);
    m->timeout = infos_find_number(info, ninfo, PMIX_TIMEOUT, 0);
    return m;
}

static pmix_status_t simple(const char *what, enum pmi_meeting_kin kin, const pmix_proc_t procs[], size_t nprocs,
                            const pmix_info_t info[], size_t ninfo, pmix_op_cbfunc_t done, void *arg)
{
    struct meeting *m = meeting_new(procs, nprocs, info, ninfo, arg);
    snprintf(m->what, sizeof m->what, "%s", what);
    m->kin = kin;
    m->done = done;
    handover_post(&m->task);
    return PMIX_SUCCESS;
}

pmix_status_t meeting_connect(const pmix_proc_t procs[], size_t nprocs, const pmix_info_t info[], size_t ninfo,
                              pmix_op_cbfunc_t done, void *arg)
{
    return simple("connect", PMI_KIN_TIED, procs, nprocs, info, ninfo, done, arg);
}

pmix_status_t meeting_disconnect(const pmix_proc_t procs[], size_t nprocs, const pmix_info_t info[], size_t ninfo,
                                 pmix_op_cbfunc_t done, void *arg)
{
    return simple("disconnect", PMI_KIN_PARTED, procs, nprocs, info, ninfo, done, arg);
}

pmix_status_t meeting_group(pmix_group_operation_t op, char name[], const pmix_proc_t procs[], size_t nprocs,
                            const pmix_info_t info[], size_t ninfo, pmix_info_cbfunc_t done, void *arg)
{
    struct meeting *m = meeting_new(procs, nprocs, info, ninfo, arg);
    const pmix_value_t *data = infos_find(info, ninfo, PMIX_GROUP_ENDPT_DATA);
    snprintf(m->what, sizeof m->what, "%s %.*s", op == PMIX_GROUP_CONSTRUCT ? "group" : "no group", PMIX_MAX_KEYLEN,
             name ? name : "");
    m->numbered = infos_find_flag(info, ninfo, PMIX_GROUP_ASSIGN_CONTEXT_ID);
    m->group_done = done;
    if (data && data->type == PMIX_BYTE_OBJECT && data->data.bo.size) {
        char *copy = xmalloc(data->data.bo.size);
        memcpy(copy, data->data.bo.bytes, data->data.bo.size);
        m->data = (struct bytes){copy, data->data.bo.size};
    }
    handover_post(&m->task);
    return PMIX_SUCCESS;
}

void meeting_fence(const pmix_proc_t procs[], size_t nprocs, struct bytes data, pmix_modex_cbfunc_t done, void *arg)
{
    struct meeting *m = meeting_new(procs, nprocs, NULL, 0, arg);
    snprintf(m->what, sizeof m->what, "fence");
    m->fence_done = done;
    if (data.len) {
        char *copy = xmalloc(data.len);
        memcpy(copy, data.data, data.len);
        m->data = (struct bytes){copy, data.len};
    }
    begin(&m->task);
}
