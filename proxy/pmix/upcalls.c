/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the library calls, in its own thread: each call becomes a task for the loop. Here: the life of a rank.
 */
#include "common/xalloc.h"
#include "pmi-server/client.h"
#include "pmi-server/server.h"
#include "proxy/pmi.h"
#include "proxy/pmix/control.h"
#include "proxy/pmix/events.h"
#include "proxy/pmix/fence.h"
#include "proxy/pmix/front.h"
#include "proxy/pmix/meeting.h"
#include "proxy/pmix/modex.h"
#include "proxy/pmix/names.h"
#include "proxy/pmix/query.h"
#include "proxy/pmix/said.h"
#include "proxy/pmix/spawn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A rank has said something that needs no more than its name. */
struct life {
    struct handover_task task;
    pmix_proc_t proc;
    int code;
    char *message;
    pmix_op_cbfunc_t done;
    void *arg;
};

static pmix_status_t life_post(void (*run)(struct handover_task *t), const pmix_proc_t *proc, pmix_op_cbfunc_t done,
                               void *arg, int code, const char *message)
{
    struct life *l = xcalloc(1, sizeof *l);
    *l = (struct life){.task.run = run,
                       .proc = *proc,
                       .code = code,
                       .message = xstrdup(message ? message : ""),
                       .done = done,
                       .arg = arg};
    handover_post(&l->task);
    return PMIX_SUCCESS;
}

static void life_done(struct life *l, pmix_status_t status)
{
    if (l->done)
        l->done(status, l->arg);
    free(l->message);
    free(l);
}

/* Who has ended without a word to anybody is waited for by all who speak: the library waits for the ranks of a node
 * before it tells us of them. */
static void tell_silent(struct job *j, uint32_t waiter)
{
    char why[128];
    for (uint32_t i = 0; i < j->nranks; i++) {
        struct pmi_client_state s;
        if (!j->ranks[i].reaped || !j->ranks[i].pmi)
            continue;
        pmi_client_state(j->ranks[i].pmi, &s);
        if (!s.silent || j->spec.flags & LAUNCH_NO_KILL)
            continue;
        snprintf(why, sizeof why, "exited without PMIx, in which rank %u waits for it", waiter);
        pmi_failed(&j->ranks[i], why);
        return;
    }
}

void pmix_rank_gone(struct rank *r)
{
    struct job *j = r->job;
    for (uint32_t i = 0; j->pmix && i < j->nranks; i++) {
        if (!j->ranks[i].in_pmix || j->ranks[i].reaped)
            continue;
        tell_silent(j, j->ranks[i].rank);
        return;
    }
}

static void connected_now(struct handover_task *t)
{
    struct life *l = (struct life *)t;
    struct rank *r = pmix_rank_of(&l->proc);
    bool lives = r && r->pmi && !r->reaped;
    if (lives) {
        r->in_pmix = true;
        pmi_client_initialized(r->pmi);
        tell_silent(r->job, r->rank);
    }
    life_done(l, lives ? PMIX_SUCCESS : PMIX_ERR_NOT_FOUND);
}

static void finalized_now(struct handover_task *t)
{
    struct life *l = (struct life *)t;
    struct rank *r = pmix_rank_of(&l->proc);
    if (r && r->pmi && !r->reaped) {
        r->in_pmix = false;
        pmi_client_finalized(r->pmi);
    }
    life_done(l, PMIX_SUCCESS);
}

static void abort_now(struct handover_task *t)
{
    struct life *l = (struct life *)t;
    struct rank *r = pmix_rank_of(&l->proc);
    if (r && r->pmi)
        pmi_client_abort(r->pmi, l->code, strcmp(l->message, "N/A") ? l->message : ""); /* Open MPI's word for none */
    life_done(l, PMIX_SUCCESS);
}

static pmix_status_t on_connected(const pmix_proc_t *proc, void *object, pmix_info_t info[], size_t ninfo,
                                  pmix_op_cbfunc_t done, void *arg)
{
    return life_post(connected_now, proc, done, arg, 0, NULL);
}

static pmix_status_t on_finalized(const pmix_proc_t *proc, void *object, pmix_op_cbfunc_t done, void *arg)
{
    return life_post(finalized_now, proc, done, arg, 0, NULL);
}

static pmix_status_t on_abort(const pmix_proc_t *proc, void *object, int status, const char message[],
                              pmix_proc_t procs[], size_t nprocs, pmix_op_cbfunc_t done, void *arg)
{
    return life_post(abort_now, proc, done, arg, status, message);
}

static pmix_status_t on_fence(const pmix_proc_t procs[], size_t nprocs, const pmix_info_t info[], size_t ninfo,
                              char *data, size_t ndata, pmix_modex_cbfunc_t done, void *arg)
{
    return fence_begin(procs, nprocs, data, ndata, done, arg);
}

void pmix_upcalls(pmix_server_module_t *m)
{
    *m = (pmix_server_module_t){
        .client_connected2 = on_connected,
        .client_finalized = on_finalized,
        .abort = on_abort,
        .fence_nb = on_fence,
        .direct_modex = modex_begin,
        .publish = names_publish,
        .lookup = names_lookup,
        .unpublish = names_unpublish,
        .spawn = spawn_begin,
        .connect = meeting_connect,
        .disconnect = meeting_disconnect,
        .register_events = events_register,
        .deregister_events = events_deregister,
        .notify_event = events_notify,
        .group = meeting_group,
        .query = query_begin,
        .log = said_begin,
        .job_control = control_begin,
    };
}
