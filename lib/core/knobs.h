/* SPDX-License-Identifier: BSD-3-Clause
 *
 * knobs: the numbers that tune the runtime (knobs.def). */
#ifndef LIB_CORE_KNOBS_H
#define LIB_CORE_KNOBS_H

#include "lib/core/types.h"

/* By name, and the number of the word. They are read on fast paths, and change in knobs_init only. */
struct knobs {
#define KNOB(name, own, shared, least, most, says) size_t name;
#define KNOB_WORD(name, word, words, says) size_t name;
#include "lib/core/knobs.def"
#undef KNOB
#undef KNOB_WORD
};
extern struct knobs knobs;
enum { SHM_COPY_AUTO, SHM_COPY_TWO, SHM_COPY_ONE };

/* What tools may know of one. */
struct knob {
    const char *name;  /* "COLL_SPINS"; its variable is MUSTER_COLL_SPINS */
    const char *words; /* "a|b|c"; NULL: it is a number */
    const char *says;
    size_t own, shared; /* defaults: where each rank has a processor, and where ranks share them */
    size_t least, most;
    size_t *value;
};
extern const struct knob knobs_table[];
extern const size_t knobs_count;

/* Sets defaults, then what the environment says. 0, or MPI_ERR_OTHER with a note of which variable makes no sense. */
int knobs_init(bool oversubscribed);
/* Of all values: ranks whose sums differ do not fit together. */
uint64_t knobs_sum(void);

#endif
