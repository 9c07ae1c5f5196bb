/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The life of a job that has ranks which may speak PMIx: the library is told of it and of each rank, and ranks are
 * started when it has taken all that in.
 */
#include "common/cpus.h"
#include "common/this_host.h"
#include "common/xalloc.h"
#include "proxy/pmix/front.h"
#include "proxy/pmix/job_data.h"
#include "proxy/rank_env.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct pmix_job {
    struct infos data;
    uint32_t pending; /* answers of the library */
    pmix_status_t status;
    bool oversubscribed;                          /* ranks share processors */
    void (*then)(struct job *j, const char *why); /* NULL: it is known, and its ranks are not served */
};

struct registered {
    struct handover_task task;
    struct job *job;
    pmix_status_t status;
};

static bool speaks(const struct rank *r)
{
    return rank_app(r)->pmi & LAUNCH_PMI_X;
}

bool pmix_is_needed(const struct job *j)
{
    for (uint32_t i = 0; i < j->nranks; i++)
        if (speaks(&j->ranks[i]))
            return true;
    return false;
}

static void registered_now(struct handover_task *t)
{
    const struct registered r = *(struct registered *)t;
    struct pmix_job *p = r.job->pmix;
    free(t);
    if (r.status != PMIX_SUCCESS && p->status == PMIX_SUCCESS)
        p->status = r.status;
    if (--p->pending > 0)
        return;
    infos_fini(&p->data);
    p->then(r.job, p->status == PMIX_SUCCESS ? NULL : pmix_server()->lib->PMIx_Error_string(p->status));
}

static void on_registered(pmix_status_t status, void *cbdata)
{
    struct registered *r = xcalloc(1, sizeof *r);
    *r = (struct registered){.task.run = registered_now, .job = cbdata, .status = status};
    handover_post(&r->task);
}

/* The library may have done it at once, and then does not call back. */
static void check_begun(struct job *j, pmix_status_t rc)
{
    if (rc != PMIX_SUCCESS)
        on_registered(rc == PMIX_OPERATION_SUCCEEDED ? PMIX_SUCCESS : rc, j);
}

static void register_all(const struct pmix_library *lib, struct job *j)
{
    struct pmix_job *p = j->pmix;
    job_data_fill(&p->data, j);
    p->pending = 1;
    for (uint32_t i = 0; i < j->nranks; i++)
        p->pending += speaks(&j->ranks[i]);
    check_begun(j, lib->PMIx_server_register_nspace(j->spec.kvsname, (int)(p->pending - 1), p->data.v, p->data.n,
                                                    on_registered, j));
    for (uint32_t i = 0; i < j->nranks; i++) {
        pmix_proc_t proc;
        proc_set(&proc, j->spec.kvsname, j->ranks[i].rank);
        if (speaks(&j->ranks[i]))
            check_begun(j, lib->PMIx_server_register_client(&proc, getuid(), getgid(), NULL, on_registered, j));
    }
}

/* Do its ranks here share processors? Nodes that are simulated have one machine. */
static bool is_oversubscribed(const struct job *j)
{
    bool simulated = !this_host_is(proxy_name(j->proxy));
    return (simulated ? j->spec.map.nranks : j->nranks) > cpus_usable();
}

void pmix_job_add(struct job *j, void (*then)(struct job *j, const char *why))
{
    struct err e;
    struct pmix *pmix = pmix_server_start(j->proxy, &e);
    if (!pmix) {
        then(j, e.text);
        return;
    }
    j->pmix = xcalloc(1, sizeof *j->pmix);
    *j->pmix = (struct pmix_job){.status = PMIX_SUCCESS, .oversubscribed = is_oversubscribed(j), .then = then};
    register_all(pmix->lib, j);
}

static void known(pmix_status_t status, void *cbdata)
{
    infos_fini(cbdata);
    free(cbdata);
}

/* Its data outlives the job if that ends meanwhile. Nobody waits: the library does what it is asked in order. */
void pmix_job_know(struct job *j)
{
    if (j->pmix)
        return;
    j->pmix = xcalloc(1, sizeof *j->pmix);
    struct infos *data = xcalloc(1, sizeof *data);
    job_data_fill(data, j);
    pmix_status_t rc =
        pmix_server()->lib->PMIx_server_register_nspace(j->spec.kvsname, 0, data->v, data->n, known, data);
    if (rc != PMIX_SUCCESS)
        known(rc, data);
}

static void ignore_status(pmix_status_t status, void *cbdata)
{
}

void pmix_job_del(struct job *j)
{
    if (!j->pmix)
        return;
    pmix_server()->lib->PMIx_server_deregister_nspace(j->spec.kvsname, ignore_status, NULL);
    infos_fini(&j->pmix->data);
    free(j->pmix);
    j->pmix = NULL;
}

static void append(char ***env, char *variable)
{
    size_t n = 0;
    while (*env && (*env)[n])
        n++;
    *env = xreallocarray(*env, n + 2, sizeof **env);
    (*env)[n] = variable;
    (*env)[n + 1] = NULL;
}

static bool user_has(const struct rank *r, const char *name)
{
    return rank_env_get(r->job->spec.envs[rank_app(r)->env].v, name) != NULL;
}

/* Open MPI 4.1 asks how it was started before it looks for PMIx, and knows launchers by name: by this variable, the one
 * of those that start it directly, bind it and serve PMIx. The others are what its mpirun sets, and programs read. */
static void add_known(char ***env, const struct rank *r)
{
    const struct job *j = r->job;
    append(env, xstrdup("JSM_JSRUN_PORT=0"));
    /* Its shared memory is named after the machine: nodes that are simulated on one would take each other's. */
    if (!this_host_is(proxy_name(j->proxy)))
        append(env, xasprintf("OMPI_MCA_btl_vader_backing_directory=%s", pmix_server()->dir.path));
    /* It gives its processor to others while it waits. */
    if (j->pmix->oversubscribed && !user_has(r, "OMPI_MCA_mpi_oversubscribe"))
        append(env, xstrdup("OMPI_MCA_mpi_oversubscribe=1"));
    if (rank_app(r)->pmi != LAUNCH_PMI_X)
        return;
    append(env, xasprintf("OMPI_COMM_WORLD_RANK=%u", r->rank));
    append(env, xasprintf("OMPI_COMM_WORLD_SIZE=%u", j->spec.map.nranks));
    append(env, xasprintf("OMPI_COMM_WORLD_LOCAL_RANK=%u", r->local));
    append(env, xasprintf("OMPI_COMM_WORLD_LOCAL_SIZE=%u", j->nranks));
    append(env, xasprintf("OMPI_COMM_WORLD_NODE_RANK=%u", r->local));
}

char **pmix_environment(const struct rank *r)
{
    char **env = NULL;
    pmix_proc_t proc;
    if (!r->job->pmix || !r->job->pmix->then || !speaks(r))
        return NULL;
    proc_set(&proc, r->job->spec.kvsname, r->rank);
    if (pmix_server()->lib->PMIx_server_setup_fork(&proc, &env) != PMIX_SUCCESS)
        proxy_warn(r->job->proxy, "OpenPMIx's server library cannot make the environment of rank %u", r->rank);
    add_known(&env, r);
    return env;
}
