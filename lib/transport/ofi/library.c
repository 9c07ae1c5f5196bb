/* SPDX-License-Identifier: BSD-3-Clause
 *
 * library: it is loaded once, and stays: threads of its providers may run on. */
#include "lib/transport/ofi/library.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libfabric.so.1"

struct ofi_library ofi_library;

static const struct {
    const char *name;
    size_t at;
} functions[] = {
#define F(name) {#name, offsetof(struct ofi_library, name)},
    OFI_LIBRARY_FUNCTIONS(F)
#undef F
};

bool ofi_library_load(char *why, size_t n)
{
    static void *handle;
    void *h = handle ? handle : dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!h) {
        snprintf(why, n, "%s: install it (Debian and Ubuntu: libfabric1)", dlerror());
        return false;
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *f = dlsym(h, functions[i].name);
        if (!f) {
            snprintf(why, n, LIBRARY " has no %s: libfabric 1.17 or newer is needed", functions[i].name);
            dlclose(h);
            return false;
        }
        memcpy((char *)&ofi_library + functions[i].at, &f, sizeof f);
    }
    handle = h;
    return true;
}
