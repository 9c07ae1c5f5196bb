/* SPDX-License-Identifier: BSD-3-Clause
 *
 * start: how a parent in the control tree (mpiexec, or an interior proxy) starts the proxies right below it, and
 * which nodes each of them is given.
 */
#ifndef COMMON_START_H
#define COMMON_START_H

#include "common/err.h"

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Nodes [first, first + n) are to be served by at most radix children, each with consecutive nodes, as even as can
 * be. part[i] is the number of nodes of child i; returns the number of children. part has room for radix. */
uint32_t start_split(uint32_t n, uint32_t radix, uint32_t *part);

/* A proxy on this machine. proxy is the program's path; nofile the limit that the ranks are to have. Returns our end of
 * its link (a non-blocking, close-on-exec stream) and its pid, or -1. The proxy ends when the link closes: it is not
 * killed with us, so that it can still end the ranks and all that they started. */
int start_fork(const char *proxy, const struct rlimit *nofile, pid_t *pid, struct err *e);

/* Of a proxy that was started: its process, until it was waited for; then how it ended. */
struct start_process {
    pid_t pid;  /* 0: it was waited for */
    int status; /* as of waitpid, once pid is 0 */
};

/* Its link has ended: how the process did, into text, if that can be learnt within some milliseconds, or
 * seconds where it is dying; else why. */
void start_describe_end(struct start_process *p, const char *why, char *text, size_t size);

/* For mpiexec: the proxy program that belongs to it, in the build tree or an installed one. Returns 0, or -1. */
int start_proxy_path(char *path, size_t size, struct err *e);

/* For a proxy: its own program, which it starts once more for the nodes below. Returns 0, or -1. */
int start_own_path(char *path, size_t size, struct err *e);

#endif
