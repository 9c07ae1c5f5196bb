/* SPDX-License-Identifier: BSD-3-Clause
 *
 * watch: from /proc and the segment to STATES.
 */
#include "proxy/watch.h"

#include "pmi-server/server.h"
#include "wire/node_segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* From /proc/PID/stat: state, processor time, memory. */
static void read_process(struct control_rank_state *s, pid_t pid)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(line, 1, sizeof line - 1, f) : 0;
    if (f)
        fclose(f);
    line[n] = 0;
    char *after = strrchr(line, ')');
    char state = 0;
    unsigned long utime = 0, stime = 0;
    long rss = 0;
    if (after &&
        sscanf(after + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u %ld",
               &state, &utime, &stime, &rss) == 4) {
        s->state = (unsigned char)state;
        s->cpu = (utime + stime) * (1000000u / (uint64_t)sysconf(_SC_CLK_TCK));
        s->rss = (uint64_t)rss * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
    }
}

/* Nanoseconds since then; a rank may have said it this very instant, or nonsense. */
static uint64_t age_of(uint64_t then)
{
    uint64_t now = now_ns();
    return then < now ? now - then : 0;
}

/* The calls of its threads that wait, the oldest first; or its tests, if there are none. */
static void describe_mpi(const struct rank_status *st, struct control_rank_state *s, char *what, size_t size)
{
    struct rank_wait found[RANK_WAIT_THREADS + 1];
    int n = 0;
    for (int i = 0; i <= RANK_WAIT_THREADS; i++) {
        if ((i == RANK_WAIT_THREADS && n > 0) || !rank_wait_read(st, i, &found[n]))
            continue;
        for (int k = n++; k > 0 && found[k - 1].since_ns > found[k].since_ns; k--) {
            struct rank_wait later = found[k - 1];
            found[k - 1] = found[k];
            found[k] = later;
        }
    }
    if (n == 0)
        return;
    *what = 0;
    s->peer = n == 1 && found[0].peer >= 0 ? (uint32_t)found[0].peer : UINT32_MAX;
    s->since = age_of(found[0].since_ns);
    if (s->peer != UINT32_MAX)
        rank_flight_read(st, &found[0], &s->outgoing, &s->incoming);
    for (int i = 0; i < n; i++) {
        size_t len = strlen(what);
        snprintf(what + len, size - len, "%s", i ? "; " : "");
        len = strlen(what);
        rank_wait_text(&found[i], what + len, size - len);
    }
}

/* What it waits for: in MPI, told by the runtime in the node segment; else in PMI, known by the server. */
static void describe(struct rank *r, struct control_rank_state *s, char *what, size_t size)
{
    struct pmi_client_state pmi = {0};
    if (r->pmi)
        pmi_client_state(r->pmi, &pmi);
    if (r->pmi && pmi.state == PMI_CLIENT_WAITS) {
        snprintf(what, size, "PMI %s", pmi.op);
        s->since = age_of(pmi.since);
    }
    if (r->job->status)
        describe_mpi(&r->job->status[r->local], s, what, size);
    s->what = bytes_of(what);
}

void watch_answer(struct job *j)
{
    struct buf b, items;
    if (j->nranks == 0)
        return; /* mpiexec waits for nodes that have some */
    buf_init(&b);
    buf_init(&items);
    for (uint32_t i = 0; i < j->nranks; i++) {
        struct rank *r = &j->ranks[i];
        struct control_rank_state s = {.rank = r->rank, .pid = (uint32_t)r->pid, .peer = UINT32_MAX};
        char what[400] = "";
        if (r->pid) {
            read_process(&s, r->pid);
            describe(r, &s, what, sizeof what);
        }
        control_rank_state_put(&items, &s);
    }
    control_states_put(&b, &(struct control_states){list_of(j->nranks, &items)});
    b.failed |= items.failed;
    buf_fini(&items);
    peer_send(j->proxy->parent, CONTROL_STATES, j->spec.job, proxy_node(j->proxy), &b);
    buf_fini(&b);
}
