/* SPDX-License-Identifier: BSD-3-Clause
 *
 * output: what the program has printed reaches who reads it while it runs, and before the process ends. */
#ifndef LIB_CORE_OUTPUT_H
#define LIB_CORE_OUTPUT_H

/* From now on stdout, where it is a pipe or socket, is written line by line, as to a terminal: the launcher reads it,
 * and a rank may be killed at any time. A file is left alone, and so is a buffer that the program has chosen itself. */
void output_by_lines(void);
/* Writes what stdout keeps; not where another thread is at it. */
void output_flush(void);

#endif
