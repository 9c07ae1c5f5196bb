/* SPDX-License-Identifier: BSD-3-Clause
 *
 * slurm: SLURM_JOB_NODELIST is a host list, SLURM_TASKS_PER_NODE the ranks of each of its nodes as run lengths:
 * "2(x3),1". In a step the latter speaks of the step, the former of the job.
 */
#include "common/xalloc.h"
#include "launcher/rm/parsers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One "2(x3)" of text[0..len). Returns 0, or -1. */
static int run_read(const char *text, size_t len, uint32_t *count, uint32_t *times)
{
    const char *times_at = memchr(text, '(', len);
    size_t n = times_at ? (size_t)(times_at - text) : len;
    *times = 1;
    if (times_at && (len - n < 4 || times_at[1] != 'x' || text[len - 1] != ')' ||
                     rm_number(times_at + 2, len - n - 3, HOSTLIST_MAX, times) < 0))
        return -1;
    return rm_number(text, n, HOSTLIST_SLOTS_MAX, count);
}

/* The counts of all n hosts; *told: how many there are in text, whatever n is. Returns 0, or -1: malformed. */
static int runs_read(const char *text, uint32_t *counts, size_t n, uint64_t *told)
{
    uint32_t count, times;
    *told = 0;
    for (;; text++) {
        size_t len = strcspn(text, ",");
        if (run_read(text, len, &count, &times) < 0)
            return -1;
        for (uint64_t i = *told; i < *told + times && i < n; i++)
            counts[i] = count;
        *told += times;
        text += len;
        if (!*text)
            return 0;
    }
}

/* Counts by host from a variable that must speak of as many hosts as there are. Returns 1, 0 if it speaks of others,
 * -1: malformed, e is set. */
static int counts_of(const struct rm_source *s, const char *name, uint32_t *counts, size_t n, struct err *e)
{
    uint64_t told;
    const char *text = rm_variable(s, name);
    if (!text)
        return 0;
    if (runs_read(text, counts, n, &told) < 0)
        return err_set(e, "%s=%.80s is not a list such as 2(x3),1", name, text);
    if (told == n)
        return 1;
    err_set(e, "%s=%.80s speaks of %llu hosts, but SLURM_JOB_NODELIST names %zu", name, text, (unsigned long long)told,
            n);
    return 0;
}

static uint32_t small_number(const struct rm_source *s, const char *name, uint32_t max)
{
    const char *text = rm_variable(s, name);
    uint32_t value;
    return text && rm_number(text, strlen(text), max, &value) == 0 ? value : 0;
}

static void slots_set(struct allocation *a, const uint32_t *counts, uint32_t divisor)
{
    for (size_t i = 0; i < a->hosts.n; i++)
        a->hosts.hosts[i].slots = counts[i] / divisor ? counts[i] / divisor : 1;
}

/* Tasks by host where Slurm has said so for the whole job; else processors by host. */
static int slots_read(const struct rm_source *s, struct allocation *a, uint32_t *counts, struct err *e)
{
    static const char tasks[] = "SLURM_TASKS_PER_NODE", cpus[] = "SLURM_JOB_CPUS_PER_NODE";
    int found = counts_of(s, tasks, counts, a->hosts.n, e);
    if (found < 0 || (!found && rm_variable(s, tasks) && !rm_variable(s, "SLURM_STEP_ID")))
        return -1;
    if (found) {
        rm_note_from(a, tasks, rm_variable(s, tasks));
        slots_set(a, counts, 1);
        return 0;
    }
    found = counts_of(s, cpus, counts, a->hosts.n, e);
    if (found < 0 || (!found && rm_variable(s, cpus)))
        return -1;
    if (found) {
        rm_note_from(a, cpus, rm_variable(s, cpus));
        slots_set(a, counts, a->cpus_per_rank ? a->cpus_per_rank : 1);
    }
    return 0;
}

/* Parts of a heterogeneous job have lists of their own, whose ranks srun alone puts together. */
static int check_whole(const struct rm_source *s, struct err *e)
{
    static const char *const sizes[] = {"SLURM_HET_SIZE", "SLURM_PACK_SIZE"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (small_number(s, sizes[i], 1000000) > 1)
            return err_set(e, "this is a heterogeneous job (%s=%s), which is not supported; name its hosts by --hosts",
                           sizes[i], rm_variable(s, sizes[i]));
    return 0;
}

enum rm_found rm_slurm_read(const struct rm_source *s, struct allocation *a, struct err *e)
{
    char where[32];
    const char *name = "SLURM_JOB_NODELIST", *list = rm_variable(s, name);
    if (check_whole(s, e) < 0)
        return RM_ERROR;
    if (!list && !(list = rm_variable(s, name = "SLURM_NODELIST")))
        return RM_ABSENT;
    const char *job = rm_variable(s, "SLURM_JOB_ID");
    rm_note_job(a, job ? job : rm_variable(s, "SLURM_JOBID"));
    rm_note_from(a, name, list);
    snprintf(where, sizeof where, "%s: ", name);
    if (hostlist_mention(&a->hosts, list, strlen(list), 0, where, e) < 0)
        return RM_ERROR;
    a->cpus_per_rank = small_number(s, "SLURM_CPUS_PER_TASK", 65536);
    /* In a step it is the step's number, often the one of the shell that mpiexec was typed into. */
    a->ranks = rm_variable(s, "SLURM_STEP_ID") ? 0 : small_number(s, "SLURM_NTASKS", 16777216);
    uint32_t *counts = xcalloc(a->hosts.n + 1, sizeof *counts);
    int rc = slots_read(s, a, counts, e);
    free(counts);
    return rc < 0 ? RM_ERROR : RM_FOUND;
}
