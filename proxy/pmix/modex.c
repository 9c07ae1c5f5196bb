/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Here the library asks for a rank elsewhere; there its library is asked, which waits until the rank has committed. The
 * library does not tell which rank asks, and all that want the same wait for one answer: the question is put in the
 * name of any rank of this node.
 */
#include "proxy/pmix/modex.h"

#include "common/xalloc.h"
#include "pmi-server/modex.h"
#include "proxy/pmix/front.h"

#include <stdlib.h>
#include <string.h>

struct modex {
    struct handover_task task;
    pmix_proc_t proc;
    long timeout; /* s; 0: none */
    struct event *timer;
    pmix_modex_cbfunc_t done;
    void *arg;
    bool answered;
};

static void finish(struct modex *m, pmix_status_t status, struct bytes data)
{
    char *copy = NULL;
    if (m->answered)
        return;
    if (data.len) {
        copy = xmalloc(data.len);
        memcpy(copy, data.data, data.len);
    }
    m->answered = true;
    m->done(status, copy, data.len, m->arg, free, copy);
}

static void answer(const struct pmi_request *q, const struct pmi_result *r)
{
    finish(q->opaque, r->rc ? PMIX_ERR_NOT_FOUND : PMIX_SUCCESS, r->rc ? (struct bytes){NULL, 0} : r->value);
}

static void release(void *opaque)
{
    struct modex *m = opaque;
    finish(m, PMIX_ERR_LOST_CONNECTION, (struct bytes){NULL, 0});
    if (m->timer)
        event_free(m->timer);
    free(m);
}

static const struct pmi_front front = {.name = "PMIx", .answer = answer, .release = release, .mapping_max = SIZE_MAX};

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    finish(arg, PMIX_ERR_TIMEOUT, (struct bytes){NULL, 0});
}

static struct pmi_client *any_client(struct proxy *proxy)
{
    struct job *j;
    TAILQ_FOREACH(j, &proxy->jobs, link)
    for (uint32_t i = 0; j->pmix && i < j->nranks; i++)
        if (j->ranks[i].pmi && j->ranks[i].pid)
            return j->ranks[i].pmi;
    return NULL;
}

static void begin(struct handover_task *t)
{
    struct modex *m = (struct modex *)t;
    struct proxy *proxy = pmix_server()->proxy;
    struct pmi_client *c = any_client(proxy);
    if (!c) {
        release(m);
        return;
    }
    struct timeval late = {m->timeout, 0};
    m->timer = m->timeout > 0 ? evtimer_new(proxy->base, on_timeout, m) : NULL;
    if (m->timer)
        evtimer_add(m->timer, &late);
    pmi_modex(pmi_request_new(c, &front, PMI_VERB_GET, false, m), m->proc.nspace, m->proc.rank);
}

pmix_status_t modex_begin(const pmix_proc_t *proc, const pmix_info_t info[], size_t ninfo, pmix_modex_cbfunc_t done,
                          void *arg)
{
    struct modex *m = xcalloc(1, sizeof *m);
    *m = (struct modex){.task.run = begin, .proc = *proc, .done = done, .arg = arg};
    m->timeout = infos_find_number(info, ninfo, PMIX_TIMEOUT, 0);
    handover_post(&m->task);
    return PMIX_SUCCESS;
}

/* --- there */

struct committed {
    struct handover_task task;
    uint32_t job, id;
    pmix_status_t status;
    char *data;
    size_t n;
};

static void tell(struct handover_task *t)
{
    struct committed *c = (struct committed *)t;
    bool ok = c->status == PMIX_SUCCESS;
    pmi_server_modex_done(pmix_server()->proxy->pmi, c->job, c->id, ok ? 0 : PMI2_ERROR_OTHER,
                          ok ? (struct bytes){c->data, c->n} : bytes_of("the rank has not committed it"));
    free(c->data);
    free(c);
}

/* The library keeps the data. */
static void on_committed(pmix_status_t status, char *data, size_t n, void *cbdata)
{
    struct committed *c = cbdata;
    c->status = status;
    if (status == PMIX_SUCCESS && n) {
        c->data = xmalloc(n);
        memcpy(c->data, data, n);
        c->n = n;
    }
    handover_post(&c->task);
}

void pmix_modex(struct rank *r, uint32_t id)
{
    struct committed *c = xcalloc(1, sizeof *c);
    *c = (struct committed){.task.run = tell, .job = r->job->spec.job, .id = id};
    pmix_proc_t proc;
    proc_set(&proc, r->job->spec.kvsname, r->rank);
    pmix_status_t rc =
        r->job->pmix ? pmix_server()->lib->PMIx_server_dmodex_request(&proc, on_committed, c) : PMIX_ERR_NOT_FOUND;
    if (rc != PMIX_SUCCESS)
        on_committed(rc, NULL, 0, c);
}
