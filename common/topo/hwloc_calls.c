/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hwloc_calls: the library, opened once.
 */
#include "common/topo/hwloc_calls.h"

#include <assert.h>
#include <dlfcn.h>

/* The name of the library's second binary interface, which the headers we were built with describe. */
static_assert(HWLOC_API_VERSION >= 0x20000 && HWLOC_API_VERSION < 0x30000, "libhwloc.so.15 is hwloc 2");
#define LIBRARY "libhwloc.so.15"

static int resolve(struct hwloc_calls *calls, void *lib, struct err *e)
{
#define X(name)                                                                                                        \
    if (!(calls->name = (__typeof__(calls->name))dlsym(lib, "hwloc_" #name)))                                          \
        return err_set(e, "unable to use " LIBRARY ": %s", dlerror());
    HWLOC_CALLS(X)
#undef X
    return 0;
}

const struct hwloc_calls *hwloc_calls_get(struct err *e)
{
    static struct hwloc_calls calls;
    static void *lib;
    if (lib)
        return &calls;
    void *opened = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!opened) {
        err_set(e, "unable to find out the processors: %s; install hwloc 2, or use --bind-to none", dlerror());
        return NULL;
    }
    if (resolve(&calls, opened, e)) {
        dlclose(opened);
        return NULL;
    }
    lib = opened;
    return &calls;
}
