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

/* Adds it to what. */
static void describe_wait(const struct rank_wait *w, char *what, size_t size)
{
    char peer[32] = "", tag[32] = "", comm[32];
    size_t len = strlen(what);
    if (w->peer >= 0)
        snprintf(peer, sizeof peer, w->sends ? " to %d" : " from %d", w->peer);
    else if (w->peer == RANK_STATUS_ANY)
        snprintf(peer, sizeof peer, " from any");
    if (w->tag >= 0)
        snprintf(tag, sizeof tag, " tag %d", w->tag);
    snprintf(comm, sizeof comm,
             w->comm == 0   ? "MPI_COMM_WORLD"
             : w->comm == 1 ? "MPI_COMM_SELF"
                            : "communicator %u",
             w->comm);
    snprintf(what + len, size - len, "%s%.31s%s%s%s on %s", len ? "; " : "", w->function,
             w->kind == RANK_TESTS ? " (in a loop)" : "", peer, tag, comm);
}

/* A copy, as it was at one moment: one that tests writes again and again. */
static bool copy_wait(const struct rank_wait *from, struct rank_wait *to)
{
    for (int looks = 0; looks < 100; looks++) {
        uint16_t turns = atomic_load_explicit(&from->turns, memory_order_acquire);
        memcpy(to, from, sizeof *to);
        atomic_thread_fence(memory_order_acquire);
        if (!(turns & 1) && turns == atomic_load_explicit(&from->turns, memory_order_relaxed))
            return true;
    }
    return false;
}

/* Does the rank wait so? Its call is read first: what is told later about a later one still holds. */
static bool read_wait(const struct rank_status *s, const struct rank_wait *from, struct rank_wait *to)
{
    uint64_t call = atomic_load_explicit(&s->call, memory_order_acquire);
    if (!copy_wait(from, to))
        return false;
    uint64_t wait = atomic_load_explicit(&to->call, memory_order_relaxed);
    if (wait == 0 || to->kind == RANK_WAITS_THREAD)
        return wait != 0;
    if (to->kind == RANK_TESTS)
        return wait >> 16 >= call >> 16 || (call >> 16) - (wait >> 16) <= RANK_TESTS_MOST;
    return call & 0xffff && wait == call;
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
        if ((i == RANK_WAIT_THREADS && n > 0) || !read_wait(st, &st->waits[i], &found[n]))
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
    s->since = age_of(found[0].since_ns);
    for (int i = 0; i < n; i++)
        describe_wait(&found[i], what, size);
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
    buf_init(&b);
    buf_init(&items);
    for (uint32_t i = 0; i < j->nranks; i++) {
        struct rank *r = &j->ranks[i];
        struct control_rank_state s = {.rank = r->rank, .pid = (uint32_t)r->pid};
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
