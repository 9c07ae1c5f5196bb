/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_set: settings into struct options: one function for each kind of value, called through a table. Every wrong
 * value ends in one line: where it was given, the value, what is expected.
 */
#include "common/xalloc.h"
#include "launcher/opt.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECONDS_MAX (366.0 * 24 * 3600)
#define RANK_MAX 16777215

struct apply {
    struct options *o;
    struct app proto; /* what the defaults say about each application */
    char **env;
    const struct opt_setting *s;
    void *field;
    bool again; /* the option has been given before, for the same, by the same source */
    const struct opt_setting *last[OPT_COUNT];
    struct err *e;
};

static int expected(const struct apply *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Always -1. */
static int expected(const struct apply *a, const char *fmt, ...)
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

static int set_flag(struct apply *a)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    const char *v = a->s->values[0];
    for (unsigned i = 0; i < 8; i++)
        if (v && !strcasecmp(v, words[i])) {
            *(bool *)a->field = i % 2;
            return 0;
        }
    if (v)
        return expected(a, "yes or no");
    *(bool *)a->field = true;
    return 0;
}

static int set_text(struct apply *a)
{
    if (!a->s->values[0] || !*a->s->values[0])
        return expected(a, "%s", a->s->opt->values);
    free(*(char **)a->field);
    *(char **)a->field = xstrdup(a->s->values[0]);
    return 0;
}

static int set_number(struct apply *a)
{
    const struct opt *o = a->s->opt;
    long v = a->s->values[0] ? whole(a->s->values[0], strlen(a->s->values[0]), o->max) : -1;
    if (v < o->min)
        return expected(a, "a number from %ld to %ld", o->min, o->max);
    *(long *)a->field = v;
    return 0;
}

/* What a unit behind a time multiplies it with; 0: no such unit. */
static double unit(const char *s)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"ms", 0.001}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(s, units[i].name))
            return units[i].seconds;
    return 0;
}

static int set_seconds(struct apply *a)
{
    const char *text = a->s->values[0] ? a->s->values[0] : "";
    size_t digits = strspn(text, "0123456789.");
    char *end = (char *)text, *number = xstrndup(text, digits);
    double v = digits ? strtod(number, &end) : -1;
    bool ok = digits && *end == '\0' && end != number;
    free(number);
    v *= unit(text + digits);
    if (!ok || unit(text + digits) == 0 || v > SECONDS_MAX)
        return expected(a, "a time in seconds, or with a unit (0.5, 90, 10m, 2h, 3d; at most a year)");
    *(double *)a->field = v;
    return 0;
}

static int set_umask(struct apply *a)
{
    const char *v = a->s->values[0] ? a->s->values[0] : "";
    char *end;
    unsigned long mask = strtoul(v, &end, 8);
    if (!isdigit((unsigned char)*v) || *end || mask > 0777)
        return expected(a, "an octal number from 0 to 0777");
    *(int *)a->field = (int)mask;
    return 0;
}

static void append(char ***all, size_t *n, char *s)
{
    if ((*n & (*n - 1)) == 0)
        *all = xreallocarray(*all, *n ? 2 * *n : 1, sizeof **all);
    (*all)[(*n)++] = s;
}

/* The length of a variable's name at the start of s; 0 when there is none. */
static size_t name_length(const char *s)
{
    return s ? strcspn(s, "=") : 0;
}

static int set_env(struct apply *a)
{
    struct env_rules *r = a->field;
    char *const *v = a->s->values;
    size_t n = name_length(v[0]);
    if (n == 0 || (v[0][n] == '=') == (v[1] != NULL))
        return expected(a, "NAME VALUE or NAME=VALUE");
    append(&r->set, &r->nset, v[1] ? xasprintf("%s=%s", v[0], v[1]) : xstrdup(v[0]));
    return 0;
}

/* A {word} of small letters that is not among known (blanks around each) is a typing error: other braces may well
 * be part of the text. */
static int check_braces(const struct apply *a, const char *text, const char *known)
{
    for (const char *at = text; (at = strchr(at, '{')); at++) {
        size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
        char word[32];
        if (n == 0 || at[n + 1] != '}')
            continue;
        snprintf(word, sizeof word, " %.*s ", (int)n, at + 1);
        if (n > sizeof word - 3 || !strstr(known, word))
            return expected(a, "one of%sin braces", known);
    }
    return 0;
}

static int set_template(struct apply *a)
{
    struct env_rules *r = a->field;
    size_t n = name_length(a->s->values[0]);
    if (n == 0 || a->s->values[0][n] != '=')
        return expected(a, "NAME=TEXT");
    if (check_braces(a, a->s->values[0] + n, " rank local_rank host size ") < 0)
        return -1;
    append(&r->templates, &r->ntemplates, xstrdup(a->s->values[0]));
    return 0;
}

static int set_envlist(struct apply *a)
{
    struct env_rules *r = a->field;
    const char *v = a->s->values[0];
    if (!v || !*v || strchr(v, '='))
        return expected(a, "a list of variables' names (A,B,C)");
    if (!a->again)
        while (r->nnames)
            free(r->names[--r->nnames]);
    r->mode = ENV_LIST;
    while (*v) {
        size_t n = strcspn(v, ", ");
        if (n)
            append(&r->names, &r->nnames, xstrndup(v, n));
        v += n + (v[n] != '\0');
    }
    return 0;
}

static int set_envmode(struct apply *a)
{
    struct apply flag = *a;
    bool yes = true;
    flag.field = &yes;
    if (set_flag(&flag) < 0)
        return -1;
    if (yes)
        ((struct env_rules *)a->field)->mode = (enum env_mode)a->s->opt->min;
    return 0;
}

static void warn_missing(struct options *o, const char *name)
{
    char *old = o->warning;
    o->warning = old ? xasprintf("%s, %s", old, name) : xasprintf("no such variable to pass on (-x): %s", name);
    free(old);
}

/* -x NAME, -x NAME=VALUE, -x PREFIX*: always among what is set, so that -envnone does not undo it. */
static int set_export(struct apply *a)
{
    struct env_rules *r = a->field;
    const char *v = a->s->values[0];
    size_t n = name_length(v), found = 0;
    if (n == 0)
        return expected(a, "NAME, NAME=VALUE or PREFIX*");
    if (v[n] == '=') {
        append(&r->set, &r->nset, xstrdup(v));
        return 0;
    }
    bool prefix = v[n - 1] == '*';
    for (char **x = a->env; x && *x; x++)
        if (!strncmp(*x, v, n - prefix) && (prefix || (*x)[n] == '=')) {
            append(&r->set, &r->nset, xstrdup(*x));
            found++;
        }
    if (!found)
        warn_missing(a->o, v);
    return 0;
}

static int set_usize(struct apply *a)
{
    const char *v = a->s->values[0] ? a->s->values[0] : "";
    const struct opt *o = a->s->opt;
    long n = whole(v, strlen(v), o->max);
    if (!strcasecmp(v, "SYSTEM"))
        n = -1;
    else if (!strcasecmp(v, "INFINITE"))
        n = -2;
    else if (n < o->min)
        return expected(a, "SYSTEM, INFINITE or a number from %ld to %ld", o->min, o->max);
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
        {"all", DISPLAY_MAP | DISPLAY_BINDINGS | DISPLAY_TOPO},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].name) == n && !strncasecmp(words[i].name, s, n))
            return words[i].bits;
    return 0;
}

/* --display map --display bindings shows both. */
static int set_display(struct apply *a)
{
    unsigned bits = a->again ? *(unsigned *)a->field : 0;
    const char *v = a->s->values[0] ? a->s->values[0] : "";
    for (;; v++) {
        size_t n = strcspn(v, ",");
        unsigned word = display_word(v, n);
        if (!word)
            return expected(a, "a list of map, bindings, topo (or all)");
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

static int set_stdin(struct apply *a)
{
    const char *v = a->s->values[0] ? a->s->values[0] : "";
    if (!strcasecmp(v, "all"))
        a->o->stdin_mode = STDIN_ALL;
    else if (!strcasecmp(v, "none"))
        a->o->stdin_mode = STDIN_NONE;
    else if (!is_ranks(v))
        return expected(a, "all, none, a rank or a list of ranks (0-3,7)");
    else {
        a->o->stdin_mode = STDIN_RANKS;
        return set_text(a);
    }
    return 0;
}

/* A pattern asks for a label. */
static int set_label(struct apply *a)
{
    if (a->s->values[0] && check_braces(a, a->s->values[0], " rank local_rank host size time ") < 0)
        return -1;
    a->o->label = true;
    return set_text(a);
}

static int set_launcher(struct apply *a)
{
    if (!a->s->values[0] || strcmp(a->s->values[0], "fork"))
        return expected(a, "fork (the only launcher that is there yet)");
    return set_text(a);
}

static int set_nothing(struct apply *a)
{
    return 0;
}

static int (*const setters[])(struct apply *) = {
    [OPT_FLAG] = set_flag,         [OPT_TEXT] = set_text,       [OPT_NUMBER] = set_number,
    [OPT_SECONDS] = set_seconds,   [OPT_UMASK] = set_umask,     [OPT_ENV] = set_env,
    [OPT_ENVLIST] = set_envlist,   [OPT_ENVMODE] = set_envmode, [OPT_EXPORT] = set_export,
    [OPT_TEMPLATE] = set_template, [OPT_USIZE] = set_usize,     [OPT_DISPLAY] = set_display,
    [OPT_STDIN] = set_stdin,       [OPT_LABEL] = set_label,     [OPT_LAUNCHER] = set_launcher,
    [OPT_NOTHING] = set_nothing,
};

static bool repeats(const struct opt *o)
{
    return o->kind == OPT_ENV || o->kind == OPT_ENVLIST || o->kind == OPT_TEMPLATE || o->kind == OPT_DISPLAY;
}

/* What speaks for the whole job cannot say one thing at one program and another at the next. */
static int check_once(const struct apply *a, const struct opt_setting *last)
{
    const struct opt_setting *s = a->s;
    if (!last || s->opt->of_app || last->app == s->app || repeats(s->opt))
        return 0;
    const char *v = s->values[0] ? s->values[0] : "", *w = last->values[0] ? last->values[0] : "";
    if (!strcmp(v, w))
        return 0;
    return err_set(a->e, "%s speaks for the whole job, but is \"%.80s\" at one program and \"%.80s\" at another",
                   s->shown, w, v);
}

static int apply_one(struct apply *a, const struct opt_setting *s, struct app *app)
{
    size_t id = (size_t)(s->opt - opt_table);
    const struct opt_setting *last = a->last[id];
    if (s->opt->kind >= OPT_CONFIGFILE)
        return 0; /* done while scanning */
    if (last && (last->source != s->source))
        last = NULL;
    a->s = s;
    if (check_once(a, last) < 0)
        return -1;
    a->again = last && (!s->opt->of_app || last->app == s->app);
    a->last[id] = s;
    a->field = (char *)(s->opt->of_app ? (void *)app : (void *)a->o) + s->opt->field;
    return setters[s->opt->kind](a);
}

/* --hosts on the command line does not choose among the hosts of a default host file, it replaces it; and so on. */
static void settle_hosts(struct apply *a)
{
    const struct opt_setting *hosts = a->last[OPT_ID_HOSTS], *file = a->last[OPT_ID_HOSTFILE];
    const struct opt_setting *host = a->last[OPT_ID_HOST];
    bool apps = host && host->source == OPT_FROM_COMMAND;
    char **weaker[2] = {NULL, NULL};
    if (hosts && ((file && hosts->source < file->source) || (apps && hosts->source < OPT_FROM_COMMAND)))
        weaker[0] = &a->o->hosts;
    if (file && ((hosts && file->source < hosts->source) || (apps && file->source < OPT_FROM_COMMAND)))
        weaker[1] = &a->o->hostfile;
    for (int i = 0; i < 2; i++)
        if (weaker[i]) {
            free(*weaker[i]);
            *weaker[i] = NULL;
        }
}

static int apply_all(struct apply *a, const struct opt_settings *defaults, const struct opt_settings *command)
{
    for (size_t i = 0; i < defaults->n; i++)
        if (apply_one(a, &defaults->all[i], &a->proto) < 0)
            return -1;
    for (size_t i = 0; i < a->o->napps; i++) {
        struct app app;
        app_copy(&app, &a->proto);
        app.argv = a->o->apps[i].argv;
        app.argc = a->o->apps[i].argc;
        app.where = a->o->apps[i].where;
        a->o->apps[i] = app;
    }
    for (size_t i = 0; i < command->n; i++) {
        const struct opt_setting *s = &command->all[i];
        if (apply_one(a, s, s->app < a->o->napps ? &a->o->apps[s->app] : &a->proto) < 0)
            return -1;
    }
    settle_hosts(a);
    return 0;
}

int opt_apply(const struct opt_settings *defaults, const struct opt_settings *command, struct options *o, char **env,
              struct err *e)
{
    struct apply a = {.o = o, .env = env, .e = e};
    app_init(&a.proto);
    int rc = apply_all(&a, defaults, command);
    app_fini(&a.proto);
    return rc;
}

void opt_settings_add(struct opt_settings *l, const struct opt *o, char *shown, const char *const values[2],
                      enum opt_source source, size_t app)
{
    if (l->n == l->cap)
        l->all = xreallocarray(l->all, l->cap = l->cap ? 2 * l->cap : 16, sizeof *l->all);
    struct opt_setting *s = &l->all[l->n++];
    *s = (struct opt_setting){.opt = o, .shown = shown, .source = source, .app = app};
    for (int i = 0; i < 2; i++)
        s->values[i] = values[i] ? xstrdup(values[i]) : NULL;
}

void opt_settings_fini(struct opt_settings *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->all[i].shown);
        free(l->all[i].values[0]);
        free(l->all[i].values[1]);
    }
    free(l->all);
    *l = (struct opt_settings){0};
}
