/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Texts for the two streams are shown as the rank's own lines are, label and files included. A channel that there is
 * not (syslog, mail) is refused, before anything is said.
 */
#include "proxy/pmix/said.h"

#include "common/xalloc.h"
#include "proxy/stdio.h"

#include <stdlib.h>
#include <string.h>

struct said {
    struct handover_task task;
    pmix_proc_t proc;
    const pmix_info_t *data; /* the library's, until it is answered */
    size_t ndata;
    pmix_op_cbfunc_t done;
    void *arg;
};

/* 0: no stream's. */
static unsigned stream_of(const pmix_info_t *i)
{
    return infos_find_text(i, 1, PMIX_LOG_STDERR) ? 2 : infos_find_text(i, 1, PMIX_LOG_STDOUT) ? 1 : 0;
}

static void say(struct rank *r, unsigned stream, const char *text)
{
    size_t n = strlen(text);
    bool whole = n && text[n - 1] == '\n';
    char *line = xasprintf(whole ? "%s" : "%s\n", text);
    stdio_say(r, stream, line, n + !whole);
    free(line);
}

static pmix_status_t say_all(const struct said *s)
{
    struct rank *r = pmix_rank_of(&s->proc);
    for (size_t i = 0; i < s->ndata; i++)
        if (!stream_of(&s->data[i]))
            return PMIX_ERR_NOT_SUPPORTED;
    if (!r || !r->pid)
        return PMIX_ERR_NOT_FOUND;
    for (size_t i = 0; i < s->ndata; i++)
        say(r, stream_of(&s->data[i]), s->data[i].value.data.string);
    return PMIX_SUCCESS;
}

static void say_now(struct handover_task *t)
{
    struct said *s = (struct said *)t;
    s->done(say_all(s), s->arg);
    free(s);
}

void said_begin(const pmix_proc_t *client, const pmix_info_t data[], size_t ndata, const pmix_info_t directives[],
                size_t ndirs, pmix_op_cbfunc_t done, void *arg)
{
    struct said *s = xcalloc(1, sizeof *s);
    *s = (struct said){.task.run = say_now, .proc = *client, .data = data, .ndata = ndata, .done = done, .arg = arg};
    handover_post(&s->task);
}
