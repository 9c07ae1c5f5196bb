/* SPDX-License-Identifier: BSD-3-Clause
 *
 * program: which MPI library a program uses, as far as its file tells, and by which protocol its ranks find one
 * another.
 */
#ifndef LAUNCHER_PROGRAM_H
#define LAUNCHER_PROGRAM_H

#include "launcher/options.h"

#include <limits.h>

enum program_kind {
    PROGRAM_UNKNOWN, /* it is not here, or not to be read: it may be any */
    PROGRAM_RUNNER,  /* a script, or a program that runs others: they may be any */
    PROGRAM_PLAIN,   /* it links no MPI library */
    PROGRAM_MPICH,   /* or one of its family, or the standard's ABI */
    PROGRAM_OPEN_MPI,
    PROGRAM_PMI,  /* PMI-1 or PMI-2 without MPI */
    PROGRAM_PMIX, /* PMIx without MPI */
};

struct program {
    enum program_kind kind;
    char path[PATH_MAX];   /* of the program; "" unless it was found here */
    int error;             /* why it was not: an errno */
    char linked[PATH_MAX]; /* that the kind was told by; "" none */
    bool speaks_pmix;      /* MPICH's, built for PMIx alone */
    unsigned pmi;          /* enum launch_pmi, or-ed: what its ranks are to be given */
};

/* From its file, and those that it links, if it is on this machine. */
void program_find(struct program *p, const struct app *a);
/* The same of the file at that path: a program or a shared library. */
void program_look(struct program *p, const char *path);
/* The name of its MPI, whose programs can be of one world; NULL: it may be any, or none. Static. */
const char *program_family(const struct program *p);
/* As the word of --pmi has it; NULL: as found. */
void program_choose(struct program *p, const char *word);

#endif
