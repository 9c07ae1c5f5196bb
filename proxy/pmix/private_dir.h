/* SPDX-License-Identifier: BSD-3-Clause
 *
 * private_dir: a directory that nobody else may enter, for what the library puts into files. Whoever makes one holds a
 * lock in it for life; what a process that was killed has left behind is removed by the next that looks.
 */
#ifndef PROXY_PMIX_PRIVATE_DIR_H
#define PROXY_PMIX_PRIVATE_DIR_H

#include "common/err.h"

#include <limits.h>

struct private_dir {
    char path[PATH_MAX]; /* "": there is none */
    int lock;
};

/* Below TMPDIR or /tmp. 0, or -1 with e set. */
int private_dir_make(struct private_dir *d, struct err *e);
/* With all that is in it. Takes one that was never made. */
void private_dir_remove(struct private_dir *d);

#endif
