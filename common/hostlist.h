/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hostlist: host lists as people type them, and host files.
 *
 *   list    ITEM[,ITEM...]     ITEM: [USER@]NAME[:SLOTS], or ^NAME to leave a host out
 *           NAME may hold ranges: n[001-128,^7]:8, rack[1-4]node[01-16]; zeros in front are kept
 *           an IPv6 address is written in brackets: [fe80::1%eth0]:4; NAME*SLOTS is Slurm's way to say NAME:SLOTS
 *   file    a line: LIST [KEY=VALUE...], # starts a comment; the keys are in hostlist_line.c
 *
 * A host that is named once without a number has 0 slots (as many as it has processors). Named again, its slots add
 * up, and a mention without a number counts one: "a,a" is a with 2 slots. ^NAME speaks for its whole list or file.
 * Errors show the text with a caret under the bad character.
 */
#ifndef COMMON_HOSTLIST_H
#define COMMON_HOSTLIST_H

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

#define HOSTLIST_MAX 1000000u       /* hosts in a list */
#define HOSTLIST_SLOTS_MAX 1000000u /* slots of a host */
#define HOSTLIST_NAME_MAX 255u      /* bytes of a host's or user's name */

/* What was not given is NULL, or 0. */
struct hostlist_host {
    char *name; /* of an IPv6 address without its brackets */
    char *user;
    char *key;     /* file with the private key */
    char *cpus;    /* processors that its ranks share: "0-3,8" */
    char *binding; /* in the words of --bind-to */
    uint32_t slots;
    uint32_t max_slots;
    uint16_t port;
};

/* Starts as { 0 }; everything in it belongs to it until hostlist_fini. */
struct hostlist {
    struct hostlist_host *hosts; /* in the order of their first mention */
    size_t n;
    uint32_t *mentions; /* positions in hosts, in the order in which they were named: one that is named twice twice */
    size_t nmentions;
    size_t max;               /* bound on n; 0: HOSTLIST_MAX */
    size_t cap, mentions_cap; /* private, as is index */
    struct hostlist_entry *index;
};

/* Add the hosts of a text or file to l. 0, or -1 with e set; l then holds some of them and only needs hostlist_fini.
 * A text without a host, or one that leaves none over, is an error. */
int hostlist_parse(struct hostlist *l, const char *text, struct err *e);
int hostlist_read(struct hostlist *l, const char *file, struct err *e);

/* Adds those of a list that a program wrote, such as a resource manager: text[0..len) names hosts, and each mention is
 * worth so many slots (0: not known). where starts an error's text: "" or "FILE:LINE: ". A text that names none adds
 * none. */
int hostlist_mention(struct hostlist *l, const char *text, size_t len, uint32_t slots, const char *where,
                     struct err *e);

/* Position of the host in l->hosts, or -1. */
long hostlist_find(const struct hostlist *l, const char *name);

/* Adds one host, merging it with one of its name. */
int hostlist_add(struct hostlist *l, const struct hostlist_host *h, struct err *e);

/* What h leaves open is as from says: slots, bound on slots, user, port, key, processors, binding. */
void hostlist_complete(struct hostlist_host *h, const struct hostlist_host *from);

void hostlist_fini(struct hostlist *l);

#endif
