/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ranks in the same state are put on one line, so the table of a large job stays a screenful; the rank that is alone
 * in what it does, which is mostly the one that all others wait for, so stands out.
 */
#include "launcher/watch.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/job.h"
#include "launcher/tree.h"
#include "pmi-server/root.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_PATIENCE_S 1
#define ROWS_MAX 40 /* rows of ranks in one table */

struct row {
    struct control_state state;
    uint32_t node;
    char what[CONTROL_STATE_WHAT_MAX];
    bool heard;
};

struct watch {
    struct mpiexec *m;
    struct event *timer;    /* --watch */
    struct event *patience; /* armed while a table is being made */
    struct job *job;        /* of that table */
    struct row *rows;       /* by rank */
    uint32_t nodes_left;
};

static const char *state_word(uint32_t letter)
{
    switch (letter) {
    case 'R':
        return "running";
    case 'S':
        return "sleeping";
    case 'D':
        return "in the kernel";
    case 'T':
    case 't':
        return "stopped";
    case 'Z':
        return "ended";
    default:
        return "?";
    }
}

static void format_seconds(char *to, size_t size, double s)
{
    if (s < 60)
        snprintf(to, size, "%.1f s", s);
    else if (s < 3600)
        snprintf(to, size, "%d:%02d min", (int)s / 60, (int)s % 60);
    else
        snprintf(to, size, "%d:%02d h", (int)s / 3600, (int)s / 60 % 60);
}

static bool same(const struct row *a, const struct row *b)
{
    return a->heard == b->heard && a->node == b->node && a->state.state == b->state.state &&
           strcmp(a->what, b->what) == 0;
}

static void print_row(FILE *out, const struct mpiexec *m, const struct row *rows, uint32_t first, uint32_t last)
{
    char ranks[32], pids[32], cpu[32], since[64] = "";
    const struct row *r = &rows[first];
    uint64_t most_cpu = 0, most_rss = 0, longest = 0;
    for (uint32_t i = first; i <= last; i++) {
        most_cpu = rows[i].state.cpu > most_cpu ? rows[i].state.cpu : most_cpu;
        most_rss = rows[i].state.rss > most_rss ? rows[i].state.rss : most_rss;
        longest = rows[i].state.since > longest ? rows[i].state.since : longest;
    }
    snprintf(ranks, sizeof ranks, first == last ? "%u" : "%u-%u", first, last);
    snprintf(pids, sizeof pids, first == last ? "%u" : "%u..", r->state.pid);
    format_seconds(cpu, sizeof cpu, (double)most_cpu / 1e6);
    if (*r->what) {
        char t[32];
        format_seconds(t, sizeof t, (double)longest / 1e9);
        snprintf(since, sizeof since, " for %s", t);
    }
    if (!r->heard)
        fprintf(out, "  %-11s %-15s no answer\n", ranks, mpiexec_node_name(m, r->node));
    else if (!r->state.pid)
        fprintf(out, "  %-11s %-15s ended\n", ranks, mpiexec_node_name(m, r->node));
    else
        fprintf(out, "  %-11s %-15s %-8s %-13s %9s %7.1f MB  %s%s\n", ranks, mpiexec_node_name(m, r->node), pids,
                state_word(r->state.state), cpu, (double)most_rss / 1024, *r->what ? r->what : "-", since);
}

static void print_wait(void *arg, const char *group, uint32_t arrived, uint32_t size)
{
    fprintf(arg, "  barrier %s: %u of %u ranks have arrived\n", group, arrived, size);
}

/* Who is not in the barrier that most are in. */
static void print_missing(FILE *out, const struct row *rows, uint32_t n)
{
    uint32_t waiting = 0, missing = 0;
    for (uint32_t i = 0; i < n; i++)
        waiting += rows[i].heard && *rows[i].what != 0;
    if (waiting == 0 || waiting == n)
        return;
    fprintf(out, "  not waiting:");
    for (uint32_t i = 0; i < n && missing < 16; i++)
        if (!*rows[i].what)
            missing += fprintf(out, " %u", i) > 0;
    fprintf(out, n - waiting > missing ? " ... (%u ranks)\n" : "\n", n - waiting);
}

static void print_table(struct watch *w)
{
    struct mpiexec *m = w->m;
    struct job *j = w->job;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    event_del(w->patience);
    w->job = NULL;
    if (!out)
        return;
    char age[32];
    format_seconds(age, sizeof age, (double)(mpiexec_now() - j->launched_at) / 1e9);
    fprintf(out, "mpiexec: job %u, %u ranks, after %s\n", j->spec.job, j->spec.map.nranks, age);
    fprintf(out, "  %-11s %-15s %-8s %-13s %9s %10s  %s\n", "rank", "host", "pid", "state", "cpu", "memory",
            "waits in");
    uint32_t n = j->spec.map.nranks, shown = 0, i = 0;
    while (i < n && shown < ROWS_MAX) {
        uint32_t last = i;
        while (last + 1 < n && same(&w->rows[i], &w->rows[last + 1]))
            last++;
        print_row(out, m, w->rows, i, last);
        shown++;
        i = last + 1;
    }
    if (i < n)
        fprintf(out, "  ... and %u ranks more\n", n - i);
    print_missing(out, w->rows, n);
    pmi_root_waits(m->pmi, j->spec.job, print_wait, out);
    fclose(out);
    fwrite(text, 1, size, stderr);
    free(text);
    free(w->rows);
    w->rows = NULL;
}

bool watch_states(struct mpiexec *m, struct job *j, uint32_t node, struct rbuf *r)
{
    struct watch *w = m->watch;
    uint32_t n = rbuf_count(r, CONTROL_STATE_MIN_SIZE);
    for (uint32_t i = 0; i < n; i++) {
        struct control_state s;
        control_state_get(r, &s);
        if (!rbuf_ok(r) || s.rank >= j->spec.map.nranks)
            return false;
        if (w->job != j)
            continue;
        struct row *row = &w->rows[s.rank];
        row->heard = true;
        row->state = s;
        snprintf(row->what, sizeof row->what, "%.*s", (int)s.what.len, s.what.data);
        row->state.what = (struct bytes){NULL, 0};
    }
    if (w->job == j && w->nodes_left > 0 && --w->nodes_left == 0)
        print_table(w);
    return rbuf_done(r);
}

static void on_patience(evutil_socket_t fd, short what, void *arg)
{
    struct watch *w = arg;
    if (w->job)
        print_table(w);
}

/* The first job that still runs: the command line's, mostly. */
static struct job *job_to_show(struct mpiexec *m)
{
    struct job *j;
    TAILQ_FOREACH(j, &m->jobs, link)
    if (!j->done)
        return j;
    return NULL;
}

void watch_ask(struct mpiexec *m)
{
    struct watch *w = m->watch;
    struct job *j = job_to_show(m);
    if (!j || w->job)
        return;
    uint32_t n = j->spec.map.nranks;
    w->job = j;
    w->rows = xcalloc(n, sizeof *w->rows);
    for (uint32_t i = 0; i < n; i++)
        w->rows[i].node = rankmap_node(&j->spec.map, i);
    w->nodes_left = 0;
    for (uint32_t i = 0; i < m->nnodes; i++)
        w->nodes_left += !m->node_lost[i] && rankmap_local_size(&j->spec.map, i) > 0;
    tree_send(m, CONTROL_WATCH, j->spec.job, FRAME_ALL_NODES, NULL);
    struct timeval t = {ANSWER_PATIENCE_S, 0};
    event_add(w->patience, &t);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    watch_ask(arg);
}

void watch_init(struct mpiexec *m)
{
    struct watch *w = xcalloc(1, sizeof *w);
    m->watch = w;
    w->m = m;
    w->patience = evtimer_new(m->base, on_patience, w);
    w->timer = event_new(m->base, -1, EV_PERSIST, on_timer, m);
    if (!w->patience || !w->timer)
        log_fatal("out of memory");
    if (m->opt.watch > 0) {
        struct timeval t = {(time_t)m->opt.watch, (suseconds_t)((m->opt.watch - (double)(time_t)m->opt.watch) * 1e6)};
        event_add(w->timer, &t);
    }
}

void watch_forget(struct mpiexec *m, const struct job *j)
{
    struct watch *w = m->watch;
    if (w->job != j)
        return;
    event_del(w->patience);
    w->job = NULL;
    free(w->rows);
    w->rows = NULL;
}

void watch_fini(struct mpiexec *m)
{
    event_free(m->watch->timer);
    event_free(m->watch->patience);
    free(m->watch->rows);
    free(m->watch);
}
