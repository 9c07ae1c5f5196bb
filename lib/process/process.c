/* SPDX-License-Identifier: BSD-3-Clause
 *
 * process: the index of processes. */
#include "lib/process/process.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/core/error.h"

int process_self, process_count;
int (*process_grow)(int count);

static struct process_job *jobs; /* the own one first, by rising index */
static int job_count;

/* FNV-1a, folded to its upper and lower half. */
static uint32_t tag_of(const char *name)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return (uint32_t)(h ^ h >> 32) & ((1u << PROCESS_TAG_BITS) - 1);
}

static int refused(int rc, const char *name, const char *why)
{
    error_detail_set(rc, "job %.100s cannot be reached: %s", name, why);
    return -1;
}

/* The place among the jobs for one of so many ranks, where indices are free, and its first index. */
static int find_gap(int size, int *first)
{
    int end = job_count > 0 ? jobs[0].size : 0, i = 1;
    for (; i < job_count && jobs[i].first - end < size; i++)
        end = jobs[i].first + jobs[i].size;
    *first = end;
    return job_count > 0 ? i : 0;
}

static int insert(const char *name, int size)
{
    int first, at = find_gap(size, &first);
    struct process_job *j = realloc(jobs, (size_t)(job_count + 1) * sizeof *j);
    if (!j)
        return refused(MPI_ERR_NO_MEM, name, "out of memory");
    jobs = j;
    memmove(&j[at + 1], &j[at], (size_t)(job_count - at) * sizeof *j);
    j += at;
    *j = (struct process_job){.tag = tag_of(name), .first = first, .size = size};
    strncpy(j->name, name, sizeof j->name - 1);
    job_count++;
    if (first + size > process_count)
        process_count = first + size;
    return j->first;
}

int process_init(const char *name, int rank, int size)
{
    process_fini();
    process_self = rank;
    return insert(name, size) == 0 ? MPI_SUCCESS : MPI_ERR_NO_MEM;
}

void process_fini(void)
{
    free(jobs);
    jobs = NULL;
    job_count = process_count = 0;
}

int process_job_add(const char *name, int size)
{
    if (size < 1 || strlen(name) >= PROCESS_JOB_NAME || size > INT_MAX - process_count)
        return refused(MPI_ERR_OTHER, name, "its name or its size is not valid");
    for (int i = 0; i < job_count; i++) {
        if (strcmp(jobs[i].name, name) == 0)
            return jobs[i].size == size ? jobs[i].first
                                        : refused(MPI_ERR_OTHER, name, "another job of that name is known");
        if (jobs[i].tag == tag_of(name))
            return refused(MPI_ERR_OTHER, name, "its name cannot be told from that of another job; start it again");
    }
    int first;
    find_gap(size, &first);
    if (process_grow && first + size > process_count && process_grow(first + size) != MPI_SUCCESS)
        return refused(MPI_ERR_NO_MEM, name, "out of memory");
    return insert(name, size);
}

const struct process_job *process_job_own(void)
{
    return &jobs[0];
}

/* The place of the job that an index is of. */
static int place_of(int index)
{
    int lo = 0, hi = job_count - 1;
    while (lo < hi) {
        int mid = lo + (hi - lo + 1) / 2;
        if (jobs[mid].first <= index)
            lo = mid;
        else
            hi = mid - 1;
    }
    return lo;
}

const struct process_job *process_job_of(int index, int *rank)
{
    const struct process_job *j = &jobs[place_of(index)];
    *rank = index - j->first;
    return j;
}

void process_hold(int index)
{
    jobs[place_of(index)].held++;
}

/* At the end of all, groups go after the jobs. */
void process_release(int index)
{
    if (job_count > 0)
        jobs[place_of(index)].held--;
}

int64_t *process_ties(int index)
{
    return &jobs[place_of(index)].ties;
}

bool process_is_held(int index)
{
    int at = place_of(index);
    return at == 0 || jobs[at].held > 0;
}

const struct process_job *process_job_idle(int from)
{
    for (int i = 1; i < job_count; i++)
        if (jobs[i].held == 0 && jobs[i].first >= from)
            return &jobs[i];
    return NULL;
}

void process_job_remove(int first)
{
    int at = place_of(first);
    memmove(&jobs[at], &jobs[at + 1], (size_t)(job_count - at - 1) * sizeof *jobs);
    job_count--;
}

int process_find(uint32_t tag, int rank)
{
    for (int i = 0; i < job_count; i++)
        if (jobs[i].tag == tag)
            return rank >= 0 && rank < jobs[i].size ? jobs[i].first + rank : -1;
    return -1;
}

const char *process_text(int index, char text[PROCESS_TEXT])
{
    int rank;
    const struct process_job *j = process_job_of(index, &rank);
    if (j == &jobs[0])
        snprintf(text, PROCESS_TEXT, "rank %d of MPI_COMM_WORLD", rank);
    else
        snprintf(text, PROCESS_TEXT, "rank %d of job %s", rank, j->name);
    return text;
}
