/* SPDX-License-Identifier: BSD-3-Clause
 *
 * launch_spec: everything the proxies must know to start one job; sent once, the same bytes to all. The structs and
 * their codecs are generated from launch_spec.def. launch_spec_get returns what is consistent: every index is below its
 * bound, and every run sums to the job's ranks.
 */
#ifndef WIRE_LAUNCH_SPEC_H
#define WIRE_LAUNCH_SPEC_H

#include "wire/launch_spec_codec.h"

enum launch_flags {
    LAUNCH_MERGE_STDERR = 1, /* stderr goes where stdout goes, in the order it was written */
    LAUNCH_COLLAPSE = 2,     /* mpiexec puts equal lines together: lines are sent bare, never labelled */
    LAUNCH_TEE = 4,          /* output that goes to files is sent up as well */
    LAUNCH_STDIN_ALL = 8,
    LAUNCH_NO_KILL = 16,
    LAUNCH_SPAWNED = 32,     /* by MPI_Comm_spawn or the like */
    LAUNCH_TIMED = 64,       /* mpiexec reports the times of the launch */
    LAUNCH_SCREEN = 128,     /* the proxy's stdout and stderr are mpiexec's: it writes the ranks' output there itself */
    LAUNCH_STDIN_OURS = 256, /* the proxy's stdin is mpiexec's: the rank that takes stdin gets it as it is */
    LAUNCH_STDIN_TTY = 512,  /* stdin is a terminal: to be asked for (STDIN_WANTED) */
    LAUNCH_LINES = 1024, /* stdout is a terminal to each rank, whose libc then writes a line as soon as it has one */
    LAUNCH_PTY = 2048,   /* pty_rank works in a terminal */
};

/* The protocols by which a rank finds the others. */
enum launch_pmi { LAUNCH_PMI_1 = 1, LAUNCH_PMI_2 = 2, LAUNCH_PMI_X = 4, LAUNCH_PMI_ALL = 7 };

/* The value for one rank: O(runs). */
uint32_t rank_runs_at(const struct rank_runs *runs, uint32_t rank);
/* From one value a rank. Returns 0, or -1 without memory. */
int rank_runs_build(struct rank_runs *runs, const uint32_t *values, uint32_t n);
bool launch_spec_takes_stdin(const struct launch_spec *s, uint32_t rank);
bool launch_spec_has_pty(const struct launch_spec *s, uint32_t rank);

/* An empty list when n is 0. Copies. Returns 0, or -1 without memory. */
int strings_copy(struct strings *s, char *const *v, uint32_t n);

#endif
