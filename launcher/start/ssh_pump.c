/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh_pump: between a channel and the socket pair that the link's peer has. Each direction has one buffer, which is
 * empty before more is read: who does not read slows who writes.
 *
 * A call of libssh2 that has sent a part of a packet has to be the next one that sends. A read sends, too, when it
 * makes the window wider.
 */
#include "launcher/start/ssh_conn.h"

#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A host may send faster than it is read here: so much is taken in a turn of the loop, and the rest in the next. */
#define TURN_BYTES (64u << 10)
#define TURN_ROUNDS 8

#define STDERR SSH_EXTENDED_DATA_STDERR

static bool wants_to_send(const struct conn *c)
{
    return c->ssh2->session_block_directions(c->session) & LIBSSH2_SESSION_BLOCK_OUTBOUND;
}

/* What a read or write of the channel returned: how much it was, 0 for not now; false: the connection is gone. */
static bool took(struct conn *c, ssize_t rc, enum conn_sending what, size_t *n)
{
    *n = rc > 0 ? (size_t)rc : 0;
    if (rc == LIBSSH2_ERROR_EAGAIN)
        c->sending = wants_to_send(c) ? what : SENDING_NOTHING;
    else
        c->sending = SENDING_NOTHING;
    return rc >= 0 || rc == LIBSSH2_ERROR_EAGAIN;
}

static bool read_stderr(struct conn *c)
{
    char data[4096];
    size_t n = 1, total = 0;
    while (n && total < TURN_BYTES && c->sending != SENDING_WRITE) {
        if (!took(c, c->ssh2->channel_read_ex(c->channel, STDERR, data, sizeof data), SENDING_READ, &n))
            return false;
        says_take(&c->says, data, n);
        total += n;
    }
    if (total >= TURN_BYTES)
        conn_step_later(c);
    return true;
}

bool conn_send_stage(struct conn *c)
{
    const void *p;
    size_t n = 1, want;
    for (size_t total = 0; n && c->sending != SENDING_READ && (want = stage_send_next(c->stage, &p)); total += n) {
        if (total >= TURN_BYTES) {
            conn_step_later(c);
            return true;
        }
        if (!took(c, c->ssh2->channel_write_ex(c->channel, 0, p, want), SENDING_WRITE, &n))
            return false;
        stage_send_took(c->stage, n);
    }
    return true;
}

bool conn_read_noise(struct conn *c, enum mark_found *found)
{
    *found = MARK_NONE;
    for (size_t n, total = 0; !*found && c->sending != SENDING_WRITE; total += n) {
        if (total >= TURN_BYTES) {
            conn_step_later(c);
            return true;
        }
        if (!read_stderr(c) || !took(c, c->ssh2->channel_read_ex(c->channel, 0, c->up, sizeof c->up), SENDING_READ, &n))
            return false;
        if (n == 0)
            return !c->ssh2->channel_eof(c->channel);
        c->up_at = mark_take(&c->mark, c->up, n, found);
        c->up_len = n;
    }
    return true;
}

/* --- the link */

static void want(struct event *ev, bool on)
{
    if (on)
        event_add(ev, NULL);
    else
        event_del(ev);
}

/* false: the peer has gone. */
static bool give_up_data(struct conn *c)
{
    while (c->up_at < c->up_len) {
        ssize_t n = send(c->pump, c->up + c->up_at, c->up_len - c->up_at, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (n < 0)
            return false;
        c->up_at += (size_t)n;
    }
    return true;
}

static bool take_down_data(struct conn *c)
{
    ssize_t n = recv(c->pump, c->down, sizeof c->down, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    c->down_at = 0;
    c->down_len = (size_t)n;
    return n > 0;
}

static bool pump_down(struct conn *c)
{
    size_t n = 1;
    while (n && c->sending != SENDING_READ) {
        if (c->down_at == c->down_len && !take_down_data(c))
            return false;
        if (c->down_at == c->down_len)
            break;
        if (!took(c, c->ssh2->channel_write_ex(c->channel, 0, c->down + c->down_at, c->down_len - c->down_at),
                  SENDING_WRITE, &n))
            return false;
        if ((c->down_at += n) == c->down_len)
            c->down_at = c->down_len = 0;
    }
    return true;
}

static bool read_stdout(struct conn *c)
{
    size_t n = 1;
    while (n && c->sending != SENDING_WRITE) {
        if (!give_up_data(c))
            return false;
        if (c->up_at < c->up_len)
            break;
        if (!took(c, c->ssh2->channel_read_ex(c->channel, 0, c->up, sizeof c->up), SENDING_READ, &n))
            return false;
        c->up_at = 0;
        c->up_len = n;
    }
    return true;
}

/* Each read keeps for the other stream what it finds for that on its way, which no event tells of any more. */
static bool pump_up(struct conn *c)
{
    unsigned rounds = 0;
    do {
        if (!read_stdout(c) || !read_stderr(c))
            return false;
    } while (c->up_at == c->up_len && c->sending == SENDING_NOTHING && c->ssh2->poll_channel_read(c->channel, 1) &&
             ++rounds < TURN_ROUNDS);
    if (rounds == TURN_ROUNDS)
        conn_step_later(c);
    c->eof = c->up_at == c->up_len && c->ssh2->channel_eof(c->channel);
    return true;
}

bool conn_pump(struct conn *c)
{
    bool ok = c->sending == SENDING_READ ? pump_up(c) && pump_down(c) : pump_down(c) && pump_up(c);
    ok = ok && (c->sending != SENDING_NOTHING || pump_down(c));
    if (!ok || c->eof)
        return false;
    bool down = c->down_at < c->down_len, up = c->up_at < c->up_len;
    want(c->on_pump_in, !down);
    want(c->on_pump_out, up);
    conn_watch(c, !up, c->sending != SENDING_NOTHING);
    return true;
}

static void on_pump(evutil_socket_t fd, short what, void *arg)
{
    conn_step(arg);
}

bool conn_pump_begin(struct conn *c, int *theirs)
{
    int sv[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv) < 0)
        return false;
    c->pump = sv[0];
    *theirs = sv[1];
    struct event_base *base = c->start->starter->base;
    c->on_pump_in = event_new(base, c->pump, EV_READ | EV_PERSIST, on_pump, c);
    c->on_pump_out = event_new(base, c->pump, EV_WRITE | EV_PERSIST, on_pump, c);
    if (!c->on_pump_in || !c->on_pump_out)
        log_fatal("out of memory");
    return true;
}

void conn_pump_end(struct conn *c)
{
    if (c->on_pump_in)
        event_free(c->on_pump_in);
    if (c->on_pump_out)
        event_free(c->on_pump_out);
    c->on_pump_in = c->on_pump_out = NULL;
    if (c->pump >= 0)
        close(c->pump);
    c->pump = -1;
}

/* --- the end */

bool conn_is_over(struct conn *c)
{
    if (!c->channel || !read_stderr(c))
        return true;
    return c->ssh2->channel_wait_closed(c->channel) != LIBSSH2_ERROR_EAGAIN;
}

static void exit_signal(struct conn *c, char *name, size_t size)
{
    char *signal = NULL;
    size_t len = 0;
    *name = '\0';
    c->ssh2->channel_get_exit_signal(c->channel, &signal, &len, NULL, NULL, NULL, NULL);
    if (signal && len < size) {
        memcpy(name, signal, len);
        name[len] = '\0';
    }
    if (signal)
        c->ssh2->free(c->session, signal);
}

int conn_exit_status(struct conn *c)
{
    char name[32] = "";
    if (!c->channel)
        return -1;
    exit_signal(c, name, sizeof name);
    return *name ? -1 : W_EXITCODE(c->ssh2->channel_get_exit_status(c->channel), 0);
}

void conn_exit_text(struct conn *c, char *text, size_t size)
{
    char name[32] = "";
    if (c->channel && c->ssh2->channel_eof(c->channel))
        exit_signal(c, name, sizeof name);
    if (*name)
        snprintf(text, size, "it was killed by signal SIG%s", name);
    else if (c->channel && c->ssh2->channel_eof(c->channel))
        snprintf(text, size, "it exited with code %d", c->ssh2->channel_get_exit_status(c->channel));
    else
        snprintf(text, size, "the connection to it has ended");
}
