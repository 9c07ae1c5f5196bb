/* SPDX-License-Identifier: BSD-3-Clause
 *
 * peer: the table of peers. */
#include "lib/transport/peer.h"
#include <stdlib.h>
#include <sys/mman.h>
#include "lib/boot/boot.h"

struct peer **peer_table;
static size_t table_bytes;

int peer_init(void)
{
    /* Address space only: a page takes memory when one of its 512 processes is first spoken to. */
    table_bytes = (size_t)boot.size * sizeof *peer_table;
    void *p = mmap(NULL, table_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return MPI_ERR_NO_MEM;
    peer_table = p;
    return MPI_SUCCESS;
}

void peer_fini(void)
{
    for (size_t i = 0; i < table_bytes / sizeof *peer_table && boot.size <= 4096; i++) {
        if (peer_table[i]) {
            free(peer_table[i]->channel);
            free(peer_table[i]->ways);
        }
        free(peer_table[i]);
    }
    munmap(peer_table, table_bytes);
    peer_table = NULL;
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
