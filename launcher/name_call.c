/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_call: the thread's answer is the end of a pipe. A thread cannot be ended while it waits: who drops a call leaves
 * the answer to it.
 */
#include "launcher/name_call.h"

#include "common/back.h"
#include "common/detached.h"
#include "common/key_file.h"
#include "common/log.h"
#include "common/sha256.h"
#include "common/xalloc.h"

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 12000

/* What both have. */
struct errand {
    char *addresses, *key;
    int pipe; /* the thread's end */
    int fd;   /* the answer */
    struct err e;
    atomic_bool answered; /* what the end of the pipe says, as the memory model wants to be told */
    atomic_int owners;
};

struct name_call {
    struct errand *errand;
    struct event *ev;
    int pipe;
    name_call_done_fn *done;
    void *arg;
};

static void errand_release(struct errand *r)
{
    if (atomic_fetch_sub(&r->owners, 1) > 1)
        return;
    if (r->fd >= 0)
        close(r->fd);
    free(r->addresses);
    free(r->key);
    free(r);
}

static int call(const struct errand *r, struct err *e)
{
    char path[PATH_MAX], key[KEY_FILE_DIGITS + 1], host[128] = "?", name[BACK_NAME_MAX + 1];
    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "%s %d", host, (int)getpid());
    if (key_file_path(r->key, path, sizeof path, e) < 0 || key_file_read(path, key, e) < 0)
        return -1;
    const struct back_end to = {r->addresses, key, "muster-names", path, true, PATIENCE_MS};
    int fd = back_call(&to, name, e);
    explicit_bzero(key, sizeof key);
    return fd;
}

static void *run(void *arg)
{
    struct errand *r = arg;
    r->fd = call(r, &r->e);
    atomic_store(&r->answered, true);
    close(r->pipe);
    errand_release(r);
    return NULL;
}

void name_call_drop(struct name_call *c)
{
    if (!c)
        return;
    event_free(c->ev);
    close(c->pipe);
    errand_release(c->errand);
    free(c);
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
    struct name_call *c = arg;
    if (!atomic_load(&c->errand->answered))
        return;
    struct err e = c->errand->e;
    int found = c->errand->fd;
    name_call_done_fn *done = c->done;
    void *to = c->arg;
    c->errand->fd = -1;
    name_call_drop(c);
    done(to, found, e.text);
}

struct name_call *name_call_begin(struct event_base *base, const char *addresses, const char *key,
                                  name_call_done_fn *done, void *arg)
{
    int fd[2];
    unsigned char proof[SHA256_SIZE];
    sha256_hmac(proof, "", "", 0, NULL); /* loads the library, which threads cannot do beside each other */
    if (pipe2(fd, O_CLOEXEC) < 0)
        log_fatal("unable to call muster-names: %m");
    struct errand *r = xcalloc(1, sizeof *r);
    *r = (struct errand){xstrdup(addresses), key ? xstrdup(key) : NULL, fd[1], -1, {""}, false, 2};
    struct name_call *c = xcalloc(1, sizeof *c);
    *c = (struct name_call){r, event_new(base, fd[0], EV_READ | EV_PERSIST, on_answer, c), fd[0], done, arg};
    if (!c->ev || event_add(c->ev, NULL) < 0)
        log_fatal("out of memory");
    if (!detached_run(run, r)) {
        err_set(&r->e, "unable to call muster-names: no thread can be made");
        atomic_store(&r->answered, true);
        close(r->pipe);
        errand_release(r);
    }
    return c;
}
