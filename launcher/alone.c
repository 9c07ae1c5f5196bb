/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alone: env -i in front of an MPI program. What else a program may lack is seen by its own libraries (explain.c).
 */
#include "launcher/alone.h"

#include "common/log.h"
#include "launcher/program.h"

#include <string.h>

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* env -i, and its other spellings; a: without the word env. Moves it to the program. */
static bool clears(struct app *a)
{
    bool cleared = false;
    for (; *a->argv && (a->argv[0][0] == '-' || strchr(a->argv[0], '=')); a->argv++) {
        const char *word = a->argv[0];
        bool takes_word = strcmp(word, "-u") == 0 || strcmp(word, "-C") == 0;
        cleared |= strcmp(word, "-") == 0 || strcmp(word, "--ignore-environment") == 0 ||
                   (word[0] == '-' && word[1] && strchr("i0v", word[1]) && strchr(word, 'i'));
        a->argv += takes_word && a->argv[1];
    }
    return cleared;
}

static bool is_mpi(const struct program *p)
{
    return p->kind == PROGRAM_MPICH || p->kind == PROGRAM_OPEN_MPI || p->kind == PROGRAM_PMI || p->kind == PROGRAM_PMIX;
}

/* The program that env -i starts for this application, if it would have found the others without; else NULL. */
static const char *robbed(const struct app *a)
{
    static struct program p;
    struct app real = *a;
    if (strcmp(base_of(real.argv[0]), "env") != 0 || (real.argv++, !clears(&real)) || !*real.argv)
        return NULL;
    program_find(&p, &real);
    return is_mpi(&p) ? *real.argv : NULL;
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
    const char *program = NULL;
    if (!j || j->spec.job || j->spec.map.nranks == 1 || !none_spoke(j))
        return;
    for (size_t i = 0; i < run->opt.napps && !program; i++)
        program = robbed(&run->opt.apps[i]);
    if (program)
        log_warn("each of the %u ranks was alone, rank 0 of 1: env -i takes away the variables by which %s finds the "
                 "others; mpiexec -genvnone leaves them",
                 j->spec.map.nranks, base_of(program));
}
