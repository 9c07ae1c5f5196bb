/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mark: finds what is meant for us in what comes from a host, after whatever its login scripts write: START_MARK, or
 * the command's question for files.
 */
#ifndef LAUNCHER_START_MARK_H
#define LAUNCHER_START_MARK_H

#include "launcher/start/stage.h"

#include <stdbool.h>
#include <stddef.h>

#define MARK_NOISE_MAX (1u << 20) /* bytes before the mark; more is no login script's */

/* What the command on a host writes that lacks files: behind it stand a 0 or 1 for each, and an end of line. */
#define WANT_MARK "\001muster-want "

enum mark_found { MARK_NONE, MARK_LINK, MARK_WANT };

struct mark {
    const char *host;               /* borrowed */
    unsigned which;                 /* of the two is being matched */
    size_t matched;                 /* bytes of it */
    bool wants;                     /* WANT_MARK was there; its line has not ended */
    char want[STAGE_FILES_MAX + 1]; /* of it, once found */
    size_t want_len;
    size_t noise;   /* bytes before it */
    size_t len;     /* of line */
    char line[256]; /* the last one of the noise; shown under -v when it ends */
};

/* Takes bytes up to the end of what it finds, or all n. Returns how many were taken. */
size_t mark_take(struct mark *m, const char *data, size_t n, enum mark_found *found);

/* Shows what of a line is still there. */
void mark_end(struct mark *m);

#endif
