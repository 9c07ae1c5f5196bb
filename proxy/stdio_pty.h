/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_pty: terminals for ranks. One whose rank works in it (--pty) has what is typed, and echoes it; one that takes
 * the place of a pipe (--line-buffered) only tells the rank's libc that somebody looks, and changes no byte.
 */
#ifndef PROXY_STDIO_PTY_H
#define PROXY_STDIO_PTY_H

#include "proxy/proxy.h"

struct pty {
    int master; /* ours: what the rank writes, and where it is written to; does not block */
    int slave;  /* the rank's */
};

/* Both ends are close-on-exec. -1 with errno: none was made. */
int pty_open_output(struct pty *p);
int pty_open_session(struct pty *p, const struct launch_spec *s);

/* The kernel tells the processes in it (SIGWINCH), where that is another size. */
void pty_resize(int master, uint32_t rows, uint32_t columns);

/* The keys for the end of file, as they stand now: once behind a whole line, twice inside one. Returns how many. */
size_t pty_end_of_file(int master, bool inside_line, char keys[2]);

#endif
