/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_man: writes mpiexec.1. Run while building: copies the prose of man/mpiexec.1.in, with what the tables of
 * options and topics say in place of its lines "@topic NAME@", "@spellings@", "@refused@" and "@variables@".
 */
#include "launcher/opt.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One line of text: what roff would take for a request or an escape is made harmless. */
static void print_text(const char *s, size_t n)
{
    if (n && (*s == '.' || *s == '\''))
        fputs("\\&", stdout);
    for (size_t i = 0; i < n; i++)
        if (s[i] == '\\')
            fputs("\\e", stdout);
        else if (s[i] == '~' || s[i] == '^')
            printf("\\%s", s[i] == '~' ? "(ti" : "(ha");
        else
            putchar(s[i]);
    putchar('\n');
}

/* Sentences, each on a line of its own as mdoc wants it. */
static void print_sentences(const char *s)
{
    while (*s) {
        size_t n = 0; /* a sentence's end is not one before a small letter */
        while (s[n] && !(s[n] == '.' && s[n + 1] == ' ' && !islower((unsigned char)s[n + 2])))
            n++;
        n += s[n] != '\0';
        print_text(s, n);
        s += n;
        s += strspn(s, " ");
    }
}

/* A topic's text: lines that start with a blank are shown as they are, others flow. */
static void print_topic_text(const char *s)
{
    bool literal = false;
    char flow[4096] = "";
    for (const char *next; *s; s = next) {
        size_t n = strcspn(s, "\n");
        next = s + n + (s[n] == '\n');
        if (*s != ' ') {
            if (literal)
                puts(".Ed\n.Pp");
            literal = false;
            snprintf(flow + strlen(flow), sizeof flow - strlen(flow), "%s%.*s", *flow ? " " : "", (int)n, s);
            continue;
        }
        print_sentences(flow);
        *flow = '\0';
        if (!literal)
            puts(".Bd -literal -offset indent");
        literal = true;
        print_text(s + 2, n - 2);
    }
    if (literal)
        puts(".Ed");
    print_sentences(flow);
}

static void print_flag(const char *name, size_t n)
{
    printf("Fl %s%.*s", n > 1 ? "-" : "", (int)n, name);
}

static void print_values(const char *values)
{
    size_t n;
    for (const char *at = values, *s; (s = opt_next_name(&at, &n));) {
        const char *bracket = memchr(s, '[', n);
        if (!bracket)
            printf(" Ar %.*s", (int)n, s);
        else if (bracket == s)
            printf(" Op Ar %.*s", (int)n - 2, s + 1);
        else
            printf(" Ar %.*s Ns Op Ar %.*s", (int)(bracket - s), s, (int)(s + n - bracket) - 2, bracket + 1);
    }
}

/* A sentence out of a brief text. */
static void print_brief(const char *brief)
{
    char text[128];
    snprintf(text, sizeof text, "%c%s.", toupper((unsigned char)brief[0]), brief + 1);
    print_text(text, strlen(text));
}

static void print_option(const struct opt *o)
{
    size_t n;
    bool first = true;
    printf(".It Xo\n");
    for (const char *at = o->names, *s; (s = opt_next_name(&at, &n)); first = false) {
        printf("%s.", first ? "" : " ,\n");
        print_flag(s, n);
    }
    print_values(o->values);
    printf("\n.Xc\n");
    print_brief(o->brief);
    print_sentences(o->more);
}

static bool topic_has_options(size_t topic)
{
    for (size_t i = 0; i < OPT_COUNT; i++)
        if (opt_table[i].topic == topic)
            return true;
    return false;
}

static int print_topic(const char *name, size_t len)
{
    for (size_t t = 0; t < OPT_TOPICS; t++) {
        if (strlen(opt_subjects[t].name) != len || memcmp(name, opt_subjects[t].name, len))
            continue;
        print_topic_text(opt_subjects[t].text);
        if (!topic_has_options(t))
            return 0;
        puts(".Bl -tag -width Ds");
        for (size_t i = 0; i < OPT_COUNT; i++)
            if (opt_table[i].topic == t)
                print_option(&opt_table[i]);
        puts(".El");
        return 0;
    }
    fprintf(stderr, "opt_man: no topic %.*s\n", (int)len, name);
    return -1;
}

/* A value of several words is one argument of the macro. */
static void print_word(const char *s)
{
    if (strchr(s, ' '))
        fputs("Qq ", stdout);
    for (; *s; s++)
        printf("%s%c", *s == ' ' ? "\\" : "", *s);
    fputs("\\&\n", stdout);
}

static void print_spellings(void)
{
    puts(".Bl -tag -width Ds -compact");
    for (size_t i = 0; i < opt_naliases; i++) {
        const struct opt *o = &opt_table[opt_aliases[i].opt];
        printf(".It ");
        print_flag(opt_aliases[i].name, strlen(opt_aliases[i].name));
        printf("\n.");
        print_flag(o->names, strcspn(o->names, " "));
        fputs(" Ns = Ns ", stdout);
        print_word(opt_aliases[i].value);
    }
    puts(".El");
}

static void print_refused(void)
{
    puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < opt_nrefusals; i++) {
        size_t n;
        bool first = true;
        puts(".It Xo");
        for (const char *at = opt_refusals[i].names, *s; (s = opt_next_name(&at, &n)); first = false) {
            printf("%s.", first ? "" : " ,\n");
            print_flag(s, n);
        }
        puts("\n.Xc");
        print_brief(opt_refusals[i].why);
    }
    puts(".El");
}

static int print_line(const char *line)
{
    size_t n = strcspn(line, "\n");
    if (!strncmp(line, "@topic ", 7) && n > 8)
        return print_topic(line + 7, n - 8);
    if (!strncmp(line, "@spellings@", n))
        print_spellings();
    else if (!strncmp(line, "@refused@", n))
        print_refused();
    else
        fputs(line, stdout);
    return 0;
}

int main(int argc, char **argv)
{
    char line[4096];
    FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!in) {
        fprintf(stderr, "usage: opt_man mpiexec.1.in > mpiexec.1\n");
        return 1;
    }
    while (fgets(line, sizeof line, in))
        if (print_line(line) < 0)
            return 1;
    fclose(in);
    return fflush(stdout) || ferror(stdout);
}
