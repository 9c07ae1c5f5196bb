/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_claims: claims of several holders. Each opening of the file is a holder, as another process would be. */
#include "common/claims.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static struct cpulist list(const char *text)
{
    struct cpulist l;
    cpulist_init(&l);
    if (*text)
        assert_int_equal(cpulist_parse(&l, text, NULL), 0);
    return l;
}

static void claim(const struct claims *c, const char *text)
{
    struct cpulist l = list(text);
    claims_make(c, &l);
    cpulist_fini(&l);
}

static void expect(const struct claims *c, const char *mine, const char *taken)
{
    struct cpulist m = list(mine), t = list("");
    claims_read(c, &m, &t);
    char *text = cpulist_format(&t);
    assert_string_equal(text, taken);
    free(text);
    cpulist_fini(&m);
    cpulist_fini(&t);
}

static int use_own_file(void **state)
{
    static char name[] = "/tmp/test_claims.XXXXXX";
    close(mkstemp(name));
    *state = name;
    return setenv("MUSTER_CLAIMS_FILE", name, 1);
}

static int drop_file(void **state)
{
    return unlink(*state);
}

static void others_see_what_is_claimed_and_its_holder_does_not(void **state)
{
    struct claims a, b, c;
    claims_open(&a);
    claims_open(&b);
    claims_open(&c);
    expect(&a, "0-9", "");
    claim(&a, "3,1,8-9");
    claim(&b, "2-3,6");
    expect(&a, "0-9", "2-3,6");
    expect(&b, "0-9", "1,3,8-9");
    expect(&c, "0-9", "1-3,6,8-9");
    expect(&c, "0,3-6", "3,6");
    expect(&c, "0", "");
    claims_close(&a);
    expect(&c, "0-9", "2-3,6");
    claims_close(&b);
    expect(&c, "0-9", "");
    claims_close(&c);
}

static void a_process_that_is_killed_leaves_none(void **state)
{
    struct claims here;
    int told[2];
    char byte;
    claims_open(&here);
    assert_int_equal(pipe(told), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct claims there;
        claims_open(&there);
        struct cpulist l;
        cpulist_init(&l);
        cpulist_add(&l, 4);
        claims_make(&there, &l);
        _exit(write(told[1], "x", 1) == 1 ? pause() : 1);
    }
    assert_int_equal(read(told[0], &byte, 1), 1);
    expect(&here, "0-7", "4");
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    expect(&here, "0-7", "");
    claims_close(&here);
}

static void who_plans_is_alone(void **state)
{
    struct claims a, b;
    claims_open(&a);
    claims_open(&b);
    claims_lock(&a);
    assert_int_equal(flock(b.fd, LOCK_EX | LOCK_NB), -1);
    claims_lock(&b); /* gives up */
    claims_unlock(&a);
    assert_int_equal(flock(b.fd, LOCK_EX | LOCK_NB), 0);
    claims_close(&a);
    claims_close(&b);
}

static void without_a_file_nobody_has_claims(void **state)
{
    struct claims c;
    setenv("MUSTER_CLAIMS_FILE", "/nonexistent/file", 1);
    claims_open(&c);
    setenv("MUSTER_CLAIMS_FILE", *state, 1);
    assert_int_equal(c.fd, -1);
    claims_lock(&c);
    claim(&c, "0-3");
    expect(&c, "0-3", "");
    claims_unlock(&c);
    claims_close(&c);
}

static void the_kernels_own_file_will_do(void **state)
{
    struct claims a, b;
    unsetenv("MUSTER_CLAIMS_FILE");
    claims_open(&a);
    claims_open(&b);
    setenv("MUSTER_CLAIMS_FILE", *state, 1);
    if (a.fd < 0)
        skip();         /* no sysfs */
    claim(&a, "65001"); /* which no job of this machine has */
    expect(&b, "65001", "65001");
    claims_close(&a);
    claims_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_see_what_is_claimed_and_its_holder_does_not),
        cmocka_unit_test(a_process_that_is_killed_leaves_none),
        cmocka_unit_test(who_plans_is_alone),
        cmocka_unit_test(without_a_file_nobody_has_claims),
        cmocka_unit_test(the_kernels_own_file_will_do),
    };
    return cmocka_run_group_tests(tests, use_own_file, drop_file);
}
