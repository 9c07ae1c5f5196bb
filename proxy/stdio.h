/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio: the standard streams of the local ranks: output goes on in whole lines, input comes down with credit.
 */
#ifndef PROXY_STDIO_H
#define PROXY_STDIO_H

#include "proxy/proxy.h"

#include <sys/types.h>

/* The rank's ends of its streams, to be put at 0, 1 and 2; close-on-exec, above those numbers that a rank gets. */
struct stdio_ends {
    int in, out, err; /* err may equal out */
    bool in_shared;   /* not to be closed: of all ranks, or the same as out */
    bool terminal;    /* in is a terminal, and to be that of the rank's session */
};

void stdio_job_init(struct job *j);
void stdio_job_fini(struct job *j);

/* Makes the streams of one rank. -1 with errno: none was made. */
int stdio_open(struct rank *r, struct stdio_ends *ends);
/* Closes the rank's ends here, after its start. */
void stdio_started(struct stdio_ends *ends);
/* Every rank of the job has been started, or has failed to. */
void stdio_job_started(struct job *j);
/* The rank has been reaped: reads what its pipes still hold. After that they are read only while they stay open. */
void stdio_reaped(struct rank *r);
/* Sends the last lines of its stderr up (TAIL), if there are any. */
void stdio_tell_tail(struct rank *r);
/* All ranks have been reaped: says OUTPUT_END, once, when every byte has gone on. A process that a rank left behind can
 * hold a pipe open: it is waited for 300 ms. */
void stdio_all_reaped(struct job *j);
void stdio_close(struct rank *r); /* takes one that was never opened */

/* Whole lines, as if the rank, which has been started, had written them to that stream (1, 2). */
void stdio_say(struct rank *r, unsigned stream, const char *text, size_t n);

void stdio_stdin_data(struct job *j, const unsigned char *data, size_t n); /* n = 0: end of file */

/* The rank here that has a terminal, if there is one, has it in this size now. */
void stdio_resize(struct job *j, uint32_t rows, uint32_t columns);

/* The parent's queue is long, short again: stop reading ranks and children, go on. */
void stdio_congested(struct proxy *proxy);
void stdio_drained(struct proxy *proxy);

#endif
