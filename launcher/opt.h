/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt: what the files opt*.c share: the table of options, and a setting (an option with its values, and where it was
 * given). Settings come from the configuration file, the variables and the command line, in this order, and are
 * then applied one after the other, so that later ones win.
 */
#ifndef LAUNCHER_OPT_H
#define LAUNCHER_OPT_H

#include "launcher/opt_words.h"
#include "launcher/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* How an option's values are read (opt_set.c has a function for each). */
enum opt_kind {
    OPT_FLAG,
    OPT_TEXT,
    OPT_NUMBER,
    OPT_SECONDS,
    OPT_UMASK,
    OPT_ENV,
    OPT_ENVLIST,
    OPT_ENVMODE,
    OPT_EXPORT,
    OPT_TEMPLATE,
    OPT_DIALECT,
    OPT_USIZE,
    OPT_DISPLAY,
    OPT_STDIN,
    OPT_PTY,
    OPT_LABEL,
    OPT_PATTERN,
    OPT_LAUNCHER,
    OPT_WORDS,
    OPT_PORTS,
    OPT_INTERFACE,
    OPT_PSET,
    OPT_PMI,
    OPT_DEADLOCK,
    OPT_TRANSPORT,
    OPT_MINUTES,
    OPT_LEVEL,
    OPT_OUTPUT,
    OPT_ERROR_FILE,
    OPT_OUTPUT_DIR,
    OPT_INPUT,
    OPT_EXPORT_LIST,
    OPT_ORDER,
    OPT_CPU_BIND,
    OPT_MCA,
    OPT_NOTE, /* accepted, without effect: more says why, to the user as well */
    OPT_NOTHING,
    /* only on the command line; their readers are elsewhere */
    OPT_CONFIGFILE,
    OPT_HELP,
    OPT_VERSION,
    OPT_NAMES,
};

enum opt_id {
#define OPT(id, ...) OPT_ID_##id,
#include "launcher/opt.def"
    OPT_COUNT
};

enum opt_topic {
#define TOPIC(id, ...) OPT_TOPIC_##id,
#include "launcher/opt_topics.def"
    OPT_TOPICS
};

struct opt {
    const char *names;  /* separated by blanks, without dashes; the first is the one that texts use */
    const char *values; /* "", or the names of its values: "N", "NAME VALUE", "[TOPIC]" */
    enum opt_kind kind;
    bool of_app;  /* field is one of struct app, else of struct options */
    size_t field; /* offset */
    long min, max;
    enum opt_topic topic;
    bool common;       /* on the first screen of help */
    const char *brief; /* at most 54 characters */
    const char *more;  /* sentences for the manual and the topic's help, or "" */
};

/* Another spelling that stands for an option with a value: --report-bindings is --display bindings. */
struct opt_alias {
    const char *name;
    enum opt_id opt;
    const char *value;
};

/* What a shell may propose as the value of an option: words, or "@hosts". */
struct opt_choices {
    enum opt_id opt;
    const char *words;
};

/* Names that other launchers have and we do not, with what to do instead. */
struct opt_refused {
    const char *names, *why;
};

struct opt_subject {
    const char *name, *title, *text;
};

extern const struct opt opt_table[OPT_COUNT];
extern const struct opt_alias opt_aliases[];
extern const size_t opt_naliases;
extern const struct opt_choices opt_choices[];
extern const size_t opt_nchoices;
extern const struct opt_refused opt_refusals[];
extern const size_t opt_nrefusals;
extern const struct opt_subject opt_subjects[OPT_TOPICS];

/* By whole name (n bytes); NULL when there is none. An alias's value goes to *value, else NULL. */
const struct opt *opt_find(const char *name, size_t n, const char **value);
const char *opt_refusal(const char *name, size_t n);

/* The known name (of an option or alias) that is nearest to name, with its dashes, into near; false when none is
 * near enough to be what was meant. */
bool opt_nearest(const char *name, size_t n, char near[64]);

/* "-n" or "--hosts": a name with the dashes that texts show, into text. */
const char *opt_shown(const char *name, size_t n, char text[64]);

/* The next of names separated by blanks: advances *at, returns its start, its length in *n; NULL at the end. */
const char *opt_next_name(const char **at, size_t *n);

unsigned opt_nvalues(const struct opt *o);

enum opt_source { OPT_FROM_FILE, OPT_FROM_VARIABLE, OPT_FROM_COMMAND };

struct opt_setting {
    const struct opt *opt;
    char *shown; /* where and what, for messages: "-n", "MUSTER_N", "FILE:3: -n" */
    char *values[2];
    enum opt_source source;
    size_t app; /* of the command line: number of the application it stands before */
};

struct opt_settings {
    struct opt_setting *all;
    size_t n, cap;
};

/* Takes shown over, copies the values (which may be NULL). */
void opt_settings_add(struct opt_settings *l, const struct opt *o, char *shown, const char *const values[2],
                      enum opt_source source, size_t app);
void opt_settings_fini(struct opt_settings *l);

/* The sources. 0, or -1 with e set. */
int opt_scan(struct opt_settings *l, struct options *o, int argc, char **argv, struct err *e);
int opt_from_variables(struct opt_settings *l, char **env, struct err *e);
int opt_from_file(struct opt_settings *l, char **env, struct err *e);
int opt_from_text(struct opt_settings *l, const char *text, const char *file, struct err *e);

/* The settings into o and its applications: the defaults first, then those of the command line. *remarks: NULL, or
 * lines for the user, which the caller frees. */
int opt_apply(const struct opt_settings *defaults, const struct opt_settings *command, struct options *o, char **env,
              char **remarks, struct err *e);

/* The value of a variable in env, or NULL. */
const char *opt_getenv(char **env, const char *name);

/* topic NULL or "": the first screen; else a topic, an option (with its dashes or without), or "all". */
int opt_help(FILE *to, const char *topic, struct err *e);
void opt_version(FILE *to);

#endif
