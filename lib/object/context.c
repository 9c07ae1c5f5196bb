/* SPDX-License-Identifier: BSD-3-Clause
 *
 * context: context ids. */
#include "lib/object/context.h"
#include <assert.h>
#include "lib/core/error.h"
#include "lib/process/process.h"

enum { FIRST = 4, COUNT_OWN = 31, COUNT_FOREIGN = 20, RANK_FOREIGN = 22 };
static_assert(1 + COUNT_FOREIGN + RANK_FOREIGN + PROCESS_TAG_BITS + 1 == 64, "all bits are told in context.h");

static uint64_t own, foreign; /* that this process has given out */

void context_init(void)
{
    own = foreign = 0;
}

static uint64_t none_left(void)
{
    error_detail_set(MPI_ERR_OTHER, "this process has made as many communicators as there are numbers for");
    return 0;
}

static uint64_t new_own(void)
{
    uint64_t count = FIRST + ++own;
    return count >> COUNT_OWN ? none_left() : (uint64_t)(unsigned)process_self << (1 + COUNT_OWN) | count << 1;
}

static uint64_t new_foreign(void)
{
    uint64_t count = FIRST + ++foreign, rank = (unsigned)process_self, tag = process_job_own()->tag;
    if (count >> COUNT_FOREIGN || rank >> RANK_FOREIGN)
        return none_left();
    return UINT64_C(1) << 63 | tag << (1 + COUNT_FOREIGN + RANK_FOREIGN) | rank << (1 + COUNT_FOREIGN) | count << 1;
}

uint64_t context_new(bool with_foreign)
{
    return with_foreign ? new_foreign() : new_own();
}

uint32_t context_number(uint64_t ctx)
{
    if (ctx < 2 * FIRST)
        return ctx >> 1 == CONTEXT_SELF >> 1;
    int bits = ctx >> 63 ? COUNT_FOREIGN : COUNT_OWN;
    return (uint32_t)(ctx >> 1 & ((UINT64_C(1) << bits) - 1)) - 3;
}
