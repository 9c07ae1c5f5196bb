/* SPDX-License-Identifier: BSD-3-Clause
 *
 * uplink: one of the two kinds of streams that a backend (common/start.h) gives a proxy.
 */
#include "proxy/uplink.h"

#include "common/back.h"
#include "common/log.h"
#include "common/start_process.h"
#include "wire/network.h"

#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static bool is_stream(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static bool is_stream_socket(int fd)
{
    int type = 0;
    socklen_t len = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

/* The ranks' stdin and stdout, and what a library writes, have no business on the link. */
static int move_away(int fd)
{
    int to = fcntl(fd, F_DUPFD_CLOEXEC, START_LINK_FD);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (to < 0 || null < 0 || dup2(null, fd) < 0)
        log_fatal("unable to move the link to another descriptor: %m");
    close(null);
    return to;
}

/* What a login script has written stands before it. */
static void write_mark(int fd)
{
    static const char mark[] = START_MARK;
    if (write(fd, mark, sizeof mark - 1) != sizeof mark - 1)
        log_fatal("unable to write to the link: %m");
}

/* Nobody who looks at our environment finds it there, and nobody whom we start gets it. */
static void take_secret(char secret[128])
{
    char *value = getenv(BACK_SECRET);
    snprintf(secret, 128, "%s", value ? value : "");
    if (value)
        explicit_bzero(value, strlen(value));
    unsetenv(BACK_SECRET);
}

/* Somebody, or a script, gives it where it came by no other way. */
static void ask_secret(char secret[128])
{
    struct termios shown, hidden;
    bool tty = tcgetattr(STDIN_FILENO, &shown) == 0;
    if (tty) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
        fputs("secret of the run, as mpiexec says: ", stderr);
    }
    if (!fgets(secret, 128, stdin))
        *secret = '\0';
    secret[strcspn(secret, "\r\n")] = '\0';
    if (tty) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        fputc('\n', stderr);
    }
}

static int call_back(const char *addresses, const char *name)
{
    static char who[BACK_NAME_MAX + sizeof "proxy()"];
    char secret[128];
    struct err e;
    snprintf(who, sizeof who, "proxy(%.*s)", BACK_NAME_MAX, name);
    log_init(who, LOG_NORMAL);
    take_secret(secret);
    if (!*secret)
        ask_secret(secret);
    if (!*secret)
        log_fatal(BACK_SECRET
                  " is not set, and stdin has no secret: did what starts proxies here leave the environment behind?");
    const struct back_end to = {addresses, secret, "mpiexec", NULL, false, BACK_MPIEXEC_MS};
    int fd = back_call(&to, name, &e);
    explicit_bzero(secret, sizeof secret);
    if (fd < 0)
        log_fatal("%s", e.text);
    return fd;
}

bool uplink_calls(int argc, char **argv)
{
    return argc == 5 && strcmp(argv[1], "--call") == 0 && strcmp(argv[3], "--name") == 0;
}

static bool has_mark(char **argv)
{
    return strcmp(argv[2], "--mark") == 0;
}

bool uplink_is_far(int argc, char **argv)
{
    return argc >= 3 && strcmp(argv[1], "--stdio") == 0 && (has_mark(argv) || strcmp(argv[2], "--far") == 0);
}

const char *uplink_stage(int argc, char **argv)
{
    return uplink_is_far(argc, argv) && argc == 5 && strcmp(argv[3], "--stage") == 0 ? argv[4] : NULL;
}

void uplink_take(struct uplink *u, int argc, char **argv)
{
    log_init("muster-proxy", LOG_NORMAL);
    if (uplink_calls(argc, argv)) {
        u->in = u->out = call_back(argv[2], argv[4]);
        return;
    }
    bool stdio = argc >= 2 && strcmp(argv[1], "--stdio") == 0;
    bool far = uplink_is_far(argc, argv);
    int known = 2 + far + (uplink_stage(argc, argv) ? 2 : 0);
    if (stdio && argc == known && is_stream(STDIN_FILENO) && is_stream(STDOUT_FILENO)) {
        u->in = move_away(STDIN_FILENO);
        u->out = move_away(STDOUT_FILENO);
        if (far && has_mark(argv))
            write_mark(u->out);
        return;
    }
    if (stdio || argc > 1 || !is_stream_socket(START_LINK_FD))
        log_fatal("this program is started by mpiexec, not by hand");
    u->in = u->out = START_LINK_FD;
    fcntl(START_LINK_FD, F_SETFD, FD_CLOEXEC);
}

/* "CLIENT PORT SERVER PORT", of sshd. */
static struct in6_addr address_of_ssh(const char *text)
{
    char host[INET6_ADDRSTRLEN];
    struct addrinfo *found, hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct in6_addr none = IN6ADDR_ANY_INIT;
    if (!text || sscanf(text, "%*s %*s %45s", host) != 1 || getaddrinfo(host, NULL, &hints, &found) != 0)
        return none;
    none = network_address(found->ai_addr);
    freeaddrinfo(found);
    return none;
}

struct in6_addr uplink_address(int fd)
{
    struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
    socklen_t n = sizeof ss;
    struct in6_addr own = IN6ADDR_ANY_INIT;
    if (getsockname(fd, (struct sockaddr *)&ss, &n) == 0)
        own = network_address((struct sockaddr *)&ss);
    return IN6_IS_ADDR_UNSPECIFIED(&own) ? address_of_ssh(getenv("SSH_CONNECTION")) : own;
}
