/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hostlist_range: reading a host list's text, its numbers and the ranges in its brackets. Used by
 * hostlist_item.c and hostlist_line.c alone.
 */
#ifndef COMMON_HOSTLIST_RANGE_H
#define COMMON_HOSTLIST_RANGE_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hostlist_text {
    const char *start, *shown_end; /* what an error shows */
    const char *at, *end;          /* what is left to read */
    const char *where;             /* in front of an error: "" or "FILE:LINE: " */
    struct err *e;
};

/* The error's line, the text and a caret under pos. Always -1. */
int hostlist_fail(const struct hostlist_text *t, const char *pos, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

int hostlist_peek(const struct hostlist_text *t); /* the next character, -1 at the end */
bool hostlist_take(struct hostlist_text *t, int c);

/* A decimal number of at most nine digits, and how many it has. */
int hostlist_number(struct hostlist_text *t, uint32_t *value, int *width);

struct hostlist_range {
    uint32_t lo, hi;
    int width; /* digits, zeros in front included */
};

struct hostlist_ranges {
    struct hostlist_range *all; /* owned */
    size_t n;
};

/* What follows '[', up to and with ']': ranges, those with ^ in front taken away. At least one number is left. */
int hostlist_bracket(struct hostlist_text *t, struct hostlist_ranges *in);
uint64_t hostlist_ranges_count(const struct hostlist_ranges *r);

#endif
