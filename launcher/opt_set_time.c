/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_set_time: times: a number with a unit, or hours, minutes and seconds with colons between them.
 */
#include "launcher/opt_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX (366.0 * 24 * 3600)

/* What a unit behind a time multiplies it with; 0: no such unit. */
static double unit(const char *s)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"s", 1}, {"ms", 0.001}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(s, units[i].name))
            return units[i].seconds;
    return 0;
}

/* "1.5h". plain: the seconds of a number without a unit. NAN: it is no such time. */
static double with_unit(const char *text, double plain)
{
    size_t digits = strspn(text, "0123456789.");
    char number[32], *end;
    if (!digits || digits >= sizeof number)
        return NAN;
    memcpy(number, text, digits);
    number[digits] = '\0';
    double v = strtod(number, &end), seconds = text[digits] ? unit(text + digits) : plain;
    return *end || end == number || seconds == 0 ? NAN : v * seconds;
}

/* Numbers with colons between them, at most 3; how many, or 0. */
static int read_fields(const char *s, double v[3])
{
    for (int n = 0; n < 3; n++) {
        size_t digits = strspn(s, "0123456789");
        if (digits == 0 || digits > 9)
            return 0;
        v[n] = strtod(s, NULL);
        s += digits;
        if (*s == '\0')
            return n + 1;
        if (*s++ != ':')
            return 0;
    }
    return 0;
}

/* [D-]H:M:S, M:S, D-H, D-H:M. NAN: it is no such time. */
static double with_colons(const char *text)
{
    double v[3] = {0, 0, 0}, days = 0;
    const char *dash = strchr(text, '-');
    if (dash) {
        if (dash == text || dash - text > 4 || strspn(text, "0123456789") != (size_t)(dash - text))
            return NAN;
        days = strtod(text, NULL);
    }
    int n = read_fields(dash ? dash + 1 : text, v);
    if (n == 0)
        return NAN;
    if (n == 2 && !dash)
        return v[0] * 60 + v[1];
    return days * 86400 + v[0] * 3600 + v[1] * 60 + v[2];
}

static int set_time(struct opt_target *a, double plain, const char *what)
{
    const char *text = a->s->values[0] ? a->s->values[0] : "";
    double v = strpbrk(text, ":-") ? with_colons(text) : with_unit(text, plain);
    if (isnan(v) || v > SECONDS_MAX)
        return opt_expected(a, "%s", what);
    *(double *)a->field = v;
    return 0;
}

int opt_set_seconds(struct opt_target *a)
{
    return set_time(a, 1, "a time in seconds, with a unit, or as H:M:S (0.5, 90, 10m, 2h, 1:30:00; at most a year)");
}

int opt_set_minutes(struct opt_target *a)
{
    return set_time(a, 60, "a time in minutes, with a unit, or as [D-]H:M:S (90, 30s, 2h, 1:30:00; at most a year)");
}
