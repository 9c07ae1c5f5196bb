/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_place: the directory in which the mpiexecs of a user on one machine tell one another what is published, and who
 * of them is alive. It is private (0700), made with the first name and removed with the last, and needs no process that
 * stays.
 *
 *   owners/ID   one for each mpiexec that has published something, locked as long as that runs: the kernel takes the
 *               lock back, however it ends, and then nothing that it has published counts
 *   names/FILE  a name (name_link.h)
 *   lock        held by who removes what another one has left, for a moment
 *
 * MUSTER_NAMES_DIR is the directory, if it is set: on a file system that several machines share, they share the names.
 * Otherwise /dev/shm/muster-names-UID.
 */
#ifndef LAUNCHER_NAME_PLACE_H
#define LAUNCHER_NAME_PLACE_H

#include "common/err.h"

#include <limits.h>
#include <stdbool.h>

#define NAME_ID_MAX 48

struct name_place {
    int top, owners, names; /* directories; -1: not open */
    int own;                /* our file among the owners, locked; -1: none yet */
    char id[NAME_ID_MAX];   /* its name: PID.NUMBER */
    char path[PATH_MAX];
};

void name_place_init(struct name_place *p);
/* 0: it is open. 1: there is none, and `make` is false. -1 with e set: it cannot be had, or is not private. */
int name_place_open(struct name_place *p, bool make, struct err *e);
/* We are among the owners, in a place that is there; else it is made. Sets *left where one of the others has ended
 * without leaving. 0, or -1 with e set. */
int name_place_join(struct name_place *p, bool *left, struct err *e);
/* It is open, and has been removed meanwhile: it is closed. */
bool name_place_lost(struct name_place *p);
/* Does that owner run? Who is not there does not. */
bool name_place_runs(const struct name_place *p, const char *id);
/* Is that file among the owners one of somebody who has not left, and does not run? */
bool name_place_left(const struct name_place *p, const char *file);
/* The lock, to be closed; -1 with errno: EAGAIN: somebody else has it. */
int name_place_lock(const struct name_place *p);
/* Leaves the owners, closes, and removes what nobody else uses. */
void name_place_fini(struct name_place *p);

#endif
