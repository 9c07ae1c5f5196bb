/* SPDX-License-Identifier: BSD-3-Clause
 *
 * helper: a thread that answers for this process while the program is not in MPI. It is there as long as a window has
 * ranks that are reached by messages, and sleeps like any thread that waits. */
#ifndef LIB_RMA_HELPER_H
#define LIB_RMA_HELPER_H

/* One more window needs it, and one less. In a program that takes no lock, all calls take it meanwhile. MPI_ERR_OTHER,
 * with a note: no thread can be had; helper_end is due all the same. */
int helper_begin(void);
void helper_end(void);
/* MPI ends, and windows are left. */
void helper_fini(void);

#endif
