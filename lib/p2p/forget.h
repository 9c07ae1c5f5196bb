/* SPDX-License-Identifier: BSD-3-Clause
 *
 * forget: jobs that nothing connects with any more. */
#ifndef LIB_P2P_FORGET_H
#define LIB_P2P_FORGET_H

/* Forgets those of whose processes no group is left, and whose connections are at an end: so that a process that meets
 * jobs for ever keeps those alone that are there. Called between two of them, not out of a poll. */
void forget_jobs(void);

#endif
