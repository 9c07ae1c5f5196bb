/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio: the user's side of the ranks' standard streams: whole lines to our stdout and stderr; our stdin to the
 * ranks that take it.
 *
 * Where one proxy of ours serves the only node, it writes our stdout and stderr itself; and where one rank there takes
 * stdin, and that is no terminal, the rank gets it as it is. Nothing of it then comes here.
 */
#ifndef LAUNCHER_STDIO_H
#define LAUNCHER_STDIO_H

#include "launcher/options.h"
#include "launcher/stdio_keys.h"
#include "wire/launch_spec.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

struct stdio;

struct stdio_ops {
    /* Bytes of our stdin for a node, or for all (FRAME_ALL_NODES), where each passes them to its own ranks that take
     * stdin; n = 0: end of file. */
    void (*stdin_data)(void *arg, uint32_t node, const void *data, size_t n);
    /* Our stdout or stderr is slow: stop reading the links; go on. */
    void (*pause)(void *arg);
    void (*resume)(void *arg);
    /* Our stdout (1) or stderr (2) cannot be written any more; EPIPE: nobody reads it. What is still to come is
     * dropped. May come once for each stream. */
    void (*broken)(void *arg, unsigned stream, int error);
    /* A key for mpiexec was typed, where all others are a rank's. */
    void (*keys)(void *arg, enum keys_said said);
};

/* o, ops and arg are borrowed. */
struct stdio *stdio_create(struct event_base *base, const struct options *o, const struct stdio_ops *ops, void *arg);
void stdio_destroy(struct stdio *s);

/* What the proxies must do about the streams of a job, into the flags of its description, before it is sent; for job 0
 * also who takes stdin. ours: one proxy serves the only node, and it has our own stdin, stdout and stderr. */
void stdio_describe(struct stdio *s, struct launch_spec *spec, bool ours);

/* Job 0 was sent: stdin may be read now. */
void stdio_start(struct stdio *s);

struct stdio_text {
    unsigned job;
    uint32_t rank;
    uint32_t node;
    const char *host;
    unsigned stream; /* 1, 2 */
    bool continues;  /* it begins inside a line */
    const char *data;
    size_t n;
};
void stdio_output(struct stdio *s, const struct stdio_text *t);
/* Is what this stream of a rank has said the last on our stderr? */
bool stdio_shown_last(const struct stdio *s, unsigned job, uint32_t rank, unsigned stream);
void stdio_broken(struct stdio *s, unsigned stream, int error);    /* OUTPUT_BROKEN: a proxy found it so */
void stdio_credit(struct stdio *s, uint32_t node, uint32_t bytes); /* STDIN_CREDIT */
void stdio_node_lost(struct stdio *s, uint32_t node);              /* it takes no more stdin */
void stdio_wanted(struct stdio *s);                                /* STDIN_WANTED */
void stdio_foreground(struct stdio *s);                            /* SIGCONT: we may be in the foreground again */
void stdio_rest(struct stdio *s);                                  /* we are going to be stopped */

/* The job is over: writes all that is left, waiting for slow readers. A signal then ends us at once. */
void stdio_finish(struct stdio *s);

#endif
