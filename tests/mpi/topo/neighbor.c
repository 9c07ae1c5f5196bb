/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Collectives among neighbours, in all forms and with large counts, over grids (borders, dimensions of one and two
 * places round which both neighbours are one rank), graphs, and distributed graphs with edges that are there twice or
 * lead back; and wrong arguments. Each block says who has sent it as which of its blocks. */
#include "../check.h"

enum { DEGREE = 64, ELEMENTS = 5, FORMS = 6 };
enum op { ALLGATHER, ALLGATHERV, ALLTOALL, ALLTOALLV, ALLTOALLW, OPS };

/* Who is beside this rank, and which of a source's blocks each block comes from. */
struct sides {
    MPI_Comm comm;
    int me, in, out;
    int sources[DEGREE], slots[DEGREE], destinations[DEGREE];
};

static int value(int from, int slot, int k)
{
    return from * 10000 + slot * 100 + k;
}

/* Elements of a block: of the sender, or of the sender's block. */
static int length(enum op op, int from, int slot)
{
    switch (op) {
    case ALLGATHERV:
        return from % ELEMENTS;
    case ALLTOALLV:
    case ALLTOALLW:
        return (from + 2 * slot) % ELEMENTS;
    default:
        return ELEMENTS;
    }
}

struct buffers {
    int out[DEGREE * ELEMENTS], in[DEGREE * ELEMENTS];
    int out_counts[DEGREE], out_displs[DEGREE], in_counts[DEGREE], in_displs[DEGREE];
    MPI_Count out_counts_c[DEGREE], in_counts_c[DEGREE];
    MPI_Aint out_displs_c[DEGREE], in_displs_c[DEGREE], out_bytes[DEGREE], in_bytes[DEGREE];
    MPI_Datatype out_types[DEGREE], in_types[DEGREE];
};
static struct buffers b;
static MPI_Datatype pair; /* of two ints */

/* Blocks lie in their places, but those of alltoallv and alltoallw from behind. Where they have types, an even number
 * of elements may come as pairs. */
static void prepare(const struct sides *s, enum op op)
{
    bool one = op == ALLGATHER || op == ALLGATHERV;
    memset(&b, -1, sizeof b);
    for (int i = 0; i < (one ? 1 : s->out); i++) {
        int at = op >= ALLTOALLV ? s->out - 1 - i : i, n = length(op, s->me, one ? 0 : i);
        for (int k = 0; k < n; k++)
            b.out[at * ELEMENTS + k] = value(s->me, one ? 0 : i, k);
        bool pairs = n % 2 == 0 && i % 2 == 0;
        b.out_types[i] = pairs ? pair : MPI_INT;
        b.out_counts[i] = op == ALLTOALLW && pairs ? n / 2 : n;
        b.out_displs[i] = at * ELEMENTS;
    }
    for (int i = 0; i < s->in; i++) {
        int at = op >= ALLTOALLV ? s->in - 1 - i : i;
        int n = s->sources[i] == MPI_PROC_NULL ? ELEMENTS : length(op, s->sources[i], one ? 0 : s->slots[i]);
        bool pairs = n % 2 == 0 && i % 3 == 0;
        b.in_types[i] = pairs ? pair : MPI_INT;
        b.in_counts[i] = op == ALLTOALLW && pairs ? n / 2 : n;
        b.in_displs[i] = at * ELEMENTS;
    }
    for (int i = 0; i < DEGREE; i++) {
        b.out_counts_c[i] = b.out_counts[i], b.in_counts_c[i] = b.in_counts[i];
        b.out_displs_c[i] = b.out_displs[i], b.in_displs_c[i] = b.in_displs[i];
        b.out_bytes[i] = b.out_displs[i] * (MPI_Aint)sizeof(int),
        b.in_bytes[i] = b.in_displs[i] * (MPI_Aint)sizeof(int);
    }
}

static void verify(const struct sides *s, enum op op)
{
    bool one = op == ALLGATHER || op == ALLGATHERV;
    for (int i = 0; i < s->in; i++) {
        int at = op >= ALLTOALLV ? s->in - 1 - i : i, from = s->sources[i], slot = one ? 0 : s->slots[i];
        int n = from == MPI_PROC_NULL ? 0 : length(op, from, slot);
        for (int k = 0; k < ELEMENTS; k++)
            CHECK(b.in[at * ELEMENTS + k] == (k < n ? value(from, slot, k) : -1));
    }
}

#define SEND1 b.out, b.out_counts[0], MPI_INT
#define EQUAL b.out, ELEMENTS, MPI_INT, b.in, ELEMENTS, MPI_INT, s->comm
#define GATHERV SEND1, b.in, b.in_counts, b.in_displs, MPI_INT, s->comm
#define GATHERV_C SEND1, b.in, b.in_counts_c, b.in_displs_c, MPI_INT, s->comm
#define VARYING b.out, b.out_counts, b.out_displs, MPI_INT, b.in, b.in_counts, b.in_displs, MPI_INT, s->comm
#define VARYING_C b.out, b.out_counts_c, b.out_displs_c, MPI_INT, b.in, b.in_counts_c, b.in_displs_c, MPI_INT, s->comm
#define TYPED b.out, b.out_counts, b.out_bytes, b.out_types, b.in, b.in_counts, b.in_bytes, b.in_types, s->comm
#define TYPED_C b.out, b.out_counts_c, b.out_bytes, b.out_types, b.in, b.in_counts_c, b.in_bytes, b.in_types, s->comm

static void blocking(const struct sides *s, enum op op, bool large)
{
    switch (op) {
    case ALLGATHER:
        OK(large ? MPI_Neighbor_allgather_c(EQUAL) : MPI_Neighbor_allgather(EQUAL));
        break;
    case ALLGATHERV:
        OK(large ? MPI_Neighbor_allgatherv_c(GATHERV_C) : MPI_Neighbor_allgatherv(GATHERV));
        break;
    case ALLTOALL:
        OK(large ? MPI_Neighbor_alltoall_c(EQUAL) : MPI_Neighbor_alltoall(EQUAL));
        break;
    case ALLTOALLV:
        OK(large ? MPI_Neighbor_alltoallv_c(VARYING_C) : MPI_Neighbor_alltoallv(VARYING));
        break;
    default:
        OK(large ? MPI_Neighbor_alltoallw_c(TYPED_C) : MPI_Neighbor_alltoallw(TYPED));
    }
}

static void nonblocking(const struct sides *s, enum op op, bool large, MPI_Request *r)
{
    switch (op) {
    case ALLGATHER:
        OK(large ? MPI_Ineighbor_allgather_c(EQUAL, r) : MPI_Ineighbor_allgather(EQUAL, r));
        break;
    case ALLGATHERV:
        OK(large ? MPI_Ineighbor_allgatherv_c(GATHERV_C, r) : MPI_Ineighbor_allgatherv(GATHERV, r));
        break;
    case ALLTOALL:
        OK(large ? MPI_Ineighbor_alltoall_c(EQUAL, r) : MPI_Ineighbor_alltoall(EQUAL, r));
        break;
    case ALLTOALLV:
        OK(large ? MPI_Ineighbor_alltoallv_c(VARYING_C, r) : MPI_Ineighbor_alltoallv(VARYING, r));
        break;
    default:
        OK(large ? MPI_Ineighbor_alltoallw_c(TYPED_C, r) : MPI_Ineighbor_alltoallw(TYPED, r));
    }
}

#define NONE MPI_INFO_NULL, r
static void persistent(const struct sides *s, enum op op, bool large, MPI_Request *r)
{
    switch (op) {
    case ALLGATHER:
        OK(large ? MPI_Neighbor_allgather_init_c(EQUAL, NONE) : MPI_Neighbor_allgather_init(EQUAL, NONE));
        break;
    case ALLGATHERV:
        OK(large ? MPI_Neighbor_allgatherv_init_c(GATHERV_C, NONE) : MPI_Neighbor_allgatherv_init(GATHERV, NONE));
        break;
    case ALLTOALL:
        OK(large ? MPI_Neighbor_alltoall_init_c(EQUAL, NONE) : MPI_Neighbor_alltoall_init(EQUAL, NONE));
        break;
    case ALLTOALLV:
        OK(large ? MPI_Neighbor_alltoallv_init_c(VARYING_C, NONE) : MPI_Neighbor_alltoallv_init(VARYING, NONE));
        break;
    default:
        OK(large ? MPI_Neighbor_alltoallw_init_c(TYPED_C, NONE) : MPI_Neighbor_alltoallw_init(TYPED, NONE));
    }
}

static void form(const struct sides *s, enum op op, int which)
{
    MPI_Request r;
    prepare(s, op);
    switch (which / 2) {
    case 0:
        blocking(s, op, which % 2);
        break;
    case 1:
        nonblocking(s, op, which % 2, &r);
        OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
        break;
    default:
        persistent(s, op, which % 2, &r);
        for (int again = 0; again < 3; again++) {
            memset(b.in, -1, sizeof b.in);
            OK(MPI_Start(&r));
            OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
            verify(s, op);
        }
        OK(MPI_Request_free(&r));
    }
    verify(s, op);
}

static void everything(const struct sides *s)
{
    for (enum op op = 0; op < OPS; op++)
        for (int which = 0; which < FORMS; which++)
            form(s, op, which);
}

/* Of a source's blocks the k-th that goes to this rank comes as the k-th from it. */
static void match(struct sides *s)
{
    int n, (*all)[DEGREE + 1], mine[DEGREE + 1];
    OK(MPI_Comm_size(s->comm, &n));
    OK(MPI_Comm_rank(s->comm, &s->me));
    all = malloc((size_t)n * sizeof *all);
    mine[DEGREE] = s->out;
    memcpy(mine, s->destinations, sizeof s->destinations);
    OK(MPI_Allgather(mine, DEGREE + 1, MPI_INT, all, DEGREE + 1, MPI_INT, s->comm));
    for (int i = 0; i < s->in; i++) {
        int before = 0, slot = -1, from = s->sources[i];
        for (int k = 0; k < i; k++)
            before += s->sources[k] == from;
        while (before >= 0)
            before -= all[from][++slot] == s->me;
        CHECK(slot < all[from][DEGREE]);
        s->slots[i] = slot;
    }
    free(all);
}

static void over_cart(int ndims, const int *dims, const int *periods)
{
    struct sides s = {.in = 2 * ndims, .out = 2 * ndims};
    OK(MPI_Cart_create(world, ndims, dims, periods, 1, &s.comm));
    if (s.comm == MPI_COMM_NULL)
        return;
    OK(MPI_Comm_rank(s.comm, &s.me));
    for (int i = 0; i < ndims; i++) {
        OK(MPI_Cart_shift(s.comm, i, 1, &s.sources[2 * i], &s.sources[2 * i + 1]));
        s.slots[2 * i] = 2 * i + 1; /* what goes up comes from below */
        s.slots[2 * i + 1] = 2 * i;
    }
    everything(&s);
    OK(MPI_Comm_free(&s.comm));
}

static void carts(void)
{
    int dims[4] = {0};
    over_cart(0, NULL, NULL);
    OK(MPI_Dims_create(size, 3, dims));
    for (int mask = 0; mask < 8; mask++)
        over_cart(3, dims, (int[]){mask & 1, mask & 2, mask & 4});
    over_cart(1, &size, (int[]){0});
    over_cart(1, &size, (int[]){1});
    over_cart(1, (int[]){1}, (int[]){1});
    over_cart(2, (int[]){1, 1}, (int[]){1, 1});
    if (size >= 2) {
        over_cart(1, (int[]){2}, (int[]){1});
        over_cart(3, (int[]){1, 2, 1}, (int[]){1, 1, 0});
    }
    if (size >= 8)
        over_cart(4, (int[]){2, 2, 1, 2}, (int[]){1, 1, 1, 1});
}

/* All with all, themselves too, and twice with those behind them by as much as before them. */
static void over_graph(void)
{
    int index[16], edges[16 * 18], at = 0;
    struct sides s = {0};
    for (int i = 0; i < size; i++) {
        for (int k = 0; k < size; k++)
            edges[at++] = (i + k) % size;
        edges[at++] = (i + 1) % size;
        edges[at++] = (i + size - 1) % size;
        index[i] = at;
    }
    OK(MPI_Graph_create(world, size, index, edges, 0, &s.comm));
    s.in = s.out = size + 2;
    memcpy(s.sources, edges + rank * (size + 2), (size_t)s.in * sizeof *edges);
    memcpy(s.destinations, s.sources, sizeof s.sources);
    match(&s);
    everything(&s);
    OK(MPI_Comm_free(&s.comm));
}

static void over_dist_graph(unsigned seed)
{
    int n = (int)(draw(&seed) % 40), sources[40], destinations[40], lines = 0, w, ones[40];
    struct sides s = {0};
    MPI_Comm g;
    for (int i = 0; i < n; i++) {
        int from = (int)(draw(&seed) % (unsigned)size), to = (int)(draw(&seed) % (unsigned)size);
        if (draw(&seed) % 4 == 0)
            to = from;
        if (i > 0 && draw(&seed) % 3 == 0)
            from = sources[i - 1], to = destinations[i - 1];
        sources[i] = from;
        destinations[i] = to;
    }
    for (int i = 0; i < n; i++) /* each is told by somebody; the order at the ends is the library's */
        if (i % size == rank) {
            ones[lines] = 1;
            sources[lines] = sources[i];
            destinations[lines++] = destinations[i];
        }
    OK(MPI_Dist_graph_create(world, lines, sources, ones, destinations, MPI_UNWEIGHTED, MPI_INFO_NULL, 1, &g));
    OK(MPI_Comm_dup(g, &s.comm));
    OK(MPI_Comm_free(&g));
    OK(MPI_Dist_graph_neighbors_count(s.comm, &s.in, &s.out, &w));
    OK(MPI_Dist_graph_neighbors(s.comm, DEGREE, s.sources, MPI_UNWEIGHTED, DEGREE, s.destinations, MPI_UNWEIGHTED));
    match(&s);
    everything(&s);
    OK(MPI_Comm_free(&s.comm));
}

/* Who has nobody to send to needs no buffer for it. */
static void without_buffers(const struct sides *s)
{
    prepare(s, ALLTOALL);
    if (s->out > 0)
        OK(MPI_Neighbor_alltoall(EQUAL));
    else
        OK(MPI_Neighbor_alltoall(NULL, ELEMENTS, MPI_INT, b.in, ELEMENTS, MPI_INT, s->comm));
    verify(s, ALLTOALL);
    prepare(s, ALLTOALLW);
    if (s->out > 0)
        OK(MPI_Neighbor_alltoallw(TYPED));
    else
        OK(MPI_Neighbor_alltoallw(NULL, NULL, NULL, NULL, b.in, b.in_counts, b.in_bytes, b.in_types, s->comm));
    verify(s, ALLTOALLW);
}

/* From one to all, and nothing back. */
static void over_star(void)
{
    struct sides s = {.in = 1, .out = rank == 0 ? size : 0};
    for (int i = 0; i < s.out; i++)
        s.destinations[i] = size - 1 - i;
    OK(MPI_Dist_graph_create_adjacent(world, s.in, s.sources, MPI_UNWEIGHTED, s.out, s.destinations, MPI_UNWEIGHTED,
                                      MPI_INFO_NULL, 0, &s.comm));
    match(&s);
    everything(&s);
    without_buffers(&s);
    OK(MPI_Comm_free(&s.comm));
}

/* Many under way at once, and long ones. */
static void under_way(void)
{
    enum { MANY = 50, LONG = 300000 };
    MPI_Comm ring;
    MPI_Request r[MANY];
    static int small_out[MANY][2], small_in[MANY][2], out[2 * LONG], in[2 * LONG];
    int left, right;
    OK(MPI_Cart_create(world, 1, &size, (int[]){1}, 0, &ring));
    OK(MPI_Cart_shift(ring, 0, 1, &left, &right));
    for (int i = 0; i < MANY; i++) {
        small_out[i][0] = rank * 1000 + i;
        small_out[i][1] = -small_out[i][0];
        OK(MPI_Ineighbor_alltoall(small_out[i], 1, MPI_INT, small_in[i], 1, MPI_INT, ring, &r[i]));
    }
    for (int i = 0; i < 2 * LONG; i++)
        out[i] = rank * 7 + i;
    OK(MPI_Neighbor_alltoall(out, LONG, MPI_INT, in, LONG, MPI_INT, ring));
    for (int i = 0; i < LONG; i++)
        CHECK(in[i] == left * 7 + LONG + i && in[LONG + i] == right * 7 + i);
    OK(MPI_Waitall(MANY, r, MPI_STATUSES_IGNORE));
    for (int i = 0; i < MANY; i++)
        CHECK(small_in[i][0] == -(left * 1000 + i) && small_in[i][1] == right * 1000 + i);
    OK(MPI_Comm_free(&ring));
}

/* MPI_BOTTOM and addresses. */
static void addresses(void)
{
    MPI_Comm ring;
    MPI_Aint to[2], from[2];
    int out[2] = {rank, rank + 100}, in[2] = {-1, -1}, left, right;
    OK(MPI_Cart_create(world, 1, &size, (int[]){1}, 0, &ring));
    OK(MPI_Cart_shift(ring, 0, 1, &left, &right));
    for (int i = 0; i < 2; i++) {
        OK(MPI_Get_address(&out[i], &to[i]));
        OK(MPI_Get_address(&in[i], &from[i]));
    }
    OK(MPI_Neighbor_alltoallw(MPI_BOTTOM, (int[]){1, 1}, to, (MPI_Datatype[]){MPI_INT, MPI_INT}, MPI_BOTTOM,
                              (int[]){1, 1}, from, (MPI_Datatype[]){MPI_INT, MPI_INT}, ring));
    CHECK(in[0] == left + 100 && in[1] == right);
    OK(MPI_Comm_free(&ring));
}

/* On MPI_COMM_SELF's ring, so that nobody waits for whom a call is refused. */
static void refused(void)
{
    MPI_Comm ring;
    MPI_Request r;
    MPI_Datatype loose, types[2] = {MPI_INT, MPI_INT}, bad[2] = {MPI_INT, MPI_DATATYPE_NULL};
    int in[4], out[4] = {0}, counts[2] = {1, 1}, displs[2] = {0, 1}, wrong[2] = {1, -1};
    MPI_Aint bytes[2] = {0, 4};
    const MPI_Comm none = MPI_COMM_SELF;
    OK(MPI_Type_contiguous(1, MPI_INT, &loose));
    OK(MPI_Cart_create(MPI_COMM_SELF, 1, (int[]){1}, (int[]){1}, 0, &ring));
#define REFUSES(name, ...)                                                                                             \
    FAILS(MPI_ERR_TOPOLOGY, name(out, 1, MPI_INT, in, 1, MPI_INT, none __VA_ARGS__));                                  \
    FAILS(MPI_ERR_COMM, name(out, 1, MPI_INT, in, 1, MPI_INT, MPI_COMM_NULL __VA_ARGS__));                             \
    FAILS(MPI_ERR_BUFFER, name(MPI_IN_PLACE, 1, MPI_INT, in, 1, MPI_INT, ring __VA_ARGS__));                           \
    FAILS(MPI_ERR_BUFFER, name(out, 1, MPI_INT, MPI_IN_PLACE, 1, MPI_INT, ring __VA_ARGS__));                          \
    FAILS(MPI_ERR_BUFFER, name(NULL, 1, MPI_INT, in, 1, MPI_INT, ring __VA_ARGS__));                                   \
    FAILS(MPI_ERR_BUFFER, name(out, 1, MPI_INT, NULL, 1, MPI_INT, ring __VA_ARGS__));                                  \
    FAILS(MPI_ERR_COUNT, name(out, -1, MPI_INT, in, 1, MPI_INT, ring __VA_ARGS__));                                    \
    FAILS(MPI_ERR_COUNT, name(out, 1, MPI_INT, in, -1, MPI_INT, ring __VA_ARGS__));                                    \
    FAILS(MPI_ERR_TYPE, name(out, 1, MPI_DATATYPE_NULL, in, 1, MPI_INT, ring __VA_ARGS__));                            \
    FAILS(MPI_ERR_TYPE, name(out, 1, MPI_INT, in, 1, loose, ring __VA_ARGS__))
    REFUSES(MPI_Neighbor_allgather, );
    REFUSES(MPI_Neighbor_alltoall, );
    REFUSES(MPI_Ineighbor_allgather, , &r);
    REFUSES(MPI_Ineighbor_alltoall, , &r);
    REFUSES(MPI_Neighbor_allgather_init, , MPI_INFO_NULL, &r);
    REFUSES(MPI_Neighbor_alltoall_init, , MPI_INFO_NULL, &r);
    FAILS(MPI_ERR_ARG, MPI_Ineighbor_alltoall(out, 1, MPI_INT, in, 1, MPI_INT, ring, NULL));
    FAILS(MPI_ERR_TRUNCATE, MPI_Neighbor_alltoall(out, 2, MPI_INT, in, 1, MPI_INT, ring));
#define V(out, oc, od, ot, in, ic, id, it, c) MPI_Neighbor_alltoallv(out, oc, od, ot, in, ic, id, it, c)
    FAILS(MPI_ERR_TOPOLOGY, V(out, counts, displs, MPI_INT, in, counts, displs, MPI_INT, none));
    FAILS(MPI_ERR_BUFFER, V(MPI_IN_PLACE, counts, displs, MPI_INT, in, counts, displs, MPI_INT, ring));
    FAILS(MPI_ERR_BUFFER, V(out, counts, displs, MPI_INT, MPI_IN_PLACE, counts, displs, MPI_INT, ring));
    FAILS(MPI_ERR_ARG, V(out, NULL, displs, MPI_INT, in, counts, displs, MPI_INT, ring));
    FAILS(MPI_ERR_ARG, V(out, counts, NULL, MPI_INT, in, counts, displs, MPI_INT, ring));
    FAILS(MPI_ERR_ARG, V(out, counts, displs, MPI_INT, in, NULL, displs, MPI_INT, ring));
    FAILS(MPI_ERR_ARG, V(out, counts, displs, MPI_INT, in, counts, NULL, MPI_INT, ring));
    FAILS(MPI_ERR_COUNT, V(out, wrong, displs, MPI_INT, in, counts, displs, MPI_INT, ring));
    FAILS(MPI_ERR_COUNT, V(out, counts, displs, MPI_INT, in, wrong, displs, MPI_INT, ring));
    FAILS(MPI_ERR_TYPE, V(out, counts, displs, MPI_DATATYPE_NULL, in, counts, displs, MPI_INT, ring));
    FAILS(MPI_ERR_TYPE, V(out, counts, displs, MPI_INT, in, counts, displs, loose, ring));
#define W(out, oc, od, ot, in, ic, id, it, c) MPI_Neighbor_alltoallw(out, oc, od, ot, in, ic, id, it, c)
    FAILS(MPI_ERR_TOPOLOGY, W(out, counts, bytes, types, in, counts, bytes, types, none));
    FAILS(MPI_ERR_BUFFER, W(MPI_IN_PLACE, counts, bytes, types, in, counts, bytes, types, ring));
    FAILS(MPI_ERR_BUFFER, W(out, counts, bytes, types, MPI_IN_PLACE, counts, bytes, types, ring));
    FAILS(MPI_ERR_ARG, W(out, NULL, bytes, types, in, counts, bytes, types, ring));
    FAILS(MPI_ERR_ARG, W(out, counts, NULL, types, in, counts, bytes, types, ring));
    FAILS(MPI_ERR_ARG, W(out, counts, bytes, NULL, in, counts, bytes, types, ring));
    FAILS(MPI_ERR_ARG, W(out, counts, bytes, types, in, counts, bytes, NULL, ring));
    FAILS(MPI_ERR_COUNT, W(out, counts, bytes, types, in, wrong, bytes, types, ring));
    FAILS(MPI_ERR_TYPE, W(out, counts, bytes, bad, in, counts, bytes, types, ring));
    FAILS(MPI_ERR_TYPE, W(out, counts, bytes, types, in, counts, bytes, bad, ring));
    FAILS(MPI_ERR_BUFFER, MPI_Neighbor_allgatherv(MPI_IN_PLACE, 1, MPI_INT, in, counts, displs, MPI_INT, ring));
    FAILS(MPI_ERR_ARG, MPI_Neighbor_allgatherv(out, 1, MPI_INT, in, NULL, displs, MPI_INT, ring));
    FAILS(MPI_ERR_ARG, MPI_Neighbor_allgatherv(out, 1, MPI_INT, in, counts, NULL, MPI_INT, ring));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Neighbor_allgatherv(out, 1, MPI_INT, in, counts, displs, MPI_INT, none));
    OK(MPI_Type_free(&loose));
    OK(MPI_Comm_free(&ring));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    OK(MPI_Type_contiguous(2, MPI_INT, &pair));
    OK(MPI_Type_commit(&pair));
    carts();
    over_graph();
    for (unsigned seed = 1; seed <= 10; seed++)
        over_dist_graph(seed * 2654435761u);
    over_star();
    under_way();
    addresses();
    refused();
    OK(MPI_Type_free(&pair));
    return end();
}
