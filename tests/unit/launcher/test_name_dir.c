/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_name_dir: several that publish in one directory, of which some are killed.
 */
#include "launcher/name_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "wire/codec.h"

static char place[256];

static int make_place(void **state)
{
    char base[] = "/tmp/test_name_dir.XXXXXX";
    if (!mkdtemp(base))
        return -1;
    snprintf(place, sizeof place, "%s/names", base);
    setenv("MUSTER_NAMES_DIR", place, 1);
    return 0;
}

/* Nothing may be left when the last one has gone. */
static int drop_place(void **state)
{
    char command[300];
    int left = access(place, F_OK) == 0;
    snprintf(command, sizeof command, "rm -rf %.*s", (int)strlen(place) - 6, place);
    return system(command) != 0 || left;
}

static enum name_dir_result publish(struct name_dir *d, const char *name, struct bytes port)
{
    struct err e;
    struct name_entry n = {.name = bytes_of(name), .port = port, .job = 3, .rank = 4};
    return name_dir_publish(d, &n, &e);
}

static void expect(struct name_dir *d, const char *name, const char *port)
{
    struct name_entry n;
    struct err e;
    enum name_dir_result r = name_dir_lookup(d, bytes_of(name), &n, &e);
    assert_int_equal(r, port ? NAME_DIR_DONE : NAME_DIR_ABSENT);
    if (port) {
        assert_int_equal(n.port.len, strlen(port));
        assert_memory_equal(n.port.data, port, n.port.len);
        assert_int_equal(n.job, 3);
        assert_int_equal(n.rank, 4);
    }
}

static void two_see_each_other(void **state)
{
    struct name_dir *a = name_dir_create(), *b = name_dir_create();
    expect(b, "x", NULL);
    assert_int_equal(access(place, F_OK), -1); /* who only looks makes nothing */
    assert_int_equal(publish(a, "x", bytes_of("port")), NAME_DIR_DONE);
    assert_int_equal(publish(b, "x", bytes_of("other")), NAME_DIR_TAKEN);
    assert_int_equal(publish(a, "x", bytes_of("other")), NAME_DIR_TAKEN);
    expect(b, "x", "port");
    name_dir_unpublish(b, bytes_of("x"));
    expect(b, "x", "port");
    name_dir_unpublish(a, bytes_of("x"));
    expect(b, "x", NULL);
    assert_int_equal(publish(b, "x", bytes_of("other")), NAME_DIR_DONE);
    expect(a, "x", "other");
    name_dir_unpublish(b, bytes_of("x"));
    name_dir_destroy(a);
    name_dir_destroy(b);
    name_dir_destroy(NULL);
}

/* Names and ports of any text and length. */
static void any_text(void **state)
{
    static const char *const names[] = {"../../etc/passwd", "a b", "a%20b", ".", "\xff\xfe", "n-x", "new-", ""};
    struct name_dir *a = name_dir_create(), *b = name_dir_create();
    size_t big = 1 << 20;
    char name[1025], *port = xmalloc(big + 1);
    struct name_entry n;
    struct err e;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(publish(a, names[i], bytes_of(names[i])), NAME_DIR_DONE);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        expect(b, names[i], names[i]);
        name_dir_unpublish(a, bytes_of(names[i]));
        expect(b, names[i], NULL);
    }
    for (size_t len = 250; len <= 1024; len += len < 260 ? 1 : 382) {
        memset(name, 'q', len);
        name[len] = '\0';
        assert_int_equal(publish(a, name, bytes_of("long")), NAME_DIR_DONE);
    }
    expect(b, name, "long");
    name[10] = 'p';
    expect(b, name, NULL);
    name[10] = 'q';
    for (size_t len = 250; len <= 1024; len += len < 260 ? 1 : 382) {
        name[len] = '\0';
        name_dir_unpublish(a, bytes_of(name));
        memset(name, 'q', 1024);
    }
    memset(port, 7, big);
    port[3] = '\0';
    assert_int_equal(publish(a, "big", (struct bytes){port, big}), NAME_DIR_DONE);
    assert_int_equal(name_dir_lookup(b, bytes_of("big"), &n, &e), NAME_DIR_DONE);
    assert_true(n.port.len == big && memcmp(n.port.data, port, big) == 0);
    name_dir_unpublish(a, bytes_of("big"));
    expect(b, "big", NULL);
    free(port);
    name_dir_destroy(a);
    name_dir_destroy(b);
}

/* A process that publishes these, and is killed. */
static void killed_after(int count)
{
    int ready[2];
    char byte, name[16];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct name_dir *d = name_dir_create();
        for (int i = 0; i < count; i++) {
            char port[6000];
            memset(port, 'y', sizeof port);
            snprintf(name, sizeof name, "k%d", i);
            if (publish(d, name, i % 2 ? bytes_of("port") : (struct bytes){port, sizeof port}) != NAME_DIR_DONE)
                _exit(1);
        }
        while (write(ready[1], "", 1) == 1)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
}

static void who_is_killed_has_published_nothing(void **state)
{
    enum { COUNT = 40 };
    struct name_dir *a = name_dir_create(), *b = name_dir_create();
    assert_int_equal(publish(b, "stays", bytes_of("here")), NAME_DIR_DONE);
    killed_after(COUNT);
    expect(a, "k0", NULL);
    expect(a, "k7", NULL);
    assert_int_equal(publish(a, "k7", bytes_of("new")), NAME_DIR_DONE);
    expect(b, "k7", "new");
    int rounds = 0;
    while (name_dir_sweep(a, 16))
        rounds++;
    assert_true(rounds >= COUNT / 16);
    expect(b, "k7", "new");
    expect(a, "stays", "here");
    name_dir_unpublish(a, bytes_of("k7"));
    name_dir_unpublish(b, bytes_of("stays"));
    name_dir_destroy(a);
    name_dir_destroy(b); /* drop_place sees that nothing is left */
}

/* Somebody has removed the directory, as a system does that cleans up. */
static void a_directory_that_vanishes(void **state)
{
    struct name_dir *a = name_dir_create(), *b = name_dir_create();
    char command[300];
    assert_int_equal(publish(a, "x", bytes_of("port")), NAME_DIR_DONE);
    expect(b, "x", "port");
    snprintf(command, sizeof command, "rm -r %s", place);
    assert_int_equal(system(command), 0);
    expect(b, "x", NULL);
    assert_int_equal(publish(a, "y", bytes_of("again")), NAME_DIR_DONE);
    expect(b, "y", "again");
    name_dir_unpublish(a, bytes_of("y"));
    name_dir_destroy(a);
    name_dir_destroy(b);
}

/* What nobody knows keeps the names there, while the owners go and come. */
static void a_directory_of_owners_that_is_a_new_one(void **state)
{
    struct name_dir *a = name_dir_create(), *b = name_dir_create(), *c = name_dir_create();
    char stray[300];
    assert_int_equal(publish(b, "x", bytes_of("port")), NAME_DIR_DONE);
    expect(a, "x", "port");
    snprintf(stray, sizeof stray, "%s/names/stray", place);
    assert_int_equal(symlink("nowhere", stray), 0);
    name_dir_unpublish(b, bytes_of("x"));
    name_dir_destroy(b);
    assert_int_equal(publish(c, "y", bytes_of("port")), NAME_DIR_DONE);
    expect(a, "y", "port");
    assert_int_equal(unlink(stray), 0);
    name_dir_unpublish(c, bytes_of("y"));
    name_dir_destroy(a);
    name_dir_destroy(c);
}

static void a_directory_that_others_can_enter(void **state)
{
    struct name_dir *a = name_dir_create();
    struct name_entry n;
    struct err e;
    assert_int_equal(mkdir(place, 0755), 0);
    assert_int_equal(publish(a, "x", bytes_of("port")), NAME_DIR_FAILED);
    assert_int_equal(name_dir_lookup(a, bytes_of("x"), &n, &e), NAME_DIR_FAILED);
    assert_non_null(strstr(e.text, "not a private directory"));
    assert_int_equal(rmdir(place), 0);
    name_dir_destroy(a);
}

/* One takes a lock that another one holds: publishing waits, where it must remove something. */
static void held_by_another(void **state)
{
    struct name_dir *a = name_dir_create();
    struct name_place p;
    struct err e;
    killed_after(2);
    name_place_init(&p);
    assert_int_equal(name_place_open(&p, false, &e), 0);
    int lock = name_place_lock(&p);
    assert_true(lock >= 0 && name_place_lock(&p) < 0);
    assert_int_equal(publish(a, "k1", bytes_of("new")), NAME_DIR_BUSY);
    assert_int_equal(publish(a, "free", bytes_of("new")), NAME_DIR_DONE);
    close(lock);
    assert_int_equal(publish(a, "k1", bytes_of("new")), NAME_DIR_DONE);
    while (name_dir_sweep(a, 100))
        ;
    name_dir_unpublish(a, bytes_of("k1"));
    name_dir_unpublish(a, bytes_of("free"));
    name_place_fini(&p);
    name_dir_destroy(a);
}

static void count_one(void *arg, const struct name_entry *n)
{
    ++*(int *)arg;
}

/* Many at once: of each name one wins, and all are there. */
static void many_at_once(void **state)
{
    enum { PROCS = 4, NAMES = 500 };
    int begin[2], won[2], end[2], total = 0, count = 0;
    struct err e;
    assert_int_equal(pipe(begin) | pipe(won) | pipe(end), 0);
    for (int p = 0; p < PROCS; p++) {
        if (fork() != 0)
            continue;
        struct name_dir *d = name_dir_create();
        char byte, name[16];
        int mine = 0;
        close(begin[1]);
        close(end[1]);
        bool ok = read(begin[0], &byte, 1) == 0;
        for (int i = 0; i < NAMES; i++) {
            snprintf(name, sizeof name, "m%d", i);
            mine += publish(d, name, bytes_of("port")) == NAME_DIR_DONE;
        }
        ok = ok && write(won[1], &mine, sizeof mine) == sizeof mine && read(end[0], &byte, 1) == 0;
        for (int i = 0; i < NAMES; i++) {
            snprintf(name, sizeof name, "m%d", i);
            name_dir_unpublish(d, bytes_of(name));
        }
        name_dir_destroy(d);
        _exit(!ok);
    }
    close(begin[1]);
    for (int p = 0, mine; p < PROCS; p++, total += mine)
        assert_int_equal(read(won[0], &mine, sizeof mine), sizeof mine);
    assert_int_equal(total, NAMES);
    struct name_dir *d = name_dir_create();
    assert_int_equal(name_dir_each(d, count_one, &count, &e), 0);
    assert_int_equal(count, NAMES);
    expect(d, "m17", "port");
    close(end[1]);
    for (int p = 0, status; p < PROCS; p++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    count = 0;
    assert_int_equal(name_dir_each(d, count_one, &count, &e), 0);
    assert_int_equal(count, 0);
    name_dir_destroy(d);
    close(begin[0]), close(won[0]), close(won[1]), close(end[0]);
}

static void what_is_no_link_of_ours(void **state)
{
    static const char *const bad[] = {"",
                                      "x",
                                      "muster-1",
                                      "muster-1 1.2 3 4 5 t 9 x",
                                      "muster-1 1/2 3 4 5 t 1 xp",
                                      "muster-1 .. 3 4 5 t 1 xp",
                                      "muster-1 1.2 3 4 5 f 1 x../p",
                                      "muster-1 1.2 3 4 5 q 1 xp",
                                      "muster-1 1.2 3 4 5 t -1 xp",
                                      "muster-2 1.2 3 4 5 t 1 xp"};
    struct name_entry n;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(name_link_parse(&n, bad[i]));
    assert_true(name_link_parse(&n, "muster-1 1.2 3 4 5 t 2 x port"));
    assert_true(n.name.len == 2 && n.port.len == 4 && n.since == 5 && !n.in_file);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, drop_place)
    const struct CMUnitTest tests[] = {
        TEST(two_see_each_other),
        TEST(any_text),
        TEST(who_is_killed_has_published_nothing),
        TEST(a_directory_that_vanishes),
        TEST(a_directory_of_owners_that_is_a_new_one),
        TEST(a_directory_that_others_can_enter),
        TEST(held_by_another),
        TEST(many_at_once),
        cmocka_unit_test(what_is_no_link_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
