/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tally: the totals. */
#include "lib/core/tally.h"

struct tally tally;
uint32_t tally_on;
struct tally_upcalls tally_upcalls;
