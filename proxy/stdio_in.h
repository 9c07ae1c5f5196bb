/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_in: what comes for the stdin of this node's ranks. All that take it get the same bytes; the slowest of
 * them decides when room for more is told (STDIN_CREDIT). A rank that has closed its stdin, or has ended, no longer
 * counts.
 */
#ifndef PROXY_STDIO_IN_H
#define PROXY_STDIO_IN_H

#include "proxy/proxy.h"

struct feed;

struct feed *feed_create(struct job *j);
void feed_destroy(struct feed *f); /* takes NULL */

/* A pipe for one rank: *theirs is the end to read, close-on-exec and the caller's. Returns -1 with errno. */
int feed_open(struct feed *f, struct rank *r, int *theirs);
/* The rank reads from the terminal whose other end master is, which stays the caller's. Returns -1 with errno. */
int feed_open_terminal(struct feed *f, struct rank *r, int master);
void feed_close(struct feed *f, struct rank *r); /* takes a rank without a pipe */
/* All ranks have been started, or have failed to. */
void feed_start(struct feed *f);
/* n = 0: end of file. */
void feed_data(struct feed *f, const unsigned char *data, size_t n);

#endif
