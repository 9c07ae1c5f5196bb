/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_words: quotes and comments, character by character.
 */
#include "launcher/opt_words.h"

#include "common/xalloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct word {
    char *text;
    size_t len, cap;
};

static void word_put(struct word *w, char c)
{
    if (w->len + 1 >= w->cap)
        w->text = xrealloc(w->text, w->cap = w->cap ? 2 * w->cap : 32);
    w->text[w->len++] = c;
    w->text[w->len] = '\0';
}

static void words_add(struct opt_words *w, char *text)
{
    if (w->n + 1 >= w->cap)
        w->all = xreallocarray(w->all, w->cap = w->cap ? 2 * w->cap : 8, sizeof *w->all);
    w->all[w->n++] = text;
    w->all[w->n] = NULL;
}

void opt_words_fini(struct opt_words *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->all[i]);
    free(w->all);
    *w = (struct opt_words){0};
}

static char text_take(struct opt_text *t)
{
    if (*t->at == '\n')
        t->line++;
    return *t->at++;
}

/* After a backslash. Within double quotes it is special only before what a shell would read there. */
static void escaped(struct word *w, struct opt_text *t, bool quoted)
{
    if (*t->at == '\0')
        word_put(w, '\\');
    else if (*t->at == '\n')
        text_take(t);
    else {
        if (quoted && !strchr("\"\\$`", *t->at))
            word_put(w, '\\');
        word_put(w, text_take(t));
    }
}

/* After an opening quote, to behind the closing one. */
static int quoted(struct word *w, struct opt_text *t, char quote, struct err *e)
{
    size_t line = t->line;
    while (*t->at && *t->at != quote) {
        char c = text_take(t);
        if (c == '\\' && quote == '"')
            escaped(w, t, true);
        else
            word_put(w, c);
    }
    if (*t->at == '\0')
        return err_set(e, "%s:%zu: a %s quote is not closed", t->file, line, quote == '"' ? "double" : "single");
    t->at++;
    return 0;
}

static bool ends_word(char c)
{
    return c == '\0' || strchr(" \t\r\v\f\n", c);
}

static int word_read(struct word *w, struct opt_text *t, struct err *e)
{
    while (!ends_word(*t->at)) {
        char c = text_take(t);
        if (c == '\\')
            escaped(w, t, false);
        else if (c == '"' || c == '\'') {
            if (quoted(w, t, c, e) < 0)
                return -1;
        } else
            word_put(w, c);
    }
    return 0;
}

/* Blanks, comments and continued line ends before a word. */
static void skip_blanks(struct opt_text *t)
{
    for (;; t->at++) {
        while (t->at[0] == '\\' && t->at[1] == '\n') {
            t->at++;
            text_take(t);
        }
        if (*t->at == '#')
            t->at += strcspn(t->at, "\n");
        if (*t->at == '\n' || !ends_word(*t->at) || *t->at == '\0')
            return;
    }
}

static int word_next(struct opt_words *w, struct opt_text *t, struct err *e)
{
    struct word word = {xcalloc(1, 1), 0, 0};
    if (w->n == 0)
        w->line = t->line;
    if (word_read(&word, t, e) < 0) {
        free(word.text);
        return -1;
    }
    words_add(w, word.text);
    return 0;
}

int opt_words_next(struct opt_words *w, struct opt_text *t, struct err *e)
{
    opt_words_fini(w);
    for (;;) {
        skip_blanks(t);
        if (*t->at == '\0')
            return w->n > 0;
        if (*t->at != '\n') {
            if (word_next(w, t, e) < 0)
                return -1;
            continue;
        }
        text_take(t);
        if (w->n)
            return 1;
    }
}
