/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Worlds are numbered as their first programs stand in the command.
 */
#include "launcher/worlds.h"

#include "common/xalloc.h"
#include "launcher/map/types.h"
#include "launcher/program.h"

#include <stdlib.h>
#include <string.h>

#define NO_WORLD UINT32_MAX

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_program(const struct app *a, const struct app *b)
{
    return same_text(a->argv[0], b->argv[0]) && same_text(a->path, b->path) && same_text(a->wdir, b->wdir);
}

static uint32_t world_take(struct worlds *w, const char *family)
{
    uint32_t i = 0;
    if (!family)
        return NO_WORLD;
    while (i < w->n && strcmp(w->name[i], family) != 0)
        i++;
    if (i == w->n)
        w->name[w->n++] = family;
    return i;
}

static uint32_t world_of(struct worlds *w, const struct app *a)
{
    static struct program p;
    program_find(&p, a);
    return world_take(w, program_family(&p));
}

void worlds_find(struct worlds *w, const struct options *o)
{
    *w = (struct worlds){.n = 0};
    if (o->napps > 1)
        w->of_app = xcalloc(o->napps, sizeof *w->of_app);
    for (size_t i = 0; i < o->napps && w->of_app; i++) {
        bool again = i > 0 && same_program(&o->apps[i], &o->apps[i - 1]);
        uint32_t world = again ? w->of_app[i - 1] : world_of(w, &o->apps[i]);
        w->of_app[i] = world == NO_WORLD && i > 0 ? w->of_app[i - 1] : world;
    }
    if (w->n < 2) {
        worlds_fini(w);
        w->n = 1;
    }
    for (size_t i = 0; w->of_app && w->of_app[i] == NO_WORLD; i++)
        w->of_app[i] = 0;
}

void worlds_fini(struct worlds *w)
{
    free(w->of_app);
    w->of_app = NULL;
}

static bool belongs(const struct job_request *r, uint32_t app, uint32_t world)
{
    return !r->world_of_app || r->world_of_app[app] == world;
}

void share_take(struct share *s, const struct job_request *r, const struct map_plan *p, uint32_t world)
{
    *s = (struct share){.ranks = xcalloc(p->nranks, sizeof *s->ranks),
                        .apps = xcalloc(r->napps, sizeof *s->apps),
                        .number_of_app = xcalloc(r->napps, sizeof *s->number_of_app)};
    for (uint32_t i = 0; i < r->napps; i++) {
        s->number_of_app[i] = s->napps;
        if (belongs(r, i, world))
            s->apps[s->napps++] = &r->apps[i];
    }
    for (uint32_t i = 0; i < p->nranks; i++)
        if (belongs(r, p->ranks[i].app, world))
            s->ranks[s->nranks++] = &p->ranks[i];
}

void share_fini(struct share *s)
{
    free(s->ranks);
    free(s->apps);
    free(s->number_of_app);
}
