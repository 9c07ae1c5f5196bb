/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alone: a process that nobody has told its job is a job of one. Unless its environment says that it is one of several:
 * then its launcher speaks something else, and were all of them rank 0 of 1, they would write each over the other's
 * files. SLURM_PROCID is no such sign: it is there in a batch script too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/boot_ops.h"

#define WAYS "; start it with Muster's mpiexec, or under Slurm with srun --mpi=pmi2"

extern char **environ;

/* size NULL: the number of ranks is not told, but there may be several. */
static const struct sign {
    const char *size, *rank, *text;
} signs[] = {
    {"PMI_SIZE", "PMI_RANK",
     "PMI_FD is not open here, or another file by now: what stands between mpiexec and this program must leave it open "
     "(in Python: close_fds=False)"},
    {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK",
     "Open MPI's mpirun speaks only PMIx, whose server (PMIX_NAMESPACE, PMIX_SERVER_URI) is not told" WAYS},
    {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "srun was not asked to speak PMI" WAYS},
    {NULL, "PMI_ID", "its launcher offers PMI on a port (Hydra's -pmi-port), which is not known here" WAYS},
    {NULL, "PMIX_RANK",
     "its launcher speaks only PMIx, whose server (PMIX_NAMESPACE, PMIX_SERVER_URI) is not told" WAYS},
};

static int number(const char *name, int otherwise)
{
    const char *s = name ? getenv(name) : NULL;
    char *end;
    long n = s && *s ? strtol(s, &end, 10) : otherwise;
    return s && *s && !*end && n >= 0 && n < INT32_MAX ? (int)n : otherwise;
}

/* The variable's name ends with the version of the protocol. */
bool pmix_offered(void)
{
    static const char uri[] = "PMIX_SERVER_URI";
    bool any = false;
    for (char **e = environ; e && *e && !any; e++)
        any = strncmp(*e, uri, sizeof uri - 1) == 0;
    return any && getenv("PMIX_NAMESPACE") && getenv("PMIX_RANK");
}

bool boot_alone_asked(void)
{
    const char *asked = getenv("MUSTER_SINGLETON");
    return asked && *asked && *asked != '0';
}

bool boot_alone_wrong(const char *because, char *why, size_t n)
{
    if (boot_alone_asked())
        return false;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        int rank = number(signs[i].rank, -1), size = number(signs[i].size, signs[i].size ? -1 : INT32_MAX);
        if (rank < 0 || size < 1)
            continue;
        if (size == 1)
            return false;
        int at = snprintf(why, n, "this is rank %d", rank);
        if (signs[i].size)
            at += snprintf(why + at, n - (size_t)at, " of %d", size);
        snprintf(why + at, n - (size_t)at,
                 ", but has not been told of the others: %s (MUSTER_SINGLETON=1 runs it alone)",
                 *because ? because : signs[i].text);
        return true;
    }
    return false;
}
