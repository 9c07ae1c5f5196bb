/* SPDX-License-Identifier: BSD-3-Clause
 *
 * knobs: the numbers that tune the runtime (knobs.def). */
#ifndef LIB_CORE_KNOBS_H
#define LIB_CORE_KNOBS_H

#include "lib/core/types.h"

/* By name, and the number of the word. They are read on fast paths, and change in knobs_init and knob_set only. */
struct knobs {
#define KNOB(name, when, own, shared, least, most, says) size_t name;
#define KNOB_WORD(name, when, word, words, says) size_t name;
#include "lib/core/knobs.def"
#undef KNOB
#undef KNOB_WORD
};
extern struct knobs knobs;
enum { DEADLOCK_REPORT, DEADLOCK_ABORT, DEADLOCK_OFF };
enum { TRANSPORT_AUTO, TRANSPORT_TCP, TRANSPORT_OFI };
enum { SHM_COPY_AUTO, SHM_COPY_TWO, SHM_COPY_ONE };
enum { SHM_JOBS_ON, SHM_JOBS_OFF };

/* When a tool may change one, and where: see knobs.def. */
enum knob_when { KNOB_LOCAL, KNOB_ALIKE, KNOB_START };

/* What tools may know of one. */
struct knob {
    const char *name;  /* "COLL_SPINS"; its variable is MUSTER_COLL_SPINS */
    const char *words; /* "a|b|c"; NULL: it is a number */
    const char *says;
    enum knob_when when;
    size_t own, shared; /* defaults: where each rank has a processor, and where ranks share them */
    size_t least, most;
    size_t *value;
};
extern const struct knob knobs_table[];
extern const size_t knobs_count;

/* Sets defaults, then what the environment says, but for what knob_set has set. 0, or MPI_ERR_OTHER with a note of
 * which variable makes no sense. */
int knobs_init(bool oversubscribed);
/* For good. False: it may not have that value. What the runtime keeps of it elsewhere is the caller's affair. */
bool knob_set(const struct knob *k, size_t value);
/* How many values it has, where it is a word. */
size_t knob_words(const struct knob *k);
/* The word of that number, not NUL-terminated: its length goes to *n. */
const char *knob_word(const struct knob *k, size_t number, size_t *n);
/* Of all values that are to be alike: ranks whose sums differ do not fit together. */
uint64_t knobs_sum(void);

#endif
