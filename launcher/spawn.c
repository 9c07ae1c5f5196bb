/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn: info keys to options, and the order of asking, planning and starting.
 *
 * A missing executable is an answer, not a dead job: the programs are started, and how each fared goes back as its
 * error code. What cannot be planned (an unknown host, say) refuses the whole request with a reason.
 */
#include "launcher/spawn.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/job.h"
#include "launcher/map/map.h"
#include "launcher/plan.h"
#include "launcher/root.h"
#include "launcher/shapes.h"

#include <stdlib.h>
#include <string.h>

struct spawn_job {
    struct run *run;
    uint32_t id;
    struct app *apps;
    uint32_t napps;
    char *spawner;
    uint32_t spawner_rank;
    char *map_by, *bind_to;
    char refusal[256];
};

static void set(char **to, const char *value)
{
    free(*to);
    *to = xstrdup(value);
}

static void key_host(struct spawn_job *s, struct app *a, const char *value)
{
    set(&a->hosts, value);
}

static void key_wdir(struct spawn_job *s, struct app *a, const char *value)
{
    set(&a->wdir, value);
}

static void key_path(struct spawn_job *s, struct app *a, const char *value)
{
    set(&a->path, value);
}

/* NAME=VALUE, one a line. */
static void key_env(struct spawn_job *s, struct app *a, const char *value)
{
    for (const char *p = value; *p;) {
        size_t n = strcspn(p, "\n");
        if (memchr(p, '=', n)) {
            a->env.set = xreallocarray(a->env.set, a->env.nset + 1, sizeof *a->env.set);
            a->env.set[a->env.nset++] = xstrndup(p, n);
        } else if (n) {
            snprintf(s->refusal, sizeof s->refusal, "info key env: '%.*s' is not NAME=VALUE", (int)(n < 80 ? n : 80),
                     p);
        }
        p += n + (p[n] == '\n');
    }
}

static void key_map_by(struct spawn_job *s, struct app *a, const char *value)
{
    set(&s->map_by, value);
}

static void key_bind_to(struct spawn_job *s, struct app *a, const char *value)
{
    set(&s->bind_to, value);
}

/* "1:8", "4", "2,4,8": numbers of processes that would do (MPI 5.0, 11.8.4). All that were asked for are always
 * given, so the set only has to be well-formed; it need not hold the number asked for. */
static void key_soft(struct spawn_job *s, struct app *a, const char *value)
{
    if (!*value || value[strspn(value, "0123456789:,- ")])
        snprintf(s->refusal, sizeof s->refusal, "info key soft: '%.80s' is not a list of numbers", value);
}

static const struct {
    const char *key;
    void (*take)(struct spawn_job *s, struct app *a, const char *value);
} keys[] = {
    {"host", key_host},       {"hosts", key_host},      {"wdir", key_wdir},     {"wd", key_wdir},
    {"path", key_path},       {"env", key_env},         {"map-by", key_map_by}, {"map_by", key_map_by},
    {"bind-to", key_bind_to}, {"bind_to", key_bind_to}, {"soft", key_soft},
};

/* A key that is none of ours means nothing to us, as the standard asks (MPI 5.0, 11.8.4). */
static void take_info(struct spawn_job *s, struct app *a, const struct pmi_control_info *info)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i].key, info->key) == 0)
            keys[i].take(s, a, info->value);
}

static void take_command(struct spawn_job *s, struct app *a, const struct pmi_control_command *c)
{
    *a = (struct app){.np = (long)c->maxprocs, .umask = -1, .argc = c->argc + 1u};
    a->argv = xcalloc(a->argc + 1, sizeof *a->argv);
    a->argv[0] = xstrdup(c->exe);
    for (uint32_t i = 0; i < c->argc; i++)
        a->argv[i + 1] = xstrdup(c->argv[i]);
    for (uint32_t i = 0; i < c->ninfo; i++)
        take_info(s, a, &c->info[i]);
}

static void spawn_free(struct spawn_job *s)
{
    for (uint32_t i = 0; i < s->napps; i++) {
        struct app *a = &s->apps[i];
        for (size_t k = 0; k < a->argc; k++)
            free(a->argv[k]);
        for (size_t k = 0; k < a->env.nset; k++)
            free(a->env.set[k]);
        free(a->argv);
        free(a->env.set);
        free(a->hosts);
        free(a->wdir);
        free(a->path);
    }
    free(s->apps);
    free(s->spawner);
    free(s->map_by);
    free(s->bind_to);
    free(s);
}

static bool is_ending(const struct run *run)
{
    return run->cluster->ending || (run->failure.kind && !run->opt.no_kill);
}

static struct job_request request_of(const struct spawn_job *s)
{
    return (struct job_request){.apps = s->apps,
                                .napps = s->napps,
                                .map_by = s->map_by ? s->map_by : s->run->opt.map_by,
                                .bind_to = s->bind_to ? s->bind_to : s->run->opt.bind_to,
                                .spawn = s->id,
                                .spawner = s->spawner,
                                .spawner_rank = s->spawner_rank};
}

static void refuse_spawn(struct spawn_job *s, const char *why)
{
    log_debug("spawn refused: %s", why);
    pmi_root_spawn_done(s->run->pmi, s->id, why, NULL, NULL, 0);
    spawn_free(s);
}

/* The nodes have told what planning needs to know of them. */
static void spawn_planned(void *arg)
{
    struct spawn_job *s = arg;
    struct run *run = s->run;
    struct job_request r = request_of(s);
    struct map_plan plan = {0};
    struct map_request mr;
    struct err e = {"the job is ending"};
    struct job *j = is_ending(run) ? NULL : plan_job(run, &r, &plan, &mr, &e);
    map_fini(&plan);
    if (!j) {
        refuse_spawn(s, e.text);
        return;
    }
    root_job_add(run, j);
    job_launch(j);
    spawn_free(s);
}

static void spawn_now(evutil_socket_t fd, short what, void *arg)
{
    struct spawn_job *s = arg;
    struct job_request r = request_of(s);
    struct err e;
    unsigned kinds;
    if (is_ending(s->run))
        refuse_spawn(s, "the job is ending");
    else if (*s->refusal)
        refuse_spawn(s, s->refusal);
    else if (plan_kinds(s->run, &r, &kinds, &e) < 0)
        refuse_spawn(s, e.text);
    else
        shapes_ask(s->run->cluster, kinds, spawn_planned, s);
}

void spawn_later(struct run *run, const struct pmi_spawn *req)
{
    struct spawn_job *s = xcalloc(1, sizeof *s);
    s->run = run;
    s->id = req->id;
    s->napps = req->ncmds;
    s->apps = xcalloc(req->ncmds, sizeof *s->apps);
    struct job *asker = job_find(run, req->job);
    s->spawner = xstrdup(asker ? asker->spec.kvsname : "");
    s->spawner_rank = req->rank;
    for (uint32_t i = 0; i < req->ncmds; i++)
        take_command(s, &s->apps[i], &req->cmds[i]);
    struct timeval now = {0, 0};
    event_base_once(run->cluster->base, -1, EV_TIMEOUT, spawn_now, s, &now);
}
