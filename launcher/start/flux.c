/* SPDX-License-Identifier: BSD-3-Clause
 *
 * flux: one `flux exec` starts all proxies. It would pass on what they write a line at a time, so they connect back. It
 * runs its command on all hosts of the instance, or of the job that mpiexec is a part of; on one that was not asked for
 * the proxy finds no place, and leaves.
 */
#include "launcher/start/flux.h"

#include "launcher/start/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 60000

static void flux_words(struct words *w, struct start *const *v, size_t n)
{
    char *const *more = v[0]->starter->remote.args;
    const char *job = getenv("FLUX_JOB_ID");
    words_add(w, "exec");
    words_add(w, "--noinput");
    words_add(w, "--dir=/");
    if (job)
        words_addf(w, "--jobid=%s", job);
    for (; more && *more; more++)
        words_add(w, *more);
}

static void flux_id(const struct start *s, char *text, size_t size)
{
    snprintf(text, size, "%s", s->host);
}

/* Its own words for the exit of a command, which name ranks and not hosts. */
static bool flux_is_chatter(const char *line)
{
    return strncmp(line, "flux-exec: ", 11) == 0 && strstr(line, ": exit ") != NULL;
}

/* A broker's name is that of its host. */
static const struct group_kind kind = {
    .program = "flux", .words = flux_words, .shell_id = "`uname -n`", .id = flux_id, .is_chatter = flux_is_chatter};

static void flux_begin(struct starter *st, struct start **v, size_t n)
{
    group_begin(&kind, st, v, n);
}

const struct start_ops start_flux = {.name = "flux",
                                     .patience_ms = PATIENCE_MS,
                                     .is_of_job = true,
                                     .calls_back = true,
                                     .is_far = true,
                                     .is_flat = true,
                                     .begin = flux_begin,
                                     .end = group_end,
                                     .cancel = group_cancel,
                                     .fini = group_fini,
                                     .leave = group_leave};
