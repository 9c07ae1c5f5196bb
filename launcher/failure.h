/* SPDX-License-Identifier: BSD-3-Clause
 *
 * failure: the first thing that went wrong, and the block of text that tells it at the end.
 */
#ifndef LAUNCHER_FAILURE_H
#define LAUNCHER_FAILURE_H

#include "launcher/run.h"

#define FAILURE_TAILS_MAX 64 /* of so many ranks the last lines are kept */

/* Records a failure; only the earliest stays, or a death by a signal just after it. Returns true when this is the
 * first that was recorded at all: the caller then ends the job. text may be NULL. */
bool failure_note(struct run *run, enum failure_kind kind, const struct job *j, uint32_t rank, uint64_t time, int code,
                  const char *text);

/* The same of a node that is out of reach. It replaces a rank of its own that SIGKILL has ended shortly before: what
 * kills a proxy with all that it has often begins there. */
bool failure_node_lost(struct run *run, uint32_t node, uint64_t time, const char *text);

/* The last lines of a failed rank's stderr (TAIL). They come before its end is known, so which failure was the first is
 * still open: those of several ranks are kept. shown: they are the last on our stderr, where the block does not repeat
 * them. */
void failure_tail(struct run *run, struct job *j, uint32_t rank, const void *data, size_t n, bool shown);

/* The block for the user, on stderr. Nothing when nothing failed. */
void failure_print(const struct run *run);

/* "was killed by signal 11 (SIGSEGV, Segmentation fault)", into text. For one rank that has ended. */
void failure_describe_rank(const struct job *j, uint32_t rank, char *text, size_t size);

#endif
