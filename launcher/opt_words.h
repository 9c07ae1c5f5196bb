/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_words: text into words as a shell does it, without expanding anything: blanks separate, '...' and "..." group,
 * \ takes the next character as it is (before a newline: the line goes on), # at the start of a word starts a comment.
 */
#ifndef LAUNCHER_OPT_WORDS_H
#define LAUNCHER_OPT_WORDS_H

#include "common/err.h"

#include <stddef.h>

struct opt_words {
    char **all; /* NULL-terminated; owned */
    size_t n, cap;
    size_t line; /* number of the line on which they start */
};

struct opt_text {
    const char *at;
    size_t line; /* of at; starts as 1 */
    const char *file;
};

/* The words of the next line that has some. 1, 0 at the end of the text, -1 with e set (FILE:LINE: in front).
 * w is emptied first and needs opt_words_fini after each. */
int opt_words_next(struct opt_words *w, struct opt_text *t, struct err *e);
void opt_words_fini(struct opt_words *w);

#endif
