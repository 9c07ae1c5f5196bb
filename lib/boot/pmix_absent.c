/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix_absent: what stands for booting over PMIx where Muster was built without OpenPMIx's headers. */
#include <stdio.h>
#include "lib/boot/boot_ops.h"

static int init(struct boot *b, char *why, size_t n)
{
    if (!pmix_offered())
        return BOOT_ABSENT;
    snprintf(why, n,
             "its launcher speaks PMIx, without which Muster was built: install libpmix-dev, and build it again");
    return BOOT_ALONE;
}

const struct boot_ops boot_pmix = {"PMIx", init, NULL, NULL, NULL};
