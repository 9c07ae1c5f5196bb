/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mpi_network: what two ranks of two hosts have of the network between them; compiled for each MPI library. MPI 3 only.
 *
 *     mpi_network [NAME|windows]
 *
 * Prints "name size value" lines on rank 0, as raw_tcp does: latency in microseconds, streams in MB/s, rates in
 * messages a second. Of strided streams the size is that of a block, of messages of 4 MiB to a receiver who has them in
 * one piece, or in the same blocks. windows: what rank 0 does to a window of rank 1, who computes nothing, in
 * microseconds. */
#include <stdbool.h>
#include <stdlib.h>
#include "measure.h"

struct work {
    const char *name;
    int bytes, count; /* of messages under way at once */
    char *memory;
    MPI_Win win;
};

static void pingpong(void *arg, int times)
{
    const struct work *w = arg;
    for (int i = 0; i < times; i++)
        if (rank == 0) {
            MPI_Send(w->memory, w->bytes, MPI_BYTE, 1, 1, MPI_COMM_WORLD);
            MPI_Recv(w->memory, w->bytes, MPI_BYTE, 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        } else {
            MPI_Recv(w->memory, w->bytes, MPI_BYTE, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(w->memory, w->bytes, MPI_BYTE, 0, 1, MPI_COMM_WORLD);
        }
}

static void stream(void *arg, int times)
{
    const struct work *w = arg;
    MPI_Request r[64];
    char answer;
    for (int i = 0; i < times; i++) {
        for (int k = 0; k < w->count; k++)
            if (rank == 0)
                MPI_Isend(w->memory, w->bytes, MPI_BYTE, 1, 1, MPI_COMM_WORLD, &r[k]);
            else
                MPI_Irecv(w->memory + (w->bytes <= 8 ? 8 * k : 0), w->bytes, MPI_BYTE, 0, 1, MPI_COMM_WORLD, &r[k]);
        MPI_Waitall(w->count, r, MPI_STATUSES_IGNORE);
        if (rank == 1)
            MPI_Send(&answer, 1, MPI_BYTE, 0, 2, MPI_COMM_WORLD);
        else
            MPI_Recv(&answer, 1, MPI_BYTE, 1, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
}

static void stream_blocking(void *arg, int times)
{
    const struct work *w = arg;
    char answer;
    for (int i = 0; i < times; i++) {
        for (int k = 0; k < w->count; k++)
            if (rank == 0)
                MPI_Send(w->memory, w->bytes, MPI_BYTE, 1, 1, MPI_COMM_WORLD);
            else
                MPI_Recv(w->memory, w->bytes, MPI_BYTE, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (rank == 1)
            MPI_Send(&answer, 1, MPI_BYTE, 0, 2, MPI_COMM_WORLD);
        else
            MPI_Recv(&answer, 1, MPI_BYTE, 1, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
}

/* Messages of 4 MiB: blocks with gaps as long, as one element, to bytes or (both) to the same. */
static void strided_to(const struct work *w, int times, bool both)
{
    MPI_Datatype t;
    char answer;
    MPI_Type_vector(4 * MIB / w->bytes, w->bytes, 2 * w->bytes, MPI_BYTE, &t);
    MPI_Type_commit(&t);
    for (int i = 0; i < times * w->count; i++)
        if (rank == 0)
            MPI_Send(w->memory, 1, t, 1, 1, MPI_COMM_WORLD);
        else
            MPI_Recv(w->memory, both ? 1 : 4 * MIB, both ? t : MPI_BYTE, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (rank == 1)
        MPI_Send(&answer, 1, MPI_BYTE, 0, 2, MPI_COMM_WORLD);
    else
        MPI_Recv(&answer, 1, MPI_BYTE, 1, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Type_free(&t);
}

static void strided(void *arg, int times)
{
    strided_to(arg, times, false);
}

static void strided_both(void *arg, int times)
{
    strided_to(arg, times, true);
}

static void put(void *arg, int times)
{
    const struct work *w = arg;
    for (int i = 0; i < times && rank == 0; i++) {
        MPI_Put(w->memory, w->bytes, MPI_BYTE, 1, 0, w->bytes, MPI_BYTE, w->win);
        MPI_Win_flush(1, w->win);
    }
}

static void get(void *arg, int times)
{
    const struct work *w = arg;
    for (int i = 0; i < times && rank == 0; i++) {
        MPI_Get(w->memory, w->bytes, MPI_BYTE, 1, 0, w->bytes, MPI_BYTE, w->win);
        MPI_Win_flush(1, w->win);
    }
}

static void lock_put(void *arg, int times)
{
    const struct work *w = arg;
    for (int i = 0; i < times && rank == 0; i++) {
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 1, 0, w->win);
        MPI_Put(w->memory, w->bytes, MPI_BYTE, 1, 0, w->bytes, MPI_BYTE, w->win);
        MPI_Win_unlock(1, w->win);
    }
}

static const char *only; /* of that name alone; NULL: all */

static void once(const char *name, body *run, struct work *w)
{
    if (only && strcmp(only, name) != 0)
        return;
    double t = measure_for(run, w, (struct patience){0.004, 0.3});
    bool rate = strncmp(name, "rate", 4) == 0;
    int bytes = run == strided || run == strided_both ? 4 * MIB : w->bytes;
    report(name, w->bytes, run == pingpong ? t / 2 * 1e6 : rate ? w->count / t : bytes * 1e-6 * w->count / t);
}

static void windows(struct work *w)
{
    static const int sizes[] = {1024, 4096, 8192, 16384, 32768, 65536, 262144, MIB, 4 * MIB};
    static const struct patience brief = {0.004, 0.3};
    char *base;
    MPI_Win_allocate(4 * MIB, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &w->win);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        w->bytes = sizes[i];
        report("lock+put+unlock", w->bytes, measure_for(lock_put, w, brief) * 1e6);
        if (rank == 0)
            MPI_Win_lock_all(0, w->win);
        report("put+flush", w->bytes, measure_for(put, w, brief) * 1e6);
        report("get+flush", w->bytes, measure_for(get, w, brief) * 1e6);
        if (rank == 0)
            MPI_Win_unlock_all(w->win);
    }
    MPI_Win_free(&w->win);
}

static void messages(struct work *w)
{
    static const int sizes[] = {8, 65536, MIB, 4 * MIB};
    static const int counts[] = {0, 64, 16, 8}, blocks[] = {8, 256, 4096, 65536};
    for (int i = 0; i < 4; i++) {
        w->bytes = sizes[i];
        once("latency", pingpong, w);
    }
    w->bytes = 8;
    w->count = 64;
    once("rate", stream, w);
    once("rate-each", stream_blocking, w);
    for (int i = 1; i < 4; i++) {
        w->bytes = sizes[i];
        w->count = counts[i];
        once("stream", stream, w);
    }
    for (int i = 0; i < 4; i++) {
        w->bytes = blocks[i];
        once("strided", strided, w);
        once("strided-both", strided_both, w);
    }
}

int main(int argc, char **argv)
{
    struct work w = {.memory = calloc(2, 4 * MIB)};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size != 2 || !w.memory)
        MPI_Abort(MPI_COMM_WORLD, 2);
    pin();
    only = argc > 1 ? argv[1] : NULL;
    if (only && strcmp(only, "windows") == 0)
        windows(&w);
    else
        messages(&w);
    MPI_Finalize();
    free(w.memory);
    return 0;
}
