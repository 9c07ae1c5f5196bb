/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rankfile: the host of each rank, and its processors there, one rank a line as Open MPI writes them:
 *     rank 0=node1 slot=0-1       # cores 0 and 1 of those that the job may use, in hwloc's order
 *     rank 1=node1 slot=1:0,2     # cores 0 and 2 of package 1; 1:* all of them
 *     rank 2=+n1                  # the second host; on any processor
 */
#ifndef LAUNCHER_MAP_RANKFILE_H
#define LAUNCHER_MAP_RANKFILE_H

#include "launcher/map/types.h"

#include <stddef.h>

struct binding_set;

struct rankfile_entry {
    uint32_t rank;
    uint32_t line;
    size_t start, len;     /* of the line in the text */
    size_t host, host_len; /* in the text */
    size_t slot, slot_len; /* in the text; slot_len 0: not given */
};

struct rankfile {
    char *name, *text; /* owned */
    size_t len;
    struct rankfile_entry *entries; /* entries[rank], none missing; owned */
    uint32_t nentries;
    bool binds; /* some line has a slot */
};

/* Parses text, len bytes that are copied. name: for messages. Returns 0, or -1 with e set; f needs rankfile_fini. */
int rankfile_parse(struct rankfile *f, const char *name, const char *text, size_t len, struct err *e);
int rankfile_read(struct rankfile *f, const char *name, struct err *e);
void rankfile_fini(struct rankfile *f);

/* Sets the node of each rank of p. Returns 0, or -1 with e set: an unknown host, a rank without a line. */
int rankfile_apply(const struct rankfile *f, struct map_plan *p, const struct map_request *r, struct err *e);

/* Binds the ranks that have slots, the others not. */
int rankfile_bind(const struct rankfile *f, struct map_plan *p, const struct map_request *r, struct err *e);

#endif
