/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_stage: what is sent to a host, and that the command there makes the same files of it.
 */
#include "launcher/start/stage.h"

#include "common/start.h"
#include "launcher/start/mark.h"
#include "launcher/start/shell_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[] = "/tmp/test_stage.XXXXXX";

static const char *in_dir(const char *name)
{
    static char path[8][512];
    static int next;
    char *p = path[next++ % 8];
    snprintf(p, sizeof *path, "%s/%s", dir, name);
    return p;
}

static void write_text(const char *name, const char *text, mode_t mode)
{
    FILE *f = fopen(in_dir(name), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    chmod(in_dir(name), mode);
}

static void what_cannot_be_copied_is_told(void **state)
{
    struct stage s = {.by_content = true};
    struct err e;
    write_text("a", "a", 0644);
    mkdir(in_dir("sub"), 0700);
    write_text("sub/a", "b", 0644);
    write_text("-r", "b", 0644);
    assert_int_equal(stage_add(&s, "/x/a", in_dir("a"), &e), 0);
    assert_int_equal(stage_add(&s, "/x/a", in_dir("a"), &e), 0);
    assert_int_equal(s.n, 1);
    assert_int_equal(stage_add(&s, "/x/sub/a", in_dir("sub/a"), &e), -1);
    assert_non_null(strstr(e.text, "two files of one name"));
    assert_int_equal(stage_add(&s, "/x/r", in_dir("-r"), &e), -1);
    assert_int_equal(stage_add(&s, "/x/b", in_dir("b"), &e), -1);
    assert_non_null(strstr(e.text, "No such file"));
    assert_int_equal(stage_add(&s, "/x/c", in_dir("sub"), &e), -1);
    assert_non_null(strstr(e.text, "not a file"));
    struct stage_send t;
    assert_int_equal(stage_send_begin(&t, &s, "", &e), -1);
    assert_int_equal(stage_send_begin(&t, &s, "2", &e), -1);
    assert_int_equal(stage_send_begin(&t, &s, "11", &e), -1);
    stage_fini(&s);
}

/* All that goes to a host, taken in pieces of at most so many bytes. */
static size_t send_all(struct stage *s, const char *want, size_t piece, char *to)
{
    struct stage_send t;
    struct err e;
    const void *p;
    size_t len = 0;
    assert_int_equal(stage_send_begin(&t, s, want, &e), 0);
    for (size_t n; (n = stage_send_next(&t, &p)) > 0; len += n) {
        n = n < piece ? n : piece;
        memcpy(to + len, p, n);
        stage_send_took(&t, n);
    }
    to[len] = '\0';
    return len;
}

static void only_what_is_wanted_is_sent(void **state)
{
    static const struct {
        const char *want, *sent;
    } cases[] = {{"000", "0\n"},
                 {"101", "755 5 proxy\nproxy644 0 none\n0\n"},
                 {"010", "600 4 a b\ntext0\n"},
                 {"111", "755 5 proxy\nproxy600 4 a b\ntext644 0 none\n0\n"}};
    struct stage s = {0};
    struct err e;
    char sent[256];
    write_text("proxy", "proxy", 0755);
    write_text("a b", "text", 0600);
    write_text("none", "", 0644);
    assert_int_equal(stage_add(&s, "/x/proxy", in_dir("proxy"), &e), 0);
    assert_int_equal(stage_add(&s, "/x/a b", in_dir("a b"), &e), 0);
    assert_int_equal(stage_add(&s, "/x/none", in_dir("none"), &e), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece < 30; piece++) {
            send_all(&s, cases[i].want, piece, sent);
            assert_string_equal(sent, cases[i].sent);
        }
    stage_fini(&s);
}

/* The command asks, is answered, and runs the proxy that it got, which tells what it finds. */
static void the_command_makes_the_files(void **state)
{
    struct stage s = {.by_content = true};
    struct starter st = {.proxy = in_dir("muster-proxy"), .remote = {.stage = &s}};
    struct err e;
    char line[8192], out[256] = "", sent[1024];
    write_text("muster-proxy", "#!/bin/sh\necho \"$1 $2 $3\"; cat \"$4/it's\"; ls \"$4\" | wc -l; rm -r \"$4\"\n",
               0755);
    write_text("it's", "there\n", 0644);
    write_text("same", "same\n", 0644);
    assert_int_equal(stage_add(&s, "/nonexistent/muster-proxy", in_dir("muster-proxy"), &e), 0);
    assert_int_equal(stage_add(&s, "/nonexistent/it's", in_dir("it's"), &e), 0);
    assert_int_equal(stage_add(&s, in_dir("same"), in_dir("same"), &e), 0);
    send_all(&s, "110", 100, sent);
    FILE *f = fopen(in_dir("sent"), "w");
    fputs(sent, f);
    fclose(f);
    char *command = shell_command(&st);
    snprintf(line, sizeof line, "TMPDIR=%s PATH=/usr/bin:/bin; export TMPDIR; %s <%s/sent 2>&1", dir, command, dir);
    f = popen(line, "r");
    assert_non_null(f);
    out[fread(out, 1, sizeof out - 1, f)] = '\0';
    assert_int_equal(pclose(f), 0);
    free(command);
    assert_string_equal(out, WANT_MARK "110\n--stdio --mark --stage\nthere\n2\n");
    stage_fini(&s);
}

static int begin(void **state)
{
    return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
    char line[64];
    snprintf(line, sizeof line, "rm -r %s", dir);
    return system(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_copied_is_told),
        cmocka_unit_test(only_what_is_wanted_is_sent),
        cmocka_unit_test(the_command_makes_the_files),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
