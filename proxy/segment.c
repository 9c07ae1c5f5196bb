/* SPDX-License-Identifier: BSD-3-Clause
 *
 * segment: fills the memory from the launch description.
 */
#include "proxy/segment.h"

#include "proxy/rank_env.h"
#include "wire/network.h"
#include "wire/node_segment.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint32_t usable_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
}

static void fill(struct job *j, struct node_segment *to, const struct node_segment *head)
{
    *to = *head;
    memcpy((char *)to + to->runs_at, j->spec.map.blocks, j->spec.map.nblocks * sizeof(struct rankmap_block));
    struct node_host *host = (struct node_host *)((char *)to + to->hosts_at);
    for (uint32_t i = 0; i < j->spec.nhosts; i++) {
        struct in6_addr a = network_whole(j->spec.hosts[i].first, j->spec.hosts[i].second);
        memcpy(host[i].address, &a, sizeof host[i].address);
        host[i].port = j->spec.hosts[i].port;
    }
    uint32_t *locals = (uint32_t *)((char *)to + to->locals_at);
    for (uint32_t i = 0; i < j->nranks; i++)
        locals[i] = j->ranks[i].rank;
}

static void secret_put(struct node_segment *head, const char *hex)
{
    for (size_t i = 0; i < sizeof head->secret && hex[2 * i] && hex[2 * i + 1]; i++)
        sscanf(hex + 2 * i, "%2hhx", &head->secret[i]);
}

void segment_create(struct job *j)
{
    struct node_segment head = {.job_size = j->spec.map.nranks,
                                .node_count = j->spec.map.nnodes,
                                .node_id = proxy_node(j->proxy),
                                .local_size = j->nranks,
                                .local_cpus = usable_processors(),
                                .run_count = j->spec.map.nblocks,
                                .universe_size = (int32_t)j->spec.universe_size,
                                .host_count = j->spec.nhosts,
                                .listener = j->spec.nhosts ? rank_listener_fd() : -1,
                                .dead_room = j->spec.map.nranks - j->nranks,
                                .survive = (j->spec.flags & LAUNCH_NO_KILL) != 0};
    snprintf(head.job_name, sizeof head.job_name, "%s", j->spec.kvsname);
    secret_put(&head, j->spec.secret);
    uint64_t size = node_segment_plan(&head);
    int fd = memfd_create("muster-node", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *at = MAP_FAILED;
    if (fd >= 0 && node_segment_extend(fd, size, size) > 0)
        at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        proxy_warn(j->proxy, "no shared memory for the ranks on %s (%m): they start the slow way",
                   proxy_name(j->proxy));
        if (fd >= 0)
            close(fd);
        return;
    }
    fill(j, at, &head);
    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK); /* a rank that made it shorter would have us killed */
    j->segment = at;
    j->status = node_segment_status(at, 0);
    j->segment_size = size;
    j->dead = node_segment_dead(at);
    j->dead_room = head.dead_room;
    j->segment_fd = fd;
}

uint32_t segment_exit_flags(const struct rank *r)
{
    const struct job *j = r->job;
    if (!j->status)
        return 0;
    uint32_t state = atomic_load_explicit(&j->status[r - j->ranks].state, memory_order_acquire);
    return state == RANK_INITIALIZED ? EXIT_IN_PMI : state == RANK_FINALIZED ? EXIT_PAST : 0;
}

struct segment_copied segment_copied(const struct rank *r)
{
    const struct job *j = r->job;
    if (!j->status)
        return (struct segment_copied){0, 0};
    const struct rank_status *s = &j->status[r - j->ranks];
    return (struct segment_copied){atomic_load_explicit(&s->streamed, memory_order_relaxed),
                                   atomic_load_explicit(&s->read, memory_order_relaxed)};
}

static uint32_t set_dead(const struct rank *r, bool never)
{
    const struct job *j = r->job;
    if (j->status) {
        atomic_store_explicit(&j->status[r - j->ranks].state, never ? RANK_NEVER : RANK_DEAD, memory_order_relaxed);
        atomic_fetch_add_explicit(&j->segment->gone, 1, memory_order_release);
    }
    return never ? EXIT_DEAD | EXIT_NEVER : EXIT_DEAD;
}

/* As the runtime says at exit; _exit does not. */
static void set_gone(const struct rank *r)
{
    struct job *j = r->job;
    if (atomic_exchange(&j->status[r - j->ranks].parting, RANK_GONE) != RANK_GONE)
        atomic_fetch_add_explicit(&j->segment->left, 1, memory_order_release);
}

/* A job that is about to be ended needs no news. Who leaves with 0 before MPI_Init does not end the job, as many
 * programs do not use MPI at all: only who needs that rank in MPI learns of it. */
uint32_t segment_rank_ended(const struct rank *r, int status)
{
    const struct job *j = r->job;
    uint32_t was =
        j->status ? atomic_load_explicit(&j->status[r - j->ranks].state, memory_order_acquire) : RANK_STARTED;
    bool never = was == RANK_STARTED;
    if (was == RANK_FINALIZED)
        set_gone(r);
    if (was == RANK_FINALIZED || !(j->spec.flags & LAUNCH_NO_KILL || (never && status == 0)))
        return 0;
    return set_dead(r, never);
}

void segment_rank_not_started(const struct rank *r)
{
    if (r->job->spec.flags & LAUNCH_NO_KILL)
        set_dead(r, true);
}

void segment_rank_dead(struct job *j, uint32_t rank, bool never)
{
    bool ours = rankmap_node(&j->spec.map, rank) == proxy_node(j->proxy);
    if (!j->segment || ours || j->ndead == j->dead_room)
        return;
    j->dead[j->ndead++] = rank | (never ? NODE_SEGMENT_DEAD_NEVER : 0);
    atomic_store_explicit(&j->segment->dead_count, j->ndead, memory_order_release);
    atomic_fetch_add_explicit(&j->segment->gone, 1, memory_order_release);
}

void segment_destroy(struct job *j)
{
    if (j->segment_fd < 0)
        return;
    munmap(j->segment, j->segment_size);
    close(j->segment_fd);
}
