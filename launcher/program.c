/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The names of libraries tell. What a program opens by itself while it runs does not, and so the usual ones that run
 * other programs, or load what others have written, are known by name.
 */
#include "launcher/program.h"

#include "common/spawn.h"
#include "launcher/needs.h"
#include "wire/launch_spec.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Patterns of names of programs that run others. */
static const char *const runners[] = {
    "sh",     "bash",    "dash",      "ash",     "ksh*",      "mksh",     "zsh*",        "csh",       "tcsh",
    "fish",   "busybox", "python*",   "pypy*",   "perl*",     "ruby*",    "lua*",        "R",         "Rscript",
    "julia*", "node*",   "java",      "octave*", "tclsh*",    "wish*",    "gawk",        "awk",       "mawk",
    "guile*", "env",     "nice",      "nohup",   "time",      "timeout",  "taskset",     "numactl",   "stdbuf",
    "setsid", "chrt",    "ionice",    "xargs",   "unshare",   "chroot",   "sudo",        "setarch",   "strace",
    "ltrace", "gdb",     "valgrind*", "perf",    "catchsegv", "xterm",    "singularity", "apptainer", "charliecloud",
    "ch-run", "docker",  "podman",    "srun",    "hpcrun",    "tau_exec", "ld-linux*",   "prlimit",   "script",
    "expect", "make",
};

/* Libraries by their names: the first that fits counts. */
static const struct {
    const char *pattern;
    enum program_kind kind;
} libraries[] = {
    {"libmpi_abi.so*", PROGRAM_MPICH},     {"libmpich.so*", PROGRAM_MPICH},     {"libmpi.so.12*", PROGRAM_MPICH},
    {"libmpi_cray.so*", PROGRAM_MPICH},    {"libmpi_gnu*.so*", PROGRAM_MPICH},  {"libmpi_intel.so*", PROGRAM_MPICH},
    {"libmvapich*.so*", PROGRAM_MPICH},    {"libmpi.so.*", PROGRAM_OPEN_MPI},   {"libmpi_mpifh.so*", PROGRAM_OPEN_MPI},
    {"libopen-rte.so*", PROGRAM_OPEN_MPI}, {"liboshmem.so*", PROGRAM_OPEN_MPI}, {"libpmi.so*", PROGRAM_PMI},
    {"libpmi2.so*", PROGRAM_PMI},          {"libpmix.so*", PROGRAM_PMIX},
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_runner(const char *path)
{
    for (size_t i = 0; i < sizeof runners / sizeof *runners; i++)
        if (fnmatch(runners[i], base_name(path), 0) == 0)
            return true;
    return false;
}

static bool is_elf(const char *path)
{
    char head[4] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool elf = fd >= 0 && read(fd, head, sizeof head) == sizeof head && memcmp(head, "\177ELF", sizeof head) == 0;
    if (fd >= 0)
        close(fd);
    return elf;
}

/* Of all libraries, the one that stands first in the table. */
static void judge(struct program *p, const struct needs *needs)
{
    size_t best = sizeof libraries / sizeof *libraries;
    p->kind = PROGRAM_PLAIN;
    for (size_t i = 0; i < needs->n; i++)
        for (size_t k = 0; k < best; k++)
            if (fnmatch(libraries[k].pattern, base_name(needs->v[i].path), 0) == 0) {
                best = k;
                p->kind = libraries[k].kind;
                snprintf(p->linked, sizeof p->linked, "%s", needs->v[i].path);
            }
    for (size_t i = 0; i < needs->n; i++)
        p->speaks_pmix |= fnmatch("libpmix.so*", base_name(needs->v[i].path), 0) == 0;
}

static unsigned pmi_of(const struct program *p)
{
    switch (p->kind) {
    case PROGRAM_UNKNOWN:
    case PROGRAM_RUNNER:
        return LAUNCH_PMI_ALL;
    case PROGRAM_OPEN_MPI:
    case PROGRAM_PMIX:
        return LAUNCH_PMI_X;
    case PROGRAM_MPICH:
        return p->speaks_pmix ? LAUNCH_PMI_X : LAUNCH_PMI_1 | LAUNCH_PMI_2;
    case PROGRAM_PLAIN:
    case PROGRAM_PMI:
        break;
    }
    return LAUNCH_PMI_1 | LAUNCH_PMI_2;
}

void program_look(struct program *p, const char *path)
{
    static struct needs needs;
    bool elf = is_elf(path);
    *p = (struct program){.kind = PROGRAM_UNKNOWN};
    snprintf(p->path, sizeof p->path, "%s", path);
    if (elf) {
        needs_find(&needs, path, getenv("LD_LIBRARY_PATH"));
        judge(p, &needs);
        needs_fini(&needs);
    }
    if (!elf || (p->kind == PROGRAM_PLAIN && is_runner(path)))
        p->kind = PROGRAM_RUNNER;
    p->pmi = pmi_of(p);
}

void program_find(struct program *p, const struct app *a)
{
    const char *name = a->argv[0];
    char here[PATH_MAX];
    int error = spawn_find(name, a->path ? a->path : getenv("PATH"), a->wdir ? a->wdir : ".", here);
    if (error == 0) {
        char *real = realpath(here, NULL);
        program_look(p, real ? real : here);
        free(real);
        return;
    }
    *p = (struct program){.kind = is_runner(name) ? PROGRAM_RUNNER : PROGRAM_UNKNOWN, .error = error};
    p->pmi = pmi_of(p);
}

const char *program_family(const struct program *p)
{
    if (p->kind == PROGRAM_OPEN_MPI)
        return "Open MPI";
    if (p->kind != PROGRAM_MPICH)
        return NULL;
    return strstr(base_name(p->linked), "libmpi_abi") ? "libmpi_abi" : "MPICH";
}

void program_choose(struct program *p, const char *word)
{
    static const struct {
        const char *word;
        unsigned pmi;
    } words[] = {
        {"pmi1", LAUNCH_PMI_1}, {"pmi2", LAUNCH_PMI_2}, {"pmix", LAUNCH_PMI_X}, {"all", LAUNCH_PMI_ALL}, {"none", 0}};
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, word) == 0)
            p->pmi = words[i].pmi;
}
