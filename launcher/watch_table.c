/* SPDX-License-Identifier: BSD-3-Clause
 *
 * watch_table: ranks that do alike as groups, and groups as lines.
 */
#include "launcher/watch_table.h"

#include "common/printable.h"
#include "common/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define SCREEN 20     /* lines of groups that a screen has room for */
#define GROUPS_MAX 32 /* lines of one table */
#define MISSING_MAX 16
#define RANKS_WIDTH 16

struct group {
    const struct watch_row *first;
    uint32_t n;
    uint32_t last; /* the rank that was added last */
    bool several_nodes;
    uint64_t cpu, rss, since, outgoing, incoming; /* the most of all */
    char ranks[RANKS_WIDTH + 16];
    uint32_t from; /* where the range that ends with `last` begins */
    bool cut;      /* `ranks` is full */
};

static bool lives(const struct watch_row *r)
{
    return r->heard && r->state.pid;
}

/* One that waits wakes now and then to look; to be caught at that means nothing. */
const char *watch_table_state(const struct watch_row *r)
{
    if (!r->heard)
        return "no answer";
    if (!r->state.pid)
        return "ended";
    switch (r->state.state) {
    case 'R':
        return *r->what ? "waiting" : "running";
    case 'S':
        return *r->what ? "waiting" : "sleeping";
    case 'D':
        return "in kernel";
    case 'T':
    case 't':
        return "stopped";
    case 'Z':
    case 'X':
        return "ended";
    default:
        return "?";
    }
}

/* Times and memory differ between any two ranks. */
static bool same(const struct watch_row *a, const struct watch_row *b, bool by_node)
{
    return (!by_node || a->node == b->node) && lives(a) == lives(b) &&
           strcmp(watch_table_state(a), watch_table_state(b)) == 0 && (!lives(a) || strcmp(a->what, b->what) == 0);
}

/* The range that is complete goes into the text, as long as there is room. */
static void end_range(struct group *g)
{
    size_t len = strlen(g->ranks);
    char range[32];
    snprintf(range, sizeof range, g->from == g->last ? "%s%u" : "%s%u-%u", len ? "," : "", g->from, g->last);
    g->cut = g->cut || len + strlen(range) > RANKS_WIDTH - 3;
    if (!g->cut || !len)
        snprintf(g->ranks + len, sizeof g->ranks - len, "%s", range);
}

static uint64_t max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void add(struct group *g, const struct watch_row *r, uint32_t rank)
{
    if (!g->n)
        *g = (struct group){.first = r, .from = rank};
    else if (rank != g->last + 1) {
        end_range(g);
        g->from = rank;
    }
    g->last = rank;
    g->n++;
    g->several_nodes |= r->node != g->first->node;
    g->cpu = max(g->cpu, r->state.cpu);
    g->rss = max(g->rss, r->state.rss);
    g->since = max(g->since, r->state.since);
    g->outgoing = max(g->outgoing, r->state.outgoing);
    g->incoming = max(g->incoming, r->state.incoming);
}

/* Returns the number of groups; *left is the number of ranks that are in none because there are too many. */
static uint32_t make_groups(struct group *v, const struct watch_row *rows, uint32_t n, bool by_node, uint32_t *left)
{
    uint32_t k = 0, hit = 0;
    *left = 0;
    memset(v, 0, GROUPS_MAX * sizeof *v);
    for (uint32_t i = 0; i < n; i++) {
        if (!(k && same(v[hit].first, &rows[i], by_node)))
            for (hit = 0; hit < k && !same(v[hit].first, &rows[i], by_node);)
                hit++;
        if (hit == GROUPS_MAX) {
            ++*left;
            hit = 0;
            continue;
        }
        k += hit == k;
        add(&v[hit], &rows[i], i);
    }
    for (uint32_t i = 0; i < k; i++) {
        end_range(&v[i]);
        if (v[i].cut)
            strcat(v[i].ranks, ",..");
    }
    return k;
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

static void format_bytes(char *to, size_t size, uint64_t n)
{
    if (n < 10000)
        snprintf(to, size, "%u B", (unsigned)n);
    else if (n < 10000000)
        snprintf(to, size, "%.1f kB", (double)n / 1e3);
    else
        snprintf(to, size, "%.1f MB", (double)n / 1e6);
}

/* What is on its way between the ranks and whom they wait for, where a network carries. */
static void format_flight(char *to, size_t size, const struct group *g)
{
    char outgoing[32], incoming[32];
    *to = 0;
    if (g->outgoing == UINT64_MAX || g->incoming == UINT64_MAX) {
        snprintf(to, size, ", not connected so far");
        return;
    }
    format_bytes(outgoing, sizeof outgoing, g->outgoing);
    format_bytes(incoming, sizeof incoming, g->incoming);
    if (g->outgoing > 0 && g->incoming > 0)
        snprintf(to, size, ", %s to it and %s from it under way", outgoing, incoming);
    else if (g->outgoing > 0 || g->incoming > 0)
        snprintf(to, size, ", %s %s it under way", g->outgoing > 0 ? outgoing : incoming,
                 g->outgoing > 0 ? "to" : "from");
}

static void print_group(FILE *out, const struct group *g, const char *host)
{
    const struct watch_row *r = g->first;
    char pid[16], cpu[32], since[64] = "", flight[96] = "", what[80 * PRINTABLE_WIDTH] = "-";
    fprintf(out, "  %-*s %-10s ", RANKS_WIDTH, g->ranks, g->several_nodes ? "(several)" : host);
    if (!lives(r)) {
        fprintf(out, "%s\n", watch_table_state(r));
        return;
    }
    snprintf(pid, sizeof pid, g->n == 1 ? "%u" : "%u..", r->state.pid);
    format_seconds(cpu, sizeof cpu, (double)g->cpu / 1e6);
    if (*r->what) {
        char t[32];
        printable_put(what, sizeof what, r->what, strnlen(r->what, 80));
        format_seconds(t, sizeof t, (double)g->since / 1e9);
        snprintf(since, sizeof since, " for %s", t);
        format_flight(flight, sizeof flight, g);
    }
    fprintf(out, "%-9s %-9s %9s %7.1f MB  %s%s%s\n", pid, watch_table_state(r), cpu, (double)g->rss / 1024, what, since,
            flight);
}

void watch_table_print(FILE *out, const struct watch_row *rows, uint32_t n, const char *(*name)(const void *, uint32_t),
                       const void *arg)
{
    struct group *v = xcalloc(GROUPS_MAX, sizeof *v);
    uint32_t left, k = make_groups(v, rows, n, true, &left);
    if (k > SCREEN || left)
        k = make_groups(v, rows, n, false, &left);
    fprintf(out, "  %-*s %-10s %-9s %-9s %9s %10s  %s\n", RANKS_WIDTH, "rank", "host", "pid", "state", "cpu", "memory",
            "waits in");
    for (uint32_t i = 0; i < k; i++)
        print_group(out, &v[i], name(arg, v[i].first->node));
    if (left)
        fprintf(out, "  ... and %u ranks more\n", left);
    free(v);
}

void watch_table_missing(FILE *out, const struct watch_row *rows, uint32_t n)
{
    uint32_t waiting = 0, ended = 0, missing = 0;
    for (uint32_t i = 0; i < n; i++) {
        waiting += *rows[i].what != 0;
        ended += rows[i].heard && !rows[i].state.pid;
    }
    if (waiting == 0 || waiting + ended == n)
        return;
    fprintf(out, "  not waiting:");
    for (uint32_t i = 0; i < n && missing < MISSING_MAX; i++)
        if (!*rows[i].what && !(rows[i].heard && !rows[i].state.pid))
            missing += fprintf(out, " %u", i) > 0;
    fprintf(out, n - waiting - ended > missing ? " ... (%u ranks)\n" : "\n", n - waiting - ended);
}
