/* SPDX-License-Identifier: BSD-3-Clause
 *
 * plan: how a collective access is done: by each rank for itself, or in two phases. Two phases are worth their messages
 * where pieces are short and those of several ranks lie among one another. */
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/coll/base/messages.h"
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/io/file.h"
#include "lib/io/fs.h"
#include "lib/io/hints.h"
#include "lib/io/two_phase.h"

enum {
    SPARSE = 16,       /* fewer bytes than one of so many: windows would be mostly holes */
    DIRECT_MIN = 4096, /* pieces of so many bytes go without a copy */
};

static void allreduce(struct sched *s, int64_t *v, int n, MPI_Op op)
{
    struct coll_args a = {.send = BLOCKS_EQUAL(MPI_IN_PLACE, 0, NULL),
                          .recv = BLOCKS_EQUAL(v, n, &basic_types[BASIC_I_INT64_T]),
                          .op = op_of(op),
                          .comm = sched_comm(s)};
    messages_allreduce_doubling(s, &a);
    sched_round(s);
}

/* Bytes in a row in the file, on the average of the first ones; those who have but a few pieces do without messages. */
static int64_t piece_bytes(const struct access *a)
{
    enum { PIECES = 64, FEW = 16 };
    struct iovec p[PIECES];
    size_t n = (size_t)a->bytes;
    int pieces = view_pieces(a->file->view, a->at, &n, p, PIECES);
    return pieces < FEW ? INT64_MAX : (int64_t)n / pieces;
}

static struct file_cost *cost_of(const struct access *a)
{
    int64_t piece = piece_bytes(a);
    int kind = piece < DIRECT_MIN ? 63 - __builtin_clzll((uint64_t)piece | 1) : FILE_PIECE_KINDS - 1;
    return &a->file->cost[a->write][kind];
}

/* What else the machine does makes it slower, never faster: the best counts, as long as it is not too old. */
void plan_measured(const struct collective *c)
{
    if (!c->cost || c->access->error != 0)
        return;
    int64_t is = (clock_ns() - c->began) * 1024 / c->access->bytes + 1;
    int64_t old = *c->cost + *c->cost / 32;
    *c->cost = old == 0 || is < old ? is : old;
}

/* Of those who wait, and so much that the time says something. */
static void measure(struct collective *c, bool together)
{
    enum { BYTES = 16384 };
    if (!c->waits || c->access->bytes < BYTES)
        return;
    struct file_cost *cost = cost_of(c->access);
    c->cost = together ? &cost->together : &cost->alone;
}

/* All the ranks of a node's processors, but for large jobs, in which there are enough of them anyhow. */
static int aggregators(const struct file *f)
{
    enum { NODE_MOST = 8 };
    const struct comm *c = f->comm;
    int nodes = (c->size + boot.local_size - 1) / boot.local_size;
    int each = boot.local_cpus < NODE_MOST ? boot.local_cpus : NODE_MOST;
    int64_t n = f->hints->cb_nodes > 0 ? f->hints->cb_nodes : (int64_t)nodes * (nodes > 64 ? 1 : each);
    return n < c->size ? (int)n : c->size;
}

static void tell(struct collective *c)
{
    const struct access *a = c->access;
    const struct view *v = a->file->view;
    const struct hints *h = a->file->hints;
    int64_t *m = c->most;
    m[MOST_BEGIN] = m[MOST_END] = m[MOST_PIECE] = INT64_MIN;
    m[MOST_ALONE] = !v->rises || a->file->atomic;
    m[MOST_UNIT] = h->striping_unit > 0 ? h->striping_unit : a->file->fs->unit(a->file->fd);
    m[MOST_AGGREGATORS] = aggregators(a->file);
    m[MOST_WINDOW] = h->cb_buffer_size;
    m[MOST_COST_ALONE] = m[MOST_COST_TOGETHER] = 0;
    if (a->bytes == 0)
        return;
    m[MOST_COST_ALONE] = cost_of(a)->alone;
    m[MOST_COST_TOGETHER] = cost_of(a)->together;
    m[MOST_BEGIN] = -view_place(v, a->at);
    m[MOST_END] = view_place(v, a->at + a->bytes - 1) + 1;
    m[MOST_PIECE] = -piece_bytes(a);
}

/* What the user has said of it; all ranks alike. */
static enum hint_when wish(const struct collective *c)
{
    const struct hints *h = c->access->file->hints;
    int64_t said = c->access->write ? h->romio_cb_write : h->romio_cb_read;
    return said == HINT_AUTOMATIC && !h->collective_buffering ? HINT_DISABLE : (enum hint_when)said;
}

static void run_alone(struct job *j)
{
    struct collective *c = (struct collective *)((char *)j - offsetof(struct collective, job));
    transfer_run(c->access);
}

static bool alone(struct sched *s, void *arg)
{
    struct collective *c = arg;
    if (!collective_job(s, c, run_alone))
        return false;
    if (c->over)
        plan_measured(c), sched_fail(s, access_end(c->access, MPI_STATUS_IGNORE));
    return true;
}

/* Bytes from one piece of a rank to its next one, on the average; and up to which all of them sieve. */
enum { SIEVE_STRIDE = 1024 };
static int64_t stride_of(const struct collective *c)
{
    int64_t reach = c->domains.end - c->domains.begin;
    return reach / (c->sums[SUM_BYTES] / -c->most[MOST_PIECE] + 1) * c->domains.ranks;
}

/* May it be tried how long it takes alone? Not where each of many pieces would be a call of the kernel. */
static bool may_try_alone(const struct collective *c)
{
    enum { PIECE = 512 };
    return -c->most[MOST_PIECE] >= PIECE || stride_of(c) <= SIEVE_STRIDE;
}

/* The way that took less before; both have to be tried once, and the other one again now and then. */
static bool is_better_together(const struct collective *c)
{
    enum { AGAIN = 64 };
    int64_t alone = c->most[MOST_COST_ALONE], together = c->most[MOST_COST_TOGETHER];
    bool again = ++c->access->file->choices % AGAIN == 0;
    if (together == 0 || (alone == 0 && !may_try_alone(c)))
        return true;
    if (alone == 0)
        return false;
    return again && alone / 4 < together && together / 4 < alone ? together > alone : together <= alone;
}

static bool decide(struct sched *s, void *arg)
{
    struct collective *c = arg;
    int64_t reach = c->domains.end - c->domains.begin;
    bool interleaved = c->sums[SUM_SPAN] > reach, dense = c->sums[SUM_BYTES] >= reach / SPARSE;
    bool together = wish(c) == HINT_ENABLE || (interleaved && dense && is_better_together(c));
    if (interleaved && dense)
        measure(c, together);
    if (together) {
        exchange_add(s, c);
        return true;
    }
    c->access->sieves = c->access->locks = dense && stride_of(c) <= SIEVE_STRIDE;
    sched_call(s, alone, c);
    return true;
}

static bool add_up(struct sched *s, void *arg)
{
    struct collective *c = arg;
    sched_fail(s, (int)c->failed);
    if (c->failed == MPI_SUCCESS) {
        allreduce(s, c->sums, SUM_SENDERS + c->domains.n, MPI_SUM);
        sched_call(s, decide, c);
    }
    return true;
}

/* The place of each rank's pieces is known now. */
static bool divide(struct sched *s, void *arg)
{
    struct collective *c = arg;
    const int64_t *m = c->most;
    c->began = clock_ns();
    bool two = wish(c) == HINT_ENABLE || -m[MOST_PIECE] < DIRECT_MIN;
    if (m[MOST_END] == INT64_MIN)
        return true;
    if (m[MOST_ALONE] || !two) {
        sched_call(s, alone, c);
        return true;
    }
    c->domains = domains_make(-m[MOST_BEGIN], m[MOST_END], (int)m[MOST_AGGREGATORS], sched_comm(s)->size, m[MOST_UNIT],
                              m[MOST_WINDOW]);
    c->sums = sched_temp(s, (size_t)(SUM_SENDERS + c->domains.n) * sizeof *c->sums);
    c->failed = c->sums ? exchange_prepare(s, c) : MPI_ERR_NO_MEM;
    plan_agree(s, c);
    sched_call(s, add_up, c);
    return true;
}

void plan_agree(struct sched *s, struct collective *c)
{
    allreduce(s, &c->failed, 1, MPI_MAX);
}

void plan_add(struct sched *s, struct collective *c)
{
    if (sched_comm(s)->size == 1 || wish(c) == HINT_DISABLE) {
        sched_call(s, alone, c);
        return;
    }
    tell(c);
    int rc = MPI_SUCCESS;
    if (c->waits)
        rc = mpi_allreduce(MPI_IN_PLACE, c->most, MOST_VALUES, &basic_types[BASIC_I_INT64_T], op_of(MPI_MAX),
                           sched_comm(s));
    else
        allreduce(s, c->most, MOST_VALUES, MPI_MAX);
    sched_fail(s, rc);
    sched_call(s, divide, c);
}
