/* SPDX-License-Identifier: BSD-3-Clause
 *
 * lent: a program that was started by itself gets a launcher when it needs one: our mpiexec runs a job of one, whose
 * rank (mpiexec --lend) hands its connection over to us, and stays for as long as our end of the socket between us
 * does. So the server leaves with this process, however it ends, and what we spawn is spawned as in any job.
 *
 * It is no child of this process, which sees nothing of its start and end: not by SIGCHLD, nor by wait; in a session of
 * its own, so that the terminal's signals are ours alone; and has no descriptor of ours but stdout and stderr. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/boot/boot_ops.h"

enum { PATIENCE_S = 60, WORDS = 24 };

extern char **environ;

static int line = -1; /* to the rank that lends; -1: there is none */
static time_t since;  /* s: when it was asked for */

static time_t seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* Is this one of Muster, and not another MPI's of the same name? */
static bool is_ours(const char *prefix, const char *name, const char *proxy, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/%s", prefix, proxy) < PATH_MAX && access(path, X_OK) == 0 &&
           snprintf(path, PATH_MAX, "%s/%s", prefix, name) < PATH_MAX && access(path, X_OK) == 0;
}

/* Beside the library: as they are installed, or built. */
static bool find_mpiexec(char path[PATH_MAX], char *why, size_t n)
{
    static const struct {
        const char *up, *name, *proxy;
    } places[] = {
        {"..", "launcher/mpiexec", "proxy/muster-proxy"},
        {"..", "bin/mpiexec.muster", "libexec/muster/muster-proxy"},
        {"..", "bin/mpiexec", "libexec/muster/muster-proxy"},
        {"../..", "bin/mpiexec.muster", "libexec/muster/muster-proxy"},
        {"../..", "bin/mpiexec", "libexec/muster/muster-proxy"},
        {"../../..", "bin/mpiexec.muster", "libexec/muster/muster-proxy"},
        {"../../..", "bin/mpiexec", "libexec/muster/muster-proxy"},
    };
    const char *asked = getenv("MUSTER_MPIEXEC");
    Dl_info us;
    char library[PATH_MAX], prefix[PATH_MAX];
    if (asked && *asked) {
        snprintf(path, PATH_MAX, "%s", asked);
        if (access(path, X_OK) == 0)
            return true;
        snprintf(why, n, "MUSTER_MPIEXEC=%.120s cannot be run: %s", asked, strerror(errno));
        return false;
    }
    if (!dladdr((void *)&boot_lent, &us) || !us.dli_fname || !realpath(us.dli_fname, library)) {
        snprintf(why, n, "the place of the library, beside which mpiexec is, cannot be told; set MUSTER_MPIEXEC");
        return false;
    }
    *strrchr(library, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (snprintf(prefix, sizeof prefix, "%s/%s", library, places[i].up) < PATH_MAX &&
            is_ours(prefix, places[i].name, places[i].proxy, path))
            return true;
    snprintf(why, n,
             "this program was started by itself, and Muster's mpiexec is not found beside %.100s (../bin, "
             "../../bin, ../../../bin); set MUSTER_MPIEXEC",
             library);
    return false;
}

/* In the child, which shares nothing with us any more, but may call only what a signal handler may. */
static _Noreturn void become_server(const char *path, char **argv, int theirs)
{
    sigset_t none;
    sigemptyset(&none);
    setsid();
    /* The raw call: no handler of fork runs, in a process that may have threads. */
    if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) != 0)
        _exit(0);
    if (dup2(theirs, STDIN_FILENO) < 0)
        _exit(1);
    close_range(STDERR_FILENO + 1, ~0u, 0);
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(path, argv, environ);
    _exit(127);
}

/* Started without a signal at its end: SIGCHLD, and who waits for any child, are the program's own. */
static bool start_server(const char *path, int theirs)
{
    char host[256] = "localhost",
         *argv[WORDS] = {(char *)path, "--rmk", "none",    "--launcher", "ssh",        "--hosts", host,
                         "-n",         "1",     "--stdin", "0",          (char *)path, "--lend",  NULL};
    gethostname(host, sizeof host - 1);
    long child = syscall(SYS_clone, 0, 0, 0, 0, 0);
    if (child == 0)
        become_server(path, argv, theirs);
    if (child > 0)
        while (waitpid((pid_t)child, NULL, __WALL) < 0 && errno == EINTR)
            ;
    return child > 0;
}

static bool begin(char *why, size_t n)
{
    char path[PATH_MAX];
    int sv[2];
    if (!find_mpiexec(path, why, n))
        return false;
    bool made = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == 0;
    bool ok = made && start_server(path, sv[1]);
    if (!ok)
        snprintf(why, n, "unable to start %.120s: %s", path, strerror(errno));
    if (made) {
        close(sv[1]);
        line = sv[0];
    }
    if (!ok)
        lent_close();
    since = seconds();
    return ok;
}

/* The connection that is handed over; -1: the server has ended before, by errno 0, or it failed. */
static int take_connection(void)
{
    char byte;
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {&byte, 1};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(line, &m, MSG_CMSG_CLOEXEC);
    const struct cmsghdr *c = got == 1 ? CMSG_FIRSTHDR(&m) : NULL;
    int fd = -1;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    if (got >= 0)
        errno = 0;
    return fd;
}

int lent_poll(char *why, size_t n)
{
    struct pollfd ready = {.events = POLLIN};
    if (line < 0 && !begin(why, n))
        return BOOT_ERROR;
    ready.fd = line;
    if (poll(&ready, 1, 0) <= 0) { /* a signal may come meanwhile */
        if (seconds() - since < PATIENCE_S)
            return BOOT_ABSENT;
        snprintf(why, n, "the mpiexec that was started has said nothing for a minute");
    } else {
        int fd = take_connection();
        if (fd >= 0 && pmi_adopt(fd, why, n))
            return BOOT_DONE;
        if (fd < 0)
            snprintf(why, n, "the mpiexec that was started has ended before it could serve%s%s", errno ? ": " : "",
                     errno ? strerror(errno) : "; what it said is on stderr");
    }
    lent_close();
    return BOOT_ERROR;
}

void lent_close(void)
{
    if (line >= 0)
        close(line);
    line = -1;
}

static void fini(void)
{
    pmi_fini();
    lent_close();
}

const struct boot_ops boot_lent = {"a server of its own", NULL, fini, pmi_abort, pmi_kvs};
