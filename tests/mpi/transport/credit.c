/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a transport takes for a peer that does not poll is bounded, and all of it arrives, in order, also when both
 * sides have filled what there is. Two ranks; usage: credit NAME_OF_WHAT_CARRIES PACKETS_AT_MOST */
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/boot.h"
#include "lib/core/clock.h"
#include "lib/core/knobs.h"
#include "lib/core/state.h"
#include "lib/process/process.h"
#include "tests/unit/lib/transport/conform.h"

enum { PACKETS = 500, REFUSALS = 2000, PATIENCE = 60 };

int conform_me;
const char *conform_name;
static uint64_t came;

bool p2p_deliver(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    CHECK(h->key.ctx == came++ && n == packet_bytes(h));
    CHECK(n == 0 || ((const char *)payload)[n - 1] == (char)h->key.ctx);
    return true;
}

static void look(void)
{
    static int64_t until;
    if (until == 0)
        until = clock_ns() + PATIENCE * INT64_C(1000000000);
    CHECK(clock_ns() < until);
    if (transport_poll() == 0)
        sched_yield();
}

static bool packet_send(struct peer *p, uint64_t number)
{
    size_t n = p->transport->max_payload;
    char *to = p->transport->reserve(p, n);
    if (!to)
        return false;
    memset(to, (char)number, n);
    p->transport->commit(p, 1, (struct match_key){.ctx = number}, n);
    return true;
}

/* The other one does not poll. It has been refused often enough when nothing moves any more. */
static uint64_t fill(struct peer *p, uint64_t next)
{
    for (int refused = 0; refused < REFUSALS && next < PACKETS;)
        if (packet_send(p, next)) {
            next++;
            refused = 0;
        } else {
            refused++;
            look();
        }
    return next;
}

/* By the launcher, without polling. */
static void tell(const char *what)
{
    CHECK(boot_put(what, "", 1) == MPI_SUCCESS);
}

static void wait_until(int rank, const char *what)
{
    char told[BOOT_VALUE_MAX];
    size_t n;
    CHECK(boot_get(rank, what, told, &n) == MPI_SUCCESS);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3 && boot_init() == MPI_SUCCESS && boot.size == 2);
    conform_me = boot.rank;
    conform_name = argv[1];
    CHECK(knobs_init(true) == MPI_SUCCESS && process_init(boot.segment->job_name, boot.rank, 2) == MPI_SUCCESS);
    CHECK(transport_init() == MPI_SUCCESS);
    struct peer *p = peer_get(!boot.rank);
    uint64_t next = 0;
    CHECK(strcmp(p->carrier->name, argv[1]) == 0);
    while (!packet_send(p, next))
        look();
    for (next++; came == 0;)
        look();
    if (boot.rank == 0) {
        wait_until(1, "stopped");
        uint64_t first = next;
        next = fill(p, next);
        CHECK(next > first && next - first <= strtoul(argv[2], NULL, 10));
        tell("filled");
    } else {
        tell("stopped");
        wait_until(0, "filled");
        CHECK(came == 1);
    }
    for (; next < PACKETS || came < PACKETS || transport_unsent(); look())
        next += next < PACKETS && packet_send(p, next);
    transport_fini();
    process_fini();
    atomic_store(&lib.status->state, RANK_FINALIZED); /* for the launcher */
    boot_fini();
    return 0;
}
