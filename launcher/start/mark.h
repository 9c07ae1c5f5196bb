/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mark: finds START_MARK in what comes from a host, after whatever its login scripts write.
 */
#ifndef LAUNCHER_START_MARK_H
#define LAUNCHER_START_MARK_H

#include <stdbool.h>
#include <stddef.h>

#define MARK_NOISE_MAX (1u << 20) /* bytes before the mark; more is no login script's */

struct mark {
    const char *host; /* borrowed */
    size_t matched;   /* bytes of the mark */
    size_t noise;     /* bytes before it */
    size_t len;       /* of line */
    char line[256];   /* the last one of the noise; shown under -v when it ends */
};

/* Takes bytes up to the end of the mark, or all n. *found: it was there. Returns how many were taken. */
size_t mark_take(struct mark *m, const char *data, size_t n, bool *found);

/* Shows what of a line is still there. */
void mark_end(struct mark *m);

#endif
