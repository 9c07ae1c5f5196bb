/* SPDX-License-Identifier: BSD-3-Clause
 *
 * descendants: the processes below this one, found in /proc. Complete only for a child subreaper
 * (PR_SET_CHILD_SUBREAPER), to which orphans return.
 */
#ifndef COMMON_DESCENDANTS_H
#define COMMON_DESCENDANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The children that this process has now (it was started by exec of a process that had some) are none of ours: what
 * follows leaves them and all below them alone. */
void descendants_spare(void);
void descendants_spare_child(pid_t pid); /* nor is this one that we have started */

/* Sends the signal to every process below root (root itself not included). Returns how many were there. */
size_t descendants_signal(pid_t root, int signal);

/* Sends the signal to root and to those below it, each only if it has a handler for that signal. */
void descendants_signal_catchers(pid_t root, int signal);

/* Has it begun to end, also if it cannot be waited for yet? */
bool descendants_is_dying(pid_t pid);

/* Is a process of that session there that has not ended? */
bool descendants_in_session(pid_t session);

/* SIGKILL to those children of this process that are not among the n known ones, and to all below them. */
void descendants_kill_others(const pid_t *known, size_t n);

/* SIGKILL to all below this process and waits for them, again and again until none is left or `ms` have passed.
 * Returns how many are left. */
size_t descendants_end(int ms);

#endif
