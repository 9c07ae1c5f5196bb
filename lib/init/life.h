/* SPDX-License-Identifier: BSD-3-Clause
 *
 * life: the runtime is there while somebody uses it, MPI_COMM_WORLD or a session; between two users it sleeps. A rank
 * is one process with one set of channels, which others may write to at any time: so what is made for the first user is
 * kept for all later ones, and goes when the process exits. */
#ifndef LIB_INIT_LIFE_H
#define LIB_INIT_LIFE_H

#include "lib/core/types.h"

/* One more user. An error class, with a note. */
int life_begin(void);
/* One user less. When the last one goes, what was sent is delivered first, and the launcher learns that this process
 * may end. */
void life_end(void);
int life_users(void);

#endif
