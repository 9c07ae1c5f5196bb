/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Here the library asks for a rank elsewhere; there its library is asked, which waits until the rank has committed. The
 * library does not tell which rank asks, and all that want the same wait for one answer: the question is put in the
 * name of any rank of this node.
 */
#include "proxy/pmix/modex.h"

#include "common/now.h"
#include "common/xalloc.h"
#include "pmi-server/modex.h"
#include "proxy/pmix/front.h"

#include <stdlib.h>
#include <string.h>

struct modex {
    struct handover_task task;
    pmix_proc_t proc;
    char *key;
    long timeout; /* s; 0: none */
    struct event *timer;
    struct pmi_request *request;
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
    free(m->key);
    free(m);
}

static const struct pmi_front front = {.name = "PMIx", .answer = answer, .release = release, .mapping_max = SIZE_MAX};

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct modex *m = arg;
    finish(m, PMIX_ERR_TIMEOUT, (struct bytes){NULL, 0});
    pmi_request_free(m->request);
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
    uint32_t timeout = m->timeout > 0 ? (uint32_t)m->timeout : 0;
    m->request = pmi_request_new(c, &front, PMI_VERB_GET, false, m);
    pmi_modex(m->request, m->proc.nspace, m->proc.rank, m->key, timeout);
}

pmix_status_t modex_begin(const pmix_proc_t *proc, const pmix_info_t info[], size_t ninfo, pmix_modex_cbfunc_t done,
                          void *arg)
{
    struct modex *m = xcalloc(1, sizeof *m);
    *m = (struct modex){.task.run = begin, .proc = *proc, .done = done, .arg = arg};
    const char *key = infos_find_text(info, ninfo, PMIX_REQUIRED_KEY);
    m->key = xstrdup(key ? key : "");
    m->timeout = infos_find_number(info, ninfo, PMIX_TIMEOUT, 0);
    handover_post(&m->task);
    return PMIX_SUCCESS;
}

/* --- there */

#define FIRST_MS 20 /* until it is looked once more whether a key has come; doubled every time */
#define MOST_MS 1000

struct committed {
    struct handover_task task;
    pmix_proc_t proc;
    uint32_t job, id;
    char *key;
    uint64_t end; /* ns; 0: none */
    unsigned wait_ms;
    struct event *again;
    pmix_status_t status;
    char *data;
    size_t n;
};

static void tell(struct committed *c, bool ok)
{
    pmi_server_modex_done(pmix_server()->proxy->pmi, c->job, c->id, ok ? 0 : PMI2_ERROR_OTHER,
                          ok ? (struct bytes){c->data, c->n} : bytes_of("the rank has not committed it"));
    if (c->again)
        event_free(c->again);
    free(c->key);
    free(c->data);
    free(c);
}

/* Keys stand in what was committed as they are, ended by a NUL; but those of PMIx's own, which may be numbers there. */
static bool has_key(const struct committed *c)
{
    return !*c->key || strncmp(c->key, "pmix.", 5) == 0 || (c->n && memmem(c->data, c->n, c->key, strlen(c->key) + 1));
}

static void ask(struct committed *c);

static void on_again(evutil_socket_t fd, short what, void *arg)
{
    ask(arg);
}

/* The library does not tell when a rank commits more. */
static void look(struct handover_task *t)
{
    struct committed *c = (struct committed *)t;
    struct rank *r = pmix_rank_of(&c->proc);
    bool ok = c->status == PMIX_SUCCESS, more = ok && !has_key(c) && r && !r->reaped && (!c->end || now_ns() < c->end);
    if (!more) {
        tell(c, ok && has_key(c));
        return;
    }
    free(c->data);
    c->data = NULL;
    c->n = 0;
    c->wait_ms = c->wait_ms * 2 > MOST_MS ? MOST_MS : c->wait_ms * 2;
    struct timeval late = {c->wait_ms / 1000, c->wait_ms % 1000 * 1000};
    if (!c->again)
        c->again = evtimer_new(pmix_server()->proxy->base, on_again, c);
    if (!c->again || evtimer_add(c->again, &late) < 0)
        tell(c, false);
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

static void ask(struct committed *c)
{
    struct job *j = pmix_job_of(c->proc.nspace);
    pmix_status_t rc =
        j && j->pmix ? pmix_server()->lib->PMIx_server_dmodex_request(&c->proc, on_committed, c) : PMIX_ERR_NOT_FOUND;
    if (rc != PMIX_SUCCESS)
        on_committed(rc, NULL, 0, c);
}

void pmix_modex(struct job *j, uint32_t rank, uint32_t id, struct bytes key, uint32_t timeout)
{
    if (!pmix_server()) {
        pmi_server_modex_done(j->proxy->pmi, j->spec.job, id, PMI2_ERROR_OTHER, bytes_of("it is not served by PMIx"));
        return;
    }
    struct committed *c = xcalloc(1, sizeof *c);
    *c = (struct committed){.task.run = look,
                            .job = j->spec.job,
                            .id = id,
                            .key = xstrndup(key.data, key.len),
                            .end = timeout ? now_ns() + (uint64_t)timeout * 1000000000u : 0,
                            .wait_ms = FIRST_MS / 2};
    proc_set(&c->proc, j->spec.kvsname, rank);
    ask(c);
}
