/* SPDX-License-Identifier: BSD-3-Clause
 *
 * put_get: MPI_Put and MPI_Get, and their forms with requests: by loads and stores in memory that is mapped here, or
 * one copy by the kernel where it is another process's; by messages, or what carries them, in far_move.c and
 * far_remote.c: only what messages get, and what is done without them, is not complete at once. */
#include "lib/bindings/impl.h"
#include "lib/core/bytes.h"
#include "lib/nodemem/nodemem.h"
#include "lib/rma/epoch.h"
#include "lib/rma/owner.h"

static int direct_put(struct target *t, const struct origin *from, char *to, MPI_Count count,
                      const struct datatype *type)
{
    (void)t;
    return datatype_copy(from->at, from->count, from->type, to, count, type);
}

static int direct_get(struct target *t, const struct origin *into, char *from, MPI_Count count,
                      const struct datatype *type)
{
    (void)t;
    return datatype_copy(from, count, type, into->at, into->count, into->type);
}

const struct target_verbs target_direct = {direct_put, direct_get};

/* Little, and in a row on both sides: by its owner. */
static bool owner_moves(bool write, struct target *t, const struct origin *o, char *at, MPI_Count count,
                        const struct datatype *type, int *rc)
{
    MPI_Count n = o->count * o->type->size;
    return n <= QUESTION_BYTES && n == count * type->size && datatype_is_run(o->type, o->count) &&
           datatype_is_run(type, count) &&
           owner_copy(t, write, (char *)o->at + o->type->true_lb, at + type->true_lb, (size_t)n, rc);
}

/* One run of the target after the other. */
static int cma_move(bool write, struct target *t, const struct origin *o, char *at, MPI_Count count,
                    const struct datatype *type)
{
    MPI_Count all = o->count * o->type->size, done = 0;
    int rc;
    if (owner_moves(write, t, o, at, count, type, &rc))
        return rc;
    if (all > count * type->size)
        return MPI_ERR_TRUNCATE;
    while (done < all) {
        struct iovec there[CMA_PIECES], here[CMA_PIECES];
        size_t n = (size_t)(all - done);
        int runs = datatype_pieces(type, at, count, done, &n, there, CMA_PIECES);
        for (int i = 0; i < runs; i++) {
            for (size_t in = 0, k; in < there[i].iov_len; in += k, done += (MPI_Count)k) {
                k = there[i].iov_len - in;
                int pieces = datatype_pieces(o->type, o->at, o->count, done, &k, here, CMA_PIECES);
                uint64_t place = (uintptr_t)there[i].iov_base + in;
                int error =
                    write ? cma_write(t->local, here, pieces, place, k) : cma_read(t->local, here, pieces, place, k);
                if (error != 0)
                    return target_cma_error(t, error);
            }
        }
    }
    return MPI_SUCCESS;
}

static int cma_put(struct target *t, const struct origin *from, char *to, MPI_Count count, const struct datatype *type)
{
    return cma_move(true, t, from, to, count, type);
}

static int cma_get(struct target *t, const struct origin *into, char *from, MPI_Count count,
                   const struct datatype *type)
{
    if (count * type->size > into->count * into->type->size)
        return MPI_ERR_TRUNCATE;
    struct origin part = *into;
    if (count * type->size == into->count * into->type->size)
        return cma_move(false, t, &part, from, count, type);
    return MPI_ERR_TRUNCATE; /* MPI 5.0, section 12.3: both are of the same length */
}

const struct target_verbs target_cma = {cma_put, cma_get};

/* The target, and where in it. *count 0: nothing is to be moved. */
ALWAYS_INLINE int aim(struct win *w, int rank, MPI_Aint disp, MPI_Count *count, const struct datatype *type,
                      struct target **t, char **at)
{
    if (UNLIKELY(rank == MPI_PROC_NULL)) {
        *count = 0;
        return MPI_SUCCESS;
    }
    int rc = target_get(w, rank, t);
    if (UNLIKELY(rc != MPI_SUCCESS))
        return rc;
    if (UNLIKELY(!epoch_covers(w, *t)))
        return epoch_wrong("no epoch is open for that target");
    return target_place(w, *t, disp, count, type, at);
}

static int put(const void *origin, MPI_Count n, struct datatype *type, int rank, MPI_Aint disp, MPI_Count count,
               struct datatype *there, struct win *w, struct request **request)
{
    struct target *t = NULL;
    char *at = NULL;
    struct origin from = {(void *)(uintptr_t)origin, n, type, request};
    int rc = aim(w, rank, disp, &count, there, &t, &at);
    if (rc != MPI_SUCCESS || count == 0)
        return rc;
    return t->verbs->put(t, &from, at, count, there);
}

int mpi_put(const void *origin, MPI_Count n, struct datatype *type, int rank, MPI_Aint disp, MPI_Count count,
            struct datatype *there, struct win *w)
{
    return put(origin, n, type, rank, disp, count, there, w, NULL);
}

static int get(void *origin, MPI_Count n, struct datatype *type, int rank, MPI_Aint disp, MPI_Count count,
               struct datatype *there, struct win *w, struct request **request)
{
    struct target *t = NULL;
    char *at = NULL;
    struct origin into = {origin, n, type, request};
    int rc = aim(w, rank, disp, &count, there, &t, &at);
    if (rc != MPI_SUCCESS || count == 0)
        return rc;
    return t->verbs->get(t, &into, at, count, there);
}

int mpi_get(void *origin, MPI_Count n, struct datatype *type, int rank, MPI_Aint disp, MPI_Count count,
            struct datatype *there, struct win *w)
{
    return get(origin, n, type, rank, disp, count, there, w, NULL);
}

int mpi_rput(const void *origin, MPI_Count n, struct datatype *type, int rank, MPI_Aint disp, MPI_Count count,
             struct datatype *there, struct win *w, MPI_Request *request)
{
    struct request *r = NULL;
    int rc = epoch_passive(w);
    if (rc == MPI_SUCCESS)
        rc = put(origin, n, type, rank, disp, count, there, w, &r);
    return epoch_requested(rc, r, request);
}

int mpi_rget(void *origin, MPI_Count n, struct datatype *type, int rank, MPI_Aint disp, MPI_Count count,
             struct datatype *there, struct win *w, MPI_Request *request)
{
    struct request *r = NULL;
    int rc = epoch_passive(w);
    if (rc == MPI_SUCCESS)
        rc = get(origin, n, type, rank, disp, count, there, w, &r);
    return epoch_requested(rc, r, request);
}
