/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_pty: what a terminal is like at first. Where mpiexec has none itself, what the rank reads is not typed and what
 * it writes is not looked at: it is neither echoed nor are lines ended by a carriage return.
 */
#include "proxy/stdio_pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ROWS 24
#define COLUMNS 80

static int open_pair(struct pty *p)
{
    p->slave = -1;
    p->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (p->master < 0)
        return -1;
    if (unlockpt(p->master) == 0)
        p->slave = ioctl(p->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (p->slave >= 0 && fcntl(p->master, F_SETFL, O_RDWR | O_NONBLOCK) == 0)
        return 0;
    int saved = errno;
    close(p->master);
    if (p->slave >= 0)
        close(p->slave);
    errno = saved;
    return -1;
}

static void make_plain(int slave)
{
    struct termios t;
    if (tcgetattr(slave, &t) < 0)
        return;
    t.c_oflag &= ~(tcflag_t)OPOST;
    t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    tcsetattr(slave, TCSANOW, &t);
}

int pty_open_output(struct pty *p)
{
    if (open_pair(p) < 0)
        return -1;
    make_plain(p->slave);
    return 0;
}

int pty_open_session(struct pty *p, const struct launch_spec *s)
{
    if (open_pair(p) < 0)
        return -1;
    if (!s->pty_rows)
        make_plain(p->slave);
    pty_resize(p->master, s->pty_rows ? s->pty_rows : ROWS, s->pty_columns ? s->pty_columns : COLUMNS);
    return 0;
}

void pty_resize(int master, uint32_t rows, uint32_t columns)
{
    struct winsize w = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    ioctl(master, TIOCSWINSZ, &w);
}

size_t pty_end_of_file(int master, bool inside_line, char keys[2])
{
    struct termios t;
    keys[0] = keys[1] = tcgetattr(master, &t) == 0 && t.c_cc[VEOF] != _POSIX_VDISABLE ? (char)t.c_cc[VEOF] : 'D' - '@';
    return inside_line ? 2 : 1;
}
