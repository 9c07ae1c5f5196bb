/* SPDX-License-Identifier: BSD-3-Clause
 *
 * muster-proxy: starts, feeds, watches and reaps the ranks of one node, and relays for the nodes below it. It is
 * started by mpiexec or by another proxy, which holds the other end of its link; it ends when that link ends, and takes
 * everything that it started with it.
 */
#include "common/log.h"
#include "common/spawn.h"
#include "proxy/cleanup.h"
#include "proxy/guard.h"
#include "proxy/pmix/front.h"
#include "proxy/proxy.h"
#include "proxy/rank_env.h"
#include "proxy/reap.h"
#include "proxy/relay.h"
#include "proxy/uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Every rank takes a few descriptors; the ranks themselves get the old limit back. */
static void raise_nofile(struct proxy *proxy)
{
    getrlimit(RLIMIT_NOFILE, &proxy->nofile);
    struct rlimit all = {proxy->nofile.rlim_max, proxy->nofile.rlim_max};
    setrlimit(RLIMIT_NOFILE, &all);
}

/* A proxy lives as long as its link. What is sent to a whole job (by a batch system, a service manager) is meant for
 * the ranks and for mpiexec, which tells us what is to be done; and what writing can bring (SIGPIPE, SIGXFSZ) is an
 * error of write. Left: the end of children, and the faults of our own. */
static void ignore_signals(void)
{
    static const int left[] = {SIGCHLD, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
    sigset_t keep;
    sigemptyset(&keep);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        sigaddset(&keep, left[i]);
    for (int sig = 1; sig <= SIGRTMAX; sig++)
        if (sigismember(&keep, sig) == 0)
            signal(sig, SIG_IGN);
    sigemptyset(&keep);
    sigprocmask(SIG_SETMASK, &keep, NULL); /* who started us has blocked all until now */
}

int main(int argc, char **argv)
{
    struct uplink up;
    ignore_signals();
    if (uplink_is_far(argc, argv))
        guard_begin(STDIN_FILENO, uplink_stage(argc, argv));
    uplink_take(&up, argc, argv);
    if (uplink_calls(argc, argv))
        guard_begin(up.in, NULL);
    log_init("proxy", LOG_NORMAL);
    if (spawn_init() < 0)
        log_fatal("unable to reserve descriptors: %m%s", errno == EMFILE ? " (raise the limit with ulimit -n)" : "");
    static struct proxy self = {.claims = {-1}};
    struct proxy *proxy = &self;
    TAILQ_INIT(&proxy->jobs);
    proxy->link = uplink_address(up.in);
    proxy->stage = uplink_stage(argc, argv);
    proxy->stage_libraries = proxy->stage && rank_env_libraries(proxy->stage);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        log_fatal("unable to become the reaper of the ranks' orphans: %m");
    raise_nofile(proxy);
    struct event_config *config = event_config_new();
    if (config)
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    proxy->base = config ? event_base_new_with_config(config) : NULL;
    if (!proxy->base)
        log_fatal("unable to make an event loop");
    event_config_free(config);
    reap_init(proxy);
    relay_init(proxy, &up);
    event_base_dispatch(proxy->base);
    cleanup_everything();
    pmix_leave(proxy);
    if (pmix_has_threads())
        _exit(0);
    return 0;
}
