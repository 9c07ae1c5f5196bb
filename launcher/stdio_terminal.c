/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_terminal: its settings. What they were is read once: what a shell puts there when it lets us go on after a stop
 * may be what we had set.
 */
#include "launcher/stdio_terminal.h"

#include "common/log.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ROWS 24
#define COLUMNS 80

static struct {
    struct termios before;
    bool known; /* before is filled */
    bool taken;
} terminal;

bool terminal_in_foreground(void)
{
    pid_t group = tcgetpgrp(STDIN_FILENO);
    return group < 0 || group == getpgrp(); /* < 0: not our controlling terminal, which stops nobody */
}

bool terminal_size(uint32_t *rows, uint32_t *columns)
{
    struct winsize w = {0};
    if (!isatty(STDIN_FILENO))
        return false;
    bool known = ioctl(STDIN_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row && w.ws_col;
    *rows = known ? w.ws_row : ROWS;
    *columns = known ? w.ws_col : COLUMNS;
    return true;
}

/* Who is put into the background just now is not to be stopped by it. */
static int set(const struct termios *t)
{
    sigset_t ttou, before;
    sigemptyset(&ttou);
    sigaddset(&ttou, SIGTTOU);
    sigprocmask(SIG_BLOCK, &ttou, &before);
    int rc = tcsetattr(STDIN_FILENO, TCSADRAIN, t);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return rc;
}

void terminal_take(void)
{
    if (terminal.taken || !terminal_in_foreground())
        return;
    if (!terminal.known && tcgetattr(STDIN_FILENO, &terminal.before) < 0)
        return;
    if (!terminal.known)
        atexit(terminal_return);
    terminal.known = true;
    struct termios raw = terminal.before;
    cfmakeraw(&raw);
    terminal.taken = set(&raw) == 0;
    log_raw(terminal.taken && isatty(STDERR_FILENO));
}

void terminal_return(void)
{
    if (terminal.taken && terminal_in_foreground())
        set(&terminal.before);
    terminal_forget();
}

void terminal_forget(void)
{
    terminal.taken = false;
    log_raw(false);
}

bool terminal_is_taken(void)
{
    return terminal.taken;
}
