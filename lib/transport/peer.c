/* SPDX-License-Identifier: BSD-3-Clause
 *
 * peer: the table of peers. */
#include "lib/transport/peer.h"
#include <stdlib.h>
#include <sys/mman.h>
#include "lib/boot/boot.h"
#include "lib/process/process.h"

struct peer **peer_table;
static size_t table_bytes;

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

void peer_fini(void)
{
    /* Of a very large job the pages would be touched only to be given back. */
    for (int i = 0; i < process_count && process_count <= 4096; i++) {
        if (peer_table[i]) {
            free(peer_table[i]->channel);
            free(peer_table[i]->ways);
        }
        free(peer_table[i]);
    }
    munmap(peer_table, table_bytes);
    peer_table = NULL;
    process_grow = NULL;
}

struct peer *peer_get_slow(int proc)
{
    struct peer *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->proc = proc;
    p->local = boot_local_of(proc);
    TAILQ_INIT(&p->pending);
    TAILQ_INIT(&p->streams);
    transport_select(p);
    peer_table[proc] = p;
    return p;
}

void peer_drain(struct peer *p)
{
    do
        transport_poll();
    while (p->transport && p->transport->await && p->transport->await(p, 1).head);
}
