/* SPDX-License-Identifier: BSD-3-Clause
 *
 * launch_spec.c: what a launch description has to fulfil, and its lists.
 */
#include "wire/launch_spec.h"

#include <stdlib.h>
#include <string.h>

int strings_copy(struct strings *s, char *const *v, uint32_t n)
{
    *s = (struct strings){.v = calloc((size_t)n + 1, sizeof *s->v)};
    if (!s->v)
        return -1;
    for (; s->n < n; s->n++) {
        s->v[s->n] = strdup(v[s->n]);
        if (!s->v[s->n]) {
            strings_fini(s);
            return -1;
        }
    }
    return 0;
}

int rank_runs_build(struct rank_runs *runs, const uint32_t *values, uint32_t n)
{
    *runs = (struct rank_runs){.v = malloc(((size_t)n + 1) * sizeof *runs->v)};
    if (!runs->v)
        return -1;
    for (uint32_t i = 0; i < n; i++) {
        struct rank_run *last = runs->n ? &runs->v[runs->n - 1] : NULL;
        if (last && last->count == 1 && values[i] - last->start <= 1 && values[i] >= last->start)
            *last = (struct rank_run){last->start, values[i] - last->start, 2};
        else if (last && last->count > 1 && values[i] == last->start + last->step * last->count)
            last->count++;
        else
            runs->v[runs->n++] = (struct rank_run){values[i], 0, 1};
    }
    return 0;
}

uint32_t rank_runs_at(const struct rank_runs *runs, uint32_t rank)
{
    for (uint32_t i = 0; i < runs->n; i++) {
        const struct rank_run *v = &runs->v[i];
        if (rank < v->count)
            return v->start + v->step * rank;
        rank -= v->count;
    }
    return 0;
}

/* Every rank has a value, and every value is below `bound`. */
static bool runs_fit(const struct rank_runs *runs, uint32_t nranks, uint32_t bound)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < runs->n; i++) {
        const struct rank_run *v = &runs->v[i];
        if (v->start + (v->step ? (uint64_t)v->count - 1 : 0) >= bound)
            return false;
        sum += v->count;
    }
    return sum == nranks;
}

bool launch_spec_check(const struct launch_spec *s)
{
    bool named = s->nodes.n == s->map.nnodes;
    if (s->nhosts && s->nhosts != s->map.nnodes)
        return false;
    for (uint32_t i = 0; i < s->napps; i++)
        if (s->apps[i].argv.n == 0 || s->apps[i].env >= s->nenvs || (s->apps[i].pmi & LAUNCH_PMI_X && !named))
            return false;
    return runs_fit(&s->app_of_rank, s->map.nranks, s->napps) &&
           runs_fit(&s->binding_of_rank, s->map.nranks, s->bindings.n + 1);
}

bool launch_spec_takes_stdin(const struct launch_spec *s, uint32_t rank)
{
    if (s->flags & LAUNCH_STDIN_ALL)
        return true;
    for (uint32_t i = 0; i < s->nstdin; i++)
        if (rank >= s->stdin_ranks[i].first && rank <= s->stdin_ranks[i].last)
            return true;
    return false;
}

bool launch_spec_has_pty(const struct launch_spec *s, uint32_t rank)
{
    return s->flags & LAUNCH_PTY && s->pty_rank == rank;
}
