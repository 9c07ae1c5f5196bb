/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mpi_network: what two ranks of two hosts have of the network between them; compiled for each MPI library. MPI 3 only.
 *
 *     mpi_network [NAME]
 *
 * Prints "name size value" lines on rank 0, as raw_tcp does: latency in microseconds, streams in MB/s, rates in
 * messages a second. */
#include <stdbool.h>
#include <stdlib.h>
#include "measure.h"

struct work {
    const char *name;
    int bytes, count; /* of messages under way at once */
    char *memory;
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

static const char *only; /* of that name alone; NULL: all */

static void once(const char *name, body *run, struct work *w)
{
    if (only && strcmp(only, name) != 0)
        return;
    double t = measure_for(run, w, (struct patience){0.004, 0.3});
    bool rate = strncmp(name, "rate", 4) == 0;
    report(name, w->bytes, run == pingpong ? t / 2 * 1e6 : rate ? w->count / t : w->bytes * 1e-6 * w->count / t);
}

int main(int argc, char **argv)
{
    static const int sizes[] = {8, 65536, MIB, 4 * MIB};
    static const int windows[] = {0, 64, 16, 8};
    struct work w = {.memory = calloc(1, 4 * MIB)};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size != 2 || !w.memory)
        MPI_Abort(MPI_COMM_WORLD, 2);
    pin();
    only = argc > 1 ? argv[1] : NULL;
    for (int i = 0; i < 4; i++) {
        w.bytes = sizes[i];
        once("latency", pingpong, &w);
    }
    w.bytes = 8;
    w.count = 64;
    once("rate", stream, &w);
    once("rate-each", stream_blocking, &w);
    for (int i = 1; i < 4; i++) {
        w.bytes = sizes[i];
        w.count = windows[i];
        once("stream", stream, &w);
    }
    MPI_Finalize();
    free(w.memory);
    return 0;
}
