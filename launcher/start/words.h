/* SPDX-License-Identifier: BSD-3-Clause
 *
 * words: a command line, or an environment, that is being put together.
 */
#ifndef LAUNCHER_START_WORDS_H
#define LAUNCHER_START_WORDS_H

#include <stddef.h>

/* Starts as {0}. */
struct words {
    char **v; /* NULL-terminated once there is one */
    size_t n, cap;
};

void words_add(struct words *w, const char *word); /* a copy */
void words_addf(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void words_fini(struct words *w);

#endif
