/* SPDX-License-Identifier: BSD-3-Clause
 *
 * start_remote: a backend here looks at each host: where that is this machine, a proxy is a child.
 */
#include "launcher/start/start_remote.h"

#include "common/start_process.h"
#include "common/this_host.h"
#include "launcher/start/shell.h"

#include <string.h>

#define PATIENCE_MS 60000 /* from the login to the proxy's first message: a login script may be slow */

static void begin_here(struct starter *st, struct start *s)
{
    start_fork.begin(st, &s, 1);
}

static void begin_by(const char *program, struct starter *st, struct start **v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (this_host_is(v[i]->host))
            begin_here(st, v[i]);
        else
            shell_begin(v[i], st->remote.program ? st->remote.program : program);
}

static void ssh_begin(struct starter *st, struct start **v, size_t n)
{
    begin_by("ssh", st, v, n);
}

static void rsh_begin(struct starter *st, struct start **v, size_t n)
{
    begin_by("rsh", st, v, n);
}

static void remote_end(struct start *s, const char *why)
{
    if (s->own)
        shell_end(s, why);
    else
        start_fork.end(s, why);
}

const struct start_ops start_ssh_exec = {.name = "ssh-exec",
                                         .patience_ms = PATIENCE_MS,
                                         .is_flat = true,
                                         .begin = ssh_begin,
                                         .end = remote_end,
                                         .cancel = shell_cancel,
                                         .fini = shell_fini};

const struct start_ops start_rsh = {.name = "rsh",
                                    .patience_ms = PATIENCE_MS,
                                    .is_flat = true,
                                    .begin = rsh_begin,
                                    .end = remote_end,
                                    .cancel = shell_cancel,
                                    .fini = shell_fini};

const struct start_ops *start_remote_find(const char *launcher)
{
    static const struct start_ops *const backends[] = {&start_ssh_exec, &start_rsh};
    for (size_t i = 0; launcher && i < sizeof backends / sizeof *backends; i++)
        if (strcmp(backends[i]->name, launcher) == 0)
            return backends[i];
    return NULL;
}
