/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hostlist_item: the grammar of host lists, and (hostlist_line.c) of a host file's lines. Used by hostlist*.c alone.
 */
#ifndef COMMON_HOSTLIST_ITEM_H
#define COMMON_HOSTLIST_ITEM_H

#include "common/hostlist.h"

#include "common/hostlist_range.h"

#include <stdbool.h>

/* Adds the hosts of what is left of t to l, the ^hosts to out. extra: what holds for each of them. No item at all is no
 * error. */
int hostlist_items(struct hostlist *l, struct hostlist *out, struct hostlist_text *t,
                   const struct hostlist_host *extra);

/* The same for one line of a host file, which it changes. where starts an error's text: "FILE:LINE: ". */
int hostlist_line(struct hostlist *l, struct hostlist *out, char *line, const char *where, struct err *e);

/* For hostlist_line.c: a run of name characters into text of HOSTLIST_NAME_MAX + 1 bytes, maybe none; a number of
 * slots; blanks. */
int hostlist_literal(struct hostlist_text *t, char *into, size_t *len);
int hostlist_slots(struct hostlist_text *t, uint32_t *slots);
void hostlist_skip_blanks(struct hostlist_text *t);

#endif
