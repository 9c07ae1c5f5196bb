/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh2_calls: the library, opened once.
 */
#include "launcher/start/ssh2_calls.h"

#include <dlfcn.h>

#define LIBRARY "libssh2.so.1"

static int resolve(struct ssh2_calls *calls, void *lib, struct err *e)
{
#define X(name)                                                                                                        \
    if (!(calls->name = (__typeof__(calls->name))dlsym(lib, "libssh2_" #name)))                                        \
        return err_set(e, "unable to use " LIBRARY ": %s", dlerror());
    SSH2_CALLS(X)
#undef X
    return calls->init(0) ? err_set(e, "unable to use " LIBRARY ": it does not start") : 0;
}

const struct ssh2_calls *ssh2_calls_get(struct err *e)
{
    static struct ssh2_calls calls;
    static void *lib;
    if (lib)
        return &calls;
    void *opened = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!opened) {
        err_set(e, "%s", dlerror());
        return NULL;
    }
    if (resolve(&calls, opened, e) < 0) {
        dlclose(opened);
        return NULL;
    }
    lib = opened;
    return &calls;
}
