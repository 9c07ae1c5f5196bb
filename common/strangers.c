/* SPDX-License-Identifier: BSD-3-Clause
 *
 * strangers: each has a fixed time to prove itself. There is room for so many; then the one that has been there longest
 * goes, and if it was one of ours, it tries again. So whoever floods us makes starts slower, but for no longer than it
 * does so, and no descriptor or memory that is needed is lost to it.
 */
#include "common/strangers.h"

#include "common/back.h"
#include "common/keepalive.h"
#include "common/log.h"
#include "common/now.h"
#include "common/sha256.h"
#include "common/xalloc.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define STRANGERS_MAX 512 /* that have not proven themselves yet, besides as many as are expected */
#define STRANGER_MS 10000 /* for the proof */
#define ACCEPTS_A_TURN 64 /* so that the links have their turn too */

struct stranger {
    TAILQ_ENTRY(stranger) next;
    struct strangers *all;
    int fd;
    struct event *ev;
    uint64_t end;
    unsigned char nonce[BACK_NONCE_SIZE];
    unsigned char in[BACK_ANSWER_SIZE];
    size_t got;
};

struct strangers {
    struct event_base *base;
    const char *secret;
    const struct strangers_ops *ops;
    void *arg;
    struct listen listen;
    struct event *on_call[LISTEN_MAX];
    struct event *later;            /* the end of a pause */
    TAILQ_HEAD(, stranger) pending; /* the oldest first */
    unsigned npending, welcome;
    size_t refused;
};

static void stranger_end(struct stranger *c)
{
    TAILQ_REMOVE(&c->all->pending, c, next);
    c->all->npending--;
    if (c->ev)
        event_free(c->ev);
    if (c->fd >= 0)
        close(c->fd);
    free(c);
}

static void refuse(struct stranger *c, const char *why)
{
    struct sockaddr_storage a;
    socklen_t size = sizeof a;
    char host[64] = "?";
    if (c->all->refused++ < 10 && getpeername(c->fd, (struct sockaddr *)&a, &size) == 0 &&
        getnameinfo((struct sockaddr *)&a, size, host, sizeof host, NULL, 0, NI_NUMERICHOST) == 0)
        log_debug("a connection from %s was closed: %s", host, why);
    stranger_end(c);
}

/* Whether it is wanted is the callee's to say: if not, it sees its link end. */
static void take_in(struct stranger *c, const struct back_answer *a)
{
    struct strangers *all = c->all;
    unsigned char proof[BACK_PROOF_SIZE];
    struct err e;
    int fd = c->fd;
    if (back_prove(proof, BACK_MPIEXEC, all->secret, c->nonce, a, &e) < 0 ||
        send(fd, proof, sizeof proof, MSG_NOSIGNAL) != sizeof proof) {
        refuse(c, "it left at once");
        return;
    }
    c->fd = -1;
    stranger_end(c);
    keepalive_set(fd);
    all->ops->proven(all->arg, fd, a->name);
}

static void check_answer(struct stranger *c)
{
    struct back_answer a;
    struct err e;
    unsigned char wanted[BACK_PROOF_SIZE];
    if (!back_answer_get(c->in, &a))
        refuse(c, "it does not speak as programs of this version do");
    else if (back_prove(wanted, BACK_PROXY, c->all->secret, c->nonce, &a, &e) < 0)
        refuse(c, e.text);
    else if (!sha256_equal(wanted, a.proof))
        refuse(c, "it does not know the secret");
    else
        take_in(c, &a);
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
    struct stranger *c = arg;
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

static int challenge(struct stranger *c)
{
    unsigned char out[BACK_CHALLENGE_SIZE];
    struct timeval patience = {STRANGER_MS / 1000, 0};
    if (getrandom(c->nonce, sizeof c->nonce, 0) != sizeof c->nonce)
        return -1;
    back_challenge_put(out, c->nonce);
    if (send(c->fd, out, sizeof out, MSG_NOSIGNAL) != sizeof out)
        return -1;
    c->ev = event_new(c->all->base, c->fd, EV_READ | EV_PERSIST, on_answer, c);
    return c->ev && event_add(c->ev, &patience) == 0 ? 0 : -1;
}

static void stranger_begin(struct strangers *all, int fd)
{
    struct stranger *c = xcalloc(1, sizeof *c);
    *c = (struct stranger){.all = all, .fd = fd, .end = now_ns() + (uint64_t)STRANGER_MS * 1000000};
    if (all->npending >= STRANGERS_MAX + all->welcome)
        refuse(TAILQ_FIRST(&all->pending), "there are too many");
    TAILQ_INSERT_TAIL(&all->pending, c, next);
    all->npending++;
    if (challenge(c) < 0)
        refuse(c, "it left at once");
}

/* Descriptors may all be in use: then one of those who wait has to go. */
static bool accept_one(struct strangers *all, evutil_socket_t on)
{
    int fd = accept4(on, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) && all->npending) {
        refuse(TAILQ_FIRST(&all->pending), "there are too many");
        fd = accept4(on, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    }
    if (fd < 0 && (errno == EMFILE || errno == ENFILE))
        all->ops->full(all->arg);
    if (fd < 0)
        return errno == ECONNABORTED || errno == EINTR;
    stranger_begin(all, fd);
    return true;
}

static void on_call(evutil_socket_t fd, short what, void *arg)
{
    int n = 0;
    while (n < ACCEPTS_A_TURN && accept_one(arg, fd))
        n++;
}

static void listen_again(evutil_socket_t fd, short what, void *arg)
{
    struct strangers *s = arg;
    for (unsigned i = 0; i < s->listen.n; i++)
        event_add(s->on_call[i], NULL);
}

void strangers_pause(struct strangers *s, unsigned ms)
{
    struct timeval later = {ms / 1000, ms % 1000 * 1000};
    for (unsigned i = 0; i < s->listen.n; i++)
        event_del(s->on_call[i]);
    event_add(s->later, &later);
}

static void watch_all(struct strangers *s)
{
    bool ok = (s->later = evtimer_new(s->base, listen_again, s)) != NULL;
    for (unsigned i = 0; i < s->listen.n && ok; i++) {
        s->on_call[i] = event_new(s->base, s->listen.fd[i], EV_READ | EV_PERSIST, on_call, s);
        ok = s->on_call[i] && event_add(s->on_call[i], NULL) == 0;
    }
    if (!ok)
        log_fatal("out of memory");
}

struct strangers *strangers_create(struct event_base *base, const struct listen_wish *wish, const char *host,
                                   const char *secret, const struct strangers_ops *ops, void *arg, struct err *e)
{
    unsigned char proof[BACK_PROOF_SIZE];
    if (sha256_hmac(proof, secret, "", 0, e) < 0)
        return NULL;
    struct strangers *s = xcalloc(1, sizeof *s);
    *s = (struct strangers){.base = base, .secret = secret, .ops = ops, .arg = arg};
    TAILQ_INIT(&s->pending);
    if (listen_open(&s->listen, wish, host, e) == 0) {
        watch_all(s);
        return s;
    }
    free(s);
    return NULL;
}

void strangers_destroy(struct strangers *s)
{
    if (!s)
        return;
    while (!TAILQ_EMPTY(&s->pending))
        stranger_end(TAILQ_FIRST(&s->pending));
    for (unsigned i = 0; i < s->listen.n; i++) {
        event_free(s->on_call[i]);
        close(s->listen.fd[i]);
    }
    event_free(s->later);
    free(s);
}

const char *strangers_addresses(const struct strangers *s)
{
    return s->listen.addresses;
}

void strangers_welcome(struct strangers *s, unsigned n)
{
    s->welcome = n;
}
