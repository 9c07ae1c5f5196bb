/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_shell_command: what goes through a login shell arrives as it was, whatever is in the path.
 */
#include "launcher/start/shell_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* Runs the command by sh, as an ssh server would, and returns what it writes. */
static void run(const char *proxy, char *out, size_t size)
{
    char *command = shell_command(&(struct starter){.proxy = proxy}), line[4096];
    snprintf(line, sizeof line, "PATH=/usr/bin:/bin; %s 2>&1", command);
    FILE *f = popen(line, "r");
    assert_non_null(f);
    out[fread(out, 1, size - 1, f)] = '\0';
    pclose(f);
    free(command);
}

static void the_proxy_is_started_at_its_path(void **state)
{
    static const char *const names[] = {"plain", "with space", "it's", "a$b`c\"d\\e!f;g&h*i", "\xc3\xa4"};
    char dir[] = "/tmp/test_shell_command.XXXXXX", path[256], out[256];
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        FILE *f = fopen(path, "w");
        fputs("#!/bin/sh\necho started \"$@\"\n", f);
        fclose(f);
        chmod(path, 0755);
        run(path, out, sizeof out);
        unlink(path);
        assert_string_equal(out, "started --stdio --mark\n");
    }
    rmdir(dir);
}

static void a_proxy_that_is_not_there_is_told(void **state)
{
    char out[256];
    run("/nonexistent/muster-proxy", out, sizeof out);
    assert_string_equal(out, "muster-proxy: not found at /nonexistent/muster-proxy, nor in PATH\n");
}

static void only_ssh_gets_options_of_ssh(void **state)
{
    struct hostlist_host host = {.name = "n1", .user = "me", .port = 2222, .key = (char *)"/k"};
    char *more[] = {"-v", NULL};
    struct starter st = {.proxy = "/x", .remote = {.hosts = &host, .args = more, .connect_ms = 1500}};
    struct start s = {.host = "n1", .starter = &st};
    char **ssh = shell_argv(&s, "/usr/bin/ssh"), **other = shell_argv(&s, "rsh");
    assert_string_equal(ssh[1], "-v");
    bool timeout = false, end = false, port = false, key = false;
    for (size_t i = 0; ssh[i]; i++) {
        timeout |= strcmp(ssh[i], "ConnectTimeout=2") == 0;
        port |= strcmp(ssh[i], "-p") == 0 && strcmp(ssh[i + 1], "2222") == 0;
        key |= strcmp(ssh[i], "-o") == 0 && strcmp(ssh[i + 1], "IdentityFile=/k") == 0;
        end |= strcmp(ssh[i], "--") == 0 && strcmp(ssh[i + 1], "n1") == 0;
    }
    assert_true(timeout && port && key && end);
    assert_string_equal(other[1], "-v");
    assert_string_equal(other[2], "-l");
    assert_string_equal(other[3], "me");
    assert_string_equal(other[4], "n1");
    assert_non_null(other[5]);
    assert_null(other[6]);
    shell_argv_free(ssh);
    shell_argv_free(other);
}

static void a_scheduler_knows_the_user(void **state)
{
    struct hostlist_host host = {.name = "n1", .user = "me"};
    struct starter st = {.proxy = "/x", .remote = {.hosts = &host}};
    struct start s = {.host = "n1", .starter = &st};
    char **lsf = shell_argv(&s, "/opt/lsf/bin/blaunch"), **sge = shell_argv(&s, "qrsh");
    assert_string_equal(lsf[1], "n1");
    assert_null(lsf[3]);
    assert_string_equal(sge[1], "-inherit");
    assert_string_equal(sge[2], "-V");
    assert_string_equal(sge[3], "n1");
    assert_null(sge[5]);
    shell_argv_free(lsf);
    shell_argv_free(sge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_proxy_is_started_at_its_path),
        cmocka_unit_test(a_proxy_that_is_not_there_is_told),
        cmocka_unit_test(only_ssh_gets_options_of_ssh),
        cmocka_unit_test(a_scheduler_knows_the_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
