/* SPDX-License-Identifier: BSD-3-Clause
 *
 * words: grows by doubling.
 */
#include "launcher/start/words.h"

#include "common/log.h"
#include "common/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void take_word(struct words *w, char *word)
{
    if (w->n + 1 >= w->cap)
        w->v = xreallocarray(w->v, w->cap = w->cap ? 2 * w->cap : 32, sizeof *w->v);
    w->v[w->n++] = word;
    w->v[w->n] = NULL;
}

void words_add(struct words *w, const char *word)
{
    take_word(w, xstrdup(word));
}

void words_addf(struct words *w, const char *format, ...)
{
    char *word;
    va_list ap;
    va_start(ap, format);
    int rc = vasprintf(&word, format, ap);
    va_end(ap);
    if (rc < 0)
        log_fatal("out of memory");
    take_word(w, word);
}

void words_fini(struct words *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->v[i]);
    free(w->v);
    *w = (struct words){0};
}
