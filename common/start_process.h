/* SPDX-License-Identifier: BSD-3-Clause
 *
 * start_process: for backends whose proxy, or whose way to it, is a process of ours (fork, the ssh program): its
 * streams, and how it ended.
 */
#ifndef COMMON_START_PROCESS_H
#define COMMON_START_PROCESS_H

#include "common/start.h"

#define START_LINK_FD 3 /* the proxy's end of a link of one descriptor, in the proxy */

/* Starts argv as the process of s. With one descriptor the proxy's end is START_LINK_FD; with two it is its stdin and
 * stdout. stream[0] is what we read, stream[1] what we write; other ends: what the process has, for tests to write into
 * before it does; NULL: closed. Returns 0, or -1 with s->failure set. */
int start_process_begin(struct start *s, char *const *argv, bool two, int stream[2], int other[2]);

/* The same for a remote shell: its stdin and stdout are one socket, whose other end is *link; what it says on stderr
 * comes from *err. Both are ours to close, and do not block. */
int start_process_shell(struct start *s, char *const *argv, int *link, int *err);

/* The same for a program that starts proxies on several hosts, none of which speaks through it: it has no stdin, what
 * it says comes from *says, and it is ended by SIGTERM when we die. s stands for none of its proxies; s->over is called
 * when it has been waited for. */
int start_process_tool(struct start *s, char *const *argv, char *const *envp, int *says);

/* over(s) once the process was waited for; or after so many ms, unless the kernel says that it is dying. May come from
 * inside that call. */
void start_process_wait(struct start *s, unsigned ms, void (*over)(struct start *s));

/* start_ops.end and start_ops.cancel of such a backend. */
void start_process_end(struct start *s, const char *why);
void start_process_cancel(struct start *s);

#endif
