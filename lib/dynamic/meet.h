/* SPDX-License-Identifier: BSD-3-Clause
 *
 * meet: a group and another one, whose roots have a socket, become an intercommunicator. */
#ifndef LIB_DYNAMIC_MEET_H
#define LIB_DYNAMIC_MEET_H

#include "lib/comm/ties.h"

/* How the root comes by its socket: the descriptor, or an error class with a note. */
struct meet_way {
    int (*reach)(void *arg, int *fd);
    void *arg;
    bool keeps;            /* the socket is somebody else's, and stays open */
    enum ties_side counts; /* the same everywhere */
};

/* All of comm call it; all of way but counts is significant at the root. All return the same error: an error class, of
 * what failed at either root, or of a member that cannot tell where it is reached. */
int meet_by(struct comm *comm, int root, const struct meet_way *way, MPI_Comm *newcomm);

#endif
