/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix_library: the program sees nothing of its names. */
#include "lib/boot/pmix_library.h"
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libpmix.so.2"

static struct pmix_library table;

static const struct {
    const char *name;
    size_t at;
} functions[] = {
#define F(name) {#name, offsetof(struct pmix_library, name)},
    PMIX_LIBRARY_FUNCTIONS(F)
#undef F
};

const struct pmix_library *pmix_library_load(char *why, size_t n)
{
    static void *handle;
    if (handle)
        return &table;
    void *h = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!h) {
        snprintf(why, n, "%s is needed under this launcher: install it (Debian and Ubuntu: libpmix2)", dlerror());
        return NULL;
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *f = dlsym(h, functions[i].name);
        if (!f) {
            snprintf(why, n, LIBRARY " has no %s: OpenPMIx 4.1 or newer is needed", functions[i].name);
            dlclose(h);
            return NULL;
        }
        memcpy((char *)&table + functions[i].at, &f, sizeof f);
    }
    handle = h;
    return &table;
}
