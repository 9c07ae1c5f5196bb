/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alone: what a program is linked with tells whose it is. Only libraries that cannot work here are looked for: a
 * program of any other may have ended before it came to MPI_Init.
 */
#include "launcher/alone.h"

#include "common/log.h"
#include "common/spawn.h"
#include "common/xalloc.h"
#include "launcher/needs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By the beginning of the file's name. */
static const struct {
    const char *library, *whose;
} libraries[] = {
    {"libmpi_abi.so", "the standard's binary interface"},
    {"libmpi.so.12", "MPICH's"},
    {"libmpich.so", "MPICH's"},
    {"libmpi.so", "Open MPI's"},
    {"libpmix.so", "PMIx'"},
};
enum { MPICH_LAST = 2, OPEN_MPI = 3, PMIX = 4, LIBRARIES };

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int which(const char *path)
{
    for (int i = 0; i < LIBRARIES; i++)
        if (strncmp(base_of(path), libraries[i].library, strlen(libraries[i].library)) == 0)
            return i;
    return -1;
}

/* found[i]: the library of that kind that it needs, borrowed; NULL: none. */
static void find_libraries(const struct needs *needs, const char *found[LIBRARIES])
{
    for (size_t i = 0; i < needs->n; i++) {
        int k = which(needs->v[i].path);
        if (k >= 0 && !found[k])
            found[k] = base_of(needs->v[i].path);
    }
}

/* env -i, and its other spellings; argv: behind the word env. Moves it to the program. */
static bool clears(char *const **argv)
{
    bool cleared = false;
    for (; **argv && (***argv == '-' || strchr(**argv, '=')); ++*argv) {
        const char *word = **argv;
        cleared |= strcmp(word, "-") == 0 || strcmp(word, "--ignore-environment") == 0 ||
                   (word[0] == '-' && word[1] != '-' && word[1] != '\0' && strchr("i0v", word[1]) && strchr(word, 'i'));
        bool takes_word = strcmp(word, "-u") == 0 || strcmp(word, "-C") == 0;
        if (takes_word && (*argv)[1])
            ++*argv;
    }
    return cleared;
}

char *alone_why(char *const *argv, const char *cwd, const char *path, const char *library_path)
{
    static struct needs needs;
    const char *found[LIBRARIES] = {NULL};
    char program[PATH_MAX], *text = NULL;
    bool cleared = strcmp(base_of(argv[0]), "env") == 0 && (argv++, clears(&argv));
    if (!*argv || spawn_find(*argv, path, cwd, program))
        return NULL;
    needs_find(&needs, program, library_path);
    find_libraries(&needs, found);
    bool any = false;
    for (int i = 0; i < LIBRARIES; i++)
        any |= found[i] != NULL;
    const char *pmix = found[OPEN_MPI] ? found[OPEN_MPI] : found[PMIX];
    if (cleared && any)
        text = xasprintf("env -i takes away the variables by which %s finds the others; mpiexec -genvnone leaves them",
                         base_of(*argv));
    else if (pmix)
        text = xasprintf(
            "%s is linked with %s, %s library, which finds the others by PMIx alone, and that is not served yet",
            base_of(*argv), pmix, libraries[found[OPEN_MPI] ? OPEN_MPI : PMIX].whose);
    needs_fini(&needs);
    return text;
}

static bool none_spoke(const struct job *j)
{
    for (uint32_t i = 0; i < j->spec.map.nranks; i++)
        if (!j->ranks[i].started || !j->ranks[i].ended || !(j->ranks[i].flags & EXIT_NO_PMI))
            return false;
    return true;
}

void alone_tell(const struct run *run)
{
    const struct job *j = TAILQ_FIRST(&run->jobs);
    char *why = NULL;
    if (!j || j->spec.job || j->spec.map.nranks == 1 || !none_spoke(j))
        return;
    for (uint32_t i = 0; i < j->spec.napps && !why; i++) {
        const struct launch_app *a = &j->spec.apps[i];
        why = alone_why(a->argv.v, a->wdir, *a->path ? a->path : getenv("PATH"), getenv("LD_LIBRARY_PATH"));
    }
    if (why)
        log_warn("each of the %u ranks was alone, rank 0 of 1: %s", j->spec.map.nranks, why);
    free(why);
}
