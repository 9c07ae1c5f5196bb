/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hostlist_item: the grammar of host lists and of a host file's lines. Used by hostlist.c alone.
 */
#ifndef COMMON_HOSTLIST_ITEM_H
#define COMMON_HOSTLIST_ITEM_H

#include "common/hostlist.h"

/* Adds the hosts of text[0..len) to l, the ^hosts to out. extra: user, slots and max_slots for all of them. where
 * starts an error's text ("" or "FILE:LINE: "). No item at all is no error. */
int hostlist_items(struct hostlist *l, struct hostlist *out, const char *text, size_t len,
                   const struct hostlist_host *extra, const char *where, struct err *e);

/* The same for one line of a host file, which it changes. */
int hostlist_line(struct hostlist *l, struct hostlist *out, char *line, const char *where, struct err *e);

#endif
