/* SPDX-License-Identifier: BSD-3-Clause
 *
 * staging: the rules. What is not here cannot be copied; that it is missing is told where it is started.
 */
#include "launcher/staging.h"

#include "common/xalloc.h"
#include "launcher/start/stage.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As a proxy finds it: below the directory of the ranks; or, here, below ours. */
static int add_program(struct stage *s, const struct app *a, struct err *e)
{
    const char *program = a->argv[0];
    char cwd[PATH_MAX], there[2 * PATH_MAX], here[2 * PATH_MAX];
    if (!strchr(program, '/') || !getcwd(cwd, sizeof cwd))
        return 0;
    if (*program == '/')
        snprintf(there, sizeof there, "%s", program);
    else if (a->wdir && *a->wdir == '/')
        snprintf(there, sizeof there, "%s/%s", a->wdir, program);
    else
        snprintf(there, sizeof there, "%s/%s%s%s", cwd, a->wdir ? a->wdir : "", a->wdir ? "/" : "", program);
    snprintf(here, sizeof here, "%s", there);
    if (access(here, R_OK) < 0 && *program != '/')
        snprintf(here, sizeof here, "%s/%s", cwd, program);
    return access(here, R_OK) < 0 ? 0 : stage_add(s, there, here, e);
}

static int add_named(struct stage *s, const char *list, struct err *e)
{
    char *copy = xstrdup(list), *rest = copy, *name, path[PATH_MAX];
    int rc = 0;
    bool before = s->by_content;
    s->by_content = true;
    while (rc == 0 && (name = strsep(&rest, ",")))
        if (*name)
            rc = realpath(name, path) ? stage_add(s, path, path, e) : err_set(e, "--stage-files: %s: %m", name);
    s->by_content = before;
    free(copy);
    return rc;
}

int staging_choose(const struct options *o, const char *proxy, struct stage **to, struct err *e)
{
    static struct stage stage;
    *to = NULL;
    if (o->no_stage && (o->stage || o->stage_files))
        return err_set(e, "--no-stage and --stage exclude each other");
    if (o->no_stage)
        return 0;
    stage.by_content = o->stage;
    int rc = stage_add(&stage, proxy, proxy, e);
    for (size_t i = 0; rc == 0 && i < o->napps; i++)
        rc = add_program(&stage, &o->apps[i], e);
    if (rc == 0 && o->stage_files)
        rc = add_named(&stage, o->stage_files, e);
    *to = &stage;
    return rc;
}
