/* SPDX-License-Identifier: BSD-3-Clause
 *
 * library: threads of its own may run on, so it is not closed once it is in use. */
#include "lib/core/library.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

bool library_load(struct library *l, char *why, size_t n)
{
    void *h = l->loaded ? NULL : dlopen(l->name, RTLD_NOW | RTLD_LOCAL);
    if (!l->loaded && !h) {
        snprintf(why, n, "%s: %s", dlerror(), l->advice);
        return false;
    }
    for (size_t i = 0; !l->loaded && i < l->count; i++) {
        void *f = dlsym(h, l->functions[i].name);
        if (!f) {
            snprintf(why, n, "%s has no %s: %s", l->name, l->functions[i].name, l->newer);
            dlclose(h);
            return false;
        }
        memcpy((char *)l->table + l->functions[i].at, &f, sizeof f);
    }
    l->loaded = true;
    return true;
}
