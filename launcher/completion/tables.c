/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tables: writes the completion for bash. Run while building: copies bash.in, with arrays made
 * of the table of options in place of its line "@tables@".
 */
#include "launcher/opt.h"

#include <stdio.h>
#include <string.h>

static const char *choices_of(const struct opt *o)
{
    for (size_t i = 0; i < opt_nchoices; i++)
        if (&opt_table[opt_choices[i].opt] == o)
            return opt_choices[i].words;
    return NULL;
}

/* The topics of --help, behind which the names of options do as well. */
static void print_topics(void)
{
    fputs("all", stdout);
    for (size_t i = 0; i < OPT_TOPICS; i++)
        printf(" %s", opt_subjects[i].name);
}

/* What may be proposed as the first value: words, or a kind that bash.in knows. */
static void print_proposals(const struct opt *o)
{
    const char *words = choices_of(o);
    if (words)
        fputs(words, stdout);
    else if (o->kind == OPT_HELP)
        print_topics();
    else if (!strcmp(o->values, "FILE"))
        fputs("@files", stdout);
    else if (!strcmp(o->values, "DIR") || !strcmp(o->values, "DIRS"))
        fputs("@directories", stdout);
    else if (!strcmp(o->values, "PROGRAM"))
        fputs("@programs", stdout);
    else if (o->kind == OPT_ENV || o->kind == OPT_ENVLIST || o->kind == OPT_EXPORT)
        fputs("@variables", stdout);
}

/* "[name]='count proposals'" for each spelling of each option. */
static void print_values(void)
{
    puts("declare -gA _mpiexec_values=(");
    for (size_t i = 0; i < OPT_COUNT; i++) {
        size_t n;
        for (const char *at = opt_table[i].names, *s; (s = opt_next_name(&at, &n));) {
            printf("    ['%.*s']='%u ", (int)n, s, opt_nvalues(&opt_table[i]));
            print_proposals(&opt_table[i]);
            puts("'");
        }
    }
    for (size_t i = 0; i < opt_naliases; i++)
        printf("    ['%s']='0 '\n", opt_aliases[i].name);
    puts(")");
}

/* The names that are proposed: of each option the first. */
static void print_names(void)
{
    puts("declare -ga _mpiexec_names=(");
    for (size_t i = 0; i < OPT_COUNT; i++)
        if (opt_table[i].topic != OPT_TOPIC_COMPAT)
            printf("    '%.*s'\n", (int)strcspn(opt_table[i].names, " "), opt_table[i].names);
    puts(")");
}

int main(int argc, char **argv)
{
    char line[4096];
    FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!in) {
        fprintf(stderr, "usage: tables bash.in > mpiexec\n");
        return 1;
    }
    while (fgets(line, sizeof line, in)) {
        if (strcmp(line, "@tables@\n")) {
            fputs(line, stdout);
            continue;
        }
        print_values();
        print_names();
    }
    fclose(in);
    return fflush(stdout) || ferror(stdout);
}
