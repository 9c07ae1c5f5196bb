/* SPDX-License-Identifier: BSD-3-Clause
 *
 * failure: the first thing that went wrong, and the block of text that tells it at the end.
 */
#ifndef LAUNCHER_FAILURE_H
#define LAUNCHER_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAILURE_TAILS_MAX 64 /* of so many ranks the last lines are kept */

struct job;
struct mpiexec;

enum failure_kind {
    FAILURE_NONE,
    FAILURE_START,   /* a rank could not be started */
    FAILURE_EXIT,    /* a rank ended with a status that is not 0, by a signal, or inside MPI */
    FAILURE_ABORT,   /* a rank called abort */
    FAILURE_PMI,     /* a rank broke the rules of PMI */
    FAILURE_STUCK,   /* a rank ended while others wait for it: the job cannot go on */
    FAILURE_NODE,    /* a node is out of reach */
    FAILURE_TIMEOUT, /* --timeout */
    FAILURE_SIGNAL,  /* the user ended it */
    FAILURE_LAUNCH,  /* nothing was started: not what can be done */
    FAILURE_OUTPUT,  /* our own stdout is gone */
};

struct failure {
    enum failure_kind kind;
    const struct job *job; /* whose rank; NULL: no rank's */
    uint32_t rank;
    uint64_t time;  /* ns, CLOCK_REALTIME */
    int code;       /* ABORT: the code; SIGNAL: the signal; OUTPUT: errno */
    char text[512]; /* ABORT, PMI, NODE: what is known */
};

/* Records a failure; only the earliest stays, or a death by a signal just after it. Returns true when this is the
 * first that was recorded at all: the caller then ends the job. text may be NULL. */
bool failure_note(struct mpiexec *m, enum failure_kind kind, const struct job *j, uint32_t rank, uint64_t time,
                  int code, const char *text);

/* The last lines of a failed rank's stderr (TAIL). They come before its end is known, so which failure was the first is
 * still open: those of several ranks are kept. */
void failure_tail(struct mpiexec *m, struct job *j, uint32_t rank, const void *data, size_t n);

/* The block for the user, on stderr. Nothing when nothing failed. */
void failure_print(const struct mpiexec *m);

/* "was killed by signal 11 (SIGSEGV, Segmentation fault)", into text. For one rank that has ended. */
void failure_describe_rank(const struct job *j, uint32_t rank, char *text, size_t size);

#endif
