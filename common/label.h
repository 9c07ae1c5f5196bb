/* SPDX-License-Identifier: BSD-3-Clause
 *
 * label: the text before a line of output, and the names of output files, from a pattern:
 *   {rank} %r   {host} %h   {node} %p (its number)   {job} %g   {size}   {time} HH:MM:SS.mmm   %% a per cent sign
 * Whatever else follows a brace or a per cent sign stays as it is.
 */
#ifndef COMMON_LABEL_H
#define COMMON_LABEL_H

#include "wire/buf.h"

#include <time.h>

#define LABEL_DEFAULT "[{rank}] "

struct label_values {
    uint32_t rank;
    uint32_t size;
    uint32_t node;
    uint32_t job;
    const char *host;
};

/* Adds the filled pattern to b. now may be NULL: {time} then stays as it is. */
void label_put(struct buf *b, const char *pattern, const struct label_values *v, const struct timespec *now);

/* Does the text depend on that? */
bool label_names_rank(const char *pattern);
bool label_names_node(const char *pattern);
bool label_names_job(const char *pattern);
bool label_names_time(const char *pattern);

#endif
