/* SPDX-License-Identifier: BSD-3-Clause
 *
 * measure: how the programs that are compiled for each MPI library take the time. A value is the best of several short
 * batches: other work on the machine makes a batch slower, never faster. */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int rank, size;
enum { MIB = 1 << 20 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void report(const char *name, long bytes, double value)
{
    if (rank == 0)
        printf("%s %ld %.6g\n", name, bytes, value);
    fflush(stdout);
}

/* With no more ranks than processors each takes one of its own. */
static inline void pin(void)
{
    cpu_set_t all, one;
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        return;
    /* What the launcher bound us to says nothing about how many there are. */
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    if (size > cpus)
        return;
    CPU_ZERO(&one);
    CPU_SET(rank % (int)cpus, &one);
    sched_setaffinity(0, sizeof one, &one);
}

/* Packing by hand (out) and unpacking: the next n bytes of flat. */
#define MOVE(mem, flat, n)                                                                                             \
    do {                                                                                                               \
        if (out)                                                                                                       \
            memcpy(flat, mem, n);                                                                                      \
        else                                                                                                           \
            memcpy(mem, flat, n);                                                                                      \
        (flat) += (n);                                                                                                 \
    } while (0)

typedef void body(void *arg, int times);

/* How long a batch is to take, and when all of them have been enough; seconds. */
struct patience {
    double batch, enough;
};

/* Seconds that one repetition takes. Rank 0 decides how many, and all follow. */
static inline double measure_for(body *run, void *arg, struct patience p)
{
    enum { BATCHES = 15 };
    double best = 1e9, begin = now();
    int times = 1, done = 0, go = 1;
    run(arg, 1);
    while (go) {
        MPI_Barrier(MPI_COMM_WORLD);
        double mine = now(), t;
        run(arg, times);
        mine = now() - mine;
        /* A rank may be through before the others are: the slowest counts. */
        MPI_Allreduce(&mine, &t, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
        if (t / times < best)
            best = t / times;
        int decide[2] = {times, 1};
        if (t < p.batch && times < 1 << 20)
            decide[0] = times * 2;
        else
            decide[1] = ++done < BATCHES && (now() - begin < p.enough || done < 3);
        MPI_Bcast(decide, 2, MPI_INT, 0, MPI_COMM_WORLD);
        times = decide[0];
        go = decide[1];
    }
    return best;
}

#endif
