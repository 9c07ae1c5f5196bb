/* SPDX-License-Identifier: BSD-3-Clause
 *
 * peer: the table of peers. */
#include "lib/transport/peer.h"
#include <stdlib.h>
#include <sys/mman.h>
#include "lib/boot/boot.h"
#include "lib/process/failed.h"
#include "lib/process/finalized.h"
#include "lib/process/process.h"

struct peer **peer_table;
struct peer *peer_newest;
static size_t table_bytes;

static void nothing(struct peer *p)
{
}

static struct {
    size_t bytes;
    void (*begin)(struct peer *p), (*end)(struct peer *p);
} kind = {sizeof(struct peer), nothing, nothing};

/* Address space only: a page takes memory when one of its 512 processes is first spoken to. */
static int table_grow(int count)
{
    size_t bytes = (size_t)count * sizeof *peer_table;
    void *p = peer_table
                  ? mremap(peer_table, table_bytes, bytes, MREMAP_MAYMOVE)
                  : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return MPI_ERR_NO_MEM;
    peer_table = p;
    table_bytes = bytes;
    return MPI_SUCCESS;
}

int peer_init(void)
{
    process_grow = table_grow;
    return table_grow(process_count);
}

void peer_extend(size_t bytes, void (*begin)(struct peer *p), void (*end)(struct peer *p))
{
    kind.bytes = bytes;
    kind.begin = begin;
    kind.end = end;
}

static void peer_free(struct peer *p)
{
    kind.end(p);
    free(p->channel);
    free(p);
}

/* By a list: to look through the table of a very large job would touch all of its pages. */
void peer_fini(void)
{
    for (struct peer *p; (p = peer_newest) != NULL; peer_free(p))
        peer_newest = p->before;
    munmap(peer_table, table_bytes);
    peer_table = NULL;
    process_grow = NULL;
}

struct peer *peer_get_slow(int proc)
{
    struct peer *p = calloc(1, kind.bytes);
    if (!p)
        return NULL;
    p->proc = proc;
    p->before = peer_newest;
    peer_newest = p;
    p->local = boot_local_of(proc);
    kind.begin(p);
    transport_select(p);
    peer_table[proc] = p;
    return p;
}

void peer_drain(struct peer *p)
{
    transport_warm();
    do
        transport_poll();
    while (p->transport && p->transport->peek && p->transport->peek(p, 1).head);
}

static bool is_of(const struct peer *p, int first, int count)
{
    return p->proc >= first && p->proc < first + count;
}

bool peers_are_over(int first, int count)
{
    for (const struct peer *p = peer_newest; p; p = p->before)
        if (is_of(p, first, count) && p->channel && peer_is_live(p))
            return false;
    return true;
}

void peers_forget(int first, int count)
{
    struct peer **link = &peer_newest;
    for (struct peer *p; (p = *link) != NULL;) {
        if (!is_of(p, first, count)) {
            link = &p->before;
            continue;
        }
        *link = p->before;
        peer_table[p->proc] = NULL;
        peer_free(p);
    }
}

void peer_retire(struct peer *p, const struct transport *null)
{
    const struct transport *was = p->transport;
    p->transport = null; /* what completions send goes nowhere */
    if (was)
        was->disconnect(p);
}

/* That one whom nothing connects with any more has ended is not told as a failure: another job's, after its
 * communicators are gone. */
void peer_failed(struct peer *p, const char *why)
{
    if (process_is_held(p->proc))
        failed_report(p->proc, why);
    else
        finalized_report(p->proc, GONE);
}

void peer_finalized(struct peer *p)
{
    finalized_report(p->proc, GONE);
}

void peer_parted(struct peer *p)
{
    finalized_report(p->proc, FINALIZED);
}
