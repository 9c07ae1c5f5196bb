/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_spawn: programs started, and failures told by stage. */
#include "common/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char dir[] = "/tmp/muster-spawn-XXXXXX";

static char *file(const char *name, const char *text, size_t n, mode_t mode)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), n);
    fchmod(fd, mode);
    close(fd);
    return path;
}

/* Runs sh -c script; returns its exit code. */
static int shell(struct spawn s, const char *script)
{
    char *argv[] = {"sh", "-c", (char *)script, NULL}, *envp[] = {"X=7", NULL};
    enum spawn_stage stage;
    int status;
    s.file = "/bin/sh";
    s.argv = argv;
    s.envp = envp;
    pid_t pid = spawn_start(&s, &stage);
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void what_the_child_finds(void **state)
{
    assert_int_equal(shell((struct spawn){.umask = -1}, "exit $X"), 7);
    assert_int_equal(shell((struct spawn){.umask = 027}, "test $(umask) = 0027"), 0);
    assert_int_equal(shell((struct spawn){.umask = -1, .cwd = dir}, "test $(pwd -P) = $(cd . && pwd -P)"), 0);
    struct rlimit few = {77, 77};
    assert_int_equal(shell((struct spawn){.umask = -1, .nofile = &few}, "exit $(ulimit -n)"), 77);
    int p[2];
    assert_int_equal(pipe2(p, O_CLOEXEC), 0);
    struct spawn_fd fds[] = {{p[1], 1}, {p[1], 5}};
    assert_int_equal(shell((struct spawn){.umask = -1, .fds = fds, .nfds = 2}, "echo a; echo b >&5"), 0);
    char got[8] = "";
    assert_int_equal(read(p[0], got, sizeof got), 4);
    assert_string_equal(got, "a\nb\n");
    close(p[0]);
    close(p[1]);
    /* Only what it was given, besides 0, 1 and 2: 9 is not there. */
    assert_int_not_equal(shell((struct spawn){.umask = -1}, "exec 2>/dev/null; : >&9"), 0);
}

static void signals_are_default_and_free(void **state)
{
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    int code =
        shell((struct spawn){.umask = -1}, "test \"$(grep -c 'Sig[BI]..:.0000000000000000' /proc/self/status)\" = 2");
    signal(SIGUSR1, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    assert_int_equal(code, 0);
}

static void fails(struct spawn s, const char *path, enum spawn_stage want, int error)
{
    char *argv[] = {"x", NULL}, *envp[] = {NULL};
    enum spawn_stage stage;
    s.file = path;
    s.argv = argv;
    s.envp = envp;
    s.umask = -1;
    errno = 0;
    assert_int_equal(spawn_start(&s, &stage), -1);
    assert_int_equal(errno, error);
    assert_int_equal(stage, want);
    assert_true(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); /* nothing is left to wait for */
}

static void where_it_failed(void **state)
{
    fails((struct spawn){0}, "/no/such/file", SPAWN_EXEC, ENOENT);
    fails((struct spawn){.cwd = "/no/such/dir"}, "/bin/true", SPAWN_CHDIR, ENOENT);
    fails((struct spawn){0},
          file("bad",
               "\x7f"
               "ELF\0\0\0\0",
               8, 0755),
          SPAWN_EXEC, ENOEXEC);
    fails((struct spawn){0}, file("plain", "x", 1, 0644), SPAWN_EXEC, EACCES);
    fails((struct spawn){0}, file("interp", "#!/no/such\n", 11, 0755), SPAWN_EXEC, ENOENT);
    cpu_set_t none;
    CPU_ZERO(&none);
    fails((struct spawn){.cpus = &none, .cpus_size = sizeof none}, "/bin/true", SPAWN_BIND, EINVAL);
}

/* Of its own session; where descriptor 0 is none, that is told. */
static void a_terminal(void **state)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(slave >= 0);
    struct spawn_fd tty[] = {{slave, 0}, {slave, 1}};
    struct spawn s = {.umask = -1, .fds = tty, .nfds = 2, .new_session = true};
    assert_int_not_equal(shell(s, "exec 2>/dev/null; : >/dev/tty"), 0);
    s.terminal = true;
    assert_int_equal(shell(s, "exec 2>/dev/null; : >/dev/tty"), 0);
    close(slave);
    close(master);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct spawn_fd none[] = {{null, 0}};
    fails((struct spawn){.fds = none, .nfds = 1, .new_session = true, .terminal = true}, "/bin/true", SPAWN_FORK,
          ENOTTY);
    close(null);
}

static void text_without_interpreter(void **state)
{
    char *path = file("script", "exit 5\n", 7, 0755), *argv[] = {"x", NULL}, *envp[] = {NULL};
    struct spawn s = {.file = path, .argv = argv, .envp = envp, .umask = -1};
    enum spawn_stage stage;
    int status;
    pid_t pid = spawn_start(&s, &stage);
    assert_true(pid > 0);
    waitpid(pid, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 5);
}

static void finding(void **state)
{
    char found[PATH_MAX], path[512];
    file("prog", "", 0, 0755);
    file("data", "", 0, 0644);
    assert_int_equal(spawn_find("prog", dir, "/", found), 0);
    snprintf(path, sizeof path, "%s/prog", dir);
    assert_string_equal(found, path);
    assert_int_equal(spawn_find("prog", "", dir, found), 0); /* an empty part is cwd */
    assert_int_equal(spawn_find("./prog", "/bin", dir, found), 0);
    assert_int_equal(spawn_find("sh", NULL, "/", found), 0);
    assert_int_equal(spawn_find("prog", "/bin:/no/such", "/", found), ENOENT);
    assert_int_equal(spawn_find("data", dir, "/", found), EACCES);
    assert_int_equal(spawn_find("./data", NULL, dir, found), EACCES);
    assert_int_equal(spawn_find("./data/x", NULL, dir, found), ENOTDIR);
    assert_int_equal(spawn_find("", dir, "/", found), ENOENT);
    assert_int_equal(spawn_find("/tmp", dir, "/", found), EACCES);
}

static int setup(void **state)
{
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_child_finds),     cmocka_unit_test(signals_are_default_and_free),
        cmocka_unit_test(where_it_failed),          cmocka_unit_test(a_terminal),
        cmocka_unit_test(text_without_interpreter), cmocka_unit_test(finding),
    };
    if (spawn_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, setup, teardown);
}
