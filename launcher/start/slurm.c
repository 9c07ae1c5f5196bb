/* SPDX-License-Identifier: BSD-3-Clause
 *
 * slurm: one srun starts all proxies, as a step that takes nothing from the others of its job. A step has a task a
 * node, which knows its node by Slurm's name for it.
 */
#include "launcher/start/slurm.h"

#include "launcher/start/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 60000 /* Slurm's prologs may be slow */

/* Without a list it is all nodes of the job: a list of thousands may be too long for a command line. */
static bool is_whole_job(size_t n)
{
    const char *nodes = getenv("SLURM_JOB_NUM_NODES");
    if (!nodes)
        nodes = getenv("SLURM_NNODES");
    return nodes && strtoul(nodes, NULL, 10) == n;
}

static void add_nodes(struct words *w, struct start *const *v, size_t n)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    for (size_t i = 0; to && i < n; i++)
        fprintf(to, "%s%s", i ? "," : "", v[i]->host);
    if (to && fclose(to) == 0)
        words_addf(w, "--nodelist=%s", text);
    free(text);
}

static void slurm_words(struct words *w, struct start *const *v, size_t n)
{
    static const char *const all[] = {"--ntasks-per-node=1",  "--overlap",    "--mem=0",   "--mpi=none",
                                      "--cpu-bind=none",      "--input=none", "--no-kill", "--wait=0",
                                      "--kill-on-bad-exit=0", "--export=ALL", "--chdir=/", "--unbuffered"};
    char *const *more = v[0]->starter->remote.args;
    words_addf(w, "--nodes=%zu", n);
    words_addf(w, "--ntasks=%zu", n);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        words_add(w, all[i]);
    if (!is_whole_job(n))
        add_nodes(w, v, n);
    for (; more && *more; more++)
        words_add(w, *more);
}

static void slurm_id(const struct start *s, char *text, size_t size)
{
    snprintf(text, size, "%s", s->host);
}

static bool starts_with(const char *text, const char *head)
{
    return strncmp(text, head, strlen(head)) == 0;
}

/* Variables that stand for options of srun, left by salloc, sbatch or an srun around us: what they ask for is in the
 * allocation already, or was meant for another program. Those that say which job this is are not among them. */
static bool slurm_withholds(const char *variable)
{
    static const char *const options[] = {"ACCEL_BIND",
                                          "BCAST",
                                          "CLUSTER_CONSTRAINT",
                                          "COMPRESS",
                                          "CORE_SPEC",
                                          "CPU_BIND",
                                          "CPU_FREQ_REQ",
                                          "CPUS_PER_GPU",
                                          "CPUS_PER_TASK",
                                          "DISTRIBUTION",
                                          "EPILOG",
                                          "EXACT",
                                          "EXCLUSIVE",
                                          "EXPORT_ENV",
                                          "GPUS",
                                          "GPU_BIND",
                                          "GPU_FREQ",
                                          "GPUS_PER_NODE",
                                          "GPUS_PER_TASK",
                                          "HINT",
                                          "HOSTFILE",
                                          "IMMEDIATE",
                                          "KILL_BAD_EXIT",
                                          "LABELIO",
                                          "MEM_BIND",
                                          "MEM_PER_CPU",
                                          "MEM_PER_GPU",
                                          "MEM_PER_NODE",
                                          "MPI_TYPE",
                                          "MULTI",
                                          "NO_KILL",
                                          "NPROCS",
                                          "NTASKS",
                                          "NTASKS_PER_CORE",
                                          "NTASKS_PER_GPU",
                                          "NTASKS_PER_NODE",
                                          "NTASKS_PER_SOCKET",
                                          "NTASKS_PER_TRES",
                                          "OPEN_MODE",
                                          "OVERCOMMIT",
                                          "OVERLAP",
                                          "PMI_KVS_NO_DUP_KEYS",
                                          "PROLOG",
                                          "REMOTE_CWD",
                                          "RESV_PORTS",
                                          "SPREAD_JOB",
                                          "SRUN_MULTI",
                                          "SRUN_REDUCE_TASK_EXIT_MSG",
                                          "STDERRMODE",
                                          "STDINMODE",
                                          "STDOUTMODE",
                                          "TASK_EPILOG",
                                          "TASK_PROLOG",
                                          "THREAD_SPEC",
                                          "THREADS",
                                          "THREADS_PER_CORE",
                                          "TIMELIMIT",
                                          "TRES_BIND",
                                          "TRES_PER_TASK",
                                          "UNBUFFEREDIO",
                                          "USE_MIN_NODES",
                                          "WAIT",
                                          "WORKING_DIR"};
    const char *name = variable + strlen("SLURM_");
    if (starts_with(variable, "SRUN_"))
        return true;
    if (!starts_with(variable, "SLURM_"))
        return false;
    size_t n = strcspn(name, "=");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strlen(options[i]) == n && memcmp(options[i], name, n) == 0)
            return true;
    return false;
}

/* "srun: error: n[2-3]: tasks 1-2: Killed", "srun: error: Node failure on n2" */
static bool slurm_speaks_of(const char *line, const char **hosts, size_t *len, const char **what)
{
    static const char head[] = "srun: error: ", failure[] = "Node failure on ";
    if (!starts_with(line, head))
        return false;
    line += sizeof head - 1;
    if (starts_with(line, failure)) {
        *what = line;
        *hosts = line + sizeof failure - 1;
        *len = strcspn(*hosts, " ");
        return *len > 0;
    }
    *hosts = line;
    *len = strcspn(line, ": ");
    *what = line + *len + 2;
    return *len > 0 && starts_with(line + *len, ": task");
}

/* Slurm may not bind tasks; nor shall it. */
static bool slurm_is_chatter(const char *line)
{
    return strstr(line, "lacks support for cpu binding") != NULL;
}

static const struct group_kind kind = {.program = "srun",
                                       .words = slurm_words,
                                       .shell_id = "$SLURMD_NODENAME",
                                       .id = slurm_id,
                                       .withholds = slurm_withholds,
                                       .is_chatter = slurm_is_chatter,
                                       .speaks_of = slurm_speaks_of};

static void slurm_begin(struct starter *st, struct start **v, size_t n)
{
    group_begin(&kind, st, v, n);
}

const struct start_ops start_slurm = {.name = "slurm",
                                      .patience_ms = PATIENCE_MS,
                                      .is_of_job = true,
                                      .calls_back = true,
                                      .is_flat = true,
                                      .is_far = true,
                                      .descriptors = 1,
                                      .begin = slurm_begin,
                                      .end = group_end,
                                      .cancel = group_cancel,
                                      .fini = group_fini,
                                      .leave = group_leave};
