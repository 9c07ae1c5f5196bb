/* SPDX-License-Identifier: BSD-3-Clause
 *
 * transport: which process is reached by what, and who is polled. */
#include "lib/transport/transport.h"
#include "lib/boot/boot.h"
#include "lib/process/process.h"
#include "lib/transport/address.h"
#include "lib/transport/counted.h"
#include "lib/transport/peer.h"
#include "lib/transport/sleep.h"

uint32_t transport_attention, transport_held;
bool transport_more;
static uint32_t inside; /* the bits of those that carry within this process */
static uint32_t dear;   /* of those that take a system call */
/* While packets come by the others alone, these are polled now and then, so that they cost nothing. */
enum { QUIET = 8, QUIET_EVERY = 16 };
static uint32_t quiet, skipped; /* packets that have come by the others; polls since */

/* Does it reach ranks of other nodes? */
static bool spans(const struct transport *t)
{
    const struct peer elsewhere = {.proc = process_self == 0, .local = -1};
    return t->reaches(&elsewhere);
}

bool transport_spans(void)
{
    for (uint32_t i = 0; transport_table[i]; i++)
        if (spans(transport_table[i]))
            return true;
    return false;
}

/* The address of that rank of the job. */
static bool is_known(const struct transport *t, int proc)
{
    return t->known_at_home || (t->knows && t->knows(proc));
}

/* Where others are on other nodes; a job on one node asks for nothing. */
static int publish(void)
{
    int rc = MPI_SUCCESS;
    bool any = false;
    for (uint32_t i = 0; transport_table[i] && rc == MPI_SUCCESS; i++)
        if (transport_table[i]->address_bytes > 0 && spans(transport_table[i]) &&
            !is_known(transport_table[i], process_self)) {
            rc = address_publish(i);
            any = true;
        }
    return rc == MPI_SUCCESS && any && !boot_get_waits() ? boot_fence() : rc;
}

int transport_init(void)
{
    int rc = peer_init();
    transport_attention = inside = dear = quiet = 0;
    for (uint32_t i = 0; transport_table[i] && rc == MPI_SUCCESS; i++) {
        inside |= transport_table[i]->inside ? UINT32_C(1) << i : 0;
        dear |= transport_table[i]->dear ? UINT32_C(1) << i : 0;
        rc = transport_table[i]->init(UINT32_C(1) << i);
    }
    counted_tune();
    return rc == MPI_SUCCESS ? publish() : rc;
}

void transport_fini(void)
{
    uint32_t rows = 0;
    sleep_fini();
    address_fini();
    while (transport_table[rows])
        rows++;
    while (rows > 0) /* shm last of those that have threads: they ring the doorbell, which lies in its memory */
        transport_table[--rows]->fini();
    peer_fini();
    transport_attention = 0;
}

void transport_tune(void)
{
    for (uint32_t i = 0; transport_table[i]; i++)
        if (transport_table[i]->tune)
            transport_table[i]->tune();
    counted_tune();
}

bool transport_select(struct peer *p)
{
    for (uint32_t i = 0; transport_table[i]; i++) {
        const struct transport *t = transport_table[i];
        const void *told = process_is_foreign(p->proc) ? address_told(p->proc, t) : NULL;
        if (!t->reaches(p) || (t->address_bytes > 0 && process_is_foreign(p->proc) && !told))
            continue;
        /* Both sides choose alike, so that nothing overtakes: one that fails is not made up for by another. */
        p->transport = p->carrier = t;
        if (t->address_bytes > 0 && !told && !is_known(t, p->proc) ? !address_fetch(p) : !t->connect(p, told))
            p->transport = NULL;
        else
            p->transport = counted_or_plain(t);
        break;
    }
    return p->transport != NULL;
}

static inline int poll_those(uint32_t which)
{
    int n = 0;
    for (; which; which &= which - 1)
        n += transport_table[__builtin_ctz(which)]->poll();
    return n;
}

void transport_warm(void)
{
    quiet = 0;
}

bool transport_is_dear(void)
{
    return (transport_attention & dear) != 0 && quiet < QUIET;
}

static int poll_dear(uint32_t which)
{
    int n = poll_those(which & ~dear);
    quiet += n > 0 && quiet < QUIET;
    if (quiet == QUIET && ++skipped % QUIET_EVERY != 0)
        return n;
    int far = poll_those(which & dear);
    if (far > 0)
        quiet = 0;
    return n + far;
}

int transport_poll(void)
{
    uint32_t which = transport_attention;
    int n = 0;
    if (UNLIKELY(which & ADDRESS_ATTENTION)) {
        n = address_poll();
        which &= ~ADDRESS_ATTENTION;
    }
    return n + (which & dear ? poll_dear(which) : poll_those(which));
}

void transport_part(void)
{
    for (uint32_t i = 0; transport_table[i]; i++)
        if (transport_table[i]->part)
            transport_table[i]->part();
}

void transport_push_slow(void)
{
    for (uint32_t i = 0; transport_table[i]; i++)
        if (transport_table[i]->push)
            transport_table[i]->push();
}

bool transport_unsent(void)
{
    for (uint32_t i = 0; transport_table[i]; i++)
        if (transport_table[i]->unsent && transport_table[i]->unsent())
            return true;
    return false;
}

void transport_poll_inside(void)
{
    poll_those(transport_attention & inside);
}
