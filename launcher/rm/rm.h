/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rm: the hosts and slots that a resource manager has given to this job. One parser a manager, in a table; each reads
 * variables and, through the source, files or what a command says, so that recordings can stand for all of them.
 */
#ifndef LAUNCHER_RM_RM_H
#define LAUNCHER_RM_RM_H

#include "common/err.h"
#include "common/hostlist.h"

#include <stdint.h>

/* Where a parser reads. The texts that the functions return are the caller's to free; NULL: e is set. */
struct rm_source {
    char **env;
    char *(*file)(const struct rm_source *s, const char *path, struct err *e);
    char *(*output)(const struct rm_source *s, const char *const argv[], struct err *e); /* of a command */
    const void *arg;
};

struct allocation {
    const struct rm *rm;    /* NULL: there is none */
    char *job;              /* its name with that manager; NULL: not known */
    char *from;             /* what it was read from: "PBS_NODEFILE=/var/spool/pbs/aux/12" */
    struct hostlist hosts;  /* slots 0: as many as the host has processors */
    uint32_t cpus_per_rank; /* 0: not said */
    uint32_t ranks;         /* that the job was asked for; 0: not said */
};

enum rm_found { RM_ERROR = -1, RM_ABSENT, RM_FOUND };

struct rm {
    const char *names; /* for --rmk, separated by blanks */
    const char *title;
    const char *mark; /* the variable that says that it is there */
    /* Fills an empty a. RM_ERROR: e says why, without naming the manager; a then needs allocation_fini too. */
    enum rm_found (*read)(const struct rm_source *s, struct allocation *a, struct err *e);
};

extern const struct rm rm_table[];
extern const unsigned rm_count;

/* By name; NULL when there is no such manager. */
const struct rm *rm_find(const char *name);

/* The allocation that this process is in: of the named manager, or, if name is NULL, of the first of the table that
 * there is. "none" finds none. a starts empty and needs allocation_fini after every result. Returns 0, or -1 with e
 * set. */
int rm_detect(const struct rm_source *s, const char *name, struct allocation *a, struct err *e);
void allocation_fini(struct allocation *a);

/* The machine's own: files are bounded, and commands in time too. */
char *rm_file(const struct rm_source *s, const char *path, struct err *e);
char *rm_output(const struct rm_source *s, const char *const argv[], struct err *e);

#endif
