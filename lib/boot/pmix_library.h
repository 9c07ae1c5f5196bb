/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix_library: OpenPMIx's client library, loaded when a launcher speaks PMIx, as a table of its functions. */
#ifndef LIB_BOOT_PMIX_LIBRARY_H
#define LIB_BOOT_PMIX_LIBRARY_H

#include <pmix.h>

#define PMIX_LIBRARY_FUNCTIONS(F)                                                                                      \
    F(PMIx_Init)                                                                                                       \
    F(PMIx_Finalize)                                                                                                   \
    F(PMIx_Abort)                                                                                                      \
    F(PMIx_Put)                                                                                                        \
    F(PMIx_Commit)                                                                                                     \
    F(PMIx_Fence)                                                                                                      \
    F(PMIx_Get)                                                                                                        \
    F(PMIx_Get_nb)                                                                                                     \
    F(PMIx_Publish_nb)                                                                                                 \
    F(PMIx_Lookup_nb)                                                                                                  \
    F(PMIx_Unpublish_nb)                                                                                               \
    F(PMIx_Spawn_nb)                                                                                                   \
    F(PMIx_Value_destruct)                                                                                             \
    F(PMIx_Error_string)

struct pmix_library {
#define F(name) __typeof__(name) *name;
    PMIX_LIBRARY_FUNCTIONS(F)
#undef F
};

/* NULL: it is not there, or too old, and why says so. The same table every time. */
const struct pmix_library *pmix_library_load(char *why, size_t n);

#endif
