/* SPDX-License-Identifier: BSD-3-Clause
 *
 * meeting: two groups that know each other by their leaders alone become an intercommunicator. What the leaders talk
 * over is the caller's: messages (inter.c), or a socket (lib/dynamic). */
#ifndef LIB_COMM_MEETING_H
#define LIB_COMM_MEETING_H

#include "lib/comm/ties.h"

/* Between the leaders: sends out_n bytes and takes in_n, which the other one sends in the same call. Blocks, and makes
 * progress. An error class with a note. */
struct line {
    int (*trade)(struct line *l, const void *out, int out_n, void *in, int in_n);
    enum ties_side counts; /* of processes of several jobs; told everywhere, not to the leader alone */
};

/* Collects where all members of `local` are reached, for the leader: *addresses is malloc's, or NULL elsewhere, and
 * with an error. An error class, the same for all. */
int meeting_addresses(struct comm *local, int leader, unsigned char **addresses);
/* Makes the intercommunicator; all members of both groups call it. The leader comes with a line to the other one, or
 * with an error. Where processes are of several jobs, addresses are needed: gathered says that they have been collected
 * before, on both sides; else they are here. All of both groups return an error if one does. */
int meeting_create(struct comm *local, int leader, struct line *line, bool gathered, const unsigned char *addresses,
                   int error, MPI_Comm *newcomm);
/* Is a process in both? */
bool meeting_overlap(struct group *a, struct group *b);

#endif
