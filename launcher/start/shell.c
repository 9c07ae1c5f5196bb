/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shell: begins with the process; its stdout is read up to the proxy's mark, and then is the link. Its stderr is kept
 * until then: it may tell why there is no proxy. After that it is what the proxy says there, and how the connection
 * ended.
 */
#include "launcher/start/shell.h"

#include "common/log.h"
#include "common/spawn.h"
#include "common/start_process.h"
#include "common/xalloc.h"
#include "launcher/start/mark.h"
#include "launcher/start/says.h"
#include "launcher/start/shell_command.h"
#include "launcher/start/shell_failure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURN_BYTES (256u << 10) /* of stderr: as much as its socket holds */
#define EXIT_WAIT_MS 3000       /* between the end of its output and its own */

struct shell {
    const struct way *way; /* first */
    struct start *start;
    const char *program; /* borrowed */
    int link, err;       /* -1: given away, or closed */
    struct event *on_link, *on_err, *on_room;
    struct stage_send *stage; /* what goes to the host before its proxy speaks; NULL: nothing */
    struct mark mark;
    struct says says;
};

static void free_event(struct event **ev)
{
    if (*ev)
        event_free(*ev);
    *ev = NULL;
}

static void drop_event(struct event **ev, int *fd)
{
    free_event(ev);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* --- stderr */

static void read_err(struct shell *sh)
{
    char data[4096];
    ssize_t n = -1;
    for (size_t total = 0; sh->err >= 0 && total < TURN_BYTES && (n = read(sh->err, data, sizeof data)) > 0;
         total += (size_t)n)
        says_take(&sh->says, data, (size_t)n);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        drop_event(&sh->on_err, &sh->err);
}

/* --- the link, until the proxy speaks */

static void tell_failed(struct start *s)
{
    struct shell *sh = s->own;
    read_err(sh);
    drop_event(&sh->on_err, &sh->err);
    says_show_before(&sh->says);
    shell_failure(&s->failure, sh->program, s->host, sh->says.before, s->waited ? s->status : -1);
    s->events->failed(s->arg, &s->failure);
}

static void link_failed(struct shell *sh)
{
    mark_end(&sh->mark);
    free_event(&sh->on_room);
    drop_event(&sh->on_link, &sh->link);
    start_process_wait(sh->start, EXIT_WAIT_MS, tell_failed);
}

static void too_noisy(struct start *s)
{
    start_process_cancel(s);
    start_failure_set(&s->failure, START_HELLO, "does a login script there never stop writing?",
                      "it has sent %u bytes that are not a proxy's", MARK_NOISE_MAX);
    s->events->failed(s->arg, &s->failure);
}

/* --- files that the host lacks */

static void on_room(evutil_socket_t fd, short what, void *arg)
{
    struct shell *sh = arg;
    const void *p;
    size_t want = stage_send_next(sh->stage, &p);
    ssize_t n = want ? send(sh->link, p, want, MSG_NOSIGNAL) : 0;
    if (n > 0)
        stage_send_took(sh->stage, (size_t)n);
    sh->start->events->busy(sh->start->arg);
    if (want == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        free_event(&sh->on_room); /* that it is broken, reading tells */
}

static void begin_stage(struct shell *sh)
{
    struct start *s = sh->start;
    struct err e;
    free(sh->stage);
    sh->stage = xcalloc(1, sizeof *sh->stage);
    if (stage_send_begin(sh->stage, s->starter->remote.stage, sh->mark.want, &e) < 0) {
        start_process_cancel(s);
        start_failure_set(&s->failure, START_PROGRAM, "", "unable to copy files: %.200s", e.text);
        s->events->failed(s->arg, &s->failure);
        return;
    }
    log_debug("%s: files are copied: %s", s->host, sh->mark.want);
    free_event(&sh->on_room);
    sh->on_room = event_new(s->starter->base, sh->link, EV_WRITE | EV_PERSIST, on_room, sh);
    if (!sh->on_room || event_add(sh->on_room, NULL) < 0)
        log_fatal("out of memory");
}

static bool is_too_noisy(const struct shell *sh)
{
    return sh->mark.noise + sh->says.noise > MARK_NOISE_MAX;
}

static void on_err(evutil_socket_t fd, short what, void *arg)
{
    struct shell *sh = arg;
    read_err(sh);
    if (sh->link >= 0 && is_too_noisy(sh))
        too_noisy(sh->start);
}

static void proxy_speaks(struct shell *sh)
{
    int fd = sh->link;
    mark_end(&sh->mark);
    read_err(sh);
    says_show_before(&sh->says);
    sh->says.spoken = true;
    sh->link = -1;
    free_event(&sh->on_room);
    drop_event(&sh->on_link, &sh->link);
    sh->start->events->stream(sh->start->arg, fd, fd);
}

static void on_link(evutil_socket_t fd, short what, void *arg)
{
    struct shell *sh = arg;
    char data[4096];
    enum mark_found found = MARK_NONE;
    ssize_t n = recv(sh->link, data, sizeof data, MSG_PEEK);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    size_t taken = n > 0 ? mark_take(&sh->mark, data, (size_t)n, &found) : 0;
    if (n <= 0 || recv(sh->link, data, taken, 0) != (ssize_t)taken)
        link_failed(sh);
    else if (found == MARK_LINK)
        proxy_speaks(sh);
    else if (found == MARK_WANT && sh->start->starter->remote.stage)
        begin_stage(sh);
    else if (is_too_noisy(sh))
        too_noisy(sh->start);
}

/* --- a start */

static bool find_program(struct start *s, const char *program, char path[PATH_MAX])
{
    const char *in = getenv("PATH");
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here))
        strcpy(here, "/");
    int error = spawn_find(program, in ? in : "/usr/bin:/bin", here, path);
    if (error)
        start_failure_set(&s->failure, START_PROGRAM, "install it, or choose another way by --launcher",
                          "the program %.80s on this machine: %s", program, strerror(error));
    return error == 0;
}

static int begin_process(struct shell *sh)
{
    char path[PATH_MAX];
    if (!find_program(sh->start, sh->program, path))
        return -1;
    char **argv = shell_argv(sh->start, sh->program);
    free(argv[0]);
    argv[0] = xstrdup(path);
    int rc = start_process_shell(sh->start, argv, &sh->link, &sh->err);
    shell_argv_free(argv);
    return rc;
}

/* ssh's own code says no more than that something has gone wrong. */
static void tell_ended(struct start *s)
{
    struct shell *sh = s->own;
    char how[128];
    read_err(sh);
    says_end(&sh->says);
    if (*sh->says.last)
        snprintf(how, sizeof how, "%s", sh->says.last);
    else if (s->waited && WIFEXITED(s->status) && WEXITSTATUS(s->status) != 255)
        snprintf(how, sizeof how, "it exited with code %d", WEXITSTATUS(s->status));
    else if (s->waited && WIFSIGNALED(s->status))
        snprintf(how, sizeof how, "%.60s was killed by signal %d (SIG%s)", sh->program, WTERMSIG(s->status),
                 sigabbrev_np(WTERMSIG(s->status)));
    else
        snprintf(how, sizeof how, "it was killed, or the connection to it has ended");
    s->events->ended(s->arg, how);
}

static void shell_end(struct start *s, const char *why)
{
    start_process_wait(s, EXIT_WAIT_MS, tell_ended);
}

static void shell_cancel(struct start *s)
{
    struct shell *sh = s->own;
    free_event(&sh->on_room);
    drop_event(&sh->on_link, &sh->link);
    drop_event(&sh->on_err, &sh->err);
    start_process_cancel(s);
}

static void shell_fini(struct start *s)
{
    struct shell *sh = s->own;
    drop_event(&sh->on_link, &sh->link);
    drop_event(&sh->on_err, &sh->err);
    free_event(&sh->on_room);
    free(sh->stage);
    free(sh);
    s->own = NULL;
}

static const struct way shell_way = {shell_end, shell_cancel, shell_fini, NULL};

void shell_begin(struct start *s, const char *program)
{
    struct event_base *base = s->starter->base;
    struct shell *sh = s->own = xcalloc(1, sizeof *sh);
    *sh = (struct shell){.way = &shell_way,
                         .start = s,
                         .program = program,
                         .link = -1,
                         .err = -1,
                         .mark = {.host = s->host},
                         .says = {.host = s->host}};
    if (begin_process(sh) < 0) {
        start_fail_later(s);
        return;
    }
    sh->on_link = event_new(base, sh->link, EV_READ | EV_PERSIST, on_link, sh);
    sh->on_err = event_new(base, sh->err, EV_READ | EV_PERSIST, on_err, sh);
    if (!sh->on_link || !sh->on_err || event_add(sh->on_link, NULL) < 0 || event_add(sh->on_err, NULL) < 0)
        log_fatal("out of memory");
}
