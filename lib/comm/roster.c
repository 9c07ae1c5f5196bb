/* SPDX-License-Identifier: BSD-3-Clause
 *
 * roster: groups in bytes, and back. */
#include "lib/comm/roster.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "lib/core/error.h"
#include "lib/process/process.h"
#include "lib/transport/address.h"

/* First a head, then the jobs, then the runs, then so many bytes of the address of each rank. */
struct head {
    int32_t size, jobs, runs, address_bytes;
};
struct job {
    char name[PROCESS_JOB_NAME];
    int32_t size;
};
/* Ranks first, first + stride, ..., so many of them, of that job. */
struct run {
    int32_t job, first, stride, count;
};

struct packing {
    const struct group *g;
    struct job *jobs;
    struct run *runs; /* the last one is still growing */
    int job_count, run_count, run_room;
};

static bool make_room(struct packing *p)
{
    if (p->run_count < p->run_room)
        return true;
    int room = p->run_room ? 2 * p->run_room : 16;
    struct run *more = realloc(p->runs, (size_t)room * sizeof *more);
    if (!more)
        return false;
    p->runs = more;
    p->run_room = room;
    return true;
}

/* The place of a job among those met so far; -1 without memory. */
static int job_place(struct packing *p, const struct process_job *j)
{
    for (int i = 0; i < p->job_count; i++)
        if (strcmp(p->jobs[i].name, j->name) == 0)
            return i;
    struct job *more = realloc(p->jobs, ((size_t)p->job_count + 1) * sizeof *more);
    if (!more)
        return -1;
    p->jobs = more;
    more[p->job_count] = (struct job){.size = j->size};
    memcpy(more[p->job_count].name, j->name, sizeof j->name);
    return p->job_count++;
}

/* Does the last run go on with it? */
static bool run_takes(struct run *r, int job, int rank)
{
    if (r->job != job || (r->count > 1 && rank != r->first + r->stride * r->count))
        return false;
    if (r->count == 1)
        r->stride = rank - r->first;
    r->count++;
    return true;
}

static bool pack_ranks(struct packing *p)
{
    for (int i = 0; i < p->g->size; i++) {
        int rank, job = job_place(p, process_job_of(group_proc(p->g, i), &rank));
        if (job < 0)
            return false;
        if (p->run_count > 0 && run_takes(&p->runs[p->run_count - 1], job, rank))
            continue;
        if (!make_room(p))
            return false;
        p->runs[p->run_count++] = (struct run){job, rank, 1, 1};
    }
    return true;
}

/* How long the longest address is: the rest are zeros. */
static int32_t address_bytes(const unsigned char *addresses, int size)
{
    int longest = 0;
    for (int r = 0; addresses && r < size; r++) {
        int n = ADDRESS_EXPORT;
        while (n > longest && !addresses[(size_t)r * ADDRESS_EXPORT + (size_t)n - 1])
            n--;
        longest = n;
    }
    return longest;
}

static void *joined(const struct packing *p, const unsigned char *addresses, int *bytes)
{
    struct head h = {p->g->size, p->job_count, p->run_count, address_bytes(addresses, p->g->size)};
    size_t jobs = (size_t)h.jobs * sizeof(struct job), runs = (size_t)h.runs * sizeof(struct run);
    size_t each = (size_t)h.address_bytes, n = sizeof h + jobs + runs + (size_t)h.size * each;
    char *all = n <= INT_MAX ? malloc(n) : NULL;
    if (!all)
        return NULL;
    memcpy(all, &h, sizeof h);
    if (h.runs > 0) {
        memcpy(all + sizeof h, p->jobs, jobs);
        memcpy(all + sizeof h + jobs, p->runs, runs);
    }
    for (int r = 0; each > 0 && r < h.size; r++)
        memcpy(all + sizeof h + jobs + runs + (size_t)r * each, addresses + (size_t)r * ADDRESS_EXPORT, each);
    *bytes = (int)n;
    return all;
}

void *roster_pack(const struct group *g, const unsigned char *addresses, int *bytes)
{
    struct packing p = {.g = g};
    void *all = pack_ranks(&p) ? joined(&p, addresses, bytes) : NULL;
    free(p.jobs);
    free(p.runs);
    return all;
}

static int malformed(void)
{
    error_detail_set(MPI_ERR_OTHER, "what another process said of its group makes no sense; all must have one version");
    return MPI_ERR_OTHER;
}

/* The index of each job's rank 0. */
static int meet_jobs(const struct job *jobs, int n, int *firsts)
{
    for (int i = 0; i < n; i++) {
        if (!memchr(jobs[i].name, 0, sizeof jobs[i].name))
            return malformed();
        firsts[i] = process_job_add(jobs[i].name, jobs[i].size);
        if (firsts[i] < 0)
            return MPI_ERR_OTHER;
    }
    return MPI_SUCCESS;
}

static bool run_is_sound(const struct run *r, const struct head *h, const struct job *jobs)
{
    if (r->job < 0 || r->job >= h->jobs || r->count < 1 || r->count > h->size)
        return false;
    int64_t last = r->first + (int64_t)r->stride * (r->count - 1);
    int size = jobs[r->job].size;
    return r->first >= 0 && r->first < size && last >= 0 && last < size && (r->count == 1 || r->stride != 0);
}

static struct group *expanded(const struct run *runs, int n, const int *firsts, int size)
{
    if (n == 1)
        return group_new_regular(firsts[runs->job] + runs->first, runs->stride, size);
    int *procs = malloc((size_t)size * sizeof *procs), at = 0;
    for (int i = 0; procs && i < n; i++)
        for (int k = 0; k < runs[i].count; k++)
            procs[at++] = firsts[runs[i].job] + runs[i].first + runs[i].stride * k;
    return procs ? group_new(procs, size) : NULL;
}

static int unpack(const struct head *h, const struct job *jobs, const struct run *runs, int *firsts, struct group **out)
{
    int64_t size = 0;
    for (int i = 0; i < h->runs; i++) {
        if (!run_is_sound(&runs[i], h, jobs))
            return malformed();
        size += runs[i].count;
    }
    if (size != h->size)
        return malformed();
    int rc = meet_jobs(jobs, h->jobs, firsts);
    if (rc == MPI_SUCCESS && !(*out = expanded(runs, h->runs, firsts, h->size)))
        rc = MPI_ERR_NO_MEM;
    return rc;
}

/* What is told of an own process is not looked at. */
static int tell_addresses(const struct group *g, const unsigned char *each, size_t bytes)
{
    int rc = MPI_SUCCESS;
    for (int r = 0; rc == MPI_SUCCESS && bytes > 0 && r < g->size; r++) {
        unsigned char whole[ADDRESS_EXPORT] = {0};
        memcpy(whole, each + (size_t)r * bytes, bytes);
        rc = address_tell(group_proc(g, r), whole);
    }
    return rc;
}

int roster_unpack(const void *roster, int bytes, struct group **out)
{
    struct head h = {0};
    if ((size_t)bytes >= sizeof h)
        memcpy(&h, roster, sizeof h);
    if (h.size < 1 || h.jobs < 1 || h.runs < 1 || h.address_bytes < 0 || h.address_bytes > ADDRESS_EXPORT)
        return malformed();
    size_t jobs = (size_t)h.jobs * sizeof(struct job), runs = (size_t)h.runs * sizeof(struct run);
    if ((size_t)bytes != sizeof h + jobs + runs + (size_t)h.size * (size_t)h.address_bytes)
        return malformed();
    int *firsts = malloc((size_t)h.jobs * sizeof *firsts);
    if (!firsts)
        return MPI_ERR_NO_MEM;
    const char *at = (const char *)roster + sizeof h;
    int rc = unpack(&h, (const struct job *)at, (const struct run *)(at + jobs), firsts, out);
    free(firsts);
    if (rc != MPI_SUCCESS)
        return rc;
    rc = tell_addresses(*out, (const unsigned char *)at + jobs + runs, (size_t)h.address_bytes);
    if (rc != MPI_SUCCESS)
        group_unref(*out);
    return rc;
}
