/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_wants: does a process wait for its standard input? Seen in /proc, without any help of the process.
 */
#ifndef PROXY_STDIO_WANTS_H
#define PROXY_STDIO_WANTS_H

#include <stdbool.h>
#include <sys/types.h>

/* Does a thread of pid, or of a process that it started, wait in read, poll, select or epoll for descriptor 0, which
 * is the pipe with that inode number? true as well where the kernel does not let us see. */
bool stdio_wants(pid_t pid, ino_t pipe);

#endif
