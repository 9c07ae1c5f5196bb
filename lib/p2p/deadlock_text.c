/* SPDX-License-Identifier: BSD-3-Clause
 *
 * deadlock_text: a deadlock in one sentence. */
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/p2p/deadlock.h"

enum { CALLS_MOST = 8, MESSAGES_MOST = 8, CYCLE_MOST = 16, CALL_ROOM = 200 };

struct out {
    char *text;
    size_t n, size;
};

__attribute__((format(printf, 2, 3))) static void put(struct out *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(o->text + o->n, o->size - o->n, fmt, ap);
    va_end(ap);
    o->n = n < 0 || (size_t)n >= o->size - o->n ? o->size - 1 : o->n + (size_t)n;
}

static void call_of(const struct deadlock_rank *r, char text[CALL_ROOM])
{
    snprintf(text, CALL_ROOM, r->ended ? "after MPI_Finalize" : "in ");
    if (!r->ended)
        rank_wait_text(&r->wait, text + strlen(text), CALL_ROOM - strlen(text));
}

/* Ranks from i on that do the same, one after the other. */
static int run_of(const struct deadlock_rank *v, int n, int i, char call[CALL_ROOM])
{
    char next[CALL_ROOM];
    int k = 1;
    call_of(&v[i], call);
    for (; i + k < n; k++) {
        call_of(&v[i + k], next);
        if (strcmp(next, call) != 0 || v[i + k].rank != v[i].rank + k)
            break;
    }
    return k;
}

static void put_calls(struct out *o, const struct deadlock_rank *v, int n)
{
    char call[CALL_ROOM];
    int calls = 0;
    for (int i = 0, k; i < n; i += k) {
        k = run_of(v, n, i, call);
        const char *comma = calls++ ? ", " : "";
        if (calls > CALLS_MOST) {
            put(o, " and others");
            return;
        }
        if (k == 1)
            put(o, "%srank %d %s", comma, v[i].rank, call);
        else
            put(o, "%sranks %d-%d %s", comma, v[i].rank, v[i + k - 1].rank, call);
    }
}

static int place_of(const struct deadlock_rank *v, int n, int rank)
{
    for (int i = 0; i < n; i++)
        if (v[i].rank == rank)
            return i;
    return -1;
}

/* Whom v[i] waits for; -1: nobody in particular. */
static int next_of(const struct deadlock_rank *v, int n, int i)
{
    return v[i].ended || v[i].wait.peer < 0 ? -1 : place_of(v, n, v[i].wait.peer);
}

/* A rank that is in a cycle; -1: there is none. Each rank is walked over once. */
static int cycle_find(const struct deadlock_rank *v, int n)
{
    int *walk = calloc((size_t)n, sizeof *walk), found = -1;
    for (int i = 0; walk && i < n && found < 0; i++) {
        int at = i;
        while (at >= 0 && walk[at] == 0) {
            walk[at] = i + 1;
            at = next_of(v, n, at);
        }
        if (at >= 0 && walk[at] == i + 1)
            found = at;
    }
    free(walk);
    return found;
}

static void put_cycle(struct out *o, const struct deadlock_rank *v, int n)
{
    int first = cycle_find(v, n), at = first;
    if (first < 0)
        return;
    put(o, "; the cycle is %d", v[first].rank);
    for (int k = 0; k < CYCLE_MOST; k++) {
        at = next_of(v, n, at);
        put(o, " -> %d", v[at].rank);
        if (at == first)
            return;
    }
    put(o, " -> ...");
}

static void put_messages(struct out *o, const struct deadlock_rank *v, int n)
{
    int told = 0;
    for (int i = 0; i < n && told < MESSAGES_MOST; i++) {
        const struct deadlock_rank *r = &v[i];
        if (r->ended || r->unmatched == 0)
            continue;
        put(o, "; rank %d has %u message%s that nobody receives%s from %d tag %d", r->rank, r->unmatched,
            r->unmatched == 1 ? "" : "s", r->unmatched == 1 ? "," : ", the first", r->unmatched_from, r->unmatched_tag);
        told++;
    }
}

void deadlock_text(const struct deadlock_rank *v, int n, char *text, size_t size)
{
    struct out o = {text, 0, size};
    int waiting = 0;
    for (int i = 0; i < n; i++)
        waiting += !v[i].ended;
    if (waiting == n && n > 1)
        put(&o, "deadlock: all %d ranks wait, and nothing is under way: ", n);
    else
        put(&o, "deadlock: %d rank%s wait%s, nothing is under way, and nobody else is left: ", waiting,
            waiting == 1 ? "" : "s", waiting == 1 ? "s" : "");
    put_calls(&o, v, n);
    put_cycle(&o, v, n);
    put_messages(&o, v, n);
}
