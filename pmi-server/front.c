/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table of front ends, by what their messages look like.
 */
#include "pmi-server/front.h"

static const struct pmi_front *const fronts[] = {
    [PMI_WIRE_1] = &pmi_front_v1,
    [PMI_WIRE_1_BLOCK] = &pmi_front_v1,
    [PMI_WIRE_2] = &pmi_front_v2,
};

const struct pmi_front *pmi_front_of(enum pmi_wire wire)
{
    return fronts[wire];
}
