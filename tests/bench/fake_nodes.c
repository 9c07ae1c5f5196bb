/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fake_nodes: all nodes of a job in one process, to measure mpiexec with more of them than a machine can run: in the
 * place of srun (mpiexec --launcher slurm --launcher-exec fake_nodes --heartbeat 0), it connects back once for each of
 * $FAKE_NODES nodes n0, n1, ..., and says for each what a proxy says whose ranks start, and end at once. When the job
 * has come to every node it writes to the file $FAKE_REPORT what its parent, mpiexec, then uses:
 *
 *     descriptors memory(KiB, highest) processor(ms)
 */
#include "common/back.h"
#include "common/link.h"
#include "common/log.h"
#include "common/peer.h"
#include "wire/control.h"
#include "wire/launch_spec.h"

#include <dirent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct node {
    struct peer *peer;
    uint32_t number;
};

static struct event_base *base;
static struct node *nodes;
static uint32_t nnodes, launched, left;
static struct launch_spec spec; /* the same for all: read once */

static void say(struct node *n, unsigned type, unsigned job, struct buf *b)
{
    peer_send(n->peer, type, job, n->number, b);
    if (b)
        buf_fini(b);
}

static void say_hello(struct node *n)
{
    struct buf b;
    buf_init(&b);
    link_hello_put(&b, CONTROL_VERSION);
    say(n, CONTROL_HELLO, 0, &b);
}

static void say_shape(struct node *n)
{
    struct buf b;
    buf_init(&b);
    control_node_info_put(&b, &(struct control_node_info){.processors = 2});
    say(n, CONTROL_NODE_INFO, 0, &b);
}

static void put_ranks(struct node *n, bool ended, struct buf *items, uint32_t *count)
{
    *count = 0;
    for (uint32_t r = 0; r < spec.map.nranks; r++) {
        if (rankmap_node(&spec.map, r) != n->number)
            continue;
        if (ended)
            control_rank_exited_put(items, &(struct control_rank_exited){.rank = r, .time = 2});
        else
            control_rank_started_put(items, &(struct control_rank_started){.rank = r, .pid = 1000, .time = 1});
        ++*count;
    }
}

/* One rank a node, or few: with the rank of a node equal to its number it is found at once. */
static void say_ranks(struct node *n, bool ended)
{
    struct buf b, items;
    uint32_t count;
    buf_init(&b);
    buf_init(&items);
    if (spec.map.nranks == nnodes && rankmap_node(&spec.map, n->number) == n->number) {
        count = 1;
        if (ended)
            control_rank_exited_put(&items, &(struct control_rank_exited){.rank = n->number, .time = 2});
        else
            control_rank_started_put(&items, &(struct control_rank_started){n->number, 1000, 0, 0, 1});
    } else {
        put_ranks(n, ended, &items, &count);
    }
    if (ended)
        control_exited_put(&b, &(struct control_exited){list_of(count, &items)});
    else
        control_started_put(&b, &(struct control_started){list_of(count, &items)});
    buf_fini(&items);
    say(n, ended ? CONTROL_EXITED : CONTROL_STARTED, spec.job, &b);
}

static unsigned count_descriptors(pid_t pid)
{
    char path[64];
    unsigned n = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

static unsigned long read_memory(pid_t pid)
{
    char path[64], line[256];
    unsigned long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "VmHWM: %lu", &kib);
    if (f)
        fclose(f);
    return kib;
}

static unsigned long read_processor(pid_t pid)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    char *end = n ? strrchr(text, ')') : NULL;
    if (f)
        fclose(f);
    if (end)
        sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (user + system) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK);
}

static void report(void)
{
    const char *path = getenv("FAKE_REPORT");
    FILE *f = path ? fopen(path, "w") : NULL;
    pid_t pid = getppid();
    if (!f)
        return;
    fprintf(f, "%u %lu %lu\n", count_descriptors(pid), read_memory(pid), read_processor(pid));
    fclose(f);
}

static void on_launch(struct node *n, const unsigned char *payload, size_t len)
{
    struct rbuf r;
    rbuf_init(&r, payload, len);
    if (launched == 0 && !launch_spec_get(&r, &spec))
        log_fatal("the job makes no sense");
    say_ranks(n, false);
    if (++launched < nnodes)
        return;
    report();
    for (uint32_t i = 0; i < nnodes; i++) { /* now that all run */
        say_ranks(&nodes[i], true);
        say(&nodes[i], CONTROL_OUTPUT_END, spec.job, NULL);
    }
}

static void leave(struct node *n)
{
    peer_destroy(n->peer);
    n->peer = NULL;
    if (--left == 0)
        event_base_loopexit(base, NULL);
}

static void on_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct node *n = arg;
    if (h->type == CONTROL_SETUP)
        say(n, CONTROL_READY, 0, NULL);
    else if (h->type == CONTROL_NODE_ASK)
        say_shape(n);
    else if (h->type == CONTROL_LAUNCH)
        on_launch(n, payload, h->len);
    else if (h->type == CONTROL_SHUTDOWN)
        leave(n);
}

static void on_gone(void *arg, struct peer *p, const char *why)
{
    leave(arg);
}

static const struct peer_ops ops = {.frame = on_frame, .gone = on_gone};

static void begin(struct node *n, const char *address, const char *secret)
{
    char name[32];
    struct err e;
    snprintf(name, sizeof name, "n%u", n->number);
    const struct back_end to = {address, secret, "mpiexec", NULL, false, BACK_MPIEXEC_MS};
    int fd = back_call(&to, name, &e);
    if (fd < 0)
        log_fatal("%s", e.text);
    n->peer = peer_create(base, fd, fd, "mpiexec", &ops, n);
    if (!n->peer)
        log_fatal("out of memory");
    say_hello(n);
}

static void raise_nofile(void)
{
    struct rlimit l;
    getrlimit(RLIMIT_NOFILE, &l);
    l.rlim_cur = l.rlim_max;
    setrlimit(RLIMIT_NOFILE, &l);
}

int main(int argc, char **argv)
{
    const char *count = getenv("FAKE_NODES"), *secret = getenv(BACK_SECRET);
    log_init("fake_nodes", LOG_NORMAL);
    if (!count || !secret || argc < 2)
        log_fatal("this program is started by mpiexec, see its source");
    nnodes = left = (uint32_t)strtoul(count, NULL, 10);
    nodes = calloc(nnodes, sizeof *nodes);
    base = event_base_new();
    if (!nodes || !base)
        log_fatal("out of memory");
    raise_nofile();
    for (uint32_t i = 0; i < nnodes; i++) {
        nodes[i].number = i;
        begin(&nodes[i], argv[argc - 1], secret);
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
    event_base_dispatch(base);
    return 0;
}
