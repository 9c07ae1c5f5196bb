/* SPDX-License-Identifier: BSD-3-Clause
 *
 * source: this machine's files and commands. A command has some seconds; its stderr is the user's.
 */
#include "common/file.h"
#include "common/now.h"
#include "common/xalloc.h"
#include "launcher/rm/rm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 << 20)
#define OUTPUT_MAX ((size_t)64 << 20)
#define PATIENCE_MS 10000

char *rm_file(const struct rm_source *s, const char *path, struct err *e)
{
    return file_read(path, FILE_MAX, NULL, e);
}

/* Starts it with no stdin and its stdout in a pipe. Returns the pipe's end, or -1 with errno set. */
static int command_start(const struct rm_source *s, const char *const argv[], pid_t *pid)
{
    int fd[2], rc;
    posix_spawn_file_actions_t actions;
    if (pipe2(fd, O_CLOEXEC) < 0)
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fd[1], 1);
    rc = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv, s->env);
    posix_spawn_file_actions_destroy(&actions);
    close(fd[1]);
    if (rc == 0)
        return fd[0];
    close(fd[0]);
    errno = rc;
    return -1;
}

/* What comes out of fd until its end. NULL with *why set. */
static char *command_read(int fd, const char **why)
{
    size_t len = 0, cap = 4096;
    char *text = xmalloc(cap);
    uint64_t end = now_ns() + (uint64_t)PATIENCE_MS * 1000000;
    for (;;) {
        uint64_t now = now_ns();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int rc = now < end ? poll(&p, 1, (int)((end - now) / 1000000) + 1) : 0;
        if (rc < 0 && errno == EINTR)
            continue;
        if (len + 1 == cap)
            text = xrealloc(text, cap *= 2);
        ssize_t n = rc > 0 ? read(fd, text + len, cap - len - 1) : -1;
        *why = rc == 0 ? "said nothing for some seconds" : n < 0 ? strerror(errno) : "said too much";
        if (n == 0)
            break;
        len += n > 0 ? (size_t)n : 0;
        if (n < 0 || len > OUTPUT_MAX) {
            free(text);
            return NULL;
        }
    }
    text[len] = '\0';
    return text;
}

char *rm_output(const struct rm_source *s, const char *const argv[], struct err *e)
{
    pid_t pid;
    int status;
    const char *why;
    int fd = command_start(s, argv, &pid);
    if (fd < 0) {
        err_set(e, "unable to run %s: %m", argv[0]);
        return NULL;
    }
    char *text = command_read(fd, &why);
    close(fd);
    if (!text)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!text)
        err_set(e, "%s %s %s: %s", argv[0], argv[1], argv[2], why);
    else if (status)
        err_set(e, "%s %s %s failed with status %d", argv[0], argv[1], argv[2],
                WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    if (text && !status)
        return text;
    free(text);
    return NULL;
}
