/* SPDX-License-Identifier: BSD-3-Clause
 *
 * start_remote: a backend here looks at each host: where that is this machine, a proxy is a child.
 */
#include "launcher/start/start_remote.h"

#include "common/start_process.h"
#include "common/this_host.h"
#include "launcher/start/flux.h"
#include "launcher/start/manual.h"
#include "launcher/start/pbsdsh.h"
#include "launcher/start/shell.h"
#include "launcher/start/slurm.h"
#include "launcher/start/ssh.h"

#include <string.h>

#define PATIENCE_MS 60000 /* from the login to the proxy's first message: a login script may be slow */

static void begin_here(struct starter *st, struct start *s)
{
    start_fork.begin(st, &s, 1);
}

/* Hosts that are this machine are begun, and left out of v; returns how many are left. */
static size_t without_here(struct starter *st, struct start **v, size_t n)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (this_host_is(v[i]->host))
            begin_here(st, v[i]);
        else
            v[left++] = v[i];
    return left;
}

static void begin_by(const char *program, struct starter *st, struct start **v, size_t n)
{
    n = without_here(st, v, n);
    for (size_t i = 0; i < n; i++)
        shell_begin(v[i], st->remote.program ? st->remote.program : program);
}

static void libssh2_begin(struct starter *st, struct start **v, size_t n)
{
    ssh_begin(v, without_here(st, v, n));
}

static void ssh_exec_begin(struct starter *st, struct start **v, size_t n)
{
    begin_by("ssh", st, v, n);
}

static void rsh_begin(struct starter *st, struct start **v, size_t n)
{
    begin_by("rsh", st, v, n);
}

static void lsf_begin(struct starter *st, struct start **v, size_t n)
{
    begin_by("blaunch", st, v, n);
}

static void sge_begin(struct starter *st, struct start **v, size_t n)
{
    begin_by("qrsh", st, v, n);
}

static const struct way *way_of(const struct start *s)
{
    return *(const struct way **)s->own;
}

static void remote_end(struct start *s, const char *why)
{
    if (s->own)
        way_of(s)->end(s, why);
    else
        start_fork.end(s, why);
}

static void remote_cancel(struct start *s)
{
    if (s->own) {
        way_of(s)->cancel(s);
        return;
    }
    ssh_forget(s);
    start_fork.cancel(s);
}

static void remote_flush(struct start *s)
{
    if (s->own && way_of(s)->flush)
        way_of(s)->flush(s);
}

static void remote_fini(struct start *s)
{
    way_of(s)->fini(s);
}

const struct start_ops start_ssh = {.name = "ssh",
                                    .patience_ms = PATIENCE_MS,
                                    .is_flat = true,
                                    .is_far = true,
                                    .descriptors = 3,
                                    .begin = libssh2_begin,
                                    .end = remote_end,
                                    .cancel = remote_cancel,
                                    .fini = remote_fini,
                                    .flush = remote_flush};

const struct start_ops start_ssh_exec = {.name = "ssh-exec",
                                         .patience_ms = PATIENCE_MS,
                                         .is_flat = true,
                                         .is_far = true,
                                         .descriptors = 2,
                                         .begin = ssh_exec_begin,
                                         .end = remote_end,
                                         .cancel = remote_cancel,
                                         .fini = remote_fini};

const struct start_ops start_rsh = {.name = "rsh",
                                    .patience_ms = PATIENCE_MS,
                                    .is_flat = true,
                                    .is_far = true,
                                    .descriptors = 2,
                                    .begin = rsh_begin,
                                    .end = remote_end,
                                    .cancel = remote_cancel,
                                    .fini = remote_fini};

/* Remote shells of schedulers: LSF's and Grid Engine's. */
const struct start_ops start_lsf = {.name = "lsf",
                                    .patience_ms = PATIENCE_MS,
                                    .is_of_job = true,
                                    .is_far = true,
                                    .is_flat = true,
                                    .begin = lsf_begin,
                                    .end = remote_end,
                                    .cancel = remote_cancel,
                                    .fini = remote_fini};

/* qrsh looks once a second whether its task has ended, while its own input has not. */
const struct start_ops start_sge = {.name = "sge",
                                    .patience_ms = PATIENCE_MS,
                                    .ends_by_input = true,
                                    .is_of_job = true,
                                    .is_far = true,
                                    .is_flat = true,
                                    .begin = sge_begin,
                                    .end = remote_end,
                                    .cancel = remote_cancel,
                                    .fini = remote_fini};

static const struct start_ops *find_backend(const char *name)
{
    static const struct start_ops *const backends[] = {&start_ssh,   &start_ssh_exec, &start_rsh,
                                                       &start_slurm, &start_flux,     &start_lsf,
                                                       &start_sge,   &start_pbsdsh,   &start_manual};
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++)
        if (strcmp(backends[i]->name, name) == 0)
            return backends[i];
    return NULL;
}

const struct start_ops *start_remote_find(const char *launcher, const char *rmk)
{
    const struct start_ops *of_manager = !launcher && rmk ? find_backend(rmk) : NULL;
    if (launcher)
        return find_backend(launcher);
    return of_manager ? of_manager : &start_ssh;
}
