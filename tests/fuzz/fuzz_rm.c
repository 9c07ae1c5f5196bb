/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What resource managers say: variables, a line each, then an empty line, then the text of every file and command.
 */
#include "launcher/rm/rm.h"

#include "common/xalloc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VARIABLES 32

static char *fuzz_file(const struct rm_source *s, const char *path, struct err *e)
{
    return xstrdup(s->arg);
}

static char *fuzz_output(const struct rm_source *s, const char *const argv[], struct err *e)
{
    return xstrdup(s->arg);
}

static void check(const struct allocation *a)
{
    if (!a->rm || !a->from || !a->hosts.n)
        abort();
    for (size_t i = 0; i < a->hosts.n; i++)
        if (a->hosts.hosts[i].slots > HOSTLIST_SLOTS_MAX || !*a->hosts.hosts[i].name)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xstrndup((const char *)data, size), *at = text, *line, *env[VARIABLES + 1] = {NULL};
    for (size_t n = 0; n < VARIABLES && (line = strsep(&at, "\n")) && *line; n++)
        env[n] = line;
    struct rm_source s = {env, fuzz_file, fuzz_output, at ? at : ""};
    struct allocation a = {.hosts = {.max = 2000}};
    struct err e = {""};
    int rc = rm_detect(&s, NULL, &a, &e);
    if (rc == 0 && a.rm)
        check(&a);
    if (rc < 0 && !*e.text)
        abort();
    allocation_fini(&a);
    free(text);
    return 0;
}
