/* SPDX-License-Identifier: BSD-3-Clause
 *
 * locality: where on its machine a bound rank runs, as PMIx has it: which packages, caches, cores and hardware threads.
 */
#ifndef PROXY_PMIX_LOCALITY_H
#define PROXY_PMIX_LOCALITY_H

#include "wire/topo.h"

/* "hwloc:SK0:L30:L20:L10:CR0:HT0-1" for processors "0,4" (the kernel's numbers); the caller frees it. NULL: it is not
 * known, or no place in particular. */
char *locality_text(const struct topo *t, const char *cpus);

#endif
