/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh_conn: one connection, as the parts of ssh share it.
 *
 *   ASKING     ssh -G runs, or addresses are looked up
 *   CONNECTING TCP
 *   HANDSHAKE  keys are agreed upon
 *   LOGIN      keys of the user are tried
 *   OPENING    the channel
 *   COMMAND    the proxy's command is sent
 *   WAITING    for the proxy's mark
 *   RUNNING    the channel is the link
 *   CLOSING    it has ended; how is still to be told
 */
#ifndef LAUNCHER_START_SSH_CONN_H
#define LAUNCHER_START_SSH_CONN_H

#include "launcher/start/mark.h"
#include "launcher/start/says.h"
#include "launcher/start/ssh2_calls.h"
#include "launcher/start/ssh_ask.h"
#include "launcher/start/ssh_auth.h"
#include "launcher/start/ssh_config.h"
#include "launcher/start/way.h"

enum conn_state {
    CONN_ASKING,
    CONN_CONNECTING,
    CONN_HANDSHAKE,
    CONN_LOGIN,
    CONN_OPENING,
    CONN_COMMAND,
    CONN_WAITING,
    CONN_RUNNING,
    CONN_CLOSING,
};

/* Which call of libssh2 has begun to send: it must be the next one. */
enum conn_sending { SENDING_NOTHING, SENDING_READ, SENDING_WRITE };

struct conn {
    const struct way *way; /* first */
    struct start *start;
    const struct ssh2_calls *ssh2;
    enum conn_state state;
    bool in_window; /* counted among those that come up */
    struct ssh_config config;
    struct ssh_ask *ask;
    struct addrinfo *addresses, *next; /* next: to be tried */
    unsigned tries;                    /* handshakes that the server has cut off */
    int fd;
    struct event *on_net; /* fd */
    short net_events;     /* it waits for these */
    struct event *late;   /* until HANDSHAKE is over; then the next turn, for what libssh2 holds already */
    LIBSSH2_SESSION *session;
    LIBSSH2_CHANNEL *channel;
    struct ssh_auth auth;
    char *command;
    struct mark mark;
    struct says says;
    struct stage_send *stage; /* what goes to the host before its proxy speaks; NULL: nothing */

    /* the link: our end of a socket pair whose other end is the peer's */
    int pump;
    struct event *on_pump_in, *on_pump_out;
    enum conn_sending sending;
    char up[32768], down[32768]; /* from the host; to it */
    size_t up_at, up_len, down_at, down_len;
    bool eof; /* nothing more comes from the host */
};

void conn_step(struct conn *c); /* goes as far as it can */
void conn_watch(struct conn *c, bool read, bool write);
void conn_step_later(struct conn *c); /* in the next turn of the loop: other events come between */
bool conn_is_over(struct conn *c);    /* its channel is closed, or its connection is gone */

/* ssh_pump.c. The channel runs the command; false: it has ended, or the connection has. */
bool conn_pump_begin(struct conn *c, int *theirs); /* -1: no descriptors */
bool conn_pump(struct conn *c);
bool conn_send_stage(struct conn *c);                         /* as much as goes now; false: as below */
bool conn_read_noise(struct conn *c, enum mark_found *found); /* up to the mark, or as much as one turn may take */
void conn_pump_end(struct conn *c);                           /* the link is at its end */
void conn_exit_text(struct conn *c, char *text, size_t size);
int conn_exit_status(struct conn *c); /* as of waitpid; -1: not known */

#endif
