/* SPDX-License-Identifier: BSD-3-Clause
 *
 * library: OpenPMIx's server library, loaded when it is first needed, as a table of its functions.
 */
#ifndef PROXY_PMIX_LIBRARY_H
#define PROXY_PMIX_LIBRARY_H

#include "common/err.h"

#include <pmix.h>
#include <pmix_server.h>

#define PMIX_LIBRARY_FUNCTIONS(F)                                                                                      \
    F(PMIx_server_init)                                                                                                \
    F(PMIx_generate_regex)                                                                                             \
    F(PMIx_generate_ppn)                                                                                               \
    F(PMIx_server_register_nspace)                                                                                     \
    F(PMIx_server_deregister_nspace)                                                                                   \
    F(PMIx_server_register_client)                                                                                     \
    F(PMIx_server_deregister_client)                                                                                   \
    F(PMIx_server_setup_fork)                                                                                          \
    F(PMIx_server_dmodex_request)                                                                                      \
    F(PMIx_server_generate_locality_string)                                                                            \
    F(PMIx_Value_destruct)                                                                                             \
    F(PMIx_Notify_event)                                                                                               \
    F(PMIx_Data_pack)                                                                                                  \
    F(PMIx_Data_unpack)                                                                                                \
    F(PMIx_Error_string)

struct pmix_library {
#define F(name) __typeof__(name) *name;
    PMIX_LIBRARY_FUNCTIONS(F)
#undef F
};

/* NULL with e set: it is not on this host, or too old. The same table every time. */
const struct pmix_library *pmix_library_load(struct err *e);

#endif
