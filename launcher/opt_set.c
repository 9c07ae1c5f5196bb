/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_set: what options without more to them take: yes or no, texts, numbers, times, lists of words.
 */
#include "common/xalloc.h"
#include "launcher/opt_set.h"
#include "launcher/opt_words.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/param.h>

#define RANK_MAX 16777215

int opt_expected(const struct opt_target *a, const char *fmt, ...)
{
    char what[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    const char *value = a->s->values[0];
    if (!value)
        return err_set(a->e, "%.200s: %s is expected", a->s->shown, what);
    return err_set(a->e, "%.200s: %s is expected, not \"%.200s\"", a->s->shown, what, value);
}

const char *opt_getenv(char **env, const char *name)
{
    size_t n = strlen(name);
    for (; env && *env; env++)
        if (!strncmp(*env, name, n) && (*env)[n] == '=')
            return *env + n + 1;
    return NULL;
}

void opt_remark(struct opt_target *a, const char *fmt, ...)
{
    char line[512], *old = a->remarks;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    a->remarks = xasprintf("%s%s\n", old ? old : "", line);
    free(old);
}

void opt_replace(char **field, char *text)
{
    free(*field);
    *field = text;
}

/* A whole number of digits, at most max; -1 when it is something else. */
static long whole(const char *s, size_t n, long max)
{
    long v = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)s[i]) || v > max / 10)
            return -1;
        v = v * 10 + (s[i] - '0');
    }
    return n && v <= max ? v : -1;
}

int opt_set_flag(struct opt_target *a)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    const char *v = a->s->values[0];
    for (unsigned i = 0; i < 8; i++)
        if (v && !strcasecmp(v, words[i])) {
            *(bool *)a->field = i % 2;
            return 0;
        }
    if (v)
        return opt_expected(a, "yes or no");
    *(bool *)a->field = true;
    return 0;
}

int opt_set_text(struct opt_target *a)
{
    if (!a->s->values[0] || !*a->s->values[0])
        return opt_expected(a, "%s", a->s->opt->values);
    opt_replace(a->field, xstrdup(a->s->values[0]));
    return 0;
}

int opt_set_number(struct opt_target *a)
{
    const struct opt *o = a->s->opt;
    long v = a->s->values[0] ? whole(a->s->values[0], strlen(a->s->values[0]), o->max) : -1;
    if (v < o->min)
        return opt_expected(a, "a number from %ld to %ld", o->min, o->max);
    *(long *)a->field = v;
    return 0;
}

int opt_set_umask(struct opt_target *a)
{
    const char *v = a->s->values[0] ? a->s->values[0] : "";
    char *end;
    unsigned long mask = strtoul(v, &end, 8);
    if (!isdigit((unsigned char)*v) || *end || mask > 0777)
        return opt_expected(a, "an octal number from 0 to 0777");
    *(int *)a->field = (int)mask;
    return 0;
}

int opt_set_usize(struct opt_target *a)
{
    const char *v = a->s->values[0] ? a->s->values[0] : "";
    const struct opt *o = a->s->opt;
    long n = whole(v, strlen(v), o->max);
    if (!strcasecmp(v, "SYSTEM"))
        n = -1;
    else if (!strcasecmp(v, "INFINITE"))
        n = -2;
    else if (n < o->min)
        return opt_expected(a, "SYSTEM, INFINITE or a number from %ld to %ld", o->min, o->max);
    *(long *)a->field = n;
    return 0;
}

static unsigned display_word(const char *s, size_t n)
{
    static const struct {
        const char *name;
        unsigned bits;
    } words[] = {
        {"map", DISPLAY_MAP},
        {"binding", DISPLAY_BINDINGS},
        {"bindings", DISPLAY_BINDINGS},
        {"bind", DISPLAY_BINDINGS},
        {"topo", DISPLAY_TOPO},
        {"topology", DISPLAY_TOPO},
        {"allocation", DISPLAY_ALLOCATION},
        {"all", DISPLAY_MAP | DISPLAY_BINDINGS | DISPLAY_TOPO | DISPLAY_ALLOCATION},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].name) == n && !strncasecmp(words[i].name, s, n))
            return words[i].bits;
    return 0;
}

/* --display map --display bindings shows both. */
int opt_set_display(struct opt_target *a)
{
    unsigned bits = a->again ? *(unsigned *)a->field : 0;
    const char *v = a->s->values[0] ? a->s->values[0] : "";
    for (;; v++) {
        size_t n = strcspn(v, ",");
        unsigned word = display_word(v, n);
        if (!word)
            return opt_expected(a, "a list of map, bindings, topo, allocation (or all)");
        bits |= word;
        v += n;
        if (!*v)
            break;
    }
    *(unsigned *)a->field = bits;
    return 0;
}

/* "0", "0-3,7" */
static bool is_ranks(const char *s)
{
    for (;;) {
        size_t n = strspn(s, "0123456789");
        long lo = whole(s, n, RANK_MAX), hi = lo;
        s += n;
        if (*s == '-') {
            n = strspn(++s, "0123456789");
            hi = whole(s, n, RANK_MAX);
            s += n;
        }
        if (lo < 0 || hi < lo)
            return false;
        if (*s != ',')
            return *s == '\0';
        s++;
    }
}

int opt_set_stdin(struct opt_target *a)
{
    const char *v = a->s->values[0] ? a->s->values[0] : "";
    if (!strcasecmp(v, "all"))
        a->o->stdin_mode = STDIN_ALL;
    else if (!strcasecmp(v, "none"))
        a->o->stdin_mode = STDIN_NONE;
    else if (!is_ranks(v))
        return opt_expected(a, "all, none, a rank or a list of ranks (0-3,7)");
    else {
        a->o->stdin_mode = STDIN_RANKS;
        return opt_set_text(a);
    }
    return 0;
}

int opt_set_pty(struct opt_target *a)
{
    if (a->s->values[0])
        return opt_set_number(a);
    *(long *)a->field = 0;
    return 0;
}

int opt_check_braces(const struct opt_target *a, const char *text, const char *known)
{
    for (const char *at = text; (at = strchr(at, '{')); at++) {
        size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
        char word[32];
        if (n == 0 || at[n + 1] != '}')
            continue;
        snprintf(word, sizeof word, " %.*s ", (int)n, at + 1);
        if (n > sizeof word - 3 || !strstr(known, word))
            return opt_expected(a, "one of%sin braces", known);
    }
    return 0;
}

int opt_set_pattern(struct opt_target *a)
{
    if (a->s->values[0] && opt_check_braces(a, a->s->values[0], " rank host node job size ") < 0)
        return -1;
    return opt_set_text(a);
}

/* A pattern asks for a label. */
int opt_set_label(struct opt_target *a)
{
    if (a->s->values[0] && opt_check_braces(a, a->s->values[0], " rank host node job size time ") < 0)
        return -1;
    a->o->label = true;
    return opt_set_text(a);
}

int opt_set_launcher(struct opt_target *a)
{
    static const char *const names[] = {"fork", "ssh", "ssh-exec", "rsh",    "slurm",
                                        "flux", "lsf", "sge",      "pbsdsh", "manual"};
    const char *v = a->s->values[0] ? a->s->values[0] : "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], v) == 0)
            return opt_set_text(a);
    return opt_expected(a, "fork, ssh, ssh-exec, rsh, slurm, flux, lsf, sge, pbsdsh or manual");
}

int opt_set_words(struct opt_target *a)
{
    struct opt_words w = {0};
    struct opt_text t = {a->s->values[0] ? a->s->values[0] : "", 1, a->s->shown};
    char ***field = a->field;
    if (opt_words_next(&w, &t, a->e) < 0) {
        opt_words_fini(&w);
        return -1;
    }
    for (char **old = *field; old && *old; old++)
        free(*old);
    free(*field);
    *field = w.all;
    return 0;
}

/* -v once more each time; or the level itself. */
int opt_set_level(struct opt_target *a)
{
    long *to = a->field, max = a->s->opt->max;
    long v = a->s->values[0] ? whole(a->s->values[0], strlen(a->s->values[0]), max) : -1;
    bool yes = true;
    if (v < 0) {
        struct opt_target flag = *a;
        flag.field = &yes;
        if (opt_set_flag(&flag) < 0)
            return opt_expected(a, "yes, no or a number from 0 to %ld", max);
        v = yes;
    }
    *to = a->again && v ? MIN(*to + v, max) : v;
    return 0;
}

int opt_set_note(struct opt_target *a)
{
    opt_remark(a, "%s has no effect: %s", a->s->shown, a->s->opt->more);
    return 0;
}

int opt_set_nothing(struct opt_target *a)
{
    return 0;
}
