/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cvar: what control variables there are: the knobs, and behind them one for each collective: its algorithm. */
#ifndef LIB_TOOL_CVAR_H
#define LIB_TOOL_CVAR_H

#include "lib/core/types.h"

struct knob;
struct coll_kind;
struct cvar {
    const struct knob *knob;      /* or NULL: */
    const struct coll_kind *coll; /* whose algorithm it is */
    int place;                    /* of that among collectives */
};

enum { CVAR_NAME = 96, CVAR_PREFIX = 7 };
int cvar_count(void);
struct cvar cvar_at(int index); /* from 0 to cvar_count() - 1 */
/* "MUSTER_WAIT_SPINS"; without its first CVAR_PREFIX letters as categories want it. */
void cvar_name(struct cvar v, char name[CVAR_NAME]);

/* The values of one that is a word: how many, 0 for a number; and the word of each. */
int cvar_words(struct cvar v);
void cvar_word(struct cvar v, int number, char word[CVAR_NAME]);
/* enum.c: the enumeration of its words; MPI_T_ENUM_NULL: it has none. */
MPI_T_enum cvar_enum(struct cvar v);

#endif
