/* SPDX-License-Identifier: BSD-3-Clause
 *
 * back: addresses are tried in turn. One that refuses has no mpiexec any more; one that closes early may have had too
 * many callers, and is tried again.
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

#define CALL_MS 30000
#define CONNECT_MS 5000 /* one address of several may lead nowhere */
#define PAUSE_MS 50

struct call {
    const char *name, *secret;
    uint64_t end;
    bool again; /* it may work another time */
    struct err *e;
};

int back_prove(unsigned char proof[BACK_PROOF_SIZE], enum back_side side, const char *secret,
               const unsigned char challenge[BACK_NONCE_SIZE], const struct back_answer *a, struct err *e)
{
    unsigned char text[BACK_TEXT_SIZE];
    back_text(text, side, challenge, a);
    return sha256_hmac(proof, secret, text, sizeof text, e);
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
    return err_set(c->e, "unable to speak to mpiexec at %s: %m", address);
}

static int prove(struct call *c, int fd, const char *address)
{
    struct back_answer a;
    unsigned char challenge[BACK_CHALLENGE_SIZE], nonce[BACK_NONCE_SIZE], answer[BACK_ANSWER_SIZE];
    unsigned char theirs[BACK_PROOF_SIZE], wanted[BACK_PROOF_SIZE];
    snprintf(a.name, sizeof a.name, "%s", c->name);
    if (getrandom(a.nonce, sizeof a.nonce, 0) != sizeof a.nonce)
        return err_set(c->e, "unable to get random bytes: %m");
    if (read_all(fd, challenge, sizeof challenge, c->end) < 0)
        return broken(c, address);
    if (!back_challenge_get(challenge, nonce))
        return err_set(c->e, "what listens at %s is not an mpiexec of this version", address);
    if (back_prove(a.proof, BACK_PROXY, c->secret, nonce, &a, c->e) < 0 ||
        back_prove(wanted, BACK_MPIEXEC, c->secret, nonce, &a, c->e) < 0)
        return -1;
    back_answer_put(answer, &a);
    if (send(fd, answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer ||
        read_all(fd, theirs, sizeof theirs, c->end) < 0)
        return broken(c, address);
    if (!sha256_equal(theirs, wanted))
        return err_set(c->e, "what listens at %s is not the mpiexec that started this", address);
    return 0;
}

/* "address:port" or "[address]:port" */
static int resolve(struct call *c, const char *address, struct addrinfo **found)
{
    char text[128];
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
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
    uint64_t end = now_ns() + (uint64_t)CONNECT_MS * 1000000;
    socklen_t size = sizeof error;
    if (fd < 0)
        return err_set(c->e, "no socket: %m");
    if (connect(fd, a->ai_addr, a->ai_addrlen) < 0)
        error = errno;
    if (error == EINPROGRESS) {
        error = 0;
        if (wait_for(fd, POLLOUT, end < c->end ? end : c->end) < 0 ||
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
            error = errno;
    }
    if (error == 0)
        return fd;
    close(fd);
    c->again |= error == ETIMEDOUT;
    return err_set(c->e, "unable to connect to mpiexec at %s: %s", address, strerror(error));
}

static int call_one(struct call *c, const char *address)
{
    struct addrinfo *a;
    if (resolve(c, address, &a) < 0)
        return -1;
    int fd = connect_to(c, address, a);
    freeaddrinfo(a);
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

int back_call(const char *addresses, const char *name, const char *secret, struct err *e)
{
    struct call c = {.name = name, .secret = secret, .end = now_ns() + (uint64_t)CALL_MS * 1000000, .e = e};
    for (;;) {
        c.again = false;
        int fd = call_all(&c, addresses);
        if (fd >= 0 || !c.again || now_ns() >= c.end)
            return fd;
        poll(NULL, 0, PAUSE_MS);
    }
}
