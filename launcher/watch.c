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
#define TABLES_MAX 8        /* jobs that are shown at a time */

struct waits {
    FILE *out;
    const struct watch_row *rows;
    uint32_t n;
};

/* One that is being made. */
struct table {
    struct job *job;
    struct watch_row *rows; /* by rank */
    uint32_t nodes_left;
    TAILQ_ENTRY(table) link;
};

struct watch {
    struct run *run;
    struct event *timer;        /* --watch */
    struct event *patience;     /* armed while there are tables */
    TAILQ_HEAD(, table) tables; /* in the order in which they are printed */
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

static void table_free(struct watch *w, struct table *t)
{
    TAILQ_REMOVE(&w->tables, t, link);
    if (TAILQ_EMPTY(&w->tables))
        event_del(w->patience);
    free(t->rows);
    free(t);
}

static void print_table(struct watch *w, struct table *t)
{
    struct run *run = w->run;
    struct job *j = t->job;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return;
    print_age(out, j);
    struct waits waits = {out, t->rows, j->spec.map.nranks};
    watch_table_print(out, t->rows, waits.n, node_name, run->cluster);
    watch_table_missing(out, t->rows, waits.n);
    pmi_root_waits(run->pmi, j->spec.job, print_wait, &waits);
    fclose(out);
    log_put(text, size);
    free(text);
    if (run->report) {
        free(j->seen);
        j->seen = t->rows;
        t->rows = NULL;
    }
}

/* Those that are complete; none before one that stands above it. */
static void print_complete(struct watch *w)
{
    struct table *t;
    while ((t = TAILQ_FIRST(&w->tables)) && t->nodes_left == 0) {
        print_table(w, t);
        table_free(w, t);
    }
}

static struct table *table_of(struct watch *w, const struct job *j)
{
    struct table *t;
    TAILQ_FOREACH(t, &w->tables, link)
    if (t->job == j)
        return t;
    return NULL;
}

/* Where it waits for a rank of another host, that is named: it may be the host that is wrong, or the way to it. */
static void note_what(const struct run *run, const struct job *j, struct watch_row *row,
                      const struct control_rank_state *s)
{
    uint32_t node = s->peer < j->spec.map.nranks ? rankmap_node(&j->spec.map, s->peer) : row->node;
    int n = snprintf(row->what, sizeof row->what, "%.*s", (int)s->what.len, s->what.data);
    if (node != row->node && n < (int)sizeof row->what)
        snprintf(row->what + n, sizeof row->what - (size_t)n, " (%u is on %s)", s->peer,
                 cluster_node_name(run->cluster, node));
}

bool watch_states(struct run *run, struct job *j, uint32_t node, struct rbuf *r)
{
    struct table *t = table_of(run->watch, j);
    struct control_states states;
    struct control_rank_state s;
    if (!control_states_get(r, &states))
        return false;
    struct rbuf ranks = list_items(&states.ranks);
    while (control_rank_state_next(&ranks, &s)) {
        if (s.rank >= j->spec.map.nranks)
            return false;
        if (!t)
            continue;
        struct watch_row *row = &t->rows[s.rank];
        row->heard = true;
        row->state = s;
        note_what(run, j, row, &s);
        row->state.what = (struct bytes){NULL, 0};
    }
    if (t && t->nodes_left > 0)
        t->nodes_left--;
    print_complete(run->watch);
    return true;
}

static void on_patience(evutil_socket_t fd, short what, void *arg)
{
    struct watch *w = arg;
    struct table *t;
    TAILQ_FOREACH(t, &w->tables, link)
    t->nodes_left = 0;
    print_complete(w);
}

static void ask_job(struct run *run, struct job *j)
{
    uint32_t n = j->spec.map.nranks;
    struct table *t = xcalloc(1, sizeof *t);
    *t = (struct table){.job = j, .rows = xcalloc(n, sizeof *t->rows)};
    for (uint32_t i = 0; i < n; i++)
        t->rows[i].node = rankmap_node(&j->spec.map, i);
    for (uint32_t i = 0; i < j->spec.map.nnodes; i++)
        t->nodes_left += !run->cluster->node_lost[i] && rankmap_local_size(&j->spec.map, i) > 0;
    TAILQ_INSERT_TAIL(&run->watch->tables, t, link);
    tree_send(run->cluster, CONTROL_WATCH, j->spec.job, FRAME_ALL_NODES, NULL);
}

void watch_ask(struct run *run)
{
    struct watch *w = run->watch;
    struct job *j;
    unsigned n = 0;
    if (!TAILQ_EMPTY(&w->tables))
        return;
    TAILQ_FOREACH(j, &run->jobs, link)
    if (!j->done && n++ < TABLES_MAX)
        ask_job(run, j);
    if (n > TABLES_MAX)
        log_info("%u jobs run; these are the first %d:", n, TABLES_MAX);
    struct timeval t = {ANSWER_PATIENCE_S, 0};
    if (n)
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
    TAILQ_INIT(&w->tables);
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
    struct table *t = table_of(run->watch, j);
    if (t)
        table_free(run->watch, t);
    print_complete(run->watch);
}

void watch_fini(struct run *run)
{
    struct watch *w = run->watch;
    while (!TAILQ_EMPTY(&w->tables))
        table_free(w, TAILQ_FIRST(&w->tables));
    event_free(w->timer);
    event_free(w->patience);
    free(w);
}
