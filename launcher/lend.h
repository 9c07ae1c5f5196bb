/* SPDX-License-Identifier: BSD-3-Clause
 *
 * lend: the rank of a job of one that stands for a program that was started without mpiexec (lib/boot/lent.c): that has
 * started this mpiexec, whose stdin is a socket between them.
 */
#ifndef LAUNCHER_LEND_H
#define LAUNCHER_LEND_H

/* Hands our PMI connection over by stdin, and stays until the program has closed its end. Returns the exit status. */
int lend_run(void);

#endif
