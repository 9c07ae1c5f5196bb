/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hostlist_range: what brackets in a host name stand for: n[001-128,200]. */
#include "common/hostlist_range.h"

#include "common/xalloc.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define RANGES 4096u /* ranges in a bracket */
#define DIGITS 9u    /* of a number in a bracket */
#define SHOWN 60     /* characters of the text around an error's caret */

int hostlist_fail(const struct hostlist_text *t, const char *pos, const char *fmt, ...)
{
    char why[256], shown[SHOWN + 1];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    const char *from = pos - t->start > SHOWN / 2 ? pos - SHOWN / 2 : t->start;
    int n = t->shown_end - from > SHOWN ? SHOWN : (int)(t->shown_end - from);
    for (int i = 0; i < n; i++)
        shown[i] = isprint((unsigned char)from[i]) ? from[i] : isspace((unsigned char)from[i]) ? ' ' : '?';
    shown[n] = '\0';
    return err_set(t->e, "%s%s\n  %s\n  %*s^", t->where, why, shown, (int)(pos - from), "");
}

int hostlist_peek(const struct hostlist_text *t)
{
    return t->at < t->end ? (unsigned char)*t->at : -1;
}

bool hostlist_take(struct hostlist_text *t, int c)
{
    if (hostlist_peek(t) != c)
        return false;
    t->at++;
    return true;
}

int hostlist_number(struct hostlist_text *t, uint32_t *value, int *width)
{
    const char *start = t->at;
    *value = 0;
    while (t->at < t->end && isdigit((unsigned char)*t->at)) {
        if (t->at - start >= (int)DIGITS)
            return hostlist_fail(t, start, "a number of more than %u digits", DIGITS);
        *value = *value * 10 + (uint32_t)(*t->at++ - '0');
    }
    *width = (int)(t->at - start);
    return *width ? 0 : hostlist_fail(t, start, "a number is expected here");
}

static void range_add(struct hostlist_ranges *r, uint32_t lo, uint32_t hi, int width)
{
    if ((r->n & (r->n - 1)) == 0)
        r->all = xreallocarray(r->all, r->n ? 2 * r->n : 1, sizeof *r->all);
    r->all[r->n++] = (struct hostlist_range){lo, hi, width};
}

/* Takes x away from r. */
static void ranges_subtract(struct hostlist_ranges *r, const struct hostlist_range *x)
{
    struct hostlist_ranges left = {0};
    for (size_t i = 0; i < r->n; i++) {
        struct hostlist_range *y = &r->all[i];
        if (x->hi < y->lo || x->lo > y->hi) {
            range_add(&left, y->lo, y->hi, y->width);
            continue;
        }
        if (y->lo < x->lo)
            range_add(&left, y->lo, x->lo - 1, y->width);
        if (y->hi > x->hi)
            range_add(&left, x->hi + 1, y->hi, y->width);
    }
    free(r->all);
    *r = left;
}

static int range_read(struct hostlist_text *t, struct hostlist_ranges *to)
{
    const char *start = t->at;
    uint32_t lo, hi;
    int width, ignored;
    if (hostlist_number(t, &lo, &width) < 0)
        return -1;
    hi = lo;
    if (hostlist_take(t, '-') && hostlist_number(t, &hi, &ignored) < 0)
        return -1;
    if (hi < lo)
        return hostlist_fail(t, start, "this range ends before it starts");
    if (to->n >= RANGES)
        return hostlist_fail(t, start, "more than %u ranges in a bracket", RANGES);
    range_add(to, lo, hi, width);
    return 0;
}

/* After '[': ranges and ^ranges up to ']'. */
static int bracket_ranges(struct hostlist_text *t, struct hostlist_ranges *in, struct hostlist_ranges *out)
{
    do {
        if (range_read(t, hostlist_take(t, '^') ? out : in) < 0)
            return -1;
    } while (hostlist_take(t, ','));
    if (!hostlist_take(t, ']'))
        return hostlist_fail(t, t->at, "']', ',' or '-' is expected here");
    return 0;
}

int hostlist_bracket(struct hostlist_text *t, struct hostlist_ranges *in)
{
    const char *start = t->at - 1;
    struct hostlist_ranges out = {0};
    int rc = bracket_ranges(t, in, &out);
    for (size_t i = 0; rc == 0 && i < out.n; i++)
        ranges_subtract(in, &out.all[i]);
    free(out.all);
    if (rc == 0 && in->n == 0)
        return hostlist_fail(t, start, "this bracket holds no number");
    return rc;
}

uint64_t hostlist_ranges_count(const struct hostlist_ranges *r)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < r->n; i++)
        sum += (uint64_t)r->all[i].hi - r->all[i].lo + 1;
    return sum;
}
