/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_segment.c: where the parts of a segment lie, and whether a mapping is one. The head comes from another process:
 * nothing in it is believed before node_segment_valid has seen it, and sums are made in 64 bits so that no product
 * wraps.
 */
#include "wire/node_segment.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE = 64, PAGE = 4096 };

static uint64_t up(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to * to;
}

uint64_t node_segment_plan(struct node_segment *h)
{
    h->magic = NODE_SEGMENT_MAGIC;
    h->version = NODE_SEGMENT_VERSION;
    h->runs_at = sizeof *h;
    h->locals_at = up(h->runs_at + (uint64_t)h->run_count * sizeof(struct rankmap_block), LINE);
    h->status_at = up(h->locals_at + (uint64_t)h->local_size * sizeof(uint32_t), LINE);
    h->dead_at = h->status_at + (uint64_t)h->local_size * sizeof(struct rank_status);
    h->hosts_at = up(h->dead_at + (uint64_t)h->dead_room * sizeof(uint32_t), LINE);
    h->lib_at = up(h->hosts_at + (uint64_t)h->host_count * sizeof(struct node_host), PAGE);
    return h->lib_at;
}

/* fallocate, since others may make it longer at the same time, and ftruncate would then cut it off. */
static int longer(int fd, uint64_t bytes)
{
    int rc;
    do
        rc = fallocate(fd, 0, (off_t)bytes - 1, 1);
    while (rc != 0 && errno == EINTR);
    return rc != 0 && (errno == EOPNOTSUPP || errno == ENOSYS) ? ftruncate(fd, (off_t)bytes) : rc;
}

uint64_t node_segment_extend(int fd, uint64_t least, uint64_t most)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    struct stat st;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || fstat(fd, &st) != 0)
        return 0;
    uint64_t length = (uint64_t)st.st_size, want = most < limit.rlim_cur ? most : limit.rlim_cur;
    if (length < want && longer(fd, want) == 0)
        length = want;
    if (length < least && want < least)
        errno = EFBIG;
    return length < least ? 0 : length;
}

static bool head_valid(const struct node_segment *h, size_t bytes)
{
    struct node_segment want;
    if (bytes < sizeof *h || h->magic != NODE_SEGMENT_MAGIC || h->version != NODE_SEGMENT_VERSION)
        return false;
    want = *h;
    if (node_segment_plan(&want) > bytes)
        return false;
    return h->runs_at == want.runs_at && h->locals_at == want.locals_at && h->status_at == want.status_at &&
           h->dead_at == want.dead_at && h->hosts_at == want.hosts_at && h->lib_at == want.lib_at &&
           h->local_size > 0 && h->local_size <= h->job_size && h->node_id < h->node_count &&
           (h->host_count == 0 || h->host_count == h->node_count) && memchr(h->job_name, 0, sizeof h->job_name);
}

static bool runs_valid(const struct node_segment *h)
{
    const struct rankmap_block *r = node_segment_runs(h);
    uint64_t ranks = 0, here = 0;
    for (uint32_t i = 0; i < h->run_count; i++) {
        if ((uint64_t)r[i].first + r[i].nodes > h->node_count)
            return false;
        uint64_t block = (uint64_t)r[i].nodes * r[i].ranks_per_node;
        if (block > h->job_size || block * r[i].repeat > h->job_size)
            return false;
        ranks += block * r[i].repeat;
        if (h->node_id - r[i].first < r[i].nodes)
            here += (uint64_t)r[i].ranks_per_node * r[i].repeat;
        if (ranks > h->job_size)
            return false;
    }
    return ranks == h->job_size && here == h->local_size;
}

bool node_segment_valid(const struct node_segment *h, size_t bytes)
{
    if (!head_valid(h, bytes) || !runs_valid(h))
        return false;
    const uint32_t *local = node_segment_locals(h);
    for (uint32_t i = 0; i < h->local_size; i++)
        if (local[i] >= h->job_size || (i > 0 && local[i] <= local[i - 1]) ||
            node_segment_node_of(h, local[i]) != h->node_id)
            return false;
    return true;
}

static struct rankmap map_of(const struct node_segment *h)
{
    return (struct rankmap){(struct rankmap_block *)(uintptr_t)node_segment_runs(h), h->run_count, h->job_size,
                            h->node_count};
}

uint32_t node_segment_node_of(const struct node_segment *h, uint32_t rank)
{
    const struct rankmap view = map_of(h);
    return rankmap_node(&view, rank);
}

const struct node_host *node_segment_host(const struct node_segment *h, uint32_t rank, uint16_t *port)
{
    const struct rankmap view = map_of(h);
    uint32_t node = rankmap_node(&view, rank);
    if (node >= h->host_count)
        return NULL;
    const struct node_host *at = (const struct node_host *)((const char *)h + h->hosts_at) + node;
    uint32_t own = at->port + rankmap_local(&view, rank);
    *port = (uint16_t)own;
    return at->port && own <= UINT16_MAX ? at : NULL;
}
