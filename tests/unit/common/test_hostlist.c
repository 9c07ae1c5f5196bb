/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_hostlist: host lists as people type them. */
#include "common/hostlist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* The list as text, "name:slots" for each host ("user@" in front, "/max" behind where given). */
static char *drawn(const struct hostlist *l)
{
    char *s = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&s, &n);
    for (size_t i = 0; i < l->n; i++) {
        const struct hostlist_host *h = &l->hosts[i];
        fprintf(f, "%s%s%s%s:%u", i ? " " : "", h->user ? h->user : "", h->user ? "@" : "", h->name, h->slots);
        if (h->max_slots)
            fprintf(f, "/%u", h->max_slots);
    }
    fclose(f);
    return s;
}

static char *read_text(const char *text, struct hostlist *l, struct err *e, int *rc)
{
    static char path[] = "/tmp/muster-hostlist-XXXXXX";
    strcpy(path + sizeof path - 7, "XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    *rc = hostlist_read(l, path, e);
    unlink(path);
    return path;
}

static const struct {
    const char *text, *hosts;
} lists[] = {
    {"a", "a:0"},
    {"a,b:4", "a:0 b:4"},
    {" a , b ", "a:0 b:0"},
    {"a,a", "a:2"},
    {"a,b,a:4", "a:5 b:0"},
    {"a:2,a:3", "a:5"},
    {"n[1-3]", "n1:0 n2:0 n3:0"},
    {"n[01-03,7]:8", "n01:8 n02:8 n03:8 n7:8"},
    {"n[098-101]", "n098:0 n099:0 n100:0 n101:0"},
    {"n[9-11]", "n9:0 n10:0 n11:0"},
    {"n[1-5,^3]", "n1:0 n2:0 n4:0 n5:0"},
    {"n[1-9,^2-4,^6-12]", "n1:0 n5:0"},
    {"r[1-2]n[1-2]-ib", "r1n1-ib:0 r1n2-ib:0 r2n1-ib:0 r2n2-ib:0"},
    {"[1-2]", "1:0 2:0"},
    {"x[1-2][8-9]", "x18:0 x19:0 x28:0 x29:0"},
    {"root@a:2,b", "root@a:2 b:0"},
    {"a,b,c,^b", "a:0 c:0"},
    {"^n[2-3],n[1-4]", "n1:0 n4:0"},
    {"10.0.0.1,node-1.example.org:2", "10.0.0.1:0 node-1.example.org:2"},
};

static void lists_come_out_as_typed(void **state)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct hostlist l = {0};
        struct err e = {""};
        if (hostlist_parse(&l, lists[i].text, &e) < 0)
            fail_msg("%s: %s", lists[i].text, e.text);
        char *s = drawn(&l);
        assert_string_equal(s, lists[i].hosts);
        free(s);
        hostlist_fini(&l);
    }
}

static const struct {
    const char *text, *says;
    int column; /* of the caret */
} bad[] = {
    {"a,,b", "name of a host", 2},
    {"a,", "name of a host", 2},
    {"a b", "cannot stand", 2},
    {"a:0", "1 to 1000000 slots", 2},
    {"a:x", "number is expected", 2},
    {"a:4x", "cannot stand", 3},
    {"n[1-", "number is expected", 4},
    {"n[1-3", "']'", 5},
    {"n[3-1]", "ends before", 2},
    {"n[]", "number is expected", 2},
    {"n[1,^1]", "no number", 1},
    {"n[1-2]]", "cannot stand", 6},
    {"n[1234567890]", "9 digits", 2},
    {"n[0-999999999]", "more than 1000000 hosts", 0},
    {"n[1-999999][1-999999][1-999999][1-999999]", "more than 1000000 hosts", 0},
    {"+n0", "relative hosts", 0},
    {"a\xc3\xa4", "cannot stand", 1},
    {"me@", "name of a host", 3},
    {"x@a,y@a", "two users", 4},
    {"a:999999,a:2", "more than 1000000 slots", 9},
};

static void wrong_lists_show_where(void **state)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct hostlist l = {0};
        struct err e = {""};
        assert_int_equal(hostlist_parse(&l, bad[i].text, &e), -1);
        if (!strstr(e.text, bad[i].says))
            fail_msg("%s: %s", bad[i].text, e.text);
        const char *caret = strrchr(e.text, '\n');
        assert_non_null(caret);
        assert_int_equal(strlen(caret) - 4, bad[i].column);
        assert_int_equal(caret[strlen(caret) - 1], '^');
        hostlist_fini(&l);
    }
}

static void a_list_without_hosts_is_an_error(void **state)
{
    const char *const texts[] = {"", "  ", "^a", "a,^a"};
    for (size_t i = 0; i < 4; i++) {
        struct hostlist l = {0};
        struct err e = {""};
        assert_int_equal(hostlist_parse(&l, texts[i], &e), -1);
        assert_non_null(strstr(e.text, "host"));
        hostlist_fini(&l);
    }
}

static void long_names_and_bounds_hold(void **state)
{
    char name[400], twice[900];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct hostlist l = {0};
    struct err e;
    assert_int_equal(hostlist_parse(&l, name, &e), -1);
    name[200] = '\0';
    snprintf(twice, sizeof twice, "%s[1-2]%s", name, name);
    assert_int_equal(hostlist_parse(&l, twice, &e), -1);
    assert_non_null(strstr(e.text, "255"));
    hostlist_fini(&l);
    l.max = 3;
    assert_int_equal(hostlist_parse(&l, "a,b,c", &e), 0);
    assert_int_equal(hostlist_parse(&l, "d", &e), -1);
    hostlist_fini(&l);
}

static void many_hosts_are_found(void **state)
{
    struct hostlist l = {0};
    struct err e;
    assert_int_equal(hostlist_parse(&l, "n[00001-10000]:64,x", &e), 0);
    assert_int_equal(l.n, 10001);
    assert_int_equal(hostlist_find(&l, "n00001"), 0);
    assert_int_equal(hostlist_find(&l, "n10000"), 9999);
    assert_int_equal(hostlist_find(&l, "x"), 10000);
    assert_int_equal(hostlist_find(&l, "n1"), -1);
    hostlist_fini(&l);
}

static void files_come_out_as_written(void **state)
{
    static const struct {
        const char *text, *hosts;
    } files[] = {
        {"a\nb:4\n", "a:0 b:4"},
        {"# all\n\na slots=2 # two\r\nb slots = 3 max_slots=6\n", "a:2 b:3/6"},
        {"n[1-2]:8\n^n2", "n1:8"},
        {"a\na\na\nb\n", "a:3 b:0"},
        {"a user=root\nme@b", "root@a:0 me@b:0"},
        {"a,b slots=2\n", "a:2 b:2"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct hostlist l = {0};
        struct err e = {""};
        int rc;
        read_text(files[i].text, &l, &e, &rc);
        if (rc < 0)
            fail_msg("%s", e.text);
        char *s = drawn(&l);
        assert_string_equal(s, files[i].hosts);
        free(s);
        hostlist_fini(&l);
    }
}

static void wrong_files_name_the_line(void **state)
{
    static const struct {
        const char *text, *says;
    } files[] = {
        {"a\nb:x\n", ":2: a number is expected"},
        {"a slots=\n", ":1: a number is expected"},
        {"a binding=user:0\n", "unknown key binding"},
        {"a b\n", "slots=N"},
        {"a:2 slots=3", "given twice"},
        {"a slots=4 max_slots=2", "less than slots"},
        {"# nothing\n", "names no host"},
        {"a slots=2x", "cannot stand"},
        {"a user=", "name of a user"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct hostlist l = {0};
        struct err e = {""};
        int rc;
        const char *path = read_text(files[i].text, &l, &e, &rc);
        assert_int_equal(rc, -1);
        if (!strstr(e.text, files[i].says) || !strstr(e.text, path))
            fail_msg("%s: %s", files[i].text, e.text);
        hostlist_fini(&l);
    }
}

static void missing_and_binary_files_are_named(void **state)
{
    struct hostlist l = {0};
    struct err e;
    assert_int_equal(hostlist_read(&l, "/nonexistent/hosts", &e), -1);
    assert_non_null(strstr(e.text, "/nonexistent/hosts: No such file"));
    assert_int_equal(hostlist_read(&l, "/", &e), -1);
    assert_int_equal(hostlist_read(&l, "/proc/self/cmdline", &e), -1);
    assert_non_null(strstr(e.text, "NUL"));
    hostlist_fini(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_come_out_as_typed),
        cmocka_unit_test(wrong_lists_show_where),
        cmocka_unit_test(a_list_without_hosts_is_an_error),
        cmocka_unit_test(long_names_and_bounds_hold),
        cmocka_unit_test(many_hosts_are_found),
        cmocka_unit_test(files_come_out_as_written),
        cmocka_unit_test(wrong_files_name_the_line),
        cmocka_unit_test(missing_and_binary_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
