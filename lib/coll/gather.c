/* SPDX-License-Identifier: BSD-3-Clause
 *
 * gather, scatter and allgather, with equal and with varying counts. */
#include <stdlib.h>
#include "lib/coll/forms.h"

/* The share of each rank, with equal or varying counts. */
struct shares {
    const void *buf;
    struct datatype *t;
    MPI_Count count;            /* equal */
    struct ints counts, displs; /* varying; counts.at not NULL */
};

static MPI_Count share_count(const struct shares *v, int r)
{
    return v->counts.at ? ints_get(v->counts, r) : v->count;
}

static void *share_at(const struct shares *v, int r)
{
    return forms_at(v->buf, v->counts.at ? ints_get(v->displs, r) : r * v->count, v->t);
}

static int shares_check(const struct shares *v, int n)
{
    for (int r = 0; r < (v->counts.at ? n : 1); r++)
        CHECK(forms_check(share_count(v, r), v->t));
    return MPI_SUCCESS;
}

static void gather(struct sched *s, const void *sendbuf, MPI_Count n, struct datatype *t, const struct shares *v,
                   int root, struct comm *c)
{
    if (c->rank != root) {
        if (n * t->size > 0)
            sched_send(s, sendbuf, n, t, root);
        return;
    }
    for (int r = 0; r < c->size; r++)
        if (r != root && share_count(v, r) * v->t->size > 0)
            sched_recv(s, share_at(v, r), share_count(v, r), v->t, r);
    if (sendbuf != MPI_IN_PLACE)
        sched_copy(s, sendbuf, n, t, share_at(v, root), share_count(v, root), v->t);
}

static int check_gather(const void *sendbuf, MPI_Count n, struct datatype *t, const struct shares *v, int root,
                        struct comm *c)
{
    INTRA(c);
    if (c->rank == root)
        CHECK(shares_check(v, c->size));
    else if (sendbuf == MPI_IN_PLACE)
        return MPI_ERR_BUFFER;
    return sendbuf == MPI_IN_PLACE ? MPI_SUCCESS : forms_check(n, t);
}

static int node_share_copy(const void *from, MPI_Count n, struct datatype *t, void *to, MPI_Count room,
                           struct datatype *to_type)
{
    int rc = n * t->size > room * to_type->size ? MPI_ERR_TRUNCATE : MPI_SUCCESS;
    return rc == MPI_SUCCESS ? datatype_copy(from, n, t, to, room, to_type) : rc;
}

static int keep_first(int rc, int next)
{
    return rc != MPI_SUCCESS ? rc : next;
}

/* Fetches what the others offered in phase k. *in_place: somebody waits until it is read. */
static int node_fetch_shares(struct node *a, uint32_t k, const struct shares *v, bool *in_place)
{
    int rc = MPI_SUCCESS;
    *in_place = node_cell(a, k, a->me)->how == NODE_IN_PLACE && node_cell(a, k, a->me)->seq == k + 1;
    for (int i = 1; i < a->n; i++) {
        int r = (a->me + i) % a->n;
        rc = keep_first(rc, node_fetch_typed(a, k, r, share_at(v, r), share_count(v, r), v->t));
        *in_place |= node_cell(a, k, r)->how == NODE_IN_PLACE;
    }
    return rc;
}

static int root_gather(struct node *a, uint32_t k, const void *sendbuf, MPI_Count n, struct datatype *t,
                       const struct shares *v)
{
    bool in_place;
    int rc = MPI_SUCCESS;
    if (sendbuf != MPI_IN_PLACE)
        rc = node_share_copy(sendbuf, n, t, share_at(v, a->me), share_count(v, a->me), v->t);
    node_gathered(a, k, a->me);
    rc = keep_first(rc, node_fetch_shares(a, k, v, &in_place));
    node_end(a, k);
    if (in_place)
        node_wake(a, -1);
    return rc;
}

static int node_gather_shares(struct node *a, const void *sendbuf, MPI_Count n, struct datatype *t,
                              const struct shares *v, int root)
{
    uint32_t k = node_begin(a);
    if (a->me == root)
        return root_gather(a, k, sendbuf, n, t, v);
    void *temp;
    int rc = node_offer_typed(a, k, sendbuf, n, t, &temp);
    bool in_place = node_cell(a, k, a->me)->how == NODE_IN_PLACE;
    node_gathered(a, k, root);
    node_end(a, k);
    if (in_place)
        node_await_end(a, k, root);
    free(temp);
    return rc;
}

static int build_gather(struct sched *s, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                        void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, int root, struct comm *comm)
{
    struct shares v = {recvbuf, recvtype, recvcount, {NULL, false}, {NULL, false}};
    CHECK(check_gather(sendbuf, sendcount, sendtype, &v, root, comm));
    gather(s, sendbuf, sendcount, sendtype, &v, root, comm);
    return MPI_SUCCESS;
}

static int node_gather(struct node *a, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                       void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, int root, struct comm *comm)
{
    struct shares v = {recvbuf, recvtype, recvcount, {NULL, false}, {NULL, false}};
    CHECK(check_gather(sendbuf, sendcount, sendtype, &v, root, comm));
    if (!node_fits(a, comm->rank == root ? recvcount * recvtype->size : sendcount * sendtype->size))
        return NODE_LATER;
    return node_gather_shares(a, sendbuf, sendcount, sendtype, &v, root);
}
FORMS_NODE(gather,
           (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
            struct datatype *recvtype, int root, struct comm *comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, root, comm))

static int build_gatherv(struct sched *s, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                         void *recvbuf, struct ints recvcounts, struct ints displs, struct datatype *recvtype, int root,
                         struct comm *comm)
{
    struct shares v = {recvbuf, recvtype, 0, recvcounts, displs};
    if (comm->rank == root && (!recvcounts.at || !displs.at))
        return MPI_ERR_ARG;
    CHECK(check_gather(sendbuf, sendcount, sendtype, &v, root, comm));
    gather(s, sendbuf, sendcount, sendtype, &v, root, comm);
    return MPI_SUCCESS;
}

/* Only the root knows all counts, so that nobody could tell who offers more than a slot: with single copy alone. */
static int node_gatherv(struct node *a, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                        void *recvbuf, struct ints recvcounts, struct ints displs, struct datatype *recvtype, int root,
                        struct comm *comm)
{
    struct shares v = {recvbuf, recvtype, 0, recvcounts, displs};
    if (comm->rank == root && (!recvcounts.at || !displs.at))
        return MPI_ERR_ARG;
    CHECK(check_gather(sendbuf, sendcount, sendtype, &v, root, comm));
    return a->single ? node_gather_shares(a, sendbuf, sendcount, sendtype, &v, root) : NODE_LATER;
}
FORMS_NODE(gatherv,
           (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, struct ints recvcounts,
            struct ints displs, struct datatype *recvtype, int root, struct comm *comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcounts, displs, recvtype, root, comm))

static void scatter(struct sched *s, const struct shares *v, void *recvbuf, MPI_Count n, struct datatype *t, int root,
                    struct comm *c)
{
    if (c->rank != root) {
        if (n * t->size > 0)
            sched_recv(s, recvbuf, n, t, root);
        return;
    }
    for (int r = 0; r < c->size; r++)
        if (r != root && share_count(v, r) * v->t->size > 0)
            sched_send(s, share_at(v, r), share_count(v, r), v->t, r);
    if (recvbuf != MPI_IN_PLACE)
        sched_copy(s, share_at(v, root), share_count(v, root), v->t, recvbuf, n, t);
}

static int check_scatter(const struct shares *v, const void *recvbuf, MPI_Count n, struct datatype *t, int root,
                         struct comm *c)
{
    return check_gather(recvbuf, n, t, v, root, c);
}

static int root_scatter(struct node *a, uint32_t k, const struct shares *v, void *recvbuf, MPI_Count n,
                        struct datatype *t)
{
    void *temp;
    for (int r = 0; r < a->n; r++)
        a->parts[r] = (struct node_part){share_at(v, r), r == a->me ? 0 : share_count(v, r), v->t};
    int rc = node_offer_table(a, k, false, &temp);
    node_wake(a, -1);
    if (recvbuf != MPI_IN_PLACE)
        rc = keep_first(rc, node_share_copy(share_at(v, a->me), share_count(v, a->me), v->t, recvbuf, n, t));
    if (node_cell(a, k, a->me)->any_in_place)
        node_await_done(a, k);
    free(temp);
    return rc;
}

static int node_scatter_shares(struct node *a, const struct shares *v, void *recvbuf, MPI_Count n, struct datatype *t,
                               int root)
{
    uint32_t k = node_begin(a);
    int rc;
    if (a->me == root) {
        rc = root_scatter(a, k, v, recvbuf, n, t);
    } else {
        node_await(a, k, root);
        rc = node_fetch_entry(a, k, root, a->me, recvbuf, n, t);
        if (node_cell(a, k, root)->any_in_place)
            node_done(a, k, root);
    }
    node_end(a, k);
    return rc;
}

static int build_scatter(struct sched *s, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                         void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, int root, struct comm *comm)
{
    struct shares v = {sendbuf, sendtype, sendcount, {NULL, false}, {NULL, false}};
    CHECK(check_scatter(&v, recvbuf, recvcount, recvtype, root, comm));
    scatter(s, &v, recvbuf, recvcount, recvtype, root, comm);
    return MPI_SUCCESS;
}

static int node_scatter(struct node *a, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                        void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, int root, struct comm *comm)
{
    struct shares v = {sendbuf, sendtype, sendcount, {NULL, false}, {NULL, false}};
    CHECK(check_scatter(&v, recvbuf, recvcount, recvtype, root, comm));
    if (!node_table_fits(a, comm->rank == root ? sendcount * sendtype->size : recvcount * recvtype->size))
        return NODE_LATER;
    return node_scatter_shares(a, &v, recvbuf, recvcount, recvtype, root);
}
FORMS_NODE(scatter,
           (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
            struct datatype *recvtype, int root, struct comm *comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, root, comm))

static int build_scatterv(struct sched *s, const void *sendbuf, struct ints sendcounts, struct ints displs,
                          struct datatype *sendtype, void *recvbuf, MPI_Count recvcount, struct datatype *recvtype,
                          int root, struct comm *comm)
{
    struct shares v = {sendbuf, sendtype, 0, sendcounts, displs};
    if (comm->rank == root && (!sendcounts.at || !displs.at))
        return MPI_ERR_ARG;
    CHECK(check_scatter(&v, recvbuf, recvcount, recvtype, root, comm));
    scatter(s, &v, recvbuf, recvcount, recvtype, root, comm);
    return MPI_SUCCESS;
}

static int node_scatterv(struct node *a, const void *sendbuf, struct ints sendcounts, struct ints displs,
                         struct datatype *sendtype, void *recvbuf, MPI_Count recvcount, struct datatype *recvtype,
                         int root, struct comm *comm)
{
    struct shares v = {sendbuf, sendtype, 0, sendcounts, displs};
    if (comm->rank == root && (!sendcounts.at || !displs.at))
        return MPI_ERR_ARG;
    CHECK(check_scatter(&v, recvbuf, recvcount, recvtype, root, comm));
    return node_table_fits(a, NODE_SLOT) ? node_scatter_shares(a, &v, recvbuf, recvcount, recvtype, root) : NODE_LATER;
}
FORMS_NODE(scatterv,
           (const void *sendbuf, struct ints sendcounts, struct ints displs, struct datatype *sendtype, void *recvbuf,
            MPI_Count recvcount, struct datatype *recvtype, int root, struct comm *comm),
           (sendbuf, sendcounts, displs, sendtype, recvbuf, recvcount, recvtype, root, comm))

/* Ring: in round k the share of the rank k to the left arrives. */
static void ring(struct sched *s, const struct shares *v, struct comm *c)
{
    int n = c->size, right = (c->rank + 1) % n, left = (c->rank - 1 + n) % n;
    for (int k = 0; k < n - 1; k++) {
        int out = (c->rank - k + n) % n, in = (c->rank - k - 1 + n) % n;
        if (share_count(v, in) * v->t->size > 0)
            sched_recv(s, share_at(v, in), share_count(v, in), v->t, left);
        if (share_count(v, out) * v->t->size > 0)
            sched_send(s, share_at(v, out), share_count(v, out), v->t, right);
        sched_round(s);
    }
}

/* Bruck: in ceil(log2 n) rounds, on packed shares counted from one's own; then each to its place. */
static void bruck(struct sched *s, const struct shares *v, struct comm *c)
{
    int n = c->size;
    MPI_Count each = v->count * v->t->size;
    char *all = sched_temp(s, (size_t)(each * n));
    sched_copy(s, share_at(v, c->rank), v->count, v->t, all, each, &datatype_byte);
    for (int have = 1; have < n; have <<= 1) {
        int more = n - have < have ? n - have : have;
        sched_recv(s, all + have * each, more * each, &datatype_byte, (c->rank + have) % n);
        sched_send(s, all, more * each, &datatype_byte, (c->rank - have + n) % n);
        sched_round(s);
    }
    for (int k = 1; k < n; k++)
        sched_copy(s, all + k * each, each, &datatype_byte, share_at(v, (c->rank + k) % n), v->count, v->t);
}

static int allgather(struct sched *s, const void *sendbuf, MPI_Count n, struct datatype *t, const struct shares *v,
                     struct comm *c)
{
    enum { SMALL = 16384 };
    INTRA(c);
    CHECK(shares_check(v, c->size));
    if (sendbuf != MPI_IN_PLACE) {
        CHECK(forms_check(n, t));
        sched_copy(s, sendbuf, n, t, share_at(v, c->rank), share_count(v, c->rank), v->t);
        sched_round(s);
    }
    if (!v->counts.at && c->size > 2 && v->count * v->t->size <= SMALL) {
        if (v->count * v->t->size > 0)
            bruck(s, v, c);
    } else {
        ring(s, v, c);
    }
    return MPI_SUCCESS;
}

static int node_allgather_shares(struct node *a, const void *sendbuf, MPI_Count n, struct datatype *t,
                                 const struct shares *v)
{
    void *mine = share_at(v, a->me), *temp;
    MPI_Count count = share_count(v, a->me);
    bool in_place;
    CHECK(shares_check(v, a->n));
    if (sendbuf != MPI_IN_PLACE) {
        CHECK(forms_check(n, t));
        CHECK(node_share_copy(sendbuf, n, t, mine, count, v->t));
    }
    uint32_t k = node_begin(a);
    int rc = node_offer_typed(a, k, mine, count, v->t, &temp);
    node_meet(a, k);
    rc = keep_first(rc, node_fetch_shares(a, k, v, &in_place));
    node_end(a, k);
    if (in_place)
        node_barrier_all(a);
    free(temp);
    return rc;
}

static int build_allgather(struct sched *s, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                           void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, struct comm *comm)
{
    struct shares v = {recvbuf, recvtype, recvcount, {NULL, false}, {NULL, false}};
    return allgather(s, sendbuf, sendcount, sendtype, &v, comm);
}

static int node_allgather(struct node *a, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                          void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, struct comm *comm)
{
    struct shares v = {recvbuf, recvtype, recvcount, {NULL, false}, {NULL, false}};
    CHECK(forms_check(recvcount, recvtype));
    return node_fits(a, recvcount * recvtype->size) ? node_allgather_shares(a, sendbuf, sendcount, sendtype, &v)
                                                    : NODE_LATER;
}
FORMS_NODE(allgather,
           (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
            struct datatype *recvtype, struct comm *comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, comm))

static int build_allgatherv(struct sched *s, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                            void *recvbuf, struct ints recvcounts, struct ints displs, struct datatype *recvtype,
                            struct comm *comm)
{
    struct shares v = {recvbuf, recvtype, 0, recvcounts, displs};
    if (!recvcounts.at || !displs.at)
        return MPI_ERR_ARG;
    return allgather(s, sendbuf, sendcount, sendtype, &v, comm);
}

static int node_allgatherv(struct node *a, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                           void *recvbuf, struct ints recvcounts, struct ints displs, struct datatype *recvtype,
                           struct comm *comm)
{
    struct shares v = {recvbuf, recvtype, 0, recvcounts, displs};
    if (!recvcounts.at || !displs.at)
        return MPI_ERR_ARG;
    return a->single ? node_allgather_shares(a, sendbuf, sendcount, sendtype, &v) : NODE_LATER;
}
FORMS_NODE(allgatherv,
           (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, struct ints recvcounts,
            struct ints displs, struct datatype *recvtype, struct comm *comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcounts, displs, recvtype, comm))
