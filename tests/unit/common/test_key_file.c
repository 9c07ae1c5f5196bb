/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_key_file.c: a key is made once, and refused where it is none or not private.
 */
#include "common/key_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[] = "/tmp/test_key_file.XXXXXX";

static int make_top(void **state)
{
    return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", top);
    return system(command);
}

static void its_place(void **state)
{
    char path[64];
    struct err e;
    setenv("HOME", "/home/me", 1);
    unsetenv("XDG_CONFIG_HOME");
    assert_int_equal(key_file_path(NULL, path, sizeof path, &e), 0);
    assert_string_equal(path, "/home/me/.config/muster/names.key");
    assert_int_equal(key_file_path("", path, sizeof path, &e), 0);
    assert_string_equal(path, "/home/me/.config/muster/names.key");
    setenv("XDG_CONFIG_HOME", "/conf", 1);
    assert_int_equal(key_file_path(NULL, path, sizeof path, &e), 0);
    assert_string_equal(path, "/conf/muster/names.key");
    assert_int_equal(key_file_path("asked", path, sizeof path, &e), 0);
    assert_string_equal(path, "asked");
    assert_int_equal(
        key_file_path("/it/is/longer/than/there/is/room/for/as/paths/can/be/in/this/test", path, sizeof path, &e), -1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("HOME");
    assert_int_equal(key_file_path(NULL, path, sizeof path, &e), -1);
}

static void made_once(void **state)
{
    char path[128], first[KEY_FILE_DIGITS + 1], again[KEY_FILE_DIGITS + 1];
    struct stat st;
    struct err e;
    snprintf(path, sizeof path, "%s/a/b/key", top);
    assert_int_equal(key_file_read(path, first, &e), -1);
    assert_non_null(strstr(e.text, "there is no key file"));
    assert_int_equal(key_file_make(path, first, &e), 0);
    assert_int_equal(strlen(first), KEY_FILE_DIGITS);
    assert_int_equal(key_file_make(path, again, &e), 0);
    assert_string_equal(first, again);
    assert_int_equal(key_file_read(path, again, &e), 0);
    assert_string_equal(first, again);
    assert_true(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
}

static void check(const char *text, mode_t mode, const char *why)
{
    char path[128], key[KEY_FILE_DIGITS + 1];
    struct err e = {""};
    snprintf(path, sizeof path, "%s/key", top);
    FILE *f = fopen(path, "w");
    assert_true(f && fputs(text, f) >= 0 && fclose(f) == 0);
    assert_int_equal(chmod(path, mode), 0);
    assert_int_equal(key_file_read(path, key, &e), why ? -1 : 0);
    if (why)
        assert_non_null(strstr(e.text, why));
    assert_int_equal(unlink(path), 0);
}

static void what_is_none(void **state)
{
#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    check(DIGITS, 0600, NULL);
    check(DIGITS "\n", 0400, NULL);
    check(DIGITS "0", 0600, "64 hexadecimal digits");
    check(DIGITS "\n\n", 0600, "64 hexadecimal digits");
    check("0123", 0600, "64 hexadecimal digits");
    check("", 0600, "64 hexadecimal digits");
    check("x123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n", 0600, "64 hexadecimal digits");
    check(DIGITS, 0640, "others may read");
    check(DIGITS, 0602, "others may read");
    char key[KEY_FILE_DIGITS + 1];
    struct err e;
    assert_int_equal(key_file_read("/dev/null", key, &e), -1);
    assert_int_equal(key_file_make(top, key, &e), -1);
    assert_int_equal(key_file_make("/proc/no/such/place", key, &e), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_place),
        cmocka_unit_test(made_once),
        cmocka_unit_test(what_is_none),
    };
    return cmocka_run_group_tests(tests, make_top, remove_top);
}
