/* SPDX-License-Identifier: BSD-3-Clause
 *
 * greeting: the listener's side goes on as bytes come, the connector's side waits. Codes of the two sides are made of
 * different bytes, so that none is of use to who sends it back. */
#include "lib/dynamic/greeting.h"
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "lib/core/hmac.h"
#include "lib/dynamic/socket.h"

static const char magic[8] = {'M', 'U', 'S', 'T', 'P', 'O', 'R', '1'};
enum side { LISTENER = 'L', CONNECTOR = 'C', WELCOME = 'W' };

socklen_t greeting_address(uint64_t id, struct sockaddr_un *a)
{
    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    int n = snprintf(a->sun_path + 1, sizeof a->sun_path - 1, "muster-port-%016" PRIx64, id);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

bool greeting_allows(int fd, bool near)
{
    struct ucred other;
    socklen_t n = sizeof other;
    return !near || (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &n) == 0 && other.uid == geteuid());
}

static bool make_code(const unsigned char *secret, enum side side, const unsigned char *connector,
                      const unsigned char *listener, unsigned char code[GREETING_CODE])
{
    struct hmac h;
    unsigned char first = (unsigned char)side;
    if (!hmac_begin(&h, secret, GREETING_KEY))
        return false;
    hmac_add(&h, &first, 1);
    hmac_add(&h, connector, GREETING_NONCE);
    hmac_add(&h, listener, GREETING_NONCE);
    hmac_end(&h, code, GREETING_CODE);
    return true;
}

/* A few bytes to a socket that has sent nothing so far. */
static bool send_now(int fd, const void *bytes, size_t n)
{
    return send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n;
}

static bool answer(struct greeting *g, const unsigned char *secret)
{
    struct greeting_answer a;
    const unsigned char *its = g->in.hello.nonce;
    if (memcmp(g->in.hello.magic, magic, sizeof magic) != 0 || !hmac_random(a.nonce, sizeof a.nonce) ||
        !make_code(secret, LISTENER, its, a.nonce, a.code) || !make_code(secret, CONNECTOR, its, a.nonce, g->expected))
        return false;
    g->answered = true;
    g->got = 0;
    return send_now(g->fd, &a, sizeof a);
}

enum greeting_state greeting_listen(struct greeting *g, const unsigned char secret[GREETING_KEY])
{
    size_t whole = g->answered ? sizeof g->in.code : sizeof g->in.hello;
    ssize_t n = recv(g->fd, (char *)&g->in + g->got, whole - g->got, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return GREETING_GOES_ON;
    if (n <= 0)
        return GREETING_FAILED;
    g->got += (size_t)n;
    if (g->got < whole)
        return GREETING_GOES_ON;
    if (g->answered)
        return hmac_same(g->in.code, g->expected, GREETING_CODE) ? GREETING_DONE : GREETING_FAILED;
    return answer(g, secret) ? GREETING_GOES_ON : GREETING_FAILED;
}

bool greeting_welcome(int fd)
{
    char c = WELCOME;
    ssize_t n = recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
    c = WELCOME;
    return n < 0 && (errno == EAGAIN || errno == EINTR) && send_now(fd, &c, 1);
}

static const char *lost(int error)
{
    return error == ETIMEDOUT ? "nobody has accepted in time"
           : error == -1      ? "it has been closed, or its process has ended"
                              : strerror(error);
}

const char *greeting_connect(int fd, const unsigned char secret[GREETING_KEY], int64_t until, const struct comm *comm)
{
    struct greeting_hello h;
    struct greeting_answer a;
    unsigned char code[GREETING_CODE];
    char welcome;
    memcpy(h.magic, magic, sizeof magic);
    if (!hmac_random(h.nonce, sizeof h.nonce))
        return hmac_why();
    int error = socket_send(fd, &h, sizeof h, until, comm);
    if (error == 0)
        error = socket_recv(fd, &a, sizeof a, until, comm);
    if (error != 0)
        return lost(error);
    if (!make_code(secret, LISTENER, h.nonce, a.nonce, code))
        return hmac_why();
    if (!hmac_same(code, a.code, sizeof code))
        return "who listens there now is another one";
    if (!make_code(secret, CONNECTOR, h.nonce, a.nonce, code))
        return hmac_why();
    error = socket_send(fd, code, sizeof code, until, comm);
    if (error == 0)
        error = socket_recv(fd, &welcome, 1, until, comm);
    return error == 0 ? NULL : lost(error);
}
