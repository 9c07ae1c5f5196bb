/* SPDX-License-Identifier: BSD-3-Clause
 *
 * library: what is asked of libfabric. */
#include "lib/transport/ofi/library.h"
#include "lib/core/library.h"

#define LIBRARY "libfabric.so.1"

struct ofi_library ofi_library;

static const struct library_function functions[] = {
#define F(name) {#name, offsetof(struct ofi_library, name)},
    OFI_LIBRARY_FUNCTIONS(F)
#undef F
};

bool ofi_library_load(char *why, size_t n)
{
    static struct library l = {
        LIBRARY,   "install it (Debian and Ubuntu: libfabric1)", "libfabric 1.17 or newer is needed",
        functions, sizeof functions / sizeof *functions,         &ofi_library,
        false};
    return library_load(&l, why, n);
}
