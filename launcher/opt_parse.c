/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_parse: the command line into settings and programs.
 *
 * Why not a library: getopt_long_only and argp take unique beginnings of names for the names (a new option would
 * change the meaning of old command lines, and of a typing error), and they, popt and glib know no options of two
 * values (-genv NAME VALUE), no alternation of options and programs by colons, and give no say in the text of an error.
 */
#include "common/file.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/opt.h"

#include <stdlib.h>
#include <string.h>

#define CONFIGFILE_MAX ((size_t)16 << 20)

struct scan {
    struct opt_settings *l;
    struct options *o;
    char **words;
    size_t n, at;
    const char *where;  /* "command line" or "FILE:LINE" */
    const char *prefix; /* in front of messages: "" or "FILE:LINE: " */
    const char *file;   /* -configfile seen in this application: its name */
    bool in_file;       /* the words are those of a -configfile */
    bool help;          /* no program is needed */
    struct err *e;
};

/* Only what looks like an option: "-" alone is a program, "--" ends options. */
static bool is_option(const char *w)
{
    return w[0] == '-' && w[1] && strcmp(w, "--");
}

static int unknown(struct scan *s, const char *word, const char *name, size_t n)
{
    char near[64];
    const char *why = opt_refusal(name, n);
    if (why)
        return err_set(s->e, "%soption %.80s is not supported: %s", s->prefix, word, why);
    if (opt_nearest(name, n, near))
        return err_set(s->e, "%sunknown option %.80s; did you mean %s? (mpiexec --help lists all topics)", s->prefix,
                       word, near);
    return err_set(s->e, "%sunknown option %.80s; see mpiexec --help", s->prefix, word);
}

/* An option in place of a value is a forgotten value, where the value is a name or a number. Texts and variables may
 * well start with a dash. */
static bool forgotten(const struct opt *o, const char *word)
{
    const char *value, *name = word + strspn(word, "-");
    if (!is_option(word) || (o->kind != OPT_TEXT && o->kind != OPT_NUMBER && o->kind != OPT_STDIN))
        return false;
    return opt_find(name, strlen(name), &value);
}

/* Values an option takes from the words after it. */
static size_t values_wanted(const struct scan *s, const struct opt *o)
{
    const char *next = s->at < s->n ? s->words[s->at] : NULL;
    if (o->kind == OPT_HELP)
        return next && strcmp(next, ":") && strcmp(next, "--"); /* --help -n is about -n */
    if (o->kind == OPT_NAMES)
        return next && strcmp(next, "json") == 0;
    if (o->kind == OPT_PTY)
        return next && *next && strspn(next, "0123456789") == strlen(next); /* else it is the program, as for srun */
    if (o->kind == OPT_ENV && next && strchr(next, '='))
        return 1; /* -genv NAME=VALUE */
    return opt_nvalues(o);
}

static int take_values(struct scan *s, const struct opt *o, const char *word, const char **values)
{
    size_t wanted = values_wanted(s, o);
    for (size_t i = 0; i < wanted; i++) {
        const char *next = s->at < s->n ? s->words[s->at] : NULL;
        if (!next)
            return err_set(s->e, "%s%s needs a value: %s (%s)", s->prefix, word, o->values, o->brief);
        if (forgotten(o, next))
            return err_set(s->e, "%s%s needs a value (%s), but the option %s follows; write %s=%s if that is it",
                           s->prefix, word, o->values, next, word, next);
        values[i] = next;
        s->at++;
    }
    return 0;
}

/* "-n2", "-K1": the one letter of an option, and digits. What follows it, or NULL. */
static const char *take_letter(const char *word, const struct opt **o, const char **fixed)
{
    const char *name = word + 1;
    size_t n = strlen(name);
    if (n < 2 || *name == '-' || strspn(name + 1, "0123456789:-") != n - 1 || name[1] == '-' || name[1] == ':')
        return NULL;
    *o = opt_find(name, 1, fixed);
    return *o && (opt_nvalues(*o) == 1 || *fixed) ? name + 1 : NULL;
}

/* -K=0: what an alias says, or the opposite of it. */
static const char *switched(const struct opt *o, const char *fixed, const char *given)
{
    static const char *const no[] = {"0", "no", "false", "off"}, *const yes[] = {"1", "yes", "true", "on"};
    if (o->kind != OPT_FLAG)
        return NULL;
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        if (!strcmp(given, yes[i]))
            return fixed;
        if (!strcmp(given, no[i]))
            return strcmp(fixed, "no") ? "no" : "yes";
    }
    return NULL;
}

static int take_option(struct scan *s)
{
    const char *word = s->words[s->at++];
    const char *name = word + (word[1] == '-' ? 2 : 1);
    size_t n = strcspn(name, "=");
    const char *values[2] = {NULL, NULL}, *fixed, *given = name[n] ? name + n + 1 : NULL;
    const struct opt *o = opt_find(name, n, &fixed);
    if (!o && !opt_refusal(name, n) && (given = take_letter(word, &o, &fixed)))
        n = 1;
    if (!o)
        return unknown(s, word, name, n);
    if (fixed && given && !switched(o, fixed, given))
        return err_set(s->e, "%s%.*s takes no value", s->prefix, (int)(name + n - word), word);
    if (fixed)
        values[0] = given ? switched(o, fixed, given) : fixed;
    else if (given)
        values[0] = given;
    else if (take_values(s, o, word, values) < 0)
        return -1;
    if (o->kind == OPT_CONFIGFILE && s->in_file)
        return err_set(s->e, "%sa -configfile cannot name another", s->prefix);
    if (o->kind == OPT_CONFIGFILE)
        s->file = values[0];
    if (o->kind == OPT_HELP || o->kind == OPT_VERSION || o->kind == OPT_NAMES)
        s->help = true;
    char *shown = xasprintf("%s%.*s", s->prefix, (int)(name + n - word), word);
    opt_settings_add(s->l, o, shown, values, OPT_FROM_COMMAND, s->o->napps);
    return 0;
}

static void take_program(struct scan *s, size_t end)
{
    struct options *o = s->o;
    if ((o->napps & (o->napps - 1)) == 0)
        o->apps = xreallocarray(o->apps, o->napps ? 2 * o->napps : 1, sizeof *o->apps);
    struct app *a = &o->apps[o->napps++];
    app_init(a);
    a->argc = end - s->at;
    a->argv = xcalloc(a->argc + 1, sizeof *a->argv);
    for (size_t i = 0; i < a->argc; i++)
        a->argv[i] = xstrdup(s->words[s->at++]);
    a->where = xstrdup(s->where);
}

static int scan_file(struct scan *s);

static int no_program(struct scan *s, bool first, bool last)
{
    if (s->help)
        return 0;
    if (first && last && s->file)
        return scan_file(s);
    if (first && last)
        return err_set(s->e, "%sno program to run: mpiexec [options] program [arguments] (see mpiexec --help)",
                       s->prefix);
    return err_set(s->e, "%sno program %s ':'", s->prefix, last ? "after the last" : "before a");
}

/* The options and the program up to a colon. */
static int scan_app(struct scan *s, bool first)
{
    while (s->at < s->n && is_option(s->words[s->at]))
        if (take_option(s) < 0)
            return -1;
    if (s->at < s->n && !strcmp(s->words[s->at], "--"))
        s->at++;
    size_t end = s->at;
    while (end < s->n && strcmp(s->words[end], ":"))
        end++;
    if (end == s->at)
        return no_program(s, first, end == s->n);
    if (s->file)
        return err_set(s->e, "%sboth a program (%s) and a -configfile are given", s->prefix, s->words[s->at]);
    take_program(s, end);
    return 0;
}

static int scan_words(struct scan *s)
{
    for (bool first = true, more = true; more; first = false) {
        if (scan_app(s, first) < 0)
            return -1;
        more = s->at < s->n; /* then a colon stands there */
        s->at++;
    }
    return 0;
}

static int scan_line(struct scan *s, const struct opt_words *w)
{
    char *where = xasprintf("%s:%zu", s->file, w->line);
    char *prefix = xasprintf("%s: ", where);
    struct scan line = {
        .l = s->l, .o = s->o, .words = w->all, .n = w->n, .where = where, .prefix = prefix, .in_file = true, .e = s->e};
    int rc = scan_words(&line);
    s->help |= line.help;
    free(where);
    free(prefix);
    return rc;
}

static int scan_text(struct scan *s, const char *text)
{
    struct opt_text t = {text, 1, s->file};
    struct opt_words w = {0};
    int rc;
    while ((rc = opt_words_next(&w, &t, s->e)) > 0)
        if (scan_line(s, &w) < 0)
            break;
    opt_words_fini(&w);
    if (rc == 0 && s->o->napps == 0 && !s->help)
        return err_set(s->e, "%s names no program", s->file);
    return rc == 0 ? 0 : -1;
}

/* -configfile: its lines are the applications. What is of one application makes no sense before it. */
static int scan_file(struct scan *s)
{
    for (size_t i = 0; i < s->l->n; i++)
        if (s->l->all[i].opt->of_app)
            return err_set(s->e, "%s is for one application: write it into %s", s->l->all[i].shown, s->file);
    char *text = file_read(s->file, CONFIGFILE_MAX, NULL, s->e);
    int rc = text ? scan_text(s, text) : -1;
    free(text);
    return rc;
}

int opt_scan(struct opt_settings *l, struct options *o, int argc, char **argv, struct err *e)
{
    struct scan s = {.l = l,
                     .o = o,
                     .words = argv + 1,
                     .n = argc > 0 ? (size_t)argc - 1 : 0,
                     .where = "command line",
                     .prefix = "",
                     .e = e};
    return scan_words(&s);
}

static enum options_result told(struct err *e)
{
    if (fflush(stdout) == 0)
        return OPTIONS_DONE;
    err_set(e, "unable to write to stdout: %m");
    return OPTIONS_ERROR;
}

/* Help, version and names win over everything else on the line. */
static enum options_result tell(const struct opt_settings *l, struct options *o, struct err *e)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct opt_setting *s = &l->all[i];
        if (s->opt->kind == OPT_HELP)
            return opt_help(stdout, s->values[0], e) < 0 ? OPTIONS_ERROR : told(e);
        if (s->opt->kind == OPT_VERSION) {
            opt_version(stdout);
            return told(e);
        }
        if (s->opt->kind == OPT_NAMES) {
            o->names_json = s->values[0] && strcmp(s->values[0], "json") == 0;
            return !s->values[0] || o->names_json || !*s->values[0]
                       ? OPTIONS_NAMES
                       : (err_set(e, "%s %s: json, or nothing", s->shown, s->values[0]), OPTIONS_ERROR);
        }
    }
    return OPTIONS_RUN;
}

/* What was typed is shown in messages; it shall neither break their line nor speak to the terminal. */
static void make_printable(char *text)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
}

static void print_remarks(char *remarks, bool quiet)
{
    char *line;
    while (!quiet && (line = strsep(&remarks, "\n")) && *line)
        log_info("%s", line);
}

/* Everything that is a default, and the command line over it. */
static int settle(const struct opt_settings *command, struct options *o, char **env, struct err *e)
{
    struct opt_settings defaults = {0};
    char *remarks = NULL;
    int rc = opt_from_file(&defaults, env, e);
    if (rc == 0)
        rc = opt_from_variables(&defaults, env, e);
    if (rc == 0)
        rc = opt_apply(&defaults, command, o, env, &remarks, e);
    print_remarks(remarks, o->quiet || rc < 0);
    free(remarks);
    opt_settings_fini(&defaults);
    return rc;
}

/* What else was asked for may be wrong: that is reported too. */
static void keep_report(const struct opt_settings *l, struct options *o, char **env)
{
    const char *variable = opt_getenv(env, "MUSTER_REPORT");
    if (!o->report && variable && *variable)
        o->report = xstrdup(variable);
    for (size_t i = 0; i < l->n; i++)
        if (l->all[i].opt == &opt_table[OPT_ID_REPORT] && *l->all[i].values[0]) {
            free(o->report);
            o->report = xstrdup(l->all[i].values[0]);
        }
}

enum options_result options_parse(struct options *o, int argc, char **argv, char **env, struct err *e)
{
    struct opt_settings command = {0};
    enum options_result rc = OPTIONS_ERROR;
    struct err why = {""};
    options_init(o);
    if (opt_scan(&command, o, argc, argv, &why) == 0)
        rc = tell(&command, o, &why);
    if ((rc == OPTIONS_RUN || rc == OPTIONS_NAMES) && settle(&command, o, env, &why) < 0)
        rc = OPTIONS_ERROR;
    if (rc == OPTIONS_ERROR) {
        make_printable(why.text);
        err_set(e, "%s", why.text);
        keep_report(&command, o, env);
    }
    opt_settings_fini(&command);
    return rc;
}
