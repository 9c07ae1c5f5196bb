/* SPDX-License-Identifier: BSD-3-Clause
 *
 * plan: from what was asked for to the launch description: where each rank runs, with what environment.
 */
#include "launcher/plan.h"

#include "common/xalloc.h"
#include "launcher/claim.h"
#include "launcher/env.h"
#include "launcher/job.h"
#include "launcher/map/map.h"
#include "launcher/places.h"
#include "launcher/program.h"
#include "launcher/pset.h"
#include "launcher/ranklist.h"
#include "launcher/stdio_terminal.h"
#include "launcher/threads.h"
#include "launcher/witness.h"
#include "launcher/worlds.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

extern char **environ;

static int flag_hosts(const struct run *run, const struct hostlist *own, bool *flags, struct err *e)
{
    for (size_t i = 0; i < own->n; i++) {
        long at = cluster_find_node(run->cluster, own->hosts[i].name);
        if (at < 0)
            return err_set(e, "host %s is not one of this run's hosts: name it in --hosts", own->hosts[i].name);
        if (run->cluster->node_lost[at])
            return err_set(e, "host %s is lost", own->hosts[i].name);
        flags[at] = true;
    }
    return 0;
}

static int flag_all(const struct run *run, bool *flags, struct err *e)
{
    bool any = false;
    for (uint32_t i = 0; i < run->cluster->nnodes; i++)
        any |= flags[i] = !run->cluster->node_lost[i];
    return any ? 0 : err_set(e, "every host is lost");
}

static bool any_is_lost(const struct cluster *c)
{
    bool lost = false;
    for (uint32_t i = 0; i < c->nnodes; i++)
        lost |= c->node_lost[i];
    return lost;
}

/* The nodes that an application may use: those of its own list, else all that are not lost. NULL: every one. */
static int app_nodes(const struct run *run, const struct hostlist *own, const bool **to, struct err *e)
{
    *to = NULL;
    if (!own->n && !any_is_lost(run->cluster))
        return 0;
    bool *flags = xcalloc(run->cluster->nnodes, sizeof *flags);
    *to = flags;
    return own->n ? flag_hosts(run, own, flags, e) : flag_all(run, flags, e);
}

static int map_apps(struct run *run, const struct job_request *r, struct map_app *to, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < r->napps; i++) {
        const struct app *a = &r->apps[i];
        struct hostlist own = {0};
        to[i].np = a->np >= 0 ? (uint32_t)a->np : r->napps > 1 ? 1 : 0;
        rc = a->hosts ? hostlist_parse(&own, a->hosts, e) : 0;
        if (rc == 0)
            rc = app_nodes(run, r->named ? &r->named[i] : &own, &to[i].nodes, e);
        hostlist_fini(&own);
    }
    return rc;
}

/* NULL with e set: it would be below the current directory, and that one has no name any more. */
static char *absolute(const char *dir, struct err *e)
{
    char cwd[PATH_MAX], real[PATH_MAX];
    if (dir && dir[0] == '/')
        return xstrdup(dir);
    const char *base = getenv("PWD"), *here = getcwd(cwd, sizeof cwd);
    if (!here || *here != '/') {
        err_set(e, "unable to name the current directory (%s): go to one that is there, or name the ranks' with --wdir",
                here ? "it is out of reach" : strerror(errno));
        return NULL;
    }
    /* The user's own name of the directory, where it is one (through symbolic links), reads better in messages. */
    if (base && realpath(base, real) && strcmp(real, here) == 0)
        here = base;
    return dir ? xasprintf("%s/%s", here, dir) : xstrdup(here);
}

static void copy_strings(struct strings *to, char **v, size_t n)
{
    to->v = xcalloc(n + 1, sizeof *to->v);
    for (to->n = 0; to->n < n; to->n++)
        to->v[to->n] = xstrdup(v[to->n]);
}

/* Which protocols its ranks are to be given. PMIx needs to know all nodes by name. */
static void describe_pmi(const struct run *run, struct job *j, struct launch_app *to, const struct app *a)
{
    struct launch_spec *s = &j->spec;
    struct program p;
    program_find(&p, a);
    program_choose(&p, run->opt.pmi);
    to->pmi = p.pmi;
    /* Muster's own asks nobody: what it needs to know lies in its memory. */
    bool told = *p.linked && (!p.pmi || !strstr(p.linked, "libmpi_abi"));
    j->libraries[to - s->apps] = told ? xstrdup(p.linked) : NULL;
    if (!(p.pmi & LAUNCH_PMI_X) || s->nodes.n)
        return;
    s->nodes.v = xcalloc(run->cluster->nnodes + 1, sizeof *s->nodes.v);
    for (; s->nodes.n < run->cluster->nnodes; s->nodes.n++)
        s->nodes.v[s->nodes.n] = xstrdup(cluster_node_name(run->cluster, s->nodes.n));
}

/* The next one of apps, which are those of the job. */
static int describe_app(const struct run *run, struct job *j, const struct app *const *apps, struct err *e)
{
    struct launch_spec *s = &j->spec;
    const struct app *a = apps[s->napps];
    struct launch_app *to = &s->apps[s->napps++];
    copy_strings(&to->argv, a->argv, a->argc);
    to->wdir = absolute(a->wdir, e);
    if (!to->wdir)
        return -1;
    to->path = xstrdup(a->path ? a->path : "");
    to->umask = a->umask < 0 ? UINT32_MAX : (uint32_t)a->umask;
    to->arg_templates = a->arg_templates;
    describe_pmi(run, j, to, a);
    const struct env_rules *g = &run->opt.genv, *own = &a->env;
    to->templates.v = xcalloc(g->ntemplates + own->ntemplates + 1, sizeof *to->templates.v);
    for (size_t i = 0; i < g->ntemplates; i++)
        to->templates.v[to->templates.n++] = xstrdup(g->templates[i]);
    for (size_t i = 0; i < own->ntemplates; i++)
        to->templates.v[to->templates.n++] = xstrdup(own->templates[i]);
    /* An application without rules of its own has the environment of the first such one. */
    bool plain = own->mode == ENV_UNSET && own->nset == 0;
    for (uint32_t i = 0; plain && i + 1 < s->napps; i++) {
        const struct env_rules *other = &apps[i]->env;
        if (other->mode == ENV_UNSET && other->nset == 0) {
            to->env = s->apps[i].env;
            return 0;
        }
    }
    to->env = s->nenvs;
    env_build(&s->envs[s->nenvs++], g, own, environ);
    return 0;
}

/* Spawned ranks have numbers that others have as well. */
static const char *label_of(const struct launch_spec *s, const struct options *o)
{
    if (!o->label)
        return "";
    return o->label_pattern ? o->label_pattern : s->flags & LAUNCH_SPAWNED || s->job ? "[{job}:{rank}] " : "[{rank}] ";
}

/* Ranks that are known to have another library find one another without us. */
static int describe_places(const struct run *run, struct job *j, struct err *e)
{
    const struct options *o = &run->opt;
    bool others = true;
    for (uint32_t i = 0; i < j->spec.napps; i++)
        others &= j->libraries[i] != NULL;
    struct places_wish w = {o->interface, o->port_low, o->port_high};
    return others ? 0 : places_choose(run->cluster, &w, &j->spec, e);
}

static int describe_io(struct launch_spec *s, const struct options *o, struct err *e)
{
    s->flags |= (o->merge_stderr ? LAUNCH_MERGE_STDERR : 0) | (o->collapse ? LAUNCH_COLLAPSE : 0) |
                (o->tee ? LAUNCH_TEE : 0) | (o->line_buffered ? LAUNCH_LINES : 0) | (o->no_kill ? LAUNCH_NO_KILL : 0) |
                (o->report ? LAUNCH_TIMED : 0);
    s->label = xstrdup(label_of(s, o));
    s->output_dir = o->output_dir ? absolute(o->output_dir, e) : xstrdup("");
    s->outfile = xstrdup(o->outfile_pattern ? o->outfile_pattern : "");
    s->errfile = xstrdup(o->errfile_pattern ? o->errfile_pattern : "");
    return s->output_dir ? 0 : -1;
}

static int describe_terminal(struct launch_spec *s, const struct options *o, struct err *e)
{
    if (o->pty < 0)
        return 0;
    if (o->pty >= (long)s->map.nranks)
        return err_set(e, "--pty: there is no rank %ld, of %u", o->pty, s->map.nranks);
    s->flags |= LAUNCH_PTY;
    s->pty_rank = (uint32_t)o->pty;
    terminal_size(&s->pty_rows, &s->pty_columns);
    return 0;
}

static int describe_stdin(struct launch_spec *s, const struct options *o, struct err *e)
{
    if (describe_terminal(s, o, e) < 0)
        return -1;
    if (o->stdin_mode == STDIN_ALL)
        s->flags |= LAUNCH_STDIN_ALL;
    if (o->stdin_mode != STDIN_RANKS)
        return 0;
    struct err why;
    if (ranklist_parse(o->stdin_ranks ? o->stdin_ranks : "0", s->map.nranks, &s->stdin_ranks, &s->nstdin, &why) == 0)
        return 0;
    return err_set(e, "--stdin: %s", why.text);
}

static void append_variable(struct strings *to, const char *name, const char *value)
{
    to->v = xreallocarray(to->v, to->n + 2, sizeof *to->v);
    to->v[to->n++] = xasprintf("%s=%s", name, value);
    to->v[to->n] = NULL;
}

static void add_variable(struct launch_spec *s, const char *name, const char *value)
{
    for (uint32_t i = 0; value && i < s->nenvs; i++)
        append_variable(&s->envs[i], name, value);
}

/* Each rank chooses what carries, by the devices of its host; where these differ, and nobody has said what, TCP does.
 */
static void agree_on_transport(const struct cluster *c, struct launch_spec *s)
{
    static const char name[] = "MUSTER_TRANSPORT=", any[] = "MUSTER_TRANSPORT=auto";
    for (uint32_t i = 0; i < s->nenvs && places_fabrics_differ(c, s); i++) {
        struct strings *env = &s->envs[i];
        size_t k = 0;
        while (k < env->n && strncmp(env->v[k], name, sizeof name - 1) != 0)
            k++;
        if (k == env->n)
            append_variable(env, "MUSTER_TRANSPORT", "tcp");
        else if (strcmp(env->v[k], any) == 0)
            memcpy(env->v[k] + sizeof name - 1, "tcp", sizeof "tcp");
    }
}

/* What the runtime is told of the whole job. */
static int describe_job(struct launch_spec *s, const struct options *o, struct err *e)
{
    if (o->psets && pset_check_ranks(o->psets, s->map.nranks, e) < 0)
        return -1;
    add_variable(s, PSET_ENV, o->psets);
    add_variable(s, "MUSTER_MEMORY_ALLOC_KINDS", o->memory_kinds);
    return 0;
}

/* Until they end (job.c): what is planned meanwhile leaves them their slots. */
static void occupy(struct run *run, const struct rankmap *m)
{
    for (uint32_t i = 0; i < run->cluster->nnodes; i++)
        run->cluster->nodes[i].used += rankmap_local_size(m, i);
}

static int describe_plan(struct launch_spec *s, const struct map_plan *p, const struct share *share, uint32_t nnodes)
{
    uint32_t n = share->nranks, *v = xcalloc(n, sizeof *v);
    for (uint32_t i = 0; i < n; i++)
        v[i] = share->ranks[i]->node;
    int rc = rankmap_build(&s->map, v, n, nnodes);
    for (uint32_t i = 0; i < n; i++)
        v[i] = share->number_of_app[share->ranks[i]->app];
    rc = rc < 0 ? rc : rank_runs_build(&s->app_of_rank, v, n);
    for (uint32_t i = 0; i < n; i++)
        v[i] = (uint32_t)(share->ranks[i]->binding + 1);
    rc = rc < 0 ? rc : rank_runs_build(&s->binding_of_rank, v, n);
    free(v);
    copy_strings(&s->bindings, p->bindings, p->nbindings);
    return rc;
}

/* Unique among all jobs of this machine's and this user's life, so that names of different runs never meet. */
static char *kvsname(uint32_t number)
{
    char host[64] = "host";
    gethostname(host, sizeof host - 1);
    struct timeval t;
    gettimeofday(&t, NULL);
    return xasprintf("muster_%s_%d_%lx_%u", host, (int)getpid(), (unsigned long)(t.tv_sec * 1000000 + t.tv_usec),
                     number);
}

static int check_lost(const struct run *run, const struct map_plan *p, struct err *e)
{
    for (uint32_t i = 0; i < p->nranks; i++)
        if (run->cluster->node_lost[p->ranks[i].node])
            return err_set(e, "host %s is out of reach", cluster_node_name(run->cluster, p->ranks[i].node));
    return 0;
}

/* A host file's max_slots is a bound that ranks do not pass even where more ranks than slots are fine. */
static int check_max_slots(const struct run *run, const struct map_plan *p, struct err *e)
{
    uint32_t *on_node = xcalloc(run->cluster->nnodes, sizeof *on_node), worst = run->cluster->nnodes;
    for (uint32_t i = 0; i < p->nranks; i++)
        on_node[p->ranks[i].node]++;
    for (uint32_t i = 0; i < run->cluster->hosts.n && worst == run->cluster->nnodes; i++)
        if (run->cluster->hosts.hosts[i].max_slots && on_node[i] > run->cluster->hosts.hosts[i].max_slots)
            worst = i;
    if (worst < run->cluster->nnodes)
        err_set(e, "host %s has max_slots=%u, but %u ranks were placed on it: start fewer, or name more hosts",
                run->cluster->hosts.hosts[worst].name, run->cluster->hosts.hosts[worst].max_slots, on_node[worst]);
    free(on_node);
    return worst < run->cluster->nnodes ? -1 : 0;
}

/* Frames have 16 bits for it. A number is free again when its job is forgotten. */
static int number_job(struct run *run, struct launch_spec *s, struct err *e)
{
    for (uint32_t tries = 0; tries < UINT16_MAX; tries++) {
        s->job = run->jobs_begun++ & UINT16_MAX;
        if (!job_find(run, s->job))
            return 0;
    }
    return err_set(e, "more than %u jobs in one run", UINT16_MAX);
}

/* What nodes have told is in their map_node. */
static struct topo *topo_unknown(void *arg, const struct map_node *node, unsigned want, struct err *e)
{
    err_set(e, "host %s did not report its processors; use --bind-to none, or leave it out", node->name);
    return NULL;
}

static void request_map(const struct run *run, const struct job_request *r, struct map_request *mr)
{
    *mr = (struct map_request){.nodes = run->cluster->nodes,
                               .nnodes = run->cluster->nnodes,
                               .napps = (uint32_t)r->napps,
                               .map_by = r->map_by,
                               .rank_by = r->rank_by,
                               .bind_to = r->bind_to,
                               .cpus_per_rank = (uint32_t)run->opt.cpus_per_rank,
                               .threads = threads_told(r->apps, r->napps, &run->opt.genv, environ),
                               .ppn = r->ppn,
                               .rankmap = r->rankmap,
                               .sequence = run->cluster->hosts.mentions,
                               .nsequence = run->cluster->hosts.nmentions,
                               .rankfile = r->rankfile,
                               .no_oversubscribe = run->opt.no_oversubscribe,
                               .shared = run->cluster->is_here && run->cluster->hosts.n > 0,
                               .topo_load = run->cluster->is_here ? NULL : topo_unknown};
}

/* The slots of all hosts that are there. */
static uint32_t count_universe(const struct run *run)
{
    const struct cluster *c = run->cluster;
    uint64_t slots = 0;
    for (uint32_t i = 0; i < c->nnodes; i++)
        if (!c->node_lost[i])
            slots += c->nodes[i].slots ? c->nodes[i].slots : c->nodes[i].processors;
    return run->opt.usize == -2 ? UINT32_MAX : run->opt.usize >= 0 ? (uint32_t)run->opt.usize : (uint32_t)slots;
}

int plan_kinds(const struct run *run, const struct job_request *r, unsigned *kinds, struct err *e)
{
    struct map_request mr;
    request_map(run, r, &mr);
    return map_kinds(&mr, kinds, e);
}

/* A spawn's hosts may have slots of their own, "a:2": those that are free for this job alone. Where ranks may not
 * outnumber slots, they are of those that the host has. Returns what is to be given back. */
static uint32_t *lend_slots(struct run *run, const struct job_request *r)
{
    struct cluster *c = run->cluster;
    uint32_t *own = xcalloc(c->nnodes, sizeof *own), *given = xcalloc(c->nnodes, sizeof *given);
    for (size_t i = 0; r->named && i < r->napps; i++)
        for (size_t k = 0; k < r->named[i].n; k++) {
            long at = cluster_find_node(c, r->named[i].hosts[k].name);
            if (at >= 0)
                given[at] += r->named[i].hosts[k].slots;
        }
    for (uint32_t i = 0; i < c->nnodes; i++) {
        uint32_t slots = c->nodes[i].used + given[i];
        own[i] = c->nodes[i].slots;
        if (given[i] && !(run->opt.no_oversubscribe && own[i] && own[i] < slots))
            c->nodes[i].slots = slots;
    }
    free(given);
    return own;
}

static void return_slots(struct cluster *c, uint32_t *own)
{
    for (uint32_t i = 0; i < c->nnodes; i++)
        c->nodes[i].slots = own[i];
    free(own);
}

/* Who goes where. Processors are claimed for good with `claim` alone. */
static int plan_places(struct run *run, const struct job_request *r, struct map_plan *p, struct map_request *mr,
                       bool claim, struct err *e)
{
    struct map_app *apps = xcalloc(r->napps, sizeof *apps);
    request_map(run, r, mr);
    mr->apps = apps;
    int rc = map_apps(run, r, apps, e);
    claim_begin(run->cluster);
    uint32_t *own = lend_slots(run, r);
    rc = rc < 0 ? rc : map_make(p, mr, e);
    return_slots(run->cluster, own);
    claim_end(run->cluster, rc < 0 || !claim ? NULL : p);
    rc = rc < 0 ? rc : check_lost(run, p, e);
    rc = rc < 0 ? rc : check_max_slots(run, p, e);
    for (size_t i = 0; i < r->napps; i++)
        free((void *)apps[i].nodes);
    mr->apps = NULL;
    free(apps);
    return rc;
}

bool plan_fits(struct run *run, const struct job_request *r)
{
    struct map_plan plan = {0};
    struct map_request mr;
    struct err e;
    int rc = plan_places(run, r, &plan, &mr, false, &e);
    map_fini(&plan);
    return rc == 0;
}

int plan_map(struct run *run, const struct job_request *r, struct map_plan *p, struct map_request *mr, struct err *e)
{
    return plan_places(run, r, p, mr, !run->opt.dry_run, e);
}

static int describe(struct job *j, const struct job_request *r, const struct map_plan *p, const struct share *share,
                    bool first, struct err *e)
{
    struct run *run = j->run;
    struct launch_spec *s = &j->spec;
    if (number_job(run, s, e) < 0)
        return -1;
    s->flags = r->spawner ? LAUNCH_SPAWNED : 0;
    s->spawner = xstrdup(r->spawner ? r->spawner : "");
    s->spawner_rank = r->spawner_rank;
    s->kvsname = kvsname(s->job);
    s->universe_size = count_universe(run);
    if (describe_plan(s, p, share, run->cluster->nnodes) < 0)
        return err_set(e, "out of memory");
    s->apps = xcalloc(share->napps, sizeof *s->apps);
    s->envs = xcalloc(share->napps, sizeof *s->envs);
    j->libraries = xcalloc(share->napps, sizeof *j->libraries);
    while (s->napps < share->napps)
        if (describe_app(run, j, share->apps, e) < 0)
            return -1;
    if (describe_places(run, j, e) < 0)
        return -1;
    if (describe_io(s, &run->opt, e) < 0)
        return -1;
    if (first && !r->spawner && (describe_stdin(s, &run->opt, e) < 0 || describe_job(s, &run->opt, e) < 0))
        return -1;
    agree_on_transport(run->cluster, s);
    add_variable(s, WITNESS_ENV, getenv(WITNESS_ENV));
    return 0;
}

struct job *plan_describe(struct run *run, const struct job_request *r, const struct map_plan *p, uint32_t world,
                          struct err *e)
{
    struct job *j = xcalloc(1, sizeof *j);
    struct share share;
    j->run = run;
    j->spawn = r->spawn;
    if (r->wanted) {
        j->wanted = xcalloc(r->napps, sizeof *j->wanted);
        memcpy(j->wanted, r->wanted, r->napps * sizeof *j->wanted);
    }
    share_take(&share, r, p, world);
    int rc = describe(j, r, p, &share, world == 0, e);
    share_fini(&share);
    if (rc < 0) {
        job_destroy(j);
        return NULL;
    }
    occupy(run, &j->spec.map);
    return j;
}

struct job *plan_job(struct run *run, const struct job_request *r, struct map_plan *p, struct map_request *mr,
                     struct err *e)
{
    return plan_map(run, r, p, mr, e) < 0 ? NULL : plan_describe(run, r, p, 0, e);
}
