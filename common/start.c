/* SPDX-License-Identifier: BSD-3-Clause
 *
 * start: what all backends share: their table, the text of failures, callbacks from the loop, processes by pid.
 */
#include "common/start.h"

#include "common/log.h"
#include "common/xalloc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define TEST_BACKEND "MUSTER_TEST_START" /* tests/README.md */

static const char *const steps[START_STEPS] = {
    [START_STARTED] = "go on",
    [START_RESOLVE] = "find its address",
    [START_CONNECT] = "connect",
    [START_AUTHENTICATE] = "log in",
    [START_PROGRAM] = "start the proxy there",
    [START_HELLO] = "hear from the proxy there",
    [START_VERSION] = "use the proxy there",
    [START_READY] = "get the proxy there ready",
    [START_SUBTREE] = "start the proxies below it",
};

void start_failure_set(struct start_failure *f, enum start_step step, const char *remedy, const char *cause, ...)
{
    va_list ap;
    f->step = step;
    snprintf(f->remedy, sizeof f->remedy, "%s", remedy);
    va_start(ap, cause);
    vsnprintf(f->cause, sizeof f->cause, cause, ap);
    va_end(ap);
}

void start_failure_text(const struct start_failure *f, const char *host, char *text, size_t size)
{
    bool remedy = *f->remedy;
    snprintf(text, size, "%s: unable to %s: %s%s%s%s", host, steps[f->step], f->cause, remedy ? " (" : "", f->remedy,
             remedy ? ")" : "");
}

const struct start_ops *start_ops_find(const char *name)
{
    static const struct start_ops *const backends[] = {&start_fork, &start_delay, &start_tree};
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++)
        if (strcmp(backends[i]->name, name) == 0)
            return backends[i];
    return NULL;
}

static int make_secret(char secret[65])
{
    unsigned char bytes[32];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return -1;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(secret + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

static int init(struct starter *st, const struct start_ops *ops, bool root, struct event_base *base, struct err *e)
{
    st->root = root;
    st->base = base;
    st->ops = ops;
    if (root && make_secret(st->secret) < 0)
        return err_set(e, "unable to get random bytes: %m");
    st->patience_ms = ops->patience_ms;
    return ops->init ? ops->init(st, e) : 0;
}

int starter_init_root(struct starter *st, const struct start_ops *ops, struct event_base *base, struct err *e)
{
    if (!ops)
        ops = getenv(TEST_BACKEND) ? &start_delay : &start_fork;
    return init(st, ops, true, base, e);
}

int starter_init(struct starter *st, const char *backend, struct event_base *base, struct err *e)
{
    const struct start_ops *ops = start_ops_find(backend);
    if (!ops)
        return err_set(e, "this version has no way to start proxies that is called '%.40s'", backend);
    return init(st, ops, false, base, e);
}

void start_begin(struct starter *st, struct start **v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i]->starter = st;
    st->ops->begin(st, v, n);
}

void start_end(struct start *s, const char *why)
{
    s->starter->ops->end(s, why);
}

void starter_leave(struct starter *st)
{
    if (st->ops && st->ops->leave)
        st->ops->leave(st);
}

void start_flush(struct start *s)
{
    if (s->starter->ops->flush)
        s->starter->ops->flush(s);
}

void start_cancel(struct start *s)
{
    start_not_later(s);
    s->starter->ops->cancel(s);
}

void start_fini(struct start *s)
{
    if (s->own)
        s->starter->ops->fini(s);
    if (s->timer)
        event_free(s->timer);
    if (s->pid)
        HASH_DELETE(by_pid, s->starter->running, s);
    s->timer = NULL;
    s->pid = 0;
}

pid_t *starter_pids(const struct starter *st, size_t *n)
{
    pid_t *v = xcalloc(HASH_CNT(by_pid, st->running) + 1, sizeof *v);
    *n = 0;
    for (const struct start *s = st->running; s; s = s->by_pid.next)
        v[(*n)++] = s->pid;
    return v;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct start *s = arg;
    s->then(s);
}

void start_later(struct start *s, unsigned ms, void (*then)(struct start *s))
{
    struct timeval t = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
    s->then = then;
    if (!s->timer)
        s->timer = evtimer_new(s->starter->base, on_timer, s);
    if (!s->timer || evtimer_add(s->timer, &t) < 0)
        log_fatal("out of memory");
}

void start_not_later(struct start *s)
{
    if (s->timer)
        event_del(s->timer);
}

static void tell_failed(struct start *s)
{
    s->events->failed(s->arg, &s->failure);
}

void start_fail_later(struct start *s)
{
    start_later(s, 0, tell_failed);
}
