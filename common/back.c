/* SPDX-License-Identifier: BSD-3-Clause
 *
 * back: addresses are tried in turn. At one that refuses nothing listens any more; one that closes early may have had
 * too many callers, and is tried again.
 */
#include "common/back.h"

#include "common/sha256.h"
#include "common/keepalive.h"
#include "common/now.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 5000 /* one address of several may lead nowhere, or to somebody else, who says nothing */
#define PAUSE_MS 50
#define REFUSALS_MAX 3 /* of a key: who has too many callers closes early too, but not often in a row */

struct call {
    const struct back_end *to;
    const char *name;
    uint64_t end;
    bool again; /* it may work another time */
    int refusals;
    struct err *e;
};

int back_prove(unsigned char proof[BACK_PROOF_SIZE], enum back_side side, const char *secret,
               const unsigned char challenge[BACK_NONCE_SIZE], const struct back_answer *a, struct err *e)
{
    unsigned char text[BACK_TEXT_SIZE];
    back_text(text, side, challenge, a);
    return sha256_hmac(proof, secret, text, sizeof text, e);
}

/* The end of what takes at most so long. */
static uint64_t end_of(const struct call *c, uint64_t ms)
{
    uint64_t end = now_ns() + ms * 1000000;
    return end < c->end ? end : c->end;
}

static int ms_until(uint64_t end)
{
    uint64_t now = now_ns();
    return now < end ? (int)((end - now) / 1000000) + 1 : 0;
}

/* Returns 0, or -1 with errno. */
static int wait_for(int fd, short what, uint64_t end)
{
    struct pollfd p = {.fd = fd, .events = what};
    int rc, ms;
    do {
        ms = ms_until(end);
        rc = ms ? poll(&p, 1, ms) : 0;
    } while (rc < 0 && errno == EINTR);
    if (rc == 0)
        errno = ETIMEDOUT;
    return rc > 0 ? 0 : -1;
}

/* Returns 0, or -1 with errno; ECONNABORTED where the other end has closed. */
static int read_all(int fd, void *to, size_t n, uint64_t end)
{
    for (size_t got = 0; got < n;) {
        ssize_t more = wait_for(fd, POLLIN, end) < 0 ? -1 : read(fd, (char *)to + got, n - got);
        if (more == 0)
            errno = ECONNABORTED;
        if (more <= 0 && (more == 0 || (errno != EAGAIN && errno != EINTR)))
            return -1;
        got += more > 0 ? (size_t)more : 0;
    }
    return 0;
}

/* Before the connection was one of the two it is nobody's fault. */
static int broken(struct call *c, const char *address)
{
    c->again = true;
    return err_set(c->e, "unable to speak to %s at %s: %m", c->to->what, address);
}

/* It has closed after our proof. */
static int refused(struct call *c, const char *address)
{
    if (!c->to->key)
        return broken(c, address);
    c->again |= ++c->refusals < REFUSALS_MAX;
    return err_set(c->e, "%s at %s does not take the key in %s: copy the file from the machine where it runs",
                   c->to->what, address, c->to->key);
}

static int fake(struct call *c, const char *address)
{
    return c->to->key ? err_set(c->e, "what listens at %s does not have the key in %s", address, c->to->key)
                      : err_set(c->e, "what listens at %s is not the mpiexec that started this", address);
}

static int prove(struct call *c, int fd, const char *address)
{
    struct back_answer a;
    unsigned char challenge[BACK_CHALLENGE_SIZE], nonce[BACK_NONCE_SIZE], answer[BACK_ANSWER_SIZE];
    unsigned char theirs[BACK_PROOF_SIZE], wanted[BACK_PROOF_SIZE];
    uint64_t end = c->to->key ? end_of(c, CONNECT_MS) : c->end; /* the mpiexec of a run may be busy */
    snprintf(a.name, sizeof a.name, "%s", c->name);
    if (getrandom(a.nonce, sizeof a.nonce, 0) != sizeof a.nonce)
        return err_set(c->e, "unable to get random bytes: %m");
    if (read_all(fd, challenge, sizeof challenge, end) < 0)
        return broken(c, address);
    if (!back_challenge_get(challenge, nonce))
        return err_set(c->e, "what listens at %s is no %s of this version", address, c->to->what);
    if (back_prove(a.proof, BACK_PROXY, c->to->secret, nonce, &a, c->e) < 0 ||
        back_prove(wanted, BACK_MPIEXEC, c->to->secret, nonce, &a, c->e) < 0)
        return -1;
    back_answer_put(answer, &a);
    if (send(fd, answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer)
        return broken(c, address);
    if (read_all(fd, theirs, sizeof theirs, end) < 0)
        return errno == ECONNABORTED || errno == ECONNRESET ? refused(c, address) : broken(c, address);
    return sha256_equal(theirs, wanted) ? 0 : fake(c, address);
}

/* "address:port" or "[address]:port" */
static int resolve(struct call *c, const char *address, struct addrinfo **found)
{
    char text[320];
    struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    hints.ai_flags |= c->to->resolve ? 0 : AI_NUMERICHOST;
    snprintf(text, sizeof text, "%s", address);
    char *port = strrchr(text, ':'), *host = text;
    if (!port)
        return err_set(c->e, "%s is not an address with a port", text);
    if (*host == '[' && port > host && port[-1] == ']') {
        port[-1] = '\0';
        host++;
    }
    *port = '\0';
    int rc = getaddrinfo(host, port + 1, &hints, found);
    return rc ? err_set(c->e, "%.100s: %s", address, gai_strerror(rc)) : 0;
}

static int connect_to(struct call *c, const char *address, const struct addrinfo *a)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
    socklen_t size = sizeof error;
    if (fd < 0)
        return err_set(c->e, "no socket: %m");
    if (connect(fd, a->ai_addr, a->ai_addrlen) < 0)
        error = errno;
    if (error == EINPROGRESS) {
        error = 0;
        if (wait_for(fd, POLLOUT, end_of(c, CONNECT_MS)) < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
            error = errno;
    }
    if (error == 0)
        return fd;
    close(fd);
    c->again |= error == ETIMEDOUT;
    return err_set(c->e, "unable to connect to %s at %s: %s", c->to->what, address, strerror(error));
}

static int connect_any(struct call *c, const char *address)
{
    struct addrinfo *all;
    int fd = -1;
    if (resolve(c, address, &all) < 0)
        return -1;
    for (const struct addrinfo *a = all; a && fd < 0; a = a->ai_next)
        fd = connect_to(c, address, a);
    freeaddrinfo(all);
    return fd;
}

static int call_one(struct call *c, const char *address)
{
    int fd = connect_any(c, address);
    if (fd < 0)
        return -1;
    keepalive_set(fd);
    if (prove(c, fd, address) == 0)
        return fd;
    close(fd);
    return -1;
}

static int call_all(struct call *c, const char *addresses)
{
    char *text = strdup(addresses), *at = text, *address;
    int fd = -1;
    if (!text)
        return err_set(c->e, "out of memory");
    while (fd < 0 && (address = strsep(&at, ",")))
        fd = call_one(c, address);
    free(text);
    return fd;
}

int back_call(const struct back_end *to, const char *name, struct err *e)
{
    struct call c = {.to = to, .name = name, .end = now_ns() + (uint64_t)to->patience_ms * 1000000, .e = e};
    for (;;) {
        c.again = false;
        int fd = call_all(&c, to->addresses);
        if (fd >= 0 || !c.again || now_ns() >= c.end)
            return fd;
        poll(NULL, 0, PAUSE_MS);
    }
}
