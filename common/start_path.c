/* SPDX-License-Identifier: BSD-3-Clause
 *
 * start_path: where the proxy program is, from where this program is: an installed tree may be moved.
 */
#include "common/start.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int own_path(char *path, size_t size, struct err *e)
{
    ssize_t n = readlink("/proc/self/exe", path, size - 1);
    if (n < 0)
        return err_set(e, "unable to read /proc/self/exe: %m");
    path[n] = 0;
    return 0;
}

int start_own_path(char *path, size_t size, struct err *e)
{
    if (own_path(path, size, e) < 0)
        return -1;
    if (access(path, X_OK) < 0)
        return err_set(e, "unable to start the program %s again: %m", path);
    return 0;
}

int start_proxy_path(char *path, size_t size, struct err *e)
{
    char self[PATH_MAX];
    if (own_path(self, sizeof self, e) < 0)
        return -1;
    for (int i = 0; i < 2; i++) /* the folder of programs, and what it lies in; no link is among them */
        if (strrchr(self, '/'))
            *strrchr(self, '/') = 0;
    static const char *const places[] = {"libexec/muster/muster-proxy", "proxy/muster-proxy"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, size, "%s/%s", self, places[i]);
        if (access(path, X_OK) == 0)
            return 0;
    }
    return err_set(e, "no proxy program at %s/%s: the installation is incomplete", self, places[0]);
}
