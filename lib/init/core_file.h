/* SPDX-License-Identifier: BSD-3-Clause
 *
 * core_file: the line to type in order to look into a process that is about to end by a signal. */
#ifndef LIB_INIT_CORE_FILE_H
#define LIB_INIT_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* For this process, of the program at that path, in a job of so many ranks. Allocates nothing. */
void core_file_advice(const char *program, int ranks, char *text, size_t n);
/* Where the kernel leaves the core of a process, by its pattern (core(5)): a path, where what is only known later is a
 * star. False: a program gets it. */
bool core_file_path(const char *pattern, bool with_pid, int pid, const char *name, char *path, size_t n);

#endif
