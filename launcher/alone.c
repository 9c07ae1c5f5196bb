/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alone: a program that could have found the others may have ended before it came to MPI_Init: nothing is said then.
 */
#include "launcher/alone.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/program.h"

#include <stdlib.h>
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

/* Was it given none of what it speaks? The library of the standard's ABI may have other ways. */
static bool lacks_pmi(const struct program *p, unsigned pmi)
{
    return is_mpi(p) && !(p->pmi & pmi) && strncmp(base_of(p->library), "libmpi_abi.", strlen("libmpi_abi.")) != 0;
}

char *alone_why(const struct app *a, unsigned pmi, const char *word)
{
    static struct program p;
    struct app real = *a;
    bool cleared = strcmp(base_of(real.argv[0]), "env") == 0 && (real.argv++, clears(&real));
    if (!*real.argv)
        return NULL;
    program_find(&p, &real);
    if (cleared && is_mpi(&p))
        return xasprintf("env -i takes away the variables by which %s finds the others; mpiexec -genvnone leaves them",
                         base_of(*real.argv));
    if (word && strcmp(word, "none") != 0 && lacks_pmi(&p, pmi))
        return xasprintf("%s is linked with %s, which does not find the others by what --pmi %s gives",
                         base_of(*real.argv), base_of(p.library), word);
    return NULL;
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
    for (uint32_t i = 0; i < j->spec.napps && i < run->opt.napps && !why; i++)
        why = alone_why(&run->opt.apps[i], j->spec.apps[i].pmi, run->opt.pmi);
    if (why)
        log_warn("each of the %u ranks was alone, rank 0 of 1: %s", j->spec.map.nranks, why);
    free(why);
}
