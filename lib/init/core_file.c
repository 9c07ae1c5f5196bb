/* SPDX-License-Identifier: BSD-3-Clause
 *
 * core_file: is there going to be a core file, and where? */
#include "lib/init/core_file.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* A line of a file of the kernel's, without its end; "" if it cannot be read. */
static void line_read(const char *path, char *text, size_t n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, n - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[got > 0 ? got : 0] = 0;
    text[strcspn(text, "\n")] = 0;
}

static void put(char *path, size_t n, const char *text)
{
    size_t at = strlen(path);
    snprintf(path + at, n - at, "%s", text);
}

static void put_field(char field, int pid, const char *name, char *path, size_t n)
{
    char number[16];
    snprintf(number, sizeof number, "%d", pid);
    put(path, n, field == '%' ? "%" : field == 'p' ? number : field == 'e' ? name : "*");
}

bool core_file_path(const char *pattern, bool with_pid, int pid, const char *name, char *path, size_t n)
{
    bool named = false;
    path[0] = 0;
    if (pattern[0] == '|')
        return false;
    for (const char *p = pattern; *p; p++) {
        if (*p == '%' && p[1]) {
            named |= *++p == 'p';
            put_field(*p, pid, name, path, n);
        } else if (*p != '%') {
            put(path, n, (char[]){*p, 0});
        }
    }
    if (with_pid && !named) {
        put(path, n, ".");
        put_field('p', pid, name, path, n);
    }
    return true;
}

/* The arguments of this process, with a space before each; "..." where there is no room. */
static void arguments_put(char *text, size_t n)
{
    char line[512];
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, line, sizeof line) : 0;
    if (fd >= 0)
        close(fd);
    if (got == (ssize_t)sizeof line) {
        put(text, n, " ...");
        return;
    }
    for (ssize_t at = 0; at < got; at += (ssize_t)strlen(line + at) + 1) {
        if (at == 0)
            continue;
        bool plain = line[at] && !line[at + (ssize_t)strcspn(line + at, " \t\n'\"\\$`*?()<>|&;")];
        put(text, n, plain ? " " : " '");
        put(text, n, line + at);
        put(text, n, plain ? "" : "'");
    }
}

static void run_again(const char *program, int ranks, char *text, size_t n)
{
    if (ranks > 1)
        snprintf(text, n, "mpiexec -n %d gdb -batch -ex run -ex bt --args %s", ranks, program);
    else
        snprintf(text, n, "gdb -ex run --args %s", program);
    arguments_put(text, n);
}

void core_file_advice(const char *program, int ranks, char *text, size_t n)
{
    char pattern[256], with_pid[8], name[32] = "", path[320];
    struct rlimit most;
    if (getrlimit(RLIMIT_CORE, &most) != 0 || most.rlim_cur == 0) {
        run_again(program, ranks, text, n);
        return;
    }
    line_read("/proc/sys/kernel/core_pattern", pattern, sizeof pattern);
    line_read("/proc/sys/kernel/core_uses_pid", with_pid, sizeof with_pid);
    prctl(PR_GET_NAME, name);
    if (core_file_path(pattern[0] ? pattern : "core", with_pid[0] == '1', (int)getpid(), name, path, sizeof path))
        snprintf(text, n, "gdb %s %s", program, path);
    else if (strstr(pattern, "systemd-coredump"))
        snprintf(text, n, "coredumpctl gdb %d", (int)getpid());
    else
        snprintf(text, n, "gdb %s CORE, which the system gives to %s", program, pattern + 1);
}
