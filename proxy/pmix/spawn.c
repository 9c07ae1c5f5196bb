/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PMIx' attributes are turned into the keys of MPI_Comm_spawn's info, and the request into that of pmi-server: mpiexec
 * need not know how it was asked. What stands at the whole request holds for each of its programs.
 */
#include "proxy/pmix/spawn.h"

#include "common/xalloc.h"
#include "pmi-server/spawn_text.h"
#include "wire/pmi_control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct spawn_call {
    struct handover_task task;
    pmix_proc_t proc;
    struct buf body;
    pmix_status_t status; /* of what cannot be asked for at all */
    pmix_spawn_cbfunc_t done;
    void *arg;
    bool answered;
};

/* --- in the library's thread: the request */

/* Attributes whose values are texts, and the keys that say the same. */
static const struct {
    const char *attribute, *key;
} texts[] = {
    {PMIX_HOST, "host"}, {PMIX_HOSTFILE, "hostfile"}, {PMIX_ADD_HOST, "add-host"}, {PMIX_ADD_HOSTFILE, "add-hostfile"},
    {PMIX_WDIR, "wdir"}, {PMIX_MAPBY, "map-by"},      {PMIX_RANKBY, "rank-by"},    {PMIX_BINDTO, "bind-to"},
    {PMIX_PPR, "ppr"},
};

/* Open MPI 4.1 says "1:n" for one on each node. */
static char *value_of(const char *key, const char *text)
{
    size_t n = strlen(text);
    bool short_node = strcmp(key, "ppr") == 0 && n > 2 && strcmp(text + n - 2, ":n") == 0;
    return xasprintf("%s%s", text, short_node ? "ode" : "");
}

static void add_key(struct pmi_control_command *c, const char *key, char *value)
{
    c->info = xreallocarray(c->info, c->ninfo + 1, sizeof *c->info);
    c->info[c->ninfo++] = (struct pmi_control_info){xstrdup(key), value};
}

/* "NAME=VALUE"; the key has one a line. false: it has lines of its own. */
static bool add_variable(struct pmi_control_command *c, const char *variable)
{
    size_t n = strlen(variable);
    while (n && variable[n - 1] == '\n') /* MPICH's */
        n--;
    if (memchr(variable, '\n', n))
        return false;
    add_key(c, "env", xstrndup(variable, n));
    return true;
}

static bool add_envar(struct pmi_control_command *c, const pmix_envar_t *v)
{
    char *variable = xasprintf("%s=%s", v->envar ? v->envar : "", v->value ? v->value : "");
    bool ok = add_variable(c, variable);
    free(variable);
    return ok;
}

/* An attribute that is not known has no say, but where its sender cannot do without. */
static pmix_status_t add_info(struct pmi_control_command *c, const pmix_info_t *info)
{
    if (strcmp(info->key, PMIX_SET_ENVAR) == 0 && info->value.type == PMIX_ENVAR)
        return add_envar(c, &info->value.data.envar) ? PMIX_SUCCESS : PMIX_ERR_BAD_PARAM;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(info->key, texts[i].attribute) == 0) {
            if (info->value.type != PMIX_STRING || !info->value.data.string)
                return PMIX_ERR_BAD_PARAM;
            add_key(c, texts[i].key, value_of(texts[i].key, info->value.data.string));
            return PMIX_SUCCESS;
        }
    return info->flags & PMIX_INFO_REQD ? PMIX_ERR_NOT_SUPPORTED : PMIX_SUCCESS;
}

static pmix_status_t add_infos(struct pmi_control_command *c, const pmix_info_t *info, size_t n)
{
    pmix_status_t rc = PMIX_SUCCESS;
    for (size_t i = 0; rc == PMIX_SUCCESS && i < n; i++)
        rc = add_info(c, &info[i]);
    return rc;
}

/* argv has the program's name first; the request has its arguments alone. */
static void fill_argv(struct pmi_control_command *c, const pmix_app_t *a)
{
    uint32_t n = 0;
    while (a->argv && a->argv[n])
        n++;
    c->exe = xstrdup(a->cmd ? a->cmd : n ? a->argv[0] : "");
    c->argv = xcalloc(n ? n : 1, sizeof *c->argv);
    for (uint32_t i = 1; i < n; i++)
        c->argv[c->argc++] = xstrdup(a->argv[i]);
}

static pmix_status_t fill_command(struct pmi_control_command *c, const pmix_app_t *a, const pmix_info_t *job,
                                  size_t njob)
{
    pmix_status_t rc = add_infos(c, job, njob);
    fill_argv(c, a);
    c->maxprocs = a->maxprocs > 0 ? (uint32_t)a->maxprocs : 0;
    if (a->cwd)
        add_key(c, "wdir", xstrdup(a->cwd));
    if (rc == PMIX_SUCCESS)
        rc = add_infos(c, a->info, a->ninfo);
    for (size_t i = 0; rc == PMIX_SUCCESS && a->env && a->env[i]; i++)
        if (!add_variable(c, a->env[i]))
            rc = PMIX_ERR_BAD_PARAM;
    return rc;
}

static bool within_bounds(const struct pmi_control_command *c)
{
    return *c->exe && c->maxprocs && c->maxprocs <= PMI_CONTROL_PROCS_MAX && c->argc <= PMI_ITEMS_MAX &&
           c->ninfo <= PMI_ITEMS_MAX;
}

static pmix_status_t put_command(struct buf *b, const pmix_app_t *a, const pmix_info_t *job, size_t njob)
{
    struct pmi_control_command c = {NULL};
    pmix_status_t rc = fill_command(&c, a, job, njob);
    if (rc == PMIX_SUCCESS && !within_bounds(&c))
        rc = PMIX_ERR_BAD_PARAM;
    if (rc == PMIX_SUCCESS)
        pmi_control_command_put(b, &c);
    pmi_control_command_fini(&c);
    return rc;
}

static pmix_status_t put_request(struct buf *b, const pmix_info_t *job, size_t njob, const pmix_app_t *apps,
                                 size_t napps)
{
    pmix_status_t rc = napps && napps <= PMI_CONTROL_COMMANDS_MAX ? PMIX_SUCCESS : PMIX_ERR_BAD_PARAM;
    buf_put_u32(b, 0); /* keys that are put for the new job: PMIx has none */
    buf_put_u32(b, (uint32_t)napps);
    uint64_t procs = 0;
    for (size_t i = 0; rc == PMIX_SUCCESS && i < napps; i++) {
        rc = put_command(b, &apps[i], job, njob);
        procs += rc == PMIX_SUCCESS ? (uint64_t)apps[i].maxprocs : 0;
    }
    if (procs > PMI_CONTROL_PROCS_MAX)
        return PMIX_ERR_BAD_PARAM;
    return b->failed ? PMIX_ERR_NOMEM : rc;
}

/* --- in the loop */

static void finish(struct spawn_call *c, pmix_status_t status, const char *nspace)
{
    pmix_nspace_t name = "";
    if (c->answered)
        return;
    c->answered = true;
    snprintf(name, sizeof name, "%s", nspace);
    c->done(status, name, c->arg);
}

/* The codes are errnos, one a process; PMIx has one for all. */
static pmix_status_t status_of(const struct pmi_result *r)
{
    for (uint32_t i = 0; i < r->ncodes; i++)
        if (r->codes[i])
            return PMIX_ERR_JOB_FAILED_TO_LAUNCH;
    return PMIX_SUCCESS;
}

static void answer(const struct pmi_request *q, const struct pmi_result *r)
{
    struct spawn_call *c = q->opaque;
    if (r->rc)
        proxy_warn(pmix_server()->proxy, "spawn for rank %u of %s: %s", c->proc.rank, c->proc.nspace, r->why);
    finish(c, r->rc ? PMIX_ERR_JOB_FAILED_TO_LAUNCH : status_of(r), r->rc ? "" : r->value.data);
}

static void release(void *opaque)
{
    struct spawn_call *c = opaque;
    finish(c, PMIX_ERR_LOST_CONNECTION, "");
    buf_fini(&c->body);
    free(c);
}

static const struct pmi_front front = {.name = "PMIx", .answer = answer, .release = release, .mapping_max = SIZE_MAX};

static void ask(struct handover_task *t)
{
    struct spawn_call *c = (struct spawn_call *)t;
    struct rank *r = pmix_rank_of(&c->proc);
    if (c->status == PMIX_SUCCESS && (!r || !r->pmi || r->reaped))
        c->status = PMIX_ERR_NOT_FOUND;
    if (c->status != PMIX_SUCCESS) {
        finish(c, c->status, "");
        release(c);
        return;
    }
    struct buf body = c->body;
    buf_init(&c->body);
    pmi_spawn_request(pmi_request_new(r->pmi, &front, PMI_VERB_SPAWN, false, c), &body, NULL);
}

pmix_status_t spawn_begin(const pmix_proc_t *proc, const pmix_info_t job_info[], size_t ninfo, const pmix_app_t apps[],
                          size_t napps, pmix_spawn_cbfunc_t done, void *arg)
{
    struct spawn_call *c = xcalloc(1, sizeof *c);
    *c = (struct spawn_call){.task.run = ask, .proc = *proc, .done = done, .arg = arg};
    buf_init(&c->body);
    c->status = put_request(&c->body, job_info, ninfo, apps, napps);
    handover_post(&c->task);
    return PMIX_SUCCESS;
}
