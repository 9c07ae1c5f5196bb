/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pattern: text with {rank} {local_rank} {size} {host} in it, for environment, arguments and file names.
 */
#ifndef COMMON_PATTERN_H
#define COMMON_PATTERN_H

#include <stdint.h>

struct pattern_values {
    uint32_t rank;
    uint32_t local_rank;
    uint32_t size;
    const char *host;
};

/* A new string, the caller frees. A word in braces that is none of ours stays as it is. */
char *pattern_expand(const char *pattern, const struct pattern_values *v);

#endif
