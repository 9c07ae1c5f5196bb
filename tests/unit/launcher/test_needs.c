/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_needs: of this very program, which is linked with cmocka, and with a library of the build that needs another.
 */
#include "launcher/needs.h"

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

int needs_lib(void);

static struct needs needs;
static char self[4096], dir[] = "/tmp/test_needs.XXXXXX";

static const struct need *found(const char *name)
{
    for (size_t i = 0; i < needs.n; i++)
        if (strstr(needs.v[i].path, name))
            return &needs.v[i];
    return NULL;
}

static const char *in_dir(const char *name)
{
    static char path[4][512];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof *path, "%s/%s", dir, name);
    return p;
}

static char *contents(const char *path, size_t *n)
{
    struct stat st;
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &st), 0);
    char *data = malloc((size_t)st.st_size);
    *n = fread(data, 1, (size_t)st.st_size, f);
    fclose(f);
    return data;
}

static void write_file(const char *path, const char *data, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    fclose(f);
}

static void libraries_of_libraries_by_the_path_in_the_program(void **state)
{
    assert_int_equal(needs_lib(), 7); /* so it is linked */
    needs_find(&needs, self, NULL);
    const struct need *lib = found("libneeds_lib.so"), *deep = found("libneeds_deep.so"),
                      *other = found("libcmocka.so");
    assert_true(lib && !lib->is_system && access(lib->path, R_OK) == 0);
    assert_true(deep && !deep->is_system && access(deep->path, R_OK) == 0);
    assert_true(other && access(other->path, R_OK) == 0);
    assert_null(found("/libc.so"));
    assert_null(found("/ld-linux"));
    for (size_t i = 0; i < needs.n; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(needs.v[i].path, needs.v[k].path);
    needs_fini(&needs);
    assert_int_equal(needs.n, 0);
}

/* The user's variable comes before DT_RUNPATH, which is what this program has; what is no object there is passed by. */
static void the_users_path_comes_first(void **state)
{
    size_t n;
    needs_find(&needs, self, NULL);
    char *data = contents(found("libneeds_lib.so")->path, &n), path[1024];
    needs_fini(&needs);
    write_file(in_dir("libneeds_lib.so"), data, n);
    write_file(in_dir("libneeds_deep.so"), "text", 4);
    snprintf(path, sizeof path, "/nonexistent:%s", dir);
    needs_find(&needs, self, path);
    assert_string_equal(found("libneeds_lib.so")->path, in_dir("libneeds_lib.so"));
    assert_string_not_equal(found("libneeds_deep.so") ? found("libneeds_deep.so")->path : "",
                            in_dir("libneeds_deep.so"));
    needs_fini(&needs);
    free(data);
}

static void what_is_no_program_needs_nothing(void **state)
{
    write_file(in_dir("script"), "#!/bin/sh\n", 10);
    write_file(in_dir("empty"), "", 0);
    const char *const paths[] = {"/nonexistent", "/tmp", in_dir("script"), in_dir("empty")};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        needs_find(&needs, paths[i], NULL);
        assert_int_equal(needs.n + needs.missing, 0);
    }
}

/* Whatever is in the file: it must not crash, nor read beyond it. */
static void damaged_files_do_no_harm(void **state)
{
    size_t n;
    char *data = contents(self, &n);
    size_t head = n < 4096 ? n : 4096;
    for (size_t at = 0; at < head; at += 29) {
        char was = data[at];
        data[at] = (char)(was ^ (at % 2 ? 0x80 : 0xff));
        write_file(in_dir("damaged"), data, at % 5 ? n : n - at * (n / (head + 1)));
        needs_find(&needs, in_dir("damaged"), NULL);
        needs_fini(&needs);
        data[at] = was;
    }
    free(data);
}

static int begin(void **state)
{
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    return n > 0 && mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
    static const char *const names[] = {"libneeds_lib.so", "libneeds_deep.so", "script", "empty", "damaged"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_dir(names[i]));
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libraries_of_libraries_by_the_path_in_the_program),
        cmocka_unit_test(the_users_path_comes_first),
        cmocka_unit_test(what_is_no_program_needs_nothing),
        cmocka_unit_test(damaged_files_do_no_harm),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
