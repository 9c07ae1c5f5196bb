/* SPDX-License-Identifier: BSD-3-Clause
 *
 * control.c: how the two ends of a link find out whether they speak the same version.
 */
#include "wire/control.h"

#include "wire/frame.h"

#include <stdio.h>

struct control_greeting control_greet(void)
{
    return (struct control_greeting){CONTROL_MAGIC, CONTROL_VERSION, MUSTER_VERSION};
}

bool control_greeting_fits(const struct control_greeting *g, char *why, size_t size)
{
    if (g->magic != CONTROL_MAGIC)
        snprintf(why, size, "what was started there is not Muster's proxy");
    else if (g->version != CONTROL_VERSION)
        snprintf(
            why, size,
            "it has Muster %s, which speaks version %u of the control protocol, and not %s with version %u: install "
            "one version of Muster on all hosts",
            g->release, g->version, MUSTER_VERSION, CONTROL_VERSION);
    return g->magic == CONTROL_MAGIC && g->version == CONTROL_VERSION;
}

/* No node of the subtree has the number that means all of them. */
bool control_setup_check(const struct control_setup *s)
{
    return s->first < FRAME_ALL_NODES - s->nnodes;
}
