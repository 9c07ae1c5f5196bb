/* SPDX-License-Identifier: BSD-3-Clause
 *
 * abroad: channels to and from processes of other jobs, of this machine and user.
 *
 * Who sends makes the channel, in a file without a name, and leaves a letter on the receiver's porch, who opens it: so
 * each way has a file of its own, and neither side waits for the other. The file goes with its two processes. That a
 * process has ended is told by the kernel (a pidfd), that MPI is over in it by its porch. */
#ifndef LIB_TRANSPORT_SHM_ABROAD_H
#define LIB_TRANSPORT_SHM_ABROAD_H

#include "lib/nodemem/porch.h"
#include "lib/transport/shm/channel.h"

/* Parts of the verbs, for processes of other jobs. */
int abroad_address(void *address);
bool abroad_reaches(const struct peer *p);
/* False with a note: no memory. That it has ended is told from poll. */
bool abroad_open(struct peer *p, struct link *l, const void *address);
/* Before the first packet. False: not now. */
bool abroad_announce(struct link *l);
/* What it has written into a channel makes no sense: told from poll. */
void abroad_break(const struct link *l);
/* Takes nothing for it any more, and brings nothing. What it has not come to open stays until it has. */
void abroad_end(struct link *l);
int abroad_poll(void);
bool abroad_unsent(void);
int abroad_sleep_fd(void);
void abroad_fini(void);

#endif
