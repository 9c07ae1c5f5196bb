/* SPDX-License-Identifier: BSD-3-Clause
 *
 * says: what comes from a host's stderr: before its proxy speaks it may tell why there is none; after that it is what
 * the proxy says, a line at a time, and how a connection ended.
 */
#ifndef LAUNCHER_START_SAYS_H
#define LAUNCHER_START_SAYS_H

#include <stdbool.h>
#include <stddef.h>

struct says {
    const char *host;  /* borrowed */
    bool spoken;       /* the proxy has */
    char before[4096]; /* the last of it, before that */
    size_t before_len;
    size_t noise;    /* bytes before that, all of them */
    char line[1025]; /* the one that has not ended, after that */
    size_t line_len;
    char last[128]; /* how the connection ended; "": it did not say */
};

void says_take(struct says *s, const char *data, size_t n);
void says_show_before(const struct says *s); /* under -v */
void says_end(struct says *s);               /* shows a line without an end */

#endif
