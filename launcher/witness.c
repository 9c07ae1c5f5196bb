/* SPDX-License-Identifier: BSD-3-Clause
 *
 * witness: it sees the end of mpiexec by that of a socket, as nothing else of mpiexec's is left to it.
 */
#include "launcher/witness.h"

#include "common/descendants.h"
#include "common/log.h"
#include "common/now.h"
#include "common/xalloc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define NAME "muster-witness"
#define PROXY_NAME "muster-proxy"
#define GRACE_MS 6000 /* a proxy's own, at most */
#define PATIENCE_MS 12000
#define LOOK_MS 50
#define LINK_FD 3

static struct {
    pid_t pid; /* 0: there is none */
    int link;
    char *mark; /* "MUSTER_RUN=..." */
} witness = {.link = -1};

/* --- in the witness */

static bool has_mark(const char *pid)
{
    char path[64], *entry = NULL;
    size_t cap = 0;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    FILE *f = fopen(path, "re");
    while (f && !found && getdelim(&entry, &cap, '\0', f) > 0)
        found = strcmp(entry, witness.mark) == 0;
    if (f)
        fclose(f);
    free(entry);
    return found;
}

static bool is_proxy(const char *pid)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
    FILE *f = fopen(path, "re");
    bool is = f && fgets(name, sizeof name, f) && strcmp(name, PROXY_NAME "\n") == 0;
    if (f)
        fclose(f);
    return is;
}

struct left {
    unsigned processes, proxies;
};

/* Those that are there. sig 0: only counts them. */
static struct left look(int sig)
{
    struct left l = {0, 0};
    DIR *d = opendir("/proc");
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!isdigit((unsigned char)e->d_name[0]) || atoi(e->d_name) == getpid() || !has_mark(e->d_name))
            continue;
        l.processes++;
        l.proxies += is_proxy(e->d_name);
        if (sig)
            kill(atoi(e->d_name), sig);
    }
    if (d)
        closedir(d);
    return l;
}

/* A proxy that lives ends all that is its own, and takes note of what it cannot end. */
static void clean_up(void)
{
    for (unsigned ms = 0; ms < PATIENCE_MS; ms += LOOK_MS) {
        struct left l = look(0);
        if (l.processes && (!l.proxies || ms >= GRACE_MS))
            l = look(SIGKILL);
        if (!l.processes)
            return;
        nanosleep(&(struct timespec){0, LOOK_MS * 1000000L}, NULL);
    }
}

/* terminal: as stdin was at the begin; NULL: it is none. */
static _Noreturn void watch(const struct termios *terminal)
{
    char said;
    ssize_t n;
    while ((n = read(LINK_FD, &said, 1)) < 0 && errno == EINTR)
        ;
    if (n == 1)
        _exit(0);
    if (terminal)
        tcsetattr(STDIN_FILENO, TCSADRAIN, terminal);
    clean_up();
    _exit(0);
}

/* Who ends or stops all of a job, or a terminal's, does not mean us; and a reader of our output shall see its end. */
static _Noreturn void become_witness(int link, const struct termios *terminal)
{
    for (int sig = 1; sig <= SIGRTMAX; sig++)
        signal(sig, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGCONT); /* who has stopped us has not meant for ever */
    setsid();
    prctl(PR_SET_NAME, NAME);
    if (link != LINK_FD)
        dup2(link, LINK_FD);
    close_range(LINK_FD + 1, ~0u, 0);
    for (int fd = terminal ? STDOUT_FILENO : STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        close(fd);
    watch(terminal);
}

/* --- in mpiexec */

void witness_begin(bool terminal)
{
    int link[2];
    witness.mark = xasprintf(WITNESS_ENV "=%d-%llx", (int)getpid(), (unsigned long long)now_ns());
    if (setenv(WITNESS_ENV, strchr(witness.mark, '=') + 1, 1) < 0)
        log_fatal("out of memory");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link) < 0) {
        log_warn("nobody watches over this run: %m");
        return;
    }
    struct termios before; /* read here: we may change it before the other process has begun to run */
    bool tty = terminal && tcgetattr(STDIN_FILENO, &before) == 0;
    witness.pid = fork();
    if (witness.pid == 0) {
        close(link[0]);
        become_witness(link[1], tty ? &before : NULL);
    }
    close(link[1]);
    witness.link = link[0];
    if (witness.pid > 0) {
        descendants_spare_child(witness.pid);
        return;
    }
    witness.pid = 0;
    log_warn("nobody watches over this run: %m");
}

void witness_end(void)
{
    if (!witness.pid)
        return;
    ssize_t ignored = send(witness.link, "", 1, MSG_NOSIGNAL);
    (void)ignored; /* it is gone already */
    struct pollfd p = {.fd = witness.link};
    poll(&p, 1, 1000); /* until it is gone */
    if (waitpid(witness.pid, NULL, WNOHANG) == 0) {
        kill(witness.pid, SIGKILL); /* who is stopped does not go */
        waitpid(witness.pid, NULL, 0);
    }
    witness.pid = 0;
}
