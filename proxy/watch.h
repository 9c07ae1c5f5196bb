/* SPDX-License-Identifier: BSD-3-Clause
 *
 * watch: what each local rank is doing, for mpiexec's table of ranks.
 */
#ifndef PROXY_WATCH_H
#define PROXY_WATCH_H

#include "proxy/proxy.h"

void watch_answer(struct job *j); /* sends STATES */

#endif
