/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_help: --help, --help TOPIC and --version, out of the tables.
 */
#include "launcher/opt.h"

#include <stdio.h>
#include <string.h>

#define BRIEF_AT 24 /* column of the brief text */
#define WIDTH 79

/* "-n, --np N", "--hosts LIST": all names, or the first and one that is a letter. */
static void print_names(FILE *to, const struct opt *o, bool all)
{
    char text[64];
    size_t n;
    int column = 2;
    fputs("  ", to);
    for (const char *at = o->names, *s; (s = opt_next_name(&at, &n));)
        if (all || n == 1 || s == o->names)
            column += fprintf(to, "%s%s", s == o->names ? "" : ", ", opt_shown(s, n, text));
    if (*o->values)
        column += fprintf(to, " %s", o->values);
    if (column + 2 > BRIEF_AT) {
        fputc('\n', to);
        column = 0;
    }
    fprintf(to, "%*s%s\n", BRIEF_AT - column, "", o->brief);
}

static void print_wrapped(FILE *to, const char *text, int indent)
{
    int column = WIDTH;
    size_t n;
    for (const char *at = text, *s; (s = opt_next_name(&at, &n));) {
        if (column + 1 + (int)n > WIDTH)
            column = fprintf(to, "%s%*s", s == text ? "" : "\n", indent, "");
        else
            column += fprintf(to, " ");
        column += fprintf(to, "%.*s", (int)n, s);
    }
    fputc('\n', to);
}

static void first_screen(FILE *to)
{
    fputs("usage: mpiexec [options] program [arguments] [: [options] program ...]\n\n", to);
    for (size_t i = 0; i < OPT_COUNT; i++)
        if (opt_table[i].common)
            print_names(to, &opt_table[i], false);
    fputs("\nOne dash or two, --name VALUE or --name=VALUE. More by mpiexec --help TOPIC:\n", to);
    char topics[512] = "";
    for (size_t i = 0, n = 0; i <= OPT_TOPICS && n < sizeof topics; i++)
        n += (size_t)snprintf(topics + n, sizeof topics - n, "%s ", i < OPT_TOPICS ? opt_subjects[i].name : "all");
    print_wrapped(to, topics, 2);
    fputs("or of an option: mpiexec --help --bind-to; or in the manual: man mpiexec\n", to);
}

/* "Also --bynode (node), --byslot (slot)." */
static void print_aliases(FILE *to, const struct opt *o)
{
    char line[1024] = "", name[64];
    for (size_t i = 0; i < opt_naliases; i++) {
        const struct opt_alias *a = &opt_aliases[i];
        size_t n = strlen(line);
        if (&opt_table[a->opt] == o)
            snprintf(line + n, sizeof line - n, "%s %s (%s)", n ? "," : "Also",
                     opt_shown(a->name, strlen(a->name), name), a->value);
    }
    if (*line)
        print_wrapped(to, line, BRIEF_AT);
}

static void one_option(FILE *to, const struct opt *o)
{
    print_names(to, o, true);
    if (*o->more)
        print_wrapped(to, o->more, BRIEF_AT);
    print_aliases(to, o);
}

static void one_topic(FILE *to, enum opt_topic topic)
{
    fprintf(to, "%s\n\n%s", opt_subjects[topic].title, opt_subjects[topic].text);
    for (size_t i = 0, first = 1; i < OPT_COUNT; i++) {
        if (opt_table[i].topic != topic)
            continue;
        if (first)
            fputc('\n', to);
        first = 0;
        one_option(to, &opt_table[i]);
    }
}

static void all_topics(FILE *to)
{
    for (size_t i = 0; i < OPT_TOPICS; i++) {
        if (i)
            fputc('\n', to);
        one_topic(to, (enum opt_topic)i);
    }
}

/* OPT_TOPICS if there is none. */
static enum opt_topic find_topic(const char *name)
{
    size_t i = 0;
    while (i < OPT_TOPICS && strcmp(name, opt_subjects[i].name))
        i++;
    return (enum opt_topic)i;
}

/* An option, its dashes taken off: what it does, or why it is not there. */
static bool tell_option(FILE *to, const char *name)
{
    char text[64];
    const char *fixed;
    const struct opt *o = opt_find(name, strlen(name), &fixed);
    const char *why = opt_refusal(name, strlen(name));
    if (why)
        fprintf(to, "%s is not supported: %s\n", opt_shown(name, strlen(name), text), why);
    if (!o)
        return why;
    one_option(to, o);
    fprintf(to, "\nMore by mpiexec --help %s\n", opt_subjects[o->topic].name);
    return true;
}

static int no_help(const char *what, const char *name, struct err *e)
{
    char near[64];
    for (size_t i = 0; i < OPT_TOPICS; i++)
        if (!strncmp(name, opt_subjects[i].name, 3)) /* "mapping", "environment" */
            return err_set(e, "no help about \"%.40s\"; did you mean mpiexec --help %s?", what, opt_subjects[i].name);
    if (opt_nearest(name, strlen(name), near))
        return err_set(e, "no help about \"%.40s\"; did you mean mpiexec --help %s?", what, near);
    char names[256] = "";
    for (size_t i = 0; i < OPT_TOPICS; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), " %s", opt_subjects[i].name);
    return err_set(e, "no help about \"%.40s\"; the topics are%s, or all", what, names);
}

int opt_help(FILE *to, const char *topic, struct err *e)
{
    const char *name = topic ? topic + strspn(topic, "-") : "";
    bool dashed = name != topic;
    char plain[64];
    snprintf(plain, sizeof plain, "%.*s", (int)(dashed ? strcspn(name, "=") : strlen(name)), name);
    if (!topic || !*topic)
        first_screen(to);
    else if (!dashed && !strcmp(plain, "all"))
        all_topics(to);
    else if (!dashed && find_topic(plain) < OPT_TOPICS)
        one_topic(to, find_topic(plain));
    else if (!tell_option(to, plain))
        return no_help(topic, plain, e);
    return 0;
}

void opt_version(FILE *to)
{
    fprintf(to, "mpiexec (Muster) %s\n", MUSTER_VERSION);
}
