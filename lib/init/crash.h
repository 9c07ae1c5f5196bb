/* SPDX-License-Identifier: BSD-3-Clause
 *
 * crash: a rank that is ended by an error signal (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) says on stderr where it
 * was, in which MPI call, and how to look into it, and then ends by that signal as it would have otherwise. */
#ifndef LIB_INIT_CRASH_H
#define LIB_INIT_CRASH_H

/* Once the rank knows who it is. Signals that are not left to the system are the program's own, and stay so; so does
 * whatever it sets later. */
void crash_begin(void);

#endif
