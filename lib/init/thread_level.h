/* SPDX-License-Identifier: BSD-3-Clause
 *
 * thread_level: the levels of thread support by their names. */
#ifndef LIB_INIT_THREAD_LEVEL_H
#define LIB_INIT_THREAD_LEVEL_H

const char *thread_level_name(int level);
/* Of a name; -1: it is none. */
int thread_level_of(const char *name);

#endif
