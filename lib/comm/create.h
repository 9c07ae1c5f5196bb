/* SPDX-License-Identifier: BSD-3-Clause
 *
 * create: what the makers of communicators share. */
#ifndef LIB_COMM_CREATE_H
#define LIB_COMM_CREATE_H

#include "lib/object/comm.h"

/* What telling a context came to, rc, or that its maker had none left. */
int create_ctx_told(const uint64_t *ctx, int rc);
/* Only the group's members call: n bytes of its first one come to the others, down a tree of messages of c, outside of
 * user's tags. */
int create_tell_group(struct comm *c, struct group *g, int tag, void *what, size_t n);

/* A communicator of the library's own over the group of c, so that what it does there meets nothing of the user's; no
 * attributes, nor hints. Collective. *out: one reference. */
int create_private(struct comm *c, struct comm **out);

#endif
