/* SPDX-License-Identifier: BSD-3-Clause
 *
 * check: for the programs of this folder. A failed check names itself and ends the job. */
#ifndef TESTS_MPI_CHECK_H
#define TESTS_MPI_CHECK_H

#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* MPI_COMM_WORLD, and this one's place in it. */
static MPI_Comm world;
static int rank, size;

/* Asked by a sanitizer: who wants too much memory gets none, as without. */
#define SANITIZER_OPTIONS(name)                                                                                        \
    const char *name(void);                                                                                            \
    __attribute__((visibility("default"))) const char *name(void)                                                      \
    {                                                                                                                  \
        return "allocator_may_return_null=1";                                                                          \
    }
SANITIZER_OPTIONS(__asan_default_options)
SANITIZER_OPTIONS(__tsan_default_options)

#define CHECK(x)                                                                                                       \
    do {                                                                                                               \
        if (!(x)) {                                                                                                    \
            fprintf(stderr, "%s:%d: rank %d of %d: not so: %s\n", __FILE__, __LINE__, rank, size, #x);                 \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* A call that must succeed, and one that must fail with a class. */
#define OK(call) CHECK((call) == MPI_SUCCESS)
#define FAILS(cls, call)                                                                                               \
    do {                                                                                                               \
        int code_ = (call), class_ = -1;                                                                               \
        MPI_Error_class(code_, &class_);                                                                               \
        if (class_ != (cls)) {                                                                                         \
            fprintf(stderr, "%s:%d: rank %d: %s returned class %d, not %s\n", __FILE__, __LINE__, rank, #call, class_, \
                    #cls);                                                                                             \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static inline void begin(int *argc, char ***argv)
{
    OK(MPI_Init(argc, argv));
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
    world = MPI_COMM_WORLD;
    OK(MPI_Comm_size(world, &size));
    OK(MPI_Comm_rank(world, &rank));
}

/* Ranks on a node: all, or as many on each of the TEST_NODES of the environment, one node after the other. */
static inline int node_ranks(void)
{
    const char *nodes = getenv("TEST_NODES");
    int n = nodes ? atoi(nodes) : 1;
    CHECK(n > 0 && size % n == 0);
    return size / n;
}

static inline bool on_one_node(void)
{
    return node_ranks() == size;
}

static inline int end(void)
{
    OK(MPI_Finalize());
    return 0;
}

/* A repeatable sequence of numbers; every rank draws the same one from the same seed. */
static inline unsigned draw(unsigned *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

#endif
