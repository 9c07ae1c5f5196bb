/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Many collectives under way that nobody waits in: of every kind, on several communicators, with blocking ones begun
 * meanwhile, completed in any order; persistent ones started again and again; types, operations and communicators
 * freed while they are under way. */
#include "../check.h"

enum { N = 24, LONG = 30000 };
static unsigned seed = 815;

/* One of them: what it moves, and what is to come of it. */
struct one {
    int kind, root, n, *in, *out;
    int counts[16], displs[16];
};
static struct one ones[N];
static MPI_Request reqs[N];

static int value(int r, int i)
{
    return r * 10007 + i * 3 + 1;
}

/* Not commutative: whoever is last. */
static void last_one(void *in, void *inout, int *n, MPI_Datatype *t)
{
}

static void start(struct one *o, MPI_Comm c, MPI_Request *r)
{
    MPI_Datatype t;
    MPI_Op op;
    OK(MPI_Type_contiguous(1, MPI_INT, &t));
    OK(MPI_Type_commit(&t));
    OK(MPI_Op_create(last_one, 0, &op));
    int n = o->n;
    for (int i = 0; i < n * size; i++)
        o->in[i] = value(rank, i), o->out[i] = -1;
    for (int i = 0; i < n && rank == o->root; i++)
        o->out[i] = value(rank, i);
    for (int i = 0; i < size; i++)
        o->counts[i] = n, o->displs[i] = i * n;
    switch (o->kind) {
    case 0:
        OK(MPI_Ibarrier(c, r));
        break;
    case 1:
        OK(MPI_Ibcast(o->out, n, t, o->root, c, r));
        break;
    case 2:
        OK(MPI_Igather(o->in, n, t, o->out, n, t, o->root, c, r));
        break;
    case 3:
        OK(MPI_Iscatter(o->in, n, t, o->out, n, t, o->root, c, r));
        break;
    case 4:
        OK(MPI_Iallgather(o->in, n, t, o->out, n, t, c, r));
        break;
    case 5:
        OK(MPI_Ialltoall(o->in, n, t, o->out, n, t, c, r));
        break;
    case 6:
        OK(MPI_Iallreduce(o->in, o->out, n, MPI_INT, MPI_SUM, c, r));
        break;
    case 7:
        OK(MPI_Iallreduce(o->in, o->out, n, t, op, c, r));
        break;
    case 8:
        OK(MPI_Iscan(o->in, o->out, n, t, op, c, r));
        break;
    case 9:
        OK(MPI_Igatherv(o->in, n, t, o->out, o->counts, o->displs, t, o->root, c, r));
        break;
    case 10:
        OK(MPI_Iscatterv(o->in, o->counts, o->displs, t, o->out, n, t, o->root, c, r));
        break;
    case 11:
        OK(MPI_Ialltoallv(o->in, o->counts, o->displs, t, o->out, o->counts, o->displs, t, c, r));
        break;
    case 12:
        OK(MPI_Ireduce_scatter_block(o->in, o->out, n, MPI_INT, MPI_SUM, c, r));
        break;
    }
    OK(MPI_Op_free(&op));
    OK(MPI_Type_free(&t));
}

static int sum(int i)
{
    int s = 0;
    for (int r = 0; r < size; r++)
        s += value(r, i);
    return s;
}

static void look(const struct one *o)
{
    for (int i = 0; i < o->n; i++) {
        switch (o->kind) {
        case 1:
            CHECK(o->out[i] == value(o->root, i));
            break;
        case 3:
        case 10:
            CHECK(o->out[i] == value(o->root, rank * o->n + i));
            break;
        case 6:
            CHECK(o->out[i] == sum(i));
            break;
        case 7:
            CHECK(o->out[i] == value(size - 1, i));
            break;
        case 8:
            CHECK(o->out[i] == value(rank, i));
            break;
        case 12:
            CHECK(o->out[i] == sum(rank * o->n + i));
            break;
        }
    }
    bool gathers = o->kind == 4 || ((o->kind == 2 || o->kind == 9) && rank == o->root);
    bool all_to_all = o->kind == 5 || o->kind == 11;
    for (int i = 0; (gathers || all_to_all) && i < o->n * size; i++)
        CHECK(o->out[i] == value(i / o->n, i % o->n + (all_to_all ? rank * o->n : 0)));
}

static void blocking(MPI_Comm c, int i)
{
    int one = 1, all = 0;
    switch (i % 3) {
    case 0:
        OK(MPI_Barrier(c));
        break;
    case 1:
        OK(MPI_Allreduce(&one, &all, 1, MPI_INT, MPI_SUM, c));
        CHECK(all == size);
        break;
    case 2:
        all = rank == 0 ? 77 : 0;
        OK(MPI_Bcast(&all, 1, MPI_INT, 0, c));
        CHECK(all == 77);
        break;
    }
}

/* Each rank completes them in an order of its own. */
static void complete(unsigned *order)
{
    int indx;
    if (draw(order) % 3 == 0) {
        OK(MPI_Waitall(N, reqs, MPI_STATUSES_IGNORE));
    } else if (draw(order) % 2 == 0) {
        for (int left = N; left > 0; left--)
            OK(MPI_Waitany(N, reqs, &indx, MPI_STATUS_IGNORE));
    } else {
        for (int i = N - 1; i >= 0; i--)
            OK(MPI_Wait(&reqs[i], MPI_STATUS_IGNORE));
    }
    for (int i = 0; i < N; i++)
        look(&ones[i]);
}

static void many(MPI_Comm *comms, int comm_count, int most)
{
    unsigned order = 99 + (unsigned)rank;
    for (int i = 0; i < N; i++) {
        struct one *o = &ones[i];
        o->kind = (int)(draw(&seed) % 13);
        o->root = (int)(draw(&seed) % (unsigned)size);
        o->n = 1 + (int)(draw(&seed) % (unsigned)most);
        o->in = malloc((size_t)(o->n * size) * sizeof(int));
        o->out = malloc((size_t)(o->n * size) * sizeof(int));
        MPI_Comm c = comms[draw(&seed) % (unsigned)comm_count];
        start(o, c, &reqs[i]);
        if (draw(&seed) % 4 == 0)
            blocking(c, i);
    }
    complete(&order);
    for (int i = 0; i < N; i++)
        free(ones[i].in), free(ones[i].out);
}

/* The first collective of a communicator is one that nobody waits in; it is freed meanwhile. */
static void fresh(void)
{
    MPI_Comm c;
    MPI_Request r[3];
    int mine = rank, all = -1, root = rank == 0 ? 5 : 0;
    OK(MPI_Comm_dup(world, &c));
    OK(MPI_Iallreduce(&mine, &all, 1, MPI_INT, MPI_SUM, c, &r[0]));
    OK(MPI_Ibcast(&root, 1, MPI_INT, 0, c, &r[1]));
    OK(MPI_Ibarrier(c, &r[2]));
    OK(MPI_Comm_free(&c));
    OK(MPI_Wait(&r[1], MPI_STATUS_IGNORE));
    CHECK(root == 5);
    OK(MPI_Wait(&r[2], MPI_STATUS_IGNORE));
    OK(MPI_Wait(&r[0], MPI_STATUS_IGNORE));
    CHECK(all == size * (size - 1) / 2);
}

/* Started in another order than made. */
static void persistent(MPI_Comm c, int n)
{
    MPI_Request r[3];
    int *in = calloc((size_t)(n * size), sizeof *in), *out = malloc((size_t)(n * size) * sizeof *out), root = 0;
    int *moved = malloc((size_t)(n * size) * sizeof *moved), counts[16], displs[16];
    for (int i = 0; i < size; i++)
        counts[i] = n, displs[i] = i * n;
    OK(MPI_Allreduce_init(in, out, n, MPI_INT, MPI_SUM, c, MPI_INFO_NULL, &r[0]));
    OK(MPI_Bcast_init(&root, 1, MPI_INT, size - 1, c, MPI_INFO_NULL, &r[1]));
    OK(MPI_Alltoallv_init(in, counts, displs, MPI_INT, moved, counts, displs, MPI_INT, c, MPI_INFO_NULL, &r[2]));
    for (int time = 0; time < 20; time++) {
        for (int i = 0; i < n * size; i++)
            in[i] = value(rank, i) + time, moved[i] = -1;
        root = rank == size - 1 ? time : -1;
        OK(MPI_Start(&r[time % 3]));
        OK(MPI_Start(&r[(time + 1) % 3]));
        blocking(c, time);
        OK(MPI_Start(&r[(time + 2) % 3]));
        OK(MPI_Waitall(3, r, MPI_STATUSES_IGNORE));
        CHECK(root == time);
        for (int i = 0; i < n; i++)
            CHECK(out[i] == sum(i) + time * size);
        for (int i = 0; i < n * size; i++)
            CHECK(moved[i] == value(i / n, rank * n + i % n) + time);
    }
    for (int i = 0; i < 3; i++)
        OK(MPI_Request_free(&r[i]));
    free(in), free(out), free(moved);
}

/* One rank comes late; the others have done all they can, and are not in MPI. */
static void thousand(MPI_Comm c)
{
    enum { THOUSAND = 1000 };
    static MPI_Request r[THOUSAND];
    static int in[THOUSAND], out[THOUSAND];
    for (int i = 0; i < THOUSAND; i++) {
        in[i] = rank + i;
        if (i % 2)
            OK(MPI_Ibarrier(c, &r[i]));
        else
            OK(MPI_Iallreduce(&in[i], &out[i], 1, MPI_INT, MPI_SUM, c, &r[i]));
    }
    for (int i = THOUSAND - 1; i >= 0; i--)
        OK(MPI_Wait(&r[i], MPI_STATUS_IGNORE));
    for (int i = 0; i < THOUSAND; i += 2)
        CHECK(out[i] == size * (size - 1) / 2 + size * i);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    MPI_Comm comms[3] = {world};
    fresh();
    OK(MPI_Comm_dup(world, &comms[1]));
    OK(MPI_Comm_dup(world, &comms[2]));
    for (int i = 0; i < 20; i++) {
        many(comms, 1, 5);
        many(comms, 3, 600);
        many(comms, 3, i % 4 ? 600 : LONG);
    }
    persistent(comms[1], 1);
    persistent(comms[2], 7000);
    persistent(comms[0], LONG * 4);
    thousand(comms[0]);
    OK(MPI_Comm_free(&comms[1]));
    OK(MPI_Comm_free(&comms[2]));
    OK(MPI_Barrier(world));
    return end();
}
