/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_multi_prog: lines of the file over ranks, then ranks into applications.
 */
#include "launcher/opt_multi_prog.h"

#include "common/file.h"
#include "common/xalloc.h"
#include "launcher/opt_words.h"
#include "launcher/ranklist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)16 << 20)
#define RANKS_LIMIT 16777216u
#define APPS_LIMIT 65536u
#define REST UINT32_MAX /* of a rank: no line names it */

struct line {
    char **argv; /* the program and its arguments; NULL-terminated */
    size_t argc, number;
    struct rank_range *ranks; /* NULL: all that no line names */
    uint32_t nranks;
    bool varies; /* %t or %o in an argument */
};

struct plan {
    const char *file;
    struct line *lines;
    uint32_t nlines;
    uint32_t *line_of, *place_of; /* by rank: which line, and its place among those of the line */
    uint32_t size;
    struct err *e;
};

static void plan_fini(struct plan *p)
{
    for (uint32_t i = 0; i < p->nlines; i++) {
        for (size_t k = 0; k < p->lines[i].argc; k++)
            free(p->lines[i].argv[k]);
        free(p->lines[i].argv);
        free(p->lines[i].ranks);
    }
    free(p->lines);
    free(p->line_of);
    free(p->place_of);
}

static int take_line(struct plan *p, const struct opt_words *w)
{
    struct err why;
    struct line l = {.number = w->line};
    if (w->n < 2)
        return err_set(p->e, "%s:%zu: a line reads: ranks, a program, its arguments", p->file, w->line);
    if (strcmp(w->all[0], "*") && ranklist_parse(w->all[0], RANKS_LIMIT, &l.ranks, &l.nranks, &why) < 0)
        return err_set(p->e, "%s:%zu: %s", p->file, w->line, why.text);
    l.argc = w->n - 1;
    l.argv = xcalloc(l.argc + 1, sizeof *l.argv);
    for (size_t i = 0; i < l.argc; i++) {
        l.argv[i] = xstrdup(w->all[i + 1]);
        l.varies |= i && (strstr(l.argv[i], "%t") || strstr(l.argv[i], "%o"));
    }
    if ((p->nlines & (p->nlines - 1)) == 0)
        p->lines = xreallocarray(p->lines, p->nlines ? 2 * (size_t)p->nlines : 1, sizeof *p->lines);
    p->lines[p->nlines++] = l;
    return 0;
}

static int read_lines(struct plan *p)
{
    char *text = file_read(p->file, FILE_LIMIT, NULL, p->e);
    struct opt_text t = {text, 1, p->file};
    struct opt_words w = {0};
    int rc = text ? 0 : -1;
    while (rc == 0 && (rc = opt_words_next(&w, &t, p->e)) > 0)
        rc = take_line(p, &w);
    opt_words_fini(&w);
    free(text);
    return rc == 0 && !p->nlines ? err_set(p->e, "%s names no program", p->file) : rc;
}

/* As many as asked for, else as the file names. */
static uint32_t count_ranks(const struct plan *p, long np)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->nlines && np < 0; i++)
        for (uint32_t k = 0; k < p->lines[i].nranks; k++)
            if (p->lines[i].ranks[k].last >= n)
                n = p->lines[i].ranks[k].last + 1;
    return np >= 0 ? (uint32_t)np : n;
}

static int deal_line(struct plan *p, uint32_t i)
{
    const struct line *l = &p->lines[i];
    uint32_t place = 0;
    for (uint32_t k = 0; k < l->nranks; k++)
        for (uint32_t r = l->ranks[k].first; r <= l->ranks[k].last; r++) {
            if (r >= p->size)
                return err_set(p->e, "%s:%zu: rank %u: the job has ranks 0 to %u (-n)", p->file, l->number, r,
                               p->size - 1);
            if (p->line_of[r] != REST)
                return err_set(p->e, "%s:%zu: rank %u has a program already, in line %zu", p->file, l->number, r,
                               p->lines[p->line_of[r]].number);
            p->line_of[r] = i;
            p->place_of[r] = place++;
        }
    return 0;
}

static int deal_rest(struct plan *p)
{
    uint32_t rest = REST, place = 0;
    for (uint32_t i = p->nlines; i-- > 0;)
        if (!p->lines[i].ranks)
            rest = i;
    for (uint32_t r = 0; r < p->size; r++)
        if (p->line_of[r] == REST) {
            if (rest == REST)
                return err_set(p->e, "%s: no line names rank %u, nor all others (*)", p->file, r);
            p->line_of[r] = rest;
            p->place_of[r] = place++;
        }
    return 0;
}

static int deal(struct plan *p)
{
    if (!p->size)
        return err_set(p->e, "%s names no rank: say with -n how many there are", p->file);
    p->line_of = xcalloc(p->size, sizeof *p->line_of);
    p->place_of = xcalloc(p->size, sizeof *p->place_of);
    for (uint32_t r = 0; r < p->size; r++)
        p->line_of[r] = REST;
    for (uint32_t i = 0; i < p->nlines; i++)
        if (deal_line(p, i) < 0)
            return -1;
    return deal_rest(p);
}

/* %t and %o in an argument. */
static char *fill(const char *text, uint32_t rank, uint32_t place)
{
    char *to = xcalloc(strlen(text) * 5 + 1, 1), *at = to; /* a number has at most 8 digits where two characters were */
    for (; *text; text++)
        if (text[0] == '%' && (text[1] == 't' || text[1] == 'o'))
            at += sprintf(at, "%u", *++text == 't' ? rank : place);
        else
            *at++ = *text;
    return to;
}

/* The application of the n ranks from this one. */
static void make_app(const struct plan *p, struct app *a, const struct app *proto, uint32_t rank, uint32_t n)
{
    const struct line *l = &p->lines[p->line_of[rank]];
    app_copy(a, proto);
    a->np = n;
    a->where = xasprintf("%s:%zu", p->file, l->number);
    a->argc = l->argc;
    a->argv = xcalloc(l->argc + 1, sizeof *a->argv);
    for (size_t i = 0; i < l->argc; i++)
        a->argv[i] = i ? fill(l->argv[i], rank, p->place_of[rank]) : xstrdup(l->argv[i]);
}

static uint32_t run_length(const struct plan *p, uint32_t rank)
{
    uint32_t n = 1;
    while (!p->lines[p->line_of[rank]].varies && rank + n < p->size && p->line_of[rank + n] == p->line_of[rank])
        n++;
    return n;
}

static int make_apps(const struct plan *p, struct options *o)
{
    size_t napps = 0;
    for (uint32_t r = 0; r < p->size; r += run_length(p, r))
        napps++;
    if (napps > APPS_LIMIT)
        return err_set(p->e, "%s: more than %u different command lines", p->file, APPS_LIMIT);
    struct app *apps = xcalloc(napps, sizeof *apps);
    for (uint32_t r = 0, i = 0, n; r < p->size; r += n) {
        n = run_length(p, r);
        make_app(p, &apps[i++], &o->apps[0], r, n);
    }
    app_fini(&o->apps[0]);
    free(o->apps);
    o->apps = apps;
    o->napps = napps;
    return 0;
}

int opt_multi_prog(struct options *o, struct err *e)
{
    if (o->napps != 1 || o->apps[0].argc != 1)
        return err_set(e, "--multi-prog: one file is expected in place of the program");
    struct plan p = {.file = o->apps[0].argv[0], .e = e};
    int rc = read_lines(&p);
    if (rc == 0) {
        p.size = count_ranks(&p, o->apps[0].np);
        rc = deal(&p);
    }
    if (rc == 0)
        rc = make_apps(&p, o);
    plan_fini(&p);
    return rc;
}
