/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pvar: what performance variables there are (core/tally.def). */
#ifndef LIB_TOOL_PVAR_H
#define LIB_TOOL_PVAR_H

#include "lib/core/tally.h"

struct comm;

enum pvar_kind { PVAR_TOTAL, PVAR_TIME, PVAR_LEVEL, PVAR_BOUND, PVAR_MARK };
struct pvar {
    const char *name, *says;
    enum pvar_kind kind;
    int class;
    uint32_t costs;                          /* TALLY_... that it needs while it is started */
    const uint64_t *total;                   /* PVAR_TOTAL, PVAR_TIME */
    uint64_t (*level)(const struct comm *c); /* the others; c of PVAR_BOUND alone */
};
extern const struct pvar pvar_table[];
extern const int pvar_count;

/* Is it continuous: there is nothing to start, and nothing to write? */
static inline bool pvar_is_level(const struct pvar *v)
{
    return v->kind == PVAR_LEVEL || v->kind == PVAR_BOUND;
}

#endif
