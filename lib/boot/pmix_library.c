/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix_library: what is asked of OpenPMIx. */
#include "lib/boot/pmix_library.h"
#include "lib/core/library.h"

#define LIBRARY "libpmix.so.2"

static struct pmix_library table;

static const struct library_function functions[] = {
#define F(name) {#name, offsetof(struct pmix_library, name)},
    PMIX_LIBRARY_FUNCTIONS(F)
#undef F
};

const struct pmix_library *pmix_library_load(char *why, size_t n)
{
    static struct library l = {LIBRARY,
                               "it is needed under this launcher: install it (Debian and Ubuntu: libpmix2)",
                               "OpenPMIx 4.1 or newer is needed",
                               functions,
                               sizeof functions / sizeof *functions,
                               &table,
                               false};
    return library_load(&l, why, n) ? &table : NULL;
}
