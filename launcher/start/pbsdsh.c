/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pbsdsh: one pbsdsh starts all proxies, as tasks of the job. Where it runs a task for each slot of a host, those
 * behind the first find no place, and leave; so do those of hosts that were not asked for.
 *
 * PBS passes no variable of ours on to a task. What both sides know is the job's cookie, by which PBS itself knows its
 * tasks: only the user's processes of this job have it. It is the secret of the run.
 */
#include "launcher/start/pbsdsh.h"

#include "launcher/start/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 60000
#define COOKIE "PBS_JOBCOOKIE"
#define COOKIE_MIN 16 /* characters; less is no secret */

static int pbsdsh_init(struct starter *st, struct err *e)
{
    const char *cookie = getenv(COOKIE);
    size_t n = cookie ? strlen(cookie) : 0;
    if (n < COOKIE_MIN || n >= sizeof st->secret)
        return err_set(e, "--launcher pbsdsh is for jobs of PBS, whose environment has %s: it is %s", COOKIE,
                       cookie ? "of another length than it should be" : "not set");
    memcpy(st->secret, cookie, n + 1);
    return 0;
}

/* Torque runs a command once a host if it is told so; others do not know that option. */
static void pbsdsh_words(struct words *w, struct start *const *v, size_t n)
{
    char *const *more = v[0]->starter->remote.args;
    const char *version = getenv("PBS_VERSION");
    if (version && strncmp(version, "TORQUE", 6) == 0)
        words_add(w, "-u");
    for (; more && *more; more++)
        words_add(w, *more);
}

/* The file of hosts may have full names, or not; so may uname. */
static void pbsdsh_id(const struct start *s, char *text, size_t size)
{
    snprintf(text, size, "%.*s", (int)strcspn(s->host, "."), s->host);
}

/* Its words for the exit of a task, which name none of our hosts. */
static bool pbsdsh_is_chatter(const char *line)
{
    return strncmp(line, "pbsdsh: task ", 13) == 0 && strstr(line, "exit status") != NULL;
}

static const struct group_kind kind = {.program = "pbsdsh",
                                       .words = pbsdsh_words,
                                       .shell_id = "`uname -n | cut -d. -f1`",
                                       .shell_secret = "$" COOKIE,
                                       .id = pbsdsh_id,
                                       .is_chatter = pbsdsh_is_chatter};

static void pbsdsh_begin(struct starter *st, struct start **v, size_t n)
{
    group_begin(&kind, st, v, n);
}

const struct start_ops start_pbsdsh = {.name = "pbsdsh",
                                       .patience_ms = PATIENCE_MS,
                                       .is_of_job = true,
                                       .calls_back = true,
                                       .is_far = true,
                                       .is_flat = true,
                                       .descriptors = 1,
                                       .init = pbsdsh_init,
                                       .begin = pbsdsh_begin,
                                       .end = group_end,
                                       .cancel = group_cancel,
                                       .fini = group_fini,
                                       .leave = group_leave};
