/* SPDX-License-Identifier: BSD-3-Clause
 *
 * launch_spec: everything the proxies must know to start one job; sent once, the same bytes to all. Its size is that
 * of the pattern: environment and rank map once a job, bindings once a distinct one.
 */
#ifndef WIRE_LAUNCH_SPEC_H
#define WIRE_LAUNCH_SPEC_H

#include "wire/buf.h"
#include "wire/rankmap.h"

struct strings {
    char **v; /* n strings and a NULL; owned */
    uint32_t n;
};

struct launch_app {
    struct strings argv;
    uint32_t env;             /* index into launch_spec.envs */
    struct strings templates; /* "NAME=TEMPLATE" of the environment */
    uint32_t arg_templates;   /* 0, 1: expand {rank} ... in argv */
    char *wdir;               /* absolute */
    char *path;               /* "": the PATH of the rank's environment */
    uint32_t umask;           /* UINT32_MAX: the proxy's */
};

/* Ranks in order: `count` ranks, the first with value `start`, each next one `step` (0 or 1) more. */
struct rank_run {
    uint32_t start;
    uint32_t step;
    uint32_t count;
};

struct rank_runs {
    struct rank_run *v; /* owned */
    uint32_t n;
};

struct rank_range {
    uint32_t first, last;
};

enum launch_flags {
    LAUNCH_MERGE_STDERR = 1, /* stderr goes where stdout goes, in the order it was written */
    LAUNCH_COLLAPSE = 2,     /* mpiexec puts equal lines together: lines are sent bare, never labelled */
    LAUNCH_TEE = 4,          /* output that goes to files is sent up as well */
    LAUNCH_STDIN_ALL = 8,
    LAUNCH_NO_KILL = 16,
    LAUNCH_SPAWNED = 32, /* by MPI_Comm_spawn or the like */
    LAUNCH_TIMED = 64,       /* mpiexec reports the times of the launch */
    LAUNCH_SCREEN = 128,     /* the proxy's stdout and stderr are mpiexec's: it writes the ranks' output there itself */
    LAUNCH_STDIN_OURS = 256, /* the proxy's stdin is mpiexec's: the rank that takes stdin gets it as it is */
    LAUNCH_STDIN_TTY = 512,  /* stdin is a terminal: to be asked for (STDIN_WANTED) */
};

struct launch_spec {
    uint32_t job;
    uint32_t flags; /* enum launch_flags */
    struct rankmap map;
    struct launch_app *apps; /* napps; owned */
    uint32_t napps;
    struct rank_runs app_of_rank;
    struct strings *envs; /* nenvs blocks of "NAME=VALUE"; owned */
    uint32_t nenvs;
    struct strings bindings;          /* processor lists "0-3,8" */
    struct rank_runs binding_of_rank; /* 0: not bound, else index + 1 */
    struct rank_range *stdin_ranks;   /* nstdin of them; owned */
    uint32_t nstdin;
    char *label;      /* "" none; else the pattern of each line's start */
    char *output_dir; /* "" none */
    char *outfile, *errfile; /* patterns; "" none */
    char *kvsname;
    char *spawner; /* kvsname of the job that asked for this one; "" none */
    uint32_t universe_size;  /* UINT32_MAX: not bounded */
};

void launch_spec_put(struct buf *b, const struct launch_spec *s);
/* true: s is filled and consistent (every index below its bound, every run sums to nranks); launch_spec_fini after.
 * false: malformed, or without memory; s is empty. */
bool launch_spec_get(struct rbuf *r, struct launch_spec *s);
void launch_spec_fini(struct launch_spec *s); /* takes half-filled ones */

/* The value for one rank: O(runs). */
uint32_t rank_runs_at(const struct rank_runs *runs, uint32_t rank);
/* From one value a rank. Returns 0, or -1 without memory. */
int rank_runs_build(struct rank_runs *runs, const uint32_t *values, uint32_t n);
bool launch_spec_takes_stdin(const struct launch_spec *s, uint32_t rank);

/* An empty list when n is 0. Copies. Returns 0, or -1 without memory. */
int strings_copy(struct strings *s, char *const *v, uint32_t n);
void strings_fini(struct strings *s);

#endif
