/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: where the programs of this folder keep their files: a directory that goes with the last of them. */
#ifndef TESTS_MPI_IO_PLACE_H
#define TESTS_MPI_IO_PLACE_H

#include <unistd.h>
#include "../check.h"

static char place[256];

/* The name of a file that all of `world` see; the next call's is in the same memory. */
static inline const char *file_in(const char *name)
{
    static char path[320];
    snprintf(path, sizeof path, "%s/%s", place, name);
    return path;
}

static inline void place_begin(void)
{
    const char *tmp = getenv("TMPDIR");
    if (rank == 0) {
        snprintf(place, sizeof place, "%s/muster-io-XXXXXX", tmp ? tmp : "/tmp");
        CHECK(mkdtemp(place));
    }
    OK(MPI_Bcast(place, sizeof place, MPI_CHAR, 0, world));
}

static inline void place_end(void)
{
    OK(MPI_Barrier(world));
    if (rank == 0)
        CHECK(rmdir(place) == 0);
}

#endif
