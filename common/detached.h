/* SPDX-License-Identifier: BSD-3-Clause
 *
 * detached: a thread for what may take seconds and cannot be asked for otherwise, such as the name of a host. Nobody
 * waits for it: it says by a pipe that it is done.
 */
#ifndef COMMON_DETACHED_H
#define COMMON_DETACHED_H

#include <stdbool.h>

/* It takes no signals, which are the loop's, and has a small stack. False: it cannot be made. */
bool detached_run(void *(*run)(void *arg), void *arg);

#endif
