/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh: from a host's name to a running proxy, a state after the other.
 *
 * What libssh2 cannot do, or what fails beyond the connection itself, is tried once more by the ssh program: it knows
 * more ways to log in, applies the user's wishes about unknown hosts, and has the better words where it fails as well.
 */
#include "launcher/start/ssh.h"

#include "common/keepalive.h"
#include "common/log.h"
#include "common/now.h"
#include "common/xalloc.h"
#include "launcher/start/shell.h"
#include "launcher/start/shell_command.h"
#include "launcher/start/shell_failure.h"
#include "launcher/start/ssh_conn.h"
#include "launcher/start/ssh_known.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WINDOW 64 /* connections that come up at a time */
#define TRIES_MAX 4
#define RETRY_MS 300
#define CLOSE_WAIT_MS 3000
#define CHANNEL_WINDOW (2u << 20)
#define CHANNEL_PACKET 32768u

/* Starts that wait for their turn. One starter has these ways in a process. */
static struct {
    struct start **v;
    size_t n, cap, at;
    unsigned up;
} waiting;

static void begin_waiting(void);

/* --- small parts */

static void set_timer(struct conn *c, unsigned ms)
{
    struct timeval t = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
    if (evtimer_add(c->late, &t) < 0)
        log_fatal("out of memory");
}

void conn_watch(struct conn *c, bool read, bool write)
{
    short events = (short)((read ? EV_READ : 0) | (write ? EV_WRITE : 0));
    if (events == c->net_events)
        return;
    event_del(c->on_net);
    c->net_events = events;
    event_assign(c->on_net, c->start->starter->base, c->fd, (short)(events | EV_PERSIST), event_get_callback(c->on_net),
                 c);
    if (events && event_add(c->on_net, NULL) < 0)
        log_fatal("out of memory");
}

void conn_step_later(struct conn *c)
{
    set_timer(c, 0);
}

/* As libssh2 says what it waits for. */
static void watch_session(struct conn *c)
{
    int d = c->ssh2->session_block_directions(c->session);
    conn_watch(c, (d & LIBSSH2_SESSION_BLOCK_INBOUND) || !d, d & LIBSSH2_SESSION_BLOCK_OUTBOUND);
}

static void leave_window(struct conn *c)
{
    if (!c->in_window)
        return;
    c->in_window = false;
    waiting.up--;
}

/* The session and its socket; nothing is waited for. */
static void drop_session(struct conn *c)
{
    if (c->fd >= 0)
        shutdown(c->fd, SHUT_RDWR);
    ssh_auth_fini(&c->auth);
    c->auth = (struct ssh_auth){0};
    for (int i = 0; c->session && i < 8 && c->ssh2->session_free(c->session) == LIBSSH2_ERROR_EAGAIN; i++)
        ;
    c->session = NULL;
    c->channel = NULL;
    if (c->on_net)
        event_free(c->on_net);
    c->on_net = NULL;
    c->net_events = 0;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static void conn_free(struct conn *c)
{
    leave_window(c);
    ssh_ask_drop(c->ask);
    conn_pump_end(c);
    drop_session(c);
    if (c->late)
        event_free(c->late);
    if (c->addresses)
        freeaddrinfo(c->addresses);
    ssh_config_fini(&c->config);
    free(c->command);
    free(c->stage);
    c->start->own = NULL;
    free(c);
}

/* --- how it does not go on */

static void fail(struct conn *c)
{
    struct start *s = c->start;
    mark_end(&c->mark);
    says_show_before(&c->says);
    conn_free(c);
    s->events->failed(s->arg, &s->failure);
    begin_waiting();
}

static void fail_connect(struct conn *c, int error)
{
    const char *remedy = error == ECONNREFUSED ? "does an ssh server listen there?"
                                               : "is the host up, and does no firewall block the way to it?";
    start_failure_set(&c->start->failure, START_CONNECT, remedy, "port %.16s: %s", c->config.port, strerror(error));
    fail(c);
}

static void fall_back(struct conn *c, const char *why)
{
    struct start *s = c->start;
    log_debug("%s: by the ssh program: %s", s->host, why);
    conn_free(c);
    shell_begin(s, "ssh");
    begin_waiting();
}

static void connect_next(struct conn *c);

static void try_again(struct conn *c)
{
    c->next = c->addresses;
    connect_next(c);
}

/* A server that has many logins at a time cuts off some (MaxStartups). */
static void was_cut_off(struct conn *c)
{
    drop_session(c);
    if (++c->tries >= TRIES_MAX) {
        fall_back(c, "the server has cut off the connection");
        return;
    }
    log_debug("%s: the server has cut off the connection; once more", c->start->host);
    c->state = CONN_ASKING;
    set_timer(c, RETRY_MS * c->tries + (unsigned)(now_ns() / 1000 % RETRY_MS));
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;
    if (c->state == CONN_ASKING && c->tries) {
        try_again(c);
        return;
    }
    if (c->state > CONN_HANDSHAKE) {
        conn_step(c);
        return;
    }
    if (c->state == CONN_HANDSHAKE)
        start_failure_set(&c->start->failure, START_CONNECT,
                          "it is there but does not answer: is it overloaded, or stopped?",
                          "no answer of its ssh server");
    else if (c->state == CONN_CONNECTING)
        start_failure_set(&c->start->failure, START_CONNECT,
                          "is the host up, and does no firewall block the way to it?", "port %.16s: no answer",
                          c->config.port);
    else
        start_failure_set(&c->start->failure, START_RESOLVE, "see /etc/resolv.conf", "no answer");
    fail(c);
}

/* --- the end of a link */

static void tell_ended(struct start *s)
{
    struct conn *c = s->own;
    char how[128];
    says_end(&c->says);
    if (*c->says.last)
        snprintf(how, sizeof how, "%s", c->says.last);
    else
        conn_exit_text(c, how, sizeof how);
    c->start->over = NULL;
    drop_session(c);
    s->events->ended(s->arg, how);
}

static void tell_no_proxy(struct start *s)
{
    struct conn *c = s->own;
    says_end(&c->says);
    shell_failure(&s->failure, "the command", s->host, c->says.before, conn_exit_status(c));
    fail(c);
}

/* then(s) when the other side has closed the channel, which tells how the proxy has ended. */
static void wait_closed(struct conn *c, void (*then)(struct start *s))
{
    c->state = CONN_CLOSING;
    c->start->over = then;
    if (conn_is_over(c)) {
        start_later(c->start, 0, then);
        conn_watch(c, false, false);
        return;
    }
    conn_watch(c, true, false);
    start_later(c->start, CLOSE_WAIT_MS, then);
}

static void step_closing(struct conn *c)
{
    if (!c->start->over || !conn_is_over(c))
        return;
    conn_watch(c, false, false);
    start_later(c->start, 0, c->start->over);
}

/* --- states */

static void step_running(struct conn *c)
{
    if (conn_pump(c))
        return;
    c->state = CONN_CLOSING;
    if (c->eof)
        conn_watch(c, false, false);
    else
        drop_session(c); /* which the proxy sees */
    conn_pump_end(c);    /* which the peer sees; ssh_end comes */
}

static void proxy_speaks(struct conn *c)
{
    int theirs;
    if (!conn_pump_begin(c, &theirs)) {
        start_failure_set(&c->start->failure, START_PROGRAM, "raise the limit with ulimit -n",
                          "no link to it can be made: %m");
        fail(c);
        return;
    }
    mark_end(&c->mark);
    says_show_before(&c->says);
    c->says.spoken = true;
    c->state = CONN_RUNNING;
    leave_window(c);
    c->start->events->stream(c->start->arg, theirs, theirs);
    step_running(c);
    begin_waiting();
}

/* The command there lacks files. */
static void begin_stage(struct conn *c)
{
    struct start *s = c->start;
    struct err e;
    free(c->stage);
    c->stage = xcalloc(1, sizeof *c->stage);
    if (stage_send_begin(c->stage, s->starter->remote.stage, c->mark.want, &e) == 0) {
        log_debug("%s: files are copied: %s", s->host, c->mark.want);
        conn_step_later(c);
        return;
    }
    start_failure_set(&s->failure, START_PROGRAM, "", "unable to copy files: %.200s", e.text);
    fail(c);
}

static void step_waiting(struct conn *c)
{
    enum mark_found found = MARK_NONE;
    bool goes_on = (!c->stage || conn_send_stage(c)) && conn_read_noise(c, &found);
    if (c->stage)
        c->start->events->busy(c->start->arg);
    if (found == MARK_LINK) {
        proxy_speaks(c);
    } else if (found == MARK_WANT && c->start->starter->remote.stage) {
        begin_stage(c);
    } else if (c->mark.noise + c->says.noise > MARK_NOISE_MAX) {
        start_failure_set(&c->start->failure, START_HELLO, "does a login script there never stop writing?",
                          "it has sent %u bytes that are not a proxy's", MARK_NOISE_MAX);
        fail(c);
    } else if (!goes_on) {
        wait_closed(c, tell_no_proxy);
    } else {
        conn_watch(c, true, c->sending != SENDING_NOTHING);
    }
}

static void step_command(struct conn *c)
{
    int rc = c->ssh2->channel_process_startup(c->channel, "exec", 4, c->command, (unsigned)strlen(c->command));
    if (rc == LIBSSH2_ERROR_EAGAIN) {
        watch_session(c);
        return;
    }
    if (rc) {
        fall_back(c, "the server runs no command");
        return;
    }
    c->state = CONN_WAITING;
    step_waiting(c);
}

static void step_opening(struct conn *c)
{
    c->channel = c->ssh2->channel_open_ex(c->session, "session", 7, CHANNEL_WINDOW, CHANNEL_PACKET, NULL, 0);
    if (!c->channel && c->ssh2->session_block_directions(c->session)) {
        watch_session(c);
        return;
    }
    if (!c->channel) {
        fall_back(c, "the server opens no session");
        return;
    }
    c->command = shell_command(c->start->starter);
    c->state = CONN_COMMAND;
    step_command(c);
}

static void step_login(struct conn *c)
{
    int rc = ssh_auth_step(&c->auth);
    if (rc == LIBSSH2_ERROR_EAGAIN) {
        watch_session(c);
    } else if (rc == SSH_AUTH_ASKS) {
        conn_watch(c, false, false);
        c->start->events->busy(c->start->arg);
    } else if (rc == 0) {
        fall_back(c, "no key that libssh2 can use is accepted");
    } else {
        c->state = CONN_OPENING;
        step_opening(c);
    }
}

static void got_passphrase(void *arg)
{
    struct conn *c = arg;
    c->start->events->busy(c->start->arg);
    conn_step_later(c); /* not all at once: to open a key takes a while */
}

static void step_handshake(struct conn *c)
{
    int rc = c->ssh2->session_handshake(c->session, c->fd);
    if (rc == LIBSSH2_ERROR_EAGAIN) {
        watch_session(c);
    } else if (rc == LIBSSH2_ERROR_SOCKET_DISCONNECT || rc == LIBSSH2_ERROR_SOCKET_RECV ||
               rc == LIBSSH2_ERROR_BANNER_RECV || rc == LIBSSH2_ERROR_SOCKET_SEND) {
        was_cut_off(c);
    } else if (rc) {
        fall_back(c, "libssh2 and the server agree on nothing");
    } else if (!ssh_known_fits(c->ssh2, c->session, &c->config)) {
        fall_back(c, "its host key is not known to libssh2");
    } else {
        event_del(c->late);
        c->auth = (struct ssh_auth){.ssh2 = c->ssh2,
                                    .session = c->session,
                                    .config = &c->config,
                                    .base = c->start->starter->base,
                                    .answered = got_passphrase,
                                    .arg = c};
        c->state = CONN_LOGIN;
        step_login(c);
    }
}

static void connected(struct conn *c)
{
    keepalive_set(c->fd);
    c->session = c->ssh2->session_init_ex(NULL, NULL, NULL, NULL);
    if (!c->session)
        log_fatal("out of memory");
    c->ssh2->session_set_blocking(c->session, 0);
    ssh_known_prefer(c->ssh2, c->session, &c->config);
    c->state = CONN_HANDSHAKE;
    step_handshake(c);
}

static void step_connecting(struct conn *c)
{
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (!error) {
        connected(c);
        return;
    }
    drop_session(c);
    if (c->next)
        connect_next(c);
    else
        fail_connect(c, error);
}

static void on_net(evutil_socket_t fd, short what, void *arg)
{
    conn_step(arg);
}

/* 0: it is on its way; else errno. */
static int connect_to(struct conn *c, const struct addrinfo *a)
{
    c->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        return errno;
    if (connect(c->fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)
        return errno;
    c->on_net = event_new(c->start->starter->base, c->fd, EV_PERSIST, on_net, c);
    if (!c->on_net)
        log_fatal("out of memory");
    conn_watch(c, false, true);
    return 0;
}

static void connect_next(struct conn *c)
{
    int error = EADDRNOTAVAIL;
    c->state = CONN_CONNECTING;
    set_timer(c, c->config.connect_s ? c->config.connect_s * 1000 : c->start->starter->remote.connect_ms);
    while (c->next) {
        const struct addrinfo *a = c->next;
        c->next = a->ai_next;
        if ((error = connect_to(c, a)) == 0)
            return;
        drop_session(c);
    }
    fail_connect(c, error);
}

static void got_addresses(void *arg, int error, struct addrinfo *list)
{
    struct conn *c = arg;
    c->ask = NULL;
    if (error) {
        start_failure_set(&c->start->failure, START_RESOLVE, "is the name right? see /etc/hosts, DNS and ~/.ssh/config",
                          "%s", gai_strerror(error));
        fail(c);
        return;
    }
    c->addresses = c->next = list;
    connect_next(c);
}

static void got_config(void *arg, const char *text)
{
    struct conn *c = arg;
    const struct passwd *me = getpwuid(getuid());
    c->ask = NULL;
    if (!text) {
        fall_back(c, "it does not tell its configuration");
        return;
    }
    ssh_config_parse(&c->config, text, me ? me->pw_dir : "/");
    if (c->config.needs_ssh || !c->config.user) {
        fall_back(c, c->config.needs_ssh ? c->config.needs_ssh : "no user");
        return;
    }
    c->ask = ssh_ask_addresses(c->start, c->config.hostname, c->config.port, got_addresses, c);
    if (!c->ask)
        fall_back(c, "no descriptors");
}

static void (*const steps[])(struct conn *c) = {
    [CONN_CONNECTING] = step_connecting, [CONN_HANDSHAKE] = step_handshake, [CONN_LOGIN] = step_login,
    [CONN_OPENING] = step_opening,       [CONN_COMMAND] = step_command,     [CONN_WAITING] = step_waiting,
    [CONN_RUNNING] = step_running,       [CONN_CLOSING] = step_closing,
};

void conn_step(struct conn *c)
{
    steps[c->state](c);
}

/* --- the way */

static void ssh_end(struct start *s, const char *why)
{
    struct conn *c = s->own;
    conn_pump_end(c);
    if (c->session)
        wait_closed(c, tell_ended);
    else
        start_later(s, 0, tell_ended);
}

void ssh_forget(struct start *s)
{
    for (size_t i = waiting.at; i < waiting.n; i++)
        if (waiting.v[i] == s)
            waiting.v[i--] = waiting.v[--waiting.n];
}

static void ssh_cancel(struct start *s)
{
    s->over = NULL;
    conn_free(s->own);
}

static void ssh_fini(struct start *s)
{
    conn_free(s->own);
}

static void ssh_flush(struct start *s)
{
    struct conn *c = s->own;
    if (c->state == CONN_RUNNING)
        conn_step(c);
}

static const struct way ssh_way = {ssh_end, ssh_cancel, ssh_fini, ssh_flush};

static void begin_one(struct start *s, const struct ssh2_calls *ssh2)
{
    struct conn *c = s->own = xcalloc(1, sizeof *c);
    *c = (struct conn){.way = &ssh_way, .start = s, .ssh2 = ssh2, .fd = -1, .pump = -1, .in_window = true};
    c->mark.host = c->says.host = s->host;
    waiting.up++;
    c->late = evtimer_new(s->starter->base, on_late, c);
    if (!c->late)
        log_fatal("out of memory");
    set_timer(c, s->starter->remote.connect_ms);
    c->ask = ssh_ask_config(s, got_config, c);
    if (!c->ask)
        fall_back(c, "no descriptors");
}

static void begin_waiting(void)
{
    struct err e;
    const struct ssh2_calls *ssh2 = ssh2_calls_get(&e);
    while (waiting.at < waiting.n && waiting.up < WINDOW)
        begin_one(waiting.v[waiting.at++], ssh2);
}

void ssh_begin(struct start **v, size_t n)
{
    struct err e;
    if (!ssh2_calls_get(&e)) {
        log_debug("by the ssh program: %s", e.text);
        for (size_t i = 0; i < n; i++)
            shell_begin(v[i], "ssh");
        return;
    }
    waiting.v = xreallocarray(waiting.v, waiting.n + n + 1, sizeof *waiting.v);
    memcpy(waiting.v + waiting.n, v, n * sizeof *v);
    waiting.n += n;
    begin_waiting();
}
