/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pattern: text with {rank} {host} and the like in it, for the environment and arguments of ranks.
 */
#ifndef COMMON_PATTERN_H
#define COMMON_PATTERN_H

#include <stdint.h>

/* Each stands for the word of its name in braces. */
struct pattern_values {
    uint32_t rank;
    uint32_t local_rank;
    uint32_t size;
    uint32_t local_size;
    uint32_t node;     /* among those that have ranks of the job */
    uint32_t nodes;    /* how many these are */
    uint32_t universe; /* slots; UINT32_MAX, which is written as -1: not bounded */
    const char *host;
};
#define PATTERN_WORDS " rank local_rank host size local_size node nodes universe " /* a blank around each */

/* A new string, the caller frees. A word in braces that is none of ours stays as it is. */
char *pattern_expand(const char *pattern, const struct pattern_values *v);

#endif
