/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn: starts one program. As cheap as posix_spawn (the child borrows our memory until exec), with what that
 * cannot do: binding, parent-death signal, and the stage at which a start failed.
 */
#ifndef COMMON_SPAWN_H
#define COMMON_SPAWN_H

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Descriptors [LOW, LOW + MAX] of this process belong to spawn. */
#define SPAWN_FD_LOW 10
#define SPAWN_FD_MAX 6

struct spawn_fd {
    int from; /* any close-on-exec descriptor of ours */
    int to;   /* below SPAWN_FD_LOW, or above all of spawn's and below 64, where a table begins to be long */
};

struct spawn {
    const char *file; /* from spawn_find, or any path with a slash */
    char *const *argv;
    char *const *envp;
    const char *cwd; /* NULL: ours */
    int umask;       /* -1: ours */
    const struct spawn_fd *fds;
    size_t nfds;                 /* at most SPAWN_FD_MAX */
    const cpu_set_t *cpus;       /* NULL: not bound */
    size_t cpus_size;            /* bytes */
    const struct rlimit *nofile; /* NULL: ours */
    int death_signal;            /* sent to the child when we die; 0: none */
    bool new_session;
    bool blocked;  /* it starts with all signals blocked, and says itself which it takes: none ends it before that */
    bool terminal; /* with new_session: descriptor 0 is a terminal, and becomes that of the session */
};

enum spawn_stage { SPAWN_FORK = 1, SPAWN_CHDIR, SPAWN_BIND, SPAWN_EXEC };

/* Reserves spawn's descriptors: once, before any other descriptor could take their numbers. Returns 0, or -1: errno. */
int spawn_init(void);

/* Returns the pid once exec has succeeded; or -1 with errno, and *stage telling what failed. Signals that we catch or
 * ignore have their default action in the child, none is blocked. A text file without a #! line is given to /bin/sh. */
pid_t spawn_start(const struct spawn *s, enum spawn_stage *stage);

/* What execvp would run: name itself when it has a slash (relative to cwd), else the first executable of that name in
 * path (PATH syntax; empty parts are cwd). Returns 0, or ENOENT, EACCES, ENAMETOOLONG, ENOTDIR ... */
int spawn_find(const char *name, const char *path, const char *cwd, char found[PATH_MAX]);

#endif
