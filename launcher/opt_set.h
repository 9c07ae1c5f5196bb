/* SPDX-License-Identifier: BSD-3-Clause
 *
 * opt_set: the readers of values, one for each enum opt_kind up to OPT_CONFIGFILE. Each writes into the field of
 * struct options or struct app that the table names, or says in one line where the option was given, what is expected
 * and what was there instead.
 */
#ifndef LAUNCHER_OPT_SET_H
#define LAUNCHER_OPT_SET_H

#include "launcher/opt.h"

/* What is being set: the options, and of which setting. */
struct opt_target {
    struct options *o;
    struct app proto; /* what the defaults say about each application */
    char **env;
    const struct opt_setting *last[OPT_COUNT]; /* of each option */
    char *remarks;                             /* NULL, or lines for the user, each with its end */
    bool file_for_both;                        /* a file of srun's -o: stderr goes there unless told otherwise */
    struct err *e;
    /* of the setting in hand */
    const struct opt_setting *s;
    void *field;
    bool again; /* the option has been given before, for the same, by the same source */
};

typedef int opt_setter(struct opt_target *a); /* 0, or -1 with a->e set */

opt_setter opt_set_flag;
opt_setter opt_set_text;
opt_setter opt_set_number;
opt_setter opt_set_seconds;
opt_setter opt_set_umask;
opt_setter opt_set_env;
opt_setter opt_set_deadlock;
opt_setter opt_set_transport;
opt_setter opt_set_envlist;
opt_setter opt_set_envmode;
opt_setter opt_set_export;
opt_setter opt_set_template;
opt_setter opt_set_dialect;
opt_setter opt_set_usize;
opt_setter opt_set_display;
opt_setter opt_set_stdin;
opt_setter opt_set_pty;
opt_setter opt_set_label;
opt_setter opt_set_pattern;
opt_setter opt_set_launcher;
opt_setter opt_set_words;
opt_setter opt_set_ports;
opt_setter opt_set_interface;
opt_setter opt_set_pset;
opt_setter opt_set_pmi;
opt_setter opt_set_minutes;
opt_setter opt_set_level;
opt_setter opt_set_output;
opt_setter opt_set_error_file;
opt_setter opt_set_output_dir;
opt_setter opt_set_input;
opt_setter opt_set_export_list;
opt_setter opt_set_order;
opt_setter opt_set_cpu_bind;
opt_setter opt_set_mca;
opt_setter opt_set_note;
opt_setter opt_set_nothing;

/* "WHERE: what is expected, not VALUE". Always -1. */
int opt_expected(const struct opt_target *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds a line to a->remarks. */
void opt_remark(struct opt_target *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What other setters are made of. */
void opt_replace(char **field, char *text); /* takes text over */
void opt_env_add(struct env_rules *r, char *assignment);
void opt_env_name(struct env_rules *r, char *name);

/* A {word} of small letters that is not among known (blanks around each) is a typing error, and -1; other braces may
 * well be part of the text. */
int opt_check_braces(const struct opt_target *a, const char *text, const char *known);

#endif
