/* SPDX-License-Identifier: BSD-3-Clause
 *
 * callers: who is expected, by name.
 */
#include "launcher/start/callers.h"

#include "common/log.h"
#include "common/strangers.h"
#include "common/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

struct expected {
    const char *name;
    struct start *start;
    UT_hash_handle hh;
};

struct callers {
    struct strangers *strangers; /* NULL: nothing listens any more */
    char *addresses;
    struct expected *expected; /* hash by name */
};

static void unexpect(struct callers *c, struct expected *x)
{
    HASH_DEL(c->expected, x);
    free(x);
    if (c->expected) {
        strangers_welcome(c->strangers, HASH_COUNT(c->expected));
    } else {
        strangers_destroy(c->strangers);
        c->strangers = NULL;
    }
}

/* It is one of this run. Whether it is still wanted is another question. */
static void take_in(void *arg, int fd, const char *name)
{
    struct callers *c = arg;
    struct expected *x;
    HASH_FIND_STR(c->expected, name, x);
    if (!x) {
        log_debug("a connection was closed: a proxy that is not expected, or no longer");
        close(fd);
        return;
    }
    struct start *s = x->start;
    unexpect(c, x);
    s->events->stream(s->arg, fd, fd);
}

static void no_room(void *arg)
{
    log_fatal("no descriptor is left for a proxy that connects: %m (raise the limit with ulimit -n)");
}

static const struct strangers_ops ops = {take_in, no_room};

struct callers *callers_create(struct starter *st, const char *host, struct err *e)
{
    const struct listen_wish wish = {st->remote.iface, st->remote.port_low, st->remote.port_high};
    struct callers *c = xcalloc(1, sizeof *c);
    c->strangers = strangers_create(st->base, &wish, host, st->secret, &ops, c, e);
    if (!c->strangers) {
        free(c);
        return NULL;
    }
    c->addresses = xstrdup(strangers_addresses(c->strangers));
    log_debug("proxies connect back to %s", c->addresses);
    return c;
}

void callers_destroy(struct callers *c)
{
    struct expected *x, *next;
    if (!c)
        return;
    HASH_ITER(hh, c->expected, x, next)
    {
        HASH_DEL(c->expected, x);
        free(x);
    }
    strangers_destroy(c->strangers);
    free(c->addresses);
    free(c);
}

const char *callers_addresses(const struct callers *c)
{
    return c->addresses;
}

void callers_expect(struct callers *c, struct start *s, const char *name)
{
    struct expected *x = xcalloc(1, sizeof *x);
    *x = (struct expected){.name = name, .start = s};
    HASH_ADD_KEYPTR(hh, c->expected, x->name, strlen(x->name), x);
    if (c->strangers)
        strangers_welcome(c->strangers, HASH_COUNT(c->expected));
}

void callers_forget(struct callers *c, const char *name)
{
    struct expected *x;
    HASH_FIND_STR(c->expected, name, x);
    if (x)
        unexpect(c, x);
}

bool callers_expects(const struct callers *c, const char *name)
{
    struct expected *x;
    HASH_FIND_STR(c->expected, name, x);
    return x != NULL;
}
