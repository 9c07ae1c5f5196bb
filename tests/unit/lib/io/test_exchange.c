/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What two-phase accesses reckon with: runs against the bytes that they stand for, walked and skipped in random steps;
 * domains that cover the file once; windows that are filled, written around holes, read and taken apart again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "lib/core/object.h"
#include "lib/io/domains.h"
#include "lib/io/fs.h"
#include "lib/io/window.h"

enum { REACH = 3000, RUNS = 12 };

static unsigned seed;
static int draw(int n)
{
    seed ^= seed << 13, seed ^= seed >> 17, seed ^= seed << 5;
    return (int)(seed % (unsigned)n);
}

/* Rising runs within [0, REACH), and which bytes are theirs. Returns how many. */
static int make_runs(struct run *r, bool *mine)
{
    int64_t at = draw(50);
    int n = 0;
    memset(mine, 0, REACH);
    while (n < RUNS) {
        struct run x = {.place = at, .length = 1 + draw(20), .count = 1 + draw(12)};
        x.stride = x.length + draw(12);
        int64_t end = x.place + (x.count - 1) * x.stride + x.length;
        if (end > REACH)
            break;
        for (int64_t i = 0; i < x.count; i++)
            memset(mine + x.place + i * x.stride, 1, (size_t)x.length);
        r[n++] = x;
        at = end + draw(100);
    }
    return n;
}

static void test_skips_count_the_bytes(void **state)
{
    for (seed = 1; seed < 2000; seed += 7) {
        struct run r[RUNS];
        bool mine[REACH];
        unsigned kept = seed;
        int n = make_runs(r, mine);
        struct runs_cursor c = runs_begin(r, n);
        assert_true(runs_valid(r, n, 0, REACH));
        for (int64_t at = 0; at < REACH;) {
            int64_t end = at + 1 + draw(400), bytes = 0, last = -1, is = -1;
            end = end < REACH ? end : REACH;
            for (int64_t i = at; i < end; i++)
                if (mine[i])
                    bytes++, last = i + 1;
            assert_int_equal(runs_skip(&c, end, &is), bytes);
            assert_int_equal(is, last);
            at = end;
        }
        assert_true(runs_place(&c) == INT64_MAX);
        seed = kept;
    }
}

static void test_wrong_runs_are_seen(void **state)
{
    struct run overlap[] = {{0, 10, 5, 3}}, falls[] = {{100, 10, 0, 1}, {50, 10, 0, 1}}, out[] = {{0, 10, 100, 100}},
               none[] = {{0, 0, 0, 1}}, huge[] = {{0, INT64_MAX, INT64_MAX, INT64_MAX}};
    assert_false(runs_valid(overlap, 1, 0, REACH));
    assert_false(runs_valid(falls, 2, 0, REACH));
    assert_false(runs_valid(out, 1, 0, REACH));
    assert_false(runs_valid(none, 1, 0, REACH));
    assert_false(runs_valid(huge, 1, 0, INT64_MAX));
    assert_false(runs_valid(falls, 1, 101, REACH));
}

static void test_domains_cover_once(void **state)
{
    for (seed = 1; seed < 3000; seed += 11) {
        unsigned kept = seed;
        int ranks = 1 + draw(40), n = 1 + draw(ranks);
        int64_t begin = draw(100000), end = begin + 1 + draw(1000000), unit = 1 << draw(14);
        struct domains d = domains_make(begin, end, n, ranks, unit, 1 + draw(50000));
        assert_true(d.n >= 1 && d.n <= n && d.begin <= begin && domains_end(&d, d.n - 1) == end);
        int found = 0;
        for (int i = 0; i < d.n; i++) {
            assert_true(i == 0 || domains_begin(&d, i) == domains_end(&d, i - 1));
            assert_true(domains_begin(&d, i) < domains_end(&d, i) && domains_begin(&d, i) % unit == 0);
            assert_int_equal(domains_of(&d, domains_rank(&d, i)), i);
        }
        for (int r = 0; r < ranks; r++)
            found += domains_of(&d, r) >= 0;
        assert_int_equal(found, d.n);
        seed = kept;
    }
}

/* A file of letters, some of which are written by a window. */
static void one_window(struct file *f, char *file, int64_t size)
{
    struct run r[RUNS];
    bool mine[REACH];
    char bytes[REACH], data[REACH], back[REACH];
    uint64_t *map = calloc(1, window_map_bytes(REACH));
    int n = make_runs(r, mine);
    int64_t from = draw(1000), to = from + 1 + draw(REACH - (int)from - 1), last, k = 0;
    struct window w = {.file = f, .bytes = bytes, .map = map, .begin = from, .end = to};
    struct runs_cursor c = runs_begin(r, n), again;
    memset(bytes, '#', sizeof bytes);
    runs_skip(&c, from, &last);
    again = c;
    for (int64_t i = from; i < to; i++)
        if (mine[i])
            file[i] = data[k++] = (char)('a' + draw(26));
    window_fill(&w, &c, to, data);
    assert_int_equal(window_write(&w), 0);
    char is[REACH];
    memset(is, 0, sizeof is);
    int64_t there = pread(f->fd, is, sizeof is, 0);
    assert_true(there >= size);
    assert_memory_equal(is, file, (size_t)there);
    assert_int_equal(window_read(&w), 0);
    int64_t took = window_take(&w, &again, to, back), exist = 0;
    for (int64_t i = from; i < to && i < there; i++)
        exist += mine[i];
    assert_int_equal(took, exist);
    assert_memory_equal(back, data, (size_t)took);
    free(map);
}

static void test_windows_keep_what_is_not_theirs(void **state)
{
    char name[] = "/tmp/muster-window-XXXXXX", file[REACH];
    struct file f = {.fs = &fs_posix, .fd = mkstemp(name), .lock_turn = PTHREAD_MUTEX_INITIALIZER};
    assert_true(f.fd >= 0);
    unlink(name);
    for (int i = 1; i < 400; i++) {
        seed = (unsigned)i * 2654435761U + 1;
        int64_t size = 2000 + draw(REACH - 2000);
        f.reads = draw(4) > 0;
        memset(file, 0, sizeof file);
        for (int64_t k = 0; k < size; k++)
            file[k] = (char)('A' + draw(26));
        assert_int_equal(ftruncate(f.fd, 0), 0);
        assert_int_equal(pwrite(f.fd, file, (size_t)size, 0), size);
        one_window(&f, file, size);
    }
    close(f.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_skips_count_the_bytes),
        cmocka_unit_test(test_wrong_runs_are_seen),
        cmocka_unit_test(test_domains_cover_once),
        cmocka_unit_test(test_windows_keep_what_is_not_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
