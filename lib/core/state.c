/* SPDX-License-Identifier: BSD-3-Clause
 *
 * state: the global state of the library. */
#include "lib/core/state.h"

static struct rank_status nowhere; /* until the rank has a place in a segment */
struct lib lib = {.status = &nowhere};

void lib_fork(void)
{
    lib.status = &nowhere;
    lib.forked = lib.booted;
    lib.forked_inside = lib.active;
    lib.finalized = lib.initialized;
    lib.active = false;
}
