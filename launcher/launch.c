/* SPDX-License-Identifier: BSD-3-Clause
 *
 * launch: asks, plans, shows, starts.
 */
#include "launcher/launch.h"

#include "common/log.h"
#include "common/now.h"
#include "common/xalloc.h"
#include "launcher/job.h"
#include "launcher/kin.h"
#include "launcher/map/map.h"
#include "launcher/plan.h"
#include "launcher/root.h"
#include "launcher/shapes.h"
#include "launcher/stdio.h"
#include "launcher/tree.h"
#include "launcher/worlds.h"
#include "wire/topo.h"

#include <stdio.h>
#include <stdlib.h>

/* The ranks' stdout stays theirs alone: the picture goes there only where nothing runs. */
static void display(const struct run *run, const struct map_plan *plan, const struct map_request *mr)
{
    FILE *out = run->opt.dry_run ? stdout : stderr;
    char *text = map_draw(plan, mr, run->opt.display);
    if (fputs(text, out) == EOF || fflush(out) == EOF)
        log_fatal("unable to write the plan: %m");
    free(text);
}

static struct job_request main_request(const struct run *run)
{
    const struct options *o = &run->opt;
    return (struct job_request){.apps = o->apps,
                                .napps = o->napps,
                                .map_by = o->map_by,
                                .rank_by = o->rank_by,
                                .bind_to = o->bind_to,
                                .ppn = (uint32_t)o->ppn,
                                .rankmap = o->rankmap,
                                .rankfile = o->rankfile};
}

/* What means ranks of one world. */
static int check_worlds(const struct options *o, const struct worlds *w, struct err *e)
{
    const char *option = w->n == 1 ? NULL : o->psets ? "--pset" : o->stdin_mode == STDIN_ALL ? "--stdin all" : NULL;
    return option ? err_set(e, "%s is for the ranks of one world, and programs of %s and of %s have one each", option,
                            w->name[0], w->name[1])
                  : 0;
}

static uint32_t describe_worlds(struct run *run, const struct job_request *r, const struct map_plan *plan,
                                const struct worlds *w, struct job **jobs, struct err *e)
{
    for (uint32_t i = 0; i < w->n; i++) {
        jobs[i] = plan_describe(run, r, plan, i, e);
        if (!jobs[i]) {
            while (i > 0)
                job_destroy(jobs[--i]);
            return 0;
        }
        jobs[i]->world = w->n > 1 ? w->name[i] : NULL;
        if (w->n > 1)
            log_debug("job %u: %u ranks, the world of %s", jobs[i]->spec.job, jobs[i]->spec.map.nranks, w->name[i]);
    }
    return w->n;
}

uint32_t launch_plan(struct run *run, struct job **jobs, struct err *e)
{
    struct worlds w;
    struct job_request r = main_request(run);
    struct map_plan plan = {0};
    struct map_request mr;
    worlds_find(&w, &run->opt);
    r.world_of_app = w.of_app;
    int rc = check_worlds(&run->opt, &w, e);
    rc = rc < 0 ? rc : plan_map(run, &r, &plan, &mr, e);
    uint32_t n = rc < 0 ? 0 : describe_worlds(run, &r, &plan, &w, jobs, e);
    if (n && plan.warning)
        log_warn("%s", plan.warning);
    if (n && run->opt.display & ~DISPLAY_ALLOCATION)
        display(run, &plan, &mr);
    map_fini(&plan);
    worlds_fini(&w);
    run->at.planned = now_ns();
    return n;
}

struct launch {
    struct run *run;
    void (*impossible)(struct run *run, const struct err *why);
};

/* Every host that is still there has told what it is. */
static void launch_planned(void *arg)
{
    struct launch l = *(struct launch *)arg;
    struct run *run = l.run;
    struct err e;
    free(arg);
    if (run->cluster->ending || (run->failure.kind && !run->opt.no_kill)) {
        tree_shutdown(run->cluster);
        return;
    }
    struct job *jobs[WORLDS_MAX];
    uint32_t n = launch_plan(run, jobs, &e);
    if (!n) {
        l.impossible(run, &e);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        root_job_add(run, jobs[i]);
        job_launch(jobs[i]);
        kin_tie(jobs[0], jobs[i], 1); /* one command: for ever */
    }
    stdio_start(run->io);
}

void launch_begin(struct run *run, void (*impossible)(struct run *run, const struct err *why))
{
    struct job_request r = main_request(run);
    struct err e;
    unsigned kinds;
    if (plan_kinds(run, &r, &kinds, &e) < 0) {
        impossible(run, &e);
        return;
    }
    if (run->opt.display & (DISPLAY_BINDINGS | DISPLAY_TOPO))
        kinds = TOPO_WANT_ALL;
    struct launch *l = xmalloc(sizeof *l);
    *l = (struct launch){run, impossible};
    shapes_ask(run->cluster, kinds, launch_planned, l);
}
