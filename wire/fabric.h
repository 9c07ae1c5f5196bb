/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fabric: which fabrics this machine has, found out before anything is loaded. */
#ifndef WIRE_FABRIC_H
#define WIRE_FABRIC_H

#include <stdbool.h>

/* Providers of libfabric by their whole names, the one that is preferred first; NULL: no more. */
const char *fabric_provider(int i);
/* Is there a device for it; or, with `any`, does it need none? */
bool fabric_has(int i, bool any);
/* Is there a device of a fabric at all? */
bool fabric_is_there(void);

#endif
