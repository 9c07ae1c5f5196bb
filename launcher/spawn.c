/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn: the order of asking, planning and starting: hosts that are not there yet are started first (grow), then all
 * are asked what they are (shapes), then there is a plan.
 *
 * A missing executable is an answer, not a dead job: the programs are started, and how each fared goes back as its
 * error code. What cannot be planned (a host that cannot be started, say) refuses the whole request with a reason.
 */
#include "launcher/spawn.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/grow.h"
#include "launcher/hosts.h"
#include "launcher/job.h"
#include "launcher/kin.h"
#include "launcher/map/map.h"
#include "launcher/plan.h"
#include "launcher/root.h"
#include "launcher/shapes.h"
#include "launcher/spawn_keys.h"
#include "launcher/spawn_soft.h"

#include <stdlib.h>
#include <string.h>

struct spawn_job {
    struct run *run;
    uint32_t id;
    uint32_t asker; /* its job's number */
    char *spawner;  /* and name */
    uint32_t spawner_rank;
    uint32_t napps;
    struct app *apps;
    struct spawn_keys *keys;
    struct hostlist *named; /* by application: its own hosts */
    uint32_t *wanted;       /* by application: so many processes */
    struct hostlist hosts;  /* that have to be there */
    struct spawn_policy policy;
    bool refused;
    struct err why;
};

static void spawn_free(struct spawn_job *s)
{
    for (uint32_t i = 0; i < s->napps; i++) {
        app_fini(&s->apps[i]);
        spawn_keys_fini(&s->keys[i]);
        hostlist_fini(&s->named[i]);
    }
    hostlist_fini(&s->hosts);
    spawn_policy_fini(&s->policy);
    free(s->apps);
    free(s->keys);
    free(s->named);
    free(s->wanted);
    free(s->spawner);
    free(s);
}

static void refuse_spawn(struct spawn_job *s, const char *why)
{
    log_debug("spawn refused: %s", why);
    pmi_root_spawn_done(s->run->pmi, s->id, why, NULL, NULL, 0);
    spawn_free(s);
}

/* Nobody wants it any more. */
static bool is_over(struct spawn_job *s)
{
    const struct run *run = s->run;
    const struct job *asker = job_find(s->run, s->asker);
    if (!asker || asker->done)
        refuse_spawn(s, "the job that asks has ended");
    else if (run->cluster->ending || asker->killed)
        refuse_spawn(s, "the job is ending");
    else
        return false;
    return true;
}

static struct job_request request_of(const struct spawn_job *s)
{
    const struct options *o = &s->run->opt;
    const struct spawn_policy *p = &s->policy;
    bool own = p->map_by || p->ppn;
    return (struct job_request){.apps = s->apps,
                                .napps = s->napps,
                                .named = s->named,
                                .map_by = own ? p->map_by : o->map_by,
                                .rank_by = own || p->rank_by ? p->rank_by : o->rank_by,
                                .bind_to = p->bind_to ? p->bind_to : o->bind_to,
                                .ppn = own ? p->ppn : (uint32_t)o->ppn,
                                .spawn = s->id,
                                .spawner = s->spawner,
                                .spawner_rank = s->spawner_rank,
                                .wanted = s->wanted};
}

static bool fits_with(struct spawn_job *s, uint32_t i, uint32_t np)
{
    s->apps[i].np = np;
    struct job_request r = request_of(s);
    return plan_fits(s->run, &r);
}

/* The most processes of this application that its key soft allows, if those behind it have as many as they want. Where
 * there is room for none of these numbers, planning for the least will say so. */
static void soften(struct spawn_job *s, uint32_t i)
{
    const char *soft = s->keys[i].soft;
    uint32_t best = 0, low = 0, high = soft_most(soft, s->wanted[i]);
    if (!high || fits_with(s, i, high))
        return;
    while (high - low > 1) { /* what is allowed up to low fits, high does not */
        uint32_t middle = low + (high - low) / 2, n = soft_most(soft, middle);
        if (n > best && !fits_with(s, i, n)) {
            high = n;
        } else {
            best = n;
            low = middle;
        }
    }
    s->apps[i].np = best ? best : high;
}

/* The nodes have told what planning needs to know of them. */
static void spawn_planned(void *arg)
{
    struct spawn_job *s = arg;
    struct run *run = s->run;
    if (is_over(s))
        return;
    for (uint32_t i = 0; i < s->napps; i++)
        if (s->keys[i].soft)
            soften(s, i);
    struct job_request r = request_of(s);
    struct map_plan plan = {0};
    struct map_request mr;
    struct err e;
    struct job *j = plan_job(run, &r, &plan, &mr, &e);
    map_fini(&plan);
    if (!j) {
        refuse_spawn(s, e.text);
        return;
    }
    root_job_add(run, j);
    job_launch(j);
    kin_tie(job_find(run, s->asker), j, j->spec.map.nranks);
    spawn_free(s);
}

/* The hosts are there, or will not be. */
static void spawn_hosts_here(void *arg)
{
    struct spawn_job *s = arg;
    struct err e;
    unsigned kinds;
    if (is_over(s))
        return;
    struct job_request r = request_of(s);
    if (s->hosts.n && grow_check(s->run, &s->hosts, &e) < 0)
        refuse_spawn(s, e.text);
    else if (plan_kinds(s->run, &r, &kinds, &e) < 0)
        refuse_spawn(s, e.text);
    else
        shapes_ask(s->run->cluster, kinds, spawn_planned, s);
}

static void spawn_now(evutil_socket_t fd, short what, void *arg)
{
    struct spawn_job *s = arg;
    if (is_over(s))
        return;
    if (s->refused)
        refuse_spawn(s, s->why.text);
    else if (s->hosts.n)
        grow_ask(s->run, &s->hosts, spawn_hosts_here, s);
    else
        spawn_hosts_here(s);
}

/* Those of the command itself, and those that the job shall have besides. */
static int read_hosts(struct spawn_job *s, uint32_t i, struct err *e)
{
    const struct spawn_keys *k = &s->keys[i];
    struct options own = {.hosts = k->host, .hostfile = k->hostfile};
    struct options more = {.hosts = k->add_host, .hostfile = k->add_hostfile};
    struct hostlist added = {0};
    struct err why;
    int rc = options_hosts(&own, &s->named[i], &why);
    rc = rc < 0 ? rc : options_hosts(&more, &added, &why);
    rc = rc < 0 ? rc : hosts_join(&s->hosts, &s->named[i], &why);
    rc = rc < 0 ? rc : hosts_join(&s->hosts, &added, &why);
    hostlist_fini(&added);
    return rc < 0 ? err_set(e, "info keys of hosts: %s", why.text) : 0;
}

static int read_command(struct spawn_job *s, uint32_t i, const struct pmi_control_command *c)
{
    s->wanted[i] = c->maxprocs;
    if (spawn_command(c, &s->apps[i], &s->keys[i], &s->policy, &s->why) < 0)
        return -1;
    const char *soft = s->keys[i].soft;
    if (soft && !soft_most(soft, c->maxprocs))
        return err_set(&s->why, "info key soft: none of %.80s is from 1 to %u", soft, c->maxprocs);
    return read_hosts(s, i, &s->why);
}

void spawn_later(struct run *run, const struct pmi_spawn *req)
{
    struct spawn_job *s = xcalloc(1, sizeof *s);
    const struct job *asker = job_find(run, req->job);
    *s = (struct spawn_job){.run = run,
                            .id = req->id,
                            .asker = req->job,
                            .spawner = xstrdup(asker ? asker->spec.kvsname : ""),
                            .spawner_rank = req->rank,
                            .napps = req->ncmds,
                            .apps = xcalloc(req->ncmds, sizeof *s->apps),
                            .keys = xcalloc(req->ncmds, sizeof *s->keys),
                            .named = xcalloc(req->ncmds, sizeof *s->named),
                            .wanted = xcalloc(req->ncmds, sizeof *s->wanted)};
    for (uint32_t i = 0; i < req->ncmds && !s->refused; i++)
        s->refused = read_command(s, i, &req->cmds[i]) < 0;
    struct timeval now = {0, 0};
    event_base_once(run->cluster->base, -1, EV_TIMEOUT, spawn_now, s, &now);
}
