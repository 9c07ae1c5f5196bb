/* SPDX-License-Identifier: BSD-3-Clause
 *
 * scenario: what the programs of this folder share that do one of several things, by name: the check of what a rank
 * sees, and the table of the things. */
#ifndef TESTS_LAUNCH_SCENARIO_H
#define TESTS_LAUNCH_SCENARIO_H

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, size, last; /* last: the rank that does something else */

/* What is not as it should be ends the rank at once, without a word to MPI. */
static inline void is(int ok, const char *what)
{
    if (ok)
        return;
    printf("rank %d: not so: %s\n", rank, what);
    fflush(stdout);
    _Exit(3);
}
#define IS(x) is(x, #x)

static inline int class_of(int code)
{
    int c;
    MPI_Error_class(code, &c);
    return c;
}

struct scenario {
    const char *name;
    void (*run)(void);
};
/* clang-format off */
#define S(name) {#name, name}
/* clang-format on */

static inline void scenario_run(const struct scenario *s, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(s[i].name, name) == 0)
            s[i].run();
}

/* MPI_Init, with threads for the scenario "threads". */
static inline void scenario_begin(int *argc, char ***argv)
{
    int level, wanted = strcmp((*argv)[1], "threads") ? MPI_THREAD_SINGLE : MPI_THREAD_MULTIPLE;
    MPI_Init_thread(argc, argv, wanted, &level);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    last = size - 1;
}

#endif
