/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio: the user's side of the ranks' standard streams: whole lines to our stdout, stderr and files; our stdin to the
 * ranks that take it.
 */
#ifndef LAUNCHER_STDIO_H
#define LAUNCHER_STDIO_H

#include "launcher/options.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

struct stdio;

struct stdio_ops {
    /* Bytes of our stdin, for every node (each passes them to its own ranks that take stdin); n = 0: end of file. */
    void (*stdin_data)(void *arg, const void *data, size_t n);
    /* Our stdout or stderr is slow: stop reading the links; go on. */
    void (*hold)(void *arg);
    void (*go_on)(void *arg);
};

/* o, ops and arg are borrowed. */
struct stdio *stdio_create(struct event_base *base, const struct options *o, const struct stdio_ops *ops, void *arg);
void stdio_destroy(struct stdio *s);

/* How many nodes have ranks that take stdin: called once the plan is made, before any credit can come. 0: stdin is
 * never read. */
void stdio_start(struct stdio *s, uint32_t stdin_nodes);

/* The payload of an OUTPUT frame, after its rank and stream; host as the node is named. */
void stdio_output(struct stdio *s, uint32_t rank, const char *host, unsigned stream, const char *data, size_t n);
void stdio_credit(struct stdio *s, uint32_t node, uint32_t bytes); /* STDIN_CREDIT */
void stdio_wanted(struct stdio *s);                                /* STDIN_WANTED */
void stdio_foreground(struct stdio *s);                            /* SIGCONT: we may be in the foreground again */

/* The job is over: writes all that is left, waiting for slow readers, and puts the terminal as it was. */
void stdio_finish(struct stdio *s);

#endif
