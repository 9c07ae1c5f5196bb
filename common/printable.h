/* SPDX-License-Identifier: BSD-3-Clause
 *
 * printable: text that others chose (ranks above all), as a terminal may be given it.
 */
#ifndef COMMON_PRINTABLE_H
#define COMMON_PRINTABLE_H

#include <stddef.h>

#define PRINTABLE_WIDTH 4 /* characters that one byte becomes at most: \x1b */

/* n bytes of text into to, size bytes with the NUL; cut between characters where there is no room. What would speak to
 * the terminal or break the line (control characters, C1 ones in UTF-8 too, and what is no UTF-8) is written as \x1b;
 * a tab stays. Returns the length. */
size_t printable_put(char *to, size_t size, const char *text, size_t n);

/* The bytes of the UTF-8 sequence at p, of n that are there; 0: none starts there. */
size_t utf8_length(const unsigned char *p, size_t n);

#endif
