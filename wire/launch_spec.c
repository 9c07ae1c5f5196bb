/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/launch_spec.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (16u << 20) /* one string; the kernel's own limit for an argument is smaller */

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

void strings_fini(struct strings *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        free(s->v[i]);
    free(s->v);
    *s = (struct strings){0};
}

static void strings_put(struct buf *b, const struct strings *s)
{
    buf_put_u32(b, s->n);
    for (uint32_t i = 0; i < s->n; i++)
        buf_put_str(b, s->v[i]);
}

/* A string with a NUL inside would be cut silently by everything that follows: it is malformed. */
static char *text_get(struct rbuf *r)
{
    struct bytes t = rbuf_bytes(r, TEXT_MAX);
    if (t.len && memchr(t.data, 0, t.len))
        r->bad = true;
    char *s = rbuf_ok(r) ? bytes_dup(t) : NULL;
    if (!s)
        r->bad = true;
    return s;
}

static void strings_get(struct rbuf *r, struct strings *s)
{
    *s = (struct strings){0};
    uint32_t n = rbuf_count(r, 4);
    s->v = rbuf_ok(r) ? calloc((size_t)n + 1, sizeof *s->v) : NULL;
    if (!s->v)
        r->bad = true;
    while (rbuf_ok(r) && s->n < n) {
        char *t = text_get(r);
        if (t)
            s->v[s->n++] = t;
    }
}

static void runs_put(struct buf *b, const struct rank_runs *runs)
{
    buf_put_u32(b, runs->n);
    for (uint32_t i = 0; i < runs->n; i++) {
        buf_put_u32(b, runs->v[i].start);
        buf_put_u32(b, runs->v[i].step);
        buf_put_u32(b, runs->v[i].count);
    }
}

/* Every rank has a value, and every value is below `bound`. */
static void runs_get(struct rbuf *r, struct rank_runs *runs, uint32_t nranks, uint32_t bound)
{
    *runs = (struct rank_runs){0};
    uint32_t n = rbuf_count(r, 12);
    runs->v = rbuf_ok(r) ? calloc((size_t)n + 1, sizeof *runs->v) : NULL;
    if (!runs->v)
        r->bad = true;
    uint64_t sum = 0;
    while (rbuf_ok(r) && runs->n < n) {
        struct rank_run v;
        v.start = rbuf_u32(r);
        v.step = rbuf_u32(r);
        v.count = rbuf_u32(r);
        uint64_t last = v.start + (v.step ? (uint64_t)v.count - 1 : 0);
        if (!v.count || v.step > 1 || last >= bound)
            r->bad = true;
        sum += v.count;
        runs->v[runs->n++] = v;
    }
    if (sum != nranks)
        r->bad = true;
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

static void app_put(struct buf *b, const struct launch_app *a)
{
    strings_put(b, &a->argv);
    buf_put_u32(b, a->env);
    strings_put(b, &a->templates);
    buf_put_u32(b, a->arg_templates);
    buf_put_str(b, a->wdir);
    buf_put_str(b, a->path);
    buf_put_u32(b, a->umask);
}

static void app_get(struct rbuf *r, struct launch_app *a)
{
    strings_get(r, &a->argv);
    a->env = rbuf_u32(r);
    strings_get(r, &a->templates);
    a->arg_templates = rbuf_u32(r);
    a->wdir = text_get(r);
    a->path = text_get(r);
    a->umask = rbuf_u32(r);
    if (a->argv.n == 0)
        r->bad = true;
}

static void apps_get(struct rbuf *r, struct launch_spec *s)
{
    uint32_t n = rbuf_count(r, 28);
    s->apps = rbuf_ok(r) && n ? calloc(n, sizeof *s->apps) : NULL;
    if (!s->apps)
        r->bad = true;
    while (rbuf_ok(r) && s->napps < n)
        app_get(r, &s->apps[s->napps++]);
}

static void envs_get(struct rbuf *r, struct launch_spec *s)
{
    uint32_t n = rbuf_count(r, 4);
    s->envs = rbuf_ok(r) && n ? calloc(n, sizeof *s->envs) : NULL;
    if (!s->envs)
        r->bad = true;
    while (rbuf_ok(r) && s->nenvs < n)
        strings_get(r, &s->envs[s->nenvs++]);
    for (uint32_t i = 0; i < s->napps; i++)
        if (s->apps[i].env >= s->nenvs)
            r->bad = true;
}

static void stdin_get(struct rbuf *r, struct launch_spec *s)
{
    uint32_t n = rbuf_count(r, 8);
    s->stdin_ranks = rbuf_ok(r) ? calloc((size_t)n + 1, sizeof *s->stdin_ranks) : NULL;
    if (!s->stdin_ranks)
        r->bad = true;
    while (rbuf_ok(r) && s->nstdin < n) {
        struct rank_range *range = &s->stdin_ranks[s->nstdin++];
        range->first = rbuf_u32(r);
        range->last = rbuf_u32(r);
    }
}

void launch_spec_put(struct buf *b, const struct launch_spec *s)
{
    buf_put_u32(b, s->job);
    buf_put_u32(b, s->flags);
    rankmap_put(b, &s->map);
    buf_put_u32(b, s->napps);
    for (uint32_t i = 0; i < s->napps; i++)
        app_put(b, &s->apps[i]);
    buf_put_u32(b, s->nenvs);
    for (uint32_t i = 0; i < s->nenvs; i++)
        strings_put(b, &s->envs[i]);
    runs_put(b, &s->app_of_rank);
    strings_put(b, &s->bindings);
    runs_put(b, &s->binding_of_rank);
    buf_put_u32(b, s->nstdin);
    for (uint32_t i = 0; i < s->nstdin; i++) {
        buf_put_u32(b, s->stdin_ranks[i].first);
        buf_put_u32(b, s->stdin_ranks[i].last);
    }
    buf_put_str(b, s->label);
    buf_put_str(b, s->output_dir);
    buf_put_str(b, s->outfile);
    buf_put_str(b, s->errfile);
    buf_put_str(b, s->kvsname);
    buf_put_str(b, s->spawner);
    buf_put_u32(b, s->universe_size);
}

bool launch_spec_get(struct rbuf *r, struct launch_spec *s)
{
    *s = (struct launch_spec){0};
    s->job = rbuf_u32(r);
    s->flags = rbuf_u32(r);
    if (!rankmap_get(r, &s->map))
        r->bad = true;
    apps_get(r, s);
    envs_get(r, s);
    runs_get(r, &s->app_of_rank, s->map.nranks, s->napps);
    strings_get(r, &s->bindings);
    runs_get(r, &s->binding_of_rank, s->map.nranks, s->bindings.n + 1);
    stdin_get(r, s);
    s->label = text_get(r);
    s->output_dir = text_get(r);
    s->outfile = text_get(r);
    s->errfile = text_get(r);
    s->kvsname = text_get(r);
    s->spawner = text_get(r);
    s->universe_size = rbuf_u32(r);
    if (rbuf_done(r))
        return true;
    launch_spec_fini(s);
    return false;
}

static void app_fini(struct launch_app *a)
{
    strings_fini(&a->argv);
    strings_fini(&a->templates);
    free(a->wdir);
    free(a->path);
}

void launch_spec_fini(struct launch_spec *s)
{
    rankmap_fini(&s->map);
    for (uint32_t i = 0; i < s->napps; i++)
        app_fini(&s->apps[i]);
    free(s->apps);
    free(s->app_of_rank.v);
    for (uint32_t i = 0; i < s->nenvs; i++)
        strings_fini(&s->envs[i]);
    free(s->envs);
    strings_fini(&s->bindings);
    free(s->binding_of_rank.v);
    free(s->stdin_ranks);
    free(s->label);
    free(s->output_dir);
    free(s->outfile);
    free(s->errfile);
    free(s->kvsname);
    free(s->spawner);
    *s = (struct launch_spec){0};
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
