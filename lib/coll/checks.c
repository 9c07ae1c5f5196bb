/* SPDX-License-Identifier: BSD-3-Clause
 *
 * checks: what is wrong with the arguments of a collective. */
#include "lib/coll/checks.h"
#include "lib/core/error.h"

int data_wrong(MPI_Count count, const struct datatype *t)
{
    if (count >= 0 && (!t || !t->committed))
        return MPI_ERR_TYPE;
    return call_wrong_count("a count", count, t);
}

int data_wrong_together(MPI_Count count, int blocks, const struct datatype *t)
{
    error_detail_set(MPI_ERR_COUNT,
                     "%d times %lld are more elements, of %lld bytes and %lld apart, than any memory holds", blocks,
                     (long long)count, (long long)t->size, (long long)t->extent);
    return MPI_ERR_COUNT;
}

static int wrong_displacement(int64_t disp, int r)
{
    error_detail_set(MPI_ERR_ARG, "the displacement %lld, of the block of rank %d, leads out of any memory",
                     (long long)disp, r);
    return MPI_ERR_ARG;
}

/* Displacements of blocks of no elements may be anything. */
int blocks_check_varying(const struct blocks *v, int n)
{
    const uint64_t most = UINT64_C(1) << 62;
    uint64_t bytes = 0;
    for (int r = 0; r < n; r++) {
        MPI_Count count = blocks_count(v, r);
        const struct datatype *t = blocks_type(v, r);
        CHECK(data_check(count, t));
        int64_t disp = count > 0 && !v->types ? ints_get(v->displs, r) : 0;
        if (UNLIKELY((disp < 0 ? -(uint64_t)disp : (uint64_t)disp) > t->max_count))
            return wrong_displacement(disp, r);
        bytes += (uint64_t)(count * t->size);
        if (UNLIKELY(bytes > most))
            return data_wrong_together(count, r + 1, t);
    }
    return MPI_SUCCESS;
}

static bool has_data(const struct blocks *v, int n)
{
    for (int r = 0; r < (v->counts.at ? n : 1); r++)
        if (blocks_bytes(v, r) > 0)
            return true;
    return false;
}

int buffers_check(const struct coll_args *a)
{
    int n = a->op ? a->comm->size : a->comm->peer_size;
    bool same = a->send.buf == a->recv.buf && a->send.buf != MPI_BOTTOM && a->send.buf != MPI_IN_PLACE;
    if (LIKELY(!same) || !has_data(&a->send, n) || !has_data(&a->recv, n))
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_BUFFER, "sendbuf and recvbuf are the same; MPI_IN_PLACE says that this is intended");
    return MPI_ERR_BUFFER;
}
