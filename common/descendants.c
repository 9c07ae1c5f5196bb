/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A process may start another one while we look, so one pass proves nothing: passes go on until a process without
 * children is left. Stopping each before killing it would not be safer: SIGKILL is as fast.
 */
#include "common/descendants.h"

#include "common/xalloc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FREE_ROUNDS 8

struct process {
    pid_t pid, parent;
    char below; /* 0: not known yet, 1: yes */
};

static pid_t *spared;
static size_t nspared;

/* Of the process whose folder in /proc that is: its parent, and its session. False: it has ended. */
static bool read_stat(const char *pid, int *parent, int *session)
{
    char path[64], line[512], state;
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = 0;
    char *after = strrchr(line, ')'); /* the name may hold anything, brackets too */
    return after && sscanf(after + 1, " %c %d %*d %d", &state, parent, session) == 3 && state != 'Z';
}

bool descendants_in_session(pid_t session)
{
    DIR *d = opendir("/proc");
    bool any = false;
    int parent, of;
    for (struct dirent *e; d && !any && (e = readdir(d));)
        any = isdigit((unsigned char)e->d_name[0]) && read_stat(e->d_name, &parent, &of) && of == session;
    if (d)
        closedir(d);
    return any;
}

static pid_t parent_of(const char *pid)
{
    int parent, session;
    return read_stat(pid, &parent, &session) ? parent : -1;
}

static struct process *all_processes(size_t *count)
{
    DIR *d = opendir("/proc");
    struct process *v = NULL;
    size_t cap = 0;
    *count = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!isdigit((unsigned char)e->d_name[0]))
            continue;
        pid_t parent = parent_of(e->d_name);
        if (parent < 0)
            continue;
        if (*count == cap) {
            cap = cap ? cap * 2 : 128;
            v = xreallocarray(v, cap, sizeof *v);
        }
        v[(*count)++] = (struct process){atoi(e->d_name), parent, 0};
    }
    if (d)
        closedir(d);
    return v;
}

static bool contains(const pid_t *v, size_t n, pid_t pid)
{
    for (size_t i = 0; i < n; i++)
        if (v[i] == pid)
            return true;
    return false;
}

static int by_pid(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

static void mark_below(struct process *v, size_t n, pid_t root)
{
    if (n) /* /proc may be closed to us */
        qsort(v, n, sizeof *v, by_pid);
    bool again = true;
    while (again) {
        again = false;
        for (size_t i = 0; i < n; i++) {
            if (v[i].below || contains(spared, nspared, v[i].pid))
                continue;
            struct process key = {.pid = v[i].parent};
            struct process *p = v[i].parent == root ? NULL : bsearch(&key, v, n, sizeof *v, by_pid);
            if (v[i].parent == root || (p && p->below))
                v[i].below = again = true;
        }
    }
}

size_t descendants_signal(pid_t root, int sig)
{
    size_t n, found = 0;
    struct process *v = all_processes(&n);
    mark_below(v, n, root);
    for (size_t i = 0; i < n; i++)
        if (v[i].below && v[i].pid != root && kill(v[i].pid, sig) == 0)
            found++;
    free(v);
    return found;
}

static bool catches(pid_t pid, int sig)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "re");
    unsigned long long caught = 0;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "SigCgt: %llx", &caught) == 1)
            break;
    if (f)
        fclose(f);
    return caught >> (sig - 1) & 1;
}

void descendants_signal_catchers(pid_t root, int sig)
{
    size_t n;
    struct process *v = all_processes(&n);
    mark_below(v, n, root);
    for (size_t i = 0; i < n; i++)
        if ((v[i].below || v[i].pid == root) && catches(v[i].pid, sig))
            kill(v[i].pid, sig);
    free(v);
}

/* The kernel's words for it, in /proc/PID/stat (include/linux/sched.h). */
#define PF_EXITING 0x4u
#define PF_DUMPCORE 0x200u
#define PF_SIGNALED 0x400u

bool descendants_is_dying(pid_t pid)
{
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof line - 1);
    if (fd >= 0)
        close(fd);
    line[n < 0 ? 0 : n] = 0;
    char *after = strrchr(line, ')');
    unsigned flags = 0;
    char state;
    if (!after || sscanf(after + 1, " %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2)
        return false;
    return state == 'Z' || flags & (PF_EXITING | PF_DUMPCORE | PF_SIGNALED);
}

void descendants_kill_others(const pid_t *known, size_t n)
{
    size_t count;
    struct process *v = all_processes(&count);
    for (size_t i = 0; i < count; i++) {
        if (v[i].parent != getpid() || contains(known, n, v[i].pid) || contains(spared, nspared, v[i].pid))
            continue;
        descendants_signal(v[i].pid, SIGKILL);
        kill(v[i].pid, SIGKILL);
    }
    free(v);
}

void descendants_spare_child(pid_t pid)
{
    spared = xreallocarray(spared, nspared + 1, sizeof *spared);
    spared[nspared++] = pid;
}

void descendants_spare(void)
{
    siginfo_t info;
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return; /* no child, as nearly always */
    size_t n;
    struct process *v = all_processes(&n);
    for (size_t i = 0; i < n; i++) {
        if (v[i].parent != getpid())
            continue;
        descendants_spare_child(v[i].pid);
    }
    free(v);
}

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* As the kernel lists our children, which costs much less than to look at all processes; false: it does not say. */
static bool only_spared(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *f = nspared ? fopen(path, "re") : NULL;
    int child;
    bool only = f != NULL;
    while (only && fscanf(f, "%d", &child) == 1)
        only = contains(spared, nspared, child);
    if (f)
        fclose(f);
    return only;
}

size_t descendants_end(int ms)
{
    long end = now_ms() + ms;
    unsigned rounds = 0;
    for (;;) {
        pid_t p;
        while ((p = waitpid(-1, NULL, WNOHANG)) > 0) {
        }
        if ((p < 0 && errno == ECHILD) || only_spared())
            return 0;
        /* Mostly they are ending by themselves just now, and need not be looked for. */
        size_t found = rounds < FREE_ROUNDS ? 1 : descendants_signal(getpid(), SIGKILL);
        if ((found == 0 && nspared) || now_ms() >= end)
            return found;
        struct timespec pause = {0, rounds++ < FREE_ROUNDS ? 200000 : 1000000};
        nanosleep(&pause, NULL);
    }
}
