/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_table: the table made of opt.def, and finding names in it: whole, or the nearest one for a suggestion.
 */
#include "launcher/opt.h"

#include <stdio.h>
#include <string.h>
#include <sys/param.h>

#define JOB(member) false, offsetof(struct options, member)
#define APP(member) true, offsetof(struct app, member)
#define NONE false, 0

const struct opt opt_table[OPT_COUNT] = {
#define OPT(...) OPT_ROW(__VA_ARGS__)
#define OPT_ROW(id, names, values, kind, of_app, field, min, max, topic, common, brief, more)                          \
    [OPT_ID_##id] = {names, values, OPT_##kind, of_app, field, min, max, OPT_TOPIC_##topic, common, brief, more},
#include "launcher/opt.def"
};

const struct opt_alias opt_aliases[] = {
#define ALIAS(name, id, value) {name, OPT_ID_##id, value},
#include "launcher/opt.def"
};
const size_t opt_naliases = sizeof opt_aliases / sizeof *opt_aliases;

const struct opt_choices opt_choices[] = {
#define CHOICES(id, words) {OPT_ID_##id, words},
#include "launcher/opt.def"
};
const size_t opt_nchoices = sizeof opt_choices / sizeof *opt_choices;

const struct opt_refused opt_refusals[] = {
#define REFUSED(names, why) {names, why},
#include "launcher/opt.def"
};
const size_t opt_nrefusals = sizeof opt_refusals / sizeof *opt_refusals;

const struct opt_subject opt_subjects[OPT_TOPICS] = {
#define TOPIC(id, name, title, text) [OPT_TOPIC_##id] = {name, title, text},
#include "launcher/opt_topics.def"
};

const char *opt_next_name(const char **at, size_t *n)
{
    const char *start = *at + strspn(*at, " ");
    *n = strcspn(start, " ");
    *at = start + *n;
    return *n ? start : NULL;
}

unsigned opt_nvalues(const struct opt *o)
{
    unsigned count = 0;
    size_t n;
    for (const char *at = o->values; opt_next_name(&at, &n);)
        count++;
    return count;
}

static bool has_name(const char *names, const char *name, size_t n)
{
    size_t k;
    for (const char *at = names, *s; (s = opt_next_name(&at, &k));)
        if (k == n && !memcmp(s, name, n))
            return true;
    return false;
}

const struct opt *opt_find(const char *name, size_t n, const char **value)
{
    *value = NULL;
    for (size_t i = 0; i < OPT_COUNT; i++)
        if (has_name(opt_table[i].names, name, n))
            return &opt_table[i];
    for (size_t i = 0; i < opt_naliases; i++)
        if (has_name(opt_aliases[i].name, name, n)) {
            *value = opt_aliases[i].value;
            return &opt_table[opt_aliases[i].opt];
        }
    return NULL;
}

const char *opt_refusal(const char *name, size_t n)
{
    for (size_t i = 0; i < opt_nrefusals; i++)
        if (has_name(opt_refusals[i].names, name, n))
            return opt_refusals[i].why;
    return NULL;
}

const char *opt_shown(const char *name, size_t n, char text[64])
{
    snprintf(text, 64, "%s%.*s", n > 1 ? "--" : "-", (int)MIN(n, 60), name);
    return text;
}

#define LONGEST 32 /* of the names; longer ones are like none */

/* How many letters must be put in, taken out, changed or swapped with their neighbour to make a of b. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t d[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= na; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= nb; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= na; i++)
        for (size_t j = 1; j <= nb; j++) {
            size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = MIN(MIN(d[i - 1][j], d[i][j - 1]) + 1, change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = MIN(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[na][nb];
}

struct nearest {
    const char *name;
    size_t n;
    const char *best;
    size_t nbest, d;
};

static void consider(struct nearest *x, const char *names)
{
    size_t n;
    for (const char *at = names, *s; (s = opt_next_name(&at, &n));) {
        if (n == 1 && x->n > 2)
            continue; /* nobody means a letter by a word */
        size_t d = n > LONGEST ? LONGEST : distance(x->name, x->n, s, n);
        if (d < x->d) {
            x->best = s;
            x->nbest = n;
            x->d = d;
        }
    }
}

bool opt_nearest(const char *name, size_t n, char near[64])
{
    if (n == 0 || n > LONGEST)
        return false;
    struct nearest x = {.name = name, .n = n, .d = n / 3 + 2}; /* farther is not what was meant */
    for (size_t i = 0; i < OPT_COUNT; i++)
        consider(&x, opt_table[i].names);
    for (size_t i = 0; i < opt_naliases; i++)
        consider(&x, opt_aliases[i].name);
    if (!x.best || x.d >= MAX(n, x.nbest))
        return false;
    opt_shown(x.best, x.nbest, near);
    return true;
}
