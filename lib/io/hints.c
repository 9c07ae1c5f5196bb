/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hints: a table, and the words of each kind of hint. */
#include "lib/io/hints.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum kind { NUMBER, OCTAL, BOOL, WHEN, STYLE };

static const struct hint {
    const char *key;
    enum kind kind;
    bool one;
    int64_t standard, least, most;
    size_t at;
} table[] = {
#define ONE true
#define EACH false
#define HINT(key, kind, whose, standard, least, most)                                                                  \
    {#key, kind, whose, standard, least, most, offsetof(struct hints, key)},
#include "lib/io/hints.def"
#undef HINT
};
enum { HINTS = sizeof table / sizeof *table };

static const char *const words_bool[] = {"false", "true", NULL};
static const char *const words_when[] = {"automatic", "enable", "disable", NULL};
static const char *const words_style[] = {"read_once",  "write_once",         "read_mostly", "write_mostly",
                                          "sequential", "reverse_sequential", "random",      NULL};

static int64_t *value_of(const struct hints *h, int i)
{
    return (int64_t *)((char *)(uintptr_t)h + table[i].at);
}

void hints_default(struct hints *h)
{
    for (int i = 0; i < HINTS; i++)
        *value_of(h, i) = table[i].standard;
}

/* Which of the words are the n bytes at s? -1: none. */
static int word_find(const char *const *words, const char *s, size_t n)
{
    for (int i = 0; words[i]; i++)
        if (strlen(words[i]) == n && strncasecmp(words[i], s, n) == 0)
            return i;
    return -1;
}

/* A bit for each word; -1: some word is none. */
static int64_t styles_read(const char *s)
{
    int64_t bits = 0;
    for (;; s++) {
        s += strspn(s, " ");
        size_t n = strcspn(s, ", ");
        int i = word_find(words_style, s, n);
        if (i < 0)
            return -1;
        bits |= INT64_C(1) << i;
        s += n;
        s += strspn(s, " ");
        if (*s != ',')
            return *s ? -1 : bits;
    }
}

static int64_t number_read(const char *s, int base)
{
    char *end;
    errno = 0;
    long long n = strtoll(s, &end, base);
    end += strspn(end, " ");
    return errno != 0 || *end || end == s ? -1 : n;
}

/* -1: not well-formed. */
static int64_t value_read(const struct hint *t, const char *s)
{
    switch (t->kind) {
    case NUMBER:
        return number_read(s, 10);
    case OCTAL:
        return number_read(s, 8);
    case BOOL:
        return word_find(words_bool, s, strlen(s));
    case WHEN:
        return word_find(words_when, s, strlen(s));
    case STYLE:
        return styles_read(s);
    }
    return -1;
}

void hints_take(struct hints *h, const struct info *i)
{
    for (int k = 0; k < HINTS; k++) {
        const char *s = info_find(i, table[k].key);
        int64_t n = s ? value_read(&table[k], s) : -1;
        if (n >= 0 && (table[k].kind == STYLE || (n >= table[k].least && n <= table[k].most)))
            *value_of(h, k) = n;
    }
}

int64_t hints_sum(const struct hints *h)
{
    uint64_t sum = 0;
    for (int k = 0; k < HINTS; k++)
        if (table[k].one)
            sum = sum * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)*value_of(h, k);
    return (int64_t)(sum >> 1);
}

static void styles_write(int64_t bits, char *to, size_t n)
{
    *to = 0;
    for (int i = 0; words_style[i]; i++)
        if (bits >> i & 1) {
            size_t used = strlen(to);
            snprintf(to + used, n - used, "%s%s", used ? "," : "", words_style[i]);
        }
}

static void value_write(const struct hint *t, int64_t value, char *to, size_t n)
{
    switch (t->kind) {
    case NUMBER:
        snprintf(to, n, "%" PRId64, value);
        break;
    case OCTAL:
        snprintf(to, n, "%04" PRIo64, value);
        break;
    case BOOL:
        snprintf(to, n, "%s", words_bool[value]);
        break;
    case WHEN:
        snprintf(to, n, "%s", words_when[value]);
        break;
    case STYLE:
        styles_write(value, to, n);
    }
}

int hints_put(const struct hints *h, struct info *to)
{
    int rc = MPI_SUCCESS;
    for (int k = 0; k < HINTS && rc == MPI_SUCCESS; k++) {
        char text[128];
        int64_t value = *value_of(h, k);
        value_write(&table[k], value, text, sizeof text);
        if (value != 0 || table[k].kind == BOOL || table[k].kind == WHEN) /* else there is nothing to say */
            rc = info_put(to, table[k].key, text);
    }
    return rc;
}

int hints_advice(const struct hints *h)
{
    if (h->access_style & 1 << 6)
        return POSIX_FADV_RANDOM;
    return h->access_style & 1 << 4 ? POSIX_FADV_SEQUENTIAL : POSIX_FADV_NORMAL;
}
