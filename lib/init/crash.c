/* SPDX-License-Identifier: BSD-3-Clause
 *
 * crash: what a rank says in its last moment.
 *
 * The heap, and locks of the C library, may be in any state then: nothing here allocates from it, libbacktrace takes
 * its memory from the kernel, and what waits for ever all the same is ended by an alarm. Of the ranks of a node that
 * crash, often all at the same place, the first one tells its frames, and the others a line each. */
#include "lib/init/crash.h"
#include <backtrace.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
#include "lib/core/knobs.h"
#include "lib/core/output.h"
#include "lib/core/state.h"
#include "lib/core/trace.h"
#include "lib/init/core_file.h"
#include "lib/nodemem/nodemem.h"

enum { FRAMES_MOST = 24, FRAMES_WALKED = 1000, LAST_SECONDS = 20, STACK = 65536 };
static const uintptr_t UNKNOWN = UINTPTR_MAX;
static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
static struct backtrace_state *symbols;
static char stack[STACK]; /* for a thread that has used up its own */
static char program[512];

/* Where the signal struck. */
static uintptr_t place_of(const void *context)
{
    const ucontext_t *u = context;
#if defined(__x86_64__)
    return (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)u->uc_mcontext.pc;
#else
    (void)u;
    return UNKNOWN;
#endif
}

/* From where what is no function was called; 0: not known. */
static uintptr_t caller_of(const void *context)
{
    const ucontext_t *u = context;
#if defined(__x86_64__)
    const uintptr_t *top = (const uintptr_t *)(uintptr_t)u->uc_mcontext.gregs[REG_RSP]; /* the call has put it there */
    return *top;
#elif defined(__aarch64__)
    return (uintptr_t)u->uc_mcontext.regs[30];
#else
    (void)u;
    return 0;
#endif
}

/* Not by stdio, which takes a buffer from the heap. */
__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
    char line[2048];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    size_t left = n < (int)sizeof line ? (size_t)n : sizeof line - 1;
    for (const char *at = line; left > 0;) {
        ssize_t put = write(STDERR_FILENO, at, left);
        if (put <= 0)
            return;
        at += put;
        left -= (size_t)put;
    }
}

struct walk {
    uintptr_t from; /* the frame to begin with; UNKNOWN: the first */
    bool begun;
    int walked, frames, most;
    const char *file, *function; /* of the last one */
    int line, repeated;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* By which the C library ends a process: nothing that its user looks for. */
static bool is_ending(const char *function)
{
    static const char *const names[] = {"__pthread_kill_implementation",
                                        "__pthread_kill_internal",
                                        "pthread_kill",
                                        "__GI_raise",
                                        "raise",
                                        "gsignal",
                                        "__GI_abort",
                                        "abort"};
    for (size_t i = 0; function && i < sizeof names / sizeof *names; i++)
        if (strcmp(function, names[i]) == 0)
            return true;
    return false;
}

static void tell_repeated(struct walk *w)
{
    if (w->repeated > 0)
        say("muster:       and %s%d times more\n", w->walked == FRAMES_WALKED ? "at least " : "", w->repeated);
    w->repeated = 0;
}

static void tell_frame(struct walk *w, uintptr_t pc, const char *file, int line, const char *function)
{
    char where[192] = "", name[256] = "?";
    Dl_info in;
    if (file)
        snprintf(where, sizeof where, " (%s:%d)", base_name(file), line);
    else if (dladdr((void *)pc, &in) && in.dli_fname) /* for addr2line */
        snprintf(where, sizeof where, " (%s +%#lx)", base_name(in.dli_fname),
                 (unsigned long)(pc - (uintptr_t)in.dli_fbase));
    if (function)
        snprintf(name, sizeof name, "%s", function + (strncmp(function, "PMPI_", 5) == 0));
    say("muster:   #%-2d %s%s\n", w->frames++, name, where);
}

/* Where there is no debugging information, a name from the table of symbols. */
static void take_name(void *arg, uintptr_t pc, const char *name, uintptr_t at, uintptr_t size)
{
    *(const char **)arg = name;
}

static void ignore(void *arg, const char *message, int error)
{
}

static int walk_frame(void *arg, uintptr_t pc, const char *file, int line, const char *function)
{
    struct walk *w = arg;
    w->begun |= w->from == UNKNOWN || pc == w->from;
    if (!w->begun || pc + 1 <= 1) /* what is no function, or the end */
        return 0;
    if (!function)
        backtrace_syminfo(symbols, pc, take_name, ignore, &function);
    if (w->frames == 0 && is_ending(function))
        return 0;
    if (++w->walked == FRAMES_WALKED)
        return 1;
    if (w->frames > 0 && function && function == w->function && file == w->file && line == w->line) {
        w->repeated++;
        return 0;
    }
    tell_repeated(w);
    tell_frame(w, pc, file, line, function);
    w->function = function;
    w->file = file;
    w->line = line;
    return w->frames == w->most || (function && strcmp(function, "main") == 0);
}

static void tell_frames(const void *context, int most)
{
    struct walk w = {.from = place_of(context), .most = most};
    backtrace_full(symbols, 1, walk_frame, ignore, &w);
    tell_repeated(&w);
    uintptr_t caller = w.frames == 0 ? caller_of(context) : 0;
    if (caller) { /* a call of what is no function: nothing else leads back from there */
        w = (struct walk){.from = UNKNOWN, .frames = 1, .most = 2};
        say("muster:   #0  no function\n");
        backtrace_pcinfo(symbols, caller - 1, walk_frame, ignore, &w);
    }
}

static void tell_what(int sig, const siginfo_t *info)
{
    char host[64] = "?", where[64] = ", outside of MPI", address[40] = "";
    int call = (int)(atomic_load_explicit(&lib.status->call, memory_order_relaxed) & 0xffff);
    gethostname(host, sizeof host - 1);
    if (lock_used())
        where[0] = 0; /* several threads: the call may be another one's */
    else if (call)
        snprintf(where, sizeof where, ", in %s", call_names[call]);
    if (info->si_code > 0 && (sig == SIGSEGV || sig == SIGBUS))
        snprintf(address, sizeof address, " at address 0x%lx", (unsigned long)(uintptr_t)info->si_addr);
    say("muster: rank %d on %s (pid %d): SIG%s%s%s\n", lib.rank, host, (int)getpid(), sigabbrev_np(sig), address,
        where);
}

/* Of the ranks of this node. */
static bool first_to_crash(void)
{
    return !nodemem_active || atomic_fetch_add_explicit(nodemem.crashes, 1, memory_order_relaxed) == 0;
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
    if (!lib.forked && knobs.BACKTRACE) {
        char advice[1024];
        signal(SIGALRM, SIG_DFL);
        alarm(LAST_SECONDS);
        tell_what(sig, info);
        bool first = first_to_crash();
        tell_frames(context, first ? FRAMES_MOST : 1);
        if (first) {
            core_file_advice(program, lib.size, advice, sizeof advice);
            say("muster: to look into it: %s\n", advice);
        }
        output_flush();
    }
    /* The handler is gone. What a fault has brought here comes back by itself, with the state that a core file is to
     * show; what was sent must be sent again. */
    if (info->si_code <= 0)
        raise(sig);
}

void crash_begin(void)
{
    struct sigaction ours = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK}, now;
    stack_t own = {.ss_sp = stack, .ss_size = sizeof stack}, other;
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = 0;
    if (!symbols && !(symbols = backtrace_create_state(NULL, 1, ignore, NULL)))
        return;
    if (sigaltstack(NULL, &other) == 0 && other.ss_flags & SS_DISABLE)
        sigaltstack(&own, NULL);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        if (sigaction(fatal[i], NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
            sigaction(fatal[i], &ours, NULL);
}
