/* SPDX-License-Identifier: BSD-3-Clause
 *
 * life: processes that begin, meet, speak and end. */
#include "life.h"
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/core/knobs.h"
#include "lib/process/failed.h"
#include "lib/process/finalized.h"
#include "lib/process/process.h"
#include "lib/transport/address.h"

const char *scenario;
int me;
int sockets[MANY][2];
uint32_t came[MANY + 1];
int failed_seen_of, finalized_seen_of;

bool p2p_deliver(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    uint32_t *next = &came[from->proc];
    CHECK(h->key.ctx == (*next)++ && n == packet_bytes(h) && n <= BYTES);
    for (size_t i = 0; i < n; i++)
        CHECK(((const unsigned char *)payload)[i] == (unsigned char)(h->key.ctx + i));
    return true;
}

static bool note_failed(int proc)
{
    failed_seen_of = proc;
    return true;
}

static void note_finalized(int proc, enum stage now)
{
    finalized_seen_of = now == GONE ? proc : 0;
}

void look(void)
{
    static int64_t until;
    if (until == 0)
        until = clock_ns() + PATIENCE * INT64_C(1000000000);
    CHECK(clock_ns() < until);
    if (transport_poll() == 0)
        sched_yield();
    if (failed_pending())
        failed_scan(note_failed);
    finalized_scan(note_finalized);
}

void begin(int who)
{
    char name[32];
    me = who;
    snprintf(name, sizeof name, "life.%d", who);
    CHECK(boot_init() == MPI_SUCCESS && knobs_init(false) == MPI_SUCCESS);
    CHECK(process_init(name, 0, 1) == MPI_SUCCESS && transport_init() == MPI_SUCCESS);
    failed_init();
}

void end(void)
{
    while (transport_unsent())
        look();
    transport_fini();
    finalized_fini();
    failed_fini();
    process_fini();
    boot_fini();
}

int socket_of(int visitor)
{
    return sockets[visitor - 1][me == 0];
}

void address_send(int visitor)
{
    unsigned char mine[ADDRESS_EXPORT];
    CHECK(address_export(mine) == MPI_SUCCESS);
    CHECK(write(socket_of(visitor), mine, sizeof mine) == (ssize_t)sizeof mine);
}

int address_take(int visitor)
{
    unsigned char theirs[ADDRESS_EXPORT];
    char name[32];
    CHECK(recv(socket_of(visitor), theirs, sizeof theirs, MSG_WAITALL) == (ssize_t)sizeof theirs);
    snprintf(name, sizeof name, "life.%d", me == 0 ? visitor : 0);
    int proc = process_job_add(name, 1);
    CHECK(proc > 0 && address_tell(proc, theirs) == MPI_SUCCESS);
    process_hold(proc); /* as a communicator would */
    return proc;
}

struct peer *meet(int visitor)
{
    address_send(visitor);
    return peer_get(address_take(visitor));
}

void word_send(int visitor)
{
    CHECK(write(socket_of(visitor), "x", 1) == 1);
}

void word_await(int visitor)
{
    char c;
    CHECK(recv(socket_of(visitor), &c, 1, MSG_WAITALL) == 1);
}

void packets_send(struct peer *p, uint32_t first, uint32_t count)
{
    unsigned char bytes[BYTES];
    for (uint32_t i = first; i < first + count; i++) {
        size_t n = i * 7 % BYTES;
        for (size_t k = 0; k < n; k++)
            bytes[k] = (unsigned char)(i + k);
        while (!p->transport->inject(p, 1, i, 0, bytes, n))
            look();
    }
}

bool by_memory(const struct peer *p)
{
    return p->carrier && strcmp(p->carrier->name, "shm") == 0;
}

bool is_told(const struct peer *p, const char *why)
{
    return failed_error(p->proc) == MPI_ERR_PROC_ABORTED && strstr(error_detail_get(MPI_ERR_PROC_ABORTED), why);
}
