/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is told is what program.c finds, and what of it this machine has.
 */
#include "launcher/explain.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/job.h"
#include "launcher/program.h"
#include "launcher/worlds.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PMIX_LIBRARY "libpmix.so.2"

static const char *const kinds[] = {
    [PROGRAM_UNKNOWN] = "not known: the program is not on this machine, or cannot be read",
    [PROGRAM_RUNNER] = "whatever the program that it starts, or loads, uses",
    [PROGRAM_PLAIN] = "none that it is linked with",
    [PROGRAM_MPICH] = "MPICH or one of its family, or the standard's ABI",
    [PROGRAM_OPEN_MPI] = "Open MPI",
    [PROGRAM_PMI] = "none: it speaks PMI itself",
    [PROGRAM_PMIX] = "none: it speaks PMIx itself",
};

/* The first line of a script, without "#!". NULL: it is none. */
static char *interpreter(const char *path)
{
    char line[256] = "";
    FILE *f = *path ? fopen(path, "re") : NULL;
    bool script = f && fgets(line, sizeof line, f) && strncmp(line, "#!", 2) == 0;
    if (f)
        fclose(f);
    line[strcspn(line, "\n")] = '\0';
    const char *start = line + 2;
    while (script && isspace((unsigned char)*start))
        start++;
    return script ? xstrdup(start) : NULL;
}

/* Where Python usually keeps modules; what a program adds to its path is not seen. */
static void explain_mpi4py(FILE *to)
{
    static const char *const places[] = {
        "/usr/lib/python3/dist-packages", "/usr/lib64/python3*/site-packages", "/usr/local/lib/python3*/*-packages",
        "$HOME/.local/lib/python3*/site-packages", "$VIRTUAL_ENV/lib/python3*/site-packages"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *slash = strchr(places[i], '/'), *home = NULL;
        if (*places[i] == '$') {
            char *name = xstrndup(places[i] + 1, (size_t)(slash - places[i] - 1));
            home = getenv(name);
            free(name);
            if (!home || !*home)
                continue;
        }
        char *pattern = xasprintf("%s%s/mpi4py/MPI*.so", home ? home : "", slash);
        glob_t found = {0};
        if (glob(pattern, 0, NULL, &found) == 0)
            for (size_t k = 0; k < found.gl_pathc; k++) {
                struct program p;
                program_look(&p, found.gl_pathv[k]);
                fprintf(to, "  mpi4py    %s: %s%s%s%s\n", found.gl_pathv[k], kinds[p.kind], *p.linked ? " (" : "",
                        p.linked, *p.linked ? ")" : "");
            }
        globfree(&found);
        free(pattern);
    }
}

/* The word of a runner's command line that is what it runs: the first that is no option and sets no variable. */
static char *what_it_runs(const struct app *a)
{
    for (char **word = a->argv + 1; *word; word++)
        if (**word != '-' && !strchr(*word, '='))
            return *word;
    return NULL;
}

/* Another program (env, nice, time), or a file for the interpreter to read. */
static void explain_run(const struct app *a, bool python, FILE *to)
{
    static struct program p;
    char *what = what_it_runs(a);
    size_t n = what ? strlen(what) : 0;
    bool reads = python && n > 3 && strcmp(what + n - 3, ".py") == 0;
    if (reads && !a->wdir && access(what, R_OK) < 0)
        fprintf(to, "  reads     %s: %s\n", what, strerror(errno));
    if (!what || reads)
        return;
    program_find(&p, &(struct app){.argv = (char *[]){what, NULL}, .path = a->path, .wdir = a->wdir});
    if (*p.linked)
        fprintf(to, "  starts    %s: %s (%s)\n", p.path, kinds[p.kind], p.linked);
}

static const char *pmi_words(unsigned pmi)
{
    static const char *const words[] = {"nothing", "PMI-1",          "PMI-2",          "PMI-1 and PMI-2",
                                        "PMIx",    "PMI-1 and PMIx", "PMI-2 and PMIx", "PMI-1, PMI-2 and PMIx"};
    return words[pmi & LAUNCH_PMI_ALL];
}

/* Where it is not here, and hosts are named, these may have it. NULL: it is here, or may be there. */
static const char *absence(const struct program *p, const struct app *a, const struct options *o)
{
    if (*p->path || o->hosts || o->hostfile || a->hosts)
        return NULL;
    return p->error == EACCES   ? "the file is not executable for this user"
           : p->error == ENOENT ? "there is no such program"
                                : strerror(p->error);
}

/* NULL: nothing is in its way here. */
static const char *obstacle(const struct program *p, const struct options *o)
{
    if (p->kind == PROGRAM_MPICH && p->pmi == LAUNCH_PMI_X && !p->speaks_pmix)
        return "its library speaks PMI-1 and PMI-2, and each rank will be alone: leave --pmi out";
    if ((p->kind == PROGRAM_OPEN_MPI || p->kind == PROGRAM_PMIX) && !(p->pmi & LAUNCH_PMI_X))
        return "it speaks PMIx alone, and each rank will be alone: leave --pmi out";
    if (!(p->pmi & LAUNCH_PMI_X))
        return NULL;
#ifndef MUSTER_PMIX
    if (p->pmi == LAUNCH_PMI_X)
        return "Muster was built without PMIx: install libpmix-dev, and build it again";
#else
    void *h = dlopen(PMIX_LIBRARY, RTLD_LAZY | RTLD_LOCAL);
    if (!h && p->pmi == LAUNCH_PMI_X)
        return PMIX_LIBRARY " is not on this machine: install it (Debian and Ubuntu: libpmix2)";
#endif
    return NULL;
}

/* world: NULL where all are of one. */
static int explain_app(const struct options *o, const struct app *a, const char *world, FILE *to)
{
    struct program p;
    program_find(&p, a);
    program_choose(&p, o->pmi);
    char *script = p.kind == PROGRAM_RUNNER ? interpreter(p.path) : NULL;
    bool python = strstr(script ? script : "", "python") || strstr(a->argv[0], "python") || strstr(p.path, "python");
    fprintf(to, "%s\n  file      %s\n", a->argv[0], *p.path ? p.path : "not found here");
    if (script)
        fprintf(to, "  script    of %s\n", script);
    fprintf(to, "  MPI       %s%s%s%s\n", kinds[p.kind], *p.linked ? " (" : "", p.linked, *p.linked ? ")" : "");
    if (p.kind == PROGRAM_RUNNER && python)
        explain_mpi4py(to);
    if (p.kind == PROGRAM_RUNNER)
        explain_run(a, python, to);
    if (world)
        fprintf(to, "  is in     the world of %s\n", world);
    fprintf(to, "  is given  %s\n", pmi_words(p.pmi));
    const char *absent = absence(&p, a, o), *why = obstacle(&p, o);
    fprintf(to, "  runs      %s%s\n",
            absent ? "not here: "
            : why  ? "not as one job: "
                   : "yes",
            absent ? absent
            : why  ? why
                   : "");
    free(script);
    return absent || why ? 1 : 0;
}

int explain_print(const struct options *o, FILE *to)
{
    int status = 0;
    struct worlds w;
    worlds_find(&w, o);
    for (size_t i = 0; i < o->napps; i++)
        status |= explain_app(o, &o->apps[i], w.of_app ? w.name[w.of_app[i]] : NULL, to);
    worlds_fini(&w);
    if (fflush(to) == EOF)
        log_fatal("unable to write: %m");
    return status;
}

/* How many ranks an application has, and whether one of them has spoken. */
static uint32_t silent_ranks(const struct job *j, uint32_t app)
{
    uint32_t n = 0;
    for (uint32_t r = 0; r < j->spec.map.nranks; r++) {
        if (rank_runs_at(&j->spec.app_of_rank, r) != app)
            continue;
        if (!(j->ranks[r].flags & EXIT_NO_PMI) || j->ranks[r].flags & (EXIT_PAST | EXIT_IN_PMI) || j->ranks[r].status)
            return 0;
        n++;
    }
    return n;
}

void explain_silence(const struct job *j)
{
    for (uint32_t i = 0; j->libraries && i < j->spec.napps; i++) {
        uint32_t n = j->libraries[i] ? silent_ranks(j, i) : 0;
        if (n > 1)
            log_warn(
                "none of the %u ranks of %s has asked mpiexec for the others: if it used MPI, each was rank 0 of 1 "
                "(it links %s; see mpiexec --explain)",
                n, j->spec.apps[i].argv.v[0], j->libraries[i]);
    }
}
