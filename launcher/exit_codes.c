/* SPDX-License-Identifier: BSD-3-Clause
 *
 * exit_codes: ranks by the way in which they ended.
 */
#include "launcher/exit_codes.h"

#include <sys/wait.h>

#define SIGNAL 256u /* ways: codes, then signals, then these */
#define LOST 512u
#define NOT_STARTED 513u
#define WAYS 514u

static unsigned way_of(const struct rank_info *r)
{
    int status = (int)r->status;
    if (r->lost)
        return LOST;
    if (!r->started)
        return NOT_STARTED;
    return WIFSIGNALED(status) ? SIGNAL + (unsigned)WTERMSIG(status) : (unsigned)WEXITSTATUS(status);
}

static void print_way(FILE *to, const struct job *j, unsigned way)
{
    fputs("mpiexec: ", to);
    if (j->world)
        fprintf(to, "%s's world, ", j->world);
    else if (j->spec.job)
        fprintf(to, "spawned job %u, ", j->spec.job);
    if (way < SIGNAL)
        fprintf(to, "exit code %u: ", way);
    else if (way < LOST)
        fprintf(to, "signal %u: ", way - SIGNAL);
    else
        fputs(way == LOST ? "lost: " : "not started: ", to);
}

/* "ranks 0-2,4" */
static void print_ranks(FILE *to, const struct job *j, unsigned way)
{
    uint32_t n = 0, size = j->spec.map.nranks;
    for (uint32_t i = 0; i < size; i++)
        n += way_of(&j->ranks[i]) == way;
    fprintf(to, "rank%s ", n == 1 ? "" : "s");
    const char *comma = "";
    for (uint32_t i = 0; i < size; i++) {
        uint32_t first = i;
        if (way_of(&j->ranks[i]) != way)
            continue;
        while (i + 1 < size && way_of(&j->ranks[i + 1]) == way)
            i++;
        fprintf(to, i > first ? "%s%u-%u" : "%s%u", comma, first, i);
        comma = ",";
    }
    fputc('\n', to);
}

static void print_job(FILE *to, const struct job *j)
{
    bool seen[WAYS] = {false};
    for (uint32_t i = 0; i < j->spec.map.nranks; i++)
        seen[way_of(&j->ranks[i])] = true;
    for (unsigned way = 0; way < WAYS; way++)
        if (seen[way]) {
            print_way(to, j, way);
            print_ranks(to, j, way);
        }
}

void exit_codes_print(const struct run *run, FILE *to)
{
    const struct job *j;
    TAILQ_FOREACH(j, &run->jobs, link)
    print_job(to, j);
}
