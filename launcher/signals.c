/* SPDX-License-Identifier: BSD-3-Clause
 *
 * SIGINT, SIGTERM, SIGHUP, SIGQUIT   to the ranks, and the job ends: SIGKILL to those that are left after the grace; a
 *                                    second one kills at once
 * SIGTSTP                            stops the ranks, then mpiexec; SIGCONT lets all go on
 * SIGUSR1                            shows the table of ranks, and goes to those ranks that catch it
 * SIGUSR2, SIGWINCH                  to the ranks
 */
#include "launcher/signals.h"

#include "common/log.h"
#include "launcher/job.h"
#include "launcher/stdio.h"
#include "launcher/tree.h"
#include "launcher/watch.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void to_ranks(struct mpiexec *m, int sig, bool if_caught)
{
    struct job *j;
    TAILQ_FOREACH(j, &m->jobs, link)
    {
        if (j->done)
            continue;
        struct buf b;
        buf_init(&b);
        buf_put_u32(&b, (uint32_t)sig);
        buf_put_u8(&b, if_caught);
        tree_send(m, CONTROL_SIGNAL, j->spec.job, FRAME_ALL_NODES, &b);
        buf_fini(&b);
    }
}

static void end_job(struct mpiexec *m, int sig)
{
    if (++m->interrupts > 1) {
        if (m->interrupts > 2)
            tree_give_up(m);
        else
            log_info("killing all ranks at once");
        job_kill_all(m, SIGKILL, 0);
        return;
    }
    char text[160];
    snprintf(text, sizeof text, "ended by SIG%s", sigabbrev_np(sig));
    failure_note(m, FAILURE_SIGNAL, NULL, 0, mpiexec_now(), sig, text);
    if (sig == SIGINT && isatty(STDERR_FILENO))
        log_info("Ctrl-C: ending the job; press it again to kill it at once");
    job_kill_all(m, sig, m->opt.kill_timeout);
}

/* The links are flushed first: a stopped mpiexec sends nothing. */
static void stop(struct mpiexec *m, int sig)
{
    to_ranks(m, SIGSTOP, false);
    for (uint32_t i = 0; i < m->nlinks; i++)
        if (m->links[i].peer)
            peer_flush(m->links[i].peer);
    raise(SIGSTOP);
}

static void go_on(struct mpiexec *m, int sig)
{
    to_ranks(m, SIGCONT, false);
    stdio_foreground(m->io);
}

static void table_and_pass(struct mpiexec *m, int sig)
{
    watch_ask(m);
    to_ranks(m, sig, true);
}

static void pass(struct mpiexec *m, int sig)
{
    to_ranks(m, sig, false);
}

static void reap(struct mpiexec *m, int sig)
{
    tree_reap(m);
}

static const struct {
    int signal;
    void (*act)(struct mpiexec *m, int sig);
} actions[] = {
    {SIGINT, end_job}, {SIGTERM, end_job},        {SIGHUP, end_job}, {SIGQUIT, end_job}, {SIGTSTP, stop},
    {SIGCONT, go_on},  {SIGUSR1, table_and_pass}, {SIGUSR2, pass},   {SIGWINCH, pass},   {SIGCHLD, reap},
};
#define NACTIONS (sizeof actions / sizeof *actions)

static struct event *events[NACTIONS];

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
    for (size_t i = 0; i < NACTIONS; i++)
        if (actions[i].signal == sig)
            actions[i].act(arg, (int)sig);
}

/* A signal that our parent had us ignore (nohup, a shell's background job) stays ignored. */
static bool ignored(int sig)
{
    struct sigaction old;
    return sigaction(sig, NULL, &old) == 0 && old.sa_handler == SIG_IGN && sig != SIGCHLD;
}

void signals_init(struct mpiexec *m)
{
    sigset_t ours;
    sigemptyset(&ours);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a write that is too long is an error */
    for (size_t i = 0; i < NACTIONS; i++) {
        if (ignored(actions[i].signal))
            continue;
        events[i] = evsignal_new(m->base, actions[i].signal, on_signal, m);
        if (!events[i] || evsignal_add(events[i], NULL) < 0)
            log_fatal("unable to catch signal %d", actions[i].signal);
        sigaddset(&ours, actions[i].signal);
    }
    sigprocmask(SIG_UNBLOCK, &ours, NULL); /* a parent may have blocked them on our behalf */
}

void signals_fini(void)
{
    for (size_t i = 0; i < NACTIONS; i++)
        if (events[i])
            event_free(events[i]);
}
