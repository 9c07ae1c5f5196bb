/* SPDX-License-Identifier: BSD-3-Clause */
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
static void read_process(struct control_state *s, pid_t pid)
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

static void describe_mpi(const struct rank_status *s, char *what, size_t size)
{
    char peer[32] = "", tag[32] = "", comm[32];
    if (s->peer >= 0)
        snprintf(peer, sizeof peer, s->sends ? " to %d" : " from %d", s->peer);
    else if (s->peer == RANK_STATUS_ANY)
        snprintf(peer, sizeof peer, " from any");
    if (s->tag >= 0)
        snprintf(tag, sizeof tag, " tag %d", s->tag);
    snprintf(comm, sizeof comm,
             s->comm == 0   ? "MPI_COMM_WORLD"
             : s->comm == 1 ? "MPI_COMM_SELF"
                            : "communicator %u",
             s->comm);
    snprintf(what, size, "%.22s%s%s on %s", s->function, peer, tag, comm);
}

/* The call in which the rank waits, 0 if it does not. */
static uint64_t waiting_call(const struct rank_status *s)
{
    uint64_t call = atomic_load_explicit(&s->call, memory_order_acquire);
    return call & 0xffff && atomic_load_explicit(&s->detail_call, memory_order_acquire) == call ? call : 0;
}

/* Nanoseconds since then; a rank may have said it this very instant, or nonsense. */
static uint64_t age_of(uint64_t then)
{
    uint64_t now = now_ns();
    return then < now ? now - then : 0;
}

/* What it waits for: in MPI, told by the runtime in the node segment; else in PMI, known by the server. */
static void describe(struct rank *r, struct control_state *s, char *what, size_t size)
{
    struct pmi_client_state pmi = {0};
    if (r->pmi)
        pmi_client_state(r->pmi, &pmi);
    if (r->pmi && pmi.state == PMI_CLIENT_WAITS) {
        snprintf(what, size, "PMI %s", pmi.op);
        s->since = age_of(pmi.since);
    }
    if (r->job->status) {
        const struct rank_status *st = &r->job->status[r->local];
        struct rank_status copy;
        uint64_t call = waiting_call(st);
        memcpy(&copy, st, sizeof copy);
        atomic_thread_fence(memory_order_acquire);
        if (call && waiting_call(st) == call) { /* otherwise it went on meanwhile: not waiting */
            describe_mpi(&copy, what, size);
            s->since = age_of(copy.since_ns);
        }
    }
    s->what = (struct bytes){what, strlen(what)};
}

void watch_answer(struct job *j)
{
    struct buf b;
    buf_init(&b);
    buf_put_u32(&b, j->nranks);
    for (uint32_t i = 0; i < j->nranks; i++) {
        struct rank *r = &j->ranks[i];
        struct control_state s = {.rank = r->rank, .pid = (uint32_t)r->pid};
        char what[256] = "";
        if (r->pid) {
            read_process(&s, r->pid);
            describe(r, &s, what, sizeof what);
        }
        control_state_put(&b, &s);
    }
    peer_send(j->node->parent, CONTROL_STATES, j->spec.job, node_number(j->node), &b);
    buf_fini(&b);
}
