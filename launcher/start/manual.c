/* SPDX-License-Identifier: BSD-3-Clause
 *
 * manual: nothing is started here. A command line is seen by everybody on its host, so the secret of the run is not
 * part of it: the proxy reads it from its terminal or its stdin.
 */
#include "launcher/start/manual.h"

#include "common/back.h"
#include "common/log.h"
#include "common/this_host.h"
#include "launcher/start/callers.h"
#include "launcher/start/shell_command.h"

#include <stdio.h>
#include <stdlib.h>

#define PATIENCE_MS 600000 /* somebody has to type */
#define REMEDY "was the command run there? with --launcher ssh nothing needs to be typed"

static const char *some_other(struct start *const *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!this_host_is(v[i]->host))
            return v[i]->host;
    return NULL;
}

static void fail_all(struct start **v, size_t n, const char *why)
{
    for (size_t i = 0; i < n; i++) {
        start_failure_set(&v[i]->failure, START_CONNECT, "", "%s", why);
        start_fail_later(v[i]);
    }
}

static void say_command(const struct starter *st, const struct callers *callers, const char *host)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        log_fatal("out of memory");
    shell_quote(to, st->proxy);
    fprintf(to, " --call %s --name ", callers_addresses(callers));
    shell_quote(to, host);
    if (fclose(to))
        log_fatal("out of memory");
    log_info("  on %s: %s", host, text);
    free(text);
}

static void say_commands(const struct starter *st, const struct callers *callers, struct start *const *v, size_t n)
{
    log_info("waiting for a proxy of each host; what to run there is");
    for (size_t i = 0; i < n; i++)
        say_command(st, callers, v[i]->host);
    log_info("and to each, which asks for it, the secret of this run is to be given: %s", st->secret);
}

static void manual_begin(struct starter *st, struct start **v, size_t n)
{
    struct err e;
    if (st->own) {
        fail_all(v, n, "hosts are started together, and only once");
        return;
    }
    struct callers *callers = st->own = callers_create(st, some_other(v, n), &e);
    if (!callers) {
        fail_all(v, n, e.text);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        start_failure_set(&v[i]->failure, START_CONNECT, REMEDY, "no proxy has connected");
        callers_expect(callers, v[i], v[i]->host);
    }
    say_commands(st, callers, v, n);
}

static void tell_ended(struct start *s)
{
    s->events->ended(s->arg, s->why);
}

static void manual_end(struct start *s, const char *why)
{
    snprintf(s->why, sizeof s->why, "%s", why);
    start_later(s, 0, tell_ended);
}

static void manual_cancel(struct start *s)
{
    if (s->starter->own)
        callers_forget(s->starter->own, s->host);
}

static void manual_leave(struct starter *st)
{
    callers_destroy(st->own);
    st->own = NULL;
}

const struct start_ops start_manual = {.name = "manual",
                                       .patience_ms = PATIENCE_MS,
                                       .calls_back = true,
                                       .is_flat = true,
                                       .is_far = true,
                                       .descriptors = 1,
                                       .begin = manual_begin,
                                       .end = manual_end,
                                       .cancel = manual_cancel,
                                       .leave = manual_leave};
