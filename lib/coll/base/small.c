/* SPDX-License-Identifier: BSD-3-Clause
 *
 * small: blocking collectives on little data, without a schedule: its making would cost more than the messages. The
 * trees are those of the schedules, and so is the order of operands. */
#include "lib/coll/base/small.h"
#include <string.h>
#include "lib/core/knobs.h"
#include "lib/p2p/failure_sweep.h"

enum { SMALL = 2048 }; /* the most that knobs.def allows for COLL_SHORT_MAX */

/* One step: receives from `from` and sends to `to` at once; either may be MPI_PROC_NULL. */
static int step(struct comm *c, int tag, const void *out, MPI_Count out_n, int to, void *in, MPI_Count in_n, int from)
{
    struct request *s = NULL, *r = NULL;
    int rc = UNLIKELY(failed_or_far) ? failure_of_all(c) : MPI_SUCCESS, late;
    if (from != MPI_PROC_NULL && rc == MPI_SUCCESS)
        rc = p2p_recv(in, in_n, &datatype_byte, from, tag, c, P2P_COLL(c), &r);
    if (rc == MPI_SUCCESS && to != MPI_PROC_NULL)
        rc = p2p_send(out, out_n, &datatype_byte, to, tag, c, P2P_COLL(c), MODE_STANDARD, &s);
    if (r && (late = request_wait(r, MPI_STATUS_IGNORE)) != MPI_SUCCESS)
        rc = late;
    if (s && (late = request_wait(s, MPI_STATUS_IGNORE)) != MPI_SUCCESS)
        rc = late;
    return rc;
}

static int next_tag(struct comm *c)
{
    return (int)(c->coll_seq++ & 0x3fffffff);
}

bool small_enough(const struct comm *c, MPI_Count count, const struct datatype *t)
{
    return !c->inter && t->dense && t->true_lb == 0 && count * t->size <= (MPI_Count)knobs.COLL_SHORT_MAX;
}

int small_barrier(struct comm *c)
{
    int n = c->size, tag = next_tag(c), rc = MPI_SUCCESS;
    for (int k = 1; k < n && rc == MPI_SUCCESS; k <<= 1)
        rc = step(c, tag, NULL, 0, (c->rank + k) % n, NULL, 0, (c->rank - k + n) % n);
    return rc;
}

int small_bcast(void *buf, MPI_Count bytes, int root, struct comm *c)
{
    int n = c->size, me = (c->rank - root + n) % n, tag = next_tag(c), mask = 1, rc = MPI_SUCCESS;
    while (mask < n && !(me & mask))
        mask <<= 1;
    if (me > 0)
        rc = step(c, tag, NULL, 0, MPI_PROC_NULL, buf, bytes, (me - mask + root) % n);
    for (mask >>= 1; mask > 0 && rc == MPI_SUCCESS; mask >>= 1)
        if (me + mask < n)
            rc = step(c, tag, buf, bytes, (me + mask + root) % n, NULL, 0, MPI_PROC_NULL);
    return rc;
}

/* low op high, into *low: the operation leaves its result in the place of `high`, so the two change places. */
static void combine(char **low, char **high, MPI_Count count, struct datatype *t, struct op *op)
{
    op_apply(op, *low, *high, count, t);
    char *swap = *low;
    *low = *high;
    *high = swap;
}

int small_reduce(const void *from, void *to, MPI_Count count, struct datatype *t, struct op *op, int root,
                 struct comm *c)
{
    _Alignas(64) char a[SMALL], b[SMALL];
    char *mine = a, *in = b;
    MPI_Count bytes = count * t->size;
    int n = c->size, base = op->commutative ? root : 0, me = (c->rank - base + n) % n, tag = next_tag(c);
    int rc = MPI_SUCCESS, mask = 1;
    memcpy(mine, from, (size_t)bytes);
    for (; mask < n && !(me & mask) && rc == MPI_SUCCESS; mask <<= 1) {
        if (me + mask >= n)
            continue;
        rc = step(c, tag, NULL, 0, MPI_PROC_NULL, in, bytes, (me + mask + base) % n);
        combine(&mine, &in, count, t, op);
    }
    if (me > 0 && rc == MPI_SUCCESS)
        rc = step(c, tag, mine, bytes, (me - mask + base) % n, NULL, 0, MPI_PROC_NULL);
    if (base != root && c->rank == base && rc == MPI_SUCCESS)
        rc = step(c, tag, mine, bytes, root, NULL, 0, MPI_PROC_NULL);
    else if (base != root && c->rank == root && rc == MPI_SUCCESS)
        rc = step(c, tag, NULL, 0, MPI_PROC_NULL, to, bytes, base);
    else if (c->rank == root)
        memcpy(to, mine, (size_t)bytes);
    return rc;
}

int small_allreduce(const void *from, void *to, MPI_Count count, struct datatype *t, struct op *op, struct comm *c)
{
    _Alignas(64) char a[SMALL], b[SMALL];
    char *mine = a, *in = b;
    MPI_Count bytes = count * t->size;
    int n = c->size, p = 1, tag = next_tag(c), rc = MPI_SUCCESS;
    while (2 * p <= n)
        p *= 2;
    int over = n - p, me = c->rank < 2 * over ? c->rank / 2 : c->rank - over;
    bool pairs = c->rank < 2 * over, gives = pairs && c->rank % 2;
    memcpy(mine, from, (size_t)bytes);
    if (gives)
        return (rc = step(c, tag, mine, bytes, c->rank - 1, NULL, 0, MPI_PROC_NULL)) == MPI_SUCCESS
                   ? step(c, tag, NULL, 0, MPI_PROC_NULL, to, bytes, c->rank - 1)
                   : rc;
    if (pairs) {
        rc = step(c, tag, NULL, 0, MPI_PROC_NULL, in, bytes, c->rank + 1);
        combine(&mine, &in, count, t, op);
    }
    for (int mask = 1; mask < p && rc == MPI_SUCCESS; mask <<= 1) {
        int other = me ^ mask, r = other < over ? 2 * other : other + over;
        rc = step(c, tag, mine, bytes, r, in, bytes, r);
        if (other > me)
            combine(&mine, &in, count, t, op);
        else
            op_apply(op, in, mine, count, t);
    }
    memcpy(to, mine, (size_t)bytes);
    return pairs && rc == MPI_SUCCESS ? step(c, tag, mine, bytes, c->rank + 1, NULL, 0, MPI_PROC_NULL) : rc;
}
