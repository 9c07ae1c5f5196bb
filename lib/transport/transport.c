/* SPDX-License-Identifier: BSD-3-Clause
 *
 * transport: which process is reached by what. */
#include "lib/transport/transport.h"
#include <stdlib.h>
#include <sys/mman.h>
#include "lib/boot/boot.h"
#include "lib/transport/shm/shm.h"

struct peer **peer_table;
static size_t table_bytes;

int transport_init(const struct boot *b)
{
    /* Address space only: a page takes memory when one of its 512 processes is first spoken to. */
    table_bytes = (size_t)b->size * sizeof *peer_table;
    void *p = mmap(NULL, table_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return MPI_ERR_NO_MEM;
    peer_table = p;
    return b->local_size > 1 ? shm_init(b) : MPI_SUCCESS;
}

void transport_fini(void)
{
    shm_fini();
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
    if (proc == boot.rank)
        p->transport = &transport_self;
    else if (p->local >= 0 && shm_connect(p))
        p->transport = &transport_shm;
    peer_table[proc] = p;
    return p;
}

static void *gone_reserve(struct peer *p, size_t bytes)
{
    return NULL;
}

static void gone_commit(struct peer *p, uint8_t kind, struct match_key key, size_t bytes)
{
}

static bool gone_inject(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t bytes)
{
    return false;
}

static int gone_poll(void)
{
    return 0;
}

static int gone_read(struct peer *p, const struct iovec *to, int pieces, uint64_t from, size_t n)
{
    return -1;
}

const struct transport transport_gone = {.name = "gone",
                                         .reserve = gone_reserve,
                                         .commit = gone_commit,
                                         .inject = gone_inject,
                                         .poll = gone_poll,
                                         .read = gone_read};

enum { LOST = 4096 };

static void *left_reserve(struct peer *p, size_t bytes)
{
    static _Alignas(64) char lost[LOST];
    return bytes <= sizeof lost ? lost : NULL;
}

static bool left_inject(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t bytes)
{
    return true;
}

const struct transport transport_left = {.name = "left",
                                         .max_payload = LOST,
                                         .eager_max = LOST,
                                         .reserve = left_reserve,
                                         .commit = gone_commit,
                                         .inject = left_inject,
                                         .poll = gone_poll,
                                         .read = gone_read};

int transport_poll(void)
{
    int n = shm_active ? transport_shm.poll() : 0;
    return n + (self_waiting ? transport_self.poll() : 0);
}
