/* SPDX-License-Identifier: BSD-3-Clause
 *
 * parsers: the parsers of launcher/rm, and what they share. Used in this folder alone.
 */
#ifndef LAUNCHER_RM_PARSERS_H
#define LAUNCHER_RM_PARSERS_H

#include "launcher/rm/rm.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum rm_found rm_parser(const struct rm_source *s, struct allocation *a, struct err *e);

rm_parser rm_flux_read, rm_slurm_read, rm_cobalt_read, rm_pbs_read, rm_lsf_read, rm_sge_read, rm_loadleveler_read;

/* The value of a variable that is not empty, else NULL. */
const char *rm_variable(const struct rm_source *s, const char *name);

/* Notes the job's name (a variable's value, may be NULL) and that the hosts come from a variable, whose value is cut
 * where it is long; a second variable is appended. */
void rm_note_job(struct allocation *a, const char *job);
void rm_note_from(struct allocation *a, const char *name, const char *value);

/* A line at a time of a text: *line and *len without blanks around it, empty ones left out, number counted. */
struct rm_lines {
    const char *at;
    size_t number;
};
bool rm_line_next(struct rm_lines *l, const char **line, size_t *len);

/* Digits up to the end of text[0..len): 1 to max. Returns 0, or -1. */
int rm_number(const char *text, size_t len, uint32_t max, uint32_t *value);

/* Hosts of a file that the variable names, one a line; each mention is worth so many slots. Returns 0, or -1. */
int rm_node_file(const struct rm_source *s, struct allocation *a, const char *variable, uint32_t slots, struct err *e);

/* Hosts of the variable's text, separated by blanks, each mention worth a slot. Returns 0, or -1. */
int rm_host_words(const struct rm_source *s, struct allocation *a, const char *variable, struct err *e);

#endif
