/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_collapse: equal lines of several ranks become one. A line waits COLLAPSE_MS for the same line of other ranks,
 * or until all have written it. The lines of one rank keep their order, and a line that it wrote twice is shown twice.
 */
#ifndef LAUNCHER_STDIO_COLLAPSE_H
#define LAUNCHER_STDIO_COLLAPSE_H

#include <stddef.h>
#include <stdint.h>

#define COLLAPSE_MS 150
#define COLLAPSE_MEMORY (32u << 20) /* what waits takes no more; beyond it the oldest are shown at once */

struct collapse;

/* ranks: "0-3,7"; line with its newline. */
typedef void collapse_show(void *arg, unsigned stream, const char *ranks, const char *line, size_t n);

/* Ranks are below nranks; arg is borrowed. */
struct collapse *collapse_create(uint32_t nranks, collapse_show *show, void *arg);
void collapse_destroy(struct collapse *c); /* takes NULL */
/* One whole line. */
void collapse_add(struct collapse *c, unsigned stream, uint32_t rank, const char *line, size_t n);
long collapse_due(const struct collapse *c); /* ms until the oldest is to be shown; -1: none waits */
void collapse_show_due(struct collapse *c);
void collapse_show_all(struct collapse *c);

#endif
