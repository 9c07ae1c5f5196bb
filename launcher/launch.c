/* SPDX-License-Identifier: BSD-3-Clause
 *
 * launch: asks, plans, shows, starts.
 */
#include "launcher/launch.h"

#include "common/log.h"
#include "common/now.h"
#include "common/xalloc.h"
#include "launcher/job.h"
#include "launcher/map/map.h"
#include "launcher/plan.h"
#include "launcher/root.h"
#include "launcher/shapes.h"
#include "launcher/stdio.h"
#include "launcher/tree.h"
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

struct job *launch_plan(struct run *run, struct err *e)
{
    struct job_request r = main_request(run);
    struct map_plan plan = {0};
    struct map_request mr;
    struct job *j = plan_job(run, &r, &plan, &mr, e);
    if (j && plan.warning)
        log_warn("%s", plan.warning);
    if (j && run->opt.display & ~DISPLAY_ALLOCATION)
        display(run, &plan, &mr);
    map_fini(&plan);
    run->at.planned = now_ns();
    return j;
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
    struct job *j = launch_plan(run, &e);
    if (!j) {
        l.impossible(run, &e);
        return;
    }
    root_job_add(run, j);
    job_launch(j);
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
