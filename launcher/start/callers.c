/* SPDX-License-Identifier: BSD-3-Clause
 *
 * callers: each has a fixed time to prove itself. There is room for so many; then the one that has been there longest
 * goes, and if it was one of ours, it tries again. So whoever floods us makes starts slower, but for no longer than it
 * does so, and no descriptor or memory that the job needs is lost to it.
 */
#include "launcher/start/callers.h"

#include "common/back.h"
#include "common/sha256.h"
#include "common/keepalive.h"
#include "common/log.h"
#include "common/now.h"
#include "common/xalloc.h"
#include "launcher/start/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <unistd.h>
#include <uthash.h>

#define STRANGERS_MAX 512 /* that have not proven themselves yet, besides as many as are expected */
#define CALLER_MS 10000   /* for the proof */
#define ACCEPTS_A_TURN 64 /* so that the links have their turn too */

struct caller {
    TAILQ_ENTRY(caller) next;
    struct callers *all;
    int fd;
    struct event *ev;
    uint64_t end;
    unsigned char nonce[BACK_NONCE_SIZE];
    unsigned char in[BACK_ANSWER_SIZE];
    size_t got;
};

struct expected {
    const char *name;
    struct start *start;
    UT_hash_handle hh;
};

struct callers {
    struct starter *st;
    struct listen listen;
    struct event *on_call[LISTEN_MAX];
    TAILQ_HEAD(, caller) pending; /* the oldest first */
    unsigned npending;
    struct expected *expected; /* hash by name */
    size_t refused;
};

static void caller_end(struct caller *c)
{
    TAILQ_REMOVE(&c->all->pending, c, next);
    c->all->npending--;
    if (c->ev)
        event_free(c->ev);
    if (c->fd >= 0)
        close(c->fd);
    free(c);
}

static void refuse(struct caller *c, const char *why)
{
    struct sockaddr_storage a;
    socklen_t size = sizeof a;
    char host[64] = "?";
    if (c->all->refused++ < 10 && getpeername(c->fd, (struct sockaddr *)&a, &size) == 0 &&
        getnameinfo((struct sockaddr *)&a, size, host, sizeof host, NULL, 0, NI_NUMERICHOST) == 0)
        log_debug("a connection from %s was closed: %s", host, why);
    caller_end(c);
}

static void stop_listening(struct callers *c)
{
    while (!TAILQ_EMPTY(&c->pending))
        caller_end(TAILQ_FIRST(&c->pending));
    for (unsigned i = 0; i < c->listen.n; i++) {
        if (c->on_call[i])
            event_free(c->on_call[i]);
        close(c->listen.fd[i]);
        c->on_call[i] = NULL;
    }
    c->listen.n = 0;
}

static void unexpect(struct callers *c, struct expected *x)
{
    HASH_DEL(c->expected, x);
    free(x);
    if (!c->expected)
        stop_listening(c);
}

/* It is one of this run. Whether it is still wanted is another question: if not, it sees its link end. */
static void take_in(struct caller *c, const struct back_answer *a)
{
    struct callers *all = c->all;
    unsigned char proof[BACK_PROOF_SIZE];
    struct expected *x;
    struct err e;
    int fd = c->fd;
    if (back_prove(proof, BACK_MPIEXEC, all->st->secret, c->nonce, a, &e) < 0 ||
        send(fd, proof, sizeof proof, MSG_NOSIGNAL) != sizeof proof) {
        refuse(c, "it left at once");
        return;
    }
    HASH_FIND_STR(all->expected, a->name, x);
    if (!x) {
        refuse(c, "a proxy that is not expected, or no longer");
        return;
    }
    struct start *s = x->start;
    c->fd = -1;
    caller_end(c);
    keepalive_set(fd);
    unexpect(all, x);
    s->events->stream(s->arg, fd, fd);
}

static void check_answer(struct caller *c)
{
    struct back_answer a;
    struct err e;
    unsigned char wanted[BACK_PROOF_SIZE];
    if (!back_answer_get(c->in, &a))
        refuse(c, "it does not speak as proxies of this version do");
    else if (back_prove(wanted, BACK_PROXY, c->all->st->secret, c->nonce, &a, &e) < 0)
        refuse(c, e.text);
    else if (!sha256_equal(wanted, a.proof))
        refuse(c, "it does not know the secret of this run");
    else
        take_in(c, &a);
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
    struct caller *c = arg;
    ssize_t n = recv(fd, c->in + c->got, sizeof c->in - c->got, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        refuse(c, "it has left");
        return;
    }
    c->got += n > 0 ? (size_t)n : 0;
    if (c->got == sizeof c->in)
        check_answer(c);
    else if (now_ns() >= c->end)
        refuse(c, "it did not prove anything in time");
}

static int challenge(struct caller *c)
{
    unsigned char out[BACK_CHALLENGE_SIZE];
    struct timeval patience = {CALLER_MS / 1000, 0};
    if (getrandom(c->nonce, sizeof c->nonce, 0) != sizeof c->nonce)
        return -1;
    back_challenge_put(out, c->nonce);
    if (send(c->fd, out, sizeof out, MSG_NOSIGNAL) != sizeof out)
        return -1;
    c->ev = event_new(c->all->st->base, c->fd, EV_READ | EV_PERSIST, on_answer, c);
    return c->ev && event_add(c->ev, &patience) == 0 ? 0 : -1;
}

static void caller_begin(struct callers *all, int fd)
{
    struct caller *c = xcalloc(1, sizeof *c);
    *c = (struct caller){.all = all, .fd = fd, .end = now_ns() + (uint64_t)CALLER_MS * 1000000};
    if (all->npending >= STRANGERS_MAX + HASH_COUNT(all->expected))
        refuse(TAILQ_FIRST(&all->pending), "there are too many");
    TAILQ_INSERT_TAIL(&all->pending, c, next);
    all->npending++;
    if (challenge(c) < 0)
        refuse(c, "it left at once");
}

/* Descriptors may all be in use: then one of those who wait has to go. */
static bool accept_one(struct callers *all, evutil_socket_t on)
{
    int fd = accept4(on, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) && all->npending) {
        refuse(TAILQ_FIRST(&all->pending), "there are too many");
        fd = accept4(on, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    }
    if (fd < 0 && (errno == EMFILE || errno == ENFILE))
        log_fatal("no descriptor is left for a proxy that connects: %m (raise the limit with ulimit -n)");
    if (fd < 0)
        return errno == ECONNABORTED || errno == EINTR;
    caller_begin(all, fd);
    return true;
}

static void on_call(evutil_socket_t fd, short what, void *arg)
{
    int n = 0;
    while (n < ACCEPTS_A_TURN && accept_one(arg, fd))
        n++;
}

struct callers *callers_create(struct starter *st, const char *host, struct err *e)
{
    unsigned char proof[BACK_PROOF_SIZE];
    if (sha256_hmac(proof, st->secret, "", 0, e) < 0)
        return NULL;
    struct callers *c = xcalloc(1, sizeof *c);
    c->st = st;
    TAILQ_INIT(&c->pending);
    if (listen_open(&c->listen, &st->remote, host, e) == 0) {
        for (unsigned i = 0; i < c->listen.n; i++) {
            c->on_call[i] = event_new(st->base, c->listen.fd[i], EV_READ | EV_PERSIST, on_call, c);
            if (!c->on_call[i] || event_add(c->on_call[i], NULL) < 0)
                log_fatal("out of memory");
        }
        return c;
    }
    free(c);
    return NULL;
}

void callers_destroy(struct callers *c)
{
    struct expected *x, *next;
    if (!c)
        return;
    HASH_ITER(hh, c->expected, x, next)
    unexpect(c, x);
    stop_listening(c);
    free(c);
}

const char *callers_addresses(const struct callers *c)
{
    return c->listen.addresses;
}

void callers_expect(struct callers *c, struct start *s, const char *name)
{
    struct expected *x = xcalloc(1, sizeof *x);
    *x = (struct expected){.name = name, .start = s};
    HASH_ADD_KEYPTR(hh, c->expected, x->name, strlen(x->name), x);
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
