/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_tail: the last lines that a rank wrote to stderr, for the explanation of its failure.
 */
#ifndef PROXY_STDIO_TAIL_H
#define PROXY_STDIO_TAIL_H

#include <stddef.h>

#define TAIL_BYTES 2048
#define TAIL_LINES 10

struct tail; /* NULL: nothing was written */

void tail_add(struct tail **t, const char *data, size_t n);
/* The last TAIL_LINES lines of it, valid until the next call; NULL and *n = 0 when there are none. */
const char *tail_text(struct tail *t, size_t *n);

#endif
