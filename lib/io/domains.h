/* SPDX-License-Identifier: BSD-3-Clause
 *
 * domains: the part of a file that a collective access is about, divided among some of its ranks, the aggregators; each
 * goes through its domain in windows. All ranks reckon the same. */
#ifndef LIB_IO_DOMAINS_H
#define LIB_IO_DOMAINS_H

#include <stdint.h>

struct domains {
    int64_t begin, end; /* of all of them */
    int64_t each;       /* bytes of a domain */
    int64_t window;     /* bytes of a window */
    int n;              /* aggregators */
    int ranks;
};

/* Of [begin, end), among n of the ranks at most; borders are multiples of unit, which is > 0, as far as there is one
 * for each. */
struct domains domains_make(int64_t begin, int64_t end, int n, int ranks, int64_t unit, int64_t window);
/* The rank that is aggregator i, and back: -1: it is none. They are spread evenly, and so over the nodes. */
int domains_rank(const struct domains *d, int i);
int domains_of(const struct domains *d, int rank);
int64_t domains_begin(const struct domains *d, int i);
int64_t domains_end(const struct domains *d, int i);
/* Of window w of domain i. */
int64_t domains_window(const struct domains *d, int i, int64_t w);

#endif
