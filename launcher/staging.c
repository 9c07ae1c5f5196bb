/* SPDX-License-Identifier: BSD-3-Clause
 *
 * staging: the rules. What is not here cannot be copied; that it is missing is told where it is started.
 */
#include "launcher/staging.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/needs.h"
#include "launcher/start/stage.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARIES_LEAVE 32 /* places for files that the user names */
#define COMMAND_MAX 60000  /* bytes of the remote command that are theirs */

/* Of a path that may be relative to here. */
static bool absolute(char to[PATH_MAX], const char *path)
{
    char cwd[PATH_MAX];
    if (*path == '/')
        return snprintf(to, PATH_MAX, "%s", path) < PATH_MAX;
    return getcwd(cwd, sizeof cwd) && snprintf(to, PATH_MAX, "%s/%s", cwd, path) < PATH_MAX;
}

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

/* Of the programs that are here. The system's own are offered to those that have none of the name, whatever is asked
 * for: another version there is that system's. */
static int add_libraries(struct stage *s, struct err *e)
{
    static struct needs needs;
    size_t programs = s->n, text = 0;
    bool before = s->by_content;
    int rc = 0;
    for (size_t p = 1; rc == 0 && p < programs; p++) {
        needs_find(&needs, s->v[p].here, getenv("LD_LIBRARY_PATH"));
        for (size_t i = 0; rc == 0 && i < needs.n; i++) {
            char path[PATH_MAX];
            s->by_content = before && !needs.v[i].is_system;
            text += strlen(needs.v[i].path) + SHA256_TEXT;
            if (s->n + LIBRARIES_LEAVE > STAGE_FILES_MAX || text > COMMAND_MAX)
                rc = err_set(e, "%s needs too many shared libraries to be copied: share them, or see --no-stage",
                             s->v[p].here);
            else if (absolute(path, needs.v[i].path))
                rc = stage_add(s, path, path, e);
        }
        needs_fini(&needs);
    }
    s->by_content = before;
    return rc;
}

/* Unless the user wants files to be copied, a job that a host may well be able to run does not fail for this. */
static int offer_libraries(struct stage *s, bool wanted, struct err *e)
{
    size_t before = s->n;
    int rc = add_libraries(s, e);
    if (rc == 0 || wanted)
        return rc;
    log_debug("no shared libraries are offered to hosts: %s", e->text);
    stage_cut(s, before);
    return 0;
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
    if (rc == 0)
        rc = offer_libraries(&stage, o->stage, e);
    if (rc == 0 && o->stage_files)
        rc = add_named(&stage, o->stage_files, e);
    *to = &stage;
    return rc;
}
