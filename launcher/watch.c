/* SPDX-License-Identifier: BSD-3-Clause
 *
 * watch: asks, gathers and prints.
 */
#include "launcher/watch.h"

#include "common/log.h"
#include "common/now.h"
#include "common/printable.h"
#include "common/xalloc.h"
#include "launcher/job.h"
#include "launcher/tree.h"
#include "launcher/watch_table.h"
#include "pmi-server/root.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_PATIENCE_S 3 /* only a proxy that is stopped takes that long */

struct waits {
    FILE *out;
    const struct watch_row *rows;
    uint32_t n;
};

struct watch {
    struct run *run;
    struct event *timer;    /* --watch */
    struct event *patience; /* armed while a table is being made */
    struct job *job;        /* of that table */
    struct watch_row *rows; /* by rank */
    uint32_t nodes_left;
};

static const char *node_name(const void *arg, uint32_t node)
{
    return cluster_node_name(arg, node);
}

/* A proxy tells of a barrier when all below it have arrived; its answer to us may know of more. */
static void print_wait(void *arg, const char *group, uint32_t arrived, uint32_t size)
{
    const struct waits *w = arg;
    char what[CONTROL_STATE_WHAT_MAX + 1];
    uint32_t seen = 0;
    snprintf(what, sizeof what, "PMI barrier %s", group);
    for (uint32_t i = 0; i < w->n; i++)
        seen += strcmp(w->rows[i].what, what) == 0;
    printable_put(what, sizeof what, group, strlen(group));
    fprintf(w->out, "  barrier %s: %u of %u ranks have arrived\n", what, seen > arrived ? seen : arrived, size);
}

static void print_age(FILE *out, const struct job *j)
{
    double s = (double)(now_ns() - j->launched_at) / 1e9;
    fprintf(out, "mpiexec: job %u, %u rank%s, after %.*f s\n", j->spec.job, j->spec.map.nranks,
            j->spec.map.nranks == 1 ? "" : "s", s < 60, s);
}

static void print_table(struct watch *w)
{
    struct run *run = w->run;
    struct job *j = w->job;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    event_del(w->patience);
    w->job = NULL;
    if (!out)
        return;
    print_age(out, j);
    struct waits waits = {out, w->rows, j->spec.map.nranks};
    watch_table_print(out, w->rows, waits.n, node_name, run->cluster);
    watch_table_missing(out, w->rows, waits.n);
    pmi_root_waits(run->pmi, j->spec.job, print_wait, &waits);
    fclose(out);
    log_put(text, size);
    free(text);
    free(run->report ? j->seen : w->rows);
    if (run->report)
        j->seen = w->rows;
    w->rows = NULL;
}

bool watch_states(struct run *run, struct job *j, uint32_t node, struct rbuf *r)
{
    struct watch *w = run->watch;
    struct control_states states;
    struct control_rank_state s;
    if (!control_states_get(r, &states))
        return false;
    struct rbuf ranks = list_items(&states.ranks);
    while (control_rank_state_next(&ranks, &s)) {
        if (s.rank >= j->spec.map.nranks)
            return false;
        if (w->job != j)
            continue;
        struct watch_row *row = &w->rows[s.rank];
        row->heard = true;
        row->state = s;
        snprintf(row->what, sizeof row->what, "%.*s", (int)s.what.len, s.what.data);
        row->state.what = (struct bytes){NULL, 0};
    }
    if (w->job == j && w->nodes_left > 0 && --w->nodes_left == 0)
        print_table(w);
    return true;
}

static void on_patience(evutil_socket_t fd, short what, void *arg)
{
    struct watch *w = arg;
    if (w->job)
        print_table(w);
}

/* The first job that still runs: the command line's, mostly. */
static struct job *job_to_show(struct run *run)
{
    struct job *j;
    TAILQ_FOREACH(j, &run->jobs, link)
    if (!j->done)
        return j;
    return NULL;
}

void watch_ask(struct run *run)
{
    struct watch *w = run->watch;
    struct job *j = job_to_show(run);
    if (!j || w->job)
        return;
    uint32_t n = j->spec.map.nranks;
    w->job = j;
    w->rows = xcalloc(n, sizeof *w->rows);
    for (uint32_t i = 0; i < n; i++)
        w->rows[i].node = rankmap_node(&j->spec.map, i);
    w->nodes_left = 0;
    for (uint32_t i = 0; i < run->cluster->nnodes; i++)
        w->nodes_left += !run->cluster->node_lost[i] && rankmap_local_size(&j->spec.map, i) > 0;
    tree_send(run->cluster, CONTROL_WATCH, j->spec.job, FRAME_ALL_NODES, NULL);
    struct timeval t = {ANSWER_PATIENCE_S, 0};
    event_add(w->patience, &t);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    watch_ask(arg);
}

void watch_init(struct run *run)
{
    struct watch *w = xcalloc(1, sizeof *w);
    run->watch = w;
    w->run = run;
    w->patience = evtimer_new(run->cluster->base, on_patience, w);
    w->timer = event_new(run->cluster->base, -1, EV_PERSIST, on_timer, run);
    if (!w->patience || !w->timer)
        log_fatal("out of memory");
    if (run->opt.watch > 0) {
        struct timeval t = {(time_t)run->opt.watch,
                            (suseconds_t)((run->opt.watch - (double)(time_t)run->opt.watch) * 1e6)};
        event_add(w->timer, &t);
    }
}

void watch_forget(struct run *run, const struct job *j)
{
    struct watch *w = run->watch;
    if (w->job != j)
        return;
    event_del(w->patience);
    w->job = NULL;
    free(w->rows);
    w->rows = NULL;
}

void watch_fini(struct run *run)
{
    event_free(run->watch->timer);
    event_free(run->watch->patience);
    free(run->watch->rows);
    free(run->watch);
}
