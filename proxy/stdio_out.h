/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_out: where the lines of a rank go: to its files, up to mpiexec, or onto the screen itself.
 *
 * A proxy that was started by mpiexec itself, and serves the only node, has mpiexec's stdout and stderr as its own; it
 * then writes them directly (LAUNCH_SCREEN), which saves a copy and a change of process for each piece.
 */
#ifndef PROXY_STDIO_OUT_H
#define PROXY_STDIO_OUT_H

#include "proxy/proxy.h"
#include "proxy/stdio_files.h"
#include "proxy/stdio_tail.h"

/* One stream's way. */
struct outlet {
    struct rank *rank;
    unsigned stream; /* 1, 2 */
    struct out_file *file;
    struct tail *tail; /* owned */
};

/* files: of the job; borrowed. */
void outlet_init(struct outlet *o, struct rank *r, unsigned stream, struct files *files);
void outlet_fini(struct outlet *o);

/* data: as the lines assembler gives it. */
void outlet_put(struct outlet *o, struct files *files, const char *data, size_t n, bool continues);

/* Is what this stream has said the last on the user's stderr, shown by this proxy itself? */
bool outlet_shown_last(const struct outlet *o);

/* Must the ranks wait, because mpiexec or the user's screen is slow? */
bool outlet_paused(const struct proxy *proxy);
/* Has all that was put reached the link or the screen? */
bool outlet_idle(void);
/* Tells when a screen that was slow is ready again. */
void outlet_screen_init(struct proxy *proxy, void (*ready)(struct proxy *proxy));

#endif
