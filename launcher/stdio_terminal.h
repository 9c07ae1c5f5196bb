/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_terminal: mpiexec's own, which passes every key on while a rank works in a terminal of its own (--pty). It is
 * given back as it was: at the end of mpiexec (exit included), and while it is stopped.
 */
#ifndef LAUNCHER_STDIO_TERMINAL_H
#define LAUNCHER_STDIO_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

/* Is stdin a terminal in whose foreground we are, or one that stops nobody? */
bool terminal_in_foreground(void);

/* false: stdin is no terminal. One that does not know its size has 24 rows of 80. */
bool terminal_size(uint32_t *rows, uint32_t *columns);

/* From now on every key is ours. Does nothing in the background, nor where it is so already. */
void terminal_take(void);
void terminal_return(void);
/* We were stopped: whoever has had it since has left it as he likes. */
void terminal_forget(void);
bool terminal_is_taken(void);

#endif
