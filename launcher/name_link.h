/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_link: a published name as a symbolic link: one call of the system makes it whole or not at all, where no other
 * one is; one call reads it. Its target is text that leads nowhere: who has published it, the name, the port. A port
 * that is too long for that, or no text, is in a file of its own, which the target names.
 */
#ifndef LAUNCHER_NAME_LINK_H
#define LAUNCHER_NAME_LINK_H

#include "common/err.h"
#include "launcher/name_place.h"
#include "wire/buf.h"

struct name_entry {
    struct bytes name, port;
    char id[NAME_ID_MAX]; /* the owner's, of whom: */
    uint32_t job, rank;
    uint64_t since; /* s, CLOCK_REALTIME */
    bool in_file;   /* port is the file's name */
};

#define NAME_FILE_MAX 256
#define NAME_TARGET_MAX 4096

/* What the name's file is called. 0, or -1 with e set. */
int name_link_file(struct bytes name, char file[NAME_FILE_MAX], struct err *e);
/* false: it is too long, or no text. */
bool name_link_format(const struct name_entry *n, char target[NAME_TARGET_MAX]);
/* Points into target. False: it is none of ours. */
bool name_link_parse(struct name_entry *n, const char *target);

#endif
