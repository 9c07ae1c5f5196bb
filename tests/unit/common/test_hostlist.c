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

/* The list as text, "name:slots" for each host ("user@" in front, "/max" and others behind where given). */
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
        if (h->port)
            fprintf(f, " port %u", h->port);
        fprintf(f, h->key ? " key %s" : "", h->key);
        fprintf(f, h->cpus ? " cpus %s" : "", h->cpus);
        fprintf(f, h->binding ? " binding %s" : "", h->binding);
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
    {"[fe80::1],[::1]:4,me@[fe80::2%eth0.1]:2", "fe80::1:0 ::1:4 me@fe80::2%eth0.1:2"},
    {"[::ffff:10.0.0.1],[::1],^[::1]", "::ffff:10.0.0.1:0"},
    {"n[001-002]x2,n[1-2]x[0-1]", "n001x2:0 n002x2:0 n1x0:0 n1x1:0 n2x0:0 n2x1:0"},
    {"n1*3,n[2-3]*2", "n1:3 n2:2 n3:2"},
    {"10.0.0.1,node-1.example.org:2", "10.0.0.1:0 node-1.example.org:2"},
};

/* Mentions as names, one after the other. */
static void mentions_keep_the_order_in_which_hosts_were_named(void **state)
{
    static const struct {
        const char *text, *mentions;
    } cases[] = {
        {"b,a,b", "bab"}, {"c[1-2],a", "c1c2a"}, {"a:3,b", "ab"}, {"a,b,c,b,^a,^c", "bb"}, {"^b,a,b,a", "aa"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hostlist l = {0};
        struct err e;
        char text[64] = "";
        assert_int_equal(hostlist_parse(&l, cases[i].text, &e), 0);
        for (size_t k = 0; k < l.nmentions; k++)
            strcat(text, l.hosts[l.mentions[k]].name);
        assert_string_equal(text, cases[i].mentions);
        hostlist_fini(&l);
    }
}

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
    {"a b", "not allowed here", 2},
    {"a:0", "1 to 1000000 slots", 2},
    {"a:x", "number is expected", 2},
    {"a:4x", "not allowed here", 3},
    {"n[1-", "number is expected", 4},
    {"n[1-3", "']'", 5},
    {"n[3-1]", "ends before", 2},
    {"n[]", "number is expected", 2},
    {"n[1,^1]", "no number", 1},
    {"n[1-2]]", "not allowed here", 6},
    {"n[1234567890]", "9 digits", 2},
    {"n[0-999999999]", "more than 1000000 hosts", 0},
    {"n[1-999999][1-999999][1-999999][1-999999]", "more than 1000000 hosts", 0},
    {"+n0", "relative hosts", 0},
    {"a\xc3\xa4", "not allowed here", 1},
    {"me@", "name of a host", 3},
    {"x@a,y@a", "two users", 4},
    {"fe80::1", "is written in brackets", 4},
    {"a,fe80::1:2", "is written in brackets", 6},
    {"[fe80::1", "number is expected", 1},
    {"[fe80:1]", "not an IPv6 address", 1},
    {"a,[::1%]:2", "not an IPv6 address", 3},
    {"[::1]x", "not allowed here", 5},
    {"a:2:3", "is written in brackets", 1},
    {"a*", "number is expected", 2},
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
        /* Hydra */
        {"a:4 binding=user:0+2,1+3 user=me\nb:2 ifname=ib0", "me@a:4 binding user:0+2,1+3 b:2"},
        /* Open MPI */
        {"a slots=4 max_slots=8\nme@b slots=2 slots_max=2\nc max-slots=3", "a:4/8 me@b:2/2 c:0/3"},
        /* Slurm: scontrol show hostnames, a hostlist of scontrol show hostlistsorted, a file for
           --distribution=arbitrary */
        {"n001\nn002\n", "n001:0 n002:0"},
        {"n[001-002,004]", "n001:0 n002:0 n004:0"},
        {"n1*2\nn2\nn1\n", "n1:3 n2:0"},
        {"a port=2222 key=~/.ssh/id cpus=0-3,8\n[fe80::1] slots=2 port = 22\n",
         "a:0 port 2222 key ~/.ssh/id cpus 0-3,8 fe80::1:2 port 22"},
        {"a port=22\na user=me\na key=k\n", "me@a:3 port 22 key k"},
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
        {"a weight=2\n", "unknown key weight"},
        {"a port=0", "1 to 65535"},
        {"a port=65536", "1 to 65535"},
        {"a key=", "key file is expected"},
        {"a cpus=x", "not a list of processors"},
        {"a port=1\na port=2\n", "two ports"},
        {"a key=1\na key=2\n", "two keys, 1 and 2"},
        {"a binding=core\na binding=none\n", "two bindings"},
        {"a b\n", "slots=N"},
        {"a:2 slots=3", "given twice"},
        {"a slots=4 max_slots=2", "less than slots"},
        {"# nothing\n", "names no host"},
        {"a slots=2x", "not allowed here"},
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

/* The whole line is shown, whatever part of it is wrong, blanks as blanks. */
static void a_wrong_line_is_shown_whole(void **state)
{
    static const struct {
        const char *text, *shown;
    } files[] = {
        {"a\n\tb:x slots=2 # why\n", ":2: a number is expected here\n  b:x slots=2\n    ^"},
        {"ab\tslots=2 sluts=3\n", "\n  ab slots=2 sluts=3\n             ^"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct hostlist l = {0};
        struct err e = {""};
        int rc;
        read_text(files[i].text, &l, &e, &rc);
        assert_int_equal(rc, -1);
        if (!strstr(e.text, files[i].shown))
            fail_msg("%s", e.text);
        hostlist_fini(&l);
    }
}

static void mentions_are_counted(void **state)
{
    struct hostlist l = {0};
    struct err e = {""};
    assert_int_equal(hostlist_mention(&l, "a b", 1, 1, "", &e), 0);
    assert_int_equal(hostlist_mention(&l, "n[1-2],a", 8, 2, "", &e), 0);
    assert_int_equal(hostlist_mention(&l, "", 0, 2, "", &e), 0);
    char *s = drawn(&l);
    assert_string_equal(s, "a:3 n1:2 n2:2");
    free(s);
    assert_int_equal(hostlist_mention(&l, "a;b", 3, 1, "nodes:7: ", &e), -1);
    assert_string_equal(e.text, "nodes:7: this character is not allowed here\n  a;b\n   ^");
    hostlist_fini(&l);
}

static void a_host_is_completed(void **state)
{
    struct hostlist l = {0}, file = {0};
    struct err e = {""};
    int rc;
    assert_int_equal(hostlist_parse(&l, "me@a:2,b", &e), 0);
    read_text("a slots=9 max_slots=10 user=you port=22 key=k\nb slots=3 port=23 user=you\n", &file, &e, &rc);
    assert_int_equal(rc, 0);
    hostlist_complete(&l.hosts[0], &file.hosts[0]);
    hostlist_complete(&l.hosts[1], &file.hosts[1]);
    char *s = drawn(&l);
    assert_string_equal(s, "me@a:2/10 port 22 key k you@b:3 port 23");
    free(s);
    hostlist_fini(&l);
    hostlist_fini(&file);
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
        cmocka_unit_test(mentions_keep_the_order_in_which_hosts_were_named),
        cmocka_unit_test(lists_come_out_as_typed),
        cmocka_unit_test(wrong_lists_show_where),
        cmocka_unit_test(a_list_without_hosts_is_an_error),
        cmocka_unit_test(long_names_and_bounds_hold),
        cmocka_unit_test(many_hosts_are_found),
        cmocka_unit_test(files_come_out_as_written),
        cmocka_unit_test(wrong_files_name_the_line),
        cmocka_unit_test(a_wrong_line_is_shown_whole),
        cmocka_unit_test(mentions_are_counted),
        cmocka_unit_test(a_host_is_completed),
        cmocka_unit_test(missing_and_binary_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
