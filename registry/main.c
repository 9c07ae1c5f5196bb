/* SPDX-License-Identifier: BSD-3-Clause
 *
 * muster-names: keeps the names that programs publish, for mpiexecs on several machines. The story: read the words,
 * have the key, listen, say where, serve until it is ended.
 */
#include "common/key_file.h"
#include "common/log.h"
#include "registry/server.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char usage[] =
    "Usage: muster-names [options]\n"
    "Keeps the names that MPI programs publish (MPI_Publish_name), for mpiexecs on several machines.\n"
    "Prints a line MUSTER_NAMES_SERVER=ADDRESS:PORT, which is to be set where mpiexec runs.\n"
    "\n"
    "  --iface NAME            listen at this interface (eth0) or address (default: all)\n"
    "  --port-range LOW:HIGH   listen at a port of these (default: any)\n"
    "  --key FILE              the key of this user, made if it is not there\n"
    "                          (default: MUSTER_NAMES_KEY, or ~/.config/muster/names.key)\n"
    "  --background            go on in the background\n"
    "  -v, --verbose           tell who comes and goes; -vv: each message\n"
    "  -h, --help; -V, --version\n"
    "\n"
    "See muster-names(1).\n";

struct wish {
    struct listen_wish listen;
    const char *key;
    bool background;
    enum log_level loud;
};

static _Noreturn void tell(const char *text)
{
    if (fputs(text, stdout) == EOF || fflush(stdout) == EOF)
        log_fatal("unable to write to stdout: %m");
    exit(0);
}

/* "4711" or "4711:4720" */
static void take_ports(struct listen_wish *l, const char *text)
{
    char end;
    int n = sscanf(text, "%5u:%5u%c", &l->port_low, &l->port_high, &end);
    if (n == 1 && strspn(text, "0123456789") == strlen(text))
        l->port_high = l->port_low;
    else if (n != 2)
        l->port_high = 0;
    if (!l->port_low || l->port_low > l->port_high || l->port_high > 65535)
        log_fatal("--port-range %.40s: not of the form LOW:HIGH, ports from 1 to 65535", text);
}

static void take_words(struct wish *w, int argc, char **argv)
{
    static const struct option options[] = {
        {"iface", required_argument, NULL, 'i'}, {"port-range", required_argument, NULL, 'p'},
        {"key", required_argument, NULL, 'k'},   {"background", no_argument, NULL, 'b'},
        {"verbose", no_argument, NULL, 'v'},     {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},     {NULL, 0, NULL, 0},
    };
    for (int o; (o = getopt_long(argc, argv, "+vhV", options, NULL)) != -1;) {
        if (o == 'i')
            w->listen.iface = optarg;
        else if (o == 'p')
            take_ports(&w->listen, optarg);
        else if (o == 'k')
            w->key = optarg;
        else if (o == 'b')
            w->background = true;
        else if (o == 'v')
            w->loud = w->loud < LOG_TO_DEBUG ? LOG_TO_DEBUG : LOG_TO_TRACE;
        else if (o == 'h')
            tell(usage);
        else if (o == 'V')
            tell("muster-names " MUSTER_VERSION "\n");
        else
            log_fatal("see muster-names --help");
    }
    if (optind < argc)
        log_fatal("%.80s: there are only options; see muster-names --help", argv[optind]);
}

static void have_key(const struct wish *w, char key[KEY_FILE_DIGITS + 1])
{
    char path[PATH_MAX];
    struct err e;
    if (key_file_path(w->key ? w->key : getenv("MUSTER_NAMES_KEY"), path, sizeof path, &e) < 0)
        log_fatal("%s", e.text);
    bool is_new = access(path, F_OK) < 0;
    if (key_file_make(path, key, &e) < 0)
        log_fatal("%s", e.text);
    if (is_new)
        log_info("made the key file %s: copy it to machines that do not share this home", path);
}

/* The one that the user waits for ends when the other one listens, or cannot. Returns in the other one: what it closes
 * then. */
static int go_behind(void)
{
    int fd[2];
    char byte;
    if (pipe2(fd, O_CLOEXEC) < 0)
        log_fatal("unable to go into the background: %m");
    pid_t pid = fork();
    if (pid < 0)
        log_fatal("unable to go into the background: %m");
    if (pid > 0) {
        close(fd[1]);
        _exit(read(fd[0], &byte, 1) == 1 ? 0 : 1);
    }
    close(fd[0]);
    setsid();
    return fd[1];
}

/* Nobody's terminal or pipe is kept. */
static void is_behind(int fd)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || chdir("/") < 0)
        log_fatal("unable to go into the background: %m");
    if (write(fd, "", 1) != 1)
        log_debug("who has started this has left");
    close(fd);
    for (int i = 0; i < 3; i++)
        dup2(null, i);
    close(null);
}

static void on_signal(evutil_socket_t sig, short what, void *base)
{
    event_base_loopbreak(base);
}

static const int ends[] = {SIGTERM, SIGINT, SIGHUP};
enum { ENDS = sizeof ends / sizeof *ends };

static void take_signals(struct event_base *base, struct event *events[ENDS])
{
    for (size_t i = 0; i < ENDS; i++) {
        events[i] = evsignal_new(base, ends[i], on_signal, base);
        if (!events[i] || event_add(events[i], NULL) < 0)
            log_fatal("out of memory");
    }
}

/* One descriptor an mpiexec. */
static void raise_nofile(void)
{
    struct rlimit l;
    getrlimit(RLIMIT_NOFILE, &l);
    l.rlim_cur = l.rlim_max;
    setrlimit(RLIMIT_NOFILE, &l);
}

int main(int argc, char **argv)
{
    struct wish w = {.loud = LOG_NORMAL};
    char key[KEY_FILE_DIGITS + 1];
    struct event *events[ENDS];
    struct err e;
    log_init("muster-names", LOG_NORMAL);
    take_words(&w, argc, argv);
    log_init("muster-names", w.loud);
    signal(SIGPIPE, SIG_IGN);
    raise_nofile();
    have_key(&w, key);
    int behind = w.background ? go_behind() : -1;
    struct event_base *base = event_base_new();
    if (!base)
        log_fatal("unable to make an event loop");
    take_signals(base, events);
    struct server *s = server_create(base, &w.listen, key, &e);
    if (!s)
        log_fatal("%s", e.text);
    if (printf("MUSTER_NAMES_SERVER=%s\n", server_addresses(s)) < 0 || fflush(stdout) == EOF)
        log_fatal("unable to write to stdout: %m");
    if (w.background)
        is_behind(behind);
    event_base_dispatch(base);
    server_destroy(s);
    for (size_t i = 0; i < ENDS; i++)
        event_free(events[i]);
    event_base_free(base);
    explicit_bzero(key, sizeof key);
    return 0;
}
